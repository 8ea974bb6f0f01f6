"""Finding public acts: by a part of a name, by code, document, kind, department and region; the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from credit_portal.registry.models import Department, Region, SubjectName

from .act_gate import LISTED_COLUMNS, listed_acts, listed_row
from .fragments import parts_of
from .models import ActKind
from .search import Count
from .terms import PAGING, Terms, TermsError, read_terms, write_cursor
from .terms import Cursor as Place

FILTERS = ("name", "code", "department", "region", "kind", "document_no")
COUNT_UP_TO = 1_000
LONGEST_NUMBER = 100
ERROR_KIND = "没有这个类别，可用：{}。"
ERROR_DEPARTMENT = "没有这个机关，请填作出机关的统一社会信用代码。"
ERROR_NUMBER = f"文书号最多 {LONGEST_NUMBER} 个字。"


@dataclass(frozen=True)
class Question:
    terms: Terms
    kind: str = ""
    document_no: str = ""


@dataclass(frozen=True)
class Page:
    rows: list[dict[str, Any]]
    older: str | None
    newer: str | None
    count: Count


def read_question(given: Mapping[str, str]) -> Question:
    """Read a query string's parameters. Raises TermsError with a Chinese message by field."""
    kind, document_no = given.get("kind", "").strip(), given.get("document_no", "").strip()
    errors: dict[str, str] = {}
    if kind and kind not in ActKind.values:
        errors["kind"] = ERROR_KIND.format("、".join(ActKind.values))
    if len(document_no) > LONGEST_NUMBER:
        errors["document_no"] = ERROR_NUMBER
    own = ("kind", "document_no")
    try:
        terms = read_terms(
            {key: given[key] for key in (*FILTERS, *PAGING) if key in given and key not in own}
        )
    except TermsError as error:
        found = dict(error.errors)
        if "department" in found:
            found["department"] = ERROR_DEPARTMENT
        raise TermsError(found | errors) from error
    if errors:
        raise TermsError(errors)
    return Question(terms, kind, document_no)


def find(question: Question, *, now: datetime) -> Page:
    """One page, the newest first. Two queries."""
    terms = question.terms
    wanted = {
        "subject__uscc": terms.code or None,
        "department_id": terms.department_id,
        "region_id__in": terms.regions or None,
        "kind": question.kind or None,
        "document_no": question.document_no or None,
    }
    found = listed_acts(now).filter(**{key: value for key, value in wanted.items() if value is not None})
    if terms.name:
        found = found.filter(_named(terms.name))
    counted = found.order_by()[: COUNT_UP_TO + 1].count()
    cursor, size = terms.cursor, terms.page_size
    if cursor is not None and cursor.newer:
        rows = list(found.filter(pk__gt=cursor.edge).order_by("pk").values(*LISTED_COLUMNS)[: size + 1])
        more_newer, more_older = len(rows) > size, bool(rows)
        rows = rows[:size][::-1]
    else:
        if cursor is not None:
            found = found.filter(pk__lt=cursor.edge)
        rows = list(found.order_by("-pk").values(*LISTED_COLUMNS)[: size + 1])
        more_older, more_newer = len(rows) > size, cursor is not None and bool(rows)
        rows = rows[:size]
    return Page(
        [listed_row(row) for row in rows],
        write_cursor(Place(rows[-1]["id"])) if rows and more_older else None,
        write_cursor(Place(rows[0]["id"], newer=True)) if rows and more_newer else None,
        Count(min(counted, COUNT_UP_TO), counted <= COUNT_UP_TO),
    )


def choices(now: datetime) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The departments and regions of which acts are listed: what can be chosen finds something. Two queries."""
    shown = listed_acts(now).order_by()
    departments = Department.objects.filter(pk__in=shown.values("department")).order_by("region_id", "name")
    regions = Region.objects.filter(pk__in=shown.values("region")).order_by("path")
    return list(departments.values_list("uscc", "name")), list(regions.values_list("code", "name"))


def _named(text: str) -> Q:
    """Of subjects that bear, or have borne, a name with this part."""
    bearers = SubjectName.objects.filter(fragments__contains=parts_of(text), name__contains=text)
    return Q(subject__in=bearers.values("subject"))
