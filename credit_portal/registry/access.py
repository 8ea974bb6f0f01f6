"""A subject's access to its own pages: opened, its code issued and used, its devices, its end. The only place where it
changes. (S0 一（四）, S0 二（二）, R58.)

What a wrong code is told never says whether the subject exists, and costs the same whether it does.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.hashing import keyed_hash
from credit_portal.audit.history import note

from . import access_rules, codes, crypto, groups
from .models import (
    AccessCode,
    AccessSession,
    CreditSubject,
    ResponsiblePerson,
    SubjectAccess,
    User,
    WrongCode,
)
from .visibility import departments_visible_to, group_names

Capacity, Scope, Channel = SubjectAccess.Capacity, SubjectAccess.Scope, SubjectAccess.Channel
CAPACITIES = {
    codes.ORGANISATION: (Capacity.LEGAL_REPRESENTATIVE, Capacity.AGENT),
    codes.SOLE_TRADER: (Capacity.OPERATOR, Capacity.AGENT),
    codes.PERSON: (Capacity.SELF, Capacity.AGENT),
}
WRONG = "代码不正确或者已经失效。请核对两项代码；一次性代码 72 小时内有效、只能用一次，输错 5 次作废，可以请窗口重新开具。"
TOO_MANY = "输错的次数太多，请过 15 分钟再试，或者请窗口重新开具代码。"
NO_SUBJECT = uuid.UUID(int=0)
SEEN_ANEW = timedelta(hours=1)
KEPT = timedelta(days=1)


class AccessError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class TooManyWrong(AccessError):
    """So many wrong codes have come of late that none is looked at for a while."""


@dataclass(frozen=True)
class Entered:
    """A device that is in: the secret of its cookie, and how long the browser is to keep it."""

    token: str
    access: SubjectAccess


# ---- opened ------------------------------------------------------------------------------------------------


@transaction.atomic
def open_access(
    *,
    subject: CreditSubject,
    name: str,
    capacity: str,
    id_number: str,
    valid_until: date,
    now: datetime,
    actor: User | None,
    scope: str = Scope.ACT,
    channel: str = Channel.WINDOW,
    key: uuid.UUID | None = None,
    checked_number: bool = True,
    authorisation_sha256: str = "",
) -> SubjectAccess:
    """Let somebody act for a subject from today to `valid_until`. Raises AccessError by field.

    `key` makes it happen once: asked again with the same key, the first one is given back. `checked_number` False: the
    document seen is no identity card, its number follows no rule that could be checked here.
    """
    # Two windows opening for one subject come one after the other.
    CreditSubject.objects.select_for_update().get(pk=subject.pk)
    known = SubjectAccess.objects.filter(uuid=key).first() if key else None
    if known is not None:
        return known
    today = local_date(now)
    allowed = CAPACITIES[subject.kind]
    if capacity not in allowed:
        labels = "、".join(str(one.label) for one in allowed)
        raise AccessError(f"这类主体可以由{labels}使用。", field="capacity")
    if scope not in Scope.values:
        raise AccessError("请选择权限。", field="scope")
    if capacity != Capacity.AGENT:
        scope = Scope.ACT
    try:
        who = codes.normalise_name(name)
    except codes.CodeError as error:
        raise AccessError(str(error), field="name") from error
    number = _number(id_number, checked=checked_number, today=today)
    if problem := access_rules.check_term(today=today, valid_until=valid_until):
        raise AccessError(problem, field="valid_until")
    _the_right_person(subject, who, number, capacity)
    row = SubjectAccess(
        subject=subject, name=who, capacity=capacity, scope=scope, channel=channel, valid_from=today,
        valid_until=valid_until, opened_at=now, opened_by=actor, department=actor.department if actor else None,
        is_demo=subject.is_demo,
    )  # fmt: skip
    if key is not None:
        row.uuid = key
    row.id_number = number
    note(row, actor=actor, now=now)
    row.save()
    events.access_opened(
        now=now, actor_id=actor.pk if actor else None, department_id=row.department_id, access_id=row.pk,
        subject_id=subject.pk, capacity=capacity, scope=scope, channel=channel, until=valid_until,
        sha256=authorisation_sha256,
    )  # fmt: skip
    return row


def _number(raw: str, *, checked: bool, today: date) -> str:
    number = codes.clean(raw)
    if not checked:
        if not (number.isascii() and number.isalnum() and 5 <= len(number) <= 20):
            raise AccessError("证件号码应为 5 至 20 位字母和数字。", field="id_number")
        return number
    try:
        return codes.check_id_number(number, today=today)
    except codes.CodeError as error:
        raise AccessError(str(error), field="id_number") from error


def _the_right_person(subject: CreditSubject, name: str, number: str, capacity: str) -> None:
    """Whoever acts as the subject itself is the one on record, by number where one is known, else by name."""
    if capacity == Capacity.AGENT:
        return
    if capacity == Capacity.SELF:
        if subject.id_number_index != CreditSubject.id_number.index_of(number):
            raise AccessError("证件号码不是这个主体的。", field="id_number")
        if subject.name != name:
            raise AccessError("与登记的姓名不一致，请核对证件。", field="name")
        return
    known = representative_of(subject)
    if known is None:
        return
    if known.name != name:
        raise AccessError(
            "与登记的姓名不一致。人员已变更的，请先凭证照更正登记，或者由委托代理人使用。", field="name"
        )
    if known.id_number_index and known.id_number_index != ResponsiblePerson.id_number.index_of(number):
        raise AccessError("证件号码与登记的不一致，请核对证件。", field="id_number")


def representative_of(subject: CreditSubject) -> ResponsiblePerson | None:
    """Who represents an organisation, or runs a sole trader's business, by the register."""
    found: ResponsiblePerson | None = subject.responsible.filter(
        capacity=ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE, until_on__isnull=True
    ).first()
    return found


