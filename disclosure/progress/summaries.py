"""The report of a whole region: drafted with the figures of the day, signed by another of the office, sent up with day and
recipient (S2 五（一）, S4 23; R109, R111). Units are called late in it only by a rule that the region has confirmed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import policy
from credit_portal.registry import numbering
from credit_portal.registry.models import User
from disclosure.models import ProgressReport, ProgressSummary, SummaryCases

from . import papers, parts, periods
from .parts import MOST_REASON, Figure, ProgressError, as_data, sections, text
from .reports import RULE, STATES, state_of

State = ProgressSummary.State
WHAT = "进展总报告"


def summaries_visible_to(user: User) -> QuerySet[ProgressSummary]:
    """Of the own region and below, for the office and the auditor."""
    return parts.regional(ProgressSummary.objects.all(), user)


def units_of(region_id: str, half: str, *, may_be_named: bool, today: date) -> list[dict[str, object]]:
    """How the units of a region have reported. Where no rule is confirmed nobody is called late. One query."""
    rows = ProgressReport.objects.filter(region=region_id, half=half).select_related("department")
    found = []
    for row in rows.order_by("department__name"):
        state = state_of(row, today)
        if not may_be_named and state in ("late", "missing"):
            state = "sent" if row.submitted_on else "open"
        words = STATES[state] if row.submitted_on is None else f"{STATES[state]}，{row.submitted_on}"
        if state in ("late", "missing"):
            words += f"（应报日 {row.due_on}）"
        found.append(
            {"department": row.department_id, "name": row.department.name, "state": state, "text": words}
        )
    return found


def may_name(lineage: Sequence[str], on: date) -> bool:
    """Whether the rule by which reports are late is on here and confirmed."""
    rule = policy.values([RULE], lineage=lineage, on=on).get(RULE)
    return rule is not None and rule.on and rule.confirmed


@transaction.atomic
def draft(
    *,
    half: str,
    effects: str,
    problems: str,
    plans: str,
    figures: Sequence[Figure],
    as_of: date,
    actor: User,
    now: datetime,
    reason: str = "",
    cases: Mapping[str, Sequence[int]] | None = None,
) -> ProgressSummary:
    """Write the region's report as of a day, with the cases behind each figure; another one of the same half-year with a
    reason. Raises ProgressError by field."""
    office = parts.office_of(actor, WHAT)
    period = periods.parse(half)
    today = local_date(now)
    if period.first > today:
        raise ProgressError(f"{period.in_words}还没有开始。", field="half")
    before = ProgressSummary.objects.filter(office=office, half=half).aggregate(last=Max("version"))["last"]
    if before:
        reason = text(reason, "reason", "重写的理由", MOST_REASON)
    words = sections(
        [
            ("effects", "应用成效", effects),
            ("problems", "存在的问题", problems),
            ("plans", "下一步打算", plans),
        ]
    )
    row = ProgressSummary(
        number=numbering.document_number("Q", office.region_id, today.year),
        office=office,
        region=office.region,
        half=half,
        version=(before or 0) + 1,
        reason=reason if before else "",
        as_of=as_of,
        figures=as_data(figures),
        units=units_of(
            office.region_id, half, may_be_named=may_name(office.region.lineage, today), today=today
        ),
        drafted_on=today,
        drafted_by=actor,
        is_demo=office.is_demo,
        **words,
    )
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ProgressError("这个半年已有一份拟稿，请先签发或者放弃。") from error
    SummaryCases.objects.bulk_create(
        [SummaryCases(summary=row, key=key, ids=sorted(ids)) for key, ids in (cases or {}).items() if ids]
    )
    _tell(row, "拟稿", actor=actor, now=now)
    return row


@transaction.atomic
def issue(*, summary_id: int, actor: User, now: datetime) -> ProgressSummary:
    """Another of the office signs it. Raises ProgressError."""
    row = _taken(summary_id, actor)
    if row.state != State.DRAFT:
        raise ProgressError(f"这份总报告{row.get_state_display()}。")
    if row.drafted_by_id == actor.pk:
        raise ProgressError("总报告由拟稿人以外的另一人签发。")
    row.state, row.issued_on, row.issued_by = State.ISSUED, local_date(now), actor
    row.document = papers.summary_paper(row, actor=actor, now=now)
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "签发", actor=actor, now=now, sha256=row.document.sha256)
    return row


@transaction.atomic
def discard(*, summary_id: int, actor: User, now: datetime) -> None:
    """A draft is given up; another can be written. Raises ProgressError."""
    row = _taken(summary_id, actor)
    if row.state != State.DRAFT:
        raise ProgressError("已经签发的总报告不能放弃。")
    _tell(row, "放弃", actor=actor, now=now)
    row.delete()


@transaction.atomic
def send_up(*, summary_id: int, on: date, to: str, actor: User, now: datetime) -> ProgressSummary:
    """It goes to whoever is above: day and recipient are recorded. Raises ProgressError by field."""
    row = _taken(summary_id, actor)
    if row.state != State.ISSUED:
        raise ProgressError("签发以后才登记上报，并且只登记一次。")
    row.sent_up_on, row.sent_up_to = parts.sent_up(on, to, issued_on=row.issued_on, today=local_date(now))
    row.state = State.SENT_UP
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "上报", actor=actor, now=now)
    return row


def _taken(summary_id: int, actor: User) -> ProgressSummary:
    row: ProgressSummary = parts.taken(ProgressSummary.objects.all(), summary_id, actor, WHAT)
    return row


def _tell(row: ProgressSummary, step: str, *, actor: User, now: datetime, sha256: str = "") -> None:
    events.progress_summary(
        now=now, actor_id=actor.pk, department_id=row.office_id, summary_id=row.pk, number=row.number,
        step=step, sha256=sha256,
    )  # fmt: skip
