"""The desk's pages of filing with the province: what has changed, a package, the note that it was filed, the receipt."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import put_on_form
from credit_portal.documents import answers
from credit_portal.documents.pdf import UnprintableText
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.reach import KEEPERS
from disclosure.models import CatalogueFiling

from . import filing
from .exporting import TooMany, regions_of
from .forms import FiledForm, LetterForm, ReceiptForm
from .views import PER_PAGE, keeps

SEES = (*KEEPERS, groups.AUDITOR)
NO_FILING = "没有这份备案材料，或者它不在您的管理范围内。"
SHOWN = 200


@desk(*SEES)
@require_safe
def filings(request: HttpRequest) -> HttpResponse:
    own, today = request.user.department.region, clock.today()
    last, changes = filing.pending(own, on=today)
    page = Paginator(filing.filings_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "desk/catalogue/filings.html",
        {
            "page": page, "query": "", "last": last, "changes": changes[:SHOWN], "number": len(changes),
            "own": own, "keeps": keeps(request.user), "at": "filings",
        },
    )  # fmt: skip


@desk(*KEEPERS)
def new(request: HttpRequest) -> HttpResponse:
    own = request.user.department.region
    form = LetterForm(request.POST or None, regions=regions_of(request.user), initial={"region": own})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            row = filing.pack(
                region=typed["region"],
                letter=filing.Letter(typed["letter_no"], typed["recipient"]),
                actor=request.user,
                now=clock.now(),
            )
        except UnprintableText as error:
            # Said at the field that has the character; one of the catalogue's own stands in none.
            named = (name for name in ("recipient", "letter_no") if set(error.characters) & set(typed[name]))
            form.add_error(next(named, None), str(error))
        except (ValidationError, TooMany) as error:
            put_on_form(form, error)
        else:
            messages.success(request, f"备案材料已编制，编号 {row.number}。下载后报送，再登记报送日期。")
            return redirect("catalogue:filing", row.uuid)
    return render(
        request,
        "desk/catalogue/filing_new.html",
        {"form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


def _filing(request: HttpRequest, uuid: UUID) -> CatalogueFiling:
    row = filing.filings_of(request.user).filter(uuid=uuid).first()
    if row is None:
        raise Http404(NO_FILING)
    return row


@desk(*SEES, sends=KEEPERS)
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row, today = _filing(request, uuid), clock.today()
    deed = request.POST.get("deed", "") if request.method == "POST" and keeps(request.user) else ""
    filed = FiledForm(request.POST if deed == "filed" else None, initial={"on": today}, auto_id="filed_%s")
    receipt = ReceiptForm(
        request.POST if deed == "receipt" else None, initial={"on": today}, auto_id="receipt_%s"
    )
    form = filed if deed == "filed" else receipt
    if deed in ("filed", "receipt") and form.is_valid():
        common = {"filing_id": row.pk, "actor": request.user, "now": clock.now()}
        try:
            if deed == "filed":
                filing.note_filed(**common, **form.cleaned_data)
            else:
                filing.note_receipt(**common, **form.cleaned_data)
        except ValidationError as error:
            put_on_form(form, error)
        else:
            messages.success(request, "已登记报送。" if deed == "filed" else "已登记回执。")
            return redirect("catalogue:filing", row.uuid)
    return render(
        request,
        "desk/catalogue/filing.html",
        {
            "row": row, "changes": row.changes[:SHOWN], "filed": filed, "receipt": receipt,
            "keeps": keeps(request.user),
        },
        status=422 if form.is_bound and form.errors else 200,
    )  # fmt: skip


@desk(*SEES)
@require_safe
def package(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _filing(request, uuid)
    return answers.download(bytes(row.content), f"{row.number}-目录备案.zip", "application/zip")
