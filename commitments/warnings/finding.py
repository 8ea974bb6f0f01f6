"""Entries set beside promises, in sets: when they come in, and once more by the sweep. What a rule finds becomes a row that
the department has to answer; nothing else changes by it. (S2 四（四）2, R63; S1 十六, S4 16, R70.)"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from simple_history.utils import bulk_create_with_history

from commitments.models import Clause, ClauseWarning, Commitment, WarningRule
from commitments.warning_models import COMPARED
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.deadlines import duties, policy
from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.below import within
from credit_portal.registry.models import Department, Region, User
from verification import chains
from verification.models import CreditEntry

from . import rules

RULE, MATTER = "warning_answer", "warning"
RISK = "complaint_risk"
ANSWERS = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU)
AT_ONCE = 1_000
TRIES = 3


@dataclass
class Pair:
    """What a rule has found: an entry beside a promise, or a risk without one."""

    rule: WarningRule
    entry: CreditEntry
    commitment: Commitment | None
    clauses: list[rules.Clause]
    note: str = ""

    @property
    def key(self) -> tuple[object, int, int | None]:
        return (self.rule.family, self.entry.pk, self.commitment.pk if self.commitment else None)


@dataclass
class Material:
    """Everything that is compared, read in a constant number of queries."""

    promises: dict[int, list[tuple[Commitment, rules.Promise]]] = field(default_factory=dict)
    hints: list[tuple[WarningRule, rules.Hint]] = field(default_factory=list)
    lineages: dict[str, Sequence[str]] = field(default_factory=dict)


def matter_of(row: ClauseWarning) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.commitment.code if row.commitment else row.entry.document_no)


def hint_of(rule: WarningRule) -> rules.Hint:
    return rules.Hint(
        kinds=frozenset(rule.entry_kinds),
        contents=frozenset(rule.contents),
        grades=frozenset(rule.grades),
        list_codes=frozenset(rule.list_codes),
        keywords=tuple(rule.keywords),
        domains=frozenset(rule.domains),
        types=frozenset(rule.types),
    )


def found_of(entry: CreditEntry) -> rules.Found:
    return rules.Found(
        kind=entry.kind,
        on=entry.from_on,
        words=f"{entry.title}\n{entry.basis}",
        grade=entry.grade,
        list_code=entry.credit_list.code if entry.credit_list else "",
    )


def running() -> Q:
    """Commitments that are still to be kept. (A corrected one lives on in the one that corrects it.)"""
    return Q(fulfilment=Commitment.Fulfilment.RUNNING, voided_at__isnull=True, corrected_by__isnull=True)


def department_of(commitment: Commitment) -> Department:
    """Who answers for it: the department competent for the item, else the one that took it."""
    return commitment.item.department if commitment.item else commitment.department


def comparable(entries: Iterable[CreditEntry]) -> list[CreditEntry]:
    return [one for one in entries if one.kind in COMPARED and one.state == "effective" and one.verified]


# ---- compared ----------------------------------------------------------------------------------------------


def _material(
    wanted: Q, chosen: Sequence[WarningRule] | None = None, *, regions: Iterable[Region] = ()
) -> Material:
    """The running promises that `wanted` names, and the rules."""
    found = Material()
    approved = chosen if chosen is not None else WarningRule.objects.filter(approved_at__isnull=False)
    found.hints = [(rule, hint_of(rule)) for rule in approved]
    if not found.hints:
        return found
    rows = list(
        Commitment.objects.filter(running())
        .filter(wanted)
        .select_related("region", "item__department__region", "item_version", "department__region")
    )
    numbers = {clause.get("clause") for row in rows for clause in row.content} - {None}
    covers = dict(Clause.objects.filter(pk__in=numbers).values_list("pk", "covers"))
    for row in rows:
        promise = rules.Promise(
            made_on=row.made_on,
            until=row.valid_until,
            type=row.commitment_type,
            domain=row.item_version.domain if row.item_version else "",
            clauses=rules.promised(row.content, covers),
        )
        found.promises.setdefault(row.subject_id, []).append((row, promise))
    for region in {row.region for row in rows} | set(regions):
        found.lineages[region.code] = region.lineage
    return found


def _holds(rule: WarningRule, region: str, on: date, material: Material) -> bool:
    """Whether an approved rule is in force for a region on a day."""
    return (
        rule.region_id in material.lineages.get(region, ())
        and rule.effective_from <= on
        and (rule.effective_to is None or on <= rule.effective_to)
    )


def _pairs(entry: CreditEntry, on: date, material: Material, *, tried: bool = False) -> list[Pair]:
    """What the rules in force on a day find of an entry. `tried`: rules are asked whether approved or not."""
    found = found_of(entry)
    pairs = []
    for commitment, promise in material.promises.get(entry.subject_id, ()):
        for rule, hint in material.hints:
            if rule.sort != WarningRule.Sort.CLAUSES:
                continue
            if not (tried and rule.region_id in material.lineages[commitment.region_id]) and not _holds(
                rule, commitment.region_id, on, material
            ):
                continue
            if clauses := rules.clauses_against(hint, found, promise):
                pairs.append(Pair(rule, entry, commitment, clauses))
    return pairs


def after_entries(*, entries: Sequence[CreditEntry], now: datetime) -> None:
    """Hook: rows have come into the record."""
    if rows := comparable(entries):
        compare_entries(rows, now=now)


@transaction.atomic
def compare_entries(entries: Sequence[CreditEntry], *, now: datetime) -> int:
    """Set entries beside the running promises of their subjects. Gives how many warnings are new. A constant number of
    queries for those that find nothing; new rows in sets."""
    rows = comparable(entries)
    if not rows:
        return 0
    material = _material(
        Q(subject__in={one.subject_id for one in rows}), regions={one.region for one in rows}
    )
    if not material.hints:
        return 0
    pairs = [pair for one in rows for pair in _pairs(one, local_date(one.entered_at), material)]
    pairs += _risks([one for one in rows if one.kind == "complaint"], material)
    return _store(pairs, now=now)


def after_signing(*, commitment: Commitment, now: datetime) -> None:
    """Hook: a commitment has come; one that was signed elsewhere may be older than what is on record."""
    if commitment.made_on < local_date(now):
        compare_commitments([commitment.pk], now=now)


@transaction.atomic
def compare_commitments(ids: Sequence[int], *, now: datetime) -> int:
    """Set new promises beside what came into the record after their day."""
    material = _material(Q(pk__in=ids))
    if not material.hints or not material.promises:
        return 0
    first = min(promise.made_on for rows in material.promises.values() for _, promise in rows)
    entries = CreditEntry.objects.filter(
        subject__in=list(material.promises), kind__in=list(COMPARED), state="effective", verified=True,
        from_on__gt=first,
    ).select_related("credit_list", "region")  # fmt: skip
    today = local_date(now)
    return _store([pair for one in entries for pair in _pairs(one, today, material)], now=now)


# ---- many complaints ---------------------------------------------------------------------------------------


def _risks(entries: Sequence[CreditEntry], material: Material) -> list[Pair]:
    """Complaints by which a business has had as many within some months as the region's rule says. Once for one crowding:
    while an earlier warning's months run, the next complaint brings none."""
    hints = [(rule, hint) for rule, hint in material.hints if rule.sort == WarningRule.Sort.RISK]
    if not entries or not hints:
        return []
    finder = policy.Finder(RISK)
    days: dict[int, list[date]] = defaultdict(list)
    for subject, day in CreditEntry.objects.filter(
        # One that is being put right is counted by its new row.
        subject__in={one.subject_id for one in entries}, kind="complaint", state="effective", verified=True,
        corrected_by__isnull=True,
    ).values_list("subject_id", "from_on"):  # fmt: skip
        days[subject].append(day)
    told: dict[tuple[object, int], list[date]] = defaultdict(list)
    for family, subject, day in ClauseWarning.objects.filter(
        (~Q(entry__state="revoked") & Q(entry__corrected_by__isnull=True)) | Q(answered_by__isnull=False),
        subject__in=list(days),
        family__in=[rule.family for rule, _ in hints],
    ).values_list("family", "subject_id", "entry__from_on"):
        told[family, subject].append(day)
    pairs = []
    for entry in sorted(entries, key=lambda one: (one.from_on, one.pk)):
        value = finder.value(lineage=material.lineages[entry.region_id], on=local_date(entry.entered_at))
        if value is None or not value.on:
            continue
        number, months = int(value.value["number"]), int(value.value["months"])
        count = rules.many_complaints(days[entry.subject_id], on=entry.from_on, number=number, months=months)
        if count is None:
            continue
        for rule, hint in hints:
            before = told[rule.family, entry.subject_id]
            if not _holds(rule, entry.region_id, local_date(entry.entered_at), material) or any(
                day <= entry.from_on <= last_day_after_months(day, months) for day in before
            ):
                continue
            before.append(entry.from_on)
            note = f"{months} 个月内第 {count} 件消费投诉（本地区规则：{number} 件）。"
            promises = [
                Pair(rule, entry, commitment, clauses, note)
                for commitment, promise in material.promises.get(entry.subject_id, ())
                if (clauses := rules.clauses_against(hint, found_of(entry), promise))
            ]
            pairs += promises or [Pair(rule, entry, None, [], note)]
    return pairs


