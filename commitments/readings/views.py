"""The desk's pages of reading material: the department's drafts and versions, how often they were offered and read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments.models import ReadingDraft
from credit_portal.audit import clock
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import Domain
from credit_portal.registry.visibility import has_role

from . import offering, writing
from .writing import ReadingRefused

SEES = (*AT_THE_DESK, groups.AUDITOR)
COUNTED = timedelta(days=365)
MOST_DRAFTS, MOST_READINGS = 50, 100


class DraftForm(forms.Form):
    domain = forms.ChoiceField(label="领域", choices=[("", "请选择"), *Domain.choices])
    title = forms.CharField(label="标题", max_length=writing.MOST_TITLE)
    body = forms.CharField(label="正文", widget=forms.Textarea(attrs={"rows": 14}), help_text="每段一行。")


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The drafts and the readings of the department (for the office: of its region), with a year's figures."""
    user, today = request.user, clock.today()
    regional = has_role(user, *groups.REGIONAL)
    drafts = writing.drafts_visible_to(user).filter(state=ReadingDraft.State.OPEN)
    figures = offering.figures(
        user.department.region,
        since=today - COUNTED,
        until=today,
        department=None if regional else user.department,
    )
    return render(
        request,
        "desk/readings/home.html",
        {
            "drafts": list(drafts.select_related("department", "written_by").order_by("-pk")[:MOST_DRAFTS]),
            "figures": figures[:MOST_READINGS],
            "since": today - COUNTED,
            "does": has_role(user, *writing.DOES),
        },
    )


@desk(*writing.DOES)
def new(request: HttpRequest) -> HttpResponse:
    form = DraftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = _written(request, form, None)
        if row is not None:
            return redirect("readings:draft", row.uuid)
    return _form(request, form, None)


@desk(*SEES, sends=writing.DOES)
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A draft: written on, published by another, or given up."""
    row = (
        writing.drafts_visible_to(request.user)
        .select_related("department", "written_by", "closed_by", "reading")
        .filter(uuid=uuid)
        .first()
    )
    if row is None:
        raise Http404("没有这份草稿，或者它不在您的管理范围内。")
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    form = DraftForm(
        request.POST if deed == "write" else None,
        initial={"domain": row.domain, "title": row.title, "body": row.body},
    )
    common: dict[str, Any] = {"draft_id": row.pk, "actor": request.user, "now": clock.now()}
    try:
        match deed:
            case "write" if form.is_valid():
                if _written(request, form, row) is not None:
                    return redirect("readings:draft", row.uuid)
            case "publish":
                writing.publish(**common)
                messages.success(request, "已发布，原来的一版停用并保留。")
                return redirect("readings:draft", row.uuid)
            case "discard":
                writing.discard(**common)
                messages.success(request, "已放弃这份草稿。")
                return redirect("readings:home")
    except ReadingRefused as error:
        messages.error(request, str(error))
        return redirect("readings:draft", row.uuid)
    return _form(request, form, row)


def _written(request: HttpRequest, form: DraftForm, row: ReadingDraft | None) -> ReadingDraft | None:
    try:
        made = writing.write(
            draft_id=row.pk if row else None, actor=request.user, now=clock.now(), **form.cleaned_data
        )
    except ReadingRefused as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None
    messages.success(request, "已保存，由本部门另一人发布。")
    return made


def _form(request: HttpRequest, form: DraftForm, row: ReadingDraft | None) -> HttpResponse:
    own = row is None or row.department_id == request.user.department_id
    open_ = row is None or row.state == ReadingDraft.State.OPEN
    return render(
        request,
        "desk/readings/draft.html",
        {
            "draft": row,
            "form": form,
            "does": own and open_ and has_role(request.user, *writing.DOES),
            "may_publish": row is not None and row.written_by_id != request.user.pk,
            "lines": row.body.splitlines() if row else [],
        },
        status=422 if form.is_bound and form.errors else 200,
    )
