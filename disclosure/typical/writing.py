"""A case is written by its unit, checked for whom it tells, handed in, accepted or returned by the credit office.
(S2 五（二）, S4 10; R88.)"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from commitments.models import BreachCase, Commitment
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, Region, ResponsiblePerson, SubjectName, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from disclosure.models import TypicalCase, TypicalReport
from disclosure.offices import NoOffice, nearest_office
from verification.models import Check

from .anonymity import Trace, find_traces, in_words

M = TypeVar("M", bound=Model)
State = TypicalCase.State
WRITES = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE})
TEXTS = {"title": "标题", "problem": "情况和问题", "action": "主要做法", "effect": "成效"}
MOST = {"title": 100, "problem": 2000, "action": 3000, "effect": 2000, "hidden_names": 500}
MOST_REASON = 300
OF_NOBODY = "无"
# Who moves a case, from where to where.
MOVES: dict[str, frozenset[tuple[str, str]]] = {
    "unit": frozenset({(State.DRAFT, State.SUBMITTED), (State.RETURNED, State.SUBMITTED)}),
    "office": frozenset({(State.SUBMITTED, State.ACCEPTED), (State.SUBMITTED, State.RETURNED)}),
}
WRITABLE = frozenset(before for before, _after in MOVES["unit"])


class TypicalError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class TellsWho(TypicalError):
    """The text tells whom it is about; `traces` says where."""

    def __init__(self, traces: list[Trace]) -> None:
        super().__init__("文字里还有能够识别主体的内容，请隐去后再办理。")
        self.traces = traces


@dataclass(frozen=True)
class Told:
    """What a unit tells. The three numbers say what the case comes from; each may be empty."""

    kind: str
    title: str
    problem: str
    action: str
    effect: str
    hidden_names: str = ""
    check_number: str = ""
    breach_number: str = ""
    commitment_code: str = ""


def cases_visible_to(user: User) -> QuerySet[TypicalCase]:
    """Of the own unit; of the own region and below once handed in; and what was reported up to the own office."""
    reach = limit_to_visible(TypicalCase.objects.all(), user).filter(
        ~Q(state=State.DRAFT) | Q(department=user.department_id)
    )
    if user.department_id is None or groups.CREDIT_OFFICE not in group_names(user):
        return reach
    received = TypicalReport.objects.filter(case=OuterRef("pk"), to_office=user.department_id)
    return TypicalCase.objects.filter(Q(pk__in=reach.values("pk")) | Exists(received))


# ---- whom it tells -----------------------------------------------------------------------------------------


def traces_in(case: TypicalCase) -> list[Trace]:
    """What in the texts of a case tells whom it is about, by the names and numbers known on this day. Four queries at most."""
    return find_traces(
        {field: getattr(case, field) for field in TEXTS},
        names=_names_of(case),
        numbers=_numbers_of(case),
        places=Region.objects.filter(code__in=_regions_of(case)).values_list("name", flat=True),
    )


def is_linked(case: TypicalCase) -> bool:
    return any((case.check_made_id, case.breach_case_id, case.commitment_id))


def _commitments(case: TypicalCase) -> list[Commitment]:
    found = [case.commitment] if case.commitment else []
    return [*found, case.breach_case.commitment] if case.breach_case else found


def _names_of(case: TypicalCase) -> set[str]:
    commitments = _commitments(case)
    subjects = {one.subject_id for one in commitments}
    names = {one.subject_name for one in commitments}
    if case.check_made:
        subjects.add(case.check_made.subject_id)
        names.add(case.check_made.subject_name)
    if subjects:
        names |= set(SubjectName.objects.filter(subject__in=subjects).values_list("name", flat=True))
        names |= set(ResponsiblePerson.objects.filter(subject__in=subjects).values_list("name", flat=True))
    said = {line.strip() for line in case.hidden_names.replace("、", "\n").splitlines()}
    return (names | said) - {"", OF_NOBODY}


def _numbers_of(case: TypicalCase) -> set[str]:
    numbers = {one.code for one in _commitments(case)}
    if case.check_made:
        numbers |= {case.check_made.number, case.check_made.case_ref}
    if case.breach_case:
        numbers |= {case.breach_case.number, case.breach_case.document_no}
    return numbers - {""}


def _regions_of(case: TypicalCase) -> set[str]:
    regions = set(case.region.path.split("/"))
    for one in (*_commitments(case), case.check_made):
        if one is not None:
            regions |= {one.region_id, f"{one.region_id[:4]}00", f"{one.region_id[:2]}0000"}
    return regions


# ---- written -----------------------------------------------------------------------------------------------


@transaction.atomic
def save_case(
    *, case_id: int | None, told: Told, actor: User, now: datetime, is_demo: bool = False
) -> TypicalCase:
    """Write a case, or (`case_id` given) write it anew while it is not handed in. Raises TypicalError by field."""
    if case_id is None:
        unit = _unit(actor)
        row = TypicalCase(
            number=numbering.document_number("D", unit.region_id, local_date(now).year),
            department=unit, region=unit.region, written_at=now, written_by=actor, is_demo=is_demo,
        )  # fmt: skip
    else:
        row = _own(case_id, actor)
        if row.state not in WRITABLE:
            raise TypicalError(f"这个案例{row.get_state_display()}，不能修改。")
    if told.kind not in TypicalCase.Kind.values:
        raise TypicalError("请选择类别。", field="kind")
    row.kind = told.kind
    for field, label in TEXTS.items():
        setattr(row, field, _text(getattr(told, field), field, label))
    row.hidden_names = _text(told.hidden_names, "hidden_names", "须隐去的名称", must=False)
    row.check_made = _linked(Check, "number", told.check_number, "check_number", "核查编号", actor)
    row.breach_case = _linked(
        BreachCase, "number", told.breach_number, "breach_number", "违诺认定案号", actor
    )
    row.commitment = _linked(Commitment, "code", told.commitment_code, "commitment_code", "承诺编码", actor)
    note(row, actor=actor, now=now)
    row.save()
    tell(row, "起草" if case_id is None else "修改", actor=actor, now=now)
    return row


@transaction.atomic
def discard_case(*, case_id: int, actor: User, now: datetime) -> None:
    """A draft that was never handed in is given up. Raises TypicalError."""
    row = _own(case_id, actor)
    if row.state != State.DRAFT:
        raise TypicalError("已经报送过的案例不能放弃。")
    tell(row, "放弃草稿", actor=actor, now=now)
    note(row, actor=actor, now=now)
    row.delete()


@transaction.atomic
def submit_case(*, case_id: int, actor: User, now: datetime) -> TypicalCase:
    """Hand it in to the credit office of the region, or the nearest above. Raises TellsWho where it names somebody,
    TypicalError otherwise."""
    row = _own(case_id, actor)
    _move(row, "unit", State.SUBMITTED)
    check_tells_nobody(row)
    try:
        row.office = nearest_office(row.region)
    except NoOffice as error:
        raise TypicalError(str(error)) from error
    row.submitted_at, row.submitted_by = now, actor
    row.answered_at, row.answered_by, row.return_reason = None, None, ""
    _store(row, actor=actor, now=now)
    tell(row, "报送", actor=actor, now=now)
    notify_office(
        row.office_id, row, title=f"收到典型案例 {row.number}，请处理",
        key=f"typical:{row.pk}:submitted:{now.isoformat()}", now=now,
    )  # fmt: skip
    return row


def check_tells_nobody(case: TypicalCase) -> None:
    """Raise TellsWho where the text tells whom it is about; TypicalError where nobody has said whose names it must not have."""
    if not is_linked(case) and not case.hidden_names:
        raise TypicalError(
            "没有填写来自哪次核查、认定或者承诺的，请在“须隐去的名称”写上涉及的主体；不涉及具体主体的写“无”。",
            field="hidden_names",
        )
    if traces := traces_in(case):
        raise TellsWho(traces)


# ---- answered ----------------------------------------------------------------------------------------------


@transaction.atomic
def accept_case(*, case_id: int, actor: User, now: datetime) -> TypicalCase:
    """The office takes it: from now on it stays as it is. Raises TypicalError, TellsWho."""
    row = _for_office(case_id, actor, State.ACCEPTED)
    check_tells_nobody(row)
    return _answer(row, actor=actor, now=now, step="采用", words="已采用")


@transaction.atomic
def return_case(*, case_id: int, reason: str, actor: User, now: datetime) -> TypicalCase:
    """The office gives it back to be written better. Raises TypicalError by field."""
    row = _for_office(case_id, actor, State.RETURNED)
    row.return_reason = reason_of(reason)
    return _answer(row, actor=actor, now=now, step="退回", words="已退回")


def _for_office(case_id: int, actor: User, after: str) -> TypicalCase:
    row = taken(case_id)
    if groups.CREDIT_OFFICE not in group_names(actor) or row.office_id != actor.department_id:
        raise TypicalError("由受理的信用办处理。")
    _move(row, "office", after)
    if row.submitted_by_id == actor.pk:
        raise TypicalError("案例由报送人以外的人处理。")
    return row


def _answer(row: TypicalCase, *, actor: User, now: datetime, step: str, words: str) -> TypicalCase:
    row.answered_at, row.answered_by = now, actor
    _store(row, actor=actor, now=now)
    tell(row, step, actor=actor, now=now)
    if row.submitted_by is not None:
        notices.notify(
            users=[row.submitted_by], key=f"typical:{row.pk}:{now.isoformat()}", kind="typical",
            title=f"典型案例 {row.number} {words}", body="", link=f"/desk/typical/{row.uuid}/", now=now,
        )  # fmt: skip
    return row


# ---- shared ------------------------------------------------------------------------------------------------


def taken(case_id: int) -> TypicalCase:
    """A case, locked."""
    return (
        TypicalCase.objects.select_for_update(of=("self",))
        .select_related(
            "department", "region", "office__region", "check_made", "breach_case__commitment", "commitment",
            "submitted_by",
        )
        .get(pk=case_id)
    )  # fmt: skip


def reason_of(text: str) -> str:
    """A reason as it is stored. Raises TypicalError."""
    text = text.strip()
    if not text or len(text) > MOST_REASON:
        raise TypicalError(f"请写明理由，最多 {MOST_REASON} 个字。", field="reason")
    return text


def _unit(actor: User) -> Department:
    if actor.department is None or not group_names(actor) & WRITES:
        raise TypicalError("典型案例由各单位的经办人、负责人或者信用办报送。")
    return actor.department


def _own(case_id: int, actor: User) -> TypicalCase:
    unit, row = _unit(actor), taken(case_id)
    if row.department_id != unit.pk:
        raise TypicalError("由报送的单位办理。")
    return row


def _move(row: TypicalCase, who: str, after: str) -> None:
    if (row.state, after) not in MOVES[who]:
        raise TypicalError(f"这个案例{row.get_state_display()}，请刷新页面。")
    row.state = after


def _store(row: TypicalCase, *, actor: User, now: datetime) -> None:
    note(row, actor=actor, now=now)
    row.save()


def _linked(model: type[M], column: str, number: str, field: str, label: str, actor: User) -> M | None:
    """The row of a number in the actor's reach; None where no number was told. Raises TypicalError."""
    number = number.strip().replace(" ", "")
    if not number:
        return None
    found: M | None = limit_to_visible(model._default_manager.all(), actor).filter(**{column: number}).first()
    if found is None:
        raise TypicalError(f"没有这个{label}，或者不在您的管理范围内。", field=field)
    return found


