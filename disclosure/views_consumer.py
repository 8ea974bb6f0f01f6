"""The public pages of consumers' complaints and of reading material. None of them is kept: what is withdrawn is gone by the next
request."""

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from commitments.models import ReadingMaterial
from credit_portal.audit import clock
from credit_portal.registry.models import Domain

from .consumer_gate import LISTED_COLUMNS, by_domain, find_complaint, listed_row, public_complaints

PER_PAGE = 20
NO_COMPLAINT = "没有这条投诉：可能公示已经结束，也可能地址有误。"
NO_READING = "没有这份读本，或者它已经停用。"


@dataclass(frozen=True)
class Bar:
    """A field with its number, and the length of its bar in hundredths of the longest."""

    label: str
    number: int
    width: int


@require_safe
@never_cache
def complaints(request: HttpRequest) -> HttpResponse:
    """The public complaints, of one field or of a business where asked; how many there are by field."""
    now = clock.now()
    domain = request.GET.get("domain", "")
    domain = domain if domain in Domain.values else ""
    name = request.GET.get("name", "").replace("\0", "").strip()[:50]
    rows = public_complaints(now)
    if domain:
        rows = rows.filter(domain=domain)
    if name:
        rows = rows.filter(subject_name__contains=name) | rows.filter(subject_code=name.upper())
    page = Paginator(rows.values(*LISTED_COLUMNS), PER_PAGE).get_page(request.GET.get("page"))
    counted = by_domain(now)
    most = max((number for _, number in counted), default=1)
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "disclosure/consumer_complaints.html",
        {
            "page": page,
            "rows": [listed_row(row) for row in page],
            "domain": domain,
            "name": name,
            "domains": Domain.choices,
            "bars": [Bar(label, number, max(1, number * 100 // most)) for label, number in counted],
            "all": sum(number for _, number in counted),
            "query": query.urlencode(),
            "narrowed": bool(domain or name),
        },
    )


@require_safe
@never_cache
def complaint(request: HttpRequest, uuid: UUID) -> HttpResponse:
    record = find_complaint(uuid, now=clock.now())
    if record is None:
        raise Http404(NO_COMPLAINT)
    return render(request, "disclosure/consumer_complaint.html", {"record": record})


@require_safe
@never_cache
def readings(request: HttpRequest) -> HttpResponse:
    """The readings in use, of one sector where asked."""
    domain = request.GET.get("domain", "")
    domain = domain if domain in Domain.values else ""
    rows = ReadingMaterial.objects.filter(is_current=True).select_related("department", "region")
    if domain:
        rows = rows.filter(domain=domain)
    page = Paginator(rows.order_by("region__path", "domain", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "disclosure/readings.html",
        {
            "page": page,
            "domain": domain,
            "domains": Domain.choices,
            "query": f"domain={domain}" if domain else "",
        },
    )


@require_safe
@never_cache
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    row = (
        ReadingMaterial.objects.filter(pk=pk, is_current=True).select_related("department", "region").first()
        if pk < 2**63
        else None
    )
    if row is None:
        raise Http404(NO_READING)
    return render(request, "disclosure/reading.html", {"reading": row, "lines": row.body.splitlines()})
