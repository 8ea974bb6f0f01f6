"""A subject's own breaches: what was determined and served, until when it is public, and every way back; and what it says
to it."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commitments import statements
from commitments.case_rules import CaseError
from commitments.mine import showing
from commitments.mine.forms import StatementForm
from commitments.models import BreachCase, SubjectStatement
from credit_portal.audit import clock
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first

NONE = "没有这件违诺认定，或者它不是本主体的。"
SENT = "已提交。作出认定的部门只审查是否合法，结果在这里告知。"
TAKEN_BACK = "已撤回，公示中不再显示。"


@for_subjects()
@require_safe
def breaches(request: HttpRequest) -> HttpResponse:
    """Those that the subject has been told of, the newest first."""
    today = clock.today()
    rows = showing.cases_of(request.acting.subject).select_related("commitment", "department", "entry")
    shown, following = newest_first(rows, request)
    log_own_read(
        request.acting, what="违诺认定列表", target_type="breach_case_list", target_id=0, now=clock.now()
    )
    return render(
        request,
        "me/breaches.html",
        {"rows": [(case, *showing.standing_of(case, today=today)) for case in shown], "next": following},
    )


@for_subjects()
@require_safe
def breach(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One: determination, service, days of publicity, the way back."""
    case, today = _own(request, uuid), clock.today()
    log_own_read(
        request.acting, what="违诺认定", target_type="breach_case", target_id=case.pk, now=clock.now()
    )
    state, word = showing.standing_of(case, today=today)
    served = case.served_on is not None
    context = {
        "case": case,
        "commitment": case.commitment,
        "state": state,
        "word": word,
        "served": served,
        "stands": case.state == BreachCase.State.SERVED,
        "entry": case.entry if served else None,
        "clauses": list(case.clauses.all()) if served or case.state == BreachCase.State.NOTICED else [],
        "events": showing.days_of(case, today=today),
        "papers": list(showing.papers_of(case)),
        "today": today,
        "takes_statement": statements.takes_statement(case, today=today),
        **_said(case),
    }
    return render(request, "me/breach.html", context)


def _said(case: BreachCase) -> dict[str, Any]:
    """What is shown beside the breach, and what became of the last text handed in."""
    last = case.statements.order_by("-pk").first()
    waiting = last is not None and last.state == SubjectStatement.State.WAITING
    due = None
    if waiting:
        due = next((duty.due_on for duty in duties.duties_of(statements.matter_of(last))), None)
    return {"last": last, "waiting": waiting, "review_due": due}


@for_subjects()
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    """A paper that was served on the subject."""
    case = _own(request, uuid)
    step = showing.papers_of(case).filter(document__uuid=evidence).first()
    if step is None:
        raise Http404("没有这份文书。")
    try:
        content = read_evidence(step.document)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系认定部门。") from error
    log_own_read(
        request.acting,
        what="违诺认定文书",
        target_type="evidence",
        target_id=step.document_id,
        now=clock.now(),
    )
    return answers.shown(content, step.document.original_name or "文书.pdf", step.document.content_type)


@for_subjects(act=True)
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET: the text to be handed in; POST hands it in."""
    case = _own(request, uuid)
    form = StatementForm(request.POST or None, initial={"text": case.subject_statement})
    if request.method == "POST" and form.is_valid():
        try:
            statements.submit(
                case_id=case.pk, access=request.acting.access, now=clock.now(), **form.cleaned_data
            )
        except CaseError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, SENT)
            return redirect("mine:breach", case.uuid)
    context = {
        "case": case,
        "form": form,
        "open": statements.takes_statement(case, today=clock.today()),
        "ask_again": form.is_bound and bool(form["confirmed"].errors or form["confirmed"].value()),
        "refusals": SubjectStatement.Refusal.labels,
        **_said(case),
    }
    return render(request, "me/statement.html", context, status=422 if form.is_bound and form.errors else 200)


@for_subjects(act=True)
@require_POST
def take_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was said is taken back, at once."""
    case = _own(request, uuid)
    try:
        statements.take_back(case_id=case.pk, access=request.acting.access, now=clock.now())
    except CaseError as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, TAKEN_BACK)
    return redirect("mine:breach", case.uuid)


def _own(request: HttpRequest, uuid: UUID) -> BreachCase:
    found = (
        showing.cases_of(request.acting.subject)
        .select_related("commitment", "department", "region", "entry")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NONE)
    return found
