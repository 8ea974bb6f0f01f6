"""Reporting a determined breach to the credit office within seven working days (S0 一（三）, R73), and its answer.

Sending meets the duty to report on that day; a return takes it up again with the same due date: it does not stop the
clock. Answering is a duty of the credit office, one for each sending.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from commitments import case_rules
from commitments import collection_format as form
from commitments.breaches import matter_of
from commitments.models import BreachCase
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import group_names, has_role, limit_to_visible

from .collection_values import values_of
from .exchange import noting
from .models import BreachReport, ReportRound
from .offices import NoOffice, nearest_office

State = BreachReport.State
ROUND = "report_round"
REPORTABLE = (BreachCase.State.DETERMINED, BreachCase.State.SERVED)


class ReportError(ValueError):
    """A report cannot be sent or answered so. `field` names what is wrong; `problems` are (field number, Chinese)."""

    def __init__(
        self, message: str, *, field: str = "", problems: list[tuple[int, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.field = field
        self.problems = problems or []


class ReportMoved(ReportError):
    """Somebody else has sent or answered it in the meantime."""


def reports_visible_to(user: User) -> QuerySet[BreachReport]:
    """Of the own department, or of the own region and below; nobody sees what another department sends."""
    return limit_to_visible(BreachReport.objects.all(), user)


def to_report(user: User) -> QuerySet[BreachCase]:
    """Determined cases of the user's reach that have not been sent yet, the oldest first."""
    rows = limit_to_visible(BreachCase.objects.all(), user)
    return rows.filter(state__in=REPORTABLE, report__isnull=True).order_by("determined_on", "id")


def office_for(region: Region) -> Department:
    """The credit office that answers for a region: its own, or the nearest one above. Raises ReportError."""
    try:
        return nearest_office(region)
    except NoOffice as error:
        raise ReportError(str(error)) from error


# ---- sent --------------------------------------------------------------------------------------------------


@transaction.atomic
def submit_report(*, case_id: int, actor: User, now: datetime) -> BreachReport:
    """Send a determined case, or send a returned one again; validated field by field before anything is stored.

    Raises ReportError with every problem by field, ReportMoved where it has been sent already.
    """
    case = (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("commitment", "department", "region", "subject")
        .get(pk=case_id)
    )
    if case.department_id != actor.department_id or not group_names(actor) & case_rules.DOES:
        raise ReportError("违诺由作出认定的部门上报。")
    if case.state not in REPORTABLE:
        raise ReportError(f"这件违诺认定{case.get_state_display()}，不能上报。")
    report = BreachReport.objects.select_for_update(of=("self",)).filter(case=case).first()
    if report is not None and report.state != State.RETURNED:
        raise ReportMoved(f"这件违诺已上报（{report.number}，{report.get_state_display()}）。")
    values = values_of(case)
    if found := form.problems(values):
        raise ReportError(f"上报内容有 {len(found)} 处不符合统一格式。", problems=found)
    office = office_for(case.region)
    if report is None:
        report = BreachReport(
            number=numbering.document_number("B", case.region_id, local_date(now).year),
            case=case,
            department=case.department,
            region=case.region,
            office=office,
            is_demo=case.is_demo,
        )
    else:
        report.rounds += 1
        report.state, report.decided_at, report.decided_by = State.SUBMITTED, None, None
    report.submitted_at, report.submitted_by = now, actor
    note(report, actor=actor, now=now)
    try:
        with transaction.atomic():
            report.save()
    except IntegrityError as error:
        raise ReportMoved("这件违诺刚刚已由他人上报。") from error
    sent = ReportRound.objects.create(
        report=report,
        number=report.rounds,
        fields=values,
        sha256=form.fingerprint(values),
        sent_at=now,
        sent_by=actor,
    )
    today = local_date(now)
    duties.meet_duty(rule_key="breach_report", matter=matter_of(case), on=today, now=now, actor=actor)
    duties.open_duty(
        rule_key="report_acceptance",
        matter=_matter(report, sent),
        department=report.office,
        region=case.region,
        triggered_on=today,
        now=now,
        actor=actor,
        is_demo=case.is_demo,
    )
    events.report_submitted(
        now=now,
        actor_id=actor.pk,
        department_id=case.department_id,
        report_id=report.pk,
        number=report.number,
        round_number=report.rounds,
        sha256=sent.sha256,
    )
    notices.notify(
        users=User.objects.filter(
            department=report.office, groups__name=groups.CREDIT_OFFICE, is_active=True
        ),
        key=f"report:{report.pk}:{report.rounds}:sent",
        kind="report",
        title=f"收到违诺上报 {report.number}（第 {report.rounds} 次），请受理",
        body=f"上报部门：{case.department.name}",
        link=f"/desk/reports/{report.uuid}/",
        now=now,
    )
    return report


def _matter(report: BreachReport, sent: ReportRound) -> duties.Matter:
    return duties.Matter(ROUND, sent.pk, report.number)


# ---- answered ----------------------------------------------------------------------------------------------


