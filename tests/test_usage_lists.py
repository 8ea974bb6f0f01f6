"""Monthly lists: opened with their period, made of the checks, sent once and corrected, named when late, as files."""

from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from openpyxl import load_workbook

from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories
from verification import services
from verification.models import Check, UsageList, UsageNotice, UsageRow, UsageSubmission
from verification.usage import files, gathering, lists, naming
from verification.usage.lists import UsageError
from verification.usage.rows import COLUMNS, TITLE

pytestmark = pytest.mark.django_db
CHECKED = datetime(2026, 9, 10, 10, tzinfo=SHANGHAI)
SENT = datetime(2026, 9, 23, 15, tzinfo=SHANGHAI)
LATE = datetime(2026, 9, 28, 9, tzinfo=SHANGHAI)


class County:
    """Zanhuang with its rule, two units and an office of two."""

    def __init__(self, *, confirmed: bool = True) -> None:
        for key, value in (
            ("monthly_list", {"on": True, "due_day": 24, "late_from_day": 26}),
            ("monthly_list_period", {"from_day": 25, "to_day": 24}),
        ):
            PolicyRule.objects.create(
                region=factories.region("130129"), key=key, value=value, basis="S3 三（四）",
                confirmed=confirmed, effective_from=date(2023, 9, 21),
            )  # fmt: skip
        self.unit = factories.department(region="130129", name="赞皇县测试局")
        self.other = factories.department(region="130129", name="赞皇县另一局", kind="township")
        self.office = factories.department(region="130129", kind="credit_office", name="赞皇县测试信用办")
        factories.department(region="130129", kind="association")
        self.officer = factories.staff(groups.OFFICER, department=self.unit, display_name="经办甲")
        self.clerk = factories.staff(groups.CLERK, department=self.unit)
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.item = factories.item_version(department=self.unit, name="食品经营许可")

    def checked(self, *, now: datetime = CHECKED, **more: Any) -> Check:
        return services.check_subject(
            subject=more.pop("subject", None) or factories.subject(), item_version=self.item,
            commitment_type="supervisory", operator=self.clerk, now=now, **more,
        )  # fmt: skip

    def list(self, now: datetime = CHECKED) -> UsageList:
        lists.open_lists(now=now)
        return UsageList.objects.filter(department=self.unit).latest("month")


@pytest.fixture
def county() -> County:
    return County()


def opened(content: bytes, sheet: int = 0) -> list[list[str]]:
    page = load_workbook(BytesIO(content)).worksheets[sheet]
    return [["" if cell is None else cell for cell in row] for row in page.iter_rows(values_only=True)]


@pytest.mark.req("R107")
def test_every_unit_has_a_list_with_its_duty_from_the_first_day_of_the_period(county: County) -> None:
    assert lists.open_lists(now=CHECKED) == 2
    assert lists.open_lists(now=CHECKED) == 0
    row = UsageList.objects.get(department=county.unit)
    assert (row.month, row.period_from, row.period_to) == (
        date(2026, 9, 1), date(2026, 8, 25), date(2026, 9, 24),
    )  # fmt: skip
    assert (row.due_on, row.late_from) == (date(2026, 9, 24), date(2026, 9, 26))
    assert row.history.count() == 1
    duty = Duty.objects.get(rule_key="monthly_list", matter_id=row.pk)
    assert (duty.due_on, duty.department, duty.confirmed) == (row.due_on, county.unit, True)
    # The next period begins on the 25th; its 24th is a Saturday.
    assert lists.open_lists(now=datetime(2026, 9, 25, 0, 1, tzinfo=SHANGHAI)) == 2
    assert UsageList.objects.filter(department=county.unit).latest("month").due_on == date(2026, 10, 23)


