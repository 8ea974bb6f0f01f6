"""Applications at the desk: what waits for whom, one application as a record, and one form a step. The services decide."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from commitments.case_rules import CaseError
from commitments.concluding import Upload
from commitments.forms import uploaded
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.deadlines.models import Duty
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import AT_THE_DESK, check_role, desk
from credit_portal.registry.finding import address_of, looked_up, person_of, subjects_matching
from credit_portal.registry.models import User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to, group_names, has_role
from repair import applying, deciding, rules, showing
from repair.models import RepairApplication
from repair.rules import ACTS, NotEligible, RepairError, RepairMoved
from repair.waiting import signs_waiting_for, waiting_for, with_others

from . import forms as shapes

PER_PAGE = 50
State = RepairApplication.State
TABS = {"mine": "待我办理", "others": "等候他人", "done": "已办结"}
FORMS: dict[str, type[forms.Form]] = {
    "accept": shapes.NothingForm,
    "ask": shapes.AskForm,
    "complete": shapes.CompleteForm,
    "propose": shapes.ProposalForm,
    "grant": shapes.NothingForm,
    "refuse": shapes.NothingForm,
    "return": shapes.ReasonForm,
    "confirm": shapes.NothingForm,
    "defect": shapes.DefectForm,
    "withdraw": shapes.NothingForm,
}
NEXT = {
    State.APPLIED: "accept",
    State.ACCEPTED: "propose",
    State.PROPOSED: "decide",
    State.DECIDED: "confirm",
}
# What a step brings, said before the button is pressed.
BEFORE = {
    "accept": "材料齐全的，直接受理；受理以后不再要求补正。",
    "grant": "批准以后签发《信用修复决定书》，送信用办确认；确认以后才停止公示。",
    "refuse": "批准以后签发《不予信用修复决定书》，写明怎样继续办理和救济途径。",
    "confirm": "确认以后立即停止公示，记录写明已修复，重点审查和惩戒措施同时终止，并通知上级平台。这一步不能撤回。",
    "withdraw": "申请人要求撤回时代为登记。撤回以后可以再次申请。",
}
NO_APPLICATION = "没有这件修复申请，或者它不在您的管理范围内。"
WITHDRAW = "代申请人撤回"


@desk()
def applications(request: HttpRequest) -> HttpResponse:
    """Applications of the user's reach: those that wait for this user, for others, and those that are over. A search is a
    POST: a person's number never stands in an address."""
    if request.method == "POST":
        return redirect(f"{request.path}?{address_of(request.POST, today=clock.today())}")
    tab = request.GET.get("tab", "mine")
    tab = tab if tab in TABS else "mine"
    # A draft that was given up has no number and is nobody's business any more.
    visible = applying.applications_visible_to(request.user).filter(number__isnull=False)
    sought = request.GET.get("q", "").replace("\0", "").strip()[:60]
    person = person_of(request.GET)
    if person is not None:
        rows = visible.filter(subject__uuid=person)
    elif sought:
        rows = _matching(visible, sought)
    else:
        rows = _in_tab(visible, tab, request.user)
    state, department = request.GET.get("state", ""), request.GET.get("department", "")
    if state in State.values:
        rows = rows.filter(state=state)
    offices = (
        list(departments_visible_to(request.user)) if has_role(request.user, groups.CREDIT_OFFICE) else []
    )
    if any(str(office.pk) == department for office in offices):
        rows = rows.filter(department_id=int(department))
    due = Duty.objects.filter(
        matter_type=applying.MATTER, matter_id=OuterRef("pk"), state=Duty.State.OPEN
    ).order_by("due_on")
    shown, following = newest_first(
        rows.select_related("subject", "entry", "department").annotate(
            due_on=Subquery(due.values("due_on")[:1])
        ),
        request,
        size=PER_PAGE,
    )
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="信用修复申请列表", target_type="repair_application_list",
        target_id=0, subject_id=looked_up(sought, shown, today=clock.today(), person=person),
        purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return render(
        request,
        "repair/desk/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "lines": shown,
            "sought": sought,
            "looked_for": bool(sought or person),
            "states": [(code, label) for code, label in State.choices if code != State.DRAFT],
            "state": state,
            "departments": offices,
            "department": department,
            "today": clock.today(),
            "signs": signs_waiting_for(request.user).count(),
            "drafts": _drafts(request.user) if tab == "mine" and not sought and person is None else [],
            "may_begin": has_role(request.user, *rules.DOES),
            "next": following,
        },
    )


