"""The desk's pages of consequences: what runs, everything of one case, and the bureau's page of a handed-over licence."""

from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from commitments import breaches, case_rules, hooks
from commitments.case_rules import CaseError, CaseMoved
from commitments.models import BreachCase, Interview, Letter, Rectification, RevocationHandoff
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_evidence
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.desk_reading import note_list
from credit_portal.registry.models import User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import forms, handing_over, interviewing, letters, rectifying

PER_PAGE = 50
NO_CASE = "没有这件违诺认定，或者它不在您的管理范围内。"
NO_HANDOFF = "没有这件移交，或者它与本部门无关。"


# ---- what runs ---------------------------------------------------------------------------------------------


TABS = {"running": "办理中", "served": "已送达，还没有办理", "done": "已办结"}
_RUNNING = {
    Rectification: ("running", "reported"),
    Interview: ("invited",),
    Letter: ("written", "sent"),
    RevocationHandoff: ("sent", "acknowledged", "review"),
}


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What is under way, of the own department or of the own region and below; for the bureau what it was handed. What is
    over, and the served cases with which nothing has been done, are a tab away."""
    tab = request.GET.get("state", "running")
    if tab not in TABS:
        tab = "running"
    shown = {"running": _running, "served": _served, "done": _done}[tab](request)
    note_list(request, what="违约后果列表", target_type="consequence_list")
    return render(
        request,
        "desk/consequences/home.html",
        shown
        | {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "today": clock.today(),
            "determines": has_role(request.user, *case_rules.DOES),
        },
    )


def _of(model: Any, user: User) -> QuerySet[Any]:
    """The rows of a kind that somebody may see, with what a line shows."""
    rows = (
        handing_over.handoffs_visible_to(user).select_related("bureau", "department")
        if model is RevocationHandoff
        else limit_to_visible(model.objects.all(), user)
    )
    return rows.select_related("case__commitment")


def _running(request: HttpRequest) -> dict[str, Any]:
    user = request.user

    def under_way(model: Any, *order: str) -> list[Any]:
        return list(_of(model, user).filter(state__in=_RUNNING[model]).order_by(*order)[:PER_PAGE])

    failed = _of(Rectification, user).filter(state="failed", interviews__isnull=True)
    return {
        "rectifications": under_way(Rectification, "due_on", "pk"),
        "interviews": under_way(Interview, "scheduled_at"),
        "letters": under_way(Letter, "pk"),
        "handoffs": under_way(RevocationHandoff, "pk"),
        "to_interview": list(failed.order_by("judged_on", "pk")[:PER_PAGE]),
    }


def _done(request: HttpRequest) -> dict[str, Any]:
    """The newest of each kind."""

    def over(model: Any) -> list[Any]:
        return list(_of(model, request.user).exclude(state__in=_RUNNING[model]).order_by("-pk")[:PER_PAGE])

    return {
        "rectifications": over(Rectification),
        "interviews": over(Interview),
        "letters": over(Letter),
        "handoffs": over(RevocationHandoff),
    }


def _served(request: HttpRequest) -> dict[str, Any]:
    rows = (
        breaches.cases_visible_to(request.user)
        .filter(
            state=BreachCase.State.SERVED,
            rectifications__isnull=True,
            interviews__isnull=True,
            handoffs__isnull=True,
            letters__isnull=True,
        )
        .select_related("commitment", "department")
    )
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return {"cases": shown, "next": following}


# ---- one case ----------------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> BreachCase:
    found = (
        breaches.cases_visible_to(request.user)
        .select_related("commitment", "subject", "department", "region")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_CASE)
    return found


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def case(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _visible(request, uuid), {})


def _page(
    request: HttpRequest, found: BreachCase, bound: dict[str, django_forms.Form], *, status: int = 200
) -> HttpResponse:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="违诺后果",
        target_type="breach_case",
        target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    may = (
        found.department_id == request.user.department_id
        and has_role(request.user, *case_rules.DOES)
        and found.state == BreachCase.State.SERVED
    )
    rectifications = list(found.rectifications.select_related("document", "ordered_by", "judged_by"))
    interviews = list(
        found.interviews.select_related("invitation", "minutes_document", "signed_copy", "recorded_by")
    )
    running = next((row for row in rectifications if row.state in ("running", "reported")), None)
    last = rectifications[0] if rectifications else None
    pending = next((row for row in interviews if row.state == "invited"), None)
    roles = letters.roles_of(found)
    shown: dict[str, Any] = {
        "case": found,
        "may": may,
        "rectifications": rectifications,
        "interviews": interviews,
        "handoffs": list(found.handoffs.select_related("bureau", "document")),
        "letters": [
            (row, _letter_form(row, bound, may))
            for row in found.letters.select_related("document", "withdraws").order_by("pk")
        ],
        "missing": [role.label for role in letters.missing(found)],
        "roles": roles,
        "licence": handing_over.to_revoke(found),
        "duties": [
            duty
            for row in rectifications
            for duty in duties.duties_of(rectifying.matter_of(row))
            if duty.state == "open"
        ],
    }
    if may:
        today = clock.today()
        if running is None and pending is None:
            shown["order"] = bound.get("order") or forms.OrderForm(auto_id="order_%s")
        if running is not None:
            if running.state == "running":
                shown["report"] = bound.get("report") or forms.ReportForm(
                    initial={"reported_on": today}, auto_id="report_%s"
                )
            shown["judge"] = bound.get("judge") or forms.JudgeForm(auto_id="judge_%s")
            shown["running"] = running
        if pending is None and (last is None or last.state == "failed"):
            shown["invite"] = bound.get("invite") or forms.InviteForm(
                initial=forms.initial_invitation(found, last), auto_id="invite_%s"
            )
        if pending is not None:
            shown["record"] = bound.get("record") or forms.RecordForm(
                initial={"held_on": today, "attendees": pending.invited}, auto_id="record_%s"
            )
            shown["cancel"] = bound.get("cancel") or forms.CancelForm(auto_id="cancel_%s")
            shown["pending"] = pending
        shown["hand_over"] = bound.get("hand_over") or forms.HandOverForm(
            licences=hooks.licences_of(found.subject_id), auto_id="hand_%s"
        )
        if roles:
            shown["write"] = bound.get("write") or forms.LetterForm(
                case=found, initial=forms.initial_letter(found), auto_id="write_%s"
            )
    return render(request, "desk/consequences/case.html", shown, status=status)


def _letter_form(row: Letter, bound: dict[str, django_forms.Form], may: bool) -> dict[str, Any] | None:
    kinds: dict[str, tuple[type[django_forms.Form], str, str]] = {
        "written": (forms.SendForm, "send", "登记发出"),
        "sent": (forms.ReceiveForm, "receive", "登记回执"),
    }
    # A correction of a revoked case's letter still has to go out.
    if row.state not in kinds or not (may or row.withdraws_id):
        return None
    form, act, label = kinds[row.state]
    key = f"{act}-{row.pk}"
    day = "sent_on" if act == "send" else "received_on"
    return {
        "act": act,
        "label": label,
        "form": bound.get(key) or form(initial={day: clock.today()}, auto_id=f"{key}_%s"),
    }


ACTS: dict[str, type[django_forms.Form]] = {
    "order": forms.OrderForm,
    "report": forms.ReportForm,
    "judge": forms.JudgeForm,
    "invite": forms.InviteForm,
    "record": forms.RecordForm,
    "cancel": forms.CancelForm,
    "hand_over": forms.HandOverForm,
    "write": forms.LetterForm,
    "send": forms.SendForm,
    "receive": forms.ReceiveForm,
}


@desk(groups.OFFICER, groups.HEAD)
@require_POST
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Do one thing. What is wrong comes back with the page, nothing typed is lost; who was slower is told."""
    if deed not in ACTS:
        raise Http404("没有这个步骤。")
    found = _visible(request, uuid)
    row = request.POST.get("row", "")
    row_id = int(row) if row.isascii() and row.isdigit() and len(row) < 19 else 0
    key = f"{deed}-{row_id}" if deed in ("send", "receive") else deed
    more: dict[str, Any] = {"case": found} if deed == "write" else {}
    typed = ACTS[deed](request.POST, request.FILES, auto_id=f"{key}_%s", **more)
    if typed.is_valid():
        try:
            with transaction.atomic():
                done = _do(request, found, deed, row_id, dict(typed.cleaned_data))
        except CaseMoved as error:
            messages.error(request, str(error))
            return redirect("consequences:case", found.uuid)
        except EvidenceRefused as error:
            typed.add_error("proof", str(error))
        except CaseError as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            messages.success(request, f"已办理，编号 {done.number}。")
            return redirect("consequences:case", found.uuid)
    return _page(request, _visible(request, uuid), {key: typed}, status=422)


