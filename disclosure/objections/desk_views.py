"""The desk's pages of objections: what is to be accepted, answered and carried out; one objection as a record with the steps
that come next; whoever has to undo what a wrong record has caused."""

import uuid as uuids
from collections.abc import Callable
from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import AT_THE_DESK, NOT_THIS_UNIT, desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.services import find_subject
from credit_portal.registry.visibility import has_role
from disclosure.models import Objection, ReversalRecipient

from . import filing, handling, knowing, papers, reversals
from . import forms as shapes
from .records import Target, public_target, target_of_entry
from .rules import ACTS, DOES, OFFICE, OUTCOMES, UNIT, ObjectionError, acts_open

PER_PAGE = 50
State, Way = Objection.State, Objection.Way
SEES = (*AT_THE_DESK, groups.CLERK, groups.AUDITOR)
TAKES = (*AT_THE_DESK, groups.CLERK)
TABS: dict[str, tuple[str, Q]] = {
    "accept": ("待受理", Q(state__in=[State.RECEIVED, State.ASKED], low=False)),
    "answer": ("待核实答复", Q(state__in=[State.CHECKING, State.PROPOSED])),
    "carry": ("待执行和送达", Q(state__in=[State.APPROVED, State.ANSWERED])),
    "low": ("排后处理", Q(state__in=[State.RECEIVED, State.ASKED], low=True)),
    "over": ("已办结", Q(state__in=[State.CLOSED, State.REFUSED, State.WITHDRAWN])),
}
NO_OBJECTION = "没有这件异议，或者它不在您的管理范围内。"


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The objections of the user's reach, by what is to be done with them."""
    unit = not has_role(request.user, groups.CREDIT_OFFICE, groups.AUDITOR)
    tab = request.GET.get("tab", "answer" if unit else "accept")
    tab = tab if tab in TABS else "accept"
    sought = request.GET.get("q", "").replace("\0", "").strip()[:60]
    rows = handling.objections_visible_to(request.user).select_related("department", "subject")
    rows = (
        rows.filter(Q(number=codes.clean(sought)) | Q(record_no=sought))
        if sought
        else rows.filter(TABS[tab][1])
    )
    shown, following = newest_first(rows, request, size=PER_PAGE)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="异议列表", target_type="objection_list", target_id=0,
        purpose=ReadLog.Purpose.OBJECTION,
    )  # fmt: skip
    return render(
        request,
        "desk/objections/list.html",
        {
            "tabs": [(code, label, code == tab) for code, (label, _) in TABS.items()],
            "tab": "" if sought else tab,
            "rows": shown,
            "sought": sought,
            "takes": has_role(request.user, *TAKES),
            "at_desk": has_role(request.user, *AT_THE_DESK),
            "office": has_role(request.user, groups.CREDIT_OFFICE),
            "next": following,
        },
    )


# ---- taken down for somebody who stands there --------------------------------------------------------------


@desk(*TAKES)
def new(request: HttpRequest) -> HttpResponse:
    """Find the record by its number or code, then take the objection down."""
    of = request.GET.get("of", "").replace("\0", "")[:80]
    target = _target(request, of) if of else None
    if target is None:
        return _which(request, asked=bool(of))
    start = {"key": uuids.uuid4()}
    form = shapes.DeskObjectionForm(request.POST or None, request.FILES or None, target=target, initial=start)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = filing.file_objection(
                target=target,
                by=filing.Objector(
                    name=data["name"], phone=data["phone"], capacity=data["capacity"], code=data.get("code", ""),
                    authorisation=shapes.maybe(data["authorisation"]),
                    identity=Objection.Identity.DOCUMENT if data["identity_seen"] else "",
                ),
                said=filing.Said(data["points"], data["wanted"], data["reasons"], data["papers"]),
                way=Way.DESK, actor=request.user, key=data["key"], now=clock.now(),
            )  # fmt: skip
        except ObjectionError as error:
            _add(form, error)
        except EvidenceRefused as error:
            form.add_error("papers", str(error))
        else:
            messages.success(request, f"已登记，编号 {row.number}；请打印回执交给异议人。")
            return redirect("objections_desk:objection", row.uuid)
    return render(
        request,
        "desk/objections/new.html",
        {"form": form, "target": target},
        status=422 if form.is_bound and form.errors else 200,
    )


