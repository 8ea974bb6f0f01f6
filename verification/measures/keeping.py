"""The public list of measures: entered by one of the credit office, in force and public when another has approved it,
changed by a new row, ended by a day; and the only place where its rows change. (S1 九, S3 一（三）, S4 10, R83.)"""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry import catalogue, kept_by_two
from credit_portal.registry.models import Region, ServiceItem, User
from verification.models import CreditList, ListedMeasure

from . import fitting

_DAY = timedelta(days=1)
SAME = ("region", "whom", "effect", "domain", "item", "step", "text")

OUT_OF_REACH = "只能管理本地区及以下地区的措施。"
OWN = "不能批准自己录入的措施，须由信用办另一人批准。"
ALREADY = "这项措施已经批准，不能再更改；需要改变的，录入变更或者写明失效日期。"
NOT_YET = "这项措施还没有批准。"
TWICE = "同一措施在这段时间已在清单中（{since} 起{until}）。"
IS_OVER = "失效日期 {day} 已过，请删除草稿后重新录入。"
BEGINS = "生效日期不能早于今天（{today}）。"


class MeasureRefused(ValidationError):
    """A row of the list cannot be entered or moved so; told by field, in Chinese."""


def measures_visible_to(user: User) -> QuerySet[ListedMeasure]:
    return kept_by_two.visible_to(ListedMeasure.objects.all(), user)


def waiting_for(user: User) -> QuerySet[ListedMeasure]:
    return kept_by_two.waiting_for(ListedMeasure.objects.all(), user)


def lists_for(user: User) -> QuerySet[CreditList]:
    """The lists for which this user can enter measures."""
    if user.department is None:
        return CreditList.objects.none()
    here = user.department.region
    return CreditList.objects.filter(
        Q(region__in=here.lineage) | Q(region__path__startswith=f"{here.path}/"), is_active=True
    )


@transaction.atomic
def enter(
    *,
    region: Region,
    whom: CreditList,
    nature: str,
    effect: str,
    text: str,
    basis: str,
    effective_from: date,
    actor: User,
    now: datetime,
    domain: str = "",
    item: ServiceItem | None = None,
    step: str = "",
    effective_to: date | None = None,
    replaces: ListedMeasure | None = None,
    is_demo: bool = False,
) -> ListedMeasure:
    """Write a row as a draft: nobody sees it and nothing follows from it. `replaces`: the row that it changes, which ends
    on the day before this one begins. Raises MeasureRefused by field."""
    _check_office(actor, region)
    row = ListedMeasure(
        region=region,
        whom=whom,
        nature=nature,
        effect=effect,
        text=text.strip(),
        domain=domain or _domain_of(item, local_date(now)),
        item=item,
        step=step,
        basis=basis.strip(),
        effective_from=effective_from,
        effective_to=effective_to,
        entered_by=actor,
        entered_at=now,
        replaces=replaces,
        is_demo=is_demo,
    )
    _check(row, today=local_date(now))
    kept_by_two.one_at_a_time(region)
    _check_place(row)
    note(row, actor=actor, now=now)
    row.save(force_insert=True)
    _tell("entered", row, actor, now)
    return row


@transaction.atomic
def approve(*, measure_id: int, actor: User, now: datetime) -> ListedMeasure:
    """Another of the office agrees: the row is public at once and in force from its day on, never for days gone by; the
    row that it changes ends. Raises MeasureRefused."""
    row = _draft(measure_id, actor)
    if row.entered_by_id == actor.pk:
        raise MeasureRefused(OWN)
    today = local_date(now)
    if row.effective_to is not None and row.effective_to < today:
        raise MeasureRefused(IS_OVER.format(day=row.effective_to))
    row.effective_from = max(row.effective_from, today)
    kept_by_two.one_at_a_time(row.region)
    _check_place(row)
    if row.replaces is not None:
        before = ListedMeasure.objects.select_for_update(of=("self",)).get(pk=row.replaces.pk)
        last = row.effective_from - _DAY
        if before.effective_to is None or before.effective_to > last:
            _end(before, last, actor=actor, now=now)
    row.approved_by, row.approved_at = actor, now
    note(row, actor=actor, now=now)
    row.save()
    _tell("approved", row, actor, now)
    return row


@transaction.atomic
def end(*, measure_id: int, last_day: date, actor: User, now: datetime) -> ListedMeasure:
    """The last day on which an approved row holds; an earlier one may be set later, a later one not: that would be a new
    row. Raises MeasureRefused by field."""
    row = _locked(measure_id, actor)
    if row.approved_at is None:
        raise MeasureRefused(NOT_YET)
    first = max(row.effective_from, local_date(now) - _DAY)
    if last_day < first:
        raise MeasureRefused({"last_day": f"失效日期不能早于 {first}：已经过去的日子不能改变。"})
    if row.effective_to is not None and last_day >= row.effective_to:
        raise MeasureRefused(
            {"last_day": f"这项措施本来就在 {row.effective_to} 失效；延长的请录入新的一项。"}
        )
    return _end(row, last_day, actor=actor, now=now)


