"""What anybody sees of objections, complaints and tips: how to, the forms, and the page of whoever holds a receipt. What was
written is shown to nobody else."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.pdf import UnprintableText
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.accounts import client_address
from credit_portal.registry.codes import PERSON
from disclosure.models import Complaint, Objection
from disclosure.views import unlisted

from . import complaints, filing, intake, papers, tips
from .forms import ComplaintForm, ObjectionForm, OpenForm, SupplyForm, TipForm, maybe
from .records import Target, public_target
from .rules import OBJECTOR, ObjectionError, allowed

NOTHING = "没有这个查询地址对应的内容。请核对回执上的地址，要写全。"
PAPERS = {
    "receipt": (papers.RECEIPT, papers.receipt_pdf),
    "asked": (papers.ASKED, papers.asked_pdf),
    "refusal": (papers.REFUSAL, papers.refusal_pdf),
}


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """What an objection is, what a complaint and what a tip; where each begins."""
    return render(request, "objections/home.html", {})


@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Object to one public record."""
    of = request.GET.get("of", "")[:80]
    target = public_target(of, now=clock.now()) if of else None
    if target is None:
        return unlisted(
            render(request, "objections/which.html", {"asked": bool(of)}, status=404 if of else 200)
        )
    form = _form(request, ObjectionForm, target=target)
    if request.method == "POST" and form.is_valid():
        data, low = form.cleaned_data, form.low()
        try:
            row = filing.file_objection(
                target=target,
                by=filing.Objector(
                    name=data["name"], phone=data["phone"], capacity=data["capacity"],
                    code=data.get("code", ""), authorisation=None if low else maybe(data["authorisation"]),
                ),
                said=filing.Said(
                    data["points"], data["wanted"], data["reasons"], [] if low else data["papers"]
                ),
                way=Objection.Way.ONLINE, key=data["key"], low=low, now=clock.now(),
            )  # fmt: skip
        except ObjectionError as error:
            _add(form, error.field, str(error))
        except EvidenceRefused as error:
            _add(form, "papers", str(error))
        else:
            intake.count(client_address(request))
            messages.success(request, f"已收到，编号 {row.number}。请保存本页地址或者打印回执。")
            return redirect("objections:follow", row.token)
    return unlisted(
        render(
            request,
            "objections/new.html",
            {"form": form, "target": target, "person": _is_person(target)},
            status=422 if form.is_bound and form.errors else 200,
        )
    )


def _is_person(target: Target) -> bool:
    return target.subject is not None and target.subject.kind == PERSON


def _form(request: HttpRequest, form: type[OpenForm], **more: Any) -> Any:
    crowded = intake.crowded(client_address(request))
    more.setdefault("initial", {})["key"] = uuid.uuid4()
    if request.method == "POST":
        return form(request.POST, request.FILES, crowded=crowded, **more)
    return form(crowded=crowded, **more)


def _add(form: Any, field: str, message: str) -> None:
    form.add_error(field if field in form.fields else None, message)


# ---- whoever holds the receipt -----------------------------------------------------------------------------


def _objection(token: str) -> Objection:
    row = (
        Objection.objects.select_related("department", "office", "successor", "document")
        .filter(token=token.replace("\0", "")[:60])
        .first()
    )
    if row is None:
        raise Http404(NOTHING)
    return row


@require_safe
@never_cache
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """How far the objection is, what is asked for, the answer; no name of any officer."""
    return _follow_page(request, _objection(token))


def _follow_page(request: HttpRequest, row: Objection, supply: SupplyForm | None = None) -> HttpResponse:
    return unlisted(
        render(
            request,
            "objections/follow.html",
            {
                "row": row,
                "events": [{"on": clock.local_date(one.at), "text": one.label} for one in row.steps.all()],
                "supply": (supply or SupplyForm())
                if allowed("supply", state=row.state, hand=OBJECTOR)
                else None,
                "may_withdraw": allowed("withdraw", state=row.state, hand=OBJECTOR),
                "successor": row.successor
                if row.successor and row.successor.publicity_class == "public"
                else None,
            },
            status=422 if supply is not None and supply.errors else 200,
        )
    )