def test_a_list_that_is_not_sent_follows_its_duty_when_a_notice_moves_it(county: County) -> None:
    row = county.list()
    Duty.objects.filter(rule_key="monthly_list").update(due_on=date(2026, 9, 23))
    lists.submit(
        list_id=UsageList.objects.get(department=county.other).pk, reporter="乙", now=SENT,
        actor=factories.staff(groups.OFFICER, department=county.other),
    )  # fmt: skip
    lists.open_lists(now=SENT)
    row.refresh_from_db()
    assert (row.due_on, row.late_from, row.history.count()) == (date(2026, 9, 23), date(2026, 9, 26), 2)
    assert UsageList.objects.get(department=county.other).due_on == date(2026, 9, 24)


def test_where_the_rule_is_off_there_is_no_list(county: County) -> None:
    PolicyRule.objects.filter(key="monthly_list").update(value={"on": False})
    assert lists.open_lists(now=CHECKED) == 0


@pytest.mark.req("R107", "R86")
def test_a_check_is_a_line_with_its_use_and_its_measure(county: County) -> None:
    subject = factories.subject(name="赞皇演示商贸有限公司")
    check = county.checked(subject=subject)
    row = county.list()
    (line,) = lists.live_rows(row)
    assert line.cells[:3] == ("赞皇演示商贸有限公司", "食品经营许可", "2026-09-10")
    assert (
        check.number in line.usage
        and "可适用承诺制" in line.usage
        and line.measures == "适用承诺制（尚未办结）"
    )
    lists.add_note(
        check_id=check.pk, kind="measure", text="绿色通道，优先办理", actor=county.officer, now=SENT
    )
    lists.add_note(
        check_id=check.pk, kind="correction", text="另查了中国政府采购网", actor=county.officer, now=SENT
    )
    (line,) = lists.live_rows(row)
    assert line.measures == "绿色通道，优先办理" and "（更正：另查了中国政府采购网）" in line.usage
    with pytest.raises(UsageError, match="本单位"):
        lists.add_note(check_id=check.pk, kind="measure", text="x", actor=county.credit, now=SENT)


@pytest.mark.req("R107")
def test_a_list_is_sent_by_a_named_reporter_and_again_only_with_a_reason(county: County) -> None:
    check = county.checked()
    row = county.list()
    with pytest.raises(UsageError, match="起可以报送"):
        lists.submit(list_id=row.pk, reporter="甲", actor=county.officer, now=CHECKED)
    with pytest.raises(UsageError, match="请填写报送人"):
        lists.submit(list_id=row.pk, reporter=" ", actor=county.officer, now=SENT)
    with pytest.raises(UsageError, match="本单位"):
        lists.submit(list_id=row.pk, reporter="甲", actor=county.credit, now=SENT)
    first = lists.submit(list_id=row.pk, reporter="经办甲", actor=county.officer, now=SENT)
    duty = Duty.objects.get(rule_key="monthly_list", matter_id=row.pk)
    assert (first.version, first.rows, duty.state, duty.met_on) == (1, 1, "met", SENT.date())
    with pytest.raises(UsageError, match="更正的理由"):
        lists.submit(list_id=row.pk, reporter="经办甲", actor=county.officer, now=SENT)
    lists.add_note(check_id=check.pk, kind="measure", text="重点审查", actor=county.officer, now=SENT)
    second = lists.submit(
        list_id=row.pk, reporter="经办甲", reason="漏填措施", actor=county.officer, now=LATE
    )
    row.refresh_from_db()
    assert second.version == 2 and second.sha256 != first.sha256 and row.submitted_on == SENT.date()
    assert lists.sent_rows(first)[0].measures == "适用承诺制（尚未办结）"
    assert lists.sent_rows(second)[0].measures == "重点审查"
    assert AuditEvent.objects.filter(verb="usage.submitted", target_id=str(row.pk)).count() == 2


