"""Breach cases at the desk: the list, one case as a record, and one form a step. The services decide; pages ask them."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_evidence
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import AT_THE_DESK, check_role, desk
from credit_portal.registry.finding import looked_up
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.paging import newest_first
from credit_portal.registry.personal_numbers import passages
from credit_portal.registry.visibility import group_names, has_role

from . import breaches, case_rules, statements
from .case_forms import FORMS, WITH_CLAUSES, OpenForm, RefusalForm, chosen_clauses, initial_of
from .case_rules import ACTS, CaseError, CaseMoved
from .models import BreachCase, CaseStep, ClauseWarning, SubjectStatement
from .warnings import answering

PER_PAGE = 50
State = BreachCase.State
# Which step is the one to be done next; the others are offered below it.
NEXT = {
    State.OPENED: "notice",
    State.NOTICED: "propose",
    State.HEARD: "propose",
    State.PROPOSED: "determine",
    State.DETERMINED: "serve",
}
OPEN_STATES = (State.OPENED, State.NOTICED, State.HEARD, State.PROPOSED, State.DETERMINED)
TABS = {"open": "办理中", "served": "已送达", "ended": "不予认定和已撤销"}
_IN_TAB = {
    "open": OPEN_STATES,
    "served": (State.SERVED,),
    "ended": (State.DROPPED, State.REVOKED),
}
NO_CASE = "没有这件违诺认定，或者它不在您的管理范围内。"


@desk()
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """The cases of the user's reach, the newest first; found by case number, commitment code or code of the subject."""
    tab = request.GET.get("state", "open")
    tab = tab if tab in TABS else "open"
    sought = request.GET.get("q", "").replace("\0", "").strip()[:60]
    rows = breaches.cases_visible_to(request.user).select_related("commitment", "department")
    if sought:
        cleaned = codes.clean(sought)
        rows = rows.filter(
            Q(number=cleaned) | Q(commitment__code=cleaned) | Q(subject__uscc=cleaned) | Q(document_no=sought)
        )
    else:
        rows = rows.filter(state__in=_IN_TAB[tab])
    shown, following = newest_first(rows, request, size=PER_PAGE)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="违诺认定列表",
        target_type="breach_case_list",
        target_id=0,
        subject_id=looked_up(sought, shown, today=clock.today()),
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    return render(
        request,
        "desk/cases/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "cases": shown,
            "sought": sought,
            "may_open": has_role(request.user, *case_rules.DOES),
            "warnings_open": answering.open_for(request.user),
            "sees_complaints": has_role(request.user, groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE),
            "next": following,
        },
    )


@desk(groups.OFFICER, groups.HEAD)
def new(request: HttpRequest) -> HttpResponse:
    """Open a case about a commitment of the own department, found by its code, or on a warning found true."""
    warning = _warning(request)
    initial = (
        answering.case_from(warning)
        if warning
        else {
            "code": codes.clean(request.GET.get("commitment", ""))[:20],
            "source": request.GET.get("source", "")[:20],
        }
    )
    form = OpenForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        commitment = (
            breaches.commitments_to_judge(request.user).filter(code=codes.clean(data["code"])).first()
        )
        if commitment is None:
            form.add_error("code", "没有由本部门主管或者受理的这个编码的承诺，请核对 20 位数字。")
        else:
            try:
                with transaction.atomic():
                    case = breaches.open_case(
                        commitment_id=commitment.pk,
                        source=data["source"],
                        facts=data["facts"],
                        by_deceit=data["by_deceit"],
                        actor=request.user,
                        now=clock.now(),
                    )
                    if warning is not None:
                        answering.attach_case(
                            warning_id=warning.pk, case=case, actor=request.user, now=clock.now()
                        )
            except CaseError as error:
                form.add_error("code" if error.field == "commitment" else error.field or None, str(error))
            else:
                messages.success(request, f"已立案，案号 {case.number}。")
                return redirect("cases:case", case.uuid)
    return render(
        request,
        "desk/cases/new.html",
        {"form": form, "warning": warning},
        status=422 if form.is_bound and form.errors else 200,
    )