@transaction.atomic
def discard(*, measure_id: int, actor: User, now: datetime) -> None:
    """Take a draft away; what was approved stays. Raises MeasureRefused."""
    row = _draft(measure_id, actor)
    _tell("removed", row, actor, now)
    note(row, actor=actor, now=now)
    row.delete()


# ---- parts -------------------------------------------------------------------------------------------------


def _check_office(actor: User, region: Region) -> None:
    if not kept_by_two.regions_of(actor).filter(pk=region.pk).exists():
        raise MeasureRefused({"region": OUT_OF_REACH})


def _locked(measure_id: int, actor: User) -> ListedMeasure:
    row = (
        ListedMeasure.objects.select_for_update(of=("self",))
        .select_related("region", "whom", "replaces", "item")
        .filter(pk=measure_id)
        .first()
    )
    if row is None:
        raise MeasureRefused("这项措施已经删除。")
    if not kept_by_two.regions_of(actor).filter(pk=row.region_id).exists():
        raise MeasureRefused(OUT_OF_REACH)
    return row


def _draft(measure_id: int, actor: User) -> ListedMeasure:
    row = _locked(measure_id, actor)
    if row.approved_at is not None:
        raise MeasureRefused(ALREADY)
    return row


def _domain_of(item: ServiceItem | None, on: date) -> str:
    return "" if item is None else _domains(item, on)[0]


def _domains(item: ServiceItem, on: date) -> list[str]:
    """The field of an item on a day; the last one that it had where it is not in the catalogue then."""
    current = catalogue.current_items(lineage=[item.region_id], on=on).filter(item=item)
    if found := list(current.values_list("domain", flat=True)):
        return found
    last = item.versions.order_by("-number").first()
    return [last.domain if last else ""]


def _check(row: ListedMeasure, *, today: date) -> None:
    problems: dict[str, list[str]] = {
        field: [said]
        for field, said in fitting.problems(
            sort=row.whom.sort, list_name=row.whom.name, effect=row.effect, domain=row.domain, step=row.step,
            text=row.text, basis=row.basis,
        ).items()
    }  # fmt: skip
    lineage = row.region.lineage
    if not row.whom.is_active:
        problems["whom"] = [f"“{row.whom}”已停用。"]
    elif row.whom.region_id not in lineage and row.region_id not in row.whom.region.lineage:
        problems["whom"] = [f"“{row.whom}”不适用于{row.region}。"]
    if row.item is not None:
        if row.item.region_id not in lineage and row.region_id not in row.item.region.lineage:
            problems["item"] = [f"事项 {row.item} 不是{row.region}的事项。"]
        elif row.domain not in _domains(row.item, today):
            problems["item"] = [f"事项 {row.item} 不在所选的领域。"]
    if row.effective_from < today:
        problems["effective_from"] = [BEGINS.format(today=today)]
    if row.replaces is not None:
        if row.replaces.approved_at is None or row.replaces.region_id != row.region_id:
            problems["region"] = ["只能变更本地区已批准的措施，变更后地区不变。"]
        elif row.effective_from <= row.replaces.effective_from:
            problems["effective_from"] = [f"须晚于原措施的生效日期 {row.replaces.effective_from}。"]
    try:
        # Fields of which something was said already are not spoken of twice.
        row.full_clean(exclude=list(problems))
    except ValidationError as error:
        for field, said in error.message_dict.items():
            named = "effective_to" if field == "__all__" else field
            problems.setdefault(named, []).extend(said)
    if problems:
        raise MeasureRefused(problems)


def _check_place(row: ListedMeasure) -> None:
    """The same row twice for the same time is refused; drafts count, the row that is changed does not."""
    same = ListedMeasure.objects.filter(
        Q(effective_to=None) | Q(effective_to__gte=row.effective_from),
        **{name: getattr(row, name) for name in SAME if name != "item"},
    ).exclude(pk__in=[pk for pk in (row.pk, row.replaces_id) if pk])
    same = same.filter(item=row.item) if row.item else same.filter(item__isnull=True)
    if row.effective_to is not None:
        same = same.filter(effective_from__lte=row.effective_to)
    known = same.order_by("effective_from").first()
    if known is not None:
        until = f"至 {known.effective_to}" if known.effective_to else ""
        raise MeasureRefused({"effective_from": TWICE.format(since=known.effective_from, until=until)})


def _end(row: ListedMeasure, last_day: date, *, actor: User, now: datetime) -> ListedMeasure:
    row.effective_to = last_day
    note(row, actor=actor, now=now)
    row.save(update_fields=["effective_to"])
    _tell("ended", row, actor, now)
    return row


def _tell(deed: str, row: ListedMeasure, actor: User, now: datetime) -> None:
    events.measure_listed(
        now=now, actor_id=actor.pk, department_id=actor.department_id, measure_id=row.pk, deed=deed
    )
