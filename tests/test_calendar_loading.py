"""Notices of a year: read from files and forms, kept as rows, put in each other's place, and counted by at once."""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import holiday_notices
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.holiday_notices import CalendarError, read_notice, store_notice
from credit_portal.deadlines.models import CalendarDay, CalendarNotice
from credit_portal.registry import groups
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.NOW

# Made up for the tests: the real notice was not issued when they were written.
NOTICE_2027 = """
year = 2027
number = "国办发明电〔2026〕99号"
issued_on = 2026-11-05
source = "测试用，非真实安排"

[[rest]]
name = "元旦"
from = 2026-12-31
to = 2027-01-03

[[rest]]
name = "春节"
from = 2027-02-05
to = 2027-02-13

[[rest]]
name = "劳动节"
from = 2027-05-01
to = 2027-05-05

[[rest]]
name = "国庆节"
from = 2027-10-01
to = 2027-10-07

[[work]]
name = "元旦"
day = 2026-12-27

[[work]]
day = 2027-10-09
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "2027.toml"
    path.write_text(NOTICE_2027, encoding="utf-8")
    return path


def run(*args: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*args, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


# ---- shipped -----------------------------------------------------------------------------------------------


def test_the_shipped_notices_are_in_the_database_and_claim_no_number_nobody_knows():
    assert list(CalendarNotice.objects.order_by("year").values_list("year", flat=True)) == list(
        range(2004, 2027)
    )
    assert set(CalendarNotice.objects.values_list("number", flat=True)) == {"随系统载入"}
    assert set(CalendarNotice.objects.values_list("source", flat=True)) == {"公开数据 chinesecalendar 1.11.0"}


def test_the_rows_say_what_the_files_say():
    told = {
        (notice.year, day.day, day.kind, day.name)
        for notice in holiday_notices.shipped_notices()
        for day in notice.days
    }
    kept = set(CalendarDay.objects.values_list("notice_id", "day", "kind", "name"))
    assert kept == told and len(kept) > 700


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "after every table was emptied"])
def test_the_shipped_years_are_there_whichever_test_ran_before(turn):
    assert CalendarNotice.objects.count() == 23 and CalendarDay.objects.count() > 700


# ---- counting by the rows ----------------------------------------------------------------------------------


def test_the_calendar_costs_one_query_and_is_read_again_only_when_it_has_changed(
    django_assert_num_queries, file
):
    first = current_calendar()
    with django_assert_num_queries(1):
        assert current_calendar() is first
    store_notice(read_notice(file), actor=None, now=NOW)
    with django_assert_num_queries(1):
        second = current_calendar()
    assert second.known(date(2027, 1, 1)) and not first.known(date(2027, 1, 1))
    assert second.version != first.version and len(second.version) <= 40


@pytest.mark.req("R73")
def test_a_date_in_a_year_without_notice_is_provisional_and_final_once_the_notice_is_there(file):
    before = count_working_days(current_calendar(), date(2026, 12, 25), 7)
    assert (before.due, before.provisional) == (date(2027, 1, 6), True)
    store_notice(read_notice(file), actor=None, now=NOW)
    after = count_working_days(current_calendar(), date(2026, 12, 25), 7)
    # 27 December (a Sunday) is worked for the day of rest on the 31st.
    assert (after.due, after.provisional) == (date(2027, 1, 6), False)
    assert date(2026, 12, 27) in after.days and date(2026, 12, 31) not in after.days


# ---- due_date ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--from", "2026-09-28", "--working-days", "7"], "2026-10-13\n"),
        (["--from", "2026-12-25", "--working-days", "7"], "2027-01-06 provisional\n"),
        (["--from", "2026-09-25", "--days", "7"], "2026-10-08\n"),
        (["--from", "2026-01-31", "--months", "1"], "2026-02-28\n"),
    ],
)
def test_due_date_answers_in_one_line(args, line):
    assert run("due_date", *args) == (0, line, "")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--from", "2026-02-30", "--working-days", "7"], "--from 应为日期"),
        (["--from", "昨天", "--working-days", "7"], "--from 应为日期"),
        (["--from", "2026-09-28", "--working-days", "七"], "期限长度应为不小于 0 的整数，现为“七”"),
        (["--from", "2026-09-28", "--working-days=-1"], "期限长度应为不小于 0 的整数，现为“-1”"),
        (["--from", "2026-09-28", "--days", "99999999999"], "期限长度应为 0 至 4000 的整数"),
        (["--from", "9999-12-30", "--months", "7"], "超出可以计算的范围"),
        (["--working-days", "7"], "--from 应为日期"),
        (["--from", "2026-09-28"], "请写明 --working-days、--days、--months 中的一项"),
        (["--from", "2026-09-28", "--days", "7", "--months", "1"], "且只写一项"),
    ],
)
def test_due_date_says_in_chinese_what_is_wrong(args, words):
    code, out, err = run("due_date", *args)
    assert code == 1 and out == "" and words in err


# ---- load_calendar -----------------------------------------------------------------------------------------


def test_a_loaded_notice_is_counted_by_and_told_in_the_log(file):
    code, out, _err = run("load_calendar", str(file))
    assert code == 0 and "已载入 2027 年放假安排" in out
    row = CalendarNotice.objects.get(year=2027)
    assert (row.number, row.issued_on) == ("国办发明电〔2026〕99号", date(2026, 11, 5))
    assert row.days.get(day=date(2027, 2, 6)).name == "春节"
    event = AuditEvent.objects.get(verb="calendar.loaded")
    assert event.facts["days"] == 27 and event.facts["replaced"] is False
    assert "2026-12-27 work" in event.facts["put"] and event.facts["taken_out"] == []


def test_the_same_notice_again_writes_nothing(file):
    run("load_calendar", str(file))
    kept, logged = CalendarNotice.objects.get(year=2027), AuditEvent.objects.count()
    code, out, _err = run("load_calendar", str(file))
    assert code == 0 and "没有变化" in out
    again = CalendarNotice.objects.get(year=2027)
    assert again.loaded_at == kept.loaded_at and again.history.count() == 1
    assert AuditEvent.objects.count() == logged


def test_a_changed_notice_takes_the_place_of_the_one_before_with_an_event_and_its_history(file):
    run("load_calendar", str(file))
    file.write_text(
        NOTICE_2027.replace("to = 2027-02-13", "to = 2027-02-12").replace("99号", "100号"), encoding="utf-8"
    )
    code, out, _err = run("load_calendar", str(file))
    assert code == 0 and "1 天有变" in out
    assert not CalendarDay.objects.filter(day=date(2027, 2, 13)).exists()
    event = AuditEvent.objects.filter(verb="calendar.loaded").latest("id")
    assert (event.facts["replaced"], event.facts["taken_out"], event.facts["put"]) == (
        True,
        ["2027-02-13 rest"],
        [],
    )
    assert [row.number for row in CalendarNotice.objects.get(year=2027).history.order_by("history_id")] == [
        "国办发明电〔2026〕99号",
        "国办发明电〔2026〕100号",
    ]


WRONG = [
    ("year = 2027", "year = '明年'", "字段 year：应为 2000 至 2099 的年份"),
    ("year = 2027", "year = 2027\ncolour = 'red'", "字段 colour：没有这个字段"),
    ('number = "国办发明电〔2026〕99号"', "", "字段 number：须写明"),
    ('source = "测试用，非真实安排"', 'source = " "', "字段 source：须写明"),
    ("issued_on = 2026-11-05", "issued_on = 2016-11-05", "字段 issued_on：应为 2026 或 2027 年的日期"),
    ("to = 2027-02-13", "to = 2027-02-01", "第 2 个 [[rest]]：2027-02-01 早于 2027-02-05"),
    ("to = 2027-02-13", "to = 2027-03-13", "第 2 个 [[rest]]：2027-02-05 至 2027-03-13 超过 20 天"),
    ("to = 2027-02-13", "to = '二月'", "第 2 个 [[rest]]，字段 to：应为日期"),
    ("to = 2027-02-13", "until = 2027-02-13", "第 2 个 [[rest]]，字段 until：没有这个字段"),
    ("to = 2027-02-13", "day = 2027-02-13", "写 day，或写 from 和 to"),
    ("from = 2027-02-05", "from = 2026-02-05", "第 2 个 [[rest]]：2026-02-05 至 2027-02-13 超过"),
    ("day = 2027-10-09", "day = 2027-10-11", "2027-10-11 是星期一，不是调休上班日"),
    ("day = 2027-10-09", "day = 2027-10-03", "2027-10-03 已在文件 2027.toml，第 4 个 [[rest]]列出"),
    ("day = 2027-10-09", "day = 2028-01-08", "2028-01-08 不在 2027 年"),
    ('name = "春节"', "", "第 2 个 [[rest]]：须写明节日名称"),
    ("from = 2027-10-01", "from = 2027-10-02", "国庆节（2027-10-01）没有列入放假"),
    ("day = 2027-10-09", "day = 2027-10-09\nto = 2027-10-10", "第 2 个 [[work]]，字段 to：没有这个字段"),
    ("year = 2027", "rest = 7\nyear = 2027", "不是有效的 TOML 写法"),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG, ids=lambda part: part[:24])
def test_a_wrong_notice_is_told_by_its_place_and_nothing_is_kept(file, old, new, words):
    assert old in NOTICE_2027
    file.write_text(NOTICE_2027.replace(old, new, 1), encoding="utf-8")
    code, out, err = run("load_calendar", str(file))
    assert code == 1 and words in err and "没有载入放假安排" in err and out == ""
    assert not CalendarNotice.objects.filter(year=2027).exists() and not AuditEvent.objects.exists()


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path):
    assert "没有这个文件" in run("load_calendar", str(tmp_path / "none.toml"))[2]
    (tmp_path / "bytes.toml").write_bytes("年".encode("gbk"))
    assert "不是 UTF-8 文字" in run("load_calendar", str(tmp_path / "bytes.toml"))[2]


def test_every_problem_of_a_notice_is_told_at_once(file):
    file.write_text(
        NOTICE_2027.replace("to = 2027-02-13", "to = 2027-02-01").replace("2027-10-09", "2027-10-11"),
        encoding="utf-8",
    )
    with pytest.raises(CalendarError) as told:
        read_notice(file)
    assert len(told.value.problems) == 2


def test_a_day_that_another_year_has_arranged_is_refused(file):
    store_notice(read_notice(file), actor=None, now=NOW)
    other = holiday_notices.check_notice(
        year=2028, number="某号", issued_on=None, source="测试",
        entries=[
            holiday_notices.Entry("rest", date(2027, 12, 31), date(2028, 1, 3), "元旦", "第 1 行"),
            holiday_notices.Entry("rest", date(2028, 5, 1), date(2028, 5, 1), "劳动节", "第 2 行"),
            holiday_notices.Entry("rest", date(2028, 10, 1), date(2028, 10, 3), "国庆节", "第 3 行"),
        ],
    )  # fmt: skip
    CalendarDay.objects.create(day=date(2027, 12, 31), notice_id=2027, kind="work")
    with pytest.raises(CalendarError, match="2027-12-31 已由 2027 年放假安排列明"):
        store_notice(other, actor=None, now=NOW)
    assert not CalendarNotice.objects.filter(year=2028).exists()


def test_only_the_credit_office_keeps_the_calendar(file):
    notice = read_notice(file)
    with pytest.raises(CalendarError, match="工作日历由信用办维护"):
        store_notice(notice, actor=factories.staff(groups.SYSTEM_ADMIN), now=NOW)
    keeper = factories.staff(groups.CREDIT_OFFICE)
    row = store_notice(notice, actor=keeper, now=NOW).notice
    assert row.loaded_by == keeper and row.history.get().history_user == keeper
