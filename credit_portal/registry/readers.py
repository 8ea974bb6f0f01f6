"""Who has read a subject's record, and what for: the log of readings as the subject is shown it, with departments and
purposes and without names of officers (S0 一（四）, 个人信息保护法 44, 45)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet

from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent, ReadLog

from .models import CreditSubject, Department, SubjectAccess, User

PURPOSES = {
    ReadLog.Purpose.HANDLING: "办理您的业务",
    ReadLog.Purpose.CHECK: "办理事项时核查信用",
    ReadLog.Purpose.SUPERVISION: "监督管理",
    ReadLog.Purpose.SUBJECT_REQUEST: "应您本人的要求",
    ReadLog.Purpose.OBJECTION: "处理异议",
    ReadLog.Purpose.AUDIT: "审计",
    ReadLog.Purpose.PRINT: "打印文书",
}
# Before readings named the system: what it reads by making it, and the event that says whose system it was.
MADE = {"check": "check.made", "credit_report": "credit_report.issued"}
BY_SYSTEM, FORMER = "业务系统", "已停用的账号"


def _nobody(_systems: set[int]) -> Mapping[int, int]:
    return {}


_owners: Callable[[set[int]], Mapping[int, int]] = _nobody


@dataclass(frozen=True)
class Reading:
    """One reading as the subject sees it. `own`: the subject itself, or its agent, on its own pages."""

    at: datetime
    who: str
    what: str
    purpose: str
    own: bool


def readings_of(subject: CreditSubject) -> QuerySet[ReadLog]:
    """Every reading of what concerns this subject."""
    return ReadLog.objects.filter(subject_id=subject.pk)


def told(rows: Iterable[ReadLog]) -> list[Reading]:
    """Rows of the log in words. A constant number of queries, however many rows."""
    found = list(rows)
    departments = _departments({row.actor_id for row in found if row.actor_id is not None})
    holders = SubjectAccess.objects.in_bulk({row.access_id for row in found if row.access_id is not None})
    made = _made([row for row in found if row.actor_id is None and row.target_type in MADE])
    owned = _owners({row.partner_id for row in found if row.partner_id is not None})
    owners = {
        row.pk: owned.get(row.partner_id) or made.get((row.target_type, row.target_id))
        for row in found
        if row.actor_id is None
    }
    names = dict(Department.objects.filter(pk__in=set(owners.values()) - {None}).values_list("pk", "name"))
    systems = {pk: f"{names[number]}的{BY_SYSTEM}" for pk, number in owners.items() if number in names}
    return [_told(row, departments, holders, systems) for row in found]


def name_systems_by(owners: Callable[[set[int]], Mapping[int, int]]) -> None:
    """Once, at the start, by the room that keeps the systems: gives the departments of systems by their numbers."""
    global _owners
    _owners = owners


def folded(readings: Iterable[Reading]) -> list[tuple[Reading, int]]:
    """Readings one after the other that say the same of one day become one, the newest, with how many they are."""

    def said(one: Reading) -> tuple[date, str, str, str, bool]:
        return local_date(one.at), one.who, one.what, one.purpose, one.own

    return [(same[0], len(same)) for _, group in groupby(readings, said) for same in [list(group)]]


def _made(rows: list[ReadLog]) -> dict[tuple[str, str], int | None]:
    """What no member of staff made: the department whose own system did, by the event of its making."""
    if not rows:
        return {}
    return {
        (target_type, target_id): number
        for target_type, target_id, number in AuditEvent.objects.filter(
            verb__in=MADE.values(), target_type__in=MADE, target_id__in={row.target_id for row in rows}
        ).values_list("target_type", "target_id", "department_id")
    }


def _told(
    row: ReadLog,
    departments: Mapping[int, list[tuple[datetime | None, str]]],
    holders: Mapping[int, SubjectAccess],
    systems: Mapping[int, str],
) -> Reading:
    purpose = PURPOSES.get(ReadLog.Purpose(row.purpose), row.get_purpose_display())
    if row.access_id is not None:
        holder = holders.get(row.access_id)
        who = f"{holder.get_capacity_display()} {holder.name}" if holder else "本主体"
        return Reading(row.at, who, row.what, "在网上查看自己的信息", True)
    if row.actor_id is None:
        return Reading(row.at, systems.get(row.pk, BY_SYSTEM), row.what, purpose, False)
    return Reading(row.at, _then(departments.get(row.actor_id, []), row.at), row.what, purpose, False)


def _departments(actors: set[int]) -> dict[int, list[tuple[datetime | None, str]]]:
    """By member of staff the departments that it was in, with the moment from which on, the newest first."""
    if not actors:
        return {}
    # The history has the department's number only; names come in one go.
    moves = list(
        User.history.filter(id__in=actors)
        .order_by("-history_date", "-history_id")
        .values_list("id", "history_date", "department_id")
    )
    present = list(User.objects.filter(pk__in=actors).values_list("pk", "department_id"))
    wanted = {number for *_, number in moves} | {number for _, number in present}
    names = dict(Department.objects.filter(pk__in=wanted - {None}).values_list("pk", "name"))
    found: dict[int, list[tuple[datetime | None, str]]] = {}
    for actor, since, number in moves:
        found.setdefault(actor, []).append((since, names.get(number, FORMER)))
    for actor, number in present:
        if actor not in found:
            found[actor] = [(None, names.get(number, FORMER))]
    return found


def _then(moves: list[tuple[datetime | None, str]], at: datetime) -> str:
    """The department at that moment; the earliest known where the history begins later."""
    if not moves:
        return FORMER
    return next((name for since, name in moves if since is not None and since <= at), moves[-1][1])