def _do(request: HttpRequest, found: BreachCase, deed: str, row_id: int, data: dict[str, Any]) -> Any:
    who = {"actor": request.user, "now": clock.now()}
    if deed in ("order", "invite", "hand_over", "write"):
        services = {
            "order": rectifying.order,
            "invite": interviewing.invite,
            "hand_over": handing_over.hand_over,
            "write": letters.write,
        }
        return services[deed](case_id=found.pk, **data, **who)  # type: ignore[operator]
    rows = {
        "report": found.rectifications,
        "judge": found.rectifications,
        "record": found.interviews,
        "cancel": found.interviews,
        "send": found.letters,
        "receive": found.letters,
    }
    if not rows[deed].filter(pk=row_id).exists():
        raise Http404("没有这一项。")
    if deed == "record":
        data["signed_copy"] = _proof(request, data.pop("proof"))
    steps = {
        "report": rectifying.record_report,
        "judge": rectifying.judge,
        "record": interviewing.record,
        "cancel": interviewing.cancel_by_hand,
        "send": letters.send,
        "receive": letters.receive,
    }
    return steps[deed](row_id=row_id, expect=request.POST.get("expect", ""), **data, **who)  # type: ignore[operator]


def _proof(request: HttpRequest, upload: Any) -> EvidenceFile | None:
    if not upload:
        return None
    return store_evidence(
        content=upload.read(),
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type=upload.content_type or "",
        original_name=upload.name or "",
        actor=request.user,
        department=request.user.department,
        now=clock.now(),
    )


