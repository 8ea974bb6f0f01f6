"""Duties: stored as computed, met by the act, moved by calendar and rule, stopped and resumed, reminded in sets."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import duties, explaining, policy, recounting, reminders
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.models import CalendarDay, CalendarNotice, Duty, DutyEvent, PolicyRule
from credit_portal.outbox.models import Notice
from tests import factories
from tests.breach_stage import confirm_rules
from tests.factories import NOW

pytestmark = pytest.mark.django_db
Stage = Duty.Stage


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=9, tzinfo=SHANGHAI)


@pytest.fixture
def office():
    class Office:
        department = factories.department()
        credit = factories.department(kind="credit_office")
        officer = factories.staff("officer", department=department)
        head = factories.staff("head", department=department)
        watcher = factories.staff("credit_office", department=credit)

    confirm_rules()
    return Office


def opened(office, *, on: str = "2026-09-14", number: int = 1, rule: str = "breach_report") -> Duty:
    return duties.open_duty(
        rule_key=rule, matter=duties.Matter("breach_case", number, f"W{number}"), department=office.department,
        region=office.department.region, triggered_on=date.fromisoformat(on), now=at(on),
    )  # fmt: skip


def matter(number: int = 1) -> duties.Matter:
    return duties.Matter("breach_case", number)


@pytest.mark.req("R73")
def test_a_duty_stores_how_its_due_date_came_about(office) -> None:
    duty = opened(office, on="2026-09-28")
    assert duty.due_on == date(2026, 10, 13) and len(duty.counted) == 7
    assert duty.counted[-1] == duty.due_on and not duty.provisional and duty.confirmed
    assert duty.basis == "S0 一（三）" and duty.calendar_version == current_calendar().version
    lines = {line.day: line for line in explaining.day_lines(duty)}
    assert lines[date(2026, 10, 1)].why == "国庆节放假" and lines[date(2026, 10, 1)].number is None
    assert lines[date(2026, 10, 10)].why == "国庆节调休上班" and lines[date(2026, 10, 10)].number == 5
    assert lines[duty.due_on].due


def test_opened_again_it_is_the_same_and_without_a_rule_it_says_which(office) -> None:
    assert opened(office).pk == opened(office, on="2026-09-20").pk
    assert AuditEvent.objects.filter(verb="duty.opened").count() == 1
    with pytest.raises(policy.NoRule, match="interview"):
        opened(office, number=2, rule="interview")


def test_the_first_act_is_the_one_that_counts(office) -> None:
    opened(office)
    for day in (date(2026, 9, 20), date(2026, 12, 1)):
        duties.meet_duty(rule_key="breach_report", matter=matter(), on=day, now=at("2026-12-01"), actor=None)
    duty = Duty.objects.get()
    assert (duty.state, duty.met_on) == ("met", date(2026, 9, 20))
    assert AuditEvent.objects.filter(verb="duty.met").count() == 1
    assert duties.meet_duty(
        rule_key="service", matter=matter(), on=duty.met_on, now=NOW, actor=None
    ) is None  # fmt: skip


def test_cancelled_is_neither_met_nor_open_and_keeps_its_reason(office) -> None:
    opened(office)
    assert duties.cancel_duties(matter=matter(), now=NOW, actor=None, reason="认定已撤销") == 1
    assert duties.cancel_duties(matter=matter(), now=NOW, actor=None, reason="认定已撤销") == 0
    duty = Duty.objects.get()
    assert (duty.state, duty.closed_reason, duty.met_on) == ("cancelled", "认定已撤销", None)


def test_the_course_is_added_to_and_never_changed(office) -> None:
    duty = opened(office)
    for attempt in (
        lambda: DutyEvent.objects.update(note="别的"),
        lambda: DutyEvent.objects.all().delete(),
        lambda: Duty.objects.filter(pk=duty.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_a_notice_of_holidays_moves_open_duties_with_an_event_each_and_leaves_met_ones(office) -> None:
    opened(office, on="2026-12-25", number=1)
    opened(office, on="2026-12-25", number=2)
    duties.meet_duty(rule_key="breach_report", matter=matter(2), on=date(2026, 12, 28), now=NOW, actor=None)
    before = Duty.objects.get(matter_id=1)
    assert before.provisional and before.due_on == date(2027, 1, 6)
    notice = CalendarNotice.objects.create(
        year=2027, number="国办发明电〔2026〕8号（试验）", source="试验", loaded_at=NOW
    )
    for day in (1, 2, 3, 4, 5):
        CalendarDay.objects.create(day=date(2027, 1, day), notice=notice, kind="rest", name="元旦")
    days = [date(2027, 1, day) for day in range(1, 6)]
    moves = recounting.moves_by_calendar(current_calendar(), days=days, year=2027)
    assert [(move.duty.matter_id, move.counted.due) for move in moves] == [(1, date(2027, 1, 8))]
    recounting.write_moves(moves, now=NOW, actor=None, cause="calendar:2027", note="试验")
    moved = Duty.objects.get(matter_id=1)
    assert (moved.due_on, moved.provisional) == (date(2027, 1, 8), False)
    assert moved.calendar_version == current_calendar().version != before.calendar_version
    event = moved.events.get(kind="moved")
    assert (event.due_before, event.due_after) == (date(2027, 1, 6), date(2027, 1, 8))
    assert AuditEvent.objects.filter(verb="duty.moved").count() == 1
    kept = Duty.objects.get(matter_id=2)
    assert kept.due_on == date(2027, 1, 6) and kept.provisional


def test_a_rule_of_another_length_moves_what_it_covers_when_it_is_applied(office) -> None:
    duty = opened(office)
    rule = PolicyRule.objects.create(
        region=office.department.region, key="breach_report", effective_from=date(2026, 9, 1), value=10,
        unit="working_days", basis="栾信办〔2026〕1号", confirmed=True,
    )  # fmt: skip
    assert Duty.objects.get(pk=duty.pk).due_on == duty.due_on
    (move,) = recounting.moves_by_rule(rule)
    assert move.counted.due == count_working_days(current_calendar(), duty.triggered_on, 10).due
    recounting.apply_rule(rule, actor=office.watcher, now=NOW)
    after = Duty.objects.get(pk=duty.pk)
    assert (after.due_on, after.length, after.rule_id) == (move.counted.due, 10, rule.pk)
    assert recounting.moves_by_rule(rule) == []


def test_a_stopped_clock_runs_on_with_what_was_left(office) -> None:
    duty = opened(office, on="2026-10-12")
    assert duty.due_on == date(2026, 10, 21)
    common = {"duty_id": duty.pk, "now": at("2026-10-15")}
    for actor, basis, message in (
        (office.officer, "依据", "负责人"), (office.head, " ", "所依据的规定"),
    ):  # fmt: skip
        with pytest.raises(duties.DutyError, match=message):
            duties.suspend_duty(**common, on=date(2026, 10, 14), basis=basis, actor=actor)
    duties.suspend_duty(**common, on=date(2026, 10, 14), basis="行政处罚法 第六十条", actor=office.head)
    assert reminders.remind(now=at("2026-11-30")) == 0
    resumed = duties.resume_duty(
        duty_id=duty.pk, on=date(2026, 11, 2), actor=office.head, now=at("2026-11-02")
    )
    # Two days had been counted; five were left: 3, 4, 5, 6 and 9 November.
    assert resumed.due_on == date(2026, 11, 9) and len(resumed.counted) == 7
    assert recounting.recount(resumed, current_calendar()).due == date(2026, 11, 9)
    with pytest.raises(duties.DutyError, match="不能恢复"):
        duties.resume_duty(duty_id=duty.pk, on=date(2026, 11, 2), actor=office.head, now=at("2026-11-02"))


# ---- reminding ---------------------------------------------------------------------------------------------

# A duty triggered on Monday 2026-10-12: due on Wednesday the 21st.
COURSE = [
    ("2026-10-15", Stage.NONE, set()),
    ("2026-10-16", Stage.THREE_DAYS, {"officer"}),
    ("2026-10-19", Stage.THREE_DAYS, {"officer"}),
    ("2026-10-20", Stage.ONE_DAY, {"officer"}),
    ("2026-10-21", Stage.TODAY, {"officer"}),
    ("2026-10-22", Stage.OVERDUE, {"officer", "head"}),
    ("2026-10-23", Stage.OVERDUE, {"officer", "head"}),
    ("2026-10-26", Stage.ESCALATED, {"officer", "head", "watcher"}),
]


@pytest.mark.req("R73")
def test_reminding_goes_stage_by_stage_to_whom_it_concerns_and_never_twice(office) -> None:
    duty = opened(office, on="2026-10-12")
    told: set[str] = set()
    for day, stage, whom in COURSE:
        reminders.remind(now=at(day))
        assert reminders.remind(now=at(day)) == 0
        duty.refresh_from_db()
        assert duty.stage == stage, day
        told |= whom
        people = {name for name in ("officer", "head", "watcher") if getattr(office, name).notices.exists()}
        assert people == told, day
    assert office.officer.notices.count() == 5
    assert office.head.notices.count() == 2 and office.watcher.notices.count() == 1
    assert AuditEvent.objects.filter(verb="duty.reminded").count() == 5


def test_after_a_dead_week_it_goes_straight_to_the_stage_of_the_day_with_one_notice(office) -> None:
    opened(office, on="2026-10-12")
    assert reminders.remind(now=at("2026-11-16")) == 1
    assert Duty.objects.get().stage == Stage.ESCALATED
    assert office.officer.notices.count() == 1


def test_many_duties_of_a_department_are_one_notice_and_few_queries(office) -> None:
    for number in range(40):
        opened(office, on="2026-10-12", number=number)
    with CaptureQueriesContext(connection) as queries:
        assert reminders.remind(now=at("2026-10-21")) == 40
    assert len(queries) < 40
    (notice,) = office.officer.notices.all()
    assert notice.title == "40 项期限今日到期"


def test_what_is_met_suspended_or_cancelled_is_not_reminded_of(office) -> None:
    opened(office, on="2026-10-12", number=1)
    opened(office, on="2026-10-12", number=2)
    duties.meet_duty(rule_key="breach_report", matter=matter(1), on=date(2026, 10, 13), now=NOW, actor=None)
    duties.cancel_duties(matter=matter(2), now=NOW, actor=None, reason="试验")
    assert reminders.remind(now=at("2026-12-01")) == 0
    assert not Notice.objects.exists()


def test_a_department_without_officers_has_its_head_told_and_without_a_head_the_office(office) -> None:
    type(office.officer).objects.filter(pk=office.officer.pk).update(is_active=False)
    opened(office, on="2026-10-12", number=1)
    reminders.remind(now=at("2026-10-21"))
    assert office.head.notices.count() == 1
    type(office.head).objects.filter(pk=office.head.pk).update(is_active=False)
    opened(office, on="2026-10-12", number=2)
    reminders.remind(now=at("2026-10-21"))
    assert office.watcher.notices.count() >= 1


def test_the_days_of_the_stages_are_working_days() -> None:
    calendar = current_calendar()
    days = dict(reminders.days_of_stages(calendar, date(2026, 9, 30)))
    assert days[Stage.ONE_DAY] == date(2026, 10, 8)
    assert days[Stage.THREE_DAYS] == date(2026, 10, 10)
    assert days[Stage.TODAY] == date(2026, 9, 30)
    assert days[Stage.OVERDUE] == date(2026, 9, 29)
    # Overdue since the day after; three working days of being late are over with the third.
    assert days[Stage.ESCALATED] == date(2026, 9, 27)