@transaction.atomic
def accept_report(*, report_id: int, expect_round: int, actor: User, now: datetime) -> BreachReport:
    """Accept what was sent. From now on its publication is to be decided. Raises ReportError and ReportMoved."""
    report, sent = _to_answer(report_id, expect_round, actor)
    _answer(report, sent, accepted=True, reasons={}, actor=actor, now=now)
    open_publication_duty(case=report.case, actor=actor, now=now)
    noting.note(commitment_id=report.case.commitment_id, now=now)
    return report


@transaction.atomic
def return_report(
    *, report_id: int, expect_round: int, reasons: Mapping[str, str], actor: User, now: datetime
) -> BreachReport:
    """Send it back with reasons by field number ("" for the whole). The due date of the report stays as it was."""
    report, sent = _to_answer(report_id, expect_round, actor)
    said = {number: text.strip() for number, text in reasons.items() if text.strip()}
    if not said:
        raise ReportError("请写明退回的理由，可以逐项写，也可以写总的理由。", field="reasons")
    for number, text in said.items():
        if number and (not number.isdigit() or int(number) not in form.BY_NUMBER):
            raise ReportError(f"没有第 {number} 项。", field="reasons")
        if len(text) > 500:
            raise ReportError(f"每项理由最多 500 个字，现为 {len(text)} 个字。", field=f"reason_{number}")
    _answer(report, sent, accepted=False, reasons=said, actor=actor, now=now)
    duties.reopen_duty(
        rule_key="breach_report",
        matter=matter_of(report.case),
        now=now,
        actor=actor,
        note=f"第 {report.rounds} 次上报被退回，到期日不变",
    )
    return report


def _to_answer(report_id: int, expect_round: int, actor: User) -> tuple[BreachReport, ReportRound]:
    if not has_role(actor, groups.CREDIT_OFFICE):
        raise ReportError("违诺上报由信用办受理或者退回。")
    if not reports_visible_to(actor).filter(pk=report_id).exists():
        raise ReportError("这件上报不在您的管理范围内。")
    report = (
        BreachReport.objects.select_for_update(of=("self",))
        .select_related("case__commitment", "case__region", "case__department", "office", "decided_by")
        .get(pk=report_id)
    )
    if report.state != State.SUBMITTED or report.rounds != expect_round:
        who = f"由{report.decided_by}" if report.decided_by else ""
        raise ReportMoved(f"这件上报已{who}办理（{report.get_state_display()}），请看最新情况。")
    return report, report.all_rounds.get(number=report.rounds)


def _answer(
    report: BreachReport,
    sent: ReportRound,
    *,
    accepted: bool,
    reasons: dict[str, str],
    actor: User,
    now: datetime,
) -> None:
    sent.accepted, sent.answered_at, sent.answered_by, sent.reasons = accepted, now, actor, reasons
    sent.save(update_fields=["accepted", "answered_at", "answered_by", "reasons"])
    report.state = State.ACCEPTED if accepted else State.RETURNED
    report.decided_at, report.decided_by = now, actor
    note(report, actor=actor, now=now)
    report.save()
    duties.meet_duty(
        rule_key="report_acceptance", matter=_matter(report, sent), on=local_date(now), now=now, actor=actor
    )
    events.report_answered(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        report_id=report.pk,
        number=report.number,
        round_number=report.rounds,
        accepted=accepted,
    )
    notices.notify(
        users=User.objects.filter(
            department=report.department, groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
        ).distinct(),
        key=f"report:{report.pk}:{report.rounds}:answered",
        kind="report",
        title=f"违诺上报 {report.number} {'已受理' if accepted else '被退回，请修改后重新上报'}",
        body="" if accepted else "退回不停止期限计算，到期日不变。",
        link=f"/desk/reports/{report.uuid}/",
        now=now,
    )


# ---- what other acts bring ---------------------------------------------------------------------------------


def open_publication_duty(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """The duty to decide on publication begins with the later of acceptance and service: never before service."""
    report = BreachReport.objects.filter(case=case, state=State.ACCEPTED).select_related("office").first()
    if report is None or report.decided_at is None or case.served_on is None:
        return
    duties.open_duty(
        rule_key="breach_publication",
        matter=matter_of(case),
        department=report.office,
        region=case.region,
        triggered_on=max(local_date(report.decided_at), case.served_on),
        now=now,
        actor=actor,
        grade=case.grade,
        commitment_type=case.commitment.commitment_type,
        is_demo=case.is_demo,
    )


def on_served(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After service: a report accepted before it can be published from now on."""
    open_publication_duty(case=case, actor=actor, now=now)


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After revocation: what is under way ends, what was accepted stays on file as withdrawn."""
    report = BreachReport.objects.select_for_update().filter(case=case).first()
    if report is None or report.state == State.WITHDRAWN:
        return
    for sent in report.all_rounds.all():
        duties.cancel_duties(matter=_matter(report, sent), now=now, actor=actor, reason="认定已撤销")
    report.state = State.WITHDRAWN
    note(report, actor=actor, now=now)
    report.save()
    events.report_withdrawn(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=report.department_id,
        report_id=report.pk,
        number=report.number,
    )
