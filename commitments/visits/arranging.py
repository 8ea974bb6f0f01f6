"""Visits are bundled by the credit office, planned by the lead, confirmed by the others: the only place where they change.
What a department that does not come had brought is looked at on its own. (R71)"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from commitments.models import Recheck, Visit, VisitMatter, VisitPart
from commitments.rechecks import drawing
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.deadlines.models import Duty
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.below import within
from credit_portal.registry.codes import PERSON
from credit_portal.registry.desk_access import AT_THE_DESK
from credit_portal.registry.models import Region, User
from credit_portal.registry.visibility import departments_visible_to, has_role

from . import rules

ARRANGES = AT_THE_DESK
# So many matters are looked through at once: a region's round of a year.
MOST = 50_000
FOR_ALL = "联合检查由本地区信用办归并。"
NOT_LEAD = "由牵头部门安排和取消。"
NO_PART = "您的部门不参加这次检查。"
TOO_FEW = "其他部门不参加，只剩一个事项"


class VisitError(ValueError):
    """A visit cannot be arranged so; `field` names the input."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def visits_visible_to(user: User) -> QuerySet[Visit]:
    """Visits in which a department of the user's reach takes part, or took."""
    reach = departments_visible_to(user).values("pk")
    parts = VisitPart.objects.filter(visit=OuterRef("pk"), department__in=reach)
    return Visit.objects.filter(Exists(parts))


def open_matters() -> QuerySet[VisitMatter]:
    """Matters of a visit that are still to be answered."""
    return VisitMatter.objects.filter(visit=OuterRef("pk"), released=False, recheck__finding="")


@transaction.atomic
def bundle(*, actor: User, now: datetime, is_demo: bool = False) -> list[Visit]:
    """Bundle what is drawn, not answered and in no visit, of the region and below. A constant number of queries, but for
    the numbers of the visits. Raises VisitError."""
    if not has_role(actor, groups.CREDIT_OFFICE) or actor.department is None:
        raise VisitError(FOR_ALL)
    here = actor.department.region
    # Two at once would bundle the same, the office of a city and that of a county in it as well: the second waits and finds
    # nothing left.
    Region.objects.select_for_update(no_key=True).get(pk=here.lineage[-1])
    bundles = rules.bundle(_waiting(here.path), today=local_date(now))
    if not bundles:
        return []
    numbers = numbering.document_numbers("JC", [one.region for one in bundles], local_date(now).year)
    made = Visit.objects.bulk_create(
        [
            Visit(
                number=number,
                subject_id=one.subject,
                region_id=one.region,
                lead_id=one.lead,
                until_on=one.until_on,
                proposed_at=now,
                proposed_by=actor,
                is_demo=is_demo,
            )
            for number, one in zip(numbers, bundles, strict=True)
        ]
    )
    pairs = list(zip(made, bundles, strict=True))
    VisitPart.objects.bulk_create(
        [VisitPart(visit=visit, department_id=pk) for visit, one in pairs for pk in one.departments]
    )
    VisitMatter.objects.bulk_create(
        [VisitMatter(visit=visit, recheck_id=pk) for visit, one in pairs for pk in one.rechecks]
    )
    with together():
        for visit in made:
            _tell(visit, "bundled", actor, now)
    _notify(made, {one.lead_id for one in made}, "待安排的联合检查", now)
    return made


def _waiting(path: str) -> list[rules.Matter]:
    in_visit = VisitMatter.objects.filter(recheck=OuterRef("pk"), released=False)
    rows = (
        Recheck.objects.filter(within(path), ~Exists(in_visit), finding="")
        .exclude(commitment__subject__kind=PERSON)
        .order_by("pk")
        .values_list("pk", "commitment__subject_id", "region_id", "department_id")[:MOST]
    )
    found = list(rows)
    due = dict(
        Duty.objects.filter(
            rule_key=drawing.RULE,
            matter_type=drawing.MATTER,
            matter_id__in=[row[0] for row in found],
            state=Duty.State.OPEN,
        ).values_list("matter_id", "due_on")
    )
    return [rules.Matter(*row, due[row[0]]) for row in found if row[0] in due]


@transaction.atomic
def plan(*, visit_id: int, day: date, announced: bool, note: str, actor: User, now: datetime) -> Visit:
    """The lead says when. Another day than before has the others confirm again. Raises VisitError by field."""
    visit = _led(visit_id, actor)
    today = local_date(now)
    if not today <= day <= visit.until_on:
        raise VisitError(f"检查日期应在今天（{today}）与最迟日期 {visit.until_on} 之间。", field="day")
    written = note.strip()
    if len(written) > 300:
        raise VisitError(f"安排最多 300 个字，现为 {len(written)} 个字。", field="note")
    moved = visit.day != day
    visit.day, visit.announced, visit.note = day, announced, written
    visit.state, visit.planned_at, visit.planned_by = Visit.State.PLANNED, now, actor
    visit.save()
    others = visit.parts.exclude(state=VisitPart.State.DECLINED).exclude(department=visit.lead_id)
    if moved:
        others.update(state=VisitPart.State.WAITING, decided_at=None, decided_by=None)
    visit.parts.filter(department=visit.lead_id).update(
        state=VisitPart.State.CONFIRMED, decided_at=now, decided_by=actor
    )
    _tell(visit, "planned", actor, now)
    if moved:
        _notify([visit], set(others.values_list("department_id", flat=True)), "待确认的联合检查", now)
    return visit