# ---- stored ------------------------------------------------------------------------------------------------


def _store(pairs: Sequence[Pair], *, now: datetime) -> int:
    """New warnings with duty, notice and event. What is there already is left alone."""
    for _ in range(TRIES):
        try:
            return _stored(pairs, now=now)
        except IntegrityError:
            # Another pass has found the same at the same moment and is through: what it has made is seen now.
            continue
    return _stored(pairs, now=now)


@transaction.atomic
def _stored(pairs: Sequence[Pair], *, now: datetime) -> int:
    if not pairs:
        return 0
    known = set(
        ClauseWarning.objects.filter(entry__in={pair.entry.pk for pair in pairs}).values_list(
            "family", "entry_id", "commitment_id"
        )
    )
    before = _before(pairs)
    known |= before.answered
    fresh = {pair.key: pair for pair in pairs if pair.key not in known}
    rows = [row for pair in fresh.values() if (row := _row(pair, now)) is not None]
    if not rows:
        return 0
    with together():
        bulk_create_with_history(rows, ClauseWarning, batch_size=AT_ONCE, default_date=now)
        for row in rows:
            events.warning_step(
                now=now, actor_id=None, department_id=row.department_id, warning_id=row.pk, rule_id=row.rule_id,
                step="产生",
            )  # fmt: skip
    # One matter and one duty for an entry beside a commitment, however many rules have found it.
    first = list(
        ClauseWarning.objects.filter(pk__in=[row.pk for row in rows]).leading().values_list("pk", flat=True)
    )
    leading = [row for row in rows if row.pk in set(first)]
    since = {row.pk: before.asked.get((row.entry_id, row.commitment_id)) for row in leading}
    duties.open_duties(
        rule_key=RULE,
        openings=[
            # The time in which it is answered runs since it was first asked.
            duties.Opening(
                matter_of(row),
                row.department,
                row.region,
                since[row.pk] or local_date(now),
                is_demo=row.is_demo,
            )
            for row in leading
        ],
        now=now,
    )
    _tell([row for row in leading if since[row.pk] is None], now=now)
    return len(rows)


