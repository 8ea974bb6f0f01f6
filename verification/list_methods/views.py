"""The desk's pages of methods of lists: what there is, drafting, one method with its opinions and its next step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.registry import groups
from credit_portal.registry.desk_access import NOT_THIS_UNIT, check_role, desk
from credit_portal.registry.models import User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import group_names, has_role
from verification.models import ListMethod

from . import keeping
from .forms import AnswerForm, AskForm, DraftForm, NothingForm, PartsForm, ProposeForm, WrittenForm
from .keeping import MethodRefused, State

SEES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR)
DOES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
NO_METHOD = "没有这份办法，或者它不在您的管理范围内。"
NO_DEED = "没有这一步。"


@dataclass(frozen=True)
class Deed:
    """A step at the desk: its label, from which states, its form, what it does with what was typed, and what is said."""

    label: str
    before: tuple[str, ...]
    form: type[forms.Form]
    run: Callable[[ListMethod, dict[str, Any], User], Any]
    done: str
    roles: frozenset[str] = keeping.DRAFTS


def _rewrite(row: ListMethod, typed: dict[str, Any], user: User) -> None:
    keeping.rewrite(
        method_id=row.pk, parts={key: typed[key] for key in ListMethod.PARTS}, actor=user, now=clock.now()
    )


def _written(row: ListMethod, typed: dict[str, Any], user: User) -> None:
    keeping.give_opinion(method_id=row.pk, actor=user, now=clock.now(), **typed)


def _answer(row: ListMethod, typed: dict[str, Any], user: User) -> None:
    if not row.opinions.filter(pk=typed["opinion"]).exists():
        raise Http404("没有这条意见。")
    keeping.answer(
        opinion_id=typed["opinion"], taken=typed["taken"] == "yes", text=typed["answer"], actor=user,
        now=clock.now(),
    )  # fmt: skip


DEEDS: dict[str, Deed] = {
    "ask": Deed(
        "公开征求意见", (State.DRAFT,), AskForm,
        lambda row, typed, user: keeping.ask_public(method_id=row.pk, actor=user, now=clock.now(), **typed),
        "已公开征求意见。",
    ),
    "answer": Deed("答复", (State.ASKING,), AnswerForm, _answer, "已答复。"),
    "written": Deed("登记书面意见", (State.ASKING,), WrittenForm, _written, "已登记。"),
    "rewrite": Deed("修改", (State.DRAFT, State.ASKING), PartsForm, _rewrite, "已保存。"),
    "propose": Deed(
        "提请发布", (State.ASKING,), ProposeForm,
        lambda row, typed, user: keeping.propose(method_id=row.pk, actor=user, now=clock.now(), **typed),
        "已提请发布，由另一人批准。",
    ),
    "adopt": Deed(
        "批准发布", (State.PROPOSED,), NothingForm,
        lambda row, _typed, user: keeping.adopt(method_id=row.pk, actor=user, now=clock.now()),
        "已批准发布。", keeping.ADOPTS,
    ),
    "return": Deed(
        "退回修改", (State.PROPOSED,), NothingForm,
        lambda row, _typed, user: keeping.send_back(method_id=row.pk, actor=user, now=clock.now()),
        "已退回。", keeping.ADOPTS,
    ),
    "drop": Deed(
        "不再办理", keeping.IN_WORK, NothingForm,
        lambda row, _typed, user: keeping.drop(method_id=row.pk, actor=user, now=clock.now()),
        "已撤下。",
    ),
}  # fmt: skip


@desk(*SEES)
@require_safe
def methods(request: HttpRequest) -> HttpResponse:
    """The methods of the user's reach, the newest first."""
    rows = keeping.methods_visible_to(request.user).select_related("department", "region")
    shown, following = newest_first(rows, request)
    return render(
        request,
        "desk/list_methods/list.html",
        {
            "rows": shown,
            "next": following,
            "may_draft": has_role(request.user, *DOES),
            "today": clock.today(),
        },
    )


