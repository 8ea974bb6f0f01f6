"""A grade from the draft of its standard to the subject's telephone; an inspection from the plan by grade to one visit of two
departments and its results."""

from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from commitments.models import Recheck, Visit
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import groups
from tests import factories, listed, subjects
from tests.obligation_stage import TEXT
from tests.recheck_stage import allow
from tests.test_grades import told
from verification.grades import grading, keeping
from verification.models import EvaluationPassing, GradingStandard, SubjectGrade

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Region:
    """A credit office of two, the hall's own company with records, two departments to which it has promised."""

    def __init__(self, hall) -> None:
        self.now, self.shop = clock.now(), hall.subject
        self.today = local_date(self.now)
        self.office = factories.department(kind="credit_office")
        self.first = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.lead, self.other = factories.department(), factories.department()
        self.leader = factories.staff(groups.OFFICER, department=self.lead)
        self.officer = factories.staff(groups.OFFICER, department=self.other)
        factories.credit_entry(
            subject=self.shop, title="未按规定公示价格", document_no="栾市监罚〔2026〕12号", department=self.lead,
            from_on=self.today - timedelta(days=100),
        )  # fmt: skip
        factories.credit_entry(
            subject=self.shop, kind="fulfilment", title="按承诺补交健康证明", document_no="",
            from_on=self.today - timedelta(days=40),
        )  # fmt: skip

    def standard(self) -> GradingStandard:
        made = keeping.save_draft(
            region=self.office.region, told=told(effective_from=self.today), actor=self.first, now=self.now
        )
        return keeping.approve(standard_id=made.pk, actor=self.second, now=self.now)


@pytest.mark.req("R66", "R124", "R98")
def test_from_the_draft_of_a_standard_to_the_subjects_telephone(window) -> None:
    page, region = window.page, Region(window.hall)
    window.log_in(region.first, then="/desk/grades/standards/")
    window.look("100-standards-empty")
    page.click("main a:has-text('起草')")
    page.select_option("#id_region", "130111")
    page.fill("#id_name", "栾城区主体信用分级标准")
    page.fill("#id_basis", "栾信办〔2026〕9号")
    page.check("#id_confirmed")
    for field, value in (("a_from", "110"), ("b_from", "85"), ("c_from", "60")):
        page.fill(f"#id_{field}", value)
    page.fill("#id_effective_from", region.today.isoformat())
    for row, (kind, counts, points) in enumerate(
        (("penalty", "unrepaired", "-20"), ("fulfilment", "valid", "2"))
    ):
        page.select_option(f"#id_line-{row}-kind", kind)
        page.select_option(f"#id_line-{row}-counts", counts)
        page.fill(f"#id_line-{row}-points", points if row else "20")
    page.click("main button:has-text('保存草稿')")
    expect(page.locator(".error-summary")).to_contain_text("行政处罚只能减分")
    window.look("101-standard-form")
    page.fill("#id_line-0-points", "-20")
    page.click("main button:has-text('保存草稿')")
    expect(page.locator("main")).to_contain_text("等候信用办另一人批准")
    window.look("102-standard-draft")
    at = urlsplit(page.url).path
    page.context.clear_cookies()
    window.log_in(region.second, then=at)
    page.click("main button:has-text('批准')")
    expect(page.locator("main")).to_contain_text("标准已公开")
    page.goto("/desk/grades/")
    page.click("main button:has-text('现在评定')")
    expect(page.locator("main")).to_contain_text("已评定")
    window.look("103-standard")
    page.goto("/desk/grades/")
    window.look("104-grades")
    page.click(f"main table a:has-text('{region.shop.name}')")
    expect(page.locator("main")).to_contain_text("修复以后")
    window.look("105-grade")
    row = SubjectGrade.objects.get(subject=region.shop)
    assert (row.points, row.grade) == (82, "C")

    # Evaluations: named, given, fetched once.
    page.goto("/desk/evaluations/upload/")
    window.look("106-evaluation-upload")
    page.set_input_files(
        "#id_file",
        {
            "name": "评价.csv",
            "mimeType": "text/csv",
            "buffer": (
                "主体类别,主体名称,主体代码,评价等级,评价期间,评价机构\n"
                f"法人及非法人组织,{region.shop.name},{region.shop.uscc},优,2025,省公共信用信息中心\n"
            ).encode(),
        },
    )
    page.click("main button:has-text('导入')")
    expect(page.locator("main")).to_contain_text("新录入 1 条")
    window.look("107-evaluations")
    page.goto("/desk/evaluations/recipients/")
    page.select_option("#id_kind", "department")
    page.select_option("#id_department", str(region.lead.pk))
    page.fill("#id_basis", "S4 6")
    page.click("main button:has-text('登记')")
    expect(page.locator("main table")).to_contain_text(region.lead.name)
    window.look("108-recipients")
    page.goto("/desk/evaluations/pass/")
    page.select_option("#id_recipient", label=region.lead.name)
    page.fill("#id_period", "2025")
    window.look("109-pass")
    page.click("main button:has-text('生成文件')")
    expect(page.locator("h1")).to_contain_text(region.lead.name)
    window.look("110-passing")
    with page.expect_download():
        page.click("main button:has-text('下载文件')")
    page.reload()
    expect(page.locator("main")).not_to_contain_text("下载文件")
    page.goto("/desk/evaluations/passings/")
    window.look("111-passings")
    assert EvaluationPassing.objects.get().rows == 1

    # The subject on its telephone, without scripts.
    held = subjects.opened(region.shop, name="王恒泰", now=region.now, actor=window.hall.clerk)
    cookies = subjects.client_of(held, now=region.now).cookies["me"]
    phone = page.context.browser.new_context(
        locale="zh-CN",
        base_url=window.address,
        viewport={"width": 360, "height": 740},
        java_script_enabled=False,
    )
    phone.add_cookies([{"name": "me", "value": cookies.value, "url": f"{window.address}/me/"}])
    mine = phone.new_page()
    mine.goto("/me/record/")
    mine.click("main a:has-text('我的信用等级')")
    for words in (
        "82",
        "C 信用一般",
        "未按规定公示价格",
        "修复以后：102 分，B 信用较好",
        "省公共信用信息中心",
    ):
        expect(mine.locator("main")).to_contain_text(words)
    mine.click("text=对这条记录提出异议")
    expect(mine.locator("h1")).to_contain_text("异议")
    phone.close()
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "me", "value": cookies.value, "url": f"{window.address}/me/"}])
    page.goto("/me/grade/")
    window.look("112-me-grade")
    page.goto("/grading/")
    window.look("113-public-standards")
    page.click("main table a")
    window.look("114-public-standard")
    assert window.faults == []


