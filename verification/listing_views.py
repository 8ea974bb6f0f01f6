"""The desk's pages of lists: what runs, opening a procedure, one procedure with its next step."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import check_role, desk
from credit_portal.registry.desk_reading import note_list
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.paging import newest_first
from credit_portal.registry.services import find_subject
from credit_portal.registry.visibility import group_names, has_role

from . import listing, listing_effects, listing_grounds, listing_leaving, listing_opening
from .list_methods import keeping as list_methods
from .listing import ACTS, ListingMoved, ListingRefused
from .listing_forms import FORMS, ArrearsForm, OpenForm, PersonForm
from .listing_grounds import Ground
from .models import Listing, ListingStatementFile
from .own_listings import showing
from .services import log_record_read

PER_PAGE = 50
SEES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR)
DOES = (groups.OFFICER, groups.HEAD)
TABS = {"running": "办理中", "in_force": "已列入", "ended": "已结束"}
_IN_TAB = {
    "running": listing.RUNNING,
    "in_force": (Listing.State.IN_FORCE,),
    "ended": (Listing.State.REFUSED, Listing.State.EXITED, Listing.State.REVOKED),
}
SERVICES: dict[str, Any] = {
    "notice": listing.give_notice,
    "statement": listing.record_statement,
    "propose": listing.propose,
    "decide": listing.decide,
    "return": listing.send_back,
    "serve": listing.serve,
    "withdraw": listing.withdraw,
    "refuse": listing.refuse,
    "leaving": listing_leaving.propose_leaving,
    "exit": listing_leaving.leave,
    "staying": listing_leaving.refuse_leaving,
    "revoke": listing.revoke,
    "publish": listing.publish,
}


@desk(*SEES)
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """The procedures of the user's reach, the newest first."""
    tab = request.GET.get("state", "running")
    tab = tab if tab in TABS else "running"
    rows = listing.listings_visible_to(request.user).select_related("subject", "department", "firm")
    rows = rows.filter(state__in=_IN_TAB[tab])
    shown, following = newest_first(rows, request, size=PER_PAGE)
    note_list(request, what="名单办理列表", target_type="listing_list")
    return render(
        request,
        "desk/lists/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "rows": shown,
            "may_open": has_role(request.user, *DOES),
            "arrears": listing.arrears_pursued(request.user, on=clock.today()),
            "next": following,
        },
    )


def _sought(request: HttpRequest) -> tuple[str, CreditSubject | None, str]:
    """The code asked for, its subject, and what is wrong."""
    code = codes.clean(request.POST.get("code", request.GET.get("code", "")).replace("\0", ""))[:40]
    if not code:
        return "", None, ""
    try:
        subject = find_subject(codes.check_uscc(code))
    except codes.CodeError as error:
        return code, None, str(error)
    if subject is None:
        return code, None, "没有这个代码的主体。"
    return code, subject, ""


@desk(*DOES)
def new(request: HttpRequest) -> HttpResponse:
    """Open a procedure: first the code, then what it stands on."""
    code, subject, wrong = _sought(request)
    typed = None
    if subject is not None:
        log_record_read(
            user=request.user, target_type="subject", target_id=subject.pk, subject_id=subject.pk,
            purpose=ReadLog.Purpose.HANDLING, now=clock.now(),
        )  # fmt: skip
        bound = request.POST if request.method == "POST" else None
        methods = list_methods.in_force(lineage=request.user.department.region.lineage, on=clock.today())
        names = list(dict.fromkeys(methods.values_list("list_name", flat=True)))
        typed = OpenForm(bound, subject=subject, names=names)
        if bound is not None and typed.is_valid():
            data = typed.cleaned_data
            try:
                row = listing_opening.open_listing(
                    subject=subject,
                    kind=data["kind"],
                    list_name=data["list_name"],
                    basis=data["basis"],
                    standard=data["standard"],
                    facts=data["facts"],
                    grounds=[entry.pk for entry in data["grounds"]],
                    measures=typed.measures(),
                    actor=request.user,
                    now=clock.now(),
                )
            except ListingRefused as error:
                _put(typed, error)
            else:
                messages.success(request, f"已立案，编号 {row.number}。")
                return redirect("lists:listing", row.uuid)
    return _new_page(request, "列入名单", code, subject, wrong, typed)


@desk(*DOES)
@sensitive_post_parameters("id_number")
def arrears(request: HttpRequest) -> HttpResponse:
    """Pursue who is responsible for a state firm's arrears: first the firm's code."""
    code, subject, wrong = _sought(request)
    typed = None
    if subject is not None:
        bound = request.POST if request.method == "POST" else None
        typed = ArrearsForm(bound, firm=subject)
        if bound is not None and typed.is_valid():
            data = typed.cleaned_data
            try:
                row = listing_opening.open_arrears(
                    firm=subject,
                    responsible_id=data["responsible"],
                    basis=data["basis"],
                    facts=data["facts"],
                    id_number=data["id_number"],
                    measures=typed.measures(),
                    actor=request.user,
                    now=clock.now(),
                )
            except ListingRefused as error:
                _put(typed, error)
            else:
                messages.success(request, f"已立案，编号 {row.number}。")
                return redirect("lists:listing", row.uuid)
    return _new_page(request, "国有企业拖欠账款责任追究", code, subject, wrong, typed)


