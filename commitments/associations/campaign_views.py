"""The desk's pages of a campaign: set up, poster and code, who has signed and who has not, reminders."""

from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from commitments.models import Campaign
from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.documents.qr import qr_data_uri, qr_png, qr_svg
from credit_portal.registry.desk_access import desk

from . import campaigns, coverage, membership, texting
from .forms import CampaignForm, bound
from .membership import AssociationError
from .views import DOES, PER_PAGE, SEES, association_of, member_table, note_read, own_of, share_of

NO_CAMPAIGN = "没有这次活动，或者它不在您的管理范围内。"


def _campaign(request: HttpRequest, uscc: str, uuid: UUID) -> Campaign:
    association = association_of(request, uscc)
    found = (
        Campaign.objects.select_related("department", "text_version", "item")
        .filter(uuid=uuid, department=association)
        .first()
    )
    if found is None:
        raise Http404(NO_CAMPAIGN)
    return found


@desk(*DOES)
def new(request: HttpRequest, uscc: str) -> HttpResponse:
    association = own_of(request, uscc)
    form = bound(CampaignForm, request, initial={"from_on": clock.today()}, today=clock.today())
    if request.method == "POST" and form.is_valid():
        try:
            made = campaigns.create(
                association=association, actor=request.user, now=clock.now(), **form.cleaned_data
            )
        except AssociationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, "活动已设立。打印海报，或者把网址发给会员。")
            return redirect("associations:campaign", association.uscc, made.uuid)
    return render(
        request,
        "desk/associations/campaign_new.html",
        {
            "association": association,
            "form": form,
            "in_force": texting.in_force(association),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*SEES)
@require_safe
def campaign(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """Who has signed, who is missing by name, week by week."""
    one, today = _campaign(request, uscc, uuid), clock.today()
    day = min(today, coverage.last_day(one))
    state = request.GET.get("state", coverage.MISSING)
    if state not in coverage.OF_CAMPAIGN:
        state = coverage.MISSING
    figures = coverage.figures(one.department, day, one)
    rows = coverage.with_state(membership.members_of(one.department, day), day, one)
    rows = coverage.of_state(rows, state, one).select_related("subject").order_by("pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    note_read(request, target_type="campaign", target_id=one.pk)
    weeks = coverage.by_week(one.department, day, campaign=one)
    standing = campaigns.state_of(one, today)
    return render(
        request,
        "desk/associations/campaign.html",
        {
            "association": one.department,
            "one": one,
            "own": membership.works_for(request.user, one.department),
            "standing": standing,
            "words": campaigns.STATES[standing],
            "figures": figures,
            "share": (figures.signed + figures.covered) * 100 // figures.members if figures.members else None,
            "tabs": [
                (key, coverage.OF_CAMPAIGN[key])
                for key in (coverage.MISSING, coverage.COVERED, coverage.SIGNED)
            ],
            "by_link": one.drafts.filter(draft__commitment__voided_at=None, draft__step="done").count(),
            "day": day,
            "weeks": [
                (on, number, share_of(number, figures.members)) for on, number in weeks if on >= one.from_on
            ],
            "page": page,
            "state": state,
            "query": f"state={state}",
            "address": campaigns.address_of(one),
            "qr": qr_svg(campaigns.address_of(one)),
            "today": today,
        },
    )


@desk(*SEES)
@require_safe
def missing(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """Every member with whether it has signed for the campaign."""
    one, today = _campaign(request, uscc, uuid), clock.today()
    day = min(today, coverage.last_day(one))
    note_read(request, target_type="campaign", target_id=one.pk)
    rows = coverage.with_state(membership.members_of(one.department, day), day, one)
    return answers.download(member_table(rows, one), f"{one.name}-{day}.xlsx")


@desk(*SEES)
@require_safe
@csp_exempt()
def poster(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """A sheet to be put up: what it is about, until when, the code, what one needs."""
    one = _campaign(request, uscc, uuid)
    address = campaigns.address_of(one)
    html = render_to_string(
        "commitments/paper/campaign_poster.html",
        {
            "one": one,
            "association": one.department,
            "address": address,
            "until": coverage.last_day(one),
            "qr": qr_data_uri(address),
            "demonstration": one.is_demo,
        },
    )
    try:
        content = render_pdf(html, identifier=str(one.uuid).encode(), title=one.name)
    except UnprintableText as unprintable:
        messages.error(request, str(unprintable))
        return redirect("associations:campaign", uscc, one.uuid)
    return answers.download(content, f"{one.name}海报.pdf", "application/pdf")


@desk(*SEES)
@require_safe
def code(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """The code alone, for the association's own sheet or chat group."""
    one = _campaign(request, uscc, uuid)
    return answers.download(qr_png(campaigns.address_of(one)), f"{one.name}二维码.png", "image/png")


@desk(*DOES)
@require_POST
def remind(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    one = _campaign(request, uscc, uuid)
    try:
        sent, silent = campaigns.remind(campaign_id=one.pk, actor=request.user, now=clock.now())
    except AssociationError as wrong:
        messages.error(request, str(wrong))
    else:
        more = f"；另有 {silent} 个没有留联系电话，请下载名单自行联系" if silent else ""
        messages.success(request, f"已向 {sent} 个会员发出短信提醒{more}。会员在网上首页也看得到。")
    return redirect("associations:campaign", uscc, one.uuid)


@desk(*DOES)
@require_POST
def end(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    one = _campaign(request, uscc, uuid)
    campaigns.end(campaign_id=one.pk, actor=request.user, now=clock.now())
    messages.success(request, "活动已结束，网址不再能开始签署。")
    return redirect("associations:campaign", uscc, one.uuid)