# ---- the one-time code -------------------------------------------------------------------------------------


@transaction.atomic
def issue_code(*, access_id: int, actor: User | None, now: datetime) -> str:
    """A new code for an access that runs; the one before is worthless. It is given here once and kept nowhere.

    Raises AccessError.
    """
    access = SubjectAccess.objects.select_for_update(of=("self",)).select_related("subject").get(pk=access_id)
    _check_staff(access, actor)
    if not _runs(access, now):
        raise AccessError("这次开通已经终止或者到期，请重新开通。")
    access.codes.filter(used_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=now)
    code = access_rules.new_code()
    AccessCode.objects.create(
        access=access, finder=_finder(code), digest=_digest(access.subject.uuid, code), issued_at=now,
        issued_by=actor, expires_at=now + access_rules.CODE_LIVES,
    )  # fmt: skip
    events.access_code(
        now=now, actor_id=actor.pk if actor else None, department_id=actor.department_id if actor else None,
        access_id=access.pk, deed="issued",
    )  # fmt: skip
    return code


def enter(*, subject_code: str, code: str, address: str, now: datetime) -> Entered:
    """Open a subject's pages on a device by the code from the window. Raises CodeError for what can be no subject's code,
    AccessError (the same whatever is wrong) and TooManyWrong. `address`: where the request comes from."""
    wanted = codes.parse_subject_code(subject_code, today=local_date(now)).value
    typed = access_rules.cleaned(code)
    mark = WrongCode(
        at=now,
        address=keyed_hash(address, purpose="wrong_code_address"),
        subject=keyed_hash(wanted, purpose="wrong_code_subject"),
    )
    if _too_many(mark, now):
        raise TooManyWrong(TOO_MANY)
    entered = _try(wanted, typed, mark, now)
    if entered is None:
        # What the wrong try has cost is stored by now.
        raise AccessError(WRONG)
    return entered