def _new_page(
    request: HttpRequest,
    title: str,
    code: str,
    subject: CreditSubject | None,
    wrong: str,
    typed: forms.Form | None,
) -> HttpResponse:
    failed = bool(wrong) or (typed is not None and typed.is_bound and bool(typed.errors))
    return render(
        request,
        "desk/lists/new.html",
        {"title": title, "code": code, "subject": subject, "wrong": wrong, "form": typed},
        status=422 if failed else 200,
    )


def _put(typed: forms.Form, error: ListingRefused) -> None:
    typed.add_error(error.field if error.field in typed.fields else None, str(error))


# ---- one procedure -----------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> Listing:
    found = (
        listing.listings_visible_to(request.user)
        .select_related(
            "subject", "department", "region", "parent", "firm", "responsible", "proposed_by", "decided_by",
            "ended_by", "public_proposed_by", "public_second", "method",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404("没有这件列入，或者它不在您的管理范围内。")
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _visible(request, uuid), {})


def _page(
    request: HttpRequest, found: Listing, bound: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="名单办理",
        target_type="listing",
        target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    own = found.department_id == request.user.department_id and has_role(request.user, *DOES)
    acts = listing.acts_open(found, group_names(request.user)) if own else []
    today = clock.today()
    start: dict[str, Any] = {"noticed_on": today, "received_on": today, "served_on": today}
    if found.parent is not None:
        start |= {"noticed_until": found.parent.term_until, "term_until": found.parent.term_until}
    if found.noticed_until is not None:
        start["term_until"] = found.noticed_until
    if found.proposed_by_id == request.user.pk:
        # One's own proposal is approved or returned by another.
        acts = [act for act in acts if act not in ("decide", "return")]
    if found.leave_by_id == request.user.pk:
        acts = [act for act in acts if act not in ("exit", "staying")]
    steps = [
        {
            "act": act,
            "label": ACTS[act].label,
            "form": bound.get(act) or FORMS[act](initial=start, auto_id=f"{act}_%s"),
            "open": act in bound or place == 0,
        }
        for place, act in enumerate(acts)
    ]
    grounds = listing_grounds.shown(found, today)
    opens_person = own and found.kind == Listing.Kind.JOINT and found.state == Listing.State.IN_FORCE
    return render(
        request,
        "desk/lists/listing.html",
        {
            "listing": found,
            "code": found.subject.shown_code,
            "grounds": grounds,
            "unfounded": _unfounded(found, grounds),
            "sent": showing.sent_of(found),
            **listing_effects.shown(found, today),
            "steps": steps,
            "course": list(found.steps.select_related("actor", "document").order_by("id")),
            "persons": list(found.persons.select_related("subject", "responsible")),
            "person": (bound.get("person") or PersonForm(firm=found.subject, auto_id="person_%s"))
            if opens_person
            else None,
            "today": today,
        },
        status=status,
    )


def _unfounded(found: Listing, grounds: list[Ground]) -> bool:
    """Whether the page says that nothing carries it any more. Whoever is on the list already stays there when the days of a ground
    are over: its own term runs."""
    if not grounds:
        return False
    if found.state == Listing.State.IN_FORCE:
        return all(one.taken_out for one in grounds)
    return found.state in listing.RUNNING and all(one.gone for one in grounds)


@desk(*DOES)
@require_POST
@sensitive_post_parameters("id_number")
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Take a step. What is wrong comes back with the page; who was slower is told."""
    found = _visible(request, uuid)
    if deed == "person":
        return _open_person(request, found)
    if deed not in FORMS:
        raise Http404("没有这个步骤。")
    check_role(request, ACTS[deed].roles)
    typed = FORMS[deed](request.POST, auto_id=f"{deed}_%s")
    if typed.is_valid():
        try:
            SERVICES[deed](
                listing_id=found.pk,
                expect=request.POST.get("expect", ""),
                actor=request.user,
                now=clock.now(),
                **typed.cleaned_data,
            )
        except ListingMoved as error:
            messages.error(request, str(error))
            return redirect("lists:listing", found.uuid)
        except ListingRefused as error:
            _put(typed, error)
        else:
            messages.success(request, f"{ACTS[deed].label}：已登记。")
            return redirect("lists:listing", found.uuid)
    return _page(request, _visible(request, uuid), {deed: typed}, status=422)


def _open_person(request: HttpRequest, found: Listing) -> HttpResponse:
    typed = PersonForm(request.POST, firm=found.subject, auto_id="person_%s")
    if typed.is_valid():
        try:
            row = listing_opening.open_person(
                parent_id=found.pk,
                responsible_id=typed.cleaned_data["responsible"],
                id_number=typed.cleaned_data["id_number"],
                facts=typed.cleaned_data["facts"],
                measures=typed.measures(),
                actor=request.user,
                now=clock.now(),
            )
        except ListingRefused as error:
            _put(typed, error)
        else:
            messages.success(request, f"已对责任人员立案，编号 {row.number}。")
            return redirect("lists:listing", row.uuid)
    return _page(request, found, {"person": typed}, status=422)


@desk(*SEES)
@require_safe
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    """A paper of the procedure; the reading is logged."""
    found = _visible(request, uuid)
    file = EvidenceFile.objects.filter(
        Q(pk__in=found.steps.filter(document__isnull=False).values("document"))
        | Q(pk__in=ListingStatementFile.objects.filter(statement__listing=found).values("file")),
        uuid=evidence,
    ).first()
    if file is None:
        raise Http404("这件列入没有这份文书。")
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        messages.error(request, str(error))
        return redirect("lists:listing", found.uuid)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="名单文书",
        target_type="evidence",
        target_id=file.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return answers.shown(content, file.original_name or "文书", file.content_type)
