"""Lists for departments' systems: rows of their own department only, by keyset, never kept by a cache."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from . import serializers
from .api import LIST_PARAMETERS, neighbour
from .partner_posts import PROBLEMS
from .terms import ERROR_CURSOR, PAGE_SIZE, Cursor, TermsError, read_cursor, read_size, write_cursor

# Beyond this a list says «at least so many»: counting on would cost more than a page.
COUNTED = 10_000
READ_PROBLEMS: dict[Any, Any] = {
    key: shape for key, shape in PROBLEMS.items() if key[0] in (400, 401, 403, 406, 429)
}


@dataclass(frozen=True)
class Order:
    """By a column and then by row: newest first, or what comes first in time."""

    column: str
    newest_first: bool

    def beyond(self, value: Any, row: int, *, back: bool) -> Q:
        """The rows after this place in the order, or before it."""
        way = "lt" if self.newest_first != back else "gt"
        # The first condition says nothing new: it lets the index begin at this place.
        return Q(**{f"{self.column}__{way}e": value}) & (
            Q(**{f"{self.column}__{way}": value}) | Q(**{self.column: value, f"pk__{way}": row})
        )

    def fields(self, *, back: bool) -> list[str]:
        sign = "-" if self.newest_first != back else ""
        return [f"{sign}{self.column}", f"{sign}pk"]


def page_of(
    request: Request,
    rows: QuerySet[Any],
    order: Order,
    terms: Mapping[str, Any],
    shown: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """One page in the frame of all lists. `rows` are limited to the department already. Raises TermsError (`cursor`)."""
    size, cursor = terms.get("page_size", PAGE_SIZE), terms.get("cursor")
    back = cursor is not None and cursor.newer
    part = rows
    if cursor is not None:
        value = (
            rows.model._default_manager.filter(pk=cursor.edge).values_list(order.column, flat=True).first()
        )
        if value is None:
            raise TermsError({"cursor": ERROR_CURSOR})
        part = rows.filter(order.beyond(value, cursor.edge, back=back))
    found: list[Model] = list(part.order_by(*order.fields(back=back))[: size + 1])
    further, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    after = bool(found) if back else further
    before = further if back else cursor is not None and bool(found)
    counted = rows.order_by()[: COUNTED + 1].count()
    return serializers.one_page(
        [shown(row) for row in found],
        next=neighbour(request, write_cursor(Cursor(found[-1].pk)) if after else None),
        previous=neighbour(request, write_cursor(Cursor(found[0].pk, newer=True)) if before else None),
        count={"value": min(counted, COUNTED), "exact": counted <= COUNTED},
    )


class Reading:
    """What a list may be asked, read from the query string: parameter → how it is read (raising ValueError)."""

    def __init__(self, **readers: Callable[[str], Any]) -> None:
        self.readers = {**readers, "cursor": read_cursor, "page_size": read_size}

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(self.readers)

    def read(self, given: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for name, read in self.readers.items():
            value = given.get(name, "").strip()
            if not value and not (read is read_size and name in given):
                continue
            try:
                found[name] = read(value)
            except ValueError as error:
                errors[name] = str(error)
        if errors:
            raise TermsError(errors)
        return found


def one_of(choices: Mapping[str, Any]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"没有“{text[:30]}”，可用：{'、'.join(choices)}。")
        return text

    return read


def line_of(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most or not text.isprintable():
            raise ValueError(f"最多 {most} 个字，不含控制字符。")
        return text

    return read


def answers(shape: Any) -> dict[Any, Any]:
    return {(200, "application/json"): OpenApiResponse(shape, "成功")} | READ_PROBLEMS


def asked(*own: OpenApiParameter) -> list[OpenApiParameter]:
    return [*own, *LIST_PARAMETERS]
