"""Finding one among many: by name or code, by a person's number without the number ever standing in an address."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from credit_portal.audit import clock
from credit_portal.registry.finding import address_of, looked_up, person_of, subjects_matching


def to_address(request: HttpRequest) -> HttpResponse:
    """What was typed leads to an address that may be kept."""
    return redirect(f"{request.path}?{address_of(request.POST, today=clock.today())}")


def sought(request: HttpRequest) -> str:
    """What the address asks for by name or code, as it is shown in the field."""
    return request.GET.get("q", "").replace("\0", "").strip()[:100]


def is_search(request: HttpRequest) -> bool:
    return bool(sought(request)) or person_of(request.GET) is not None


def found_one(rows: Iterable[Any], request: HttpRequest) -> int | None:
    """The subject that was looked up, for the log of readings; `rows`: those that the page shows."""
    return looked_up(sought(request), rows, today=clock.today(), person=person_of(request.GET))


def query_of(request: HttpRequest, **more: str) -> dict[str, str]:
    """The parameters that a next page keeps."""
    kept = {key: request.GET[key] for key in ("q", "person") if request.GET.get(key)}
    return more | kept


def narrowed(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """Rows whose `subject` is sought; all where nothing is."""
    if (person := person_of(request.GET)) is not None:
        return rows.filter(subject__uuid=person)
    if said := sought(request):
        return rows.filter(subject__in=subjects_matching(said, today=clock.today()))
    return rows
