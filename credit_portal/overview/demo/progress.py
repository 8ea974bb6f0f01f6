"""Half-years of the demonstration's Erqi: the last one reported (by one unit late), summed up and sent up; the running one
open; and an assessment by an outside body that has come as far as the government's notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.overview.progress import figures, gathering
from credit_portal.overview.progress.spans import span_of
from credit_portal.registry.models import Department, User
from disclosure.models import Assessment, ProgressReport
from disclosure.progress import assessments, reports, summaries
from disclosure.progress.periods import Half, half_of

from .days import open_day
from .people import business_code

if TYPE_CHECKING:
    from .timeline import Timeline

EQ = "410103"
DONE = (
    "（演示）逐件核查后签署承诺，认定的违诺按期上报，整改和约谈都有记录。\n（演示）窗口人员参加了两次培训。"
)
PROBLEMS = "（演示）个别窗口补录履行情况不及时。"
PLANS = "（演示）每月核对一次未了结的承诺。"
EFFECTS = "（演示）适用承诺制的事项当场办结的多了，申请人少交材料、少跑一趟。"


def plan(timeline: Timeline) -> None:
    """Open this half-year and the last; what the last one brought."""
    now_half = half_of(timeline.today)
    before = now_half.before
    for half in (before, now_half):
        timeline.at(_hour(half.first, 9), lambda now: _none(reports.open_reports(now=now)))
    named = _named(before)
    for role, days in (("officer", 4), ("bureau", 2)):
        timeline.at(_hour(open_day(named - timedelta(days=days)), 15), _sender(timeline, before, role))
    timeline.at(_hour(open_day(named + timedelta(days=7)), 10), lambda now: _up(timeline, before, now))
    timeline.at(_hour(open_day(timeline.day(-75)), 11), lambda now: _commission(timeline, before, now))
    timeline.at(_hour(open_day(timeline.day(-20)), 11), lambda now: _commission_another(timeline, now))


def _hour(day: date, hour: int) -> datetime:
    """Not by chance: what is planned here leaves the rest of the demonstration as it is."""
    return datetime.combine(day, time(hour), SHANGHAI)


def _named(half: Half) -> date:
    return date(half.year, 6, 24) if half.number == 1 else date(half.year, 12, 24)


def _sender(timeline: Timeline, half: Half, role: str) -> Callable[[datetime], None]:
    """The market office and the hall report in time; the others not yet."""
    return lambda now: _send(timeline.world.user(EQ, role), half, now)


def _send(officer: User, half: Half, now: datetime) -> None:
    row = ProgressReport.objects.filter(department=officer.department_id, half=half.code).first()
    if row is None:
        return
    today = local_date(now)
    span = span_of(half, today)
    behind = figures.ids(row.department_id, span)
    reports.submit(
        report_id=row.pk, reporter=officer.display_name, done=DONE, problems=PROBLEMS, plans=PLANS,
        figures=figures.in_words(figures.numbers_behind(row.department_id, span, behind)), cases=behind,
        as_of=span.until, actor=officer, now=now,
    )  # fmt: skip


def _up(timeline: Timeline, half: Half, now: datetime) -> None:
    """The office sums up, another signs, it goes to the district's government."""
    credit, second = timeline.world.user(EQ, "credit"), timeline.world.user(EQ, "credit2")
    today = local_date(now)
    numbers = figures.total(gathering.numbers_of(credit.department.region, half, today))
    row = summaries.draft(
        half=half.code, effects=EFFECTS, problems=PROBLEMS, plans=PLANS, figures=figures.in_words(numbers),
        cases=gathering.cases_of(credit.department.region, half, today), as_of=span_of(half, today).until,
        actor=credit, now=now,
    )  # fmt: skip
    summaries.issue(summary_id=row.pk, actor=second, now=now + timedelta(hours=1))
    summaries.send_up(
        summary_id=row.pk,
        on=today,
        to="区人民政府、市发展改革委（演示）",
        actor=credit,
        now=now + timedelta(hours=2),
    )


def _commission(timeline: Timeline, half: Half, now: datetime) -> None:
    """A body is commissioned; its result comes, is signed, goes up and is named, in the weeks after."""
    credit, second = timeline.world.user(EQ, "credit"), timeline.world.user(EQ, "credit2")
    row = assessments.commission(
        body_name="郑州演示信用评估有限公司", body_code=business_code("91", EQ, 9101),
        subject_matter="（演示）信用承诺的核查、签署、履行跟踪和违诺处理是否落实，抽查案卷和窗口。",
        period_from=half.first, period_to=half.last, commissioned_on=local_date(now), actor=credit, now=now,
    )  # fmt: skip

    def receive(later: datetime) -> None:
        town = Department.objects.get(region=EQ, kind=Department.Kind.TOWNSHIP, is_demo=True)
        assessments.receive(
            assessment_id=row.pk, received_on=local_date(later), grade=Assessment.Grade.GOOD,
            result="（演示）总体良好：抽查的案卷核查在先、承诺在后，文书齐全。\n（演示）不足：街道没有按期报送进展报告。",
            report_file=_file(timeline, credit, later), units={town.pk: "（演示）没有按期报送半年进展报告"}, actor=credit,
            now=later,
        )  # fmt: skip
        assessments.issue(assessment_id=row.pk, actor=second, now=later + timedelta(hours=2))
        assessments.send_up(
            assessment_id=row.pk, on=local_date(later), to="区人民政府（演示）", actor=credit,
            now=later + timedelta(hours=3),
        )  # fmt: skip

    def name(later: datetime) -> None:
        assessments.note_naming(
            assessment_id=row.pk, on=local_date(later), by="区人民政府（演示）",
            document_no=f"（演示）二七政〔{later.year}〕19号", file=None, actor=credit, now=later,
        )  # fmt: skip

    timeline.at(_hour(open_day(local_date(now) + timedelta(days=40)), 10), receive)
    timeline.at(_hour(open_day(local_date(now) + timedelta(days=52)), 10), name)


def _commission_another(timeline: Timeline, now: datetime) -> None:
    """Another has been commissioned lately and waits for its result."""
    half = half_of(local_date(now))
    assessments.commission(
        body_name="河南演示咨询有限公司", body_code=business_code("91", EQ, 9102),
        subject_matter="（演示）容缺受理和承诺复核的落实情况。", period_from=half.first, period_to=half.last,
        commissioned_on=local_date(now), actor=timeline.world.user(EQ, "credit"), now=now,
    )  # fmt: skip


def _file(timeline: Timeline, actor: User, now: datetime) -> EvidenceFile:
    return store_evidence(
        content=timeline.page, kind=EvidenceFile.Kind.DOCUMENT, content_type="image/png",
        original_name="评估报告（演示）.png", actor=actor, department=actor.department, now=now,
    )  # fmt: skip


def _none(_result: object) -> None:
    """An event gives nothing back."""