@never_cache
@require_POST
def supply(request: HttpRequest, token: str) -> HttpResponse:
    """The objector sends what was missing."""
    row, form = _objection(token), SupplyForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        try:
            filing.supply(
                objection_id=row.pk, text=data["text"], files=data["papers"],
                authorisation=maybe(data["authorisation"]), now=clock.now(),
            )  # fmt: skip
        except ObjectionError as error:
            _add(form, error.field, str(error))
        except EvidenceRefused as error:
            _add(form, "papers", str(error))
        else:
            messages.success(request, "已收到补正材料，重新计算受理期限。")
            return redirect("objections:follow", row.token)
    return _follow_page(request, row, form)


@never_cache
@require_POST
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """The objector takes it back."""
    row = _objection(token)
    try:
        filing.take_back(objection_id=row.pk, now=clock.now())
    except ObjectionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已撤回，记录没有变动。需要时可以重新提出。")
    return redirect("objections:follow", row.token)


@require_safe
@never_cache
@csp_exempt()
def paper(request: HttpRequest, token: str, what: str) -> HttpResponse:
    """A paper of the objection: receipt, what is missing, refusal, answer."""
    row = _objection(token)
    if what == "answer":
        if row.document is None:
            raise Http404("还没有答复。")
        try:
            content, title = read_evidence(row.document), papers.ANSWER
        except EvidenceDamaged as error:
            raise Http404("文件已损坏，请联系信用办。") from error
    else:
        title, make = PAPERS.get(what, ("", None))
        there = {"receipt": True, "asked": bool(row.asked_for), "refusal": bool(row.refused_for)}
        if make is None or not there[what]:
            raise Http404("没有这份文书。")
        try:
            content = make(row)
        except UnprintableText as error:
            raise Http404("内容里有无法打印的字符，请联系信用办。") from error
    response = answers.shown(content, f"{title} {row.number}.pdf")
    return unlisted(response)


# ---- complaints and tips -----------------------------------------------------------------------------------


@never_cache
def complain(request: HttpRequest) -> HttpResponse:
    """Complain about how something was handled."""
    form = _form(
        request, ComplaintForm, units=complaints.units_to_name(),
        initial={"matter_no": request.GET.get("about", "").replace("\0", "")[:60]},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = complaints.file_complaint(
                said=complaints.Said(
                    data["kind"], data["text"], data["about"], data["matter_no"], data["name"], data["phone"]
                ),
                key=data["key"], low=form.low(), now=clock.now(),
            )  # fmt: skip
        except ObjectionError as error:
            _add(form, error.field, str(error))
        else:
            intake.count(client_address(request))
            messages.success(request, f"已收到，编号 {row.number}。请保存本页地址，凭它看答复。")
            return redirect("objections:complaint", row.token)
    return unlisted(
        render(
            request,
            "objections/complain.html",
            {"form": form},
            status=422 if form.is_bound and form.errors else 200,
        )
    )


@require_safe
@never_cache
def complaint(request: HttpRequest, token: str) -> HttpResponse:
    """How far a complaint is, and its answer."""
    row = Complaint.objects.select_related("office").filter(token=token.replace("\0", "")[:60]).first()
    if row is None:
        raise Http404(NOTHING)
    return unlisted(render(request, "objections/complaint.html", {"row": row}))


@never_cache
def tip(request: HttpRequest) -> HttpResponse:
    """Point out an error; the page that one comes from is filled in."""
    form = _form(request, TipForm, initial={"page": _came_from(request)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = tips.file_tip(
                said=tips.Said(data["page"], data["text"], data["contact"]),
                key=data["key"], low=form.low(), now=clock.now(),
            )  # fmt: skip
        except ObjectionError as error:
            _add(form, error.field, str(error))
        else:
            intake.count(client_address(request))
            return unlisted(render(request, "objections/tip_taken.html", {"row": row}))
    return unlisted(
        render(
            request,
            "objections/tip.html",
            {"form": form},
            status=422 if form.is_bound and form.errors else 200,
        )
    )


def _came_from(request: HttpRequest) -> str:
    """The page of this site from which the link was followed, without its question."""
    came = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, {request.get_host()}):
        return ""
    path = urlsplit(came).path
    private = path.startswith(("/objections/", "/complaints/", "/tips/", "/me/", "/accounts/"))
    return "" if private else path[:300]
