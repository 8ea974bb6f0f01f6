"""Each day that is over is counted once, in sets, and what is unusual in it is put down."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Model, Q
from django.urls import reverse

from credit_portal.audit import events
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import together
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.outbox import notices
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, User
from verification.models import AvoidedCode, ReaderDay, UnusualReading

from . import rules

Kind = UnusualReading.Kind
# A portal that was away for longer is not asked about what lies further back.
MOST_DAYS = 30

# What subjects read of themselves has neither an actor nor a system. Hours are Shanghai's, as are the days.
_COUNT = """
SELECT actor_id, partner_id, count(*), count(DISTINCT subject_id),
       count(*) FILTER (WHERE %(rest)s OR (at AT TIME ZONE 'Asia/Shanghai')::time < %(opens)s
                              OR (at AT TIME ZONE 'Asia/Shanghai')::time >= %(closes)s)
FROM audit_readlog
WHERE at >= %(begin)s AND at < %(end)s AND (actor_id IS NOT NULL OR partner_id IS NOT NULL)
GROUP BY actor_id, partner_id
"""
_AVOIDED = """
SELECT log.actor_id, code.id, count(*)
FROM audit_readlog log
JOIN verification_avoidedcode code ON code.user_id = log.actor_id
     AND code.from_on <= %(day)s AND (code.until_on IS NULL OR code.until_on >= %(day)s)
LEFT JOIN unnest(%(persons)s::bigint[], %(indexes)s::text[]) AS person (id, index) ON person.id = code.id
JOIN registry_creditsubject subject ON subject.id = log.subject_id
     AND (subject.uscc = code.uscc OR subject.id_number_index = person.index)
