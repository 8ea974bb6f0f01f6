"""The desk's pages of checks: what was checked, checking, and one check with all that belongs to it – where was looked,
who was told, what was shown against it, exceptions, and the click that decides."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import catalogue, codes, groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.finding import address_of, looked_up, person_of, subjects_matching
from credit_portal.registry.models import ServiceItemVersion, User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.services import SubjectError, find_subject, known_or_registered
from credit_portal.registry.visibility import group_names
from verification import services
from verification.models import (
    AppliedMeasure,
    Check,
    CheckLook,
    CheckNotice,
    CheckObjection,
    CheckOutcome,
    CheckOverride,
    CreditEntry,
    OutsideReport,
)
from verification.switches import NotCheckable
from verification.tax_credit import keeping as tax_credit
from verification.vocabulary import Route, Scrutiny

from . import deciding, looking, objecting, overriding
from . import forms as shapes
from .handling import (
    DECIDES,
    WORKS,
    CheckError,
    answer_of,
    decided_in,
    evidence_missing,
    may_be_lifted,
    procedure_of,
    superseded_by,
)

SEES = (
    groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE,
)  # fmt: skip
PER_PAGE = 50
TABS = {"open": "没有办结", "asked": "待决定的例外", "disputed": "待核实的材料", "decided": "已办结"}
TONES = {
    Route.COMMITMENT: "kept", Route.ORDINARY: "waiting", Route.REFUSED: "broken", Route.NOT_NEEDED: "info",
}  # fmt: skip


# ---- the list ----------------------------------------------------------------------------------------------


@desk(*SEES)
def home(request: HttpRequest) -> HttpResponse:
    """The unit's checks, newest first: undecided ones, exceptions that wait for somebody, decided ones."""
    if request.method == "POST":
        return redirect(f"{request.path}?{address_of(request.POST, today=clock.today())}")
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    decided = CheckOutcome.objects.filter(check_made=OuterRef("pk"))
    asked = CheckOverride.objects.filter(check_made=OuterRef("pk"), state=CheckOverride.State.ASKED)
    disputed = CheckObjection.objects.filter(check_made=OuterRef("pk"), state=CheckObjection.State.FILED)
    rows = services.checks_visible_to(request.user)
    match tab:
        case "open":
            rows = rows.filter(~Exists(decided))
        case "asked":
            rows = rows.filter(Exists(asked), ~Exists(decided))
        case "disputed":
            rows = rows.filter(Exists(disputed), ~Exists(decided))
        case "decided":
            rows = rows.filter(Exists(decided))
    sought = request.GET.get("q", "").strip()[:60]
    person = person_of(request.GET)
    if person is not None:
        rows = rows.filter(subject__uuid=person)
    elif sought:
        rows = _matching(rows, sought)
    shown, following = newest_first(
        rows.select_related("subject", "item_version", "department", "outcome", "override"),
        request,
        size=PER_PAGE,
    )
    services.log_record_read(
        user=request.user, target_type="check_list", target_id=tab,
        subject_id=looked_up(sought, shown, today=clock.today(), person=person),
        purpose=ReadLog.Purpose.HANDLING, now=clock.now(),
    )  # fmt: skip
    return render(
        request,
        "desk/checks/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "q": sought,
            "person": person,
            "lines": [(row, TONES[Route(row.route)]) for row in shown],
            "next": following,
            "works": bool(group_names(request.user) & WORKS),
            "units": groups.CREDIT_OFFICE in group_names(request.user),
            "taxes": tax_credit.may_look(request.user),
        },
    )


def _matching(rows: QuerySet[Check], sought: str) -> QuerySet[Check]:
    by_number = rows.filter(Q(number=sought) | Q(case_ref=sought))
    if by_number.exists():
        return by_number
    return rows.filter(subject__in=subjects_matching(sought, today=clock.today()).values("pk"))


# ---- a new check -------------------------------------------------------------------------------------------


