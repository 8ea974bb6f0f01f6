"""The desk's pages of monthly lists: a unit's own with what is said of each check, the office's view of all units, and
the notice that names."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import contacts, groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role
from verification.models import UsageList, UsageNote, UsageNotice

from . import files, gathering, lists, naming
from .lists import UsageError

SEES = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)
PER_PAGE = 50
MONTHS_SHOWN = 24


class SubmitForm(forms.Form):
    reporter = forms.CharField(
        label="报送人",
        max_length=lists.MOST_NAME,
        help_text="本单位登记了联络员的，先填联络员的姓名；可以改。",
    )
    reason = forms.CharField(
        label="更正的理由", max_length=lists.MOST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, again: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not again:
            del self.fields["reason"]


class NoteForm(forms.Form):
    kind = forms.ChoiceField(label="种类", choices=UsageNote.Kind.choices)
    text = forms.CharField(label="内容", max_length=lists.MOST_TEXT)


class SendUpForm(forms.Form):
    on = forms.DateField(label="上报日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    to = forms.CharField(label="上报对象", max_length=200, help_text="例如 县委、县政府")


def _month(text: str) -> date | None:
    """The month of an address (2026-11); None where it is none."""
    try:
        return datetime.strptime(text, "%Y-%m").date() if len(text) == 7 else None  # noqa: DTZ007 - a month
    except ValueError:
        return None


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A unit comes to its own lists; the office sees every unit's list of a month."""
    today, user = clock.today(), request.user
    office = has_role(user, groups.CREDIT_OFFICE)
    rows = lists.lists_visible_to(user).select_related("department", "region")
    if not office:
        own = list(rows.filter(department=user.department_id).order_by("-month")[:MONTHS_SHOWN])
        return render(
            request,
            "desk/usage/own.html",
            {"rows": [(row, gathering.state_of(row, today)) for row in own], "states": gathering.STATES},
        )
    months = list(rows.order_by("-month").values_list("month", flat=True).distinct()[:MONTHS_SHOWN])
    month = _month(request.GET.get("month", "")) or (months[0] if months else today.replace(day=1))
    found = list(naming.lists_with_facts(rows.filter(month=month)).order_by("region_id", "department__name"))
    named = {one.department_id: one for one in naming.may_be_named(found, today=today)}
    lines = [(row, gathering.state_of(row, today), named.get(row.department_id)) for row in found]
    here = user.department.region_id
    return render(
        request,
        "desk/usage/office.html",
        {
            "month": month,
            "months": months,
            "lines": lines,
            "states": gathering.STATES,
            "figures": [
                (label, sum(1 for _, state, _ in lines if state == code))
                for code, label in gathering.STATES.items()
            ],
            "open": [row for row, _, _ in lines if row.submitted_on is None],
            "named": [line[2] for line in lines if line[2] is not None and line[0].region_id == here],
            "notices": naming.notices_visible_to(user).filter(month=month).select_related("office"),
            "own_notice": naming.notices_visible_to(user)
            .filter(month=month, office=user.department)
            .exists(),
        },
    )


