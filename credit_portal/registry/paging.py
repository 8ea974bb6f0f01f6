"""Lists, the newest first, page by page, each page costing the same."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 20


def newest_first(rows: QuerySet[Any], request: HttpRequest) -> tuple[list[Any], str]:
    """A page of rows by falling id, and the query of the next one (empty on the last). `?before=` where it begins."""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return shown, f"?before={shown[-1].pk}" if len(found) > PER_PAGE else ""
