"""A year's notice in the back office: typed as lines, looked at before it is loaded, corrected with its history."""

from datetime import date

import pytest

from credit_portal import checks
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.duties import Matter, open_duty
from credit_portal.deadlines.models import CalendarDay, CalendarNotice, Duty, PolicyRule
from credit_portal.overview.attention import to_do
from credit_portal.registry import groups
from credit_portal.registry.models import User
from tests import factories
from tests.office import address, client_of

pytestmark = pytest.mark.django_db
NOW = factories.NOW
DECEMBER = NOW.replace(month=12, day=28)
ADD = address("deadlines.calendarnotice", "add")

# Made up for the tests.
TYPED = {
    "year": "2027",
    "number": "国办发明电〔2026〕99号",
    "issued_on": "2026-11-05",
    "source": "中国政府网",
    "rest": "元旦 2026-12-31 至 2027-01-03\n春节 2027-02-05 至 2027-02-13\n\n劳动节 2027-5-1 到 2027-5-5\n国庆节 2027-10-01至2027-10-07",
    "work": "2026-12-27 元旦\n2027-10-09",
}


@pytest.fixture
def keeper() -> User:
    return factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(kind="credit_office", region="130111")
    )


@pytest.fixture
def duty() -> Duty:
    """Seven working days from 2026-12-25, reaching into a year without notice."""
    PolicyRule.objects.create(
        region_id="130111", key="breach_report", value=7, unit="working_days", basis="S0 一（三）",
        confirmed=True, effective_from=date(2020, 9, 12),
    )  # fmt: skip
    return _open(1)


def _open(number: int, region: str = "130111") -> Duty:
    return open_duty(
        rule_key="breach_report", matter=Matter("breach_case", number, f"违诺〔2026〕{number}号"),
        department=factories.department(region=region), region=factories.region(region),
        triggered_on=date(2026, 12, 25), now=NOW,
    )  # fmt: skip


def load(client, typed=TYPED, url: str = ADD):
    """Preview, then send what the page itself would send."""
    seen = client.post(url, typed).context["form"]["seen"].value()
    return client.post(url, {**typed, "seen": seen}, follow=True)


def test_a_notice_is_looked_at_first_and_loaded_by_the_second_click(keeper, duty):
    client = client_of(keeper)
    page = client.post(ADD, TYPED)
    shown = page.content.decode()
    assert "还没有保存" in shown and "确认载入" in shown
    assert "违诺〔2026〕1号" in shown and "2027-01-06（暂定）" in shown and "由暂定变为确定" in shown
    assert not CalendarNotice.objects.filter(year=2027).exists()
    duty.refresh_from_db()
    assert duty.provisional
    loaded = client.post(ADD, TYPED | {"seen": page.context["form"]["seen"].value()}, follow=True)
    shown = loaded.content.decode()
    assert "已载入2027 年放假安排" in shown and "2027-02-05（星期五）" in shown
    duty.refresh_from_db()
    assert (duty.due_on, duty.provisional) == (date(2027, 1, 6), False)
    assert date(2026, 12, 27) in duty.counted
    assert CalendarNotice.objects.get(year=2027).loaded_by == keeper
    assert AuditEvent.objects.get(verb="calendar.loaded").actor_id == keeper.pk


def test_what_was_changed_after_the_preview_is_previewed_again(keeper):
    client = client_of(keeper)
    seen = client.post(ADD, TYPED).context["form"]["seen"].value()
    answer = client.post(ADD, TYPED | {"seen": seen, "work": "2027-10-09"})
    assert "还没有保存" in answer.content.decode()
    assert not CalendarNotice.objects.filter(year=2027).exists()
    assert answer.context["form"]["seen"].value() != seen


