"""The public page of the list of measures. Not kept: what has ended is out of it by the next request."""

from itertools import groupby
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry.models import Domain
from verification.models import ListedMeasure

from . import measure_list
from .column import served_regions
from .terms import TermsError
from .views import PER_PAGE, _canonical, _without_page
from .views_search import ERROR_CHOICE


@require_safe
@never_cache
def measures(request: HttpRequest) -> HttpResponse:
    """What follows for whom, list by list: today's or that of another day, and what has changed lately."""
    today = clock.today()
    given = {
        key: request.GET[key].replace("\0", "").strip()[:60]
        for key in measure_list.FILTERS
        if request.GET.get(key, "").replace("\0", "").strip()
    }
    errors: dict[str, str] = {}
    question = measure_list.Question(today)
    try:
        question = measure_list.read_question(given, today=today)
    except TermsError as error:
        errors = {field: said if field == "on" else ERROR_CHOICE for field, said in error.errors.items()}
    page = Paginator(measure_list.in_order(measure_list.in_force(question)), PER_PAGE).get_page(
        request.GET.get("page")
    )
    others = {key: value for key, value in given.items() if key != "kind"}
    choices = {
        "list": measure_list.lists_in_use(),
        "nature": ListedMeasure.Nature.choices,
        "domain": Domain.choices,
        "region": list(served_regions().order_by("path").values_list("code", "name")),
    }
    return render(
        request,
        "disclosure/measures.html",
        {
            "page": None if errors else page,
            "groups": []
            if errors
            else [(rows[0].whom, rows) for rows in (list(found) for _, found in groupby(page, _whom))],
            "changes": measure_list.changes(question) if page.number == 1 and not errors else None,
            "on": question.on,
            "today": today,
            "asked": bool(given),
            "narrowed": bool(given.keys() - {"kind"}),
            "tabs": [
                (f"?{urlencode(others | ({'kind': code} if code else {}))}", label, code == question.kind)
                for code, label in (("", "全部"), *reversed(measure_list.KINDS.items()))
            ],
            "errors": errors,
            "fields": {
                name: {"value": given.get(name, ""), "groups": [("", options)], "error": errors.get(name, "")}
                for name, options in choices.items()
            }
            | {
                "kind": {"value": given.get("kind", "")},
                "on": {"value": given.get("on", ""), "error": errors.get("on", "")},
            },
            "query": _without_page(request),
            "canonical": _canonical(request, page),
        },
    )


def _whom(row: ListedMeasure) -> int:
    return row.whom_id
