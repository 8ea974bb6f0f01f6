"""The record of one subject by day: for staff, as far as each may see, and for the subject itself."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry import groups
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.admin_reading import purpose_of
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import CreditSubject, User
from credit_portal.registry.timeline import SEEN, Look
from credit_portal.registry.visibility import has_role
from verification import knowing
from verification.models import CreditEntry
from verification.services import log_record_read
from verification.timeline import entries_of, public_on
from verification.two_axes import HOLDS_LABELS, holds

from . import gathering
from .forms import PURPOSES, AskForm, FindForm

SEES = (*AT_THE_DESK, groups.AUDITOR)
NOBODY = "没有这个主体，或者它没有在您管理范围内的记录。"
NO_ENTRY = "没有这条记录，或者它不在您的管理范围内。"
BAD_EDGE = "翻页标记无效，请从第一页看起。"
MOST_STANDING = 100


@desk(*SEES)
@sensitive_post_parameters("code")
def find(request: HttpRequest) -> HttpResponse:
    """By the unified code, and for a purpose."""
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.subject is not None:
        return redirect(
            f"{reverse('record:record', args=[form.subject.uuid])}?for={form.cleaned_data['purpose']}"
        )
    return render(
        request, "desk/record/find.html", {"form": form}, status=422 if request.method == "POST" else 200
    )


def _purpose(request: HttpRequest, user: User) -> str:
    given = request.GET.get("for", "")
    if has_role(user, groups.AUDITOR) or given not in dict(PURPOSES):
        return purpose_of(user)
    return given


@desk(*SEES)
@require_safe
def record(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Everything of a subject that this member of staff may see, by day."""
    subject = CreditSubject.objects.select_related("region").filter(uuid=uuid).first()
    if subject is None:
        raise Http404(NOBODY)
    look = Look(subject, request.user, clock.today())
    choice = gathering.choices(look)
    if not _may_open(look, choice):
        raise Http404(NOBODY)
    log_record_read(
        user=request.user, target_type="subject", target_id=subject.pk, subject_id=subject.pk,
        purpose=_purpose(request, request.user), now=clock.now(),
    )  # fmt: skip
    return _page(
        request,
        look,
        choice,
        "desk/record/record.html",
        {"subject": subject, "narrow": not has_role(request.user, *groups.REGIONAL)},
    )


def _may_open(look: Look, choice: gathering.Choice) -> bool:
    """Who a person is, is told to nobody whose business it is not; a firm stands in public registers."""
    if any(kind != "identity" for kind, _ in choice.kinds) or look.subject.kind != CreditSubject.Kind.PERSON:
        return True
    user = look.user
    if user is None or user.department is None or not has_role(user, *groups.REGIONAL):
        return user is None
    path = user.department.region.path
    return look.subject.region.path == path or look.subject.region.path.startswith(f"{path}/")


@for_subjects()
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The same for the subject itself."""
    subject = request.acting.subject
    look = Look(subject, None, clock.today())
    log_own_read(request.acting, what="信用记录", target_type="own_record", target_id=0, now=clock.now())
    return _page(request, look, gathering.choices(look), "me/timeline.html", {"subject": subject})


def _page(
    request: HttpRequest, look: Look, choice: gathering.Choice, template: str, more: dict[str, Any]
) -> HttpResponse:
    asked_for = {name: request.GET.get(name, "") for name in ("kind", "by", "year", "on", "known")}
    form = AskForm(asked_for, choice=choice, today=look.today)
    good = form.is_valid()
    asked = form.asked(request.GET.get("after", ""))
    try:
        found = gathering.find(look, asked)
    except gathering.BadEdge as error:
        raise BadRequest(BAD_EDGE) from error
    on, known_on = asked.valid_on or look.today, asked.known_on or look.today
    standing = knowing.in_force(entries_of(look), valid_on=on, known_on=known_on)
    query = request.GET.copy()
    query.pop("after", None)
    kept = query.urlencode()
    query["after"] = found.after
    return render(
        request,
        template,
        more
        | {
            "form": form,
            "lines": found.lines,
            "next": f"?{query.urlencode()}" if found.after else "",
            "further": bool(asked.after),
            "first": f"?{kept}" if kept else "?",
            "standing": standing[:MOST_STANDING],
            "standing_more": max(len(standing) - MOST_STANDING, 0),
            "on": on,
            "known_on": known_on,
            "today": look.today,
            "asked": asked,
            "narrowed": any(asked_for.values()),
            "entry_page": "my_record:entry" if look.own else "record:entry",
            "purpose": request.GET.get("for", "") if request.GET.get("for", "") in dict(PURPOSES) else "",
        },
        status=200 if good else 422,
    )


# ---- one entry, on both axes -------------------------------------------------------------------------------


@desk(*SEES)
@require_safe
def entry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Everything that one entry has ever said, and since when it was known."""
    subject = CreditSubject.objects.filter(entries__uuid=uuid).first()
    if subject is None:
        raise Http404(NO_ENTRY)
    look = Look(subject, request.user, clock.today())
    row = _entry(look, uuid)
    log_record_read(
        user=request.user, target_type="entry", target_id=row.pk, subject_id=subject.pk,
        purpose=_purpose(request, request.user), now=clock.now(),
    )  # fmt: skip
    return render(request, "desk/record/entry.html", _versions(look, row))


@for_subjects()
@require_safe
def own_entry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The same for the subject itself."""
    look = Look(request.acting.subject, None, clock.today())
    row = _entry(look, uuid)
    log_own_read(request.acting, what="信用记录", target_type="own_record", target_id=row.pk, now=clock.now())
    return render(request, "me/record_entry.html", _versions(look, row))


def _entry(look: Look, uuid: UUID) -> CreditEntry:
    rows = (
        entries_of(look)
        .select_related("subject", "corrects", "corrected_by", "credit_list")
        .annotate(seen=public_on(look.today))
    )
    found: CreditEntry = get_object_or_404(rows, uuid=uuid)
    return found


def _versions(look: Look, row: CreditEntry) -> dict[str, Any]:
    said = [
        one
        for one in knowing.versions_of(row)
        if not look.own or one.kind != "breach" or one.served_on is not None
    ]
    return {
        "entry": row,
        "subject": row.subject,
        "versions": [
            {"said": one, "holds": HOLDS_LABELS[holds(knowing.version(one), look.today)]}
            for one in reversed(said)
        ],
        "seen": SEEN[row.seen],  # type: ignore[attr-defined]
        "corrects": row.corrects,
        "corrected_by": getattr(row, "corrected_by", None),
        "today": look.today,
    }
