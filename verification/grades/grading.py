"""All subjects of a standard are graded on a day, in one statement; what differs from the last grade is written. The same
as `rules.grade` (docs/grades.md). Persons are not graded. (R66)"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import Region, User
from verification.facts import as_entry
from verification.models import CreditEntry, GradeRun, GradingStandard, SubjectGrade
from verification.record import Entry
from verification.vocabulary import Kind, State

from . import rules

_TABLE = """
CREATE TEMPORARY TABLE grades_now ON COMMIT DROP AS
WITH counted AS (
    -- An entry counts once, by the first indicator that it fits.
    SELECT DISTINCT ON (entry.id) entry.id, entry.subject_id, entry.from_on, entry.title, one.number, one.points, one.most
    FROM verification_creditentry AS entry
    JOIN verification_gradeindicator AS one ON one.standard_id = %(standard)s AND one.kind = entry.kind
        AND (one.grade = '' OR one.grade = entry.grade)
        AND (one.months IS NULL OR (entry.from_on + make_interval(months => one.months::int))::date >= %(on)s)
    WHERE entry.state = 'effective' AND entry.verified AND entry.from_on <= %(on)s
        AND CASE one.counts
            WHEN 'valid' THEN entry.until_on IS NULL OR entry.until_on >= %(on)s
            ELSE NOT entry.objection_under_way
                AND (entry.kind <> 'breach' OR entry.served_on <= %(on)s)
                AND coalesce(CASE entry.kind WHEN 'breach' THEN coalesce(entry.public_until, entry.until_on)
                    ELSE greatest(entry.until_on, entry.public_until) END, %(on)s) >= %(on)s
                AND (one.counts = 'unrepaired' OR entry.public_from <= %(on)s)
            END
    ORDER BY entry.id, one.number
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, number ORDER BY from_on DESC, id DESC) AS place FROM counted
), summed AS (
    SELECT subject_id, sum(points)::int AS points, jsonb_agg(jsonb_build_object(
        'number', number, 'points', points, 'entry', id, 'on', from_on, 'title', title
    ) ORDER BY number, from_on DESC, id DESC) AS reasons
    FROM placed WHERE most IS NULL OR place <= most GROUP BY subject_id
), scored AS (
    SELECT subject.id AS subject_id, subject.is_demo, standard.base + coalesce(summed.points, 0) AS points,
        coalesce(summed.reasons, '[]'::jsonb) AS reasons, standard.a_from, standard.b_from, standard.c_from,
        standard.a_tier, standard.b_tier, standard.c_tier, standard.d_tier, standard.base
    FROM registry_creditsubject AS subject
    JOIN registry_region AS place ON place.code = subject.region_id
    JOIN verification_gradingstandard AS standard ON standard.id = %(standard)s
    LEFT JOIN summed ON summed.subject_id = subject.id
    WHERE subject.kind <> 'person' AND (place.path = %(path)s OR place.path LIKE %(below)s)
        AND NOT (place.path LIKE ANY (%(elsewhere)s::text[]))
)
SELECT subject_id, is_demo, points,
    jsonb_build_array(jsonb_build_object('number', 0, 'points', base, 'entry', null, 'on', null, 'title', ''))
        || reasons AS reasons,
    CASE WHEN points >= a_from THEN 'A' WHEN points >= b_from THEN 'B' WHEN points >= c_from THEN 'C' ELSE 'D' END AS grade,
    CASE WHEN points >= a_from THEN a_tier WHEN points >= b_from THEN b_tier WHEN points >= c_from THEN c_tier
        ELSE d_tier END AS tier
FROM scored
"""
_COUNT = """
SELECT count(*), count(*) FILTER (WHERE grade = 'A'), count(*) FILTER (WHERE grade = 'B'),
    count(*) FILTER (WHERE grade = 'C'), count(*) FILTER (WHERE grade = 'D') FROM grades_now
"""
# Most grades are as they were: of them nothing is written.
_DIFFERING = """
DELETE FROM grades_now AS new USING (
    SELECT DISTINCT ON (subject_id) subject_id, standard_id, points, reasons
    FROM verification_subjectgrade ORDER BY subject_id, id DESC
) AS known
WHERE known.subject_id = new.subject_id AND known.standard_id = %(standard)s AND known.points = new.points
    AND known.reasons = new.reasons
