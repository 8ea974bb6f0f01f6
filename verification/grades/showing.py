"""A grade as people read it: each reason with its indicator and its entry, and what it would come to once that entry is
repaired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from credit_portal.registry import groups
from credit_portal.registry.below import within
from credit_portal.registry.models import User
from credit_portal.registry.visibility import departments_visible_to, group_names
from verification.models import Check, CreditEntry, Grade, GradingStandard, SubjectGrade

from . import grading, rules

BASE_LABEL = "起评分"


@dataclass(frozen=True)
class Line:
    """`entry`: as it stands today, `others`: it is one that the reader may not read; `repaired`: the points and the grade
    without it, where it counts against."""

    label: str
    points: int
    title: str
    on: date | None
    entry: CreditEntry | None
    repaired: tuple[int, str] | None = None
    others: bool = False


@dataclass(frozen=True)
class Shown:
    grade: SubjectGrade
    lines: list[Line]
    # What the record comes to today, where that is not what was graded.
    today: tuple[int, str] | None
    # The last day of its standard, once that is over: then nothing follows from it any more.
    over: date | None


def shown(row: SubjectGrade, *, on: date, readable: QuerySet[CreditEntry] | None = None) -> Shown:
    """A grade line by line, compared with the record as it is while its standard holds. `readable`: the entries that the
    reader may read; of others the grade tells the indicator and the points, and not what they are (S3 三（三）)."""
    last = row.standard.effective_to
    over = last if last is not None and last < on else None
    labels = {one.number: one.in_words for one in row.standard.indicators.all()}
    numbers = [one["entry"] for one in row.reasons if one["entry"]]
    entries = (CreditEntry.objects.all() if readable is None else readable).in_bulk(numbers)
    standard = grading.pure(row.standard)
    record = grading.record_of(row.subject_id) if over is None else []
    now = rules.grade(record, standard, on) if over is None else None
    counted = {one.entry for one in now.reasons} if now else set()
    lines = []
    for one in row.reasons:
        after = None
        if one["points"] < 0 and one["entry"] in counted:
            found = rules.without(record, one["entry"], standard, on)
            after = (found.points, named(found.grade))
        others = bool(one["entry"]) and readable is not None and one["entry"] not in entries
        lines.append(
            Line(
                labels.get(one["number"], BASE_LABEL),
                one["points"],
                "" if others else one["title"],
                date.fromisoformat(one["on"]) if one["on"] else None,
                entries.get(one["entry"]),
                after,
                others,
            )
        )
    moved = now is not None and (now.points, now.grade) != (row.points, row.grade)
    return Shown(row, lines, (now.points, named(now.grade)) if now is not None and moved else None, over)


def moved_since(rows: Sequence[SubjectGrade], *, on: date) -> dict[int, tuple[int, str]]:
    """Of these grades, by their ids, those to which the record as it is does not come any more: what it comes to. While their
    standard holds. One query, for rows with their `standard__indicators` at hand."""
    held = [row for row in rows if row.standard.effective_to is None or on <= row.standard.effective_to]
    records = grading.records_of([row.subject_id for row in held])
    found = {}
    for row in held:
        now = rules.grade(records[row.subject_id], grading.pure(row.standard), on)
        if (now.points, now.grade) != (row.points, row.grade):
            found[row.pk] = (now.points, named(now.grade))
    return found


def named(letter: str) -> str:
    return f"{letter} {Grade(letter).label}"


def bounds_in_words(standard: GradingStandard) -> list[tuple[str, str, str]]:
    """Each grade: its name, its points, how much is inspected."""
    high, middle, low = standard.a_from, standard.b_from, standard.c_from
    return [
        (named("A"), f"{high} 分以上（含）", standard.get_a_tier_display()),
        (named("B"), f"{middle} 分以上（含），不满 {high} 分", standard.get_b_tier_display()),
        (named("C"), f"{low} 分以上（含），不满 {middle} 分", standard.get_c_tier_display()),
        (named("D"), f"不满 {low} 分", standard.get_d_tier_display()),
    ]


def grades_visible_to(user: User) -> QuerySet[SubjectGrade]:
    """The current grades that a member of staff may read: the credit office and the auditor those of subjects of their
    region and below; a department those of subjects on which it has something on record, or which it has checked."""
    names = group_names(user)
    rows = grading.current(SubjectGrade.objects.all())
    if user.department is None or not names & (groups.BUSINESS | {groups.AUDITOR}):
        return rows.none()
    if names & groups.REGIONAL:
        path = user.department.region.path
        return rows.filter(within(path, "subject__region"))
    own = departments_visible_to(user).values("pk")
    recorded = CreditEntry.objects.filter(subject=OuterRef("subject"), department__in=own)
    checked = Check.objects.filter(subject=OuterRef("subject"), department__in=own)
    return rows.filter(Q(Exists(recorded)) | Q(Exists(checked)))