@desk(*DOES)
def new(request: HttpRequest) -> HttpResponse:
    """Draft a method, or the next version of one, which begins with the words of the last."""
    form = DraftForm(request.POST or None, initial=_last_words(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = keeping.draft(
                kind=data["kind"], list_name=data["list_name"], parts=form.parts(), actor=request.user,
                now=clock.now(),
            )  # fmt: skip
        except MethodRefused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已起草。下一步：公开征求意见。")
            return redirect("list_methods:method", row.uuid)
    return render(
        request, "desk/list_methods/new.html", {"form": form},
        status=422 if form.is_bound and form.errors else 200,
    )  # fmt: skip


def _last_words(request: HttpRequest) -> dict[str, Any]:
    try:
        uuid = UUID(request.GET.get("of", ""))
    except ValueError:
        return {}
    row = keeping.methods_visible_to(request.user).filter(uuid=uuid).first()
    return {key: getattr(row, key) for key in ("kind", "list_name", *ListMethod.PARTS)} if row else {}


# ---- one method --------------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> ListMethod:
    found = (
        keeping.methods_visible_to(request.user)
        .select_related("department", "region", "proposed_by", "adopted_by", "drafted_by", "replaces")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_METHOD)
    return found


@desk(*SEES)
@require_safe
def method(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One method: what it says, what the public said and was answered, the next step."""
    return _page(request, _visible(request, uuid))


def _page(
    request: HttpRequest, row: ListMethod, *, bad: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    opinions, following = newest_first(row.opinions.select_related("answered_by"), request)
    mine = row.department_id == request.user.department_id or (
        has_role(request.user, groups.CREDIT_OFFICE) and row.region_id == request.user.department.region_id
    )
    roles = group_names(request.user)
    open_deeds = {
        name: deed
        for name, deed in DEEDS.items()
        # One that was refused stands there with the reason, whatever is open now.
        if name == bad or (mine and row.state in deed.before and roles & deed.roles and _timely(name, row))
    }
    waiting = row.opinions.filter(answered_at=None).count()
    return render(
        request,
        "desk/list_methods/method.html",
        {
            "method": row,
            "parts": parts_of(row),
            "opinions": [
                (one, form if bad == "answer" and form is not None and _is_about(form, one.pk) else None)
                for one in opinions
            ],
            "may_answer": "answer" in open_deeds,
            "next": following,
            "waiting": waiting,
            "steps": [
                {
                    "act": name,
                    "label": deed.label,
                    "form": form if name == bad and form is not None else _blank(deed, row),
                    "open": name == bad,
                }
                for name, deed in open_deeds.items()
                if name != "answer"
            ],
            "may_draft": mine
            and row.state in (State.ADOPTED, State.DROPPED)
            and has_role(request.user, *DOES),
            "today": clock.today(),
        },
        status=status,
    )


def _is_about(form: forms.Form, opinion_id: int) -> bool:
    return str(form.data.get("opinion", "")) == str(opinion_id)


def _timely(name: str, row: ListMethod) -> bool:
    """While the public is being asked nothing changes and nothing is decided; afterwards it changes by what was taken. What came
    by post on the last day is written down afterwards, too."""
    if name not in ("propose", "rewrite") or row.state != State.ASKING or row.asked_until is None:
        return True
    return clock.today() > row.asked_until and (name == "propose" or keeping.has_taken(row))


def _blank(deed: Deed, row: ListMethod) -> forms.Form:
    if deed.form is PartsForm:
        return deed.form(initial={key: getattr(row, key) for key in ListMethod.PARTS})
    return deed.form()


def parts_of(row: ListMethod) -> list[tuple[str, str, str]]:
    """What a method says, with the names of its parts, and what the public was asked on where that was something else."""
    found = []
    for key in ListMethod.PARTS:
        says, asked = getattr(row, key), row.asked_parts.get(key, "")
        label = str(ListMethod._meta.get_field(key).verbose_name)
        found.append((label, says, asked if asked != says else ""))
    return found


@desk(*DOES)
@require_POST
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Take a step."""
    row = _visible(request, uuid)
    step = DEEDS.get(deed)
    if step is None:
        raise Http404(NO_DEED)
    check_role(request, step.roles)
    if not keeping.handled_by(row, request.user):
        raise PermissionDenied(NOT_THIS_UNIT)
    form = step.form(request.POST)
    if form.is_valid():
        try:
            step.run(row, form.cleaned_data, request.user)
        except MethodRefused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, step.done)
            return redirect("list_methods:method", row.uuid)
    if deed not in ("answer",) and not form.fields:
        messages.error(request, " ".join(str(one) for one in form.non_field_errors()))
        return redirect("list_methods:method", row.uuid)
    return _page(request, row, bad=deed, form=form, status=422)
