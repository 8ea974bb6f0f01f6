"""A campaign from the code of its poster to the coverage; information registered on the telephone and verified at the desk."""

from datetime import date

import pytest
from playwright.sync_api import expect

from commitments import texts
from commitments.associations import campaigns
from commitments.models import Campaign, Commitment, Registration
from commitments.registrations import adopting, assigning
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import catalogue, groups
from tests import factories, guild
from tests.browser.test_self_service_journey import Phone, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def place(window, monkeypatch):
    """The association and its members stand in the hall of the window, today."""
    now = clock.now()
    monkeypatch.setattr(guild, "NOW", now)
    monkeypatch.setattr(guild.Counter, "open", lambda: window.hall)
    made = guild.Guild(members=3)
    made.association.__class__.objects.filter(pk=made.association.pk).update(
        name="栾城区演示餐饮行业协会", short_name="区餐饮协会"
    )
    return made


def wide(window, page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    window.page = page


@pytest.mark.req("R10", "R31", "R47", "R123")
def test_from_the_poster_to_the_coverage(place, window) -> None:
    desk = window.page
    wide(window, desk)
    home = f"/desk/associations/{place.association.uscc}/"
    window.log_in(place.staff, then=home)
    expect(desk.locator(".tally")).to_contain_text("3 会员")
    window.look("80-association")
    desk.goto("/desk/rosters/members/")
    window.look("81-members-upload")
    desk.set_input_files(
        "#id_file",
        files=[
            {
                "name": "会员.xlsx",
                "mimeType": "application/octet-stream",
                "buffer": guild.sheet(
                    [guild.row(place.members[0]), guild.row(place.members[1]) | {"code": "91130111"}]
                ),
            }
        ],
    )
    desk.click("main .step-form button[type=submit]")
    expect(desk.locator("main")).to_contain_text("C3 主体代码")
    window.look("82-members-faults")
    desk.goto(f"{home}campaigns/new/")
    desk.fill("#id_name", "秋季会员承诺")
    desk.fill("#id_until_on", local_date(clock.now()).replace(month=12, day=31).isoformat())
    desk.click("main button[type=submit]")
    expect(desk.locator("main")).to_contain_text("没有签署")
    window.look("83-campaign")
    one = Campaign.objects.get()
    desk.goto(f"{home}text/")
    window.look("84-association-text")
    phone = Phone(window)
    page = phone.page
    page.context.clear_cookies()
    page.goto(f"/me/join/{one.token}/")
    expect(page.locator("main")).to_contain_text("秋季会员承诺")
    window.page = page
    window.look("85-join-outside")
    phone.enter(page)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/me/join/{one.token}/")
    window.look("86-join")
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("text=开始阅读和签署")
    page.click("text=核查，看能否承诺")
    for place_no in (2, 3):
        page.click("text=已经看过")
        expect(page.locator(".sign-place")).to_contain_text(f"第 {place_no} 项")
    page.click("text=已经看过")
    page.click("text=去签署")
    phone.draw(page)
    page.click("#sign-button")
    expect(page.locator("main")).to_contain_text("已经签署", timeout=30_000)
    assert Commitment.objects.get().draft.campaign_draft.campaign == one
    assert campaigns.has_signed(one, place.members[0], local_date(clock.now()))
    window.page = desk
    wide(window, desk)
    desk.goto(f"{home}campaigns/{one.uuid}/")
    expect(desk.locator(".tally")).to_contain_text("1 已签署")
    expect(desk.locator("main")).to_contain_text(place.members[1].name)
    desk.goto(f"{home}members/")
    window.look("87-members")
    wide(window, desk)
    desk.goto(f"{home}members/{place.entry(place.members[0]).uuid}/")
    desk.check("#id_tone_1")
    desk.fill("#id_on", local_date(clock.now()).isoformat())
    desk.fill("#id_text", "逾期没有缴纳会费。")
    desk.click("main .step-form button[type=submit]")
    expect(desk.locator("main")).to_contain_text("逾期没有缴纳会费")
    window.look("88-member")
    window.page = page
    page.goto("/me/associations/")
    window.look("89-my-associations")
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("text=说明或者异议")
    page.check("#id_kind_1")
    page.fill("#id_text", "上周已经缴清，请核对。")
    window.look("89-my-reply")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("上周已经缴清")
    assert window.faults == []


@pytest.mark.req("R42", "R43", "R44")
def test_from_the_proof_to_the_verified_record(place, window, tmp_path) -> None:
    now = clock.now()
    version = adopting.adopt(department=place.credit_office, actor=place.credit, now=now)
    item = version.text.item.versions.get()
    catalogue.publish_item(version=item, valid_from=local_date(now), actor=place.credit, now=now)
    texts.publish_text(version=version, valid_from=local_date(now), actor=place.credit, now=now)
    department = factories.department(region="130111")
    officer = factories.staff(groups.OFFICER, department=department)
    assigning.save_verifier(
        verifier=None, region=department.region, kind="qualification", department=department,
        actor=place.credit, now=now,
    )  # fmt: skip
    PolicyRule.objects.create(
        region=department.region, key="registration_verification", value=10, unit="working_days", basis="S1 五",
        confirmed=True, effective_from=date(2020, 1, 1),
    )  # fmt: skip
    phone = Phone(window)
    page = phone.page
    page.goto("/me/registration/")
    page.click("text=登记一条")
    window.page = page
    window.look("90-registration-form")
    page.set_viewport_size({"width": 360, "height": 740})
    page.check("#id_kind_0")
    page.fill("#id_title", "食品经营许可证")
    page.fill("#id_issuer", "栾城区行政审批局")
    page.fill("#id_issued_on", "2026-01-05")
    page.set_input_files("#id_proof", picture(tmp_path, size=200))
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("没有提交的")
    window.look("91-registration-drafts")
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("text=勾选的签署真实性承诺并提交")
    for place_no in (2, 3):
        page.click("text=已经看过")
        expect(page.locator(".sign-place")).to_contain_text(f"第 {place_no} 项")
    expect(page.locator("#paper")).to_contain_text("共 1 条，校验值")
    window.look("92-registration-text")
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("text=已经看过")
    page.click("text=去签署")
    phone.draw(page)
    page.click("#sign-button")
    expect(page.locator("main")).to_contain_text("已经签署", timeout=30_000)
    page.goto("/me/registration/")
    expect(page.locator("main")).to_contain_text("未核实，只有您看得到")
    window.look("93-registration-waiting")
    desk = window.page.context.browser.new_context(locale="zh-CN", base_url=window.address).new_page()
    window.page = desk
    wide(window, desk)
    window.log_in(officer, then="/desk/registration/")
    window.look("94-desk-registrations")
    wide(window, desk)
    desk.click("text=食品经营许可证")
    window.look("95-desk-registration")
    wide(window, desk)
    desk.fill("#verify_reason", "与发证记录核对一致。")
    desk.click("#verify ~ form button[type=submit]")
    expect(desk.locator("main")).to_contain_text("已核实")
    assert Registration.objects.get().state == "verified"
    window.page = page
    page.goto("/me/record/")
    expect(page.locator("main")).to_contain_text("自愿注册")
    expect(page.locator("main")).to_contain_text(department.name)
    page.goto(f"/me/registration/{Registration.objects.get().uuid}/")
    window.look("96-registration-verified")
    desk.context.close()
    office = page.context.browser.new_context(locale="zh-CN", base_url=window.address).new_page()
    window.page = office
    wide(window, office)
    place.take([guild.row(one) for one in place.members], now=now, sort="above_scale")
    window.log_in(place.credit, then="/desk/registration/lists/")
    window.look("97-registration-lists")
    office.goto("/desk/registration/lists/above_scale/")
    window.look("98-registration-should")
    office.goto("/desk/associations/")
    window.look("99-associations")
    assert window.faults == []
