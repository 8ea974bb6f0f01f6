"""Consumers' complaints taken in, given their result, corrected and stopped: the only place where they change. (R69; S1, S4
「消费投诉公示」.) Each is a row of its subject's record too, which is never a factor of a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from simple_history.utils import bulk_create_with_history

from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.audit.recording import together
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.in_sets import AT_ONCE, find_subjects, register_subjects
from credit_portal.registry.models import CreditSubject, Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification import arrivals, correcting
from verification import services as record
from verification.in_sets import add_entries
from verification.models import ConsumerComplaint, CreditEntry
from verification.vocabulary import Kind, State

from .reading import ERROR_HANDLED, HEADS, OF_RESULT, Told

Source, Ending = ConsumerComplaint.Source, ConsumerComplaint.Ending
# Who enters complaints for the department that handles them, and who may take one away.
DOES = frozenset({groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE})
HOTLINE = "12315 热线"
ERROR_KNOWN = "12315 编号 {number} 已有投诉，{what}与现在填写的不同。内容有误的，请在原记录上更正。"
ERROR_OTHER = "12315 编号 {number} 的投诉由其他部门处理。"
QUICKER = "刚刚有人录入了同一编号的投诉，或者登记了同一主体，请重新提交。"
ERROR_OUT = "这条投诉的信用记录现为“{state}”，不能更正，可以停止。"
ERROR_TWICE = "与第 {row} 行是同一个 12315 编号。"


class ComplaintRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RowsRefused(ComplaintRefused):
    """Rows that cannot be taken in; `faults`: what is wrong, by row and key. Nothing has been stored."""

    def __init__(self, faults: Mapping[int, Sequence[tuple[str, str]]]) -> None:
        super().__init__("文件有误，一条也没有录入。")
        self.faults = {place: list(fault) for place, fault in faults.items()}


@dataclass(frozen=True)
class By:
    """Who tells of complaints: a person of the department that handles them, or its system."""

    department: Department
    actor: User | None = None
    system: PartnerSystem | None = None
    source: str = Source.FORM
    is_demo: bool = False
    # The row that a single new one puts right.
    corrects: ConsumerComplaint | None = None


@dataclass
class Taken:
    """By row: what is new, what has got its result by this, what was there already."""

    new: dict[int, ConsumerComplaint] = field(default_factory=dict)
    completed: dict[int, ConsumerComplaint] = field(default_factory=dict)
    same: dict[int, ConsumerComplaint] = field(default_factory=dict)

    @property
    def all(self) -> dict[int, ConsumerComplaint]:
        return self.new | self.completed | self.same


def by_person(actor: User, source: str = Source.FORM) -> By:
    """Raises ComplaintRefused for whoever does not enter complaints."""
    if actor.department is None or not group_names(actor) & DOES:
        raise ComplaintRefused("消费投诉由处理部门的经办人、负责人或者信用办录入。")
    return By(actor.department, actor, source=source, is_demo=actor.department.is_demo)


def complaints_visible_to(user: User) -> QuerySet[ConsumerComplaint]:
    """Of the own department, or of the own region and below."""
    return limit_to_visible(ConsumerComplaint.objects.all(), user)


# ---- taken in ----------------------------------------------------------------------------------------------


@transaction.atomic
def take(rows: Mapping[int, Told], *, by: By, now: datetime) -> Taken:
    """Take checked complaints in, all or none: new ones, results of known ones; told twice, nothing changes. A constant
    number of queries. Raises RowsRefused."""
    taken, faults, fresh = Taken(), {}, {}
    known = {
        row.hotline_no: row
        for row in ConsumerComplaint.objects.select_for_update(of=("self",))
        .filter(hotline_no__in=[told.hotline_no for told in rows.values()], ended_at__isnull=True)
        .order_by("pk")
    }
    as_told = {
        was.id: was
        for was in ConsumerComplaint.history.filter(id__in=[row.pk for row in known.values()])
        .order_by("id", "history_id")
        .distinct("id")
    }
    subjects = find_subjects(told.named for told in rows.values())
    seen: dict[str, int] = {}
    for place, told in rows.items():
        if (first := seen.setdefault(told.hotline_no, place)) != place:
            faults[place] = [("hotline_no", ERROR_TWICE.format(row=first))]
        elif (row := known.get(told.hotline_no)) is not None:
            if problem := _against(row, as_told.get(row.pk, row), told, by):
                faults[place] = [problem]
            else:
                (taken.completed if told.result and not row.result else taken.same)[place] = row
        elif wrong := subjects.name_problem(told.named):
            faults[place] = [("subject_name", wrong)]
        else:
            fresh[place] = told
    if faults:
        raise RowsRefused(faults)
    for place, row in taken.completed.items():
        _give_result(row, rows[place], by=by, now=now)
    if fresh:
        named = {told.subject_code: told.named for told in fresh.values()}
        try:
            with transaction.atomic():
                found = subjects.by_code | register_subjects(
                    [one for code, one in named.items() if code not in subjects.by_code],
                    department=by.department, actor=by.actor, now=now, is_demo=by.is_demo,
                )  # fmt: skip
                taken.new = _add(fresh, found, by=by, now=now)
        except IntegrityError as error:
            raise RowsRefused({place: [("hotline_no", QUICKER)] for place in fresh}) from error
    return taken


def _against(row: ConsumerComplaint, first: Any, told: Told, by: By) -> tuple[str, str] | None:
    """What of a complaint told again differs from the one that is there: field and message. Where an answer to an objection has
    put it right, whoever told it may still tell it as `first`; what was put right stays."""
    if row.department_id != by.department.pk:
        return "hotline_no", ERROR_OTHER.format(number=told.hotline_no)
    content = ["subject_code", "received_on", "domain", "about"]
    # A result may come later; once there, it is part of what was told.
    if row.result and told.result:
        content += OF_RESULT
    for key in content:
        if getattr(told, key) not in (getattr(row, key), getattr(first, key)):
            return key, ERROR_KNOWN.format(number=told.hotline_no, what=HEADS[key])
    if told.handled_on is not None and told.handled_on < row.received_on:
        return "handled_on", ERROR_HANDLED
    return None


def _add(
    fresh: Mapping[int, Told], subjects: Mapping[str, CreditSubject], *, by: By, now: datetime
) -> dict[int, ConsumerComplaint]:
    entries = add_entries(
        entries=[_entry(told, subjects[told.subject_code], by) for told in fresh.values()],
        operator=by.actor,
        now=now,
    )
    made = [
        _row(told, subjects[told.subject_code], entry, by, now)
        for told, entry in zip(fresh.values(), entries, strict=True)
    ]
    with together():
        bulk_create_with_history(made, ConsumerComplaint, batch_size=AT_ONCE)
        for row in made:
            _tell(row, "录入", by=by, now=now)
    return dict(zip(fresh, made, strict=True))


def _entry(told: Told, subject: CreditSubject, by: By) -> CreditEntry:
    return CreditEntry(
        subject=subject,
        kind=str(Kind.COMPLAINT),
        title=told.about[:300],
        source=HOTLINE,
        department=by.department,
        region=by.department.region,
        document_no=told.hotline_no,
        from_on=told.received_on,
        corrects=_corrected(by.corrects, subject),
        is_demo=by.is_demo,
    )


def _corrected(old: ConsumerComplaint | None, subject: CreditSubject) -> CreditEntry | None:
    """The entry of the complaint that is corrected, where the new one stands in the same record in its place."""
    return old.entry if old is not None and old.subject_id == subject.pk else None


def _row(told: Told, subject: CreditSubject, entry: CreditEntry, by: By, now: datetime) -> ConsumerComplaint:
    row = ConsumerComplaint(
        hotline_no=told.hotline_no,
        subject=subject,
        subject_kind=subject.kind,
        subject_name=told.subject_name,
        subject_code=told.subject_code,
        department=by.department,
        region=by.department.region,
        received_on=told.received_on,
        domain=told.domain,
        about=told.about,
        result=told.result,
        result_text=told.result_text,
        handled_on=told.handled_on,
        source=by.source,
        entered_at=now,
        entered_by=by.actor,
        partner=by.system,
        corrects=by.corrects,
        entry=entry,
        is_demo=by.is_demo,
    )
    note(row, actor=by.actor, now=now)
    return row


def _give_result(row: ConsumerComplaint, told: Told, *, by: By, now: datetime) -> None:
    for key in OF_RESULT:
        setattr(row, key, getattr(told, key))
    note(row, actor=by.actor, now=now)
    row.save(update_fields=list(OF_RESULT))
    _tell(row, "登记处理结果", by=by, now=now)


# ---- one by one --------------------------------------------------------------------------------------------


@transaction.atomic
def give_result(*, complaint_id: int, told: Told, actor: User, now: datetime) -> ConsumerComplaint:
    """How a complaint was handled, once; `told`: the complaint with its result. Raises ComplaintRefused."""
    row = _own(complaint_id, actor)
    if row.result:
        raise ComplaintRefused("处理结果已经登记。有误的，请更正。")
    if not told.result:
        raise ComplaintRefused("请选择处理结果。", field="result")
    _give_result(row, told, by=by_person(actor), now=now)
    return row


@transaction.atomic
def correct(*, complaint_id: int, told: Told, actor: User, now: datetime) -> ConsumerComplaint:
    """Put the right content in the place of a wrong one: the old row is kept and shown nowhere. Raises ComplaintRefused."""
    arrivals.run_before_correction(
        entry_id=ConsumerComplaint.objects.values_list("entry", flat=True).get(pk=complaint_id)
    )
    row = _own(complaint_id, actor)
    old = CreditEntry.objects.select_for_update(of=("self",)).get(pk=row.entry_id)
    try:
        correcting.check_stands(old)
    except record.MoveRefused as error:
        raise ComplaintRefused(ERROR_OUT.format(state=old.get_state_display())) from error
    _close(row, Ending.CORRECTED, "", actor=actor, now=now)
    by = replace(by_person(actor, row.source), system=row.partner, corrects=row)
    try:
        made = take({1: told}, by=by, now=now).new.get(1)
    except RowsRefused as error:
        key, text = error.faults[1][0]
        raise ComplaintRefused(text, field=key) from error
    if made is None:
        raise ComplaintRefused("已有这个 12315 编号的另一条投诉。", field="hotline_no")
    if made.entry.corrects_id is not None:
        correcting.take_over(new=made.entry, reason="处理部门另录一条", actor=actor, now=now)
    else:
        # It was told of another business: of this one there should never have been any.
        record.revoke_entry(entry_id=old.pk, operator=actor, now=now)
    return made


@transaction.atomic
def stop(*, complaint_id: int, ending: str, note_text: str, actor: User, now: datetime) -> ConsumerComplaint:
    """Take a complaint away everywhere at once: entered by mistake, or an objection was right. Raises ComplaintRefused."""
    row = _own(complaint_id, actor)
    if ending not in (Ending.MISTAKE, Ending.OBJECTION):
        raise ComplaintRefused("请选择停止的原因。", field="ending")
    text = note_text.replace("\0", "").strip()
    if not 2 <= len(text) <= 300:
        raise ComplaintRefused("请写明停止的说明，2 至 300 个字。", field="note")
    _close(row, ending, text, actor=actor, now=now)
    # An answer to an objection may have taken it out of the record before.
    if row.entry.state != State.REVOKED:
        record.revoke_entry(entry_id=row.entry_id, operator=actor, now=now)
    return row


def on_corrected(*, old: CreditEntry, new: CreditEntry, actor: User | None, now: datetime) -> None:
    """Hook: an answer to an objection has put the entry of a complaint right, which says the same now."""
    row = ConsumerComplaint.objects.select_related("department").filter(entry=new).first()
    # Where a row of its own corrects it, that has been told of.
    if row is not None and not ConsumerComplaint.objects.filter(entry=old).exists():
        _tell(row, "按异议的书面答复更正", by=By(row.department, actor), now=now)


def _close(row: ConsumerComplaint, ending: str, text: str, *, actor: User, now: datetime) -> None:
    row.ended_at, row.ending, row.ending_note, row.ended_by = now, ending, text, actor
    note(row, actor=actor, now=now)
    row.save(update_fields=["ended_at", "ending", "ending_note", "ended_by"])
    _tell(row, f"停止：{row.get_ending_display()}", by=By(row.department, actor), now=now)


def _own(complaint_id: int, actor: User) -> ConsumerComplaint:
    by_person(actor)
    row = (
        complaints_visible_to(actor)
        .select_for_update(of=("self",))
        .select_related("department__region", "partner")
        .get(pk=complaint_id)
    )
    if row.department_id != actor.department_id:
        raise ComplaintRefused("由处理部门办理。")
    if row.ended_at is not None:
        raise ComplaintRefused(f"这条投诉已停止（{row.get_ending_display()}）。")
    return row


def told_of(row: ConsumerComplaint) -> dict[str, str]:
    """What was told of a complaint, as it would be typed again."""
    return {
        "hotline_no": row.hotline_no,
        "subject_kind": row.get_subject_kind_display(),
        "subject_name": row.subject_name,
        "subject_code": row.subject_code,
        "received_on": row.received_on.isoformat(),
        "domain": row.get_domain_display(),
        "about": row.about,
        "result": row.get_result_display() if row.result else "",
        "result_text": row.result_text,
        "handled_on": row.handled_on.isoformat() if row.handled_on else "",
    }


def _tell(row: ConsumerComplaint, deed: str, *, by: By, now: datetime) -> None:
    events.consumer_complaint(
        now=now,
        actor_id=by.actor.pk if by.actor else None,
        department_id=by.department.pk,
        complaint_id=row.pk,
        number=row.hotline_no,
        deed=deed,
    )
