"""A round is drawn: the population is frozen, its share drawn by hash, every drawn commitment becomes a duty of its
department (R64). Half a million commitments in one statement each; the same as `rules.draw` (docs/rechecks.md)."""

from datetime import date, datetime

from django.db import connection, transaction

from commitments.models import Recheck, RecheckPlan, RecheckRound
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.outbox.sweeping import in_batches
from credit_portal.registry.models import User

from . import planning, rules, tiers
from .planning import SHARE, PlanError

MATTER = "recheck"
RULE = "recheck_interval"  # drawn in one round, answered before the next
TIERS = "recheck_tiers"
AT_ONCE = 1_000
LOCK = 715_003_018
State = RecheckPlan.State

# What is re-checked: running, made before the day; not what is already being looked at. By whoever answers for it: the
# competent department of the item, or whoever took the commitment where it has none in use.
FREEZE = """
CREATE TEMPORARY TABLE recheck_frozen ON COMMIT DROP AS
WITH frozen AS (SELECT one.id, one.code, office.id AS department_id, one.region_id, one.is_demo,
    CASE WHEN %(by_grade)s THEN coalesce(graded.tier, 'ordinary') WHEN NOT %(by_risk)s THEN 'ordinary'
        WHEN adverse.subject_id IS NOT NULL THEN 'higher'
        WHEN good.subject_id IS NOT NULL THEN 'lower' ELSE 'ordinary' END AS stratum
FROM commitments_commitment AS one
JOIN registry_region AS place ON place.code = one.region_id
LEFT JOIN registry_serviceitemversion AS version ON version.id = one.item_version_id
LEFT JOIN registry_serviceitem AS item ON item.id = one.item_id
LEFT JOIN registry_department AS competent ON competent.id = item.department_id AND competent.is_active
JOIN registry_department AS office ON office.id = coalesce(competent.id, one.department_id) AND office.is_active
    -- An association looks after its own members' word itself; it makes no checks by law.
    AND office.kind <> 'association'
LEFT JOIN (
    -- What is over counts no more: the last day is that of `record.last_day`.
    SELECT DISTINCT subject_id FROM verification_creditentry
    WHERE %(by_risk)s AND state = 'effective' AND kind IN ('penalty', 'list', 'breach') AND verified
        AND NOT objection_under_way AND from_on <= %(on)s AND (kind <> 'breach' OR served_on <= %(on)s)
        AND coalesce(CASE kind WHEN 'breach' THEN coalesce(public_until, until_on)
            ELSE greatest(until_on, public_until) END, %(on)s) >= %(on)s
) AS adverse ON adverse.subject_id = one.subject_id
LEFT JOIN (
    SELECT DISTINCT subject_id FROM verification_creditentry
    WHERE %(by_risk)s AND state = 'effective' AND kind IN ('exemplary', 'good_standing') AND verified
        AND from_on <= %(on)s AND (until_on IS NULL OR until_on >= %(on)s)
) AS good ON good.subject_id = one.subject_id
LEFT JOIN LATERAL (
    -- The newest grade; by a standard that is not confirmed it changes nothing.
    SELECT CASE WHEN newest.standard_id = ANY (%(standards)s::bigint[]) THEN newest.tier END AS tier
    FROM verification_subjectgrade AS newest WHERE %(by_grade)s AND newest.subject_id = one.subject_id
    ORDER BY newest.id DESC LIMIT 1
) AS graded ON true
WHERE one.fulfilment = 'running' AND one.voided_at IS NULL AND one.made_on < %(on)s
    AND (place.path = %(path)s OR place.path LIKE %(below)s)
    AND (%(department)s::bigint IS NULL OR office.id = %(department)s)
    AND (%(types)s::text[] = '{}' OR one.commitment_type = ANY (%(types)s::text[]))
    AND (%(domains)s::text[] = '{}' OR version.domain = ANY (%(domains)s::text[]))
    AND (%(items)s::text[] = '{}' OR item.code = ANY (%(items)s::text[]))
    AND NOT EXISTS (SELECT FROM commitments_commitment AS new WHERE new.corrects_id = one.id)
    AND NOT EXISTS (SELECT FROM commitments_breachcase AS matter
        WHERE matter.commitment_id = one.id AND matter.state NOT IN ('dropped', 'revoked'))
    AND NOT EXISTS (SELECT FROM commitments_recheck AS open
        WHERE open.commitment_id = one.id AND open.finding = '')
)
SELECT *, row_number() OVER (
    PARTITION BY stratum
    ORDER BY sha256(convert_to(%(seed)s || ':' || %(number)s || ':' || code, 'UTF8')), code COLLATE "C"
) <= (count(*) OVER (PARTITION BY stratum) * CASE stratum
    WHEN 'higher' THEN %(higher)s WHEN 'lower' THEN %(lower)s ELSE %(ordinary)s END + 99) / 100 AS drawn
FROM frozen
"""
COUNT = """
SELECT count(*), count(*) FILTER (WHERE drawn), encode(sha256(convert_to(
    coalesce(string_agg(code || ' ' || stratum || E'\\n', '' ORDER BY code COLLATE "C"), ''), 'UTF8')), 'hex')
FROM recheck_frozen
"""
KEEP = """
INSERT INTO commitments_recheckmember (round_id, commitment_id, stratum, drawn)
SELECT %(round)s, id, stratum, drawn FROM recheck_frozen ORDER BY code COLLATE "C";
INSERT INTO commitments_recheck (uuid, round_id, commitment_id, department_id, region_id, has_duty, finding, obstacle,
    note, doubtful, is_demo)
SELECT gen_random_uuid(), %(round)s, id, department_id, region_id, false, '', '', '', '{}', is_demo
FROM recheck_frozen WHERE drawn ORDER BY code COLLATE "C"
"""


