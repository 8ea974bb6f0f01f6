"""The public pages of typical cases. None of them is kept: what is withdrawn is gone by the next request."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .models import TypicalCase
from .typical_gate import LISTED_COLUMNS, find_case, listed_row, public_cases

PER_PAGE = 20
NO_CASE = "没有这个案例：可能已经撤下，也可能地址有误。公开的案例都列在“典型案例”里。"


@require_safe
@never_cache
def cases(request: HttpRequest) -> HttpResponse:
    """The public cases, of one kind where asked."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in TypicalCase.Kind.values else ""
    rows = public_cases()
    if kind:
        rows = rows.filter(kind=kind)
    page = Paginator(rows.values(*LISTED_COLUMNS), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "disclosure/cases.html",
        {
            "page": page,
            "cases": [listed_row(row) for row in page],
            "kind": kind,
            "kinds": TypicalCase.Kind.choices,
            "query": f"kind={kind}" if kind else "",
            "canonical": request.path if page.number == 1 else f"{request.path}?page={page.number}",
        },
    )


@require_safe
@never_cache
def case(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One public case."""
    record = find_case(uuid)
    if record is None:
        raise Http404(NO_CASE)
    return render(request, "disclosure/case.html", {"record": record})
