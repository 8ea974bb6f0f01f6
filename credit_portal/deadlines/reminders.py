"""Reminding of duties, in sets: 3, 1 and 0 working days before they are due, when they are overdue, and when that has
not helped. What it costs follows what is due, not what is open.

A duty's `stage` says how far reminding has gone. Raising it and telling people are one transaction, so that nobody is
told twice and nothing is told that is not so.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User

from .calendar import Calendar, count_working_days
from .calendars import current_calendar
from .models import Duty

Stage = Duty.Stage
BATCH = 5_000
ESCALATES_AFTER = 3

# Of those that are due on or before the day of a stage and have not been brought so far yet. `<=` on both: a duty for
# which a pass was missed goes straight to the stage of the day, and is told of once.
_RAISE = """
UPDATE deadlines_duty SET stage = %(stage)s
WHERE id IN (
    SELECT id FROM deadlines_duty
    WHERE state = 'open' AND due_on <= %(day)s AND stage < %(stage)s
    ORDER BY due_on, id
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, department_id, region_id
"""


def days_of_stages(calendar: Calendar, today: date) -> list[tuple[Stage, date]]:
    """The last due day that each stage takes in, seen from `today`; the farthest stage first.

    One look at the calendar instead of one a duty: "due in three working days" is "due on or before this day".
    """
    return [
        (Stage.ESCALATED, _working_day_before(calendar, today, ESCALATES_AFTER)),
        (Stage.OVERDUE, today - timedelta(days=1)),
        (Stage.TODAY, today),
        (Stage.ONE_DAY, count_working_days(calendar, today, 1).due),
        (Stage.THREE_DAYS, count_working_days(calendar, today, 3).due),
    ]


def _working_day_before(calendar: Calendar, today: date, n: int) -> date:
    """The latest day from which `n` working days have begun and today is one of them or after them."""
    day = today
    left = n
    while left:
        if calendar.is_working_day(day):
            left -= 1
        day -= timedelta(days=1)
    return day


def remind(*, now: datetime) -> int:
    """Step of the sweep. Gives how many duties were brought to a further stage; again at once it is none."""
    calendar = current_calendar()
    people = _People()
    raised = 0
    for stage, day in days_of_stages(calendar, local_date(now)):
        while True:
            done = _raise(stage, day, people=people, now=now)
            raised += done
            if done < BATCH:
                break
    return raised


@transaction.atomic
def _raise(stage: Stage, day: date, *, people: "_People", now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"stage": int(stage), "day": day, "batch": BATCH})
        rows = cursor.fetchall()
    if not rows:
        return 0
    events.duties_reminded(now=now, stage=int(stage), duty_ids=sorted(row[0] for row in rows))
    by_department: dict[int, list[int]] = defaultdict(list)
    for duty_id, department_id, _ in rows:
        by_department[department_id].append(duty_id)
    people.look_up(by_department)
    notices.notify_many(
        [
            _told(people.departments[department_id], stage, sorted(ids), staff=people.staff)
            for department_id, ids in by_department.items()
        ],
        now=now,
    )
    return len(rows)


def _told(
    department: Department, stage: Stage, ids: list[int], *, staff: dict[tuple[int, str], list[User]]
) -> notices.Told:
    number = len(ids)
    words = {
        Stage.THREE_DAYS: f"{number} 项期限还剩 3 个工作日",
        Stage.ONE_DAY: f"{number} 项期限还剩 1 个工作日",
        Stage.TODAY: f"{number} 项期限今日到期",
        Stage.OVERDUE: f"{number} 项期限已逾期，请立即办理",
        Stage.ESCALATED: f"{department.short_name} {number} 项期限逾期 {ESCALATES_AFTER} 个工作日仍未办理",
    }
    packed = hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:20]
    return notices.Told(
        recipients(department, stage, staff=staff),
        key=f"duty:{int(stage)}:{department.pk}:{packed}",
        kind="duty",
        title=words[stage],
        body="到工作台逐项查看起算日、计入的日子和到期日。",
        link="/desk/",
    )


def recipients(
    department: Department, stage: Stage, *, staff: dict[tuple[int, str], list[User]]
) -> list[User]:
    """Who is told: the officers; overdue also the head; escalated also the credit offices of the region and above it.

    Where a department has nobody left to be told, its credit office is.
    """
    own = [
        *staff.get((department.pk, groups.OFFICER), ()),
        *staff.get((department.pk, groups.CREDIT_OFFICE), ()),
    ]
    heads = staff.get((department.pk, groups.HEAD), [])
    above = staff.get((department.pk, "above"), [])
    told = list(own)
    if stage >= Stage.OVERDUE or not told:
        told += heads
    if stage >= Stage.ESCALATED or not told:
        told += above
    return list({user.pk: user for user in told}.values())


class _People:
    """Departments and whom to tell there, looked up once in a pass."""

    def __init__(self) -> None:
        self.departments: dict[int, Department] = {}
        self.staff: dict[tuple[int, str], list[User]] = {}

    def look_up(self, ids: Iterable[int]) -> None:
        """Have these departments at hand. Few queries, none for those that are there already."""
        missing = [pk for pk in ids if pk not in self.departments]
        if missing:
            found = Department.objects.select_related("region").in_bulk(missing)
            self.departments |= found
            self.staff |= _staff(found)


def _staff(departments: dict[int, Department]) -> dict[tuple[int, str], list[User]]:
    """The people of some departments by (department, group); under "above" their nearest credit office. Few queries."""
    lineages = {pk: department.region.lineage for pk, department in departments.items()}
    offices = Department.objects.filter(
        kind=Department.Kind.CREDIT_OFFICE,
        is_active=True,
        region_id__in={code for lineage in lineages.values() for code in lineage},
    )
    nearest = {
        pk: min(
            (office for office in offices if office.region_id in lineage),
            key=lambda office: lineage.index(office.region_id),
            default=None,
        )
        for pk, lineage in lineages.items()
    }
    wanted = set(departments) | {office.pk for office in nearest.values() if office}
    people = User.objects.filter(department__in=wanted, is_active=True).prefetch_related("groups")
    found: dict[tuple[int, str], list[User]] = defaultdict(list)
    for user in people:
        for group in user.groups.all():
            # Selected by their department, they have one.
            found[user.department_id or 0, group.name].append(user)
    for pk, office in nearest.items():
        if office is not None:
            found[pk, "above"] = found.get((office.pk, groups.CREDIT_OFFICE), [])
    return found
