"""Training is recorded, put right by a new row, declared void; and counted by unit. (S3 三（二）, S1 二十二, S4 22; R118.)"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry import contacts, groups, numbering
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible

from .models import TrainingLine, TrainingSession

RECORDS = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE})
MOST = {"title": 200, "lecturer": 100, "content": 2000, "reason": 300}
LABELS = {"title": "主题", "lecturer": "授课人", "content": "内容", "reason": "理由"}
MOST_HOURS, MOST_OTHERS = Decimal(200), 9_999
EARLIEST = date(2000, 1, 1)


class TrainingError(ValueError):
    """It cannot be recorded so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Details:
    """What is told of a session. `material`: name, content type and bytes of a file, where there is one."""

    title: str
    held_on: date
    hours: Decimal
    lecturer: str
    content: str
    material: tuple[str, str, bytes] | None = None


# ---- seen --------------------------------------------------------------------------------------------------


def sessions_visible_to(user: User) -> QuerySet[TrainingSession]:
    """Those that the own unit held or took part in; of the own region and below for the office and the auditor."""
    held = limit_to_visible(TrainingSession.objects.all(), user)
    if user.department_id is None or not group_names(user) & RECORDS:
        return held
    was_there = TrainingLine.objects.filter(session=OuterRef("pk"), department=user.department_id)
    return TrainingSession.objects.filter(Q(pk__in=held.values("pk")) | Exists(was_there))


def counting(rows: QuerySet[TrainingSession]) -> QuerySet[TrainingSession]:
    """Without those that were put right since, and without what says that one is void."""
    return rows.filter(void=False, corrected_by__isnull=True)


def units_to_choose(actor: User) -> list[tuple[Department, list[User]]]:
    """Who can be said to have been there: the staff of the own unit; for the office of every unit of its region."""
    if actor.department is None:
        return []
    departments = Department.objects.filter(pk=actor.department_id)
    if groups.CREDIT_OFFICE in group_names(actor):
        departments = Department.objects.filter(
            Q(pk=actor.department_id) | Q(kind__in=contacts.UNITS, is_active=True),
            region=actor.department.region_id,
        )
    staff: dict[int, list[User]] = {}
    for user in User.objects.filter(department__in=departments, is_active=True).order_by(
        "display_name", "pk"
    ):
        staff.setdefault(user.department_id or 0, []).append(user)
    return [(one, staff.get(one.pk, [])) for one in departments.order_by("name")]


@dataclass(frozen=True)
class Total:
    """A unit's year. `person_hours`: of each session its hours times the people of this unit."""

    department: Department
    sessions: int
    people: int
    person_hours: Decimal


def totals(departments: QuerySet[Department], *, year: int) -> dict[int, tuple[int, int, Decimal]]:
    """By unit that had training in a year: sessions, people, person-hours. One query."""
    rows = (
        TrainingLine.objects.filter(
            department__in=departments,
            session__held_on__year=year,
            session__void=False,
            session__corrected_by__isnull=True,
        )
        .order_by()
        .values_list("department")
        .annotate(
            sessions=Count("session", distinct=True),
            heads=Sum("people"),
            hours=Sum(F("people") * F("session__hours"), output_field=DecimalField()),
        )
    )
    return {unit: (sessions, heads, hours) for unit, sessions, heads, hours in rows}


def without_training(departments: QuerySet[Department], *, year: int) -> QuerySet[Department]:
    """Units of which nobody was trained in a year."""
    lines = TrainingLine.objects.filter(
        department=OuterRef("pk"),
        session__held_on__year=year,
        session__void=False,
        session__corrected_by__isnull=True,
    )
    return contacts.units_of(departments).exclude(Exists(lines))


def totals_of(rows: Iterable[Department], *, year: int) -> list[Total]:
    """The totals of these units in their order; noughts where there was nothing. One query."""
    units = list(rows)
    found = totals(Department.objects.filter(pk__in=[unit.pk for unit in units]), year=year)
    return [Total(unit, *found.get(unit.pk, (0, 0, Decimal(0)))) for unit in units]


# ---- recorded ----------------------------------------------------------------------------------------------


@transaction.atomic
def record_training(
    *,
    details: Details,
    people: Iterable[int],
    others: Mapping[int, int],
    actor: User,
    now: datetime,
    is_demo: bool = False,
) -> TrainingSession:
    """Record a session that the actor's unit held. `people`: accounts that were there; `others`: by unit how many
    without an account. Raises TrainingError by field."""
    return _record(details, people, others, actor=actor, now=now, before=None, reason="", is_demo=is_demo)


@transaction.atomic
def correct_training(
    *,
    session_id: int,
    details: Details,
    people: Iterable[int],
    others: Mapping[int, int],
    reason: str,
    actor: User,
    now: datetime,
) -> TrainingSession:
    """Say anew what was wrong; the row before stays and counts no more. Raises TrainingError by field."""
    before = _taken(session_id, actor)
    text = _text(reason, "reason")
    return _record(
        details, people, others, actor=actor, now=now, before=before, reason=text, is_demo=before.is_demo
    )