@pytest.mark.req("R65", "R71")
def test_an_inspection_from_the_plan_by_grade_to_one_visit_and_its_results(window) -> None:
    page, region = window.page, Region(window.hall)
    region.standard()
    allow(share=100)
    PolicyRule.objects.create(
        region=region.office.region, key="recheck_tiers", value={"higher": 100, "lower": 5}, unit="percent",
        basis="演示", confirmed=True, effective_from=date(2020, 1, 1),
    )  # fmt: skip
    for department in (region.lead, region.lead, region.other):
        listed.commitment(
            department=department, subject=region.shop, content=TEXT,
            made_on=region.today - timedelta(days=60), signed_at=region.now - timedelta(days=60),
        )  # fmt: skip
    window.log_in(region.first, then="/desk/rechecks/plans/new/")
    page.fill("#id_name", "按信用等级复核")
    page.fill("#id_starts_on", region.today.isoformat())
    page.check("#id_by_grade")
    window.look("115-plan-by-grade")
    page.click("main button:has-text('提出')")
    at = urlsplit(page.url).path
    page.context.clear_cookies()
    window.log_in(region.second, then=at)
    page.click("main button:has-text('批准')")
    page.click("main button:has-text('现在抽取')")
    page.click("main table a")
    expect(page.locator("main")).to_contain_text("抽中")
    window.look("116-round-by-grade")
    assert grading.current_of(region.shop.pk).grade == "C"
    page.goto("/desk/visits/")
    page.click("main button:has-text('归并抽中的复核')")
    expect(page.locator("main")).to_contain_text("1 次联合检查")
    window.look("117-visits")
    visit = Visit.objects.get()
    at = f"/desk/visits/{visit.uuid}/"
    page.context.clear_cookies()
    window.log_in(region.leader, then=at)
    page.fill("#id_day", (region.today + timedelta(days=5)).isoformat())
    page.check("#id_announced")
    page.fill("#id_note", "上午九点半到场，请备好证照和台账。")
    window.look("118-visit-plan")
    page.click("main button:has-text('安排')")
    expect(page.locator("main")).to_contain_text("已告知主体")
    page.context.clear_cookies()
    window.log_in(region.officer, then=at)
    window.look("119-visit-confirm")
    page.click("main button:has-text('确认参加')")
    expect(page.locator("main")).to_contain_text("已确认")

    held = subjects.opened(region.shop, name="王恒泰", now=region.now, actor=window.hall.clerk)
    cookies = subjects.client_of(held, now=region.now).cookies["me"]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "me", "value": cookies.value, "url": f"{window.address}/me/"}])
    page.goto("/me/")
    expect(page.locator("main")).to_contain_text("上门检查，共 3 项")
    window.look("120-me-visit-home")
    page.click("main a:has-text('上门检查')")
    window.look("121-me-visit")
    for who in (region.leader, region.officer):
        page.context.clear_cookies()
        window.log_in(who, then=at)
        for _ in range(Recheck.objects.filter(finding="", department=who.department).count()):
            page.goto(at)
            page.locator("main table tr:has-text('待登记') a").first.click()
            page.check("#id_finding_0")
            page.fill("#id_found_on", region.today.isoformat())
            page.fill("#id_note", "现场核查，承诺的事项都在做。")
            page.click("main button:has-text('登记结果')")
            expect(page.locator("main dl")).to_contain_text("没有发现未履行")
    page.goto(at)
    expect(page.locator("h1")).to_contain_text("已完成")
    window.look("122-visit-done")
    assert not Recheck.objects.filter(finding="").exists()
    assert window.faults == []