def test_duties_of_other_places_are_counted_and_not_named(keeper, duty):
    PolicyRule.objects.create(
        region_id="410103", key="breach_report", value=7, unit="working_days", basis="某文件",
        confirmed=True, effective_from=date(2020, 9, 12),
    )  # fmt: skip
    _open(2, region="410103")
    shown = client_of(keeper).post(ADD, TYPED).content.decode()
    assert "违诺〔2026〕1号" in shown and "违诺〔2026〕2号" not in shown
    assert "共 2 项" in shown and "另有 1 项属于其他地区" in shown


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"rest": "春节"}, "rest", "“放假”第 1 行：认不出“春节”，应写作：春节 2027-02-05 至 2027-02-13"),
        (
            {"rest": TYPED["rest"].replace("2027-02-13", "2027-02-31")},
            "rest",
            "“放假”第 2 行：没有这一天（2027-02-05 至 2027-02-31）",
        ),
        ({"rest": TYPED["rest"].replace("02-13", "02-01")}, "rest", "“放假”第 2 行：2027-02-01 早于 2027-02-05"),
        ({"rest": TYPED["rest"].replace("国庆节", "中秋节 2027-09-15\n国庆节") + "\n国庆节 2027-10-07"}, "rest",
         "“放假”第 7 行：2027-10-07 已在“放假”第 6 行列出"),
        ({"rest": "元旦 2027-01-01 至 2027-01-03"}, "rest", "国庆节（2027-10-01）没有列入放假"),
        ({"work": "2027-10-11"}, "work", "“调休上班”第 1 行：2027-10-11 是星期一，不是调休上班日"),
        ({"work": "星期六"}, "work", "“调休上班”第 1 行：认不出"),
        ({"work": "2029-10-13"}, "work", "2029-10-13 不在 2027 年"),
        ({"year": "3027"}, "year", "应为 2000 至 2099 的年份"),
        ({"year": "二〇二七"}, "year", "整数"),
        ({"year": "2026", "issued_on": "2025-11-04"}, "rest", "不在 2026 年"),
        ({"number": ""}, "number", "必填"),
        ({"issued_on": ""}, "issued_on", "必填"),
        ({"issued_on": "2020-11-05"}, "issued_on", "应为 2026 或 2027 年的日期"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_told_by_its_number_and_nothing_is_kept(keeper, fields, field, words):
    before = CalendarDay.objects.count()
    answer = client_of(keeper).post(ADD, TYPED | fields)
    assert answer.status_code == 200
    assert words in "".join(answer.context["form"].errors[field])
    assert CalendarDay.objects.count() == before and not AuditEvent.objects.exists()


def test_a_year_that_is_there_is_corrected_on_its_own_page(keeper):
    client = client_of(keeper)
    load(client)
    answer = client.post(ADD, TYPED)
    assert "2027 年已有放假安排，请在其页面更正" in "".join(answer.context["form"].errors["year"])


def test_a_correction_starts_from_what_is_there_and_its_history_names_the_days(keeper, duty):
    client = client_of(keeper)
    load(client)
    row = CalendarNotice.objects.get(year=2027)
    url = address("deadlines.calendarnotice", "edit", row)
    form = client.get(url).context["form"]
    typed = {name: str(form[name].value() or "") for name in form.fields}
    assert typed["rest"].splitlines()[0] == "元旦 2026-12-31 至 2027-01-03"
    assert typed["work"].splitlines() == ["2026-12-27 元旦", "2027-10-09"]
    same = load(client, typed, url)
    assert CalendarNotice.objects.get(year=2027).history.count() == 1, "the same again writes nothing"
    assert "没有变化" in same.content.decode()
    load(client, typed | {"rest": typed["rest"].replace("2027-01-03", "2027-01-04")}, url)
    duty.refresh_from_db()
    assert duty.due_on == date(2027, 1, 7)
    page = client.get(address("deadlines.calendarnotice", "history", row)).content.decode()
    assert '<td role="cell">2027-01-04</td><td role="cell">（空）</td><td role="cell">放假</td>' in page
    assert page.count("载入 2027 年放假安排") == 2


def test_a_shipped_year_may_get_its_real_number(keeper):
    client = client_of(keeper)
    row = CalendarNotice.objects.get(year=2026)
    url = address("deadlines.calendarnotice", "edit", row)
    form = client.get(url).context["form"]
    typed = {name: str(form[name].value() or "") for name in form.fields}
    load(client, typed | {"number": "某文号", "issued_on": "2025-11-04"}, url)
    row.refresh_from_db()
    assert (row.number, row.issued_on, row.days.count()) == ("某文号", date(2025, 11, 4), 39)
    assert AuditEvent.objects.get(verb="calendar.loaded").facts["put"] == []


def test_the_list_of_years_costs_few_queries(keeper, django_assert_max_num_queries):
    client = client_of(keeper)
    url = address("deadlines.calendarnotice", "changelist")
    client.get(url)
    with django_assert_max_num_queries(14):
        page = client.get(url).content.decode()
    assert "2004 年" in page and "随系统载入" in page


# ---- the next year -----------------------------------------------------------------------------------------


def test_from_december_on_a_missing_next_year_is_said_at_the_start_and_on_the_first_page(keeper):
    def said(day: date) -> list[str]:
        return [found.id for found in checks.working_calendar(None, databases=["default"], today=day)]

    assert said(date(2026, 11, 30)) == [] and said(date(2026, 12, 1)) == ["portal.W051"]
    lines = [line.text for line in to_do(keeper, now=DECEMBER)]
    assert "个年份（2027 年）的放假安排未录入，跨年的到期日只能暂定" in lines
    load(client_of(keeper))
    assert said(date(2026, 12, 31)) == [] and said(date(2027, 1, 1)) == []
    assert not [line for line in to_do(keeper, now=DECEMBER) if "放假安排" in line.text]
