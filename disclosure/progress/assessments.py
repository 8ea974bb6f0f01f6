"""Assessments by an outside body: commissioned, result taken in, signed by another, sent up to the government, which names;
each step dated (S4 23; R14, R110)."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry import codes, numbering
from credit_portal.registry.models import Department, User
from disclosure.models import Assessment

from . import papers, parts
from .parts import MOST_REASON, ProgressError, text
from .reports import REPORTING

State = Assessment.State
WHAT = "第三方评估"
MOST_UNITS = 300


def assessments_visible_to(user: User) -> QuerySet[Assessment]:
    """Of the own region and below, for the office and the auditor."""
    return parts.regional(Assessment.objects.all(), user)


def units_to_name(office: Department) -> QuerySet[Department]:
    """The units that an assessment of this office can be about: those that report to it."""
    rows = Department.objects.filter(region=office.region_id, kind__in=REPORTING, is_active=True)
    return rows.order_by("name")


@transaction.atomic
def commission(
    *,
    body_name: str,
    body_code: str,
    subject_matter: str,
    period_from: date,
    period_to: date,
    commissioned_on: date,
    actor: User,
    now: datetime,
) -> Assessment:
    """Register that a body has been commissioned: whom, with what, over which period. Raises ProgressError by field."""
    office = parts.office_of(actor, WHAT)
    today = local_date(now)
    try:
        code = codes.check_uscc(body_code)
    except codes.CodeError as error:
        raise ProgressError(str(error), field="body_code") from error
    name = text(body_name, "body_name", "第三方机构", 200)
    if Department.objects.filter(uscc=code).exists():
        raise ProgressError("评估由第三方进行，不能委托行政机关自己。", field="body_code")
    if period_to < period_from:
        raise ProgressError("评估期间的截止日期早于起始日期。", field="period_to")
    if commissioned_on > today:
        raise ProgressError("委托日期不能晚于今天。", field="commissioned_on")
    row = Assessment(
        number=numbering.document_number("E", office.region_id, today.year),
        office=office,
        region=office.region,
        body_name=name,
        body_code=code,
        subject_matter=text(subject_matter, "subject_matter", "评估内容", 500),
        period_from=period_from,
        period_to=period_to,
        commissioned_on=commissioned_on,
        commissioned_by=actor,
        is_demo=office.is_demo,
    )
    return _keep(row, "委托", actor=actor, now=now)


@transaction.atomic
def receive(
    *,
    assessment_id: int,
    received_on: date,
    grade: str,
    result: str,
    report_file: EvidenceFile | None,
    units: Mapping[int, str],
    actor: User,
    now: datetime,
) -> Assessment:
    """Take in the result with its report, and say which units the government is asked to name, each with its reason. Until
    it is signed it can be taken in again; without a new file the one that is there stays. Raises ProgressError by field."""
    row = _taken(assessment_id, actor)
    if row.state not in (State.COMMISSIONED, State.RECEIVED):
        raise ProgressError(f"这次评估{row.get_state_display()}，不能再登记结果。")
    if not row.commissioned_on <= received_on <= local_date(now):
        raise ProgressError(f"收到日期应在委托之日 {row.commissioned_on} 与今天之间。", field="received_on")
    if grade not in Assessment.Grade.values:
        raise ProgressError("请选择评定。", field="grade")
    if report_file is None and row.report_file is None:
        raise ProgressError("请附上第三方机构的评估报告。", field="report_file")
    known = {one.pk: one.name for one in units_to_name(row.office)}
    named: list[dict[str, object]] = []
    for pk, why in units.items():
        if pk not in known or len(named) >= MOST_UNITS:
            raise ProgressError("提请通报的单位不在本地区。", field="units")
        named.append(
            {
                "department": pk,
                "name": known[pk],
                "text": text(why, "units", f"{known[pk]}的理由", MOST_REASON),
            }
        )
    row.received_on, row.received_by, row.grade = received_on, actor, grade
    row.result = text(result, "result", "评估结果")
    row.report_file = report_file or row.report_file
    row.units = sorted(named, key=lambda one: str(one["name"]))
    row.state = State.RECEIVED
    return _keep(row, "登记结果", actor=actor, now=now)


@transaction.atomic
def issue(*, assessment_id: int, actor: User, now: datetime) -> Assessment:
    """Another of the office signs the report of the result. Raises ProgressError."""
    row = _taken(assessment_id, actor)
    if row.state != State.RECEIVED:
        raise ProgressError(f"这次评估{row.get_state_display()}，不能签发。")
    if row.received_by_id == actor.pk:
        raise ProgressError("评估结果由登记人以外的另一人签发。")
    row.state, row.issued_on, row.issued_by = State.ISSUED, local_date(now), actor
    row.document = papers.assessment_paper(row, actor=actor, now=now)
    return _keep(row, "签发", actor=actor, now=now, sha256=row.document.sha256)


@transaction.atomic
def send_up(*, assessment_id: int, on: date, to: str, actor: User, now: datetime) -> Assessment:
    """The result goes to the government (S4 23). Raises ProgressError by field."""
    row = _taken(assessment_id, actor)
    if row.state != State.ISSUED:
        raise ProgressError("签发以后才登记上报，并且只登记一次。")
    row.sent_up_on, row.sent_up_to = parts.sent_up(on, to, issued_on=row.issued_on, today=local_date(now))
    row.state = State.SENT_UP
    return _keep(row, "上报", actor=actor, now=now)


@transaction.atomic
def note_naming(
    *,
    assessment_id: int,
    on: date,
    by: str,
    document_no: str,
    file: EvidenceFile | None,
    actor: User,
    now: datetime,
) -> Assessment:
    """The government has named: which, when, under which number. Raises ProgressError by field."""
    row = _taken(assessment_id, actor)
    if row.state != State.SENT_UP or row.sent_up_on is None:
        raise ProgressError("上报以后才登记通报，并且只登记一次。")
    if not row.sent_up_on <= on <= local_date(now):
        raise ProgressError(f"通报日期应在上报之日 {row.sent_up_on} 与今天之间。", field="on")
    row.named_on, row.named_file = on, file
    row.named_by = text(by, "by", "通报机关", 200)
    row.named_no = text(document_no, "document_no", "通报文号", 100)
    row.state = State.NAMED
    return _keep(row, "登记通报", actor=actor, now=now)


@transaction.atomic
def cancel(*, assessment_id: int, reason: str, actor: User, now: datetime) -> Assessment:
    """The commission ends without a result. Raises ProgressError by field."""
    row = _taken(assessment_id, actor)
    if row.state not in (State.COMMISSIONED, State.RECEIVED):
        raise ProgressError(f"这次评估{row.get_state_display()}，不能终止。")
    row.state, row.cancelled_on = State.CANCELLED, local_date(now)
    row.cancel_reason = text(reason, "reason", "终止的理由", MOST_REASON)
    return _keep(row, "终止", actor=actor, now=now)


def _taken(assessment_id: int, actor: User) -> Assessment:
    row: Assessment = parts.taken(Assessment.objects.all(), assessment_id, actor, WHAT)
    return row


def _keep(row: Assessment, step: str, *, actor: User, now: datetime, sha256: str = "") -> Assessment:
    note(row, actor=actor, now=now)
    row.save()
    events.assessment_step(
        now=now, actor_id=actor.pk, department_id=row.office_id, assessment_id=row.pk, number=row.number,
        step=step, units=len(row.units), sha256=sha256,
    )  # fmt: skip
    return row