def _warning(request: HttpRequest) -> ClauseWarning | None:
    """The warning that a case is opened on, where the address names one that this department has found true."""
    try:
        uuid = UUID(request.GET.get("warning", ""))
    except ValueError:
        return None
    return (
        answering.warnings_visible_to(request.user)
        .filter(uuid=uuid, state=ClauseWarning.State.TRUE, case__isnull=True, commitment__isnull=False)
        .select_related("commitment", "entry")
        .first()
    )


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def case(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One case as a record, with the one step that comes next."""
    found = _visible(request, uuid)
    return _page(request, found, bound={})


def _page(
    request: HttpRequest, found: BreachCase, *, bound: dict[str, forms.Form], status: int = 200
) -> HttpResponse:
    today = clock.today()
    own = found.department_id == request.user.department_id
    acts = case_rules.acts_open(state=found.state, roles=group_names(request.user)) if own else []
    if found.proposed_by_id == request.user.pk:
        # One's own proposal is approved or returned by another.
        acts = [act for act in acts if act not in ("determine", "return")]
    opens = case_rules.proposal_opens(state=found.state, statement_until=found.statement_until)
    waits = found.state == State.NOTICED and opens is not None and today < opens
    following = NEXT.get(State(found.state))
    if waits and following == "propose":
        following = "statement"
    if following not in acts:
        following = None
    statement = statements.waiting_of(found)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="违诺认定",
        target_type="breach_case",
        target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING if own else ReadLog.Purpose.SUPERVISION,
    )
    person = found.commitment.subject_kind == CreditSubject.Kind.PERSON
    return render(
        request,
        "desk/cases/case.html",
        {
            "case": found,
            "commitment": found.commitment,
            "code_shown": found.subject.shown_code,
            "person": person,
            "clauses": list(found.clauses.order_by("clause_no")),
            "steps": list(found.steps.select_related("actor", "document").order_by("id")),
            "evidence": list(found.evidence.order_by("id")),
            "duties": duties.duties_of(breaches.matter_of(found)),
            "following": _step_form(following, found, bound, today) if following else None,
            "others": [
                _step_form(act, found, bound, today)
                for act in acts
                if act != following and not (act == "propose" and waits)
            ],
            "waits_until": opens if waits else None,
            "second_needed": found.state == State.PROPOSED and not {"determine"} & set(acts),
            "statement": statement,
            "statement_numbers": passages(statement.text) if statement else [],
            "statement_duties": duties.duties_of(statements.matter_of(statement)) if statement else [],
            "may_review": own and bool(group_names(request.user) & case_rules.DOES),
            "refusal": bound.get("refuse_statement") or RefusalForm(auto_id="refuse_%s"),
            "repair_own": own and found.entry_id is not None and has_role(request.user, *case_rules.DOES),
            "reportable": found.state in (State.DETERMINED, State.SERVED),
            "today": today,
        },
        status=status,
    )


def _step_form(act: str, found: BreachCase, bound: dict[str, forms.Form], today: Any) -> dict[str, Any]:
    form = bound.get(act) or FORMS[act](initial=initial_of(act, found, today), auto_id=f"{act}_%s")
    entry: dict[str, Any] = {
        "act": act,
        "label": ACTS[act].label,
        "form": form,
        "url": reverse("cases:step", args=[found.uuid, act]),
        "multipart": form.is_multipart(),
        "open": act in bound,
    }
    if act in WITH_CLAUSES:
        if form.is_bound:
            ticked = dict(chosen_clauses(form.data))
        else:
            ticked = {row.clause_no: row.not_kept for row in found.clauses.all()}
            # Nothing chosen yet: what warnings have named stands there to be looked at.
            ticked = ticked or answering.clauses_of(found)
        entry["clauses"] = [
            {
                "no": clause["no"],
                "text": clause["text"],
                "ticked": clause["no"] in ticked,
                "not_kept": ticked.get(clause["no"], ""),
            }
            for clause in found.commitment.content
            if clause["kind"] == "pledge"
        ]
    return entry


@desk(groups.OFFICER, groups.HEAD)
@require_POST
def step(request: HttpRequest, uuid: UUID, act: str) -> HttpResponse:
    """Take a step. What is wrong comes back with the page, nothing typed is lost; who was slower is told."""
    if act not in FORMS:
        raise Http404("没有这个步骤。")
    check_role(request, ACTS[act].roles)
    found = _visible(request, uuid)
    form = FORMS[act](request.POST, request.FILES, auto_id=f"{act}_%s")
    if form.is_valid():
        try:
            # A paper that came with a step which is refused is not kept either.
            with transaction.atomic():
                _take(request, found, act, dict(form.cleaned_data))
        except CaseMoved as error:
            messages.error(request, str(error))
            return redirect("cases:case", found.uuid)
        except EvidenceRefused as error:
            form.add_error("proof", str(error))
        except CaseError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"{ACTS[act].label}：已登记。")
            return redirect("cases:case", found.uuid)
    return _page(request, _visible(request, uuid), bound={act: form}, status=422)


@desk(groups.OFFICER, groups.HEAD)
@require_POST
def review(request: HttpRequest, uuid: UUID, statement: UUID, deed: str) -> HttpResponse:
    """What a subject has handed in to stand beside its breach: published word by word, or refused for law."""
    found = _visible(request, uuid)
    said = SubjectStatement.objects.filter(uuid=statement, case=found).first()
    if said is None or deed not in ("accept", "refuse"):
        raise Http404("没有这份说明。")
    form = RefusalForm(request.POST if deed == "refuse" else None, auto_id="refuse_%s")
    try:
        if deed == "accept":
            statements.accept(statement_id=said.pk, actor=request.user, now=clock.now())
            messages.success(request, "已采用，随违诺信息一起公示。")
            return redirect("cases:case", found.uuid)
        if form.is_valid():
            statements.refuse(statement_id=said.pk, actor=request.user, now=clock.now(), **form.cleaned_data)
            messages.success(request, "已登记不采用，主体在网上看到理由。")
            return redirect("cases:case", found.uuid)
    except CaseError as error:
        if deed == "accept" or error.field not in form.fields:
            messages.error(request, str(error))
            return redirect("cases:case", found.uuid)
        form.add_error(error.field, str(error))
    return _page(request, _visible(request, uuid), bound={"refuse_statement": form}, status=422)


def _take(request: HttpRequest, found: BreachCase, act: str, data: dict[str, Any]) -> None:
    user, now = request.user, clock.now()
    common = {"case_id": found.pk, "expect": request.POST.get("expect", ""), "actor": user, "now": now}
    proof = None
    if data.pop("proof", None):
        upload = request.FILES["proof"]
        proof = store_evidence(
            content=upload.read(),
            kind=EvidenceFile.Kind.DOCUMENT,
            content_type=upload.content_type or "",
            original_name=upload.name or "",
            actor=user,
            department=user.department,
            now=now,
        )
    match act:
        case "notice":
            breaches.give_notice(**common, **data, clauses=chosen_clauses(request.POST), proof=proof)
        case "statement":
            breaches.record_statement(**common, **data, evidence=[proof] if proof else [])
        case "propose":
            breaches.propose(**common, **data, clauses=chosen_clauses(request.POST))
        case "return":
            breaches.return_proposal(**common, **data)
        case "determine":
            breaches.determine(**common, **data)
        case "serve":
            breaches.serve(**common, **data, proof=proof)
        case "drop":
            breaches.drop(**common, **data)
        case "subject_statement":
            breaches.record_subject_statement(**common, **data)
        case "revoke":
            breaches.revoke(**common, **data)


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    """A paper or a piece of evidence of the case; the reading is logged."""
    found = _visible(request, uuid)
    file = (
        EvidenceFile.objects.filter(uuid=evidence)
        .filter(
            Q(pk__in=CaseStep.objects.filter(case=found, document__isnull=False).values("document"))
            | Q(pk__in=found.evidence.values("pk"))
            | Q(pk=found.service_proof_id)
        )
        .first()
    )
    if file is None:
        raise Http404("这件违诺认定没有这份文件。")
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        messages.error(request, str(error))
        return redirect("cases:case", found.uuid)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="违诺认定文书",
        target_type="evidence",
        target_id=file.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return answers.shown(content, file.original_name or "文书", file.content_type)


def _visible(request: HttpRequest, uuid: UUID) -> BreachCase:
    found = (
        breaches.cases_visible_to(request.user)
        .select_related(
            "commitment__region", "commitment__item_version", "subject", "department", "region", "proposed_by",
            "approved_by", "document", "service_proof",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404(NO_CASE)
    return found
