"""A roster compared with what is on record, and taken in: who is new, whose number or telephone has changed, who is on it no
more. In sets: what it asks of the database does not grow with the rows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from commitments.models import RosterEntry, RosterSort, RosterUpload
from credit_portal.audit.history import note
from credit_portal.audit.recording import together
from credit_portal.registry import groups
from credit_portal.registry.in_sets import Known, find_subjects, register_subjects
from credit_portal.registry.models import CreditSubject, Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible

from .reading import Row

AT_ONCE = 1_000
NOT_YOURS = "会员名单由协会办理，应当注册的企业名单由信用办办理。"
GONE = "{day} 的名单中没有（文件“{name}”）"
TOO_EARLY = "名单日期 {day} 早于已经录入的 {known}，请用最新的名单。"
Faults = dict[int, dict[str, str]]


class RosterRefused(ValueError):
    """It cannot be done so; `field` names the input, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def site_address(path: str) -> str:
    """A page of the portal as it stands in a message."""
    return f"{settings.SITE['address']}{path}"


def sorts_of(user: User) -> tuple[str, ...]:
    """The rosters that a member of staff keeps: an association its members, a credit office who should register."""
    department, names = user.department, group_names(user)
    if department is None or not department.is_active:
        return ()
    if groups.ASSOCIATION in names and department.kind == Department.Kind.ASSOCIATION:
        return (RosterSort.MEMBERS,)
    if groups.CREDIT_OFFICE in names and department.kind == Department.Kind.CREDIT_OFFICE:
        return (RosterSort.MODEL, RosterSort.ABOVE_SCALE)
    return ()


def keeper_of(user: User, sort: str) -> Department:
    """The department whose roster a member of staff keeps. Raises RosterRefused."""
    if sort not in sorts_of(user) or user.department is None:
        raise RosterRefused(NOT_YOURS)
    return user.department


def entries_visible_to(user: User) -> QuerySet[RosterEntry]:
    """An association its own members; the credit office and the auditor those of their region and below."""
    rows = RosterEntry.objects.all()
    if not group_names(user) & {groups.ASSOCIATION, *groups.REGIONAL}:
        return rows.none()
    return limit_to_visible(rows, user)


def on_day(rows: QuerySet[RosterEntry], day: date) -> QuerySet[RosterEntry]:
    """Those on their roster on a day."""
    return rows.filter(Q(left_on=None) | Q(left_on__gt=day), from_on__lte=day)


def members_among(*, department_id: int, subject_ids: Collection[int], on: date) -> set[int]:
    """Those of the subjects that are members of an association on a day."""
    rows = RosterEntry.objects.filter(
        department=department_id, sort=RosterSort.MEMBERS, subject__in=subject_ids
    )
    return set(on_day(rows, on).values_list("subject_id", flat=True))


@dataclass
class Matched:
    """What rows come to: `new` to be added, `changed` with another number or telephone, `same` as they are; `missing` those
    whom the list names no more; `most`: more than half of the roster would leave."""

    faults: Faults = field(default_factory=dict)
    new: dict[int, Row] = field(default_factory=dict)
    changed: dict[int, tuple[RosterEntry, Row]] = field(default_factory=dict)
    same: int = 0
    missing: list[RosterEntry] = field(default_factory=list)
    most: bool = False
    known: Known = field(default_factory=Known)


def match(rows: Mapping[int, Row], *, department: Department, sort: str, as_of: date) -> Matched:
    """Compare checked rows with the roster. A constant number of queries."""
    found = Matched()
    found.known = find_subjects(row.named for row in rows.values())
    standing = {
        entry.subject_id: entry
        for entry in RosterEntry.objects.filter(department=department, sort=sort, left_on=None)
    }
    named: set[int] = set()
    for place, row in rows.items():
        if problem := found.known.name_problem(row.named):
            found.faults[place] = {"name": problem}
            continue
        subject = found.known.by_code.get(row.named.code)
        entry = standing.get(subject.pk) if subject is not None else None
        if entry is None:
            found.new[place] = row
            continue
        named.add(entry.subject_id)
        if _differs(entry, row):
            found.changed[place] = (entry, row)
        else:
            found.same += 1
    found.missing = [entry for subject_id, entry in standing.items() if subject_id not in named]
    found.most = len(found.missing) * 2 > len(standing)
    return found


def _differs(entry: RosterEntry, row: Row) -> bool:
    """What a list does not say of a member stays as it is."""
    return bool(
        (row.number and row.number != entry.number)
        or (row.phone and row.phone != entry.phone)
        or (row.from_on and row.from_on != entry.from_on)
    )


@transaction.atomic
def take(
    rows: Mapping[int, Row], *, upload: RosterUpload, missing: Collection[int], actor: User, now: datetime
) -> Matched:
    """Take a whole list in, in the caller's transaction. `missing`: who was shown as leaving; where others would leave
    by now, or a row does not fit any more, RosterRefused and nothing is stored."""
    department = Department.objects.select_for_update(of=("self",)).get(pk=upload.department_id)
    matched = match(rows, department=department, sort=upload.sort, as_of=upload.as_of)
    if matched.faults or {entry.pk for entry in matched.missing} != set(missing):
        raise RosterRefused("检查以后名单有变动，没有录入。请重新上传。")
    known = dict(matched.known.by_code)
    fresh = [row.named for row in matched.new.values() if row.named.code not in known]
    with together():
        known |= register_subjects(fresh, department=department, actor=actor, now=now, is_demo=upload.is_demo)
        _add(matched.new.values(), known, upload, actor, now)
        _change(matched.changed.values(), actor, now)
        _leave(matched.missing, upload, actor, now)
    return matched


def _add(
    rows: Iterable[Row], known: Mapping[str, CreditSubject], upload: RosterUpload, actor: User, now: datetime
) -> None:
    entries = []
    for row in rows:
        entry = RosterEntry(
            department=upload.department,
            sort=upload.sort,
            subject=known[row.named.code],
            number=row.number,
            from_on=row.from_on or upload.as_of,
            upload=upload,
            added_at=now,
            added_by=actor,
            is_demo=upload.is_demo,
        )
        entry.phone = row.phone
        note(entry, actor=actor, now=now)
        entries.append(entry)
    if entries:
        bulk_create_with_history(entries, RosterEntry, batch_size=AT_ONCE)


def _change(rows: Iterable[tuple[RosterEntry, Row]], actor: User, now: datetime) -> None:
    entries = []
    for entry, row in rows:
        entry.number = row.number or entry.number
        entry.from_on = row.from_on or entry.from_on
        if row.phone:
            entry.phone = row.phone
        note(entry, actor=actor, now=now)
        entries.append(entry)
    if entries:
        bulk_update_with_history(
            entries, RosterEntry, ["number", "from_on", "phone_sealed"], batch_size=AT_ONCE
        )


def _leave(entries: list[RosterEntry], upload: RosterUpload, actor: User, now: datetime) -> None:
    for entry in entries:
        entry.left_on = max(upload.as_of, entry.from_on)
        entry.leave_reason = GONE.format(day=upload.as_of, name=upload.name)[:200]
        note(entry, actor=actor, now=now)
    if entries:
        bulk_update_with_history(entries, RosterEntry, ["left_on", "leave_reason"], batch_size=AT_ONCE)
