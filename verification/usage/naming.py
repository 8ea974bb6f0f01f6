"""Who is late and who did not check, and the notice that names them (S3 三（四）, R108, R134)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import policy
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.registry import groups, numbering
from credit_portal.registry.below import within
from credit_portal.registry.models import Department, ServiceItemVersion, User
from credit_portal.registry.visibility import group_names
from verification.models import Check, UsageList, UsageNotice

from .lists import RULE, UsageError, lists_visible_to

State = UsageNotice.State
TITLE = "关于使用信用记录和信用报告情况的通报"
LATE, MISSING, UNCHECKED = "late", "missing", "unchecked"
ERROR_RULE = "规则“信用记录使用情况月报”没有经本地区确认，不能据以通报。请信用办先在“规则变更提议”中确认。"


@dataclass(frozen=True)
class Unit:
    """A unit that may be named. `reason`: late, missing or unchecked."""

    department_id: int
    name: str
    reason: str
    text: str

    def as_data(self) -> dict[str, object]:
        return {"department": self.department_id, "name": self.name, "reason": self.reason, "text": self.text}


def reason_of(
    *, due_on: date, late_from: date, submitted_on: date | None, today: date, checks: int, has_to_check: bool
) -> tuple[str, str] | None:
    """Why a unit may be named on a day, and the words for it; None where it may not. Pure.

    Not before the day from which a list is late. A list that is not there goes before one that came late, and that before
    a unit whose items have a step of credit review and which has checked nobody.
    """
    if today < late_from:
        return None
    if submitted_on is None:
        return MISSING, f"至 {today} 没有报送（应报日 {due_on}）"
    if submitted_on >= late_from:
        return LATE, f"{submitted_on} 才报送（应报日 {due_on}）"
    if has_to_check and not checks:
        return UNCHECKED, "事项设有信用审查环节，本期没有核查"
    return None


def lists_with_facts(rows: QuerySet[UsageList]) -> QuerySet[UsageList]:
    """Lists with `has_to_check`: an item of the unit had a step of credit review in force in the period; and `checked`."""
    items = ServiceItemVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=OuterRef("period_from")),
        Q(item__retired_on__isnull=True) | Q(item__retired_on__gt=OuterRef("period_from")),
        item__department=OuterRef("department"),
        valid_from__lte=OuterRef("period_to"),
    ).exclude(Q(checkpoint=ServiceItemVersion.Checkpoint.NONE) | Q(status=ServiceItemVersion.Status.DRAFT))
    checks = Check.objects.filter(
        department=OuterRef("department"),
        on_day__gte=OuterRef("period_from"),
        on_day__lte=OuterRef("period_to"),
    )
    return rows.select_related("department").annotate(has_to_check=Exists(items), checked=Exists(checks))


def may_be_named(rows: Iterable[UsageList], *, today: date) -> list[Unit]:
    """The units of `lists_with_facts` that may be named on a day."""
    found = []
    for row in rows:
        why = reason_of(
            due_on=row.due_on, late_from=row.late_from, submitted_on=row.submitted_on, today=today,
            checks=int(row.checked), has_to_check=row.has_to_check,  # type: ignore[attr-defined]
        )  # fmt: skip
        if why is not None:
            found.append(Unit(row.department_id, row.department.name, *why))
    return found


def notices_visible_to(user: User) -> QuerySet[UsageNotice]:
    """Notices of the own region and below, for the office and the auditor."""
    if user.department is None or not group_names(user) & groups.REGIONAL:
        return UsageNotice.objects.none()
    path = user.department.region.path
    return UsageNotice.objects.filter(within(path))


@transaction.atomic
def draft(*, month: date, leave_out: Iterable[int], actor: User, now: datetime) -> UsageNotice:
    """Write the notice of a month as of today, without those whom the office leaves out. Raises UsageError."""
    office = _office(actor)
    today = local_date(now)
    _check_confirmed(office.region.lineage, today)
    rows = lists_with_facts(
        lists_visible_to(actor).filter(region=office.region_id, month=month.replace(day=1))
    )
    out = set(leave_out)
    units = [one for one in may_be_named(rows.order_by("department__name"), today=today)
             if one.department_id not in out]  # fmt: skip
    if not units:
        raise UsageError("没有可以通报的单位。")
    row = UsageNotice(
        number=numbering.document_number("N", office.region_id, today.year),
        office=office,
        region=office.region,
        month=month.replace(day=1),
        units=[one.as_data() for one in units],
        drafted_on=today,
        drafted_by=actor,
        is_demo=office.is_demo,
    )
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise UsageError("这个月已经有通报。") from error
    _tell(row, "拟稿", actor=actor, now=now)
    return row


@transaction.atomic
def issue(*, notice_id: int, actor: User, now: datetime) -> UsageNotice:
    """Another of the office signs it. Units that have reported in the meantime stay named as late, for they are. Raises
    UsageError."""
    row = _taken(notice_id, actor)
    if row.state != State.DRAFT:
        raise UsageError(f"这份通报{row.get_state_display()}。")
    if row.drafted_by_id == actor.pk:
        raise UsageError("通报由拟稿人以外的另一人签发。")
    row.state, row.issued_on, row.issued_by = State.ISSUED, local_date(now), actor
    row.document = _paper(row, actor=actor, now=now)
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "签发", actor=actor, now=now, sha256=row.document.sha256)
    return row


@transaction.atomic
def discard(*, notice_id: int, actor: User, now: datetime) -> None:
    """A draft is given up; another can be written. Raises UsageError."""
    row = _taken(notice_id, actor)
    if row.state != State.DRAFT:
        raise UsageError("已经签发的通报不能放弃。")
    _tell(row, "放弃", actor=actor, now=now)
    row.delete()


@transaction.atomic
def send_up(*, notice_id: int, on: date, to: str, actor: User, now: datetime) -> UsageNotice:
    """Its result goes to the committee and the government (S3 三（四）). Raises UsageError by field."""
    row = _taken(notice_id, actor)
    if row.state != State.ISSUED or row.issued_on is None:
        raise UsageError("签发以后才登记上报。")
    if not row.issued_on <= on <= local_date(now):
        raise UsageError(f"上报日期应在签发之日 {row.issued_on} 与今天之间。", field="on")
    if not to.strip() or len(to.strip()) > 200:
        raise UsageError("请填写上报的对象，最多 200 个字。", field="to")
    row.state, row.sent_up_on, row.sent_up_to = State.SENT_UP, on, to.strip()
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "上报", actor=actor, now=now)
    return row


def _check_confirmed(lineage: list[str], today: date) -> None:
    try:
        rule = policy.value(RULE, lineage=lineage, on=today)
    except policy.NoRule as error:
        raise UsageError(str(error)) from error
    if not rule.on or not rule.confirmed:
        raise UsageError(ERROR_RULE)


def _office(actor: User) -> Department:
    if groups.CREDIT_OFFICE not in group_names(actor) or actor.department is None:
        raise UsageError("通报由信用办办理。")
    return actor.department


def _taken(notice_id: int, actor: User) -> UsageNotice:
    row = (
        UsageNotice.objects.select_for_update(of=("self",))
        .select_related("office", "region")
        .get(pk=notice_id)
    )
    if _office(actor).pk != row.office_id:
        raise UsageError("通报由拟稿的信用办办理。")
    return row


def _paper(row: UsageNotice, *, actor: User, now: datetime) -> EvidenceFile:
    due_on = UsageList.objects.filter(region=row.region_id, month=row.month).values_list("due_on", flat=True)[
        0
    ]
    html = render_to_string(
        "verification/paper/usage_notice.html",
        {
            "notice": row,
            "title": TITLE,
            "month": f"{row.month.year}年{row.month.month}月",
            "due_on": due_on,
            "demonstration": row.is_demo,
        },
    )
    return store_evidence(
        content=render_pdf(html, identifier=row.number.encode(), title=f"{TITLE} {row.number}"),
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=f"{TITLE} {row.number}.pdf",
        actor=actor,
        department=row.office,
        now=now,
    )


def _tell(row: UsageNotice, step: str, *, actor: User, now: datetime, sha256: str = "") -> None:
    events.usage_notice(
        now=now,
        actor_id=actor.pk,
        department_id=row.office_id,
        notice_id=row.pk,
        number=row.number,
        step=step,
        units=len(row.units),
        sha256=sha256,
    )
