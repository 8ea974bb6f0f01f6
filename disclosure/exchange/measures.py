"""Applied measures on their way to the platform: each once, its end as the next version (S3 一（三）, R86). Found by the sweep
in sets, so that nothing is lost by a process that dies and nothing depends on who was there first, platform or measure."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from commitments import collection_format as form
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject, Region
from disclosure import measure_format
from disclosure.models import ExchangePlatform, ExchangeRecord
from verification.measures import feeding
from verification.models import AppliedMeasure

from . import noting

State, Operation = ExchangeRecord.State, ExchangeRecord.Operation
MEASURE = ExchangeRecord.Dataset.MEASURE
# Of each platform, in one step of the sweep.
SCAN = 1_000
_NEEDED = ("check_made__subject", "check_made__item_version", "department", "listed__whom", "entry")


def takes(region: Region, on: date) -> bool:
    """Whether a measure applied in this region on this day goes to a platform."""
    platform = noting.platform_for(region)
    return platform is not None and platform.since <= on


def number_of(measure: AppliedMeasure) -> str:
    """The number by which both sides know a measure: letter, region, year, its own number."""
    return f"J{measure.region_id}{measure.applied_on.year}{measure.pk:09d}"


def values_of(measure: AppliedMeasure) -> dict[str, str]:
    """The fields of an applied measure as it stands; a natural person's number is not among them."""
    check, listed, entry = measure.check_made, measure.listed, measure.entry
    person = check.subject.kind == codes.PERSON
    return {
        "1": number_of(measure),
        "2": check.subject_name,
        "3": str(CreditSubject.Kind(check.subject.kind).label),
        "4": form.SEALED if person else check.subject_code,
        "5": measure_format.SORTS[0 if measure.supports else 1],
        "6": str(listed.get_nature_display()) if listed else "",
        "7": measure.text,
        "8": str(measure.get_effect_display()),
        "9": measure.basis,
        "10": str(measure.get_domain_display()),
        "11": check.item_version.name,
        "12": check.number,
        "13": listed.whom.name if listed else entry.title if entry else "",
        "14": measure.department.name,
        "15": measure.department.uscc,
        "16": measure.applied_on.isoformat(),
        measure_format.ENDED_ON: measure.ended_on.isoformat() if measure.ended_on else "",
        measure_format.END_REASON: str(measure.get_end_reason_display()) if measure.end_reason else "",
        # What was done in a case is for those whom it concerns; nobody has decided that it is shown to the public.
        "19": form.CLASSES[1],
    }


def scan(*, now: datetime) -> int:
    """Step of the sweep: measures that the platform has not heard of, and ends that it has not heard of. Gives how many
    records are new."""
    active = list(ExchangePlatform.objects.filter(is_active=True).select_related("region").order_by("id"))
    new = sum(_first(one, active, now=now) + _ended(one, now=now) for one in active)
    _wait_no_longer(active, now=now)
    return new


@transaction.atomic
def _first(platform: ExchangePlatform, active: list[ExchangePlatform], *, now: datetime) -> int:
    """The first version of what is not known there."""
    ExchangePlatform.objects.select_for_update().get(pk=platform.pk)
    told = ExchangeRecord.objects.filter(platform=platform, dataset=MEASURE, measure=OuterRef("pk"))
    rows = _of(platform, active).filter(~Exists(told)).select_related(*_NEEDED).order_by("pk")
    records = [_record(row, platform, 1, values_of(row), now=now) for row in rows[:SCAN]]
    ExchangeRecord.objects.bulk_create(records, ignore_conflicts=True, batch_size=SCAN)
    return len(records)


@transaction.atomic
def _ended(platform: ExchangePlatform, *, now: datetime) -> int:
    """The next version of what has ended since it was told. What people have corrected stays corrected."""
    newer = ExchangeRecord.objects.filter(
        platform=platform, number=OuterRef("number"), version__gt=OuterRef("version")
    )
    last = list(
        ExchangeRecord.objects.select_for_update(of=("self",))
        .filter(
            ~Exists(newer),
            platform=platform,
            dataset=MEASURE,
            measure__ended_on__isnull=False,
            fields__contains={measure_format.ENDED_ON: ""},
        )
        .select_related(*(f"measure__{name}" for name in _NEEDED))
        .order_by("pk")[:SCAN]
    )
    records = []
    for told in last:
        if told.measure is None:
            continue
        values = values_of(told.measure)
        kept = {number: pair for number, pair in told.overrides.items() if values.get(number) == pair[0]}
        values |= {number: written for number, (_, written) in kept.items()}
        record = _record(told.measure, platform, told.version + 1, values, now=now)
        record.overrides = kept
        records.append(record)
    ExchangeRecord.objects.bulk_create(records, ignore_conflicts=True, batch_size=SCAN)
    waiting = [told.pk for told in last if told.state in (State.WAITING, State.INVALID)]
    ExchangeRecord.objects.filter(pk__in=waiting).update(state=State.REPLACED)
    return len(records)


def _record(
    measure: AppliedMeasure,
    platform: ExchangePlatform,
    version: int,
    values: dict[str, str],
    *,
    now: datetime,
) -> ExchangeRecord:
    wrong = measure_format.problems(values)
    return ExchangeRecord(
        platform=platform,
        dataset=MEASURE,
        measure=measure,
        department=measure.department,
        region_id=measure.region_id,
        number=number_of(measure),
        version=version,
        operation=Operation.PUT,
        fields=values,
        sha256=form.fingerprint(values),
        state=State.INVALID if wrong else State.WAITING,
        reasons=[[str(number), said] for number, said in wrong],
        created_at=now,
        is_demo=measure.is_demo,
    )


def _of(platform: ExchangePlatform, active: list[ExchangePlatform]) -> QuerySet[AppliedMeasure]:
    """The measures that go to a platform: of its region and below, without those regions that have one of their own."""
    path = platform.region.path
    rows = AppliedMeasure.objects.filter(region__path__startswith=path, applied_on__gte=platform.since)
    for other in active:
        if other != platform and other.region.path.startswith(path):
            rows = rows.exclude(region__path__startswith=other.region.path)
    return rows


def _wait_no_longer(active: list[ExchangePlatform], *, now: datetime) -> None:
    """What waited for a platform that is used no more has been fed back: the office has it."""
    rows = AppliedMeasure.objects.filter(fed_back_at=None)
    for platform in active:
        rows = rows.exclude(region__path__startswith=platform.region.path, applied_on__gte=platform.since)
    feeding.mark_fed_back(measure_ids=list(rows.values_list("pk", flat=True)[:SCAN]), now=now)
