"""The public list of measures: for whom, which kind, which measure, for which item, by which law; as of a day, and what has
changed lately (S1 九「动态更新并依法依规向社会公开」, S4 10, R83, R84). What is not approved does not exist here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from credit_portal.registry.models import Domain, Region, ServiceItemVersion
from verification.models import CreditList, ListedMeasure

from .column import served_regions
from .terms import ERROR_DATE, ERROR_REGION, PAGING, Terms, TermsError, read_day, read_terms

FILTERS = ("list", "kind", "nature", "domain", "region", "on")
KINDS = {"reward": "激励", "sanction": "惩戒"}
LATELY = timedelta(days=90)
CHANGES = 20
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)

ERROR_LIST = "没有这份名单，可用：{}。"
ERROR_KIND = f"应为以下之一：{'、'.join(KINDS)}。"
ERROR_NATURE = "应为以下之一：{}。"
ERROR_DOMAIN = "没有这个领域，可用：{}。"
ERROR_DAYS = f"日期应在 {FIRST} 至 {LAST} 之间。"


# Sanctions before rewards, as the documents name them; within a list what concerns every field comes first.
def _rank(sort_of: str) -> Case:
    return Case(
        *(When(**{sort_of: sort}, then=Value(place)) for place, sort in enumerate(CreditList.Sort.values)),
        output_field=IntegerField(),
    )


@dataclass(frozen=True)
class Question:
    """`list_code`: the code of a list; `region`: where the measures hold; `on`: the day as of which."""

    on: date
    list_code: str = ""
    kind: str = ""
    nature: str = ""
    domain: str = ""
    region: Region | None = None
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class Changes:
    """What was added and what has ended lately, the newest first; what is approved and begins later, the next first."""

    added: list[ListedMeasure]
    ended: list[ListedMeasure]
    ahead: list[ListedMeasure]

    def __bool__(self) -> bool:
        return bool(self.added or self.ended or self.ahead)


def public_measures() -> QuerySet[ListedMeasure]:
    """Every row that has ever been public, of the regions served, with the name of its item as it was last."""
    names = ServiceItemVersion.objects.filter(
        item=OuterRef("item"),
        status__in=[ServiceItemVersion.Status.PUBLISHED, ServiceItemVersion.Status.FROZEN],
    ).order_by("-number")
    return (
        ListedMeasure.objects.filter(approved_at__isnull=False, region__in=served_regions())
        .select_related("whom", "region", "item")
        .annotate(item_name=Subquery(names.values("name")[:1]))
    )


def in_force(question: Question) -> QuerySet[ListedMeasure]:
    """The rows that hold on the day asked about, narrowed."""
    rows = public_measures().filter(
        Q(effective_to=None) | Q(effective_to__gte=question.on), effective_from__lte=question.on
    )
    return _narrowed(rows, question)


def in_order(rows: QuerySet[ListedMeasure]) -> QuerySet[ListedMeasure]:
    """As the page shows them: list by list."""
    return rows.order_by(_rank("whom__sort"), "whom__name", "domain", "region__path", "pk")


def changes(question: Question) -> Changes:
    """What has changed in the three months before the day asked about, and what is known to come."""
    rows = _narrowed(public_measures(), question)
    since = question.on - LATELY
    return Changes(
        list(
            rows.filter(effective_from__range=(since, question.on)).order_by("-effective_from", "pk")[
                :CHANGES
            ]
        ),
        list(
            rows.filter(effective_to__gte=since, effective_to__lt=question.on).order_by(
                "-effective_to", "pk"
            )[:CHANGES]
        ),
        list(rows.filter(effective_from__gt=question.on).order_by("effective_from", "pk")[:CHANGES]),
    )


def _narrowed(rows: QuerySet[ListedMeasure], question: Question) -> QuerySet[ListedMeasure]:
    if question.list_code:
        rows = rows.filter(whom__code=question.list_code)
    if question.kind == "reward":
        rows = rows.filter(whom__sort__in=CreditList.REWARDED)
    elif question.kind == "sanction":
        rows = rows.exclude(whom__sort__in=CreditList.REWARDED)
    if question.nature:
        rows = rows.filter(nature=question.nature)
    if question.domain:
        # What holds in every field holds in this one, too.
        rows = rows.filter(domain__in=["", question.domain])
    if question.region is not None:
        rows = rows.filter(region__in=question.region.lineage)
    return rows


def lists_in_use() -> list[tuple[str, str]]:
    """The lists that have measures, by code and name."""
    used = CreditList.objects.filter(measures__in=public_measures().order_by().values("pk")).distinct()
    return list(used.annotate(rank=_rank("sort")).order_by("rank", "name").values_list("code", "name"))


def read_question(given: Mapping[str, str], *, today: date) -> Question:
    """Read a query string's parameters (FILTERS and PAGING; others are not looked at). Raises TermsError."""
    values = {key: given.get(key, "").replace("\0", "").strip() for key in FILTERS}
    errors: dict[str, str] = {}
    question = Question(today)
    try:
        question = replace(question, terms=read_terms({key: given[key] for key in PAGING if key in given}))
    except TermsError as error:
        errors |= error.errors
    if values["list"]:
        known = list(CreditList.objects.order_by("code").values_list("code", flat=True))
        if values["list"] not in known:
            errors["list"] = ERROR_LIST.format("、".join(known))
        question = replace(question, list_code=values["list"])
    if values["kind"] and values["kind"] not in KINDS:
        errors["kind"] = ERROR_KIND
    if values["nature"] and values["nature"] not in ListedMeasure.Nature.values:
        errors["nature"] = ERROR_NATURE.format("、".join(ListedMeasure.Nature.values))
    if values["domain"] and values["domain"] not in Domain.values:
        errors["domain"] = ERROR_DOMAIN.format("、".join(Domain.values))
    question = replace(question, kind=values["kind"], nature=values["nature"], domain=values["domain"])
    if values["region"]:
        region = (
            served_regions().filter(code=values["region"][:6]).first() if len(values["region"]) == 6 else None
        )
        if region is None:
            errors["region"] = ERROR_REGION
        question = replace(question, region=region)
    if values["on"]:
        try:
            day = read_day(values["on"])
        except ValueError:
            errors["on"] = ERROR_DATE
        else:
            if not FIRST <= day <= LAST:
                errors["on"] = ERROR_DAYS
            question = replace(question, on=day)
    if errors:
        raise TermsError(errors)
    return question
