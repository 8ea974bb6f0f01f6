"""Standards of grading: drafted by one of the credit office, public and in force when another has approved them, ended by
a day or by the next version; the only place where they change. (S1 三（七）, S4 7; R66)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry import kept_by_two
from credit_portal.registry.models import Region, User
from verification.models import GradeIndicator, GradingStandard
from verification.vocabulary import Kind

from . import rules

_DAY = timedelta(days=1)
MOST_INDICATORS = 20
OUT_OF_REACH = "只能制定本地区及以下地区的评级标准。"
CHANGED = "草稿在您打开页面以后又改过，没有批准。请看过现在的内容再批准。"
OWN = "不能批准自己起草的标准，须由信用办另一人批准。"
ALREADY = "这份标准已经批准，不能再更改；需要改变的，起草新的版本。"
NOT_YET = "这份标准还没有批准。"


class StandardRefused(ValidationError):
    """A standard cannot be written or moved so; told by field, in Chinese."""


@dataclass(frozen=True)
class Line:
    """An indicator as it was typed."""

    kind: str
    counts: str
    points: int
    grade: str = ""
    months: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Told:
    """What a standard says."""

    name: str
    basis: str
    confirmed: bool
    base: int
    a_from: int
    b_from: int
    c_from: int
    a_tier: str
    b_tier: str
    c_tier: str
    d_tier: str
    effective_from: date
    effective_to: date | None
    lines: Sequence[Line]


def standards_visible_to(user: User) -> QuerySet[GradingStandard]:
    return kept_by_two.visible_to(GradingStandard.objects.all(), user)


def published(region: Region) -> QuerySet[GradingStandard]:
    """All that was ever approved for a region or one above, the newest first."""
    return GradingStandard.objects.filter(region__in=region.lineage, approved_at__isnull=False).order_by(
        "-region__path", "-number"
    )


@transaction.atomic
def save_draft(
    *,
    region: Region,
    told: Told,
    actor: User,
    now: datetime,
    standard_id: int | None = None,
    is_demo: bool = False,
) -> GradingStandard:
    """Write a standard as a draft, or write a draft anew. Raises StandardRefused by field."""
    if not kept_by_two.regions_of(actor).filter(pk=region.pk).exists():
        raise StandardRefused({"region": OUT_OF_REACH})
    today = local_date(now)
    kept_by_two.one_at_a_time(region)
    row = _draft(standard_id, actor) if standard_id is not None else _next_of(region, is_demo)
    if row.region_id != region.pk:
        raise StandardRefused({"region": "草稿的地区不能改变，请另起草一份。"})
    fields = {name: value for name, value in vars(told).items() if name != "lines"}
    for name, value in fields.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    row.entered_by, row.entered_at = actor, now
    _check(row, told.lines, today)
    row.save()
    row.indicators.all().delete()
    GradeIndicator.objects.bulk_create(
        [
            GradeIndicator(standard=row, number=number, **vars(line))
            for number, line in enumerate(told.lines, 1)
        ]
    )
    _tell("drafted", row, actor, now)
    return row


def written(row: GradingStandard) -> str:
    """Which writing of a draft somebody has before them."""
    return row.entered_at.isoformat()


@transaction.atomic
def approve(*, standard_id: int, actor: User, now: datetime, read: str | None = None) -> GradingStandard:
    """Another of the office agrees to what was read (`written`): public at once, in force from its day on, never for days gone
    by; the version before it ends. Raises StandardRefused."""
    row = _draft(standard_id, actor)
    if row.entered_by_id == actor.pk:
        raise StandardRefused(OWN)
    if read is not None and read != written(row):
        raise StandardRefused(CHANGED)
    today = local_date(now)
    row.effective_from = max(row.effective_from, today)
    if row.effective_to is not None and row.effective_to < row.effective_from:
        raise StandardRefused(f"失效日期 {row.effective_to} 已过，请改正草稿。")
    for before in GradingStandard.objects.filter(region=row.region, approved_at__isnull=False).exclude(
        effective_to__lt=row.effective_from
    ):
        if before.effective_from >= row.effective_from:
            raise StandardRefused(f"“{before}”自 {before.effective_from} 起生效，新的版本须在它以后生效。")
        before.effective_to = row.effective_from - _DAY
        before.save(update_fields=["effective_to"])
        _tell("ended", before, actor, now)
    row.approved_by, row.approved_at = actor, now
    row.save(update_fields=["effective_from", "approved_by", "approved_at"])
    _tell("approved", row, actor, now)
    return row


@transaction.atomic
def end(*, standard_id: int, last_day: date, actor: User, now: datetime) -> GradingStandard:
    """The last day on which a standard holds; it can be set earlier, never later. Raises StandardRefused by field."""
    row = _locked(standard_id, actor)
    if row.approved_at is None:
        raise StandardRefused(NOT_YET)
    first = max(row.effective_from, local_date(now) - _DAY)
    if last_day < first:
        raise StandardRefused({"last_day": f"失效日期不能早于 {first}：已经过去的日子不能改变。"})
    if row.effective_to is not None and last_day >= row.effective_to:
        raise StandardRefused({"last_day": f"这份标准本来就在 {row.effective_to} 失效。"})
    row.effective_to = last_day
    row.save(update_fields=["effective_to"])
    _tell("ended", row, actor, now)
    return row


@transaction.atomic
def discard(*, standard_id: int, actor: User, now: datetime) -> None:
    """Take a draft away; what was approved stays. Raises StandardRefused."""
    row = _draft(standard_id, actor)
    _tell("removed", row, actor, now)
    row.delete()


# ---- parts -------------------------------------------------------------------------------------------------


def _next_of(region: Region, is_demo: bool) -> GradingStandard:
    last = GradingStandard.objects.filter(region=region).aggregate(last=Max("number"))["last"] or 0
    return GradingStandard(region=region, number=last + 1, is_demo=is_demo)


def _locked(standard_id: int, actor: User) -> GradingStandard:
    # The region before the row, as whoever saves a draft does: otherwise two of the office would wait for each other.
    place = Region.objects.filter(pk__in=GradingStandard.objects.filter(pk=standard_id).values("region"))
    for region in place:
        kept_by_two.one_at_a_time(region)
    row = (
        GradingStandard.objects.select_for_update(of=("self",))
        .select_related("region")
        .filter(pk=standard_id)
        .first()
    )
    if row is None:
        raise StandardRefused("这份草稿已经删除。")
    if not kept_by_two.regions_of(actor).filter(pk=row.region_id).exists():
        raise StandardRefused(OUT_OF_REACH)
    return row


def _draft(standard_id: int, actor: User) -> GradingStandard:
    row = _locked(standard_id, actor)
    if row.approved_at is not None:
        raise StandardRefused(ALREADY)
    return row


def _check(row: GradingStandard, lines: Sequence[Line], today: date) -> None:
    problems: dict[str, list[str]] = {}
    if row.effective_from < today:
        problems["effective_from"] = [f"生效日期不能早于今天（{today}）。"]
    if len(lines) > MOST_INDICATORS:
        problems["lines"] = [f"最多 {MOST_INDICATORS} 项指标，现为 {len(lines)} 项。"]
    standard = rules.Standard(
        row.base,
        (row.a_from, row.b_from, row.c_from),
        tuple(
            rules.Indicator(number, Kind(one.kind), one.counts, one.points, one.grade, one.months, one.most)
            for number, one in enumerate(lines, 1)
        ),
    )
    if wrong := rules.problems(standard):
        problems.setdefault("lines", []).extend(wrong)
    try:
        row.full_clean(exclude=["approved_by", *problems], validate_constraints=False)
        if not problems:
            row.validate_constraints()
    except ValidationError as error:
        for field, said in error.message_dict.items():
            problems.setdefault(field if field != "__all__" else "effective_to", []).extend(said)
    if problems:
        raise StandardRefused(problems)


def _tell(deed: str, row: GradingStandard, actor: User, now: datetime) -> None:
    events.grading_standard(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        standard_id=row.pk,
        region=row.region_id,
        number=row.number,
        deed=deed,
    )
