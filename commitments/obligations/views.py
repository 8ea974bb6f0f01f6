"""Obligations at the desk: what is due, and one commitment clause by clause, where it is recorded what was kept. (R62)"""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments import case_rules, fulfilment
from commitments.fulfilment import FulfilmentError
from commitments.models import ClauseWarning, Commitment, FulfilmentReview, Obligation, ObligationFinding
from commitments.supplements import showing
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_evidence
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import User
from credit_portal.registry.visibility import departments_visible_to, has_role, limit_to_visible

from . import confirming, settling
from .forms import ConfirmForm, DueForm, RecordForm, TakeBackForm

PER_PAGE = 50
MOST_COUNTED = 1_000
SOON = timedelta(days=30)
NONE = "没有这份承诺，或者它不在您的管理范围内。"
State = Obligation.State


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def due(request: HttpRequest) -> HttpResponse:
    """Obligations that have a day and are open, the first to be due first; a commitment is found by its code."""
    code = codes.clean(request.GET.get("q", "").replace("\0", ""))[:60]
    if code and fulfilment.commitments_in_reach(request.user).filter(code=code[:20]).exists():
        return redirect("obligations:commitment", code[:20])
    today = clock.today()
    rows = limit_to_visible(Obligation.objects.filter(state=State.OPEN, due_on__isnull=False), request.user)
    tally = {
        "overdue": _some(rows.filter(due_on__lt=today)),
        "soon": _some(rows.filter(due_on__gte=today, due_on__lte=today + SOON)),
        "all": _some(rows),
    }
    form = DueForm(request.GET if {"due_from", "due_to"} & request.GET.keys() else None)
    first, last = form.days() if form.is_bound else (None, None)
    if first:
        rows = rows.filter(due_on__gte=first)
    if last:
        rows = rows.filter(due_on__lte=last)
    offices = list(departments_visible_to(request.user)) if has_role(request.user, *groups.REGIONAL) else []
    department = request.GET.get("department", "")
    if any(str(office.pk) == department for office in offices):
        rows = rows.filter(department_id=int(department))
    # Late materials are looked after by the unit that took the commitment: the unit that answers for it reads no more.
    rows = rows.select_related("commitment__supplement__department", "department").annotate(
        may_open=Exists(showing.visible_to(request.user).filter(commitment=OuterRef("commitment")))
    )
    shown, after = _page(rows, request.GET.get("after", ""))
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="到期的承诺义务",
        target_type="obligation_list",
        target_id=0,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    kept = {key: request.GET[key] for key in ("due_from", "due_to", "department") if request.GET.get(key)}
    return render(
        request,
        "desk/obligations/list.html",
        {
            "today": today,
            "tally": tally,
            "most": MOST_COUNTED,
            "form": form,
            "departments": offices,
            "department": department,
            "sought": code,
            "rows": shown,
            "reviews": list(
                limit_to_visible(
                    FulfilmentReview.objects.filter(state=FulfilmentReview.State.WAITING), request.user
                )
                .select_related("commitment", "asked_by", "partner")
                .order_by("pk")[:PER_PAGE]
            )
            if not (form.is_bound or code or request.GET.get("after"))
            else [],
            "next": f"?{urlencode(kept | {'after': after})}" if after else "",
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _some(rows: QuerySet[Obligation]) -> int:
    """How many, up to a thousand: more need not be counted for a list of fifty."""
    return rows.order_by()[:MOST_COUNTED].count()


def _page(rows: QuerySet[Obligation], after: str) -> tuple[list[Obligation], str]:
    if after:
        day, _, number = after.partition(".")
        try:
            edge, last = date.fromisoformat(day), int(number[:18])
        except ValueError as error:
            raise BadRequest("翻页标记无效，请从第一页看起。") from error
        rows = rows.filter(Q(due_on__gt=edge) | Q(due_on=edge, pk__gt=last))
    found = list(rows.order_by("due_on", "pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return shown, f"{shown[-1].due_on}.{shown[-1].pk}" if len(found) > PER_PAGE else ""


@desk(*AT_THE_DESK, groups.AUDITOR)
def commitment(request: HttpRequest, code: str) -> HttpResponse:
    """One commitment clause by clause: due when, found what; whoever may records here."""
    found = _visible(request, code)
    if request.method != "POST":
        return _show(request, found)
    _refuse_others(request, found)
    form = _record_form(request, found, _rows(found), bound=True)
    if form.is_valid() and _record(request, found, form):
        return redirect("obligations:commitment", found.code)
    return _show(request, found, record=form)


@desk(*fulfilment.MAY_RECORD)
@require_POST
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """Another person confirms that all was kept."""
    found = _visible(request, code)
    _refuse_others(request, found)
    form = ConfirmForm(request.POST, runs_on=confirming.runs_on(found, clock.today()))
    if form.is_valid():
        try:
            confirming.confirm(
                commitment_id=found.pk,
                note=form.cleaned_data["note"],
                early=form.cleaned_data.get("early", False),
                actor=request.user,
                now=clock.now(),
            )
        except FulfilmentError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已确认：这份承诺全部履行。")
            return redirect("obligations:commitment", found.code)
    return _show(request, found, confirm=form)


@desk(*fulfilment.MAY_RECORD)
@require_POST
def take_back(request: HttpRequest, code: str) -> HttpResponse:
    """Another person takes back what was recorded by mistake."""
    found = _visible(request, code)
    _refuse_others(request, found)
    rows = _rows(found)
    form = TakeBackForm(request.POST, obligations=_mistaken(rows, request.user))
    if form.is_valid():
        try:
            done = confirming.take_back(
                commitment_id=found.pk,
                clauses=form.cleaned_data["clauses"],
                reason=form.cleaned_data["note"],
                actor=request.user,
                now=clock.now(),
            )
        except FulfilmentError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"已更正；这份承诺{done.get_fulfilment_display()}。")
            return redirect("obligations:commitment", found.code)
    return _show(request, found, take_back=form)


def _show(
    request: HttpRequest,
    found: Commitment,
    *,
    record: RecordForm | None = None,
    confirm: ConfirmForm | None = None,
    take_back: TakeBackForm | None = None,
) -> HttpResponse:
    """The page with its three forms; one of them may come back with what is wrong."""
    rows = _rows(found)
    may = _may_record(request, found)
    form = record or _record_form(request, found, rows, bound=False)
    review = confirming.waiting(found)
    mistaken = _mistaken(rows, request.user) if may else []
    bound = record or confirm or take_back
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="承诺履行情况",
        target_type="commitment",
        target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    findings = _findings(rows)
    case = found.breach_cases.exclude(state__in=fulfilment.ENDED).first()
    late = getattr(found, "supplement", None)
    return render(
        request,
        "desk/obligations/commitment.html",
        {
            "one": found,
            "today": clock.today(),
            "rows": [
                (row, findings.get(row.pk, []), form.field_of(row), form.why.get(row.clause_no, ""))
                for row in rows
            ],
            "form": form if may and form.clauses else None,
            "review": review,
            "own_review": review is not None and review.asked_by_id == request.user.pk,
            "confirm": confirm
            or (ConfirmForm(runs_on=confirming.runs_on(found, clock.today())) if may and review else None),
            "take_back": take_back or (TakeBackForm(obligations=mistaken) if mistaken else None),
            "bound": bound,
            "case": case,
            "warnings": list(
                found.warnings.filter(state__in=[ClauseWarning.State.OPEN, ClauseWarning.State.TRUE])
                .select_related("entry", "case")
                .order_by("pk")
            ),
            "supplement": late,
            "may_open_late": late is not None
            and showing.visible_to(request.user).filter(pk=late.pk).exists(),
            "rechecks": list(found.rechecks.select_related("round__plan").order_by("-pk")),
            "may_open": case is None
            and found.voided_at is None
            and has_role(request.user, *case_rules.DOES)
            and request.user.department_id
            in (found.department_id, found.item.department_id if found.item else None),
        },
        status=422 if bound is not None else 200,
    )


def _rows(found: Commitment) -> list[Obligation]:
    rows = list(found.obligations.order_by("clause_no"))
    for row in rows:
        row.commitment = found
    return rows


def _record_form(
    request: HttpRequest, found: Commitment, rows: list[Obligation], *, bound: bool
) -> RecordForm:
    return RecordForm(
        request.POST if bound else None,
        request.FILES if bound else None,
        obligations=rows if _may_record(request, found) else [],
        today=clock.today(),
        doubts=settling.doubted(found),
        initial={"found_on": clock.today()},
    )


def _mistaken(rows: list[Obligation], user: User) -> list[Obligation]:
    """The clauses that somebody else has recorded."""
    may = confirming.taken_back(rows, user)
    return [row for row in rows if row.pk in may]


def _may_record(request: HttpRequest, found: Commitment) -> bool:
    return (
        has_role(request.user, *fulfilment.MAY_RECORD)
        and found.voided_at is None
        and not hasattr(found, "corrected_by")
    )


def _refuse_others(request: HttpRequest, found: Commitment) -> None:
    if not _may_record(request, found):
        raise Http404(NONE)


def _record(request: HttpRequest, found: Commitment, form: RecordForm) -> bool:
    """Store the files and the findings, or put what is wrong into the form: then nothing is kept."""
    data = form.cleaned_data
    try:
        with transaction.atomic():
            done = fulfilment.record_obligations(
                commitment_id=found.pk,
                found=form.found(),
                found_on=data["found_on"],
                done_on=data["done_on"],
                note=data["note"],
                actor=request.user,
                now=clock.now(),
                evidence=store_all(request, data["proof"]),
            )
            waits = confirming.waiting(done) is not None
    except EvidenceRefused as error:
        form.add_error("proof", str(error))
    except FulfilmentError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    else:
        word = "各条都已履行，待另一人确认" if waits else f"这份承诺{done.get_fulfilment_display()}"
        messages.success(request, f"已登记 {len(form.found())} 条；{word}。")
        return True
    return False


def store_all(request: HttpRequest, uploads: list[Any]) -> list[EvidenceFile]:
    """Uploaded files as evidence of the user's department. Raises EvidenceRefused."""
    return [
        store_evidence(
            content=upload.read(),
            kind=EvidenceFile.Kind.DOCUMENT,
            content_type=upload.content_type or "",
            original_name=upload.name or "",
            actor=request.user,
            department=request.user.department,
            now=clock.now(),
        )
        for upload in uploads
    ]


def _findings(rows: list[Obligation]) -> dict[int, list[ObligationFinding]]:
    found: dict[int, list[ObligationFinding]] = {}
    for finding in (
        ObligationFinding.objects.filter(obligation__in=rows)
        .select_related("finder", "partner", "case", "corrects")
        .prefetch_related("evidence")
        .order_by("pk")
    ):
        found.setdefault(finding.obligation_id, []).append(finding)
    return found


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def file(request: HttpRequest, code: str, evidence: Any) -> HttpResponse:
    """A piece of evidence of a finding; the reading is logged."""
    found = _visible(request, code)
    of_them = ObligationFinding.evidence.through.objects.filter(
        obligationfinding__obligation__commitment=found
    )
    one = EvidenceFile.objects.filter(uuid=evidence, pk__in=of_them.values("evidencefile_id")).first()
    if one is None:
        raise Http404("这份承诺没有这个证据文件。")
    return evidence_answer(request, one, subject_id=found.subject_id, what="履行核实证据")


def evidence_answer(request: HttpRequest, file: EvidenceFile, *, subject_id: int, what: str) -> HttpResponse:
    """The content of a file, its reading logged."""
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        raise Http404(f"证据文件无法打开：{error}") from error
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what=what,
        target_type="evidence",
        target_id=file.pk,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return answers.shown(content, file.original_name or "证据", file.content_type)


def _visible(request: HttpRequest, code: str) -> Commitment:
    found = (
        fulfilment.commitments_in_reach(request.user)
        .select_related("department", "item", "corrected_by", "supplement__department")
        .filter(code=code)
        .first()
    )
    if found is None:
        raise Http404(NONE)
    return found