@dataclass
class Before:
    """What was told of entries that have been put right since, by the new ones: what was answered, by key, and the day since
    which an answer is waited for, by entry and commitment."""

    answered: set[tuple[object, int, int | None]] = field(default_factory=set)
    asked: dict[tuple[int, int | None], date] = field(default_factory=dict)


def _before(pairs: Sequence[Pair]) -> Before:
    """What was answered is not asked anew for the new entry. What still waits is found anew and dropped with the old one; the
    department is not told twice, and its time goes on."""
    found = Before()
    now_by_then = chains.before({pair.entry.pk for pair in pairs if pair.entry.corrects_id is not None})
    if not now_by_then:
        return found
    rows = ClauseWarning.objects.filter(entry__in=list(now_by_then)).order_by("-found_at")
    for row in rows.only("family", "entry_id", "commitment_id", "answered_by_id", "found_at"):
        entry = now_by_then[row.entry_id]
        if row.answered_by_id is not None:
            found.answered.add((row.family, entry, row.commitment_id))
        else:
            found.asked[entry, row.commitment_id] = local_date(row.found_at)
    return found


def _row(pair: Pair, now: datetime) -> ClauseWarning | None:
    """A warning for whoever answers for the promise; without one for the department of the complaint. None where nobody is
    there to answer."""
    commitment, entry = pair.commitment, pair.entry
    department = department_of(commitment) if commitment else entry.department
    if department is None:
        return None
    return ClauseWarning(
        rule=pair.rule,
        family=pair.rule.family,
        entry=entry,
        commitment=commitment,
        subject_id=entry.subject_id,
        department=department,
        region=department.region,
        clauses=[{"no": one.no, "text": one.text} for one in pair.clauses],
        note=pair.note,
        found_at=now,
        is_demo=entry.is_demo,
    )