# ---- a licence handed over ---------------------------------------------------------------------------------


def _handoff(request: HttpRequest, uuid: UUID) -> RevocationHandoff:
    found = (
        handing_over.handoffs_visible_to(request.user)
        .select_related(
            "case__commitment", "case__subject", "bureau", "department", "document", "sent_by", "acknowledged_by",
            "decided_by",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404(NO_HANDOFF)
    return found


@desk(*AT_THE_DESK, groups.AUDITOR, sends=handing_over.DECIDES)
def handoff(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was handed over and why; the bureau acknowledges and decides here."""
    found = _handoff(request, uuid)
    decides = found.bureau_id == request.user.department_id and has_role(request.user, *handing_over.DECIDES)
    typed = forms.DecideForm(
        request.POST if request.method == "POST" and "revoked" in request.POST else None,
        initial={"decided_on": clock.today()},
    )
    error = ""
    if request.method == "POST":
        who = {
            "row_id": found.pk,
            "expect": request.POST.get("expect", ""),
            "actor": request.user,
            "now": clock.now(),
        }
        try:
            if request.POST.get("deed") == "acknowledge":
                handing_over.acknowledge(**who)
                messages.success(request, "已签收。")
                return redirect("consequences:handoff", found.uuid)
            if typed.is_valid():
                handing_over.decide(**who, **typed.cleaned_data)
                messages.success(request, "决定已登记，移交部门已得到通知。")
                return redirect("consequences:handoff", found.uuid)
        except CaseError as refused:
            if typed.is_bound and refused.field in typed.fields:
                typed.add_error(refused.field, str(refused))
            else:
                error = str(refused)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="移交撤销许可",
        target_type="handoff",
        target_id=found.pk,
        subject_id=found.case.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return render(
        request,
        "desk/consequences/handoff.html",
        {
            "handoff": found,
            "case": found.case,
            "clauses": list(found.case.clauses.order_by("clause_no")),
            "decides": decides,
            "form": typed,
            "error": error,
            "own_case": breaches.cases_visible_to(request.user).filter(pk=found.case_id).exists(),
            "duties": duties.duties_of(handing_over.matter_of(found)),
            "published": found.licence_no in dict(hooks.licences_of(found.case.subject_id)),
        },
        status=422 if error or (typed.is_bound and typed.errors) else 200,
    )


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def paper(request: HttpRequest, evidence: UUID) -> HttpResponse:
    """A paper of a consequence that the user may see; the reading is logged."""
    user = request.user
    own = Q(
        pk__in=limit_to_visible(Rectification.objects.all(), user).values("document")
    ) | Q(pk__in=handing_over.handoffs_visible_to(user).values("document")) | Q(
        pk__in=limit_to_visible(Letter.objects.all(), user).values("document")
    )  # fmt: skip
    for column in ("invitation", "minutes_document", "signed_copy"):
        own |= Q(
            pk__in=limit_to_visible(Interview.objects.filter(**{f"{column}__isnull": False}), user).values(
                column
            )
        )
    file = EvidenceFile.objects.filter(own, uuid=evidence).first()
    if file is None:
        raise Http404("没有这份文书，或者它不在您的管理范围内。")
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        messages.error(request, str(error))
        return redirect(reverse("consequences:home"))
    log_read(
        now=clock.now(),
        actor_id=user.pk,
        what="违诺后果文书",
        target_type="evidence",
        target_id=file.pk,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return answers.shown(content, file.original_name or "文书", file.content_type)
