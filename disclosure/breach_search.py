"""Finding public breaches: by a part of a name, by code, by department, grade and region; the newest first. Few at any
time compared with commitments, so that one query does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commitments.models import BreachCase
from credit_portal.registry.models import Domain

from .breach_gate import LISTED_COLUMNS, listed_breaches, listed_row
from .search import Count
from .terms import PAGING, Terms, TermsError, read_terms, write_cursor
from .terms import Cursor as Place

FILTERS = ("name", "code", "department", "region", "domain", "grade")
COUNT_UP_TO = 1_000
ERROR_GRADE = "程度应为 {} 之一。"
ERROR_DEPARTMENT = "没有这个认定单位，请填认定单位的统一社会信用代码。"
ERROR_DOMAIN = "没有这个领域，可用：{}。"


@dataclass(frozen=True)
class Question:
    terms: Terms
    domain: str = ""
    grade: str = ""


@dataclass(frozen=True)
class Page:
    rows: list[dict[str, Any]]
    older: str | None
    newer: str | None
    count: Count


def read_question(given: Mapping[str, str]) -> Question:
    """Read a query string's parameters. Raises TermsError with a Chinese message by field."""
    domain, grade = given.get("domain", "").strip(), given.get("grade", "").strip()
    errors: dict[str, str] = {}
    if domain and domain not in Domain.values:
        errors["domain"] = ERROR_DOMAIN.format("、".join(Domain.values))
    if grade and grade not in BreachCase.Grade.values:
        errors["grade"] = ERROR_GRADE.format("、".join(BreachCase.Grade.values))
    own = ("domain", "grade")
    wanted = {key: given[key] for key in (*FILTERS, *PAGING) if key in given and key not in own}
    try:
        terms = read_terms(wanted)
    except TermsError as error:
        found = dict(error.errors)
        if "department" in found:
            found["department"] = ERROR_DEPARTMENT
        raise TermsError(found | errors) from error
    if errors:
        raise TermsError(errors)
    return Question(terms, domain, grade)


def find(question: Question, *, now: datetime) -> Page:
    """One page, the newest first. Two queries."""
    terms = question.terms
    wanted = {
        "case__commitment__subject_name__contains": terms.name or None,
        "case__subject__uscc": terms.code or None,
        "case__department_id": terms.department_id,
        "case__region_id__in": terms.regions or None,
        "case__commitment__item_version__domain": question.domain or None,
        "case__grade": question.grade or None,
    }
    found = listed_breaches(now).filter(**{key: value for key, value in wanted.items() if value is not None})
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
