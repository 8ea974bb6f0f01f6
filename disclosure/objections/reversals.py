"""Who was given what has turned out wrong, each told, each to confirm that its effects are undone (S4 17「消除不良影响」, R106).

Looked for before the answer is carried out, while everything still points to the wrong record; told after it, in sets.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from commitments.models import BreachCase, Letter
from credit_portal.audit import events
from credit_portal.audit.clock import SHANGHAI
from credit_portal.outbox import notices
from credit_portal.outbox.models import PublicChange
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names
from disclosure.models import ExchangeRecord, Objection, ReversalRecipient
from verification.models import AppliedMeasure, Check, Listing, UsageRow

from .records import entries_of_matter
from .rules import DOES, ObjectionError, text_of

Kind = ReversalRecipient.Kind
# Whoever has not confirmed within a week, five working days, is reminded, and every week again.
CHASE_AFTER = timedelta(days=7)
BATCH = 500
READS = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)


@dataclass
class Wrong:
    """Who had it, as rows not stored yet."""

    rows: list[ReversalRecipient] = field(default_factory=list)


def look_back(objection: Objection) -> Wrong:
    """Everybody who got what this objection is to: platform, whoever checked, lists, letters, feed. A fixed number of
    queries."""
    found = Wrong()
    # Who saw it as it was before it was put right, saw this matter, too.
    entries = entries_of_matter(objection)
    if objection.subject_id is not None and entries:
        checks = _checks(objection, entries)
        found.rows += _who_checked(checks)
        found.rows += _lists(checks)
        found.rows += _measures(entries)
        found.rows += _listings(entries)
    case = (
        objection.publication.case
        if objection.publication
        else BreachCase.objects.filter(entry__in=entries).first()
    )
    found.rows += _platforms(objection, case)
    found.rows += _letters(case)
    found.rows += _feed(objection)
    for row in found.rows:
        row.objection = objection
    return found


def _checks(objection: Objection, entries: Sequence[int]) -> QuerySet[Check]:
    seen = Q()
    for pk in entries:
        seen |= Q(entries_seen__contains=[pk])
    return Check.objects.filter(seen, subject=objection.subject_id)


def _who_checked(checks: QuerySet[Check]) -> list[ReversalRecipient]:
    rows = (
        checks.order_by()
        .values("department_id", "department__name", "partner_id", "partner__name", "partner__department_id")
        .annotate(times=Count("pk"), last=Max("checked_at"))
    )
    return [
        ReversalRecipient(
            kind=Kind.SYSTEM if row["partner_id"] else Kind.UNIT,
            key=str(row["partner_id"] or row["department_id"]),
            name=row["partner__name"] or row["department__name"],
            detail=f"核查 {row['times']} 次，最近 {row['last'].astimezone(SHANGHAI):%Y-%m-%d}",
            department_id=row["partner__department_id"] or row["department_id"],
        )
        for row in rows
    ]


def _lists(checks: QuerySet[Check]) -> list[ReversalRecipient]:
    rows = (
        UsageRow.objects.filter(check_made__in=checks.order_by().values("pk"))
        .order_by()
        .values("usage_list__number", "usage_list__department_id", "usage_list__department__name")
        .annotate(lines=Count("check_made", distinct=True))
    )
    return [
        ReversalRecipient(
            kind=Kind.LIST,
            key=row["usage_list__number"],
            name=row["usage_list__department__name"],
            detail=f"月报 {row['usage_list__number']}，{row['lines']} 条",
            department_id=row["usage_list__department_id"],
        )
        for row in rows
    ]


def _measures(entries: Sequence[int]) -> list[ReversalRecipient]:
    rows = (
        AppliedMeasure.objects.filter(entry__in=entries)
        .order_by()
        .values("department_id", "department__name")
        .annotate(times=Count("pk"))
    )
    return [
        ReversalRecipient(
            kind=Kind.MEASURE,
            key=str(row["department_id"]),
            name=row["department__name"],
            detail=f"据此采取措施 {row['times']} 项",
            department_id=row["department_id"],
        )
        for row in rows
    ]


def _listings(entries: Sequence[int]) -> list[ReversalRecipient]:
    rows = (
        Listing.objects.filter(grounds__in=entries)
        .exclude(state__in=[Listing.State.REFUSED, Listing.State.REVOKED])
        .order_by()
        .values("number", "department_id", "department__name")
        .distinct()
    )
    return [
        ReversalRecipient(
            kind=Kind.LISTING,
            key=row["number"],
            name=row["department__name"],
            detail=f"名单 {row['number']} 以此为依据",
            department_id=row["department_id"],
        )
        for row in rows
    ]


def _platforms(objection: Objection, case: BreachCase | None) -> list[ReversalRecipient]:
    commitment = case.commitment_id if case else objection.commitment_id
    if commitment is None:
        return []
    rows = (
        ExchangeRecord.objects.filter(
            commitment=commitment,
            dataset=ExchangeRecord.Dataset.COMMITMENT,
            state__in=[ExchangeRecord.State.BATCHED, ExchangeRecord.State.ACCEPTED],
        )
        .order_by()
        .values("platform_id", "platform__name", "number")
        .annotate(last=Max("pk"), batch=Max("batch__number"))
    )
    return [
        ReversalRecipient(
            kind=Kind.PLATFORM,
            key=row["number"],
            name=row["platform__name"],
            detail=f"批次 {row['batch']}",
            platform_id=row["platform_id"],
            after_id=row["last"],
        )
        for row in rows
    ]


def _letters(case: BreachCase | None) -> list[ReversalRecipient]:
    if case is None:
        return []
    rows = Letter.objects.filter(
        case=case,
        withdraws__isnull=True,
        state__in=[Letter.State.SENT, Letter.State.RECEIVED],
    ).values("pk", "number", "recipient", "department_id")
    return [
        ReversalRecipient(
            kind=Kind.LETTER,
            key=row["number"],
            name=row["recipient"],
            detail=f"通报函 {row['number']}",
            department_id=row["department_id"],
            after_id=row["pk"],
        )
        for row in rows
    ]


def _feed(objection: Objection) -> list[ReversalRecipient]:
    """Whoever keeps a copy by the feed reads there of the change or the withdrawal; who that is, is not known."""
    reference = {
        "breach": str(objection.publication.uuid) if objection.publication else "",
        "act": str(objection.act.uuid) if objection.act else "",
        "commitment": objection.commitment.code if objection.commitment else "",
    }.get(objection.of, "")
    told = PublicChange.objects.filter(resource=objection.of, reference=reference) if reference else None
    if told is None or not told.exists():
        return []
    return [
        ReversalRecipient(
            kind=Kind.FEED, key=objection.of, name="订阅公示变更的系统", detail="由变更接口自动告知，不具名"
        )
    ]


# ---- told, confirmed, chased -------------------------------------------------------------------------------


def tell_all(objection: Objection, wrong: Wrong, *, actor: User, now: datetime) -> int:
    """Store the list and tell everybody on it who has people here. Gives how many are on it."""
    wrong.rows = _really_wrong_there(wrong.rows)
    for row in wrong.rows:
        row.told_at = now
        if row.kind == Kind.FEED:
            row.confirmed_at, row.confirmation = now, "变更接口已告知"
    ReversalRecipient.objects.bulk_create(wrong.rows, ignore_conflicts=True, batch_size=BATCH)
    if not wrong.rows:
        return 0
    events.reversal_listed(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        objection_id=objection.pk,
        number=objection.number,
        rows=len(wrong.rows),
    )
    _notify(
        {row.department_id for row in wrong.rows if row.department_id is not None},
        READS,
        title=f"异议 {objection.number} 成立，请消除影响并确认",
        key=f"reversal:{objection.pk}:told",
        now=now,
    )
    return len(wrong.rows)


def _really_wrong_there(rows: list[ReversalRecipient]) -> list[ReversalRecipient]:
    """Without the platforms to which nothing new goes: what has been put right is not among what they hold."""
    platforms = [row for row in rows if row.kind == Kind.PLATFORM]
    if not platforms:
        return rows
    first = min(row.after_id or 0 for row in platforms)
    newer = set(
        ExchangeRecord.objects.filter(number__in=[row.key for row in platforms], pk__gt=first).values_list(
            "platform_id", "number"
        )
    )
    return [row for row in rows if row.kind != Kind.PLATFORM or (row.platform_id, row.key) in newer]


def _notify(departments: Iterable[int], roles: Sequence[str], *, title: str, key: str, now: datetime) -> None:
    people = User.objects.filter(
        department__in=list(departments), groups__name__in=roles, is_active=True
    ).distinct()
    notices.notify(
        users=people,
        key=key,
        kind="objection",
        title=title,
        body="",
        link="/desk/objections/recipients/",
        now=now,
    )


def recipients_visible_to(user: User) -> QuerySet[ReversalRecipient]:
    """What the own unit has to confirm; of the office, the whole lists of its objections."""
    if user.department_id is None:
        return ReversalRecipient.objects.none()
    own = Q(department=user.department_id)
    if groups.CREDIT_OFFICE in group_names(user):
        own |= Q(objection__office=user.department_id)
    return ReversalRecipient.objects.filter(own)


@transaction.atomic
def confirm(*, recipient_id: int, what: str, actor: User, now: datetime) -> ReversalRecipient:
    """A unit says what it has undone; the office says it of whoever has nobody here. Raises ObjectionError."""
    row = (
        ReversalRecipient.objects.select_for_update(of=("self",))
        .select_related("objection")
        .get(pk=recipient_id)
    )
    own = row.department_id == actor.department_id and group_names(actor) & DOES
    office = row.objection.office_id == actor.department_id and groups.CREDIT_OFFICE in group_names(actor)
    if not own and not (office and row.kind in (Kind.PLATFORM, Kind.LETTER)):
        raise ObjectionError("由收到过这条信息的单位确认。")
    if row.confirmed_at is not None:
        raise ObjectionError("已经确认过。")
    row.confirmation = text_of(what, field="what", label="怎样消除影响", least=2, most=300)
    row.confirmed_at, row.confirmed_by = now, actor
    row.save()
    events.reversal_confirmed(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        objection_id=row.objection_id,
        number=row.objection.number,
        recipient_id=row.pk,
    )
    return row


def follow(*, now: datetime) -> int:
    """Step of the sweep: what the platform or the recipient of a letter has acknowledged is confirmed; whoever has not
    confirmed for a week is reminded. In sets; gives how many rows moved."""
    return _acknowledged(now=now) + _chase(now=now)


@transaction.atomic
def _acknowledged(*, now: datetime) -> int:
    waiting = ReversalRecipient.objects.filter(confirmed_at__isnull=True)
    newer = ExchangeRecord.objects.filter(
        platform=OuterRef("platform"),
        number=OuterRef("key"),
        pk__gt=OuterRef("after_id"),
        state=ExchangeRecord.State.ACCEPTED,
    )
    answered = Letter.objects.filter(withdraws=OuterRef("after_id"), state=Letter.State.RECEIVED)
    done = waiting.filter(Exists(newer), kind=Kind.PLATFORM).update(
        confirmed_at=now, confirmation="平台回执已接收更正后的版本"
    )
    return done + waiting.filter(Exists(answered), kind=Kind.LETTER).update(
        confirmed_at=now, confirmation="更正函已收到回执"
    )


@transaction.atomic
def _chase(*, now: datetime) -> int:
    late = (
        ReversalRecipient.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("objection")
        .filter(confirmed_at__isnull=True, department__isnull=False)
        .annotate(heard=Coalesce("chased_at", "told_at"))
        .filter(heard__lte=now - CHASE_AFTER)
        .order_by("pk")[:BATCH]
    )
    rows = list(late)
    if not rows:
        return 0
    ReversalRecipient.objects.filter(pk__in=[row.pk for row in rows]).update(
        chased_at=now, chased=F("chased") + 1
    )
    events.reversal_chased(now=now, rows=len(rows), recipients=[row.pk for row in rows])
    by_unit: dict[int, int] = defaultdict(int)
    offices: dict[int, int] = defaultdict(int)
    for row in rows:
        if row.department_id is not None:
            by_unit[row.department_id] += 1
        offices[row.objection.office_id] += 1
    staff: dict[int, list[User]] = defaultdict(list)
    people = User.objects.filter(
        department__in={*by_unit, *offices}, groups__name__in=READS, is_active=True
    ).distinct()
    for user in people:
        staff[user.department_id or 0].append(user)
    day = f"{now.astimezone(SHANGHAI):%Y-%m-%d}"
    notices.notify_many(
        [
            notices.Told(
                staff[unit], f"reversal:chase:{unit}:{day}", "objection",
                f"还有 {number} 项消除影响没有确认", "", "/desk/objections/recipients/",
            )
            for unit, number in by_unit.items()
        ]
        + [
            notices.Told(
                staff[office], f"reversal:late:{office}:{day}", "objection",
                f"{number} 项消除影响逾期没有确认，已催办", "", "/desk/objections/recipients/?tab=late",
            )
            for office, number in offices.items()
        ],
        now=now,
    )  # fmt: skip
    return len(rows)


def waiting_in(objection: Objection) -> list[ReversalRecipient]:
    """The list of an objection, those not confirmed first."""
    return list(
        objection.recipients.select_related("department", "confirmed_by").order_by(
            F("confirmed_at").desc(nulls_first=True), "kind", "pk"
        )
    )
