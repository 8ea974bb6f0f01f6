"""What a changed rule of publicity does to what is public or scheduled: last day, day of repair, and the record with them.

An unconfirmed rule never lengthens a publicity and never puts off a repair. A shortened maximum that is over on the day of
the change ends the publication on that day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import policy
from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.deadlines.switching import duty_kinds, kinds
from credit_portal.deadlines.switching.changes import Change
from credit_portal.deadlines.switching.kinds import Day, Kind, Moved, Writing
from credit_portal.registry.models import PublicityClass
from verification import services as verification

from . import breach_publishing
from .acts import publishing as act_publishing
from .exchange import noting
from .models import ActKind, AdministrativeAct, BreachPublication
from .progress import reports

KEY = "publicity"
UNTIL, REPAIR = "公示末日", "可申请修复之日"
_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Dates:
    """A publicity's days, both included, and from when it can be repaired; `over`: it is not public on the day any more."""

    public_until: date
    repairable_from: date
    over: bool = False


def switched(
    *,
    determined_on: date,
    public_from: date,
    public_until: date,
    repairable_from: date | None,
    rule: dict[str, Any],
    confirmed: bool,
    day: date,
) -> Dates:
    """The days by a new rule of months (`min`, `max`), counted from the day of the document. Pure."""
    until = last_day_after_months(determined_on, int(rule["max"]))
    repair = last_day_after_months(determined_on, int(rule["min"])) + _ONE
    if not confirmed:
        until = min(until, public_until)
        repair = min(repair, repairable_from or repair)
    if until < day <= public_until:
        # It was public until yesterday, and a publicity has one day at least.
        return Dates(max(public_from, day - _ONE), repair, over=True)
    # A publicity has one day at least, also where its days are long past.
    return Dates(max(until, public_from), repair)


def register() -> None:
    for name, label, which in (
        ("publications", "公示中的违诺", _running),
        ("publications_scheduled", "已决定、尚未开始公示的违诺", _scheduled),
    ):
        kinds.register(
            Kind(
                name=name,
                label=label,
                target="breach_publication",
                keys=frozenset({KEY}),
                candidates=which,
                move=_move_publication,
                write=_each(_write_publication),
                url_of=lambda pk: reverse("admin:disclosure_breachpublication_change", args=[pk]),
            )
        )
    kinds.register(
        Kind(
            name="penalties",
            label="公示中的行政处罚",
            target="act",
            keys=frozenset({KEY}),
            candidates=_acts,
            move=_move_act,
            write=_each(_write_act),
            url_of=lambda pk: reverse("admin:disclosure_administrativeact_change", args=[pk]),
        )
    )
    duty_kinds.register("progress_reports", "半年进展报告", keys={reports.RULE}, follow=reports.follow_moved)


# ---- breaches ----------------------------------------------------------------------------------------------


def _publications(change: Change) -> QuerySet[BreachPublication]:
    return (
        BreachPublication.objects.filter(
            change.within("case__region"),
            publicity_class=PublicityClass.PUBLIC,
            ended_at__isnull=True,
            public_until__gte=change.day,
        )
        .select_related("case__commitment")
        .prefetch_related("case__region", "case__department", "case__commitment__item_version")
    )


def _begun(change: Change) -> Q:
    return Q(awaits_platform=False, public_from__lte=change.day)


def _running(change: Change) -> QuerySet[BreachPublication]:
    return _publications(change).filter(_begun(change))


def _scheduled(change: Change) -> QuerySet[BreachPublication]:
    return _publications(change).exclude(_begun(change))


def _move_publication(row: BreachPublication, change: Change) -> Moved | None:
    case, commitment = row.case, row.case.commitment
    if case.determined_on is None or row.public_from is None or row.public_until is None:
        return None
    value = change.value(
        case.region,
        triggered_on=case.determined_on,
        domain=commitment.item_version.domain if commitment.item_version else "",
        commitment_type=commitment.commitment_type,
        grade=case.grade,
    )
    if value is None:
        return None
    dates = switched(
        determined_on=case.determined_on,
        public_from=row.public_from,
        public_until=row.public_until,
        repairable_from=row.repairable_from,
        rule=value.value,
        confirmed=value.confirmed,
        day=change.day,
    )
    return _moved(
        row.pk, case.number, str(case.department), case.region.path, case.determined_on,
        row.public_until, row.repairable_from, dates, value,
    )  # fmt: skip