def _text(text: str, field: str, label: str, *, must: bool = True) -> str:
    text = text.replace("\r\n", "\n").strip()
    if must and not text:
        raise TypicalError(f"请填写{label}。", field=field)
    if len(text) > MOST[field]:
        raise TypicalError(f"{label}最多 {MOST[field]} 个字，现为 {len(text)} 个字。", field=field)
    return text


def notify_office(office_id: int | None, row: TypicalCase, *, title: str, key: str, now: datetime) -> None:
    """Tell the people of a credit office of a case."""
    people = User.objects.filter(
        department=office_id, groups__name=groups.CREDIT_OFFICE, is_active=True
    ).distinct()
    notices.notify(
        users=people,
        key=key,
        kind="typical",
        title=title,
        body="",
        link=f"/desk/typical/{row.uuid}/",
        now=now,
    )


def tell(row: TypicalCase, step: str, *, actor: User, now: datetime) -> None:
    """Write a step of a case into the log."""
    events.typical_step(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        case_id=row.pk,
        number=row.number,
        step=step,
        office_id=actor.department_id,
    )


def explain(traces: Iterable[Trace]) -> dict[str, list[str]]:
    """By field where the text tells whom it is about, in words."""
    said: dict[str, list[str]] = {}
    for trace in traces:
        said.setdefault(trace.field, []).append(in_words(trace))
    return said