"""
_KEEP = """
INSERT INTO verification_subjectgrade (uuid, subject_id, standard_id, run_id, "on", points, grade, tier, reasons, is_demo)
SELECT gen_random_uuid(), subject_id, %(standard)s, %(run)s, %(on)s, points, grade, tier, reasons, is_demo
FROM grades_now ORDER BY subject_id
"""


class NotInForce(ValueError):
    """The standard is not in force on the day; the message says so in Chinese."""


def in_force(on: date) -> QuerySet[GradingStandard]:
    """The standards that hold on a day, wherever: of a region the newest version."""
    rows = GradingStandard.objects.filter(
        Q(effective_to=None) | Q(effective_to__gte=on), approved_at__isnull=False, effective_from__lte=on
    )
    return rows.order_by("region_id", "-number").distinct("region_id")


def standard_of(region: Region, on: date) -> GradingStandard | None:
    """The standard by which subjects of a region are graded on a day: its own, or that of the next region above."""
    found = {row.region_id: row for row in in_force(on).filter(region__in=region.lineage)}
    return next((found[code] for code in region.lineage if code in found), None)


def pure(standard: GradingStandard) -> rules.Standard:
    """A stored standard as the pure rules read it."""
    return rules.Standard(
        standard.base,
        (standard.a_from, standard.b_from, standard.c_from),
        tuple(
            rules.Indicator(
                one.number, Kind(one.kind), one.counts, one.points, one.grade, one.months, one.most
            )
            for one in standard.indicators.all()
        ),
    )


def records_of(subject_ids: Collection[int]) -> Mapping[int, list[Entry]]:
    """What of the records of subjects can count. One query."""
    rows = CreditEntry.objects.filter(subject__in=subject_ids, state=State.EFFECTIVE, verified=True)
    found: Mapping[int, list[Entry]] = defaultdict(list)
    for row in rows.order_by("-pk"):
        found[row.subject_id].append(as_entry(row))
    return found


def record_of(subject_id: int) -> list[Entry]:
    """What of a subject's record can count."""
    return records_of([subject_id])[subject_id]


def follow_the_days(*, now: datetime) -> int:
    """One pass of the sweep: every standard in force grades its subjects once a day. Gives how many grades changed."""
    today = local_date(now)
    done = GradeRun.objects.filter(on=today).values("standard")
    return sum(
        grade_all(standard_id=pk, now=now).changed
        for pk in list(in_force(today).values_list("pk", flat=True))
        if not done.filter(standard=pk).exists()
    )


@transaction.atomic
def grade_all(*, standard_id: int, now: datetime, actor: User | None = None) -> GradeRun:
    """Grade all subjects of a standard as their records stand. Raises NotInForce."""
    # Two at once would both write the same grades.
    standard = (
        GradingStandard.objects.select_for_update(of=("self",)).select_related("region").get(pk=standard_id)
    )
    on = local_date(now)
    if standard.pk not in in_force(on).values_list("pk", flat=True):
        raise NotInForce(f"“{standard}”今天（{on}）没有生效，不能据以评定。")
    asked = {"standard": standard.pk, "on": on} | _scope(standard, on)
    with connection.cursor() as cursor:
        # A second run in the same transaction (a test, the demonstration) begins with a table of its own.
        cursor.execute("DROP TABLE IF EXISTS grades_now")
        cursor.execute(_TABLE, asked)
        cursor.execute(_COUNT)
        graded, *of_grades = cursor.fetchone()
        cursor.execute(_DIFFERING, asked)
        cursor.execute("SELECT count(*) FROM grades_now")
        (changed,) = cursor.fetchone()
        run = GradeRun.objects.create(
            standard=standard,
            on=on,
            graded=graded,
            changed=changed,
            **dict(zip(("of_a", "of_b", "of_c", "of_d"), of_grades, strict=True)),
            made_at=now,
            made_by=actor,
        )
        cursor.execute(_KEEP, asked | {"run": run.pk})
        cursor.execute("DROP TABLE grades_now")
    events.grades_given(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        run_id=run.pk,
        region=standard.region_id,
        number=standard.number,
        graded=graded,
        changed=changed,
    )
    return run


def _scope(standard: GradingStandard, on: date) -> dict[str, object]:
    """The region and below, but for regions that have a standard of their own."""
    path = standard.region.path
    others = in_force(on).filter(region__path__startswith=f"{path}/").values_list("region__path", flat=True)
    elsewhere = [pattern for other in list(others) for pattern in (other, f"{other}/%")]
    return {"path": path, "below": f"{path}/%", "elsewhere": elsewhere}


def current_of(subject_id: int) -> SubjectGrade | None:
    """The newest grade of a subject."""
    return (
        SubjectGrade.objects.filter(subject=subject_id)
        .select_related("standard__region", "run")
        .order_by("-pk")
        .first()
    )


def current(rows: QuerySet[SubjectGrade]) -> QuerySet[SubjectGrade]:
    """Of each subject the newest grade."""
    later = SubjectGrade.objects.filter(subject=OuterRef("subject"), pk__gt=OuterRef("pk"))
    return rows.filter(~Exists(later))