def _moved(
    pk: int,
    number: str,
    department: str,
    region: str,
    determined_on: date,
    until: date,
    repair: date | None,
    dates: Dates,
    value: policy.Value,
) -> Moved:
    days = [Day(UNTIL, until, dates.public_until)]
    if repair is not None:
        days.append(Day(REPAIR, repair, dates.repairable_from))
    why = f"自 {determined_on} 起最长 {value.value['max']} 个月，最短 {value.value['min']} 个月"
    if dates.over:
        why += "；新的最长公示期已满，当日停止公示"
    if not value.confirmed:
        why += "；规则未确认，不延长、不推后"
    return Moved(
        pk=pk,
        matter=number,
        department=department,
        region=region,
        days=tuple(days),
        why=why,
        worse=dates.public_until > until or (repair is not None and dates.repairable_from > repair),
        ends=dates.over,
        by=(dates, value),
    )


def _write_publication(row: BreachPublication, moved: Moved, writing: Writing) -> None:
    dates, value = moved.by
    starts = row.public_from
    row.public_until, row.repairable_from = dates.public_until, dates.repairable_from
    row.rule_basis, row.rule_id = value.basis[:300], value.rule_id
    note(row, actor=None, now=writing.now)
    row.save()
    case = row.case
    if case.entry_id is not None and starts is not None and not row.awaits_platform:
        verification.set_entry_publicity(
            entry_id=case.entry_id,
            public_from=starts,
            public_until=dates.public_until,
            repairable_from=dates.repairable_from,
            actor=None,
            now=writing.now,
        )
    if dates.over:
        breach_publishing.end_publication(
            publication_id=row.pk, ending=BreachPublication.Ending.MAXIMUM, actor=None, now=writing.now
        )
        today = local_date(writing.now)
        if case.entry_id is not None and starts is not None and starts >= today:
            # One that had not been public yet never is.
            verification.end_entry_publicity(entry_id=case.entry_id, on=today, actor=None, now=writing.now)
    else:
        breach_publishing.tell_moved(row, cause=writing.cause, now=writing.now)
    noting.note(commitment_id=case.commitment_id, now=writing.now)


# ---- penalties ---------------------------------------------------------------------------------------------


def _acts(change: Change) -> QuerySet[AdministrativeAct]:
    return AdministrativeAct.objects.filter(
        change.within("region"),
        kind=ActKind.PENALTY,
        publicity_class=PublicityClass.PUBLIC,
        ended_at__isnull=True,
        public_until__gte=change.day,
    ).prefetch_related("region", "department", "entry")


def _move_act(act: AdministrativeAct, change: Change) -> Moved | None:
    value = change.value(act.region, triggered_on=act.decided_on, domain=act.domain, grade=act.grade)
    if value is None or act.public_from is None or act.public_until is None:
        return None
    repair = act.entry.repairable_from if act.entry is not None else None
    dates = switched(
        determined_on=act.decided_on,
        public_from=act.public_from,
        public_until=act.public_until,
        repairable_from=repair,
        rule=value.value,
        confirmed=value.confirmed,
        day=change.day,
    )
    return _moved(
        act.pk, act.number, str(act.department), act.region.path, act.decided_on,
        act.public_until, repair, dates, value,
    )  # fmt: skip


def _write_act(act: AdministrativeAct, moved: Moved, writing: Writing) -> None:
    dates, _value = moved.by
    act.public_until = dates.public_until
    note(act, actor=None, now=writing.now)
    act.save()
    if act.entry_id is not None and act.public_from is not None:
        verification.set_entry_publicity(
            entry_id=act.entry_id,
            public_from=act.public_from,
            public_until=dates.public_until,
            repairable_from=dates.repairable_from,
            actor=None,
            now=writing.now,
        )
    if dates.over:
        act_publishing.end(
            act=act, ending=AdministrativeAct.Ending.EXPIRED, note_text="", actor=None, now=writing.now
        )


# ---- parts -------------------------------------------------------------------------------------------------


def _each(
    write: Callable[[Any, Moved, Writing], None],
) -> Callable[[Sequence[tuple[Any, Moved]], Writing], dict[int, str]]:
    """Row by row: what one cannot take is told of that one, and the others go on."""

    def act(pairs: Sequence[tuple[Any, Moved]], writing: Writing) -> dict[int, str]:
        refused = {}
        for row, moved in pairs:
            try:
                with transaction.atomic():
                    write(row, moved, writing)
            except ValidationError as error:
                refused[row.pk] = f"不能调整：{'；'.join(error.messages)}"[:300]
        return refused

    return act