def follow_the_days(*, now: datetime) -> int:
    """One pass of the sweep: rounds whose day has come are drawn, drawn commitments without a duty get theirs."""
    due = RecheckPlan.objects.filter(state=State.APPROVED, next_on__lte=local_date(now)).order_by(
        "next_on", "pk"
    )
    done = 0
    for plan_id in list(due.values_list("pk", flat=True)):
        try:
            done += draw_due(plan_id=plan_id, now=now) is not None
        except policy.NoRule:
            # The office has to set the rule; the first page of the back office shows what has no rule.
            continue
    return done + in_batches(lambda: open_duties(now=now), full=AT_ONCE)


def draw_by_hand(*, plan_id: int, actor: User, now: datetime) -> RecheckRound:
    """Draw the round whose day has come without waiting for the next pass. Raises PlanError."""
    plan = RecheckPlan.objects.select_related("region").get(pk=plan_id)
    if not planning.may_decide(plan, actor):
        raise PlanError("由被复核部门的负责人或者本地区信用办抽取。")
    if plan.state != State.APPROVED or plan.next_on is None:
        raise PlanError(f"这份计划{plan.get_state_display()}，不能抽取。")
    if plan.next_on > local_date(now):
        raise PlanError(f"下一轮的日期是 {plan.next_on}，还没有到。")
    try:
        made = draw_due(plan_id=plan_id, now=now, actor=actor)
    except policy.NoRule as missing:
        raise PlanError(str(missing)) from missing
    if made is None:
        raise PlanError("这一轮刚刚已经抽取。")
    open_duties(now=now)
    return made


