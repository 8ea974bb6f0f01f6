"""What goes up from a region: its report, who is called late, assessments by third parties (R109)."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.registry import groups
from disclosure.models import (
    Assessment,
    ProgressSummary,
    ProgressVersion,
)
from disclosure.progress import assessments, summaries
from disclosure.progress.parts import ProgressError
from tests import factories, listed
from tests.counter import signature_png
from tests.office import client_of
from tests.progress_stage import SENT, WORDS, District, opened

pytestmark = pytest.mark.django_db

UP = {"effects": "减少材料，少跑一趟。", "problems": "无", "plans": "扩大事项。"}


@pytest.fixture
def district() -> District:
    return District()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: SENT)


@pytest.mark.req("R109", "R111")
def test_the_region_s_report_is_signed_by_another_and_goes_up(district: District, moment: None) -> None:
    commitment = listed.commitment(department=district.unit, fulfilment="fulfilled")
    district.send()
    office, second = client_of(district.credit), client_of(district.second)
    assert office.get("/desk/progress/summaries/new/?half=x").status_code == 404
    new = "/desk/progress/summaries/new/?half=2026H2"
    assert office.get(new).status_code == 200
    assert office.post(new, UP | {"effects": ""}).status_code == 422
    answer = office.post(new, UP)
    assert answer.status_code == 302
    again = office.post(new, UP | {"reason": "补充"})
    assert again.status_code == 422 and "已有一份拟稿" in again.content.decode()
    assert office.post(answer.url, {"deed": "issue"}).status_code == 422
    assert office.get(f"{answer.url}paper.pdf").status_code == 404
    assert second.post(answer.url, {"deed": "issue"}).status_code == 302
    row = ProgressSummary.objects.get()
    assert {unit["name"]: unit["state"] for unit in row.units} == {
        "二七区测试局": "sent",
        "二七区测试街道": "open",
    }
    assert second.get(f"{answer.url}paper.pdf").content.startswith(b"%PDF")
    assert opened(second.get(f"{answer.url}figures.xlsx").content, "总表")[1][0] == "二七区测试局"
    assert second.post(answer.url, {"deed": "send_up", "on": "2026-12-22", "to": "区政府"}).status_code == 422
    sent = {"deed": "send_up", "on": "2026-12-23", "to": "区政府、市发展改革委"}
    assert second.post(answer.url, sent).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.sent_up_to) == ("sent_up", "区政府、市发展改革委")
    assert "区政府、市发展改革委" in office.get(answer.url).content.decode()
    for change in ({"effects": "改"}, {"sent_up_to": "别处"}, {"state": "draft"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProgressSummary.objects.update(**change)
    # What becomes of a case later changes nothing in it; it is written anew, with a reason.
    type(commitment).objects.filter(pk=commitment.pk).update(fulfilment="unfulfilled")
    assert office.post(new, UP).status_code == 422
    assert office.post(new, UP | {"reason": "履行情况有变"}).status_code == 302
    draft = ProgressSummary.objects.get(version=2)
    numbers = {one["key"]: one["number"] for one in draft.figures}
    assert (numbers["commitment.all.fulfilled"], numbers["commitment.all.unfulfilled"]) == (0, 1)
    with pytest.raises(ProgressError, match="不能放弃"):
        summaries.discard(summary_id=row.pk, actor=district.second, now=SENT)
    summaries.discard(summary_id=draft.pk, actor=district.second, now=SENT)
    assert client_of(district.officer).get(answer.url).status_code == 403


def test_units_are_called_late_only_from_the_day_and_by_a_confirmed_rule() -> None:
    district = District(confirmed=False)
    row = district.report()
    assert Duty.objects.get(rule_key="half_year_report", matter_id=row.pk).confirmed is False

    def states(day: date) -> set[object]:
        lineage = district.office.region.lineage
        found = summaries.units_of(
            "410103", "2026H2", may_be_named=summaries.may_name(lineage, day), today=day
        )
        return {unit["state"] for unit in found}

    assert states(date(2026, 12, 28)) == {"open"}
    PolicyRule.objects.update(confirmed=True)
    assert states(date(2026, 12, 25)) == {"open"}
    assert states(date(2026, 12, 26)) == {"missing"}


@pytest.mark.req("R14", "R110")
def test_an_assessment_is_commissioned_received_signed_by_another_sent_up_and_named(
    district: District, moment: None
) -> None:
    office, second = client_of(district.credit), client_of(district.second)
    new = "/desk/progress/assessments/new/"
    told = {
        "body_name": "演示评估有限公司", "body_code": factories.organisation_code(), "subject_matter": "信用承诺",
        "period_from": "2026-01-01", "period_to": "2026-06-30", "commissioned_on": "2026-09-01",
    }  # fmt: skip
    for wrong, words in (
        ({"body_code": "91410103MA00000000"}, "校验码"),
        ({"body_code": district.unit.uscc}, "不能委托行政机关"),
        ({"period_to": "2025-01-01"}, "早于起始日期"),
        ({"commissioned_on": "2027-01-01"}, "不能晚于今天"),
        ({"body_name": ""}, "第三方机构"),
    ):
        answer = office.post(new, told | wrong)
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert not Assessment.objects.exists()
    url = office.post(new, told).url
    row = Assessment.objects.get()

    def paper() -> SimpleUploadedFile:
        return SimpleUploadedFile("评估报告.png", signature_png(), content_type="image/png")

    result = {
        "deed": "receive", "received_on": "2026-12-20", "grade": "good", "result": "总体较好。",
        f"unit-{district.street.pk}": "没有开展核查",
    }  # fmt: skip
    for wrong, words in (
        ({}, "请附上第三方机构的评估报告"),
        ({"report_file": SimpleUploadedFile("x.pdf", b"text", content_type="application/pdf")}, "只接受"),
        ({"report_file": paper(), "received_on": "2026-08-01"}, "收到日期应在"),
        ({"report_file": paper(), "grade": ""}, "评定"),
    ):
        answer = office.post(url, result | wrong)
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert office.post(url, result | {"report_file": paper()}).status_code == 302
    # Until it is signed it can be mended, and the report stays.
    assert office.post(url, result | {"result": "总体较好，一处不足。"}).status_code == 302
    assert office.post(url, {"deed": "issue"}).status_code == 422
    assert second.post(url, {"deed": "send_up", "on": "2026-12-23", "to": "区政府"}).status_code == 422
    assert second.post(url, {"deed": "issue"}).status_code == 302
    assert (
        second.post(
            url, {"deed": "note_naming", "on": "2026-12-23", "by": "区政府", "document_no": "1"}
        ).status_code
        == 422
    )
    assert second.post(url, {"deed": "send_up", "on": "2026-12-23", "to": ""}).status_code == 422
    assert second.post(url, {"deed": "send_up", "on": "2026-12-23", "to": "区人民政府"}).status_code == 302
    named = {
        "deed": "note_naming",
        "on": "2026-12-23",
        "by": "区人民政府",
        "document_no": "二七政〔2026〕9号",
        "file": paper(),
    }
    assert second.post(url, named | {"document_no": ""}).status_code == 422
    assert second.post(url, named | {"file": paper()}).status_code == 302
    row.refresh_from_db()
    assert row.state == "named" and row.units == [
        {"department": district.street.pk, "name": "二七区测试街道", "text": "没有开展核查"}
    ]
    for which in ("report", "document", "notice"):
        assert office.get(f"{url}{which}/").status_code == 200
    assert office.get(f"{url}other/").status_code == 404
    page = office.get(url).content.decode()
    assert "二七政〔2026〕9号" in page and "没有开展核查" in page
    assert AuditEvent.objects.filter(verb="assessment.step").count() == 6
    for change in ({"result": "改"}, {"sent_up_to": "别处"}, {"state": "received"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Assessment.objects.update(**change)
    assert client_of(district.officer).get(url).status_code == 403
    stranger = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="130111", kind="credit_office")
    )
    assert client_of(stranger).get(url).status_code == 404
    assert "演示评估有限公司" in office.get("/desk/progress/assessments/").content.decode()


@pytest.mark.req("R14")
def test_an_assessment_without_a_result_is_ended_with_a_reason(district: District) -> None:
    row = assessments.commission(
        body_name="甲", body_code=factories.organisation_code(), subject_matter="乙", period_from=date(2026, 1, 1),
        period_to=date(2026, 6, 30), commissioned_on=date(2026, 9, 1), actor=district.credit, now=SENT,
    )  # fmt: skip
    with pytest.raises(ProgressError, match="终止的理由"):
        assessments.cancel(assessment_id=row.pk, reason=" ", actor=district.credit, now=SENT)
    with pytest.raises(ProgressError, match="由信用办办理"):
        assessments.cancel(assessment_id=row.pk, reason="合同解除", actor=district.officer, now=SENT)
    row = assessments.cancel(assessment_id=row.pk, reason="合同解除", actor=district.credit, now=SENT)
    assert row.state == "cancelled" and row.cancelled_on == SENT.date()
    with pytest.raises(ProgressError, match="已终止"):
        assessments.issue(assessment_id=row.pk, actor=district.second, now=SENT + timedelta(days=1))


def test_odd_addresses_and_odd_input_are_answered(district: District, moment: None) -> None:
    row = district.report()
    office, officer = client_of(district.credit), client_of(district.officer)
    odd = ["%00", "%ED%A0%80", "%C2%B2", "9" * 25, "9" * 5000, "-1", "1e400", "%F4%8F%BF%BF"]
    base = "/desk/progress/"
    unit = f"{base}{district.unit.uscc}/2026H2/check.all/"
    for value in odd:
        for path in (
            f"{base}{value}/2026H2/check.all/", f"{base}410103/{value}/check.all/", f"{base}410103/2026H2/{value}/",
            f"{unit}?page={value}", f"{unit}?version={value}", f"{base}?half={value}", f"{base}?region={value}",
            f"{base}regions/{value}/2026H2.xlsx", f"{base}summaries/new/?half={value}",
            f"{base}assessments/?before={value}",
        ):  # fmt: skip
            assert office.get(path).status_code < 500, path[:80]
    typed = ["\0", "9" * 5000, "²", "[" * 1000]
    for value in typed:
        assert (
            officer.post(f"{base}{row.uuid}/submit/", dict.fromkeys((*WORDS, "reporter"), value)).status_code
            < 500
        )
        assert office.post(f"{base}summaries/new/?half=2026H2", dict.fromkeys(UP, value)).status_code < 500
        assert (
            office.post(f"{base}assessments/new/", {"body_code": value, "period_from": value}).status_code
            == 422
        )
        assert (
            office.post(f"{base}chase/", {"report": value, "half": value, "region": value}).status_code == 302
        )
    assert ProgressVersion.objects.count() <= 2


@pytest.mark.req("R111")
def test_the_regions_report_keeps_the_cases_of_its_figures_and_opens_them(
    district: District, moment: None
) -> None:
    kept = listed.commitment(
        department=district.unit,
        item_version=factories.item_version(department=district.unit, materials_spared=3),
    )
    # What comes later comes: late materials spare none.
    listed.commitment(department=district.unit, item_version=kept.item_version, late_materials=True)
    client = client_of(district.credit)
    made = client.post("/desk/progress/summaries/new/?half=2026H2", UP)
    row = ProgressSummary.objects.get()
    assert made.status_code == 302 and row.cases.get(key="effect.materials").ids == [kept.pk]
    spared = next(one for one in row.figures if one["key"] == "effect.materials")
    # The words of the report have a part 应用成效 of their own.
    assert (spared["number"], spared["amount"]) == (3, True) and spared["group"] == "少交材料和少等时间"
    page = client.get(f"/desk/progress/summaries/{row.uuid}/").content.decode()
    address = f"/desk/progress/410103/2026H2/effect.materials/?summary={row.number}"
    assert address in page
    summaries.issue(summary_id=row.pk, actor=district.second, now=SENT)
    # What has become of the case since does not matter; the report opens what it counted.
    type(kept).objects.filter(pk=kept.pk).update(voided_at=SENT)
    assert len(client.get(address).context["lines"]) == 1
    assert len(client.get(address.partition("?")[0]).context["lines"]) == 0
    assert client.get("/desk/progress/410103/2026H2/effect.materials/?summary=Q0").status_code == 404
    with pytest.raises(IntegrityError), transaction.atomic():
        row.cases.update(ids=[])
