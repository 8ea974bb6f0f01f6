"""A member's own pages: where the poster's code leads, its associations, what these have on record of it, its word on it."""

from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from commitments.drafting import DraftError
from commitments.models import Campaign, MemberNote
from credit_portal.audit import clock
from credit_portal.registry.acting import acting_of, for_subjects, log_own_read
from credit_portal.registry.paging import newest_first

from . import campaigns, coverage, notes
from .forms import ReplyForm, bound
from .member_views import shown
from .membership import MEMBERS, AssociationError

NO_CAMPAIGN = "没有这次活动。请重新扫海报上的二维码，或者与协会联系。"


def _campaign(token: str) -> Campaign:
    found = Campaign.objects.select_related("department", "text_version").filter(token=token).first()
    if found is None:
        raise Http404(NO_CAMPAIGN)
    return found


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What the campaign is; whoever is in goes on to read and sign, whoever is not enters first."""
    if request.method == "POST":
        return _begin(request, token)
    one, today, acting = _campaign(token), clock.today(), acting_of(request)
    member = signed = False
    if acting is not None:
        request.acting = acting  # type: ignore[attr-defined]
        member = (
            campaigns.members_of_subject(acting.subject, today).filter(department=one.department).exists()
        )
        signed = member and campaigns.has_signed(one, acting.subject, today)
    standing = campaigns.state_of(one, today)
    response = render(
        request,
        "me/associations/join.html",
        {
            "one": one,
            "standing": standing,
            "words": campaigns.STATES[standing],
            "until": coverage.last_day(one),
            "is_in": acting is not None,
            "may_act": bool(acting and acting.may_act),
            "staff": request.user.is_authenticated,
            "member": member,
            "signed": signed,
        },
    )
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@for_subjects(act=True)
def _begin(request: HttpRequest, token: str) -> HttpResponse:
    one = _campaign(token)
    try:
        draft = campaigns.join(campaign=one, access=request.acting.access, now=clock.now())
    except (AssociationError, DraftError) as wrong:
        messages.error(request, str(wrong))
        return redirect("my_associations:join", token)
    return redirect("me_sign:draft", draft.pk)


@for_subjects()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The subject's associations, and what they have on record of it, the newest first."""
    subject, today = request.acting.subject, clock.today()
    rows = notes.notes_of_subject(subject)
    shown_rows, following = newest_first(rows, request)
    log_own_read(
        request.acting, what="会员信用记录", target_type="member_note_list", target_id=0, now=clock.now()
    )
    return render(
        request,
        "me/associations/home.html",
        {
            "memberships": list(
                MEMBERS.filter(subject=subject).select_related("department").order_by("-pk")[:50]
            ),
            "campaigns": campaigns.waiting_for(subject, today),
            "notes": shown_rows,
            "next": following,
            "may_act": request.acting.may_act,
            "today": today,
        },
    )


def _note(request: HttpRequest, uuid: UUID) -> MemberNote:
    found = notes.notes_of_subject(request.acting.subject).filter(uuid=uuid).first()
    if found is None:
        raise Http404(notes.NOT_YOURS)
    return found


@for_subjects(act=True)
def reply(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The member's word on a note, or its objection."""
    note = _note(request, uuid)
    form = bound(ReplyForm, request)
    if request.method == "POST" and form.is_valid():
        try:
            notes.say(note_uuid=note.uuid, access=request.acting.access, now=clock.now(), **form.cleaned_data)
        except AssociationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, "已提交，协会看得到。")
            return redirect("my_associations:home")
    log_own_read(
        request.acting, what="会员信用记录", target_type="member_note", target_id=note.pk, now=clock.now()
    )
    return render(
        request,
        "me/associations/reply.html",
        {"note": note, "form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


@for_subjects()
@require_safe
@csp_exempt()
def document(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The document that a note rests on."""
    note = _note(request, uuid)
    if note.document is None:
        raise Http404("这一条没有凭据。")
    log_own_read(
        request.acting, what="会员信用记录", target_type="member_note", target_id=note.pk, now=clock.now()
    )
    return shown(note.document, "凭据")
