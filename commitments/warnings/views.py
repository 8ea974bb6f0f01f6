"""The desk's pages of warnings: what is to be looked into, entry beside clause, and for the office how its rules do."""

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.breaches import commitments_to_judge
from commitments.models import ClauseWarning, Obligation
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.deadlines.models import Duty
from credit_portal.registry import codes, groups, kept_by_two
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.finding import looked_up
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role

from . import answering, finding, keeping
from .forms import AnswerForm

PER_PAGE = 50
MOST_RULES = 200
State = ClauseWarning.State
TABS = {"open": "待核实", "true": "属实", "false": "误报", "dropped": "不再需要核实"}
SEES = (*AT_THE_DESK, groups.AUDITOR)
NO_WARNING = "没有这条预警，或者它不在您的管理范围内。"


@desk(*SEES)
@require_safe
def warnings(request: HttpRequest) -> HttpResponse:
    """The warnings of the user's reach, the newest first; found by the code of the commitment or of the subject."""
    tab = request.GET.get("state", "open")
    tab = tab if tab in TABS else "open"
    sought = request.GET.get("q", "").replace("\0", "").strip()[:60]
    rule = request.GET.get("rule", "")
    rows = answering.warnings_visible_to(request.user)
    if sought:
        cleaned = codes.clean(sought)
        rows = rows.filter(commitment__code=cleaned) | rows.filter(subject__uscc=cleaned)
    else:
        rows = rows.filter(state=tab)
    if family := _uuid(rule):
        # What one rule found is listed by itself.
        rows = rows.filter(family=family)
    else:
        rows = rows.leading()
    rows = rows.select_related("rule", "entry", "commitment", "subject", "department")
    shown, following = newest_first(rows, request, size=PER_PAGE)
    _with_rules(shown)
    _log(request, "warning_list", 0, "预警列表", looked_up(sought, shown, today=clock.today()), own=False)
    return render(
        request,
        "desk/warnings/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "rows": shown,
            "today": clock.today(),
            "sought": sought,
            "rule": str(family) if family else "",
            "regional": has_role(request.user, *groups.REGIONAL),
            "sees_complaints": has_role(
                request.user, groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR
            ),
            "next": following,
        },
    )


def _with_rules(shown: list[ClauseWarning]) -> None:
    """Put beside each what it is about: the rules and clauses of its matter, and till when an answer is due. Two queries."""
    rules_of: dict[tuple[int, int | None, str], list[ClauseWarning]] = defaultdict(list)
    for one in (
        ClauseWarning.objects.filter(entry__in={row.entry_id for row in shown})
        .select_related("rule")
        .order_by("pk")
    ):
        rules_of[one.entry_id, one.commitment_id, one.state].append(one)
    due = {
        duty.matter_id: duty
        for duty in Duty.objects.filter(
            rule_key=finding.RULE, matter_type=finding.MATTER,
            matter_id__in=[one.pk for together in rules_of.values() for one in together],
            state=Duty.State.OPEN,
        )
    }  # fmt: skip
    for row in shown:
        together = rules_of[row.entry_id, row.commitment_id, row.state]
        row.rules = [one.rule.name for one in together]  # type: ignore[attr-defined]
        row.numbers = [number for number, _ in answering.clauses_named(together)]  # type: ignore[attr-defined]
        row.duty = next((due[one.pk] for one in together if one.pk in due), None)  # type: ignore[attr-defined]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@desk(*SEES, sends=answering.DOES)
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One warning: the clause beside the entry, and the department's answer."""
    row = _visible(request, uuid)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        true = form.cleaned_data["outcome"] == "true"
        try:
            answering.answer(
                warning_id=row.pk, true=true, text=form.cleaned_data["text"], actor=request.user,
                now=clock.now(),
            )  # fmt: skip
        except answering.WarningRefused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已答复：属实。" if true else "已答复：误报，计入这条规则的误报。")
            return redirect("warnings:warning", row.uuid)
    own = row.department_id == request.user.department_id
    does = own and has_role(request.user, *answering.DOES)
    together = list(answering.same_matter(row).select_related("rule__region"))
    _log(request, "warning", row.pk, "预警", row.subject_id, own=own)
    return render(
        request,
        "desk/warnings/warning.html",
        {
            "warning": row,
            "entry": row.entry,
            "commitment": row.commitment,
            "does": does and row.state == State.OPEN,
            "may_open": does
            and row.state == State.TRUE
            and row.case is None
            and row.commitment is not None
            and commitments_to_judge(request.user).filter(pk=row.commitment_id).exists(),
            "form": form,
            "together": together,
            "clauses": _clauses(row, together),
            "duties": [duty for one in together for duty in duties.duties_of(finding.matter_of(one))],
            "today": clock.today(),
            "may_rules": has_role(request.user, *groups.REGIONAL),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _clauses(row: ClauseWarning, together: list[ClauseWarning]) -> list[tuple[int, str, Obligation | None]]:
    """The clauses of the matter with how each stands."""
    stands = {}
    if row.commitment is not None:
        stands = {one.clause_no: one for one in row.commitment.obligations.all()}
    return [(number, text, stands.get(number)) for number, text in answering.clauses_named(together)]


@desk(*groups.REGIONAL)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The rules with how their warnings were answered, so that bad ones are stopped."""
    found = list(
        keeping.rules_visible_to(request.user)
        .select_related("region")
        .order_by("region__path", "name", "-version")[:MOST_RULES]
    )
    tallies = keeping.tallies(found)
    today = clock.today()
    return render(
        request,
        "desk/warnings/rules.html",
        {
            "rows": [
                (rule, kept_by_two.standing(rule, today=today), tallies.get(rule.family, keeping.Tally()))
                for rule in found
            ],
            "does": has_role(request.user, groups.CREDIT_OFFICE),
            "region": request.user.department.region,
        },
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Take the shipped rules over as drafts."""
    number = keeping.adopt_shipped(region=request.user.department.region, actor=request.user, now=clock.now())
    if number:
        messages.success(request, f"已装入 {number} 条建议规则，由信用办另一人批准后生效。")
    else:
        messages.info(request, "建议规则都已装入。")
    return redirect("warnings:rules")


def _visible(request: HttpRequest, uuid: UUID) -> ClauseWarning:
    found = (
        answering.warnings_visible_to(request.user)
        .select_related(
            "rule__region", "entry__department", "entry__credit_list", "commitment", "subject", "department",
            "answered_by", "case",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404(NO_WARNING)
    return found


def _log(
    request: HttpRequest, target: str, target_id: int, what: str, subject_id: int | None, *, own: bool
) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type=target, target_id=target_id,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.HANDLING if own else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