def _list(request: HttpRequest, uuid: UUID) -> UsageList:
    return get_object_or_404(
        lists.lists_visible_to(request.user).select_related("department", "region"), uuid=uuid
    )


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A list as it would be sent now, what was sent, and the form that sends it."""
    return _page(request, _list(request, uuid))


def _page(
    request: HttpRequest,
    row: UsageList,
    *,
    submitting: SubmitForm | None = None,
    noting: tuple[int, NoteForm] | None = None,
) -> HttpResponse:
    user, today = request.user, clock.today()
    own = row.department_id == user.department_id and has_role(user, groups.OFFICER, groups.HEAD)
    sent = lists.last_submission(row)
    # The office sees what it was sent, the unit what it would send.
    rows = lists.live_rows(row) if own or sent is None else lists.sent_rows(sent)
    try:
        page = max(int(request.GET.get("page", "1")[:6]), 1)
    except ValueError:
        page = 1
    start = (page - 1) * PER_PAGE
    shown = rows[start : start + PER_PAGE]
    gathering.note_read(user=user, target_id=str(row.pk), now=clock.now())
    form = submitting or SubmitForm(again=sent is not None, initial={"reporter": _reporter(row, user)})
    failed = (submitting is not None and submitting.errors) or (noting is not None and noting[1].errors)
    return render(
        request,
        "desk/usage/list.html",
        {
            "list": row,
            "own": own,
            "state": gathering.STATES[gathering.state_of(row, today)],
            "state_code": gathering.state_of(row, today),
            "rows": [
                (line, noting[1] if noting and noting[0] == line.check_id else NoteForm()) for line in shown
            ],
            "open_note": noting[0] if noting else None,
            "number": len(rows),
            "next": page + 1 if start + PER_PAGE < len(rows) else None,
            "previous": page - 1 if page > 1 else None,
            "sent": sent,
            "changed": sent is not None and own and lists.fingerprint(rows) != sent.sha256,
            "submissions": row.submissions.select_related("submitted_by").order_by("-version"),
            "form": form,
            "early": today <= row.period_to,
            "opens_on": row.due_on - lists.EARLY
            if today <= row.period_to and today < row.due_on - lists.EARLY
            else None,
        },
        status=422 if failed else 200,
    )


def _reporter(row: UsageList, user: User) -> str:
    """Whom the form names: whoever answers for it in the unit (S3 三（四）), else who is at the form."""
    return contacts.reporter_of(row.department_id) or user.display_name


@desk(groups.OFFICER, groups.HEAD)
@require_POST
def submit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send the list."""
    row = _list(request, uuid)
    form = SubmitForm(request.POST, again=row.submissions.exists())
    if not form.is_valid():
        return _page(request, row, submitting=form)
    try:
        made = lists.submit(
            list_id=row.pk,
            reporter=form.cleaned_data["reporter"],
            reason=form.cleaned_data.get("reason", ""),
            actor=request.user,
            now=clock.now(),
        )
    except UsageError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(request, row, submitting=form)
    messages.success(request, f"已报送，{made.rows} 条。")
    return redirect("usage:list", row.uuid)


