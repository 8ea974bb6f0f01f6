"""The desk's pages of members: the list with how each stands, one member's record, notes put down, corrected, answered."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from commitments.concluding import Upload
from commitments.models import MemberNote, RosterEntry
from commitments.rosters import searching
from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.desk_access import desk

from . import coverage, membership, notes
from .forms import AnswerForm, CorrectForm, NoteForm, bound
from .membership import AssociationError
from .views import DOES, PER_PAGE, SEES, association_of, note_read

NO_MEMBER = "没有这个会员，或者它不在您的管理范围内。"
LEFT = "left"
COMMITMENTS_SHOWN = 100


@desk(*SEES)
def members(request: HttpRequest, uscc: str) -> HttpResponse:
    """The members of today by how they stand, or those who have left; POST looks one up."""
    association, today = association_of(request, uscc), clock.today()
    if request.method == "POST":
        return searching.to_address(request)
    state = request.GET.get("tab", "")
    if state not in (*coverage.STATES, LEFT):
        state = ""
    if state == LEFT:
        rows = membership.MEMBERS.filter(department=association, left_on__lte=today)
    else:
        rows = membership.members_of(association, today)
    rows = coverage.of_state(coverage.with_state(searching.narrowed(rows, request), today), state)
    page = Paginator(rows.select_related("subject").order_by("-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    note_read(
        request, target_type="roster", target_id=association.pk,
        subject_id=searching.found_one(page.object_list, request),
    )  # fmt: skip
    return render(
        request,
        "desk/associations/members.html",
        {
            "association": association,
            "own": membership.works_for(request.user, association),
            "rows": [(entry, coverage.state_of(entry)) for entry in page],
            "words": coverage.STATES,
            "page": page,
            "query": urlencode(searching.query_of(request, tab=state)),
            "state": state,
            "tabs": [("", "全部"), *coverage.STATES.items(), (LEFT, "已退会")],
            "sought": searching.sought(request),
            "searched": searching.is_search(request),
            "figures": coverage.figures(association, today),
            "today": today,
        },
    )


def _member(request: HttpRequest, uscc: str, uuid: UUID) -> RosterEntry:
    association = association_of(request, uscc)
    found = (
        membership.MEMBERS.select_related("subject", "department")
        .filter(uuid=uuid, department=association)
        .first()
    )
    if found is None:
        raise Http404(NO_MEMBER)
    return found


@desk(*SEES)
@require_safe
def member(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """What the association may see of a member: its commitments under the association, and the association's own notes."""
    entry = _member(request, uscc, uuid)
    note_read(request, target_type="roster_entry", target_id=entry.pk, subject_id=entry.subject_id)
    return _member_page(request, entry)


def _member_page(request: HttpRequest, entry: RosterEntry, status: int = 200, **more: Any) -> HttpResponse:
    own = membership.works_for(request.user, entry.department)
    context = {
        "association": entry.department,
        "entry": entry,
        "own": own,
        "commitments": list(notes.commitments_of(entry)[:COMMITMENTS_SHOWN]),
        "notes": _pages(notes.notes_of(entry), request),
        "memberships": list(
            membership.MEMBERS.filter(department=entry.department_id, subject=entry.subject_id).order_by("pk")
        ),
        "form": NoteForm(initial={"on": clock.today()}) if own else None,
        "answer": AnswerForm(),
        "today": clock.today(),
    }
    return render(request, "desk/associations/member.html", context | more, status=status)


def _pages(rows: Any, request: HttpRequest) -> Any:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def _upload(form: Any) -> Upload | None:
    file = form.cleaned_data.get("document")
    return Upload(file.read(), file.content_type or "", file.name) if file else None


@desk(*DOES)
def add_note(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """Put a note down."""
    entry = _member(request, uscc, uuid)
    membership.require_own(request.user, entry.department)
    if request.method != "POST":
        return redirect("associations:member", uscc, uuid)
    form = bound(NoteForm, request)
    if form.is_valid():
        try:
            notes.add(
                entry=entry, told=_told(form), document=_upload(form), actor=request.user, now=clock.now()
            )
        except AssociationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        except EvidenceRefused as wrong:
            form.add_error("document", str(wrong))
        else:
            messages.success(request, "已登记，会员在网上看得到。")
            return redirect("associations:member", uscc, uuid)
    return _member_page(request, entry, status=422, form=form)


def _told(form: Any) -> notes.Told:
    return notes.Told(form.cleaned_data["tone"], form.cleaned_data["on"], form.cleaned_data["text"])


def _note(request: HttpRequest, uscc: str, uuid: UUID) -> MemberNote:
    association = association_of(request, uscc)
    found = (
        MemberNote.objects.select_related("entry__subject", "entry__department", "corrected_by", "document")
        .filter(uuid=uuid, entry__department=association)
        .first()
    )
    if found is None:
        raise Http404("没有这一条记录，或者它不在您的管理范围内。")
    return found


@desk(*DOES)
def correct_note(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """Put another one in its place, or declare it void; the old one stays on view."""
    note = _note(request, uscc, uuid)
    membership.require_own(request.user, note.entry.department)
    form = bound(CorrectForm, request, initial={"tone": note.tone, "on": note.on, "text": note.text})
    if request.method == "POST" and form.is_valid():
        try:
            notes.add(
                entry=note.entry,
                told=_told(form),
                document=_upload(form),
                corrects=note,
                reason=form.cleaned_data["reason"],
                void=form.cleaned_data["void"],
                actor=request.user,
                now=clock.now(),
            )
        except AssociationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        except EvidenceRefused as wrong:
            form.add_error("document", str(wrong))
        else:
            messages.success(request, "已更正，原来的一条保留备查。")
            return redirect("associations:member", uscc, note.entry.uuid)
    return render(
        request,
        "desk/associations/note_correct.html",
        {"association": note.entry.department, "note": note, "entry": note.entry, "form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*DOES)
def answer_note(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """Answer what the member has said."""
    note = _note(request, uscc, uuid)
    membership.require_own(request.user, note.entry.department)
    form = bound(AnswerForm, request)
    if request.method == "POST" and form.is_valid():
        try:
            notes.answer(note_id=note.pk, text=form.cleaned_data["text"], actor=request.user, now=clock.now())
        except AssociationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, "已答复。会员说得对的，请另行更正这一条。")
            return redirect("associations:member", uscc, note.entry.uuid)
    return render(
        request,
        "desk/associations/note_answer.html",
        {"association": note.entry.department, "note": note, "entry": note.entry, "form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*SEES)
@require_safe
@csp_exempt()
def document(request: HttpRequest, uscc: str, uuid: UUID) -> HttpResponse:
    """The document that a note rests on."""
    note = _note(request, uscc, uuid)
    if note.document is None:
        raise Http404("这一条没有凭据。")
    note_read(request, target_type="member_note", target_id=note.pk, subject_id=note.entry.subject_id)
    return shown(note.document, "凭据")


def shown(file: EvidenceFile, name: str) -> HttpResponse:
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系登记的单位。") from error
    return answers.shown(content, name, file.content_type)
