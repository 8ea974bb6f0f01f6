"""Reading material on a subject's own pages: offered, never asked for (R16, R17)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from commitments import reading as material
from commitments.models import ReadingMaterial, ReadingOffer
from commitments.readings.offering import read_on_own_pages
from credit_portal.audit import clock
from credit_portal.registry.acting import for_subjects

NONE = "没有这份读本，或者它已经停用。"


def _offered(request: HttpRequest) -> list[ReadingMaterial]:
    """What the region in which the subject is registered offers: of each sector its own, else the nearest above."""
    lineage = request.acting.subject.region.lineage
    found: dict[str, ReadingMaterial] = {}
    rows = material.in_use(lineage).select_related("department")
    for row in sorted(rows, key=lambda one: lineage.index(one.region_id)):
        found.setdefault(row.domain, row)
    return sorted(found.values(), key=lambda one: one.domain)


@for_subjects()
def readings(request: HttpRequest) -> HttpResponse:
    return render(request, "me/readings.html", {"rows": _offered(request)})


@for_subjects()
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """One reading. POST: the subject says that it has read; counted, used for nothing."""
    row = next((one for one in _offered(request) if one.pk == pk), None)
    if row is None:
        raise Http404(NONE)
    acting = request.acting
    if request.method == "POST":
        read_on_own_pages(subject=acting.subject, reading=row, held=acting.access, now=clock.now())
        messages.success(request, "谢谢阅读。")
        return redirect("mine:readings")
    read = ReadingOffer.objects.filter(key=f"own:{acting.subject.pk}:{row.pk}").exists()
    return render(request, "me/reading.html", {"reading": row, "lines": row.body.splitlines(), "read": read})
