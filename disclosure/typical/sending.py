"""An accepted case goes up level by level: to the office above, which finds it in its list and can send it further, to
the provincial platform at last (S2 五（二）「逐级上报至省信用信息共享平台」, R130)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from credit_portal.audit.clock import local_date
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names
from disclosure.models import TypicalCase, TypicalReport
from disclosure.offices import NoOffice, nearest_office

from .writing import State, TypicalError, check_tells_nobody, notify_office, taken, tell

MOST_NAME = 200
# Where the way up ends, by the document.
AT_LAST = "省信用信息共享平台"


def office_above(office: Department) -> Department | None:
    """The credit office of the region above, or the nearest one above that; None where this deployment knows none."""
    parent = office.region.parent
    if parent is None:
        return None
    try:
        return nearest_office(parent)
    except NoOffice:
        return None


def holds(office_id: int | None, case: TypicalCase) -> bool:
    """Whether a case is with an office: it accepted it, or was sent it from below."""
    return case.office_id == office_id or case.reports.filter(to_office=office_id).exists()


def may_report(user: User, case: TypicalCase) -> bool:
    """Whether the user's office can send the case on: it holds it and has not done so yet."""
    return (
        groups.CREDIT_OFFICE in group_names(user)
        and user.department_id is not None
        and case.state == State.ACCEPTED
        and holds(user.department_id, case)
        and not case.reports.filter(from_office=user.department_id).exists()
    )


@transaction.atomic
def report_up(*, case_id: int, to_name: str, on: date, actor: User, now: datetime) -> TypicalReport:
    """Note that the office has sent it up on a day. Where the office above is of this deployment it goes to that and
    `to_name` is its name; else `to_name` says to whom. Raises TypicalError by field, TellsWho."""
    row = taken(case_id)
    office = actor.department
    if office is None or not may_report(actor, row):
        raise TypicalError("由采用或者收到案例的信用办上报，一个机关上报一次。")
    accepted_on = local_date(row.answered_at or now)
    if not accepted_on <= on <= local_date(now):
        raise TypicalError(f"上报日期应在采用之日 {accepted_on} 与今天之间。", field="on")
    check_tells_nobody(row)
    above = office_above(office)
    name = above.name if above else to_name.strip()
    if not name or len(name) > MOST_NAME:
        raise TypicalError(f"请填写报送对象，最多 {MOST_NAME} 个字。", field="to_name")
    made = TypicalReport(
        case=row, from_office=office, to_office=above, to_name=name, reported_on=on, reported_at=now,
        reported_by=actor,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise TypicalError("本机关已经上报过这个案例。") from error
    tell(row, f"上报，{on}", actor=actor, now=now)
    if above is not None:
        notify_office(
            above.pk,
            row,
            title=f"收到下级上报的典型案例 {row.number}",
            key=f"typical:{row.pk}:up:{made.pk}",
            now=now,
        )
    return made