@transaction.atomic
def _try(wanted: str, typed: str, mark: WrongCode, now: datetime) -> Entered | None:
    index = CreditSubject.id_number.index_of(wanted)
    found = list(
        AccessCode.objects.select_for_update(of=("self",))
        .select_related("access__subject")
        .filter(Q(access__subject__uscc=wanted) | Q(access__subject__id_number_index=index))
        .filter(finder=_finder(typed), used_at__isnull=True, withdrawn_at__isnull=True)
        .order_by("-pk")[:3]
    )
    opened = None
    # As much is computed where there is nothing to compare with.
    digest = _digest(found[0].access.subject.uuid if found else NO_SUBJECT, typed)
    for row in found:
        before = _as_rule(row)
        after, opens = access_rules.attempt(
            before, subject_id=row.access.subject_id, digest=digest, now=now, today=local_date(now)
        )
        if after == before:
            continue
        row.used_at, row.tries = now if after.used else None, after.tries
        row.save(update_fields=["used_at", "tries"])
        if opens:
            opened = row.access
            break
        if after.tries >= access_rules.MOST_TRIES:
            events.access_code(
                now=now, actor_id=None, department_id=None, access_id=row.access_id, deed="dead"
            )
    if opened is None:
        WrongCode.objects.filter(at__lt=now - KEPT).delete()
        mark.save(force_insert=True)
        return None
    events.access_code(now=now, actor_id=None, department_id=None, access_id=opened.pk, deed="used")
    return begin_session(access=opened, now=now)


def _too_many(mark: WrongCode, now: datetime) -> bool:
    counted = (
        WrongCode.objects.filter(at__gt=now - access_rules.WINDOW)
        .filter(Q(address=mark.address) | Q(subject=mark.subject))
        .aggregate(
            together=Count("pk", filter=Q(address=mark.address, subject=mark.subject)),
            by_address=Count("pk", filter=Q(address=mark.address)),
            by_subject=Count("pk", filter=Q(subject=mark.subject)),
        )
    )
    return access_rules.too_many(**counted)


def _finder(code: str) -> str:
    return crypto.blind_index(code[: access_rules.FINDS], purpose="access_code_finder")


def _digest(subject: uuid.UUID, code: str) -> str:
    return crypto.blind_index(f"{subject}:{code}", purpose="access_code")


def _as_rule(row: AccessCode) -> access_rules.Code:
    access = row.access
    return access_rules.Code(
        subject_id=access.subject_id, digest=row.digest, expires_at=row.expires_at, valid_from=access.valid_from,
        valid_until=access.valid_until, ended=access.ended_at is not None, used=row.used_at is not None,
        withdrawn=row.withdrawn_at is not None, tries=row.tries,
    )  # fmt: skip


def _runs(access: SubjectAccess, now: datetime) -> bool:
    return access_rules.runs(
        valid_from=access.valid_from, valid_until=access.valid_until, ended=access.ended_at is not None,
        today=local_date(now),
    )  # fmt: skip


def running(rows: QuerySet[SubjectAccess], *, today: date) -> QuerySet[SubjectAccess]:
    """Those in their term that nobody has ended."""
    return rows.filter(ended_at__isnull=True, valid_from__lte=today, valid_until__gte=today)


# ---- devices -----------------------------------------------------------------------------------------------


@transaction.atomic
def begin_session(*, access: SubjectAccess, now: datetime) -> Entered:
    """A device is in; the caller has made sure that it may be."""
    token = secrets.token_urlsafe(32)
    AccessSession.objects.create(access=access, token_hash=_token_hash(token), began_at=now, seen_at=now)
    events.access_session(now=now, access_id=access.pk, deed="entered")
    return Entered(token, access)


def session_of(token: str, *, now: datetime) -> AccessSession | None:
    """The session of a cookie, where it lives; that it is used is noted once an hour."""
    found = (
        AccessSession.objects.select_related("access__subject__region")
        .filter(token_hash=_token_hash(token))
        .first()
    )
    if found is None or not access_rules.session_lives(
        seen_at=found.seen_at,
        ended=found.ended_at is not None,
        access_runs=_runs(found.access, now),
        now=now,
    ):
        return None
    if now - found.seen_at >= SEEN_ANEW:
        AccessSession.objects.filter(pk=found.pk).update(seen_at=now)
    return found


@transaction.atomic
def leave(*, session_id: int, now: datetime, deed: str = "left") -> None:
    """One device goes out."""
    session = AccessSession.objects.select_for_update().get(pk=session_id)
    if session.ended_at is None:
        session.ended_at = now
        session.save(update_fields=["ended_at"])
        events.access_session(now=now, access_id=session.access_id, deed=deed)


def _token_hash(token: str) -> str:
    return keyed_hash(token[:100], purpose="access_session")


