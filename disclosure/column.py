"""What the column reads beside commitments: catalogue, texts, documents, figures. Every number comes from the gate's
querysets or from published versions; nothing here knows an unpublished row."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connection
from django.db.models import Count as CountOf
from django.db.models import Exists, Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery

from commitments.models import Clause, CommitmentText, TextVersion
from credit_portal.registry import catalogue
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    Domain,
    Region,
    ServiceItemVersion,
)

from .gate import LISTED_COLUMNS, SHOWN_FULFILMENT, listed_commitments, listed_row, shown_status
from .models import RuleDocument

COUNT_EXACTLY_UP_TO = 10_000


@dataclass(frozen=True)
class Count:
    value: int
    exact: bool

    def __str__(self) -> str:
        if self.exact:
            return f"{self.value}"
        return f"约 {self.value / 10_000:.1f} 万" if self.value >= 10_000 else f"约 {self.value}"


def served_regions() -> QuerySet[Region]:
    """The regions whose rules, catalogue and texts hold here: the deployment's own, those above and those below it."""
    here = Region.objects.filter(code=settings.REGION_CODE)
    return Region.objects.filter(
        Exists(here.filter(path__startswith=OuterRef("path")))
        | Q(path__startswith=Subquery(here.values("path")))
    )


def public_count(now: datetime) -> Count:
    """How many commitments are public: counted up to a bound, estimated from the planner's statistics beyond it."""
    bounded = listed_commitments(now).order_by()[: COUNT_EXACTLY_UP_TO + 1].count()
    if bounded <= COUNT_EXACTLY_UP_TO:
        return Count(bounded, True)
    with connection.cursor() as cursor:
        # The index holds only what is listed, so its size tells nothing of the rest.
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'listed_by_day'::regclass")
        return Count(max(cursor.fetchone()[0], bounded), False)


def latest(now: datetime, *, limit: int) -> list[dict]:
    """The newest public commitments as lines of a list."""
    rows = listed_commitments(now).order_by("-id").values(*LISTED_COLUMNS)[:limit]
    return [listed_row(row) for row in rows]


def current_items(today: date) -> QuerySet[ServiceItemVersion]:
    """The catalogue in force on a day, by field and name: one version an item, of the regions served."""
    return catalogue.current_items(lineage=served_regions().values("code"), on=today).order_by(
        "domain", "name", "item__code"
    )


def current_texts(today: date) -> QuerySet[TextVersion]:
    """Every text in force on a day (R33), with its clauses and blanks; one published ahead is not in force yet."""
    return (
        TextVersion.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            status__in=[TextVersion.Status.PUBLISHED, TextVersion.Status.FROZEN],
            valid_from__lte=today,
            text__region__in=served_regions(),
        )
        .select_related("text__department", "text__region", "text__item")
        .prefetch_related(Prefetch("clauses", Clause.objects.order_by("number")), "blanks")
        .order_by("text__commitment_type", "text__code")
    )


def published_versions(text: CommitmentText) -> QuerySet[TextVersion]:
    """Every version of a text that is, was or will be in force, the newest first (R20, R33)."""
    return text.versions.filter(
        status__in=[TextVersion.Status.PUBLISHED, TextVersion.Status.FROZEN]
    ).order_by("-number")


def public_rules() -> QuerySet[RuleDocument]:
    """Rules and policy documents that are public, newest first, of the regions served."""
    return RuleDocument.objects.filter(is_public=True, region__in=served_regions()).select_related("region")


def rules_in_figures() -> dict[str, int | date | None]:
    """How many documents there are (`number`), and the day of the newest (`newest`)."""
    return public_rules().order_by().aggregate(number=CountOf("id"), newest=Max("issued_on"))


@dataclass(frozen=True)
class SubjectRecord:
    """What the public commitments of an organisation or sole trader say of it. `names`: the present one, then others
    under which it signed, the last first; `table`: (type, how many in each state shown, how many in all); `since`: day of the first, None where there is none."""

    code: str
    kind_label: str
    names: tuple[str, ...]
    total: int
    since: date | None
    latest: date | None
    table: list[tuple[str, list[int], int]]
    sums: list[int]

    @property
    def name(self) -> str:
        return self.names[0]


def subject_record(code: str, now: datetime) -> SubjectRecord | None:
    """The public record of a 统一社会信用代码; None alike for an unknown one and one with nothing public. One query."""
    groups = list(
        listed_commitments(now)
        .filter(subject__uscc=code)
        .order_by()
        .values("subject__name", "subject_name", "subject_kind", "commitment_type", "fulfilment")
        .annotate(number=CountOf("id"), newest=Max("id"), since=Min("made_on"), latest=Max("made_on"))
    )
    if not groups:
        return None
    groups.sort(key=lambda group: group["newest"], reverse=True)
    table = []
    for value, label in CommitmentType.choices:
        of_type = [group for group in groups if group["commitment_type"] == value]
        if of_type:
            states = [
                sum(group["number"] for group in of_type if shown_status(group["fulfilment"]) == state)
                for state in SHOWN_FULFILMENT
            ]
            table.append((str(label), states, sum(group["number"] for group in of_type)))
    return SubjectRecord(
        code=code,
        kind_label=str(CreditSubject.Kind(groups[0]["subject_kind"]).label),
        names=tuple(
            dict.fromkeys([groups[0]["subject__name"], *(group["subject_name"] for group in groups)])
        ),
        total=sum(group["number"] for group in groups),
        since=min(group["since"] for group in groups),
        latest=max(group["latest"] for group in groups),
        table=table,
        sums=[sum(column) for column in zip(*(states for _, states, _ in table), strict=True)],
    )


@dataclass(frozen=True)
class Choices:
    """What the search can be narrowed to, as (value, label); items by field."""

    departments: list[tuple[str, str]]
    items: list[tuple[str, list[tuple[str, str]]]]
    regions: list[tuple[str, str]]


def search_choices(today: date) -> Choices:
    """Departments and items in use and regions, all from published lists: the choices tell nothing of commitments."""
    here = Region.objects.filter(code=settings.REGION_CODE)
    regions = list(
        Region.objects.filter(path__startswith=Subquery(here.values("path")))
        .order_by("path")
        .values_list("code", "name")
    )
    departments = Department.objects.filter(
        region__in=[code for code, _ in regions], is_active=True
    ).order_by("region_id", "name")
    fields = dict(Domain.choices)
    items: dict[str, list[tuple[str, str]]] = {}
    for domain, code, name in current_items(today).values_list("domain", "item__code", "name"):
        items.setdefault(str(fields[domain]), []).append((code, name))
    return Choices(list(departments.values_list("uscc", "name")), list(items.items()), regions)