@pytest.mark.req("R107")
def test_what_is_checked_after_sending_stands_in_the_next_list_and_nothing_stands_in_two(
    county: County,
) -> None:
    before = county.checked()
    row = county.list()
    lists.submit(list_id=row.pk, reporter="甲", actor=county.officer, now=SENT)
    after = county.checked(now=SENT + timedelta(hours=20))
    assert after.on_day == date(2026, 9, 24)
    lists.open_lists(now=LATE)
    following = UsageList.objects.get(department=county.unit, month=date(2026, 10, 1))
    later = county.checked(now=LATE)
    assert [line.check_id for line in lists.live_rows(following)] == [after.pk, later.pk]
    # Corrected, the first list takes what is of its own days; the next one has it no longer.
    lists.submit(list_id=row.pk, reporter="甲", reason="补报", actor=county.officer, now=LATE)
    assert {line.check_id for line in lists.sent_rows(lists.last_submission(row))} == {before.pk, after.pk}
    assert [line.check_id for line in lists.live_rows(following)] == [later.pk]


@pytest.mark.req("R107")
def test_an_empty_list_is_sent_too(county: County) -> None:
    row = county.list()
    made = lists.submit(list_id=row.pk, reporter="甲", actor=county.officer, now=SENT)
    assert made.rows == 0
    cells = opened(files.workbook([gathering.sheet_of(row)]))
    assert len(cells) == 3