# ---- ended -------------------------------------------------------------------------------------------------


@transaction.atomic
def end_by_staff(*, access_id: int, reason: str, actor: User, now: datetime) -> SubjectAccess:
    """The window that opened it, or the credit office, ends an access: every device is out at once. Raises AccessError."""
    access = _taken(access_id)
    _check_staff(access, actor)
    said = reason.strip()
    if not said:
        raise AccessError("请填写终止的原因。", field="reason")
    if len(said) > 200:
        raise AccessError(f"终止原因最多 200 个字，现为 {len(said)} 个字。", field="reason")
    _end(access, reason=said, by="staff", actor=actor, now=now)
    return access


@transaction.atomic
def end_by_subject(*, access_id: int, by: SubjectAccess, now: datetime) -> SubjectAccess:
    """The subject ends an access of its own; an agent only the one that it holds itself. Raises AccessError."""
    access = _taken(access_id)
    if access.subject_id != by.subject_id or (by.as_agent and access.pk != by.pk):
        raise AccessError("只能终止本主体的开通；代理人只能终止自己的。")
    reason = "使用人自己终止" if access.pk == by.pk else f"由{by.get_capacity_display()}终止"
    _end(access, reason=reason, by="subject", by_access=by, now=now)
    return access


def end_of_representative(*, subject: CreditSubject, now: datetime) -> None:
    """Somebody else represents the subject now: whoever acted as its representative before does not any more; those whom
    the subject has authorised stay authorised. In the caller's transaction."""
    rows = subject.accesses.select_for_update(of=("self",)).filter(
        capacity__in=[Capacity.LEGAL_REPRESENTATIVE, Capacity.OPERATOR], ended_at__isnull=True
    )
    known = representative_of(subject)
    for access in rows:
        other = known is not None and known.id_number_index not in (
            None,
            ResponsiblePerson.id_number.index_of(access.id_number),
        )
        if known is None or access.name != known.name or other:
            _end(access, reason="不再是登记的法定代表人（负责人）", by="system", now=now)


def _taken(access_id: int) -> SubjectAccess:
    found: SubjectAccess = (
        SubjectAccess.objects.select_for_update(of=("self",))
        .select_related("subject", "department")
        .get(pk=access_id)
    )
    if found.ended_at is not None:
        raise AccessError("这次开通已经终止。")
    return found


def _end(
    access: SubjectAccess,
    *,
    reason: str,
    by: str,
    now: datetime,
    actor: User | None = None,
    by_access: SubjectAccess | None = None,
) -> None:
    access.ended_at, access.end_reason, access.ended_by, access.ended_by_access = (
        now,
        reason,
        actor,
        by_access,
    )
    note(access, actor=actor, now=now)
    access.save(update_fields=["ended_at", "end_reason", "ended_by", "ended_by_access"])
    access.sessions.filter(ended_at__isnull=True).update(ended_at=now)
    access.codes.filter(used_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=now)
    events.access_ended(
        now=now, actor_id=actor.pk if actor else None, department_id=actor.department_id if actor else None,
        access_id=access.pk, by=by, by_access=by_access.pk if by_access else None,
    )  # fmt: skip


def _check_staff(access: SubjectAccess, actor: User | None) -> None:
    """The department that opened it, and the credit office of its region."""
    if actor is None:
        return
    held = group_names(actor)
    own = groups.CLERK in held and actor.department_id == access.department_id
    if not own and not (
        groups.CREDIT_OFFICE in held and accesses_visible_to(actor).filter(pk=access.pk).exists()
    ):
        raise AccessError("由开通的单位或者信用办办理。")


def accesses_visible_to(user: User) -> QuerySet[SubjectAccess]:
    """What staff may see: the window its department's, the office those opened in its region or of subjects there."""
    held = group_names(user)
    if user.department is None:
        return SubjectAccess.objects.none()
    if held & groups.REGIONAL:
        path = user.department.region.path
        return SubjectAccess.objects.filter(
            Q(department__in=departments_visible_to(user))
            | Q(department__isnull=True, subject__region__path=path)
            | Q(department__isnull=True, subject__region__path__startswith=f"{path}/")
        )
    return SubjectAccess.objects.filter(department=user.department_id)