WHERE log.at >= %(begin)s AND log.at < %(end)s
GROUP BY log.actor_id, code.id
"""


def follow_the_days(*, now: datetime) -> int:
    """Step of the sweep: every day that is over and not counted yet; gives how many unusual readings are new."""
    today = local_date(now)
    last = ReaderDay.objects.aggregate(last=Max("day"))["last"]
    day = max(today - timedelta(days=MOST_DAYS), last + timedelta(days=1) if last else date.min)
    found = 0
    # From one day with readings to the next: those without have nothing to count, now and at each later pass.
    while (read_at := _first_after(_midnight(day))) is not None and (day := local_date(read_at)) < today:
        found += _count(day, now=now)
        day += timedelta(days=1)
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), SHANGHAI)


def _first_after(moment: datetime) -> datetime | None:
    rows = ReadLog.objects.filter(
        Q(actor_id__isnull=False) | Q(partner_id__isnull=False),
        at__gte=moment,
    )
    return rows.order_by("at").values_list("at", flat=True).first()


def _persons(day: date) -> dict[str, Any]:
    """The persons whom somebody keeps away from on a day, each by the index of subjects: that of this list is its own."""
    rows = AvoidedCode.objects.filter(Q(until_on=None) | Q(until_on__gte=day), from_on__lte=day, uscc=None)
    found = {
        # Entered when both had one index, of a number that was no subject's: nobody knows the number.
        row.pk: CreditSubject.id_number.index_of(row.id_number)
        if row.id_number_sealed
        else row.id_number_index
        for row in rows
    }
    return {"persons": list(found), "indexes": list(found.values())}


@transaction.atomic
def _count(day: date, *, now: datetime) -> int:
    """Count one day. Counted by another process at the same moment, or before, it counts nothing."""
    begin = _midnight(day)
    told: dict[str, Any] = {"day": day, "begin": begin, "end": begin + timedelta(days=1)}
    with connection.cursor() as cursor:
        # One at a time: the day's rows are not there before its transaction ends.
        cursor.execute("SELECT pg_advisory_xact_lock(715003017)")
        if ReaderDay.objects.filter(day__gte=day).exists():
            return 0
        cursor.execute(
            _COUNT,
            told
            | {
                "rest": not current_calendar().is_working_day(day),
                "opens": rules.OPENS,
                "closes": rules.CLOSES,
            },
        )
        counted = [
            ReaderDay(reader_id=row[0], partner_id=row[1], day=day, readings=row[2], subjects=row[3], off_hours=row[4])
            for row in cursor.fetchall()
        ]  # fmt: skip
        cursor.execute(_AVOIDED, told | _persons(day))
        avoided = cursor.fetchall()
    # The log keeps numbers of accounts and systems that a restored copy may not have.
    staff = _known(User, {row.reader_id for row in counted})
    systems = _known(PartnerSystem, {row.partner_id for row in counted})
    counted = [row for row in counted if row.reader_id in staff or row.partner_id in systems]
    earlier = _earlier(counted, day)
    found = [one for row in counted for one in _unusual(row, earlier[row.reader_id, row.partner_id], now=now)]
    found += [
        UnusualReading(
            kind=Kind.AVOIDED, reader_id=reader, day=day, found_at=now, readings=readings, subjects=1, avoided_id=code
        )
        for reader, code, readings in avoided
        if reader in staff
    ]  # fmt: skip
    ReaderDay.objects.bulk_create(counted, batch_size=1_000)
    UnusualReading.objects.bulk_create(found, batch_size=1_000)
    with together():
        for row in found:
            events.unusual_reading(
                now=now, actor_id=None, reading_id=row.pk, reader_id=row.reader_id, partner_id=row.partner_id,
                kind=row.kind, step="发现", day=day,
            )  # fmt: skip
    if found:
        notices.notify(
            users=User.objects.filter(groups__name=groups.SECURITY_ADMIN, is_active=True),
            key=f"unusual_reading:{day}", kind="security", title=f"{day} 有异常查阅 {len(found)} 件，请核实", body="",
            link=reverse("admin:verification_unusualreading_changelist"), now=now,
        )  # fmt: skip
    return len(found)


def _known(model: type[Model], numbers: set[int | None]) -> set[int]:
    return set(model._default_manager.filter(pk__in=numbers - {None}).values_list("pk", flat=True))


def _unusual(row: ReaderDay, earlier: list[ReaderDay], *, now: datetime) -> Iterator[UnusualReading]:
    """What is unusual in how much somebody read on a day, beside the days before."""
    is_system = row.partner_id is not None

    def one(kind: str, readings: int, limit: rules.Limit | None = None) -> UnusualReading:
        return UnusualReading(
            kind=kind, reader_id=row.reader_id, partner_id=row.partner_id, day=row.day, readings=readings,
            subjects=row.subjects, usual=limit.usual if limit else None, limit=limit.most if limit else None, found_at=now,
        )  # fmt: skip

    volume = rules.limit_of(
        [before.subjects for before in earlier if before.subjects], rules.SYSTEM if is_system else rules.STAFF
    )
    if rules.too_many(row.subjects, volume):
        yield one(Kind.VOLUME, row.readings, volume)
    if not is_system:
        if rules.off_hours(row.off_hours):
            yield one(Kind.OFF_HOURS, row.off_hours)
        return
    at_night = rules.limit_of([before.off_hours for before in earlier], rules.SYSTEM_OFF_HOURS)
    if rules.too_many(row.off_hours, at_night):
        yield one(Kind.OFF_HOURS, row.off_hours, at_night)


def _earlier(counted: list[ReaderDay], day: date) -> dict[tuple[int | None, int | None], list[ReaderDay]]:
    """By reader, the days before on which it read at all."""
    found: dict[tuple[int | None, int | None], list[ReaderDay]] = defaultdict(list)
    rows = ReaderDay.objects.filter(
        Q(reader__in={row.reader_id for row in counted} - {None})
        | Q(partner__in={row.partner_id for row in counted} - {None}),
        day__lt=day,
        day__gte=day - timedelta(days=rules.DAYS_BACK),
    )
    for row in rows.only("reader_id", "partner_id", "subjects", "off_hours"):
        found[row.reader_id, row.partner_id].append(row)
    return found
