"""An objection is filed: online, at the desk, or by somebody logged in; made complete once; taken back. (S2 四（四）4, R104.)

From whoever is not known to be the subject or its agent it is only received: nothing is marked, nothing changes, until the
credit office has seen who it is.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties, policy
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.outbox import notices
from credit_portal.registry import codes, groups, numbering
from credit_portal.registry.models import CreditSubject, Department, User
from credit_portal.registry.visibility import group_names
from disclosure.models import Objection, ObjectionStep, TypicalCase
from disclosure.offices import NoOffice, nearest_office
from verification.checking.looking import File

from . import marking
from .records import Target
from .rules import ACTS, OBJECTOR, OFFICE, TAKES, ObjectionError, ObjectionMoved, after, allowed, text_of

State, Way, Identity, Capacity = Objection.State, Objection.Way, Objection.Identity, Objection.Capacity
ACCEPTANCE, ANSWER = "objection_acceptance", "objection_answer"
MATTER, SUPPLIED = "objection", "objection_supplied"
MOST_FILES = 3
# The same words about the same record within this time are the same matter.
SAME_WITHIN = timedelta(days=30)

ERROR_NOT_ITS_OWN = "异议由记录中的主体提出，这个代码与记录的主体不同。不是该主体的，请用“报告错误”告诉我们。"


@dataclass(frozen=True)
class Objector:
    """Who objects. `code`: of an organisation; a person's number is never asked for online. `identity`: how it is known who
    that is (Objection.Identity), empty where it is not yet."""

    name: str
    phone: str
    capacity: str = Capacity.SELF
    code: str = ""
    authorisation: File | None = None
    identity: str = ""


@dataclass(frozen=True)
class Said:
    """What is wrong, what is wanted, why, and what shows it."""

    points: Sequence[str]
    wanted: str
    reasons: str
    files: Sequence[File] = field(default_factory=tuple)


def matter_of(objection: Objection) -> duties.Matter:
    return duties.Matter(MATTER, objection.pk, objection.number)


def matter_supplied(objection: Objection) -> duties.Matter:
    """What was made complete is looked at anew, in a time of its own."""
    return duties.Matter(SUPPLIED, objection.pk, objection.number)


@transaction.atomic
def file_objection(
    *,
    target: Target,
    by: Objector,
    said: Said,
    way: str,
    now: datetime,
    subject: CreditSubject | None = None,
    actor: User | None = None,
    key: UUID | None = None,
    low: bool = False,
    is_demo: bool = False,
) -> Objection:
    """File an objection to a record. `subject`: whose session it is, where somebody is logged in; `actor`: the member of
    staff who takes it down; `key`: of one sending, so that one sent twice is one. Raises ObjectionError by field and
    EvidenceRefused."""
    if key is not None and (known := Objection.objects.filter(key=key).first()) is not None:
        return known
    _check_who(target, by, way=way, subject=subject, actor=actor)
    points = list(dict.fromkeys(said.points))
    if not points or any(target.point(one) is None for one in points):
        raise ObjectionError("请选择有异议的内容。", field="points")
    if said.wanted not in Objection.Wanted.values:
        raise ObjectionError("请选择请求。", field="wanted")
    if len(said.files) > MOST_FILES:
        raise ObjectionError(f"证据最多 {MOST_FILES} 个文件。", field="papers")
    reasons = text_of(said.reasons, field="reasons", label="事实和理由", least=5)
    office = office_for(target)
    sha256 = hashlib.sha256(f"{target.of}:{target.row.pk}:{reasons}".encode()).hexdigest()
    first = (
        Objection.objects.filter(text_sha256=sha256, filed_at__gt=now - SAME_WITHIN)
        .exclude(state=State.WITHDRAWN)
        .order_by("pk")
        .first()
    )
    row = Objection(
        number=numbering.document_number("J", office.region_id, local_date(now).year),
        token=secrets.token_urlsafe(32),
        key=key,
        way=way,
        of=target.of,
        record_no=target.number[:100],
        record_title=target.title[:300],
        subject=target.subject,
        department=target.department or office,
        office=office,
        region=target.region,
        by_name=text_of(by.name, field="name", label="异议人姓名", most=60),
        capacity=by.capacity,
        points=points,
        wanted=said.wanted,
        reasons=reasons,
        text_sha256=sha256,
        low=low or first is not None,
        same_as=first,
        filed_at=now,
        filed_by=actor,
        is_demo=is_demo or (target.subject is not None and target.subject.is_demo),
    )
    setattr(row, target.column, target.row)
    row.phone = phone_of(by.phone)
    if by.identity:
        row.identity, row.identity_at, row.identity_by = by.identity, now, actor
    if by.authorisation is not None:
        row.authorisation = _keep(by.authorisation, "authorisation", row, actor=actor, now=now)
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        # The same sending twice at once: the other one has stored it.
        twin = Objection.objects.filter(key=key).first() if key else None
        if twin is None:
            raise ObjectionError("请再提交一次。") from error
        return twin
    row.evidence.add(*[_keep(one, "document", row, actor=actor, now=now) for one in said.files])
    step(row, "提出异议", actor=actor, now=now)
    if not row.low:
        open_acceptance(row, actor=actor, now=now)
        tell_office(row, f"收到异议 {row.number}，请受理", "received", now=now)
    marking.set_mark(row, actor=actor, now=now)
    save(row, actor=actor, now=now)
    return row


def _check_who(
    target: Target, by: Objector, *, way: str, subject: CreditSubject | None, actor: User | None
) -> None:
    if by.capacity not in Capacity.values:
        raise ObjectionError("请选择身份。", field="capacity")
    if by.capacity == Capacity.AGENT and by.authorisation is None and way != Way.ME:
        raise ObjectionError("委托代理人须附授权委托书。", field="authorisation")
    if by.identity and by.identity not in Identity.values:
        raise ObjectionError("请选择怎样核实的身份。", field="identity")
    if way == Way.DESK and (actor is None or actor.department is None or not group_names(actor) & TAKES):
        raise ObjectionError("现场的异议由窗口、经办部门或者信用办登记。")
    if way == Way.DESK and by.identity != Identity.DOCUMENT:
        raise ObjectionError("请先查验异议人的身份证件。", field="identity_seen")
    if way == Way.ONLINE and by.identity:
        raise ObjectionError("网上提交的，身份由信用办核实。", field="identity")
    if subject is not None and target.subject is not None and subject.pk != target.subject.pk:
        raise ObjectionError("只能对自己的记录提出异议。")
    own = target.subject
    if own is None or own.kind == codes.PERSON or (way == Way.ME and subject is not None):
        return
    try:
        code = codes.check_uscc(codes.clean(by.code))
    except codes.CodeError as error:
        raise ObjectionError(str(error), field="code") from error
    if code != own.uscc:
        raise ObjectionError(ERROR_NOT_ITS_OWN, field="code")


def office_for(target: Target) -> Department:
    """The credit office that answers for the region of a record; of a typical case, the one that has published it. Raises
    ObjectionError."""
    if isinstance(target.row, TypicalCase) and target.row.office is not None:
        return target.row.office
    try:
        return nearest_office(target.region)
    except NoOffice as error:
        raise ObjectionError(str(error)) from error


def phone_of(raw: str, *, field: str = "phone") -> str:
    """A phone as it is sealed. Raises ObjectionError."""
    try:
        return codes.check_phone(raw)
    except codes.CodeError as error:
        raise ObjectionError(str(error), field=field) from error


# ---- made complete, taken back -----------------------------------------------------------------------------


@transaction.atomic
def supply(
    *,
    objection_id: int,
    text: str,
    files: Iterable[File],
    now: datetime,
    actor: User | None = None,
    authorisation: File | None = None,
) -> Objection:
    """What was missing has come, all at once; the office's time begins anew. `actor`: None where the objector itself
    sends it. Raises ObjectionError and EvidenceRefused."""
    row = taken("supply", objection_id, hand=OFFICE if actor else OBJECTOR, actor=actor)
    files = list(files)
    if len(files) > MOST_FILES:
        raise ObjectionError(f"材料最多 {MOST_FILES} 个文件。", field="papers")
    row.supplied = text_of(text, field="text", label="补正说明")
    row.supplied_at = now
    if authorisation is not None:
        row.authorisation = _keep(authorisation, "authorisation", row, actor=actor, now=now)
    row.evidence.add(*[_keep(one, "document", row, actor=actor, now=now) for one in files])
    go(row, "supply", "补正材料", actor=actor, now=now)
    open_acceptance(row, actor=actor, now=now)
    tell_office(row, f"异议 {row.number} 已补正，请受理", "supplied", now=now)
    return row


@transaction.atomic
def take_back(*, objection_id: int, now: datetime, actor: User | None = None, reason: str = "") -> Objection:
    """The objector takes it back: it is over, and nothing has changed. Raises ObjectionError."""
    row = taken("withdraw", objection_id, hand=OFFICE if actor else OBJECTOR, actor=actor)
    said = text_of(reason, field="reason", label="撤回的情况", most=500) if actor else ""
    row.withdrawn_at = now
    go(row, "withdraw", "撤回异议", actor=actor, now=now, said=said)
    for matter in (matter_of(row), matter_supplied(row)):
        duties.cancel_duties(matter=matter, now=now, actor=actor, reason="异议已撤回")
    if row.accepted_at is not None:
        tell_unit(row, f"异议 {row.number} 已由异议人撤回", "withdrawn", now=now)
    return row


# ---- shared with the handling ------------------------------------------------------------------------------


def taken(act: str, objection_id: int, *, hand: str, actor: User | None, expect: str = "") -> Objection:
    """The objection, locked, as it was seen, for a hand that may. Raises ObjectionError and ObjectionMoved."""
    row = (
        Objection.objects.select_for_update(of=("self",))
        .select_related(
            "publication__case", "commitment", "act", "entry", "typical_case", "subject", "department__region",
            "office__region", "region", "proposed_by", "approved_by",
        )
        .get(pk=objection_id)
    )  # fmt: skip
    if hand == OFFICE and not is_office(row, actor):
        raise ObjectionError("由受理的信用办办理。")
    if expect and row.state != expect:
        raise ObjectionMoved(f"这件异议现在是“{row.get_state_display()}”，请看最新情况再办。")
    if not allowed(act, state=row.state, hand=hand):
        raise ObjectionMoved(f"这件异议{row.get_state_display()}，不能{ACTS[act].label}。")
    return row


def is_office(row: Objection, user: User | None) -> bool:
    return (
        user is not None and groups.CREDIT_OFFICE in group_names(user) and user.department_id == row.office_id
    )


def go(row: Objection, act: str, label: str, *, actor: User | None, now: datetime, said: str = "") -> None:
    """The objection moves on: state, mark, course, log."""
    row.state = after(act, row.state)
    marking.set_mark(row, actor=actor, now=now)
    save(row, actor=actor, now=now)
    step(row, label, actor=actor, now=now, said=said)


def save(row: Objection, *, actor: User | None, now: datetime) -> None:
    note(row, actor=actor, now=now)
    row.save()


def step(row: Objection, label: str, *, actor: User | None, now: datetime, said: str = "") -> None:
    ObjectionStep.objects.create(objection=row, label=label, at=now, actor=actor, note=said)
    events.objection_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else row.office_id,
        objection_id=row.pk,
        number=row.number,
        step=label,
        subject_id=row.subject_id,
    )


def open_acceptance(row: Objection, *, actor: User | None, now: datetime) -> None:
    """The office's time to accept runs; of what was made complete, a new one."""
    open_duty(
        row, ACCEPTANCE, row.office, actor=actor, now=now,
        matter=matter_supplied(row) if row.supplied_at else matter_of(row),
    )  # fmt: skip