@transaction.atomic
def draw_due(*, plan_id: int, now: datetime, actor: User | None = None) -> RecheckRound | None:
    """The round of a plan whose day has come; None where there is none (any more). Raises policy.NoRule."""
    _one_at_a_time()
    plan = RecheckPlan.objects.select_for_update(of=("self",)).select_related("region").get(pk=plan_id)
    if plan.state != State.APPROVED or plan.next_on is None or plan.next_on > local_date(now):
        return None
    interval = policy.value(RULE, lineage=plan.region.lineage, on=plan.next_on)
    share = policy.value(SHARE, lineage=plan.region.lineage, on=plan.next_on)
    number = plan.rounds.count() + 1
    seed, on = rules.seed_of_round(plan.seed, number), plan.next_on
    higher, lower, of_tiers = _tiers(plan, on)
    percents = rules.percents_of(share.length, higher=higher, lower=lower)
    standards = tiers.bring_up_to_date(plan, now=now) if plan.by_grade else []
    with connection.cursor() as cursor:
        of_strata = {str(stratum): percent for stratum, percent in percents.items()}
        cursor.execute(
            FREEZE,
            _scope(plan, on)
            | {"standards": [one.pk for one in standards], "seed": seed, "number": str(number)}
            | of_strata,
        )
        cursor.execute(COUNT)
        population, drawn, fingerprint = cursor.fetchone()
        made = RecheckRound.objects.create(
            plan=plan,
            number=number,
            on=on,
            seed=seed,
            interval=interval.length,
            percent=share.length,
            higher_percent=higher,
            lower_percent=lower,
            basis=f"间隔：{interval.basis}；比例：{share.basis}{of_tiers}{tiers.named(standards)}"[:700],
            confirmed=interval.confirmed and share.confirmed,
            population=population,
            population_sha256=fingerprint,
            drawn=drawn,
            drawn_at=now,
            drawn_by=actor,
        )
        cursor.execute(KEEP, {"round": made.pk})
        # A second round in the same transaction (a test, the demonstration) begins with a table of its own.
        cursor.execute("DROP TABLE recheck_frozen")
    # Rounds that nobody drew while the portal stood still are not made up one by one: the next is ahead.
    plan.next_on = rules.next_round(plan.starts_on, on, interval.length)
    while plan.next_on <= local_date(now):
        plan.next_on = rules.next_round(plan.starts_on, plan.next_on, interval.length)
    plan.save(update_fields=["next_on"])
    events.recheck_drawn(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=plan.office_id,
        round_id=made.pk,
        plan=plan.number,
        round=number,
        population=population,
        drawn=drawn,
        sha256=fingerprint,
    )
    return made


def _one_at_a_time() -> None:
    """Plans overlap: a draw that did not see what another one draws would draw the same commitment once more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _tiers(plan: RecheckPlan, on: date) -> tuple[int | None, int | None, str]:
    """The shares of the higher and of the lower stratum, and by which rule where they are the region's: a rule that is
    not confirmed changes no share."""
    if not plan.by_grade:
        return plan.higher_percent, plan.lower_percent, ""
    rule = policy.values([TIERS], lineage=plan.region.lineage, on=on).get(TIERS)
    if rule is None or not rule.confirmed:
        return None, None, "；各等级的比例没有确定，都按同一比例"
    return int(rule.value["higher"]), int(rule.value["lower"]), f"；各等级：{rule.basis}"


def _scope(plan: RecheckPlan, on: date) -> dict[str, object]:
    return {
        "by_risk": plan.by_risk,
        "by_grade": plan.by_grade,
        "on": on,
        "path": plan.region.path,
        "below": plan.region.path + "/%",
        "department": plan.department_id,
        "types": list(plan.types),
        "domains": list(plan.domains),
        "items": list(plan.item_codes),
    }


@transaction.atomic
def open_duties(*, now: datetime) -> int:
    """Duties of up to a thousand drawn commitments that have none: due before the next round. Gives how many it did."""
    waiting = list(
        Recheck.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(has_duty=False)
        .select_related("round__plan", "department", "region", "commitment__item_version")
        .order_by("pk")[:AT_ONCE]
    )
    openings = [
        duties.Opening(
            matter=matter_of(row),
            department=row.department,
            region=row.region,
            triggered_on=row.round.on,
            commitment_type=row.commitment.commitment_type,
            domain=row.commitment.item_version.domain if row.commitment.item_version else "",
            is_demo=row.is_demo,
        )
        for row in waiting
        if not row.finding
    ]
    if openings:
        duties.open_duties(rule_key=RULE, openings=openings, now=now)
    Recheck.objects.filter(pk__in=[row.pk for row in waiting]).update(has_duty=True)
    return len(waiting)


def matter_of(row: Recheck) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.commitment.code)