@desk(*sorted(WORKS))
def new(request: HttpRequest) -> HttpResponse:
    """Check a subject for an item; a newcomer is registered with the name that the unit knows."""
    items = list(catalogue.current_items(lineage=request.user.department.region.lineage, on=clock.today()))
    form = shapes.NewForm(request.POST or None, items=items, initial={"key": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            check = _checked(form.cleaned_data, items, request.user)
        except (NotCheckable, SubjectError, codes.CodeError) as wrong:
            field = getattr(wrong, "field", "") or ("code" if isinstance(wrong, codes.CodeError) else "")
            form.add_error(field if field in form.fields else None, str(wrong))
        else:
            return redirect("checks:check", check.uuid)
    return render(
        request, "desk/checks/new.html", {"form": form}, status=422 if form.is_bound and form.errors else 200
    )


def _checked(typed: dict[str, Any], items: list[ServiceItemVersion], user: User) -> Check:
    now, today = clock.now(), clock.today()
    parsed = codes.parse_subject_code(typed["code"], today=today)
    subject = find_subject(parsed.value)
    if subject is None:
        if not typed["name"].strip():
            raise SubjectError("本系统还没有登记这个主体，请填写名称。", field="name")
        kind = typed["kind"] or (parsed.kinds[0] if len(parsed.kinds) == 1 else "")
        if kind not in parsed.kinds:
            raise SubjectError("请选择与代码相符的主体类别。", field="kind")
        subject = known_or_registered(
            kind=kind, code=parsed.value, name=typed["name"], department=user.department, actor=user, now=now,
            is_demo=user.department.is_demo,
        )  # fmt: skip
    return services.check_subject(
        subject=subject,
        item_version=next(one for one in items if str(one.pk) == typed["item"]),
        commitment_type=typed["commitment_type"],
        late_materials=typed["late_materials"],
        case_ref=typed["case_ref"],
        purpose=typed["purpose"],
        step=typed["step"],
        operator=user,
        now=now,
        key=typed["key"],
    )


# ---- one check ---------------------------------------------------------------------------------------------


def _check(request: HttpRequest, uuid: UUID) -> Check:
    found = (
        services.checks_visible_to(request.user)
        .select_related(
            "subject", "item_version__item", "department", "region", "operator", "partner",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404("没有这次核查，或者不在您的查看范围。")
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The answer, rule by rule, and everything that belongs to it."""
    return _page(request, _check(request, uuid))


def _page(
    request: HttpRequest, check: Check, *, deed: str = "", form: forms.Form | None = None, error: str = ""
) -> HttpResponse:
    user = request.user
    names = group_names(user)
    own = check.department_id == user.department_id and bool(names & WORKS)
    outcome, newest = decided_in(check), superseded_by(check)
    procedure = procedure_of(check)
    override = (
        CheckOverride.objects.filter(check_made__in=procedure_of(check))
        .select_related("asked_by", "decided_by", "check_made")
        .first()
    )
    route, scrutiny = answer_of(check)
    lifted = (route, scrutiny) != (Route(check.route), Scrutiny(check.scrutiny))
    # What was looked at, told and shown belongs to the procedure, whichever of its checks it was entered with.
    objections = list(
        CheckObjection.objects.filter(check_made__in=procedure).select_related(
            "entry", "document", "filed_by", "answered_by"
        )
    )
    services.log_record_read(
        user=user, target_type="check", target_id=check.pk, subject_id=check.subject_id,
        purpose=ReadLog.Purpose.HANDLING, now=clock.now(),
    )  # fmt: skip
    bound = {deed: form} if form is not None else {}

    def fresh(name: str, make: Callable[[], forms.Form]) -> forms.Form:
        return bound[name] if name in bound else make()

    context: dict[str, Any] = {
        "check": check,
        "subject": check.subject,
        "own": own,
        "outcome": outcome,
        "override": override,
        "newest": newest,
        "notice": CheckNotice.objects.filter(check_made__in=procedure).select_related("told_by").first(),
        "lifted": lifted,
        "tone": "kept" if lifted else TONES[Route(check.route)],
        "looks": CheckLook.objects.filter(check_made__in=procedure).select_related("screenshot", "looked_by"),
        "reports": OutsideReport.objects.filter(check_made__in=procedure).select_related(
            "document", "taken_by"
        ),
        "objections": objections,
        "applied": AppliedMeasure.objects.filter(check_made__in=procedure).select_related("listed"),
        "missing": evidence_missing(check),
        "procedure": procedure.exclude(pk=check.pk).order_by("pk"),
        "steps_on": [one for one in objections if one.state == one.State.FILED],
        "believed": any(
            one.state == one.State.BELIEVED and one.check_made_id == check.pk for one in objections
        ),
        "back": _back(request),
        "failed": deed,
        "error": error,
    }
    if own and (newest is None or outcome is not None):
        entries = CreditEntry.objects.filter(pk__in=objecting.disputable(check)).order_by("pk")
        context |= {
            "looks_form": fresh(
                "look", lambda: shapes.LooksForm(sources=list(looking.sources_for(check.region)))
            ),
            "report_form": fresh("report", shapes.ReportForm),
        }
        if entries and newest is None:
            context["objection_form"] = fresh("object", lambda: shapes.ObjectionForm(entries=entries))
        if outcome is None:
            context |= {
                "tell_form": fresh("tell", shapes.TellForm),
                "outcome_form": fresh("decide", lambda: _outcome_form(check, None, lifted)),
            }
            if override is None and may_be_lifted(check.route, check.scrutiny):
                context["ask_form"] = fresh("ask", shapes.AskForm)
            if (
                override is not None
                and override.state == override.State.ASKED
                and override.check_made == check
            ):
                context["allow_form"] = fresh("allow", shapes.AllowForm) if names & DECIDES else None
                context["own_asking"] = override.asked_by_id == user.pk
            if names & DECIDES:
                context["answer_forms"] = [
                    (one, one.filed_by_id == user.pk, _answer_form(one.pk, bound.get("answer")))
                    for one in context["steps_on"]
                ]
    failed = bool(error) or (form is not None and bool(form.errors))
    return render(request, "desk/checks/check.html", context, status=422 if failed else 200)


def _back(request: HttpRequest) -> str:
    """Where at the counter the clerk came from; remembered, so that what is done here does not lose it."""
    asked = request.GET.get("back", "")
    if re.fullmatch(r"/window/d/[0-9a-f-]{36}/", asked):
        request.session["counter"] = asked
    return request.session.get("counter", "") if groups.CLERK in group_names(request.user) else ""


def _outcome_form(check: Check, data: Any, lifted: bool) -> shapes.OutcomeForm:
    route, _ = answer_of(check)
    return shapes.OutcomeForm(
        data, results=deciding.RESULTS[route], measures=deciding.offered(check, lifted=lifted)
    )


def _answer_form(objection_id: int, bound: forms.Form | None) -> forms.Form:
    if bound is not None and bound.data.get("objection") == str(objection_id):
        return bound
    return shapes.AnswerForm(initial={"objection": objection_id}, auto_id=f"id_{objection_id}_%s")


# ---- what is done ------------------------------------------------------------------------------------------


@desk(*sorted(WORKS))
@require_POST
def deed(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """One step: look, report, tell, object, answer, ask, allow, recheck, decide."""
    check = _check(request, uuid)
    if deed not in DEEDS:
        raise Http404("没有这一步。")
    make, act, done = DEEDS[deed]
    form = make(check, request)
    if not form.is_valid():
        return _page(request, check, deed=deed, form=form)
    try:
        made = act(check, form, request.user)
    except EvidenceRefused as refused:
        return _wrong(request, check, deed, form, _file_field(form), str(refused))
    except (CheckError, NotCheckable) as wrong:
        return _wrong(request, check, deed, form, getattr(wrong, "field", ""), str(wrong))
    late = deed == "object" and made.state == made.State.LATE
    if late:
        messages.warning(request, objecting.LATE)
    else:
        messages.success(request, done)
    return redirect("checks:check", made.uuid if deed == "recheck" else check.uuid)


def _wrong(
    request: HttpRequest, check: Check, deed: str, form: forms.Form, field: str, said: str
) -> HttpResponse:
    if field in form.fields:
        form.add_error(field, said)
        return _page(request, check, deed=deed, form=form)
    return _page(request, check, deed=deed, form=form, error=said)


def _file_field(form: forms.Form) -> str:
    """Where a refused file stood: the only one of its form that was sent, else the form as a whole."""
    with_file = [name for name in form.files if name in form.fields]
    return with_file[0] if len(with_file) == 1 else ""


def _common(check: Check, user: User) -> dict[str, Any]:
    return {"check_id": check.pk, "actor": user, "now": clock.now()}


def _looks(check: Check, request: HttpRequest) -> forms.Form:
    return shapes.LooksForm(request.POST, request.FILES, sources=list(looking.sources_for(check.region)))


def _objection(check: Check, request: HttpRequest) -> forms.Form:
    entries = CreditEntry.objects.filter(pk__in=objecting.disputable(check)).order_by("pk")
    return shapes.ObjectionForm(request.POST, request.FILES, entries=entries)


def _outcome(check: Check, request: HttpRequest) -> forms.Form:
    lifted = answer_of(check) != (Route(check.route), Scrutiny(check.scrutiny))
    return _outcome_form(check, request.POST, lifted)


def _report(check: Check, form: forms.Form, user: User) -> Any:
    typed = form.cleaned_data
    return looking.take_report(**typed | {"document": shapes.sent(typed["document"])}, **_common(check, user))


def _object(check: Check, form: forms.Form, user: User) -> Any:
    typed = dict(form.cleaned_data)
    return objecting.file(
        **{"entry_id": typed.pop("entry")} | typed | {"document": shapes.sent(typed["document"])},
        **_common(check, user),
    )


def _answer(check: Check, form: forms.Form, user: User) -> Any:
    typed = form.cleaned_data
    return objecting.answer(
        objection_id=typed["objection"], believe=typed["believe"] == "yes", answer=typed["answer"],
        **_common(check, user),
    )  # fmt: skip


DEEDS: dict[
    str,
    tuple[
        Callable[[Check, HttpRequest], forms.Form], Callable[[Check, Any, User], Any], str
    ],
] = {
    "look": (
        _looks,
        lambda check, form, user: looking.look(looked=form.looked(), **_common(check, user)),
        "查询情况已登记。",
    ),
    "report": (lambda check, request: shapes.ReportForm(request.POST, request.FILES), _report, "报告已登记。"),
    "tell": (
        lambda check, request: shapes.TellForm(request.POST),
        lambda check, form, user: objecting.tell(**form.cleaned_data, **_common(check, user)),
        "已告知，可以打印告知书。",
    ),
    "object": (_objection, _object, "材料已登记，等另一人核实。"),
    "answer": (lambda check, request: shapes.AnswerForm(request.POST), _answer, "核实意见已登记。"),
    "ask": (
        lambda check, request: shapes.AskForm(request.POST),
        lambda check, form, user: overriding.ask(**form.cleaned_data, **_common(check, user)),
        "已申请例外，等另一人决定。",
    ),
    "allow": (
        lambda check, request: shapes.AllowForm(request.POST),
        lambda check, form, user: overriding.decide(
            allow=form.cleaned_data["allow"] == "yes", answer=form.cleaned_data["answer"], **_common(check, user)
        ),
        "例外已决定。",
    ),
    "recheck": (
        lambda check, request: forms.Form(request.POST),
        lambda check, form, user: objecting.recheck(**_common(check, user)),
        "已重新核查，下面是新的结论。",
    ),
    "decide": (
        _outcome,
        lambda check, form, user: deciding.decide(
            result=form.cleaned_data["result"], measures=form.cleaned_data.get("measures", []),
            note=form.cleaned_data["note"], **_common(check, user),
        ),
        "已办结，措施、月报和反馈同时记下。",
    ),
}  # fmt: skip


# ---- papers ------------------------------------------------------------------------------------------------


@desk(*SEES)
@require_safe
@csp_exempt()
def notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The notice as it was handed over."""
    check = _check(request, uuid)
    row = CheckNotice.objects.filter(check_made__in=procedure_of(check)).select_related("document").first()
    if row is None:
        raise Http404("还没有告知。")
    return _file(request, check, row.document, "信用核查结果告知书")


@desk(*SEES)
@require_safe
@csp_exempt()
def evidence(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A screenshot, report or document of this check."""
    check = _check(request, uuid)
    procedure = procedure_of(check)
    row = EvidenceFile.objects.filter(
        Q(pk__in=CheckLook.objects.filter(check_made__in=procedure).values("screenshot"))
        | Q(pk__in=OutsideReport.objects.filter(check_made__in=procedure).values("document"))
        | Q(pk__in=CheckObjection.objects.filter(check_made__in=procedure).values("document")),
        uuid=file,
    ).first()
    if row is None:
        raise Http404("没有这份材料。")
    return _file(request, check, row, "核查材料")


def _file(request: HttpRequest, check: Check, row: EvidenceFile, what: str) -> HttpResponse:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type="check", target_id=check.pk,
        subject_id=check.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    try:
        content = read_evidence(row)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系系统管理员。") from error
    return answers.shown(content, row.original_name or f"{what} {check.number}", row.content_type)
