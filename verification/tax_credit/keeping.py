"""Entries are recorded, corrected by a new one, repaired, withdrawn: the only place where they change. Only a tax authority
does so, and only with its own (S4; R122)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.audit.recording import log_read
from credit_portal.registry import codes, groups
from credit_portal.registry import services as registry
from credit_portal.registry.models import CreditSubject, Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.models import TaxCreditEntry

from . import declarations

Kind, State = TaxCreditEntry.Kind, TaxCreditEntry.State
KEEPS = frozenset({groups.OFFICER, groups.HEAD})
SUPERVISES = frozenset({groups.CREDIT_OFFICE, groups.AUDITOR})
FIRST_YEAR = 2019
MOST = 2_000
NOT_TAX = "自然人纳税信用信息由税务机关采集和维护，其他部门不能查看。"
NOT_FOUND = "没有这条纳税信用信息，或者不是本机关采集的。"


class TaxCreditError(ValueError):
    """It cannot be recorded or changed so; `field` names the input."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Told:
    """What the tax authority says, as it was typed or stands in a file."""

    id_number: str
    name: str
    tax_year: str
    kind: str
    facts: str
    found_on: date | None
    document_no: str = ""
    commitment_code: str = ""


def keeps(user: User) -> bool:
    return bool(
        user.department is not None
        and user.department.kind == Department.Kind.TAX
        and group_names(user) & KEEPS
    )


def may_look(user: User) -> bool:
    """Its own authority, the credit office and the auditor of the region. Nobody else of the staff."""
    return keeps(user) or bool(user.department is not None and group_names(user) & SUPERVISES)


def visible_to(user: User) -> QuerySet[TaxCreditEntry]:
    """The entries that a member of staff may read."""
    rows = TaxCreditEntry.objects.all()
    return limit_to_visible(rows, user) if may_look(user) else rows.none()


def told_to(subject: CreditSubject) -> QuerySet[TaxCreditEntry]:
    """What a person is told of its own: all that stands, and what was put right."""
    rows = TaxCreditEntry.objects.filter(subject=subject).exclude(state=State.WITHDRAWN)
    return rows.select_related("department").order_by("-tax_year", "-pk")


def record_of(*, user: User, subject: CreditSubject, purpose: str, now: datetime) -> list[TaxCreditEntry]:
    """A person's entries for a member of staff; that they were read, and what for, is logged."""
    rows = list(
        visible_to(user)
        .filter(subject=subject)
        .select_related("department")
        .order_by("-tax_year", "-pk")[:MOST]
    )
    log_read(
        now=now, actor_id=user.pk, what="纳税信用信息", target_type="tax_credit_list", target_id=subject.pk,
        subject_id=subject.pk, purpose=purpose,
    )  # fmt: skip
    return rows


@transaction.atomic
def record(
    *, told: Told, actor: User, now: datetime, replaces: TaxCreditEntry | None = None, is_demo: bool = False
) -> TaxCreditEntry:
    """Enter one; the same again is the one that is there. Raises TaxCreditError by field."""
    department = _keeper(actor)
    values = _checked(told, now)
    subject = _person(told, department, actor, now, is_demo)
    _declared(str(values["commitment_code"]), subject, int(told.tax_year))
    row = TaxCreditEntry(
        subject=subject,
        department=department,
        region=department.region,
        recorded_at=now,
        recorded_by=actor,
        replaces=replaces,
        is_demo=is_demo or subject.is_demo,
        **values,
    )
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        known = TaxCreditEntry.objects.filter(
            subject=subject,
            department=department,
            state__in=[State.EFFECTIVE, State.REPAIRED],
            **{key: values[key] for key in ("tax_year", "kind", "document_no", "found_on")},
        ).first()
        if known is None or replaces is not None:
            raise TaxCreditError("同样的信息已经采集过。", field="kind") from None
        return known
    _tell(row, "采集" if replaces is None else "据更正采集", actor, now)
    return row


@transaction.atomic
def correct(*, entry_id: int, told: Told, reason: str, actor: User, now: datetime) -> TaxCreditEntry:
    """What was recorded was wrong: a new row takes its place, the old one says why. Raises TaxCreditError."""
    old = _own(entry_id, actor)
    if old.state not in (State.EFFECTIVE, State.REPAIRED):
        raise TaxCreditError(f"这条信息{old.get_state_display()}，不能再更正。")
    _close(old, State.CORRECTED, local_date(now), _reason(reason), actor, now, "更正")
    return record(told=told, actor=actor, now=now, replaces=old, is_demo=old.is_demo)


@transaction.atomic
def repair(*, entry_id: int, on: date, reason: str, actor: User, now: datetime) -> TaxCreditEntry:
    """The person has put it right (declared, paid): from then on it stands as repaired. Raises TaxCreditError."""
    row = _own(entry_id, actor)
    if row.state == State.REPAIRED:
        return row
    if row.state != State.EFFECTIVE or row.kind == Kind.KEPT:
        raise TaxCreditError("只有有效的不良信息可以修复。")
    if not row.found_on <= on <= local_date(now):
        raise TaxCreditError(f"修复日期应在 {row.found_on} 至今天之间。", field="on")
    return _close(row, State.REPAIRED, on, _reason(reason), actor, now, "修复")