@transaction.atomic
def confirm(*, visit_id: int, actor: User, now: datetime) -> Visit:
    """A department comes. Raises VisitError."""
    visit, part = _own_part(visit_id, actor)
    part.state, part.decided_at, part.decided_by = VisitPart.State.CONFIRMED, now, actor
    part.save()
    _tell(visit, "confirmed", actor, now)
    return visit


@transaction.atomic
def decline(*, visit_id: int, reason: str, actor: User, now: datetime) -> Visit:
    """A department does not come: its matters are looked at on their own. Of one matter alone there is no visit. Raises
    VisitError by field."""
    visit, part = _own_part(visit_id, actor)
    if part.department_id == visit.lead_id:
        raise VisitError("牵头部门不能退出，可以取消这次检查。")
    part.state, part.reason = VisitPart.State.DECLINED, _reason(reason)
    part.decided_at, part.decided_by = now, actor
    part.save()
    visit.matters.filter(recheck__department=part.department_id, recheck__finding="").update(released=True)
    _tell(visit, "declined", actor, now)
    if visit.matters.filter(released=False).count() < 2:
        _cancel(visit, TOO_FEW, actor, now)
    return visit


@transaction.atomic
def cancel(*, visit_id: int, reason: str, actor: User, now: datetime) -> Visit:
    """The lead gives it up: every matter is looked at on its own. Raises VisitError by field."""
    visit = _led(visit_id, actor)
    _cancel(visit, _reason(reason), actor, now)
    return visit


def _cancel(visit: Visit, reason: str, actor: User, now: datetime) -> None:
    visit.state, visit.cancel_reason = Visit.State.CANCELLED, reason
    visit.cancelled_at, visit.cancelled_by = now, actor
    visit.save()
    visit.matters.filter(released=False, recheck__finding="").update(released=True)
    _tell(visit, "cancelled", actor, now)
    others = visit.parts.exclude(state=VisitPart.State.DECLINED).exclude(department=actor.department_id)
    _notify([visit], set(others.values_list("department_id", flat=True)), "已取消的联合检查", now)


def _locked(visit_id: int) -> Visit:
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=visit_id)
    if visit.state == Visit.State.CANCELLED:
        raise VisitError("这次检查已经取消。")
    if not visit.matters.filter(released=False, recheck__finding="").exists():
        raise VisitError("这次检查的事项都已登记结果。")
    return visit


def _led(visit_id: int, actor: User) -> Visit:
    visit = _locked(visit_id)
    if not has_role(actor, *ARRANGES) or actor.department_id != visit.lead_id:
        raise VisitError(NOT_LEAD)
    return visit


def _own_part(visit_id: int, actor: User) -> tuple[Visit, VisitPart]:
    visit = _locked(visit_id)
    part = visit.parts.filter(department=actor.department_id).first() if actor.department_id else None
    if not has_role(actor, *ARRANGES) or part is None:
        raise VisitError(NO_PART)
    if part.state == VisitPart.State.DECLINED:
        raise VisitError("您的部门已经退出这次检查。")
    if visit.state != Visit.State.PLANNED:
        raise VisitError("牵头部门还没有安排日期。")
    return visit, part


def _reason(text: str) -> str:
    written = text.strip()
    if not 2 <= len(written) <= 300:
        raise VisitError(f"理由应为 2 至 300 个字，现为 {len(written)} 个字。", field="reason")
    return written


def _tell(visit: Visit, step: str, actor: User, now: datetime) -> None:
    events.visit_step(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        visit_id=visit.pk,
        number=visit.number,
        step=step,
        day=visit.day,
        announced=visit.announced,
    )


def _notify(visits: Iterable[Visit], departments: set[int], title: str, now: datetime) -> None:
    """The officers of the departments that are to do or to know something, once each state of a visit. Two queries."""
    people: dict[int, list[User]] = {}
    for user in User.objects.filter(
        department__in=departments, groups__name__in=ARRANGES, is_active=True
    ).distinct():
        people.setdefault(user.department_id or 0, []).append(user)
    told = []
    for one in visits:
        gone = one.state == Visit.State.CANCELLED
        concerned = [one.lead_id] if one.day is None and not gone else sorted(departments)
        # Moved there and back again, it is to be confirmed once more.
        planned = f"{one.day}:{one.planned_at:%y%m%d%H%M%S}" if one.day and one.planned_at else "new"
        when = f"检查日期 {one.day}" if one.day else f"最迟 {one.until_on}"
        told.append(
            notices.Told(
                [user for pk in concerned for user in people.get(pk, ())],
                f"visit:{one.pk}:{'cancelled' if gone else planned}",
                "visit",
                f"{title} {one.number}",
                f"{when}；{one.cancel_reason}" if gone else when,
                f"/desk/visits/{one.uuid}/",
            )
        )
    notices.notify_many(told, now=now)