def _in_tab(visible: QuerySet[RepairApplication], tab: str, user: User) -> QuerySet[RepairApplication]:
    match tab:
        case "others":
            return with_others(visible, user)
        case "done":
            return visible.exclude(state__in=rules.OPEN)
    return waiting_for(user)


def _matching(rows: QuerySet[RepairApplication], sought: str) -> QuerySet[RepairApplication]:
    cleaned = codes.clean(sought)
    by_number = rows.filter(Q(number=cleaned) | Q(entry__document_no=sought) | Q(pledge__code=cleaned))
    if by_number.exists():
        return by_number
    return rows.filter(subject__in=subjects_matching(sought, today=clock.today()).values("pk"))


def _drafts(user: User) -> list[RepairApplication]:
    """What the department has begun for a subject and not handed in."""
    if not has_role(user, *rules.DOES):
        return []
    return list(
        RepairApplication.objects.filter(
            state=State.DRAFT, channel=RepairApplication.Channel.DEPARTMENT, taken_in=user.department_id
        )
        .select_related("subject", "entry")
        .order_by("-saved_at")[:10]
    )


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def application(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One application as a record, with the one step that comes next."""
    return _page(request, _visible(request, uuid), bound={})


def _acts(found: RepairApplication, user: User) -> list[str]:
    """What this user may do now, in the order of the procedure."""
    own = found.department_id == user.department_id
    office = found.office_id is not None and found.office_id == user.department_id
    acts = [
        act
        for act in rules.acts_open(state=found.state, roles=group_names(user))
        if (office if ACTS[act].roles == rules.CONFIRMS else own)
    ]
    if found.state == State.PROPOSED:
        granted = found.outcome == RepairApplication.Outcome.GRANTED
        acts = [act for act in acts if act != ("refuse" if granted else "grant")]
        if found.proposed_by_id == user.pk:
            # One's own proposal is approved or returned by another.
            acts = []
    if own and found.state in rules.MAY_WITHDRAW and has_role(user, *rules.DOES):
        acts.append("withdraw")
    return acts


def _page(
    request: HttpRequest, found: RepairApplication, *, bound: dict[str, forms.Form], status: int = 200
) -> HttpResponse:
    now, today = clock.now(), clock.today()
    user = request.user
    acts = _acts(found, user)
    following = NEXT.get(State(found.state))
    if following == "decide":
        following = "grant" if found.outcome == RepairApplication.Outcome.GRANTED else "refuse"
    if following not in acts:
        following = None
    own = user.department_id in (found.department_id, found.office_id, found.taken_in_id)
    log_read(
        now=now, actor_id=user.pk, what="信用修复申请", target_type="repair_application", target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING if own else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    return render(
        request,
        "repair/desk/application.html",
        showing.about(found, today=today)
        | {
            "following": _step_form(following, found, bound) if following else None,
            "others": [_step_form(act, found, bound) for act in acts if act != following],
            "second_needed": found.state == State.PROPOSED and not {"grant", "refuse"} & set(acts),
            "duties": duties.duties_of(applying.matter_of(found)),
            "space": "repair",
        },
        status=status,
    )


def _form(act: str, found: RepairApplication, *args: Any) -> forms.Form:
    if act == "complete":
        return shapes.CompleteForm(*args, methods=_methods(found), auto_id="complete_%s")
    return FORMS[act](*args, auto_id=f"{act}_%s")


def _methods(found: RepairApplication) -> list[str]:
    """The ways for which something can be brought: those chosen, first."""
    brings = [code for code, text in applying.way_back.BRING.items() if text]
    return [code for code in found.methods if code in brings] + [
        code for code in brings if code not in found.methods
    ]


def _step_form(act: str, found: RepairApplication, bound: dict[str, forms.Form]) -> dict[str, Any]:
    form = bound.get(act) or _form(act, found)
    return {
        "act": act,
        "label": WITHDRAW if act == "withdraw" else ACTS[act].label,
        "form": form,
        "before": BEFORE.get(act, ""),
        "url": reverse("repair:step", args=[found.uuid, act]),
        "multipart": form.is_multipart(),
        "open": act in bound,
    }


@desk(groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
@require_POST
def step(request: HttpRequest, uuid: UUID, act: str) -> HttpResponse:
    """Take a step. What is wrong comes back with the page, nothing typed is lost; who was slower is told."""
    if act not in FORMS:
        raise Http404("没有这个步骤。")
    check_role(request, ACTS[act].roles if act in ACTS else rules.DOES)
    found = _visible(request, uuid)
    form = _form(act, found, request.POST, request.FILES)
    if form.is_valid():
        try:
            # A material that came with a step which is refused is not kept either.
            with transaction.atomic():
                _take(request, found, act, form.cleaned_data)
        except RepairMoved as error:
            messages.error(request, str(error))
            return redirect("repair:application", found.uuid)
        except NotEligible as error:
            form.add_error(None, str(error))
        except EvidenceRefused as error:
            form.add_error("proof" if "proof" in form.fields else None, error.reason)
        except RepairError as error:
            field = {"file": "proof"}.get(error.field, error.field)
            field = "proof" if field.startswith("file-") else field
            form.add_error(field if field in form.fields else None, str(error))
        except CaseError as error:
            form.add_error(None, str(error))
        else:
            label = WITHDRAW if act == "withdraw" else ACTS[act].label
            messages.success(request, f"{label}：已登记。")
            return redirect("repair:application", found.uuid)
    return _page(request, _visible(request, uuid), bound={act: form}, status=422)


def _take(request: HttpRequest, found: RepairApplication, act: str, data: dict[str, Any]) -> None:
    user, now = request.user, clock.now()
    common = {
        "application_id": found.pk, "expect": request.POST.get("expect", ""), "actor": user, "now": now,
    }  # fmt: skip
    match act:
        case "accept":
            deciding.accept(**common)
        case "ask":
            deciding.ask(**common, missing=data["missing"].replace("\0", "").splitlines())
        case "complete":
            _complete(request, found, data)
        case "propose":
            deciding.propose(**common, **data)
        case "return":
            deciding.send_back(**common, reason=data["reason"])
        case "grant" | "refuse":
            deciding.decide(**common)
        case "confirm":
            deciding.confirm(**common)
        case "defect":
            deciding.find_defects(**common, defects=data["defects"])
        case "withdraw":
            showing.check_expected(found, request.POST.get("expect", ""))
            if "withdraw" not in _acts(found, user):
                raise RepairError("这件申请不能由您的单位代为撤回。")
            applying.withdraw(application_id=found.pk, now=now, actor=user)


def _complete(request: HttpRequest, found: RepairApplication, data: dict[str, Any]) -> None:
    """What the subject has brought to the department, kept for it."""
    user, now = request.user, clock.now()
    showing.check_expected(found, request.POST.get("expect", ""))
    if "complete" not in _acts(found, user):
        raise RepairError("这件申请不由您的单位登记补正。")
    content = uploaded(data["proof"])
    if content is not None:
        applying.add_material(
            application_id=found.pk, method=data["method"], upload=Upload(*content),
            note_text=data["note"].replace("\0", ""), now=now, actor=user,
        )  # fmt: skip
    applying.complete(application_id=found.pk, now=now, actor=user)


@desk(*AT_THE_DESK, groups.AUDITOR)
@csp_exempt()
@require_safe
def receipt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _visible(request, uuid)
    return showing.receipt(found, actor_id=request.user.pk, now=clock.now())


@desk(*AT_THE_DESK, groups.AUDITOR)
@csp_exempt()
@require_safe
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    """A material, the decision or another paper of the application; the reading is logged."""
    found = _visible(request, uuid)
    answer = showing.file(found, evidence, actor_id=request.user.pk, now=clock.now())
    if isinstance(answer, str):
        messages.error(request, answer)
        return redirect("repair:application", found.uuid)
    return answer


def _visible(request: HttpRequest, uuid: UUID) -> RepairApplication:
    found = showing.whole(applying.applications_visible_to(request.user)).filter(uuid=uuid).first()
    if found is None:
        raise Http404(NO_APPLICATION)
    return found
