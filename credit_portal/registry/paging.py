"""Lists, the newest first, page by page, each page costing the same."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 20


def newest_first(
    rows: QuerySet[Any], request: HttpRequest, *, size: int = PER_PAGE, edge: str = "before"
) -> tuple[list[Any], str]:
    """A page of rows by falling id, and the query of the next one (empty on the last), which asks for the same otherwise.
    `?before=` where it begins; a second list on a page has an `edge` of another name."""
    before = request.GET.get(edge, "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows.order_by("-pk")[: size + 1])
    if len(found) <= size:
        return found, ""
    query = request.GET.copy()
    query[edge] = str(found[size - 1].pk)
    return found[:size], f"?{query.urlencode()}"
