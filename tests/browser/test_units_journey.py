"""A unit names who answers for it and records a training; its case is written without names, goes up and is published."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R117", "R118")
def test_a_unit_names_its_people_and_records_a_training(window) -> None:
    page, unit = window.page, window.hall.clerk.department
    office = factories.department(kind="credit_office")
    head = factories.staff("head", department=unit, display_name="负责甲")
    officer = factories.staff("officer", department=unit, display_name="经办乙")
    credit = factories.staff("credit_office", department=office)
    factories.department(kind="township", name="栾城区测试镇")

    window.log_in(credit, then="/desk/unit/")
    page.click("text=没有登记齐")
    window.look("70-units-lacking")
    page.click("text=催办勾选的单位")
    expect(page.locator("main")).to_contain_text("已催办 2 个单位")
    expect(page.locator("main")).to_contain_text("请电话联系")

    page.context.clear_cookies()
    window.log_in(head, then="/desk/notices/")
    page.click("text=请登记本单位信用工作的分管领导和联络员")
    page.select_option("#id_role", "contact")
    page.select_option("#id_person", str(officer.pk))
    page.click("section[aria-labelledby=name] button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("至少填写一项")
    window.look("71-unit-error")
    page.fill("#id_mobile", "13800000000")
    page.click("section[aria-labelledby=name] button[type=submit]")
    expect(page.locator("main")).to_contain_text("已登记：联络员（经办） 经办乙")
    window.look("72-unit-own")

    page.goto("/desk/training/")
    expect(page.locator("main")).to_contain_text("还没有培训")
    page.click("text=登记培训")
    page.fill("#id_title", "信用核查操作")
    page.fill("#id_hours", "2.5")
    page.fill("#id_content", "怎样核查、怎样登记。")
    page.check(f"input[name=person][value='{officer.pk}']")
    page.fill(f"#others-{unit.pk}", "很多")
    page.click("main button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("其他人数应为")
    page.fill(f"#others-{unit.pk}", "3")
    window.look("73-training-form")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("共 4 人次")
    window.look("74-training")

    page.context.clear_cookies()
    window.log_in(credit, then="/desk/training/")
    window.look("75-training-office")
    page.click("text=各单位合计")
    window.look("76-training-units")
    page.goto("/desk/training/new/")
    window.look("77-training-office-form")
    assert window.faults == []


@pytest.mark.req("R88", "R130")
def test_a_case_without_names_goes_up_and_to_the_public(window) -> None:
    page, unit = window.page, window.hall.clerk.department
    office = factories.department(kind="credit_office")
    officer = factories.staff("officer", department=unit)
    credit, second = (factories.staff("credit_office", department=office) for _ in range(2))
    above = factories.staff(
        "credit_office", department=factories.department(region="130100", kind="credit_office")
    )

    window.log_in(officer, then="/desk/typical/")
    page.click("text=起草案例")
    page.select_option("#id_kind", "repair")
    page.fill("#id_title", "一家餐饮店失信后主动修复")
    page.fill("#id_problem", "明月饭庄没有按承诺整改，老板电话 138 0000 0000。")
    page.fill("#id_action", "送达时说明可以修复的日期；整改期间两次上门。")
    page.fill("#id_effect", "按期整改，修复后停止公示。")
    page.fill("#id_hidden_names", "明月饭庄")
    window.look("80-case-form")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("第 1 个字起“明月饭庄”是主体名称")
    page.click("text=报送信用办")
    expect(page.locator(".error-summary")).to_contain_text("请隐去")
    window.look("81-case-traces")
    page.click("main a:has-text('修改')")
    page.fill("#id_problem", "后厨没有按承诺整改。")
    page.click("main button[type=submit]")
    page.click("text=报送信用办")
    expect(page.locator("h1")).to_contain_text("已报送")

    page.context.clear_cookies()
    window.log_in(credit, then="/desk/typical/")
    window.look("82-cases-to-answer")
    page.click("main a:has-text('一家餐饮店失信后主动修复')")
    window.look("83-case-to-answer")
    page.click("button:has-text('采用')")
    page.fill("#id_on", clock.today().isoformat())
    page.click("button:has-text('登记上报')")
    expect(page.locator("main")).to_contain_text("已登记上报")
    page.click("button:has-text('提出公开')")
    address = urlsplit(page.url).path
    page.goto("/desk/typical/?tab=accepted")
    window.look("84-cases-accepted")

    page.context.clear_cookies()
    window.log_in(second, then=address)
    window.look("85-case-to-decide")
    page.click("text=同意公开")
    expect(page.locator("main")).to_contain_text("公众看到的页面")
    window.look("86-case-public")
    page.context.clear_cookies()
    page.goto("/cases/")
    window.look("87-public-cases")
    page.click("main a:has-text('一家餐饮店失信后主动修复')")
    expect(page.locator("main")).to_contain_text("后厨没有按承诺整改。")
    window.look("88-public-case")

    window.log_in(above, then="/desk/typical/")
    page.click("main nav a:has-text('下级上报')")
    expect(page.locator("main")).to_contain_text("一家餐饮店失信后主动修复")
    page.click("main a:has-text('一家餐饮店失信后主动修复')")
    expect(page.locator("#id_to_name")).to_have_value("省信用信息共享平台")
    window.look("89-case-above")
    assert window.faults == []
