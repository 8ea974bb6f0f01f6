"""The public pages of methods of lists: drafts on which the public is asked, methods in force and before; of an opinion its
text and its answer, never who has given it (S4 8, R78, R129)."""

import uuid as uuids
from datetime import date
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry.accounts import client_address
from disclosure.column import served_regions
from disclosure.objections import intake
from disclosure.objections.forms import OpenForm
from disclosure.views import unlisted
from verification.list_methods import keeping
from verification.list_methods.views import parts_of
from verification.models import ListMethod

PER_PAGE = 20
NO_METHOD = "没有这份办法，或者它没有公开。"
State = ListMethod.State


class OpinionForm(OpenForm):
    """What anybody may say of a draft."""

    text = forms.CharField(
        label="您的意见", max_length=keeping.MOST_OPINION, widget=forms.Textarea(attrs={"rows": 6}),
        help_text="最多 2000 个字。意见和答复会公开，请不要写姓名、电话、身份证号码。",
    )  # fmt: skip
    name = forms.CharField(
        label="姓名或者单位", max_length=60, required=False, help_text="可以不留；留下的加密保存，不公开。",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    contact = forms.CharField(
        label="联系方式", max_length=100, required=False, help_text="可以不留；留下的加密保存，不公开。"
    )


def public_methods() -> QuerySet[ListMethod]:
    """The gate: what is before the public of the regions served here."""
    return keeping.public_methods().filter(region__in=served_regions().values("pk"))


def status_of(row: ListMethod, today: date) -> tuple[str, str]:
    """What a method is today: for the badge and in words."""
    if row.state == State.DROPPED:
        return "", str(State.DROPPED.label)
    if row.state != State.ADOPTED:
        first, last = row.asked_from, row.asked_until
        if row.state == State.ASKING and first is not None and today < first:
            return "waiting", f"{first:%Y-%m-%d} 起征求意见"
        if row.state == State.ASKING and last is not None and today <= last:
            return "waiting", "正在征求意见"
        return "running", "征求意见已结束，尚未发布"
    if row.in_force_from is not None and today < row.in_force_from:
        return "running", f"{row.in_force_from:%Y-%m-%d} 起施行"
    if row.in_force_until is not None and row.in_force_until < today:
        return "", "已由新版替代"
    return "fulfilled", "现行"


@require_safe
@never_cache
def methods(request: HttpRequest) -> HttpResponse:
    """All that is before the public, the newest first."""
    page = Paginator(public_methods().order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    today = clock.today()
    return render(
        request,
        "disclosure/list_methods.html",
        {"page": page, "rows": [(row, *status_of(row, today)) for row in page], "query": ""},
    )


@never_cache
def method(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One method, with what was said of it; and the form, while it is asked."""
    row = public_methods().filter(uuid=uuid).first()
    if row is None:
        raise Http404(NO_METHOD)
    today = clock.today()
    open_now = bool(
        row.state == State.ASKING
        and row.asked_from
        and row.asked_until
        and row.asked_from <= today <= row.asked_until
    )
    if request.method == "POST" or open_now:
        form = _form(request)
    else:
        form = None
    status = 200
    if request.method == "POST" and form is not None:
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                keeping.give_opinion(
                    method_id=row.pk, text=data["text"], name=data["name"], contact=data["contact"],
                    key=data["key"], low=form.low(), now=clock.now(),
                )  # fmt: skip
            except keeping.MethodRefused as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                intake.count(client_address(request))
                return unlisted(render(request, "disclosure/list_method_taken.html", {"method": row}))
    opinions = Paginator(row.opinions.order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    tone, standing = status_of(row, today)
    return render(
        request,
        "disclosure/list_method.html",
        {
            "method": row,
            "parts": parts_of(row),
            "tone": tone,
            "standing": standing,
            "open_now": open_now,
            "form": form,
            "page": opinions,
            "query": "",
            "versions": public_methods()
            .filter(region=row.region, list_name=row.list_name)
            .exclude(pk=row.pk)
            .order_by("-number")[:PER_PAGE],
        },
        status=status,
    )


def _form(request: HttpRequest) -> OpinionForm:
    crowded = intake.crowded(client_address(request))
    if request.method == "POST":
        return OpinionForm(request.POST, crowded=crowded)
    return OpinionForm(crowded=crowded, initial={"key": uuids.uuid4()})
