"""A subject's time to speak (陈述申辩) as it follows a change of law: breach cases and listings alike."""

from collections.abc import Sequence
from datetime import date

from credit_portal.registry.models import Region

from .changes import Change
from .kinds import Day, Moved

KEY = "advance_notice"


def moved(
    *,
    pk: int,
    number: str,
    department: str,
    region: Region,
    noticed_on: date,
    until: date,
    days: Sequence[date],
    change: Change,
    provisional: bool | None = None,
) -> Moved | None:
    """A running term by the new rule or calendar; by a calendar its length stays as it was told. `days`: those that were
    counted; `provisional`: as the row has it, None where it has no such mark."""
    if not days:
        return None
    if change.rule is None:
        counted = change.count(noticed_on, len(days), "working_days")
        why = "按放假安排重算"
    else:
        value = change.value(region, triggered_on=noticed_on)
        if value is None:
            return None
        counted = change.count_for_subject(noticed_on, value.length, "working_days", least=len(days))
        why = f"告知日 {noticed_on} 起按新规则计算"
    return Moved(
        pk=pk,
        matter=number,
        department=department,
        region=region.path,
        days=(Day("陈述申辩期限", until, counted.due, bool(provisional), counted.provisional),),
        why=f"{why}；期限改变的由办理部门书面告知当事人",
        worse=counted.due < until,
        settles=change.rule is None
        and counted.due == until
        and (list(counted.days) != list(days) or provisional not in (None, counted.provisional)),
        by=counted,
    )