def _target(request: HttpRequest, of: str) -> Target | None:
    """A public record; or an entry of a subject's record, by the random number of that subject and the entry's own."""
    kind, _, key = of.partition(":")
    if kind != "entry":
        return public_target(of, now=clock.now())
    person, _, number = key.partition(".")
    found = handling.entries_of(person, now=clock.now())
    entry = next((one for one in found if str(one.pk) == number), None)
    return target_of_entry(entry) if entry else None


def _which(request: HttpRequest, *, asked: bool) -> HttpResponse:
    """Which record: by commitment code, document number or the subject's code; what is typed stands in no address."""
    found, typed = [], ""
    if request.method == "POST":
        typed = request.POST.get("q", "").replace("\0", "").strip()[:100]
        whose = find_subject(codes.clean(typed))
        found = handling.records_matching(typed, whose, now=clock.now())
        log_read(
            now=clock.now(), actor_id=request.user.pk, what="查找异议的记录", target_type="objection_list",
            target_id=0, subject_id=whose.pk if whose else None, purpose=ReadLog.Purpose.OBJECTION,
        )  # fmt: skip
    return render(
        request,
        "desk/objections/which.html",
        {"found": found, "sought": bool(typed), "missing": asked},
        status=404 if asked and not typed else 200,
    )