@transaction.atomic
def void_training(*, session_id: int, reason: str, actor: User, now: datetime) -> TrainingSession:
    """It did not take place, or was recorded twice. Raises TrainingError by field."""
    before = _taken(session_id, actor)
    row = TrainingSession(
        number=_number(actor, now), department=before.department, region=before.region, title=before.title,
        held_on=before.held_on, hours=before.hours, lecturer=before.lecturer, content=before.content,
        people=0, corrects=before, void=True, reason=_text(reason, "reason"), recorded_at=now,
        recorded_by=actor, is_demo=before.is_demo,
    )  # fmt: skip
    _store(row)
    _tell(row, "作废", actor=actor, now=now)
    return row


def _unit(actor: User) -> Department:
    if actor.department is None or not group_names(actor) & RECORDS:
        raise TrainingError("培训由举办单位的经办人、负责人或者信用办登记，窗口人员不登记。")
    return actor.department


def _taken(session_id: int, actor: User) -> TrainingSession:
    unit = _unit(actor)
    row = (
        TrainingSession.objects.select_for_update(of=("self",))
        .select_related("department", "region", "material")
        .get(pk=session_id)
    )
    if row.department_id != unit.pk:
        raise TrainingError("由登记的单位更正。")
    if row.void or TrainingSession.objects.filter(corrects=row).exists():
        raise TrainingError("这一条已经更正或者作废，请刷新页面。")
    return row


def _number(actor: User, now: datetime) -> str:
    return numbering.document_number("K", _unit(actor).region_id, local_date(now).year)


def _record(
    details: Details,
    people: Iterable[int],
    others: Mapping[int, int],
    *,
    actor: User,
    now: datetime,
    before: TrainingSession | None,
    reason: str,
    is_demo: bool,
) -> TrainingSession:
    unit = _unit(actor)
    lines = _lines(people, others, actor=actor, before=before)
    if not EARLIEST <= details.held_on <= local_date(now):
        raise TrainingError("培训日期不能晚于今天，也不能早于 2000 年。", field="held_on")
    if not 0 < details.hours <= MOST_HOURS:
        raise TrainingError(f"学时应大于 0，不超过 {MOST_HOURS}。", field="hours")
    row = TrainingSession(
        number=_number(actor, now), department=unit, region=unit.region, title=_text(details.title, "title"),
        held_on=details.held_on, hours=details.hours, lecturer=_text(details.lecturer, "lecturer", must=False),
        content=_text(details.content, "content"), people=sum(line.people for line in lines),
        corrects=before, reason=reason, recorded_at=now, recorded_by=actor, is_demo=is_demo,
    )  # fmt: skip
    row.material = _material(details, unit, actor=actor, now=now) or (before.material if before else None)
    _store(row)
    for line in lines:
        line.session = row
    TrainingLine.objects.bulk_create(lines)
    _tell(row, "更正" if before else "登记", actor=actor, now=now)
    return row


def _lines(
    people: Iterable[int], others: Mapping[int, int], *, actor: User, before: TrainingSession | None
) -> list[TrainingLine]:
    choice = units_to_choose(actor)
    staff = {user.pk: (unit, user.display_name or user.username) for unit, users in choice for user in users}
    units = {unit.pk: unit for unit, _users in choice}
    if before is not None:
        # Whoever was there then may have left since.
        for line in before.lines.select_related("department"):
            units.setdefault(line.department_id, line.department)
            if line.person_id is not None:
                staff[line.person_id] = (line.department, line.name)
    wanted = sorted(set(people))
    if set(wanted) - set(staff) or set(others) - set(units):
        raise TrainingError("参加人员中有不在可选范围内的，请刷新页面后重新选择。", field="people")
    found = [
        TrainingLine(department=staff[pk][0], person_id=pk, name=staff[pk][1], people=1) for pk in wanted
    ]
    for unit_id, number in sorted(others.items()):
        if not 0 <= number <= MOST_OTHERS:
            raise TrainingError(f"其他人数应在 0 到 {MOST_OTHERS} 之间。", field="people")
        if number:
            found.append(TrainingLine(department=units[unit_id], people=number))
    if not found:
        raise TrainingError("请勾选参加的人员，或者填写其他人数。", field="people")
    return found


def _material(details: Details, unit: Department, *, actor: User, now: datetime) -> EvidenceFile | None:
    if details.material is None:
        return None
    name, kind, content = details.material
    try:
        return store_evidence(
            content=content, kind=EvidenceFile.Kind.DOCUMENT, content_type=kind, original_name=name,
            actor=actor, department=unit, now=now,
        )  # fmt: skip
    except EvidenceRefused as error:
        raise TrainingError(str(error), field="material") from error


def _store(row: TrainingSession) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        # Two corrections at the same moment: the row is taken by its lock, this is for what came before it.
        raise TrainingError("这一条已经更正或者作废，请刷新页面。") from error


def _text(text: str, field: str, *, must: bool = True) -> str:
    text = text.strip()
    if must and not text:
        raise TrainingError(f"请填写{LABELS[field]}。", field=field)
    if len(text) > MOST[field]:
        raise TrainingError(f"{LABELS[field]}最多 {MOST[field]} 个字，现为 {len(text)} 个字。", field=field)
    return text


def _tell(row: TrainingSession, deed: str, *, actor: User, now: datetime) -> None:
    events.training_recorded(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        session_id=row.pk,
        number=row.number,
        deed=deed,
        people=row.people,
    )
