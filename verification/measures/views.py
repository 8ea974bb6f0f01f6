"""The desk's pages of applied measures: what runs and what has ended, one measure with its early lifting, the figures by
unit and month."""

from datetime import date, datetime, timedelta
from itertools import dropwhile
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.documents import answers
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, check_own, desk
from credit_portal.registry.models import Department, Domain
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to, has_role
from verification.checking.handling import CheckError
from verification.models import AppliedMeasure, MeasureLifting
from verification.services import log_record_read
from verification.vocabulary import EFFECT_LABELS, Effect

from . import counting, lifting
from .counting_files import workbook

SEES = (*AT_THE_DESK, groups.AUDITOR)
PER_PAGE = 50
TABS = {"running": "执行中", "asked": "待决定提前解除", "ended": "已结束"}
KINDS = {"reward": "激励", "sanction": "惩戒"}
# How the list leaves a reason out that no list of measures has.
EFFECTS = {str(code): label for code, label in EFFECT_LABELS.items() if code is not Effect.EXIT_RULE}
NO_MEASURE = "没有这项措施，或者它不在您的管理范围内。"


class ReasonForm(forms.Form):
    reason = forms.CharField(label="解除理由", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class AnswerForm(forms.Form):
    answer = forms.CharField(label="决定理由", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


def _purpose(request: HttpRequest) -> str:
    own = has_role(request.user, groups.AUDITOR)
    return ReadLog.Purpose.AUDIT if own else ReadLog.Purpose.SUPERVISION


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The measures of the user's reach, the newest first."""
    user = request.user
    tab = request.GET.get("state", "running")
    tab = tab if tab in TABS else "running"
    offices = list(departments_visible_to(user).order_by("region_id", "name"))
    asked = _asked(request, offices)
    rows = _narrowed(lifting.applied_visible_to(user), tab, asked)
    shown, following = newest_first(
        rows.select_related("check_made__item_version", "department", "applied_by", "listed"),
        request,
        size=PER_PAGE,
    )
    log_record_read(
        user=user, target_type="applied_measure_list", target_id="list", subject_id=None,
        purpose=_purpose(request), now=clock.now(),
    )  # fmt: skip
    kept = {key: value for key, value in asked.items() if value}
    return render(
        request,
        "desk/measures/list.html",
        {
            "tabs": [
                (f"?{urlencode({'state': code} | kept)}", label, code == tab) for code, label in TABS.items()
            ],
            "tab": tab,
            "rows": shown,
            "asked": asked,
            "narrowed": bool(kept),
            "kinds": KINDS.items(),
            "months": _months(asked["month"]),
            "effects": EFFECTS.items(),
            "domains": Domain.choices,
            "offices": offices if len(offices) > 1 else [],
            "next": following,
        },
    )


def _asked(request: HttpRequest, offices: list[Department]) -> dict[str, str]:
    """What of the conditions is one, as it was asked; anything else is none."""
    known: dict[str, set[str]] = {
        "kind": set(KINDS),
        "effect": set(EFFECTS),
        "domain": set(Domain.values),
        "department": {str(office.pk) for office in offices},
    }
    asked = {name: request.GET.get(name, "") for name in known}
    asked = {name: value if value in known[name] else "" for name, value in asked.items()}
    month = request.GET.get("month", "")
    return asked | {"month": month if _month(month) else ""}


def _narrowed(rows: QuerySet[AppliedMeasure], tab: str, asked: dict[str, str]) -> QuerySet[AppliedMeasure]:
    if tab == "ended":
        rows = rows.exclude(ended_on=None)
    else:
        rows = rows.filter(ended_on=None)
    if tab == "asked":
        rows = rows.filter(
            Exists(MeasureLifting.objects.filter(measure=OuterRef("pk"), state=MeasureLifting.State.ASKED))
        )
    rewards = [str(effect) for effect in counting.SUPPORTS]
    if asked["kind"] == "reward":
        rows = rows.filter(effect__in=rewards)
    elif asked["kind"] == "sanction":
        rows = rows.exclude(effect__in=rewards)
    for name in ("effect", "domain", "department"):
        if asked[name]:
            rows = rows.filter(**{name: asked[name]})
    first = _month(asked["month"])
    if first is not None:
        # What has ended is looked for by the month in which it did.
        day = "ended_on" if tab == "ended" else "applied_on"
        rows = rows.filter(**{f"{day}__range": (first, _last_of(first))})
    return rows


def _month(text: str) -> date | None:
    """The month of an address (2026-11); None where it is none, or none in which this portal can have been."""
    try:
        found = datetime.strptime(text, "%Y-%m").date() if len(text) == 7 else None  # noqa: DTZ007 - a month
    except ValueError:
        return None
    return found if found is not None and 2000 <= found.year < 2100 else None


def _months(*asked: str) -> list[str]:
    """The months to choose from, the newest first: three years, and those that were asked for."""
    today = clock.today().replace(day=1)
    known = {f"{_months_before(today, ago):%Y-%m}" for ago in range(counting.MOST_MONTHS)}
    return sorted(known | {month for month in asked if month}, reverse=True)


def _last_of(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


# ---- one measure -------------------------------------------------------------------------------------------


def _measure(request: HttpRequest, uuid: UUID) -> AppliedMeasure:
    found = (
        lifting.applied_visible_to(request.user)
        .select_related(
            "check_made__item_version",
            "check_made__subject",
            "department",
            "applied_by",
            "listed__whom",
            "entry",
        )
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_MEASURE)
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One measure: whom, what, by which law, since when; its end; and lifting it early."""
    return _page(request, _measure(request, uuid))


def _page(
    request: HttpRequest, measure: AppliedMeasure, *, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    log_record_read(
        user=request.user, target_type="applied_measure", target_id=measure.pk,
        subject_id=measure.check_made.subject_id, purpose=_purpose(request), now=clock.now(),
    )  # fmt: skip
    liftings = list(measure.liftings.select_related("asked_by", "decided_by"))
    waiting = next((one for one in liftings if one.state == MeasureLifting.State.ASKED), None)
    may = measure.ended_on is None and lifting.may_lift(measure, request.user)
    own = measure.ended_on is None and waiting is not None and waiting.asked_by_id == request.user.pk
    return render(
        request,
        "desk/measures/measure.html",
        {
            "measure": measure,
            "check": measure.check_made,
            "liftings": liftings,
            "waiting": waiting,
            "asking": (form if isinstance(form, ReasonForm) else ReasonForm())
            if may and waiting is None
            else None,
            "deciding": (form if isinstance(form, AnswerForm) else AnswerForm())
            if may and waiting is not None and not own
            else None,
            "own": own,
            "following": lifting.following(measure),
            # Refused although nothing can be filled in any more: somebody else was first.
            "errors": form.non_field_errors() if form is not None and form.is_bound else [],
        },
        status=status,
    )


@desk(*AT_THE_DESK)
@require_POST
def lift(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Lift a reward, or ask for a sanction to be lifted."""
    measure = _measure(request, uuid)
    check_own(request, measure.department_id)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            lifting.ask(
                measure_id=measure.pk, reason=form.cleaned_data["reason"], actor=request.user, now=clock.now()
            )
        except CheckError as error:
            return _refused(request, measure, form, error)
        messages.success(
            request, "已解除。" if measure.supports else "已申请提前解除，等待本单位另一人决定。"
        )
        return redirect("measures:measure", measure.uuid)
    return _page(request, measure, form=form, status=422)


@desk(*AT_THE_DESK)
@require_POST
def decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Agree, or not, to a sanction being lifted."""
    measure = _measure(request, uuid)
    check_own(request, measure.department_id)
    form = AnswerForm(request.POST)
    if form.is_valid():
        allow = request.POST.get("deed") == "allow"
        try:
            lifting.decide(
                measure_id=measure.pk, allow=allow, answer=form.cleaned_data["answer"], actor=request.user,
                now=clock.now(),
            )  # fmt: skip
        except CheckError as error:
            return _refused(request, measure, form, error)
        messages.success(request, "已同意，措施今天结束。" if allow else "未同意，措施继续执行。")
        return redirect("measures:measure", measure.uuid)
    return _page(request, measure, form=form, status=422)


def _refused(
    request: HttpRequest, measure: AppliedMeasure, form: forms.Form, error: CheckError
) -> HttpResponse:
    form.add_error(error.field if error.field in form.fields else None, str(error))
    # As it is now: it may have ended, or been asked for, meanwhile.
    return _page(request, _measure(request, measure.uuid), form=form, status=422)


# ---- figures -----------------------------------------------------------------------------------------------


def _span(request: HttpRequest) -> tuple[date, date]:
    """The months asked for, the first and the last; the last twelve where none are, and no more than three years."""
    last = _month(request.GET.get("to", "")) or clock.today().replace(day=1)
    first = _month(request.GET.get("from", "")) or _months_before(last, 11)
    if first > last:
        first, last = last, first
    return max(first, _months_before(last, counting.MOST_MONTHS - 1)), last


def _months_before(month: date, number: int) -> date:
    total = month.year * 12 + month.month - 1 - number
    return date(total // 12, total % 12 + 1, 1)


def _figures(request: HttpRequest) -> tuple[counting.Figures, dict[str, Any]]:
    first, last = _span(request)
    offices = list(departments_visible_to(request.user).order_by("region_id", "name"))
    department = request.GET.get("department", "")
    known = next((office for office in offices if str(office.pk) == department), None)
    found = counting.count(
        user=request.user, first=first, last=_last_of(last), department_id=known.pk if known else None
    )
    kept = {"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"} | ({"department": department} if known else {})
    return found, {
        "first": first,
        "last": last,
        "from": f"{first:%Y-%m}",
        "to": f"{last:%Y-%m}",
        "months_to_choose": _months(f"{first:%Y-%m}", f"{last:%Y-%m}"),
        "offices": offices if len(offices) > 1 else [],
        "department": department if known else "",
        "query": urlencode(kept),
    }


@desk(*SEES)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What was applied and ended, by month and by unit."""
    found, asked = _figures(request)
    most = max((month.rewards + month.sanctions for month in found.months), default=0) or 1
    return render(
        request,
        "desk/measures/figures.html",
        asked
        | {
            "total": found.total,
            "months": [
                {
                    "tally": month,
                    "rewards": 100 * month.rewards // most,
                    "sanctions": 100 * month.sanctions // most,
                }
                for month in dropwhile(lambda month: not month, found.months)
            ],
            "units": found.units,
            "effects": [
                (code, label, found.total.effects[code])
                for code, label in EFFECTS.items()
                if found.total.effects[code]
            ],
            "reasons": [
                (label, found.total.reasons[code])
                for code, label in AppliedMeasure.EndReason.choices
                if found.total.reasons[code]
            ],
        },
    )


@desk(*SEES)
@require_safe
def figures_file(request: HttpRequest) -> HttpResponse:
    """The same figures as a workbook."""
    found, asked = _figures(request)
    content = workbook(found, first=asked["first"], last=asked["last"])
    name = f"激励惩戒措施统计{asked['first']:%Y-%m}至{asked['last']:%Y-%m}.xlsx"
    return answers.download(content, name)
