"""Half-year reports sent by the units, watched over by the office (R109)."""

from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice
from credit_portal.overview.progress import gathering
from credit_portal.registry import groups
from disclosure.models import (
    ProgressCases,
    ProgressReport,
    ProgressVersion,
)
from disclosure.progress import reports
from disclosure.progress.parts import ProgressError
from tests import factories, listed
from tests.office import client_of
from tests.progress_stage import SENT, WORDS, District, opened

pytestmark = pytest.mark.django_db

LATE = datetime(2026, 12, 28, 9, tzinfo=SHANGHAI)


@pytest.fixture
def district() -> District:
    return District()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: SENT)


@pytest.mark.req("R109")
def test_a_report_is_sent_by_a_named_reporter_again_only_with_a_reason_and_keeps_its_cases(
    district: District, moment: None
) -> None:
    commitment = listed.commitment(department=district.unit)
    row = district.report()
    with pytest.raises(ProgressError, match="起可以报送"):
        district.send(now=factories.NOW)
    with pytest.raises(ProgressError, match="请填写报送人"):
        district.send(reporter=" ")
    with pytest.raises(ProgressError, match="请填写存在的问题"):
        district.send(problems="")
    with pytest.raises(ProgressError, match="本单位"):
        district.send(actor=district.credit)
    first = district.send()
    duty = Duty.objects.get(rule_key="half_year_report", matter_id=row.pk)
    assert (first.version, duty.state, duty.met_on) == (1, "met", SENT.date())
    with pytest.raises(ProgressError, match="更正的理由"):
        district.send()
    type(commitment).objects.filter(pk=commitment.pk).update(fulfilment="fulfilled")
    second = district.send(reason="补录履行情况", now=LATE)
    row.refresh_from_db()
    assert second.version == 2 and second.sha256 != first.sha256 and row.submitted_on == SENT.date()
    assert reports.state_of(row, LATE.date()) == "sent"
    desk = client_of(district.officer)
    for version, running in ((1, 1), (2, 0)):
        path = f"/desk/progress/{district.unit.uscc}/2026H2/commitment.all.running/?version={version}"
        assert desk.get(path).context["page"].paginator.count == running
    assert desk.get(f"{path}9").status_code == 404
    assert AuditEvent.objects.filter(verb="progress.submitted", target_id=str(row.pk)).count() == 2
    for change in (
        lambda: ProgressVersion.objects.update(done="改"),
        lambda: ProgressCases.objects.all()._raw_delete("default"),
        lambda: ProgressReport.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.req("R109")
def test_a_unit_sees_its_figures_and_sends_them_from_its_page(district: District, moment: None) -> None:
    row = district.report()
    desk = client_of(district.officer)
    assert "2026年下半年" in desk.get("/desk/progress/").content.decode()
    path = f"/desk/progress/{row.uuid}/"
    page = desk.get(path).content.decode()
    assert "待报送" in page and "还没有签署的承诺" in page
    wrong = desk.post(f"{path}submit/", WORDS | {"reporter": "", "done": ""})
    assert wrong.status_code == 422 and "工作开展情况" in wrong.content.decode()
    assert desk.get(f"{path}report.pdf").status_code == 404
    # Nothing to show is a report too.
    assert desk.post(f"{path}submit/", WORDS | {"reporter": "经办甲"}).status_code == 302
    listed.commitment(department=district.unit, fulfilment="fulfilled")
    page = desk.get(path).content.decode()
    assert "已报送" in page and "更正后再次报送" in page and "项数字变了" in page
    cells = opened(desk.get(f"{path}report.xlsx").content, "测试局")
    assert cells[1][0].startswith("单位：二七区测试局") and "报送人：经办甲" in cells[2][0]
    assert cells[4][:2] == ["信用承诺", "合计：签署"] and cells[-3][:2] == ["工作开展情况", WORDS["done"]]
    assert desk.get(f"{path}report.pdf").content.startswith(b"%PDF")
    stranger = client_of(factories.staff(groups.OFFICER, department=district.street))
    assert stranger.get(path).status_code == stranger.get(f"{path}report.xlsx").status_code == 404
    head = client_of(district.head)
    assert head.post(f"{path}submit/", WORDS | {"reporter": "甲"}).status_code == 422


@pytest.mark.req("R109")
def test_the_office_sees_who_has_sent_reminds_and_downloads(
    district: District, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed.commitment(department=district.unit)
    district.send()
    monkeypatch.setattr(clock, "now", lambda: LATE)
    office = client_of(district.credit)
    page = office.get("/desk/progress/").content.decode()
    assert "逾期未报" in page and "已报送" in page and "催报勾选的" in page
    street = ProgressReport.objects.get(department=district.street)
    person = factories.staff(groups.OFFICER, department=district.street)
    for _ in range(2):
        office.post("/desk/progress/chase/", {"half": "2026H2", "report": [street.pk, "9" * 5000, "x"]})
    assert Notice.objects.filter(user=person, kind="progress").count() == 1
    with pytest.raises(ProgressError, match="信用办"):
        reports.chase(report_ids=[street.pk], actor=district.officer, now=LATE)
    content = office.get("/desk/progress/regions/410103/2026H2.xlsx").content
    overview = opened(content, "总表")
    assert tuple(overview[0]) == gathering.OVERVIEW
    assert {line[0]: (line[1], line[5]) for line in overview[1:]} == {
        "二七区测试局": ("已报送", "1"),
        "二七区测试街道": ("逾期未报", "0"),
    }
    book = load_workbook(BytesIO(content))
    assert book.sheetnames == ["总表", "合计", "测试局", "测试街道"]
    assert {cell.data_type for line in book["合计"].iter_rows(min_row=4) for cell in line} == {"s"}
    assert office.get("/desk/progress/regions/130111/2026H2.xlsx").status_code == 404
    assert office.get("/desk/progress/regions/410103/x.xlsx").status_code == 404
    assert client_of(district.officer).get("/desk/progress/regions/410103/2026H2.xlsx").status_code == 403
    base = f"/admin/disclosure/progressreport/{street.pk}"
    assert "下载本地区各单位的报告" in office.get(f"{base}/change/").content.decode()
    assert load_workbook(BytesIO(office.get(f"{base}/region/").content)).sheetnames[0] == "总表"

    out, err = tmp_path / "进展.xlsx", StringIO()
    call_command("progress_report", region="410103", half="2026H2", out=str(out), stderr=err)
    assert load_workbook(out).sheetnames == book.sheetnames and "1 个单位没有报送" in err.getvalue()
    for wrong, words in (
        ({"half": "下半年"}, "2026H2 的形式"),
        ({"region": "999999"}, "没有行政区划"),
        ({"half": "2025H1"}, "没有2025年上半年的进展报告"),
        ({"out": "/nowhere/x.xlsx"}, "不能写到"),
        ({"out": ""}, "缺少 --out"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command(
                "progress_report", **({"region": "410103", "half": "2026H2", "out": str(out)} | wrong)
            )


def test_the_page_asks_the_database_as_often_for_many_units_as_for_few(
    district: District, moment: None
) -> None:
    district.report()
    office = client_of(district.credit)

    def asked(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert office.get(path).status_code == 200
        return len(found)

    paths = ("/desk/progress/?half=2026H2", "/desk/progress/regions/410103/2026H2.xlsx")
    few = [asked(path) for path in paths]
    for _ in range(25):
        other = factories.progress_report(department=factories.department(region="410103"))
        listed.commitment(department=other.department)
    assert [asked(path) for path in paths] == few
    assert max(few) <= 36
