"""A subject's own pages of late materials: which, till when, what follows; and sending one in."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.forms import uploaded
from commitments.models import PromisedMaterial, Supplement
from credit_portal.audit import clock
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first

from . import acts, forms, receiving, showing
from .course import SupplementError, SupplementMoved

NONE = "没有这件容缺受理，或者它不是本主体的。"
SENT = "已提交，以今天为提交日期。受理单位核收或者退回，结果在这里看到。"


@for_subjects()
@require_safe
def supplements(request: HttpRequest) -> HttpResponse:
    """All of the subject's, the newest first."""
    found, following = newest_first(showing.counted(showing.of_subject(request.acting.subject)), request)
    log_own_read(
        request.acting, what="容缺材料列表", target_type="supplement_list", target_id=0, now=clock.now()
    )
    return render(
        request,
        "me/supplements.html",
        {"lines": showing.lines(found, clock.today()), "next": following},
    )


@for_subjects()
@require_safe
def supplement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _own(request, uuid), None, 0)


def _page(
    request: HttpRequest, one: Supplement, bound: forms.SendForm | None, number: int, status: int = 200
) -> HttpResponse:
    log_own_read(request.acting, what="容缺材料", target_type="supplement", target_id=one.pk, now=clock.now())
    takes = one.state in receiving.TAKES and request.acting.may_act
    entries = []
    for material in showing.materials_of(one, clock.today()):
        row = material.row
        form = None
        made = _form_of(row, clock.today()) if takes else None
        if made is not None:
            form = bound if row.number == number and isinstance(bound, made) else None
            form = form or made(prefix=acts.prefix_of("send", row.number))
        entries.append(
            {
                "row": row,
                "countdown": material.countdown,
                "send": form,
                "files": material.files,
                "again": isinstance(form, forms.SendAgainForm),
            }
        )
    context = {
        "one": one,
        "commitment": one.commitment,
        "materials": entries,
        "extended": one.extensions.filter(state="granted").first(),
        "asked": one.extensions.filter(state="asked").exists(),
    }
    return render(request, "me/supplement.html", context, status=status)


def _form_of(row: PromisedMaterial, today: date) -> type[forms.SendForm] | None:
    """What can be sent for a material: the whole, or more and other files until it is looked at; None: nothing."""
    if row.state == PromisedMaterial.State.WAITING:
        return forms.SendForm
    return forms.SendAgainForm if receiving.may_send_again(row, today) else None


@for_subjects(act=True)
@require_POST
def send(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Send a material in; what is wrong comes back with the page."""
    one = _own(request, uuid)
    prefix = acts.prefix_of("send", number)
    # Which of the two forms was on the page is told by what it sent, not by how things stand by now.
    made = forms.SendAgainForm if f"{prefix}-again" in request.POST else forms.SendForm
    form = made(request.POST, request.FILES, prefix=prefix)
    if form.is_valid():
        try:
            receiving.send(
                supplement_id=one.pk,
                number=number,
                access=request.acting.access,
                uploads=[one for one in map(uploaded, form.cleaned_data["pages"]) if one],
                how=form.cleaned_data.get("how", ""),
                now=clock.now(),
            )
        except SupplementMoved as moved:
            messages.error(request, str(moved))
            return redirect("mine:supplement", one.uuid)
        except EvidenceRefused as refused:
            form.add_error("pages", refused.reason)
        except SupplementError as wrong:
            forms.errors_by_field(form, wrong.field, str(wrong))
        else:
            messages.success(request, SENT)
            return redirect("mine:supplement", one.uuid)
    return _page(request, _own(request, uuid), form, number, status=422)


@for_subjects()
@require_safe
def file(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    one = _own(request, uuid)
    found, response = acts.file_response(one, evidence)
    log_own_read(request.acting, what="容缺材料", target_type="evidence", target_id=found.pk, now=clock.now())
    return response


def _own(request: HttpRequest, uuid: UUID) -> Supplement:
    found = (
        showing.of_subject(request.acting.subject)
        .select_related("commitment", "department")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NONE)
    return found