def _tell(rows: Sequence[ClauseWarning], *, now: datetime) -> None:
    """One notice a department, however many there are."""
    by_department: dict[int, list[ClauseWarning]] = defaultdict(list)
    for row in rows:
        by_department[row.department_id].append(row)
    people: dict[int, list[User]] = defaultdict(list)
    for person in User.objects.filter(
        department__in=list(by_department), groups__name__in=ANSWERS, is_active=True
    ).distinct():
        people[person.department_id or 0].append(person)
    notices.notify_many(
        [
            notices.Told(
                people[department],
                f"warning:{found[0].pk}",
                "warning",
                f"有 {len(found)} 条预警待核实：信用记录与承诺条款比对",
                "",
                f"/desk/warnings/{found[0].uuid}/" if len(found) == 1 else "/desk/warnings/",
            )
            for department, found in by_department.items()
        ],
        now=now,
    )


# ---- tried on what has been --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What a rule would have found: entries looked at, warnings, of how many departments, and the first of them. `cut`:
    there were more entries than are looked at."""

    entries: int
    warnings: int
    departments: int
    examples: list[Pair]
    cut: bool


MOST_TRIED, EXAMPLES = 5_000, 20


def try_out(rule: WarningRule, *, since: date) -> Trial:
    """Try a rule on entries of acts since a day; nothing is stored."""
    hint = hint_of(rule)
    rows = CreditEntry.objects.filter(
        kind__in=rule.entry_kinds, state="effective", verified=True, from_on__gte=since
    ).filter(within(rule.region.path))
    if rule.list_codes:
        rows = rows.filter(credit_list__code__in=rule.list_codes)
    found = list(
        rows.select_related("credit_list", "region", "department", "subject").order_by("-pk")[
            : MOST_TRIED + 1
        ]
    )
    entries = [one for one in found[:MOST_TRIED] if rules.looks_at(hint, found_of(one))]
    material = _material(
        Q(subject__in={one.subject_id for one in entries}), [rule], regions={one.region for one in entries}
    )
    if rule.sort == WarningRule.Sort.RISK:
        pairs = _crowds(entries, rule, material)
    else:
        pairs = [pair for one in entries for pair in _pairs(one, since, material, tried=True)]
    owners = {
        (department_of(pair.commitment) if pair.commitment else pair.entry.department) for pair in pairs
    } - {None}
    return Trial(len(entries), len(pairs), len(owners), pairs[:EXAMPLES], len(found) > MOST_TRIED)


def _crowds(entries: Sequence[CreditEntry], rule: WarningRule, material: Material) -> list[Pair]:
    """Risks as they would have been found, were the rule in force all the time."""
    days: Mapping[int, list[date]] = defaultdict(list)
    for one in entries:
        days[one.subject_id].append(one.from_on)
    value = policy.Finder(RISK).value(
        lineage=rule.region.lineage, on=max((one.from_on for one in entries), default=rule.effective_from)
    )
    if value is None or not value.on:
        return []
    number, months = int(value.value["number"]), int(value.value["months"])
    return [
        Pair(rule, one, None, [])
        for one in entries
        if rules.many_complaints(days[one.subject_id], on=one.from_on, number=number, months=months) == number
    ]