# ---- one objection -----------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> Objection:
    found = (
        handling.objections_visible_to(request.user)
        .select_related("subject", "department", "office", "region")
        # Twenty joins take the database a quarter of a second to plan; looked up one by one they are a few milliseconds.
        .prefetch_related(
            "publication__case__commitment", "commitment", "act", "entry", "typical_case", "filed_by",
            "identity_by", "accepted_by", "proposed_by", "approved_by", "carried_out_by", "same_as", "successor",
            "authorisation", "document",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404(NO_OBJECTION)
    return found


@desk(*SEES)
@require_safe
def objection(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One objection as a record, with what this user may do next."""
    return _page(request, _visible(request, uuid))


def _page(
    request: HttpRequest, row: Objection, *, failed: tuple[str, forms.Form] | None = None, error: str = ""
) -> HttpResponse:
    user = request.user
    log_read(
        now=clock.now(), actor_id=user.pk, what="异议", target_type="objection", target_id=row.pk,
        subject_id=row.subject_id, purpose=ReadLog.Purpose.OBJECTION,
    )  # fmt: skip
    hands = handling.hands_of(row, user)
    acts = acts_open(state=row.state, hands=hands)
    look = handling.preview(row, now=clock.now())
    office = OFFICE in hands
    return render(
        request,
        "desk/objections/objection.html",
        {
            "row": row,
            "target": look["target"],
            "objected": look["objected"],
            "shown": look["shown"],
            "identity": knowing.identity_label(row),
            # Beside what the objector wrote, for whoever has to see who it is.
            "known": knowing.known_of(row) if office and not row.identity else None,
            "steps": row.steps.select_related("actor"),
            "evidence": row.evidence.order_by("pk"),
            "duties": [one for matter in (filing.matter_of(row), filing.matter_supplied(row)) for one in duties.duties_of(matter)],
            "office": office,
            # Whoever only answers has no need to call: the phone is the office's.
            "phone": row.phone if office or row.filed_by_id == user.pk else "",
            "steps_on": [one for one in _steps_on(row, acts, user, look, failed) if one],
            "waits_for_second": "approve" in acts and row.proposed_by_id == user.pk,
            "recipients": reversals.waiting_in(row) if row.carried_out_at else [],
            "error": error,
        },
        status=422 if failed or error else 200,
    )  # fmt: skip


# deed → its form, its service.
FORMS: dict[str, type[shapes.DeedForm]] = {
    "supply": shapes.DeskSupplyForm,
    "ask": shapes.AskForm,
    "refuse": shapes.RefuseForm,
    "return": shapes.SendBackForm,
    "reopen": shapes.ReopenForm,
    "deliver": shapes.DeliverForm,
    "withdraw": shapes.TakeBackForm,
}
WITH_ANSWER = ("propose", "fix")
LEADING = ("verify", "supply", "accept", "propose", "approve", "carry_out", "deliver")
DEEDS: dict[str, tuple[Callable[..., Any], str]] = {
    "verify": (handling.verify, "身份已核实，记录已标注“异议处理中”。"),
    "supply": (filing.supply, "已登记补正，重新计算受理期限。"),
    "ask": (handling.ask, "已要求补正，请把补正告知书交给异议人。"),
    "refuse": (handling.refuse, "已不予受理，请把告知书交给异议人。"),
    "accept": (handling.accept, "已受理，作出单位已收到通知。"),
    "fix": (handling.fix, "已改正，答复书已制作，请送达异议人。"),
    "propose": (handling.propose, "已提出答复，等本单位另一人批准。"),
    "return": (handling.send_back, "已退回重新核实。"),
    "approve": (handling.approve, "已书面答复，信用办照此执行。"),
    "carry_out": (handling.carry_out, "已按答复执行，答复书已制作，请送达异议人。"),
    "reopen": (handling.reopen, "已退回作出单位重新核实答复。"),
    "deliver": (handling.deliver, "已办结。"),
    "withdraw": (filing.take_back, "已登记撤回。"),
}


def _steps_on(
    row: Objection, acts: list[str], user: Any, look: dict[str, Any], failed: tuple[str, forms.Form] | None
) -> list[dict[str, Any]]:
    steps = []
    # What usually comes next stands first and open.
    for act in sorted(acts, key=lambda one: one not in LEADING):
        if act == "verify" and row.identity:
            continue
        if act in ("accept", "fix") and not row.identity:
            continue
        if act == "ask" and row.asked_at is not None:
            continue
        if act in ("approve", "return") and row.proposed_by_id == user.pk:
            continue
        form = failed[1] if failed and failed[0] == act else _form(act, row, look, None)
        steps.append(
            {
                "act": act,
                "label": ACTS[act].label,
                "form": form,
                "answer": act in WITH_ANSWER,
                "open": bool(failed and failed[0] == act),
            }
        )
    return steps


def _form(act: str, row: Objection, look: dict[str, Any], data: Any, files: Any = None) -> forms.Form | None:
    if act in WITH_ANSWER:
        outcomes = OUTCOMES[row.of]
        return shapes.AnswerForm(
            data,
            deed=act,
            outcomes=[one for one in outcomes if act == "propose" or one != "keep"],
            points=look["changeable"],
            initial={"outcome": row.outcome, "answer": row.answer} if act == "propose" else {},
        )
    if act == "deliver":
        return shapes.DeliverForm(data, initial={"on": clock.today()})
    if act == "verify":
        problem = knowing.known_of(row).problem
        return shapes.VerifyForm(data, problem=f"{problem}{knowing.OTHER_WAYS}" if problem else "")
    return FORMS[act](data, files) if act in FORMS else None


@desk(*AT_THE_DESK)
@require_POST
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Do one thing with an objection."""
    if deed not in DEEDS:
        raise Http404("没有这个办理步骤。")
    row = _visible(request, uuid)
    if not ACTS[deed].by & set(handling.hands_of(row, request.user)):
        raise PermissionDenied(NOT_THIS_UNIT)
    service, done = DEEDS[deed]
    form = _form(deed, row, handling.preview(row, now=clock.now()), request.POST, request.FILES)
    told: dict[str, Any] = {}
    if form is not None:
        if not form.is_valid():
            return _page(request, row, failed=(deed, form))
        told = dict(form.cleaned_data)
        if isinstance(form, shapes.DeskSupplyForm):
            told = {
                "text": told["text"], "files": told["papers"], "authorisation": shapes.maybe(told["authorisation"])
            }  # fmt: skip
        if isinstance(form, shapes.AnswerForm):
            told = {"outcome": told["outcome"], "answer": told["answer"], "changes": form.changes()}
    try:
        service(objection_id=row.pk, actor=request.user, now=clock.now(), **told)
    except EvidenceRefused as refused:
        if form is None:
            return _page(request, row, error=str(refused))
        form.add_error("papers" if "papers" in form.fields else None, str(refused))
        return _page(request, row, failed=(deed, form))
    except ObjectionError as problem:
        if form is not None and problem.field in form.fields:
            form.add_error(problem.field, str(problem))
            return _page(request, row, failed=(deed, form))
        return _page(request, row, error=str(problem))
    messages.success(request, done)
    return redirect("objections_desk:objection", row.uuid)


def _add(form: forms.Form, error: ObjectionError) -> None:
    form.add_error(error.field if error.field in form.fields else None, str(error))


@desk(*SEES)
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID, what: str) -> HttpResponse:
    """A paper of the objection, to print: the receipt carries the objector's address and is for the office and whoever
    took it down."""
    row = _visible(request, uuid)
    inside = UNIT in (hands := handling.hands_of(row, request.user)) or OFFICE in hands
    own = OFFICE in hands or row.filed_by_id == request.user.pk
    title, content = _paper(row, what) if (own or (inside and what == "answer")) else ("", None)
    if content is None:
        raise Http404("没有这份文书。")
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=title, target_type="objection", target_id=row.pk,
        subject_id=row.subject_id, purpose=ReadLog.Purpose.PRINT,
    )  # fmt: skip
    return answers.shown(content, f"{title} {row.number}.pdf")


def _paper(row: Objection, what: str) -> tuple[str, bytes | None]:
    if what == "receipt":
        return papers.RECEIPT, papers.receipt_pdf(row)
    if what == "asked" and row.asked_for:
        return papers.ASKED, papers.asked_pdf(row)
    if what == "refusal" and row.refused_for:
        return papers.REFUSAL, papers.refusal_pdf(row)
    if what == "answer" and row.document is not None:
        try:
            return papers.ANSWER, read_evidence(row.document)
        except EvidenceDamaged as error:
            raise Http404("文件已损坏，请联系系统管理员。") from error
    return "", None


@desk(*SEES)
@require_safe
@csp_exempt()
def evidence(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A file that the objector gave."""
    row = _visible(request, uuid)
    if not handling.hands_of(row, request.user) and not has_role(
        request.user, groups.CREDIT_OFFICE, groups.AUDITOR
    ):
        raise Http404(NO_OBJECTION)
    own = [row.authorisation_id] if row.authorisation_id else []
    found = next(
        (
            one
            for one in [*row.evidence.all(), *([row.authorisation] if own else [])]
            if one and one.uuid == file
        ),
        None,
    )
    if found is None:
        raise Http404("没有这个文件。")
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="异议的证据", target_type="objection", target_id=row.pk,
        subject_id=row.subject_id, purpose=ReadLog.Purpose.OBJECTION,
    )  # fmt: skip
    try:
        content = read_evidence(found)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系系统管理员。") from error
    return answers.shown(content, found.original_name or "证据", found.content_type)


# ---- undoing what it has caused ----------------------------------------------------------------------------


RECIPIENT_TABS = {"open": "待确认", "late": "逾期未确认", "done": "已确认"}


@desk()
@require_safe
def recipients(request: HttpRequest) -> HttpResponse:
    """What the own unit has to undo and confirm; of the office, everybody who has not yet."""
    tab = request.GET.get("tab", "open")
    tab = tab if tab in RECIPIENT_TABS else "open"
    rows: QuerySet[ReversalRecipient] = reversals.recipients_visible_to(request.user).select_related(
        "objection__office", "department", "confirmed_by"
    )
    rows = rows.filter(confirmed_at__isnull=tab != "done")
    if tab == "late":
        rows = rows.filter(chased__gt=0)
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/objections/recipients.html",
        {
            "tabs": [(code, label, code == tab) for code, label in RECIPIENT_TABS.items()],
            "tab": tab,
            "rows": shown,
            "office": has_role(request.user, groups.CREDIT_OFFICE),
            "next": following,
        },
    )


@desk()
def recipient(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: which record was wrong, what was got of it, and what has been undone."""
    row = (
        reversals.recipients_visible_to(request.user)
        .select_related("objection__office", "department", "confirmed_by")
        .filter(pk=min(pk, 2**62))
        .first()
    )
    if row is None:
        raise Http404("没有这一项，或者它不归您的单位确认。")
    form = shapes.ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reversals.confirm(
                recipient_id=row.pk, what=form.cleaned_data["what"], actor=request.user, now=clock.now()
            )
        except ObjectionError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已确认。")
            return redirect("objections_desk:recipients")
    user = request.user
    own = row.department_id == user.department_id and has_role(user, *DOES)
    office = row.objection.office_id == user.department_id and row.kind in ("platform", "letter")
    return render(
        request,
        "desk/objections/recipient.html",
        {"row": row, "form": form, "may": row.confirmed_at is None and (own or office)},
        status=422 if form.is_bound and form.errors else 200,
    )