def open_duty(
    row: Objection,
    rule_key: str,
    department: Department,
    *,
    actor: User | None,
    now: datetime,
    matter: duties.Matter | None = None,
) -> None:
    # No rule, no time limit: nothing is guessed.
    with suppress(policy.NoRule):
        duties.open_duty(
            rule_key=rule_key,
            matter=matter or matter_of(row),
            department=department,
            region=row.region,
            triggered_on=local_date(now),
            now=now,
            actor=actor,
            is_demo=row.is_demo,
        )


def meet_acceptance(row: Objection, *, actor: User, now: datetime) -> None:
    for matter in (matter_of(row), matter_supplied(row)):
        duties.meet_duty(rule_key=ACCEPTANCE, matter=matter, on=local_date(now), now=now, actor=actor)


def tell_office(row: Objection, title: str, what: str, *, now: datetime) -> None:
    _tell(row, row.office_id, (groups.CREDIT_OFFICE,), title, what, now=now)


def tell_unit(row: Objection, title: str, what: str, *, now: datetime) -> None:
    roles = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)
    _tell(row, row.department_id, roles, title, what, now=now)


def _tell(
    row: Objection, department_id: int, roles: Sequence[str], title: str, what: str, *, now: datetime
) -> None:
    people = User.objects.filter(department=department_id, groups__name__in=roles, is_active=True).distinct()
    notices.notify(
        users=people,
        key=f"objection:{row.pk}:{what}:{now.isoformat()}",
        kind="objection",
        title=title,
        body="",
        link=f"/desk/objections/{row.uuid}/",
        now=now,
    )


def _keep(file: File, kind: str, row: Objection, *, actor: User | None, now: datetime) -> EvidenceFile:
    return store_evidence(
        content=file.content,
        kind=kind,
        content_type=file.content_type,
        original_name=file.name,
        actor=actor,
        department=row.office,
        now=now,
    )