@desk(groups.OFFICER, groups.HEAD)
@require_POST
def add_note(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """Say which measure was used with a check, or correct its line."""
    row = _list(request, uuid)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            lists.add_note(check_id=pk, **form.cleaned_data, actor=request.user, now=clock.now())
        except UsageError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已记下。")
            return redirect("usage:list", row.uuid)
    return _page(request, row, noting=(pk, form))


@desk(*SEES)
@require_safe
def as_xlsx(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return list_file(request, _list(request, uuid))


def list_file(request: HttpRequest, row: UsageList) -> HttpResponse:
    """A unit's list in the annex's shape; who fetches it is written down."""
    gathering.note_read(user=request.user, target_id=str(row.pk), now=clock.now())
    content = files.workbook([gathering.sheet_of(row)])
    return answers.download(content, f"{row.department.short_name}使用信用记录情况清单{row.month:%Y-%m}.xlsx")


@desk(*SEES)
@require_safe
def as_pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _list(request, uuid)
    gathering.note_read(user=request.user, target_id=str(row.pk), now=clock.now())
    content = files.as_pdf(gathering.sheet_of(row), number=row.number, demonstration=row.is_demo)
    return answers.download(
        content, f"{row.department.short_name}使用信用记录情况清单{row.month:%Y-%m}.pdf", answers.PDF
    )


@desk(groups.CREDIT_OFFICE)
@require_safe
def county(request: HttpRequest) -> HttpResponse:
    """Every unit's list of a month in one workbook."""
    month = _month(request.GET.get("month", ""))
    if month is None:
        raise Http404("请写明月份，例如 2026-11。")
    return county_file(request, month)


def county_file(request: HttpRequest, month: date) -> HttpResponse:
    """A month's workbook of the units that the user watches over. Raises Http404 where there is no list."""
    rows = list(
        lists.lists_visible_to(request.user)
        .filter(month=month)
        .select_related("department")
        .order_by("region_id", "department__name")
    )
    if not rows:
        raise Http404("这个月没有月报。")
    gathering.note_read(user=request.user, target_id=f"month:{month:%Y-%m}", now=clock.now())
    sheets, overview = gathering.county_of(rows, today=clock.today())
    return answers.download(
        files.workbook(sheets, overview=overview), f"使用信用记录情况清单{month:%Y-%m}.xlsx"
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def chase(request: HttpRequest) -> HttpResponse:
    """Remind the units that were ticked."""
    wanted = [int(pk) for pk in request.POST.getlist("list") if pk.isascii() and pk.isdigit()][:500]
    number = lists.chase(list_ids=wanted, actor=request.user, now=clock.now())
    if number:
        messages.success(request, f"已催报 {number} 个单位。")
    else:
        messages.error(request, "请先选择没有报送的单位。")
    return redirect(f"/desk/usage/?month={request.POST.get('month', '')[:7]}")


@desk(groups.CREDIT_OFFICE)
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Write the notice of a month, without the units whose tick was taken away."""
    month = _month(request.POST.get("month", ""))
    if month is None:
        raise Http404("请写明月份，例如 2026-11。")
    kept = {int(pk) for pk in request.POST.getlist("unit") if pk.isascii() and pk.isdigit()}
    shown = {int(pk) for pk in request.POST.getlist("shown") if pk.isascii() and pk.isdigit()}
    try:
        made = naming.draft(month=month, leave_out=shown - kept, actor=request.user, now=clock.now())
    except UsageError as error:
        messages.error(request, str(error))
        return redirect(f"/desk/usage/?month={month:%Y-%m}")
    return redirect("usage:notice", made.uuid)


def _notice(request: HttpRequest, uuid: UUID) -> UsageNotice:
    return get_object_or_404(
        naming.notices_visible_to(request.user).select_related("office", "region", "document"), uuid=uuid
    )


@desk(groups.CREDIT_OFFICE)
def notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A notice: signed by another, given up while it is a draft, its going up noted."""
    row = _notice(request, uuid)
    form = SendUpForm(request.POST if request.POST.get("deed") == "send_up" else None,
                      initial={"on": clock.today()})  # fmt: skip
    error = ""
    if request.method == "POST":
        common = {"notice_id": row.pk, "actor": request.user, "now": clock.now()}
        try:
            match request.POST.get("deed"):
                case "issue":
                    naming.issue(**common)
                    messages.success(request, "已签发。")
                    return redirect("usage:notice", row.uuid)
                case "discard":
                    naming.discard(**common)
                    messages.success(request, "已放弃这份拟稿。")
                    return redirect(f"/desk/usage/?month={row.month:%Y-%m}")
                case "send_up" if form.is_valid():
                    naming.send_up(**common, **form.cleaned_data)
                    messages.success(request, "已登记上报。")
                    return redirect("usage:notice", row.uuid)
        except UsageError as raised:
            if raised.field in form.fields:
                form.add_error(raised.field, str(raised))
            else:
                error = str(raised)
    return render(
        request,
        "desk/usage/notice.html",
        {"notice": row, "form": form, "error": error, "own": row.office_id == request.user.department_id},
        status=422 if error or (form.is_bound and form.errors) else 200,
    )


@desk(groups.CREDIT_OFFICE)
@require_safe
def notice_paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _notice(request, uuid)
    if row.document is None:
        raise Http404("签发以后才有文书。")
    try:
        content = read_evidence(row.document)
    except EvidenceDamaged as error:
        raise Http404("文书已损坏，请联系系统管理员。") from error
    return answers.download(content, f"{naming.TITLE} {row.number}.pdf", answers.PDF)