@transaction.atomic
def withdraw(*, entry_id: int, reason: str, actor: User, now: datetime) -> TaxCreditEntry:
    """It should never have been recorded: nobody is shown it any more but whoever keeps it. Raises TaxCreditError."""
    row = _own(entry_id, actor)
    if row.state == State.WITHDRAWN:
        return row
    if row.state == State.CORRECTED:
        raise TaxCreditError("这条信息已更正，请对更正后的那一条办理。")
    return _close(row, State.WITHDRAWN, local_date(now), _reason(reason), actor, now, "撤销")


def _keeper(actor: User) -> Department:
    if not keeps(actor) or actor.department is None:
        raise TaxCreditError(NOT_TAX)
    return actor.department


def _own(entry_id: int, actor: User) -> TaxCreditEntry:
    department = _keeper(actor)
    row = (
        TaxCreditEntry.objects.select_for_update(of=("self",))
        .select_related("subject")
        .filter(pk=entry_id, department=department)
        .first()
    )
    if row is None:
        raise TaxCreditError(NOT_FOUND)
    return row


def _reason(typed: str) -> str:
    said = typed.replace("\0", "").strip()
    if not 4 <= len(said) <= 300:
        raise TaxCreditError(f"请写明理由（4 至 300 个字，现为 {len(said)} 个字）。", field="reason")
    return said


def _checked(told: Told, now: datetime) -> dict[str, object]:
    """The plain values, each looked at. Raises TaxCreditError by field."""
    today, year = local_date(now), told.tax_year.strip()
    if not (year.isascii() and year.isdigit() and len(year) == 4 and FIRST_YEAR <= int(year) <= today.year):
        raise TaxCreditError(f"纳税年度应为 {FIRST_YEAR} 至 {today.year} 之间的年份。", field="tax_year")
    if told.kind not in Kind.values:
        raise TaxCreditError(f"信息类型应为{'、'.join(Kind.labels)}之一。", field="kind")
    if told.found_on is None or not date(int(year), 1, 1) <= told.found_on <= today:
        raise TaxCreditError("认定日期应在纳税年度开始以后、今天以前。", field="found_on")
    limits = (
        ("facts", "事实", 4, 300),
        ("document_no", "文书号", 0, 100),
        ("commitment_code", "申报承诺编码", 0, 20),
    )
    values: dict[str, object] = {"tax_year": int(year), "kind": told.kind, "found_on": told.found_on}
    for field, label, least, most in limits:
        said = str(getattr(told, field)).replace("\0", "").strip()
        if not least <= len(said) <= most:
            words = f"{least} 至 {most}" if least else f"最多 {most}"
            raise TaxCreditError(f"{label}{words} 个字，现为 {len(said)} 个字。", field=field)
        values[field] = said
    code = str(values["commitment_code"])
    if code and not (code.isascii() and code.isdigit() and len(code) == 20):
        raise TaxCreditError("申报承诺编码应为 20 位数字。", field="commitment_code")
    if told.kind == Kind.BROKEN and not (code or values["document_no"]):
        raise TaxCreditError(
            "违背申报承诺的，请填写申报承诺编码；承诺不在本门户作出的，填写认定的文书号。",
            field="commitment_code",
        )
    return values


def _declared(code: str, subject: CreditSubject, year: int) -> None:
    """A commitment that is named is this person's, for this year. What it says of others is told to nobody."""
    if not code:
        return
    found = declarations.of(code)
    if found is None or found.subject_id != subject.pk:
        raise TaxCreditError("没有找到这个人的这份纳税申报承诺，请核对编码。", field="commitment_code")
    if found.year != year:
        raise TaxCreditError(
            f"这份承诺是就 {found.year} 年度作出的，与纳税年度不一致。", field="commitment_code"
        )


def _person(told: Told, department: Department, actor: User, now: datetime, is_demo: bool) -> CreditSubject:
    """The person of that number; one not known yet is registered by what the authority reports."""
    try:
        parsed = codes.parse_subject_code(told.id_number.replace("\0", ""), today=local_date(now))
    except codes.CodeError as error:
        raise TaxCreditError(str(error), field="id_number") from error
    if codes.PERSON not in parsed.kinds:
        raise TaxCreditError("请填写居民身份证号码；单位的纳税信用不在这里采集。", field="id_number")
    try:
        name = codes.normalise_name(told.name)
    except codes.CodeError as error:
        raise TaxCreditError(f"姓名：{error}", field="name") from error
    known = registry.find_subject(parsed.value)
    if known is None:
        try:
            return registry.register_subject(
                kind=codes.PERSON,
                code=parsed.value,
                name=name,
                name_source=CreditSubject.NameSource.DEPARTMENT,
                region=department.region,
                actor=actor,
                department=department,
                now=now,
                is_demo=is_demo,
            )
        except registry.SubjectExists as exists:
            known = exists.subject
        except registry.SubjectError as error:
            raise TaxCreditError(str(error), field="name") from error
    if known.name != name:
        raise TaxCreditError("姓名与这个身份证号码登记的姓名不一致，请核对。", field="name")
    return known


def _close(
    row: TaxCreditEntry, state: str, on: date, reason: str, actor: User, now: datetime, deed: str
) -> TaxCreditEntry:
    row.state, row.closed_on, row.reason = state, on, reason
    note(row, actor=actor, now=now)
    row.save(update_fields=["state", "closed_on", "reason"])
    _tell(row, deed, actor, now)
    return row


def _tell(row: TaxCreditEntry, deed: str, actor: User, now: datetime) -> None:
    events.tax_credit_step(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        entry_id=row.pk,
        subject_id=row.subject_id,
        deed=deed,
        kind=str(row.get_kind_display()),
    )