def test_what_was_sent_cannot_be_changed(county: County) -> None:
    county.checked()
    row = county.list()
    lists.submit(list_id=row.pk, reporter="甲", actor=county.officer, now=SENT)
    for change in (
        lambda: UsageRow.objects.update(measures="无"),
        lambda: UsageSubmission.objects.update(reporter="乙"),
        lambda: UsageRow.objects.all()._raw_delete("default"),
        lambda: UsageList.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# ---- files -------------------------------------------------------------------------------------------------


@pytest.mark.req("R107")
def test_the_file_has_the_shape_of_the_annex_and_text_cells_only(county: County) -> None:
    county.checked(subject=factories.subject(name="=1+1 演示有限公司"))
    row = county.list()
    lists.submit(list_id=row.pk, reporter="经办甲", actor=county.officer, now=SENT)
    content = files.workbook([gathering.sheet_of(row)])
    cells = opened(content)
    assert cells[0][0] == TITLE
    assert [cell for cell in cells[1] if cell] == [
        "单位：赞皇县测试局",
        "报送人：经办甲",
        "报送日期：2026-09-23",
    ]
    assert tuple(cells[2]) == COLUMNS
    assert cells[3][0] == "=1+1 演示有限公司" and cells[3][2] == "2026-09-10"
    page = load_workbook(BytesIO(content)).worksheets[0]
    assert {cell.data_type for line in page.iter_rows(min_row=4) for cell in line} == {"s"}
    assert content == files.workbook([gathering.sheet_of(row)])


def test_a_county_is_one_workbook_with_an_overview_that_names_who_is_missing(
    county: County, django_assert_num_queries: Any
) -> None:
    row = county.list()
    lists.submit(list_id=row.pk, reporter="经办甲", actor=county.officer, now=SENT)
    rows = list(UsageList.objects.select_related("department").order_by("department__name"))
    with django_assert_num_queries(2):
        sheets, overview = gathering.county_of(rows, today=LATE.date())
    content = files.workbook(sheets, overview=overview)
    first = {line[0]: line[1] for line in opened(content)[1:]}
    assert first == {"赞皇县测试局": "已报送", "赞皇县另一局": "逾期未报"}
    assert opened(content, 1)[0][0] == TITLE
    assert files.as_pdf(gathering.sheet_of(row), number=row.number, demonstration=False).startswith(b"%PDF")


def test_two_units_of_one_short_name_have_sheets_of_their_own() -> None:
    sheets = [
        files.Sheet(unit="甲", short="农/业[局]" * 9, reporter="", reported_on=None, rows=[])
        for _ in range(2)
    ]
    names = load_workbook(BytesIO(files.workbook(sheets))).sheetnames
    assert len(set(names)) == 2 and all(len(name) <= 31 for name in names)


@pytest.mark.req("R107")
def test_the_command_writes_the_file_and_says_in_chinese_what_is_wrong(
    county: County, tmp_path: Path
) -> None:
    county.checked()
    county.list()
    out, err = tmp_path / "清单.xlsx", StringIO()
    call_command("usage_report", department=county.unit.uscc, month="2026-09", out=str(out), stderr=err)
    assert opened(out.read_bytes())[2] == list(COLUMNS) and "还没有报送" in err.getvalue()
    for wrong, words in (
        ({"month": "九月"}, "2026-11 的形式"),
        ({"department": "91130129MA00000000"}, "没有统一社会信用代码"),
        ({"month": "2025-01"}, "没有 2025-01 的月报"),
        ({"out": "/nowhere/x.xlsx"}, "不能写到"),
        ({"out": ""}, "缺少 --out"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command(
                "usage_report",
                **({"department": county.unit.uscc, "month": "2026-09", "out": str(out)} | wrong),
            )


# ---- naming ------------------------------------------------------------------------------------------------


@pytest.mark.req("R108", "R134")
def test_the_notice_names_who_did_not_report_and_who_did_not_check_and_goes_up(county: County) -> None:
    row = county.list()
    lists.submit(list_id=row.pk, reporter="甲", actor=county.officer, now=SENT)
    with pytest.raises(UsageError, match="没有可以通报"):
        naming.draft(month=row.month, leave_out=(), actor=county.credit, now=SENT)
    notice = naming.draft(month=row.month, leave_out=(), actor=county.credit, now=LATE)
    assert {(unit["name"], unit["reason"]) for unit in notice.units} == {
        ("赞皇县另一局", "missing"),
        ("赞皇县测试局", "unchecked"),
    }
    with pytest.raises(UsageError, match="另一人签发"):
        naming.issue(notice_id=notice.pk, actor=county.credit, now=LATE)
    notice = naming.issue(notice_id=notice.pk, actor=county.second, now=LATE)
    assert notice.document is not None and notice.state == "issued"
    with pytest.raises(UsageError, match="之间"):
        naming.send_up(notice_id=notice.pk, on=SENT.date(), to="县委", actor=county.credit, now=LATE)
    notice = naming.send_up(
        notice_id=notice.pk, on=LATE.date(), to="县委、县政府", actor=county.credit, now=LATE
    )
    assert notice.state == "sent_up"
    with pytest.raises(IntegrityError), transaction.atomic():
        UsageNotice.objects.update(units=[])


def test_a_unit_can_be_left_out_and_a_draft_given_up(county: County) -> None:
    row = county.list()
    notice = naming.draft(month=row.month, leave_out=[county.unit.pk], actor=county.credit, now=LATE)
    assert [unit["name"] for unit in notice.units] == ["赞皇县另一局"]
    with pytest.raises(UsageError, match="已经有通报"):
        naming.draft(month=row.month, leave_out=(), actor=county.credit, now=LATE)
    naming.discard(notice_id=notice.pk, actor=county.second, now=LATE)
    assert naming.draft(month=row.month, leave_out=(), actor=county.credit, now=LATE).units


def test_an_unconfirmed_rule_reminds_and_names_nobody() -> None:
    county = County(confirmed=False)
    row = county.list()
    assert Duty.objects.get(rule_key="monthly_list", matter_id=row.pk).confirmed is False
    with pytest.raises(UsageError, match="没有经本地区确认"):
        naming.draft(month=row.month, leave_out=(), actor=county.credit, now=LATE)


def test_units_are_reminded_once_a_day(county: County) -> None:
    row = county.list()
    everybody = list(UsageList.objects.values_list("pk", flat=True))
    assert lists.chase(list_ids=everybody, actor=county.credit, now=SENT) == 2
    lists.chase(list_ids=everybody, actor=county.credit, now=SENT)
    assert Notice.objects.filter(user=county.officer, kind="usage").count() == 1
    lists.submit(list_id=row.pk, reporter="甲", actor=county.officer, now=SENT)
    assert lists.chase(list_ids=[row.pk], actor=county.credit, now=SENT) == 0


# ---- pages -------------------------------------------------------------------------------------------------


def at(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="credit_portal.registry.accounts.StaffBackend")
    return client


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATE)


@pytest.mark.req("R107")
def test_a_unit_sees_supplements_and_sends_its_list(county: County, moment: None) -> None:
    check = county.checked()
    row = county.list()
    desk = at(county.officer)
    assert row.month_in_words in desk.get("/desk/usage/").content.decode()
    path = f"/desk/usage/{row.uuid}/"
    page = desk.get(path).content.decode()
    assert check.number in page and "报送 1 条" in page and "逾期未报" in page
    assert ReadLog.objects.filter(what="使用情况月报", actor_id=county.officer.pk).exists()
    answer = desk.post(f"{path}checks/{check.pk}/note/", {"kind": "measure", "text": ""})
    assert answer.status_code == 422 and "内容" in answer.content.decode()
    desk.post(f"{path}checks/{check.pk}/note/", {"kind": "measure", "text": "优先办理"})
    assert "优先办理" in desk.get(path).content.decode()
    assert desk.post(f"{path}submit/", {"reporter": ""}).status_code == 422
    assert desk.post(f"{path}submit/", {"reporter": "经办甲"}).status_code == 302
    page = desk.get(path).content.decode()
    assert "逾期报送" in page and "更正后再次报送" in page
    assert opened(desk.get(f"{path}list.xlsx").content)[3][4] == "优先办理"
    assert desk.get(f"{path}list.pdf").content.startswith(b"%PDF")
    stranger = at(factories.staff(groups.OFFICER, department=county.other))
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}list.xlsx").status_code == 404


@pytest.mark.req("R107", "R108")
def test_the_office_sees_all_units_downloads_reminds_and_names(county: County, moment: None) -> None:
    row = county.list()
    office = at(county.credit)
    page = office.get("/desk/usage/").content.decode()
    assert county.unit.name in page and county.other.name in page and "拟通报" in page
    names = load_workbook(BytesIO(office.get("/desk/usage/county.xlsx?month=2026-09").content)).sheetnames
    assert names[0] == "总表"
    assert office.get("/desk/usage/county.xlsx?month=x").status_code == 404
    office.post("/desk/usage/chase/", {"month": "2026-09", "list": [row.pk]})
    assert Notice.objects.filter(user=county.officer, kind="usage").exists()
    answer = office.post(
        "/desk/usage/notices/draft/",
        {"month": "2026-09", "shown": [county.unit.pk, county.other.pk], "unit": [county.other.pk]},
    )
    assert answer.status_code == 302
    assert [unit["name"] for unit in UsageNotice.objects.get().units] == [county.other.name]
    assert office.post(answer.url, {"deed": "issue"}).status_code == 422
    second = at(county.second)
    assert second.post(answer.url, {"deed": "issue"}).status_code == 302
    assert second.get(f"{answer.url}paper.pdf").content.startswith(b"%PDF")
    assert second.post(answer.url, {"deed": "send_up", "on": "", "to": ""}).status_code == 422
    assert (
        second.post(answer.url, {"deed": "send_up", "on": "2026-09-28", "to": "县委、县政府"}).status_code
        == 302
    )
    assert at(county.officer).get("/desk/usage/county.xlsx?month=2026-09").status_code == 403


@pytest.mark.req("R107")
def test_the_office_downloads_a_unit_or_the_county_in_the_back_office(county: County, moment: None) -> None:
    row = county.list()
    office = at(county.credit)
    base = f"/admin/verification/usagelist/{row.pk}"
    assert "下载本月各单位的清单" in office.get(f"{base}/change/").content.decode()
    assert opened(office.get(f"{base}/xlsx/").content)[0][0] == TITLE
    assert load_workbook(BytesIO(office.get(f"{base}/county/").content)).sheetnames[0] == "总表"


def test_the_page_asks_the_database_as_often_for_many_units_as_for_few(
    county: County, moment: None, django_assert_max_num_queries: Any
) -> None:
    county.list()
    for _ in range(30):
        factories.usage_list(department=factories.department(region="130129"))
    office = at(county.credit)
    with django_assert_max_num_queries(16):
        assert office.get("/desk/usage/?month=2026-09").status_code == 200
    assert UsageList.objects.filter(late_from__gt=F("due_on")).count() == 32
