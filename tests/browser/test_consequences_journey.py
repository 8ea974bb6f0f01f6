"""What a breach brings with it, in the browser: rectification and interview, a licence revoked by the bureau, a letter to
the superior body; and an act from the form to the public page."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from commitments.models import Interview, Letter, Rectification, RevocationHandoff
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from disclosure.acts import uploading
from disclosure.models import ActUpload, AdministrativeAct
from tests import acts, factories
from tests.breach_stage import Stage
from tests.counter import signature_png
from tests.test_acts import rows
from tests.test_consequences import limits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def log_out(window) -> None:
    window.page.context.clear_cookies()


def press(page, text: str) -> None:
    page.locator("main button", has_text=text).first.click()


def opened(page, text: str) -> None:
    page.locator("summary", has_text=text).click()


@pytest.fixture
def served() -> Stage:
    """A case served some weeks ago."""
    limits()
    stage = Stage()
    stage.now = clock.now() - timedelta(days=70)
    stage.case = stage.served()
    return stage


@pytest.mark.req("R77", "R132")
def test_rectification_fails_and_the_interview_is_recorded(window, served: Stage, tmp_path: Path) -> None:
    page, case = window.page, served.case
    window.log_in(served.officer, then=f"/desk/cases/{case.uuid}/")
    page.click("text=整改、约谈、撤销许可、通报")
    page.click("main button:has-text('责令整改')")
    expect(page.locator(".error-summary")).to_contain_text("整改要求")
    expect(page.get_by_label("整改要求")).to_be_visible()
    page.fill("#order_requirements", "补交检测报告。\n在经营场所公示检测结果。")
    page.click("main button:has-text('责令整改')")
    expect(page.locator("#rectification ~ dl").first).to_contain_text("整改中")
    window.look("70-rectification")
    row = Rectification.objects.get()
    # The limit has passed.
    Rectification.objects.filter(pk=row.pk).update(due_on=local_date(clock.now()) - timedelta(days=1))
    page.goto("/desk/consequences/")
    expect(page.locator("main")).to_contain_text("期满待核查")
    window.look("71-consequences")
    page.locator("main .lines a").first.click()
    page.check("#judge_passed_1")
    page.fill("#judge_judgement", "现场核查，检测报告没有补交。")
    press(page, "登记核查结果")
    expect(page.locator("main")).to_contain_text("整改不到位")
    opened(page, "通知约谈")
    expect(page.locator("#invite_kind")).to_have_value("warning")
    page.fill("#invite_invited", "王演示，法定代表人")
    soon = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT10:00")
    page.fill("#invite_scheduled_at", soon)
    page.fill("#invite_place", "二楼会议室")
    press(page, "通知约谈")
    expect(page.locator("main")).to_contain_text("已通知，待约谈")
    window.look("72-interview-invited")
    page.check("#record_came_0")
    page.fill("#record_minutes", "被约谈人说明了没有补交的原因，表示立即改正。")
    page.fill("#record_undertakings", "十日内补交检测报告。")
    signed = tmp_path / "签字的记录.png"
    signed.write_bytes(signature_png())
    page.set_input_files("#record_proof", signed)
    press(page, "登记约谈")
    expect(page.locator("main")).to_contain_text("已约谈")
    expect(page.locator("main")).to_contain_text("签字的记录")
    window.look("73-interview-held")
    held = Interview.objects.get()
    assert held.state == "held" and held.entry.kind == "interview" and held.signed_copy is not None
    assert window.faults == []


@pytest.mark.req("R76", "R93")
def test_the_bureau_revokes_a_licence_and_it_leaves_the_column(window, served: Stage) -> None:
    page, case, subject = window.page, served.case, served.case.subject
    place = window.hall.clerk.department
    person = factories.staff(groups.APPROVAL_BUREAU, department=place)
    clerk = factories.staff(groups.OFFICER, department=place)
    act = acts.entered(
        "licence", department=place, actor=clerk, now=clock.now(), subject_name=subject.name,
        subject_code=subject.uscc, document_no="石审〔2026〕12号",
    )  # fmt: skip
    acts.published(act, actor=clerk, now=clock.now())
    page.goto(f"/acts/?q={subject.uscc}")
    expect(page.locator(".records")).to_contain_text("石审〔2026〕12号")

    window.log_in(served.officer, then=f"/desk/consequences/{case.uuid}/")
    opened(page, "移交行政审批局")
    page.fill("#hand_licence_name", "食品经营许可")
    page.fill("#hand_licence_no", "石审〔2026〕12号")
    page.fill("#hand_reasons", "没有按承诺补交检测报告，整改不到位。")
    page.click("main button:text-is('移交')")
    expect(page.locator("main")).to_contain_text("已移交，待签收")
    log_out(window)
    window.log_in(person, then="/desk/consequences/")
    expect(page.locator("main")).to_contain_text("食品经营许可")
    page.locator("main .lines a").first.click()
    window.look("74-handoff")
    press(page, "签收")
    expect(page.locator("main")).to_contain_text("已签收，办理中")
    page.check("#id_revoked_0")
    page.fill("#id_decision", "撤销食品经营许可。")
    press(page, "登记决定")
    expect(page.locator(".error-summary")).to_contain_text("决定文书号")
    expect(page.locator("#id_decision")).to_have_value("撤销食品经营许可。")
    page.fill("#id_decision_no", "石审撤〔2026〕3号")
    press(page, "登记决定")
    expect(page.locator("h1")).to_contain_text("已撤销许可")
    window.look("75-licence-revoked")
    log_out(window)
    page.goto(f"/acts/?q={subject.uscc}")
    expect(page.locator("main")).to_contain_text("没有查到")
    window.log_in(served.officer, then="/desk/notices/")
    expect(page.locator("main")).to_contain_text("已撤销许可")
    assert RevocationHandoff.objects.get().state == "revoked"
    assert window.faults == []


@pytest.mark.req("R13", "R81")
def test_a_letter_goes_to_the_superior_body_and_its_receipt_is_kept(window, served: Stage) -> None:
    page, case = window.page, served.case
    CreditSubject.objects.filter(pk=case.subject_id).update(state_owned=True)
    window.log_in(served.officer, then=f"/desk/consequences/{case.uuid}/")
    expect(page.locator("main")).to_contain_text("还应通报：上级主管单位、审计部门")
    page.fill("#write_recipient", "栾城区人民政府国有资产管理部门（演示）")
    window.look("76-letter-form")
    press(page, "生成通报函")
    expect(page.locator("main")).to_contain_text("还应通报：审计部门")
    paper = page.request.get(page.locator("#letters ~ dl a").first.evaluate("link => link.href"))
    assert paper.status == 200 and "pdf" in paper.headers["content-type"]
    letter = Letter.objects.get()
    page.select_option(f"#send-{letter.pk}_method", "exchange")
    press(page, "登记发出")
    expect(page.locator("main")).to_contain_text("已发出，待回执")
    page.fill(f"#receive-{letter.pk}_receipt", "回函〔2026〕8号")
    press(page, "登记回执")
    expect(page.locator("main")).to_contain_text("已收到回执")
    window.look("77-letter-received")
    letter.refresh_from_db()
    assert (letter.state, letter.receipt) == ("received", "回函〔2026〕8号")
    assert window.faults == []


@pytest.mark.req("R93", "R96")
def test_acts_from_a_file_to_the_public_page(window, tmp_path: Path) -> None:
    page = window.page
    for key in ("act_publication.licence", "act_publication.penalty"):
        PolicyRule.objects.get_or_create(
            region=factories.region(), key=key, effective_from=date(2020, 1, 1),
            defaults={"value": 7, "unit": "working_days", "basis": "S3 一（一）", "confirmed": True},
        )  # fmt: skip
    officer = factories.staff(groups.OFFICER, department=factories.department())
    day = local_date(clock.now() - timedelta(days=3)).isoformat()
    made = {"decided_on": day, "valid_from": day}
    file = tmp_path / "许可.xlsx"
    file.write_bytes(
        rows(
            "licence",
            acts.values("licence", **made),
            acts.values("licence", document_no="栾决〔2026〕2号", **made),
            acts.values("licence", document_no="栾决〔2026〕3号", category="特别", **made),
        )
    )
    window.log_in(officer, then="/desk/acts/files/")
    page.select_option("#id_kind", "licence")
    page.set_input_files("#id_file", file)
    press(page, "检查")
    expect(page.locator("main")).to_contain_text("第 4 行")
    window.look("78-acts-file")
    press(page, "录入 2 行")
    expect(page.locator("main")).to_contain_text("正在录入")
    uploading.enter_all({"upload": ActUpload.objects.get().pk}, key="k", now=clock.now())
    expect(page.locator("main")).to_contain_text("新录入 2 条", timeout=10_000)
    page.goto("/desk/acts/")
    window.look("79-acts-to-publish")
    for box in page.locator("input[name=act]").all():
        box.check()
    press(page, "公开勾选的")
    expect(page.locator("main")).to_contain_text("已公开 2 条")
    page.goto("/desk/acts/new/?kind=penalty")
    window.look("80-act-form")
    act = AdministrativeAct.objects.order_by("pk").first()
    page.goto(f"/desk/acts/{act.uuid}/")
    window.look("81-act")
    page.goto("/desk/acts/coverage/")
    window.look("82-coverage")
    log_out(window)
    page.goto("/acts/?q=鲜果")
    expect(page.locator(".records tbody tr")).to_have_count(2)
    window.look("83-acts")
    page.locator(".records a").first.click()
    expect(page.locator("h1")).to_contain_text("演示鲜果商贸有限公司")
    window.look("84-public-act")
    page.locator(".terms a").first.click()
    expect(page.locator("#acts")).to_be_visible()
    window.look("85-subject")
    assert window.faults == []
