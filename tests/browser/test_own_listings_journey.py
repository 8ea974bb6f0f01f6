"""On a telephone, without scripts: told that it may be put on a list, a firm reads why, speaks with a paper, and sees the receipt; the
department reads it at its desk."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import Department
from tests import factories, subjects
from tests.counter import signature_png
from verification import listing, listing_opening
from verification.models import Listing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(window):
    """Another browser, 360 px wide, that runs no scripts, on the subject's own pages."""
    context = window.page.context.browser.new_context(
        locale="zh-CN",
        base_url=window.address,
        viewport={"width": 360, "height": 740},
        java_script_enabled=False,
    )
    held = subjects.opened(window.hall.subject, name="王恒泰", now=clock.now(), actor=window.hall.clerk)
    token = subjects.client_of(held, now=clock.now()).cookies["me"].value
    context.add_cookies([{"name": "me", "value": token, "url": f"{window.address}/me/"}])
    yield context.new_page()
    context.close()


@pytest.mark.req("R78", "R98", "R127")
def test_told_of_a_list_on_a_telephone_a_firm_speaks_and_its_department_reads_it(window, phone) -> None:
    page, hall = window.page, window.hall
    now, today = clock.now(), local_date(clock.now())
    place = factories.department(name="栾城区市场监督管理局", short_name="市场监管局")
    Department.objects.filter(pk=place.pk).update(address="惠源路 1 号", phone="0311-88880000")
    officer, head = (factories.staff(role, department=place) for role in ("officer", "head"))
    PolicyRule.objects.create(
        region=place.region, key="advance_notice", value=5, unit="working_days", basis="演示", confirmed=True,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    factories.list_method("食品安全严重违法失信名单", kind="joint", department=place)
    entry = factories.credit_entry(
        subject=hall.subject, title="经营超过保质期的食品", document_no="栾市监罚〔2026〕12号"
    )

    window.log_in(officer, then="/desk/lists/")
    page.goto(f"/desk/lists/new/?code={hall.subject.uscc}")
    page.fill("#id_basis", "法")
    page.click("main form button:has-text('立案')")
    expect(page.locator(".error-summary")).to_contain_text("至少 4 个字")
    expect(page.locator(".error-summary")).to_contain_text("请选择所依据的记录")
    window.look("240-list-opening-errors")
    row = listing_opening.open_listing(
        subject=hall.subject, list_name="食品安全严重违法失信名单", basis="《市场监督管理严重违法失信名单管理办法》第五条",
        standard="两年内因食品安全违法受到行政处罚，情节严重的", facts="查获三批超过保质期的食品，货值两万元，已经售出一批。",
        grounds=[entry.pk], actor=officer, now=now,
        measures=[
            {"domain": "procurement", "effect": "key", "basis": "政府采购法第二十二条"},
            {"domain": "food_drug", "effect": "ban", "basis": "食品安全法第一百三十五条"},
        ],
    )  # fmt: skip
    page.goto(f"/desk/lists/{row.uuid}/")
    expect(page.locator("main")).to_contain_text("撤回立案")
    window.look("241-list-opened")
    listing.give_notice(
        listing_id=row.pk, expect="opened", noticed_on=today, noticed_until=today + timedelta(days=365), actor=officer,
        now=now,
    )  # fmt: skip

    phone.goto("/me/")
    phone.click("main a:has-text('以前可以陈述申辩')")
    expect(phone.locator("h1")).to_contain_text("食品安全严重违法失信名单")
    expect(phone.locator("main")).to_contain_text("食品药品安全领域：市场和行业禁入")
    phone.click("main .notice a:has-text('陈述申辩')")
    phone.fill("#id_text", "不对")
    phone.click("main form button")
    expect(phone.locator(".error-summary")).to_contain_text("至少 4 个字")
    phone.fill("#id_text", "三批食品都已经下架封存，没有售出，附进货和封存的台账。")
    phone.set_input_files(
        "#id_papers", [{"name": "封存台账.png", "mimeType": "image/png", "buffer": signature_png()}]
    )
    phone.click("main form button")
    expect(phone.locator("#said ~ p").first).to_contain_text("王恒泰")
    expect(phone.locator("main")).to_contain_text("已提交，认定部门已经收到")
    expect(phone.locator("main")).to_contain_text("封存台账.png")
    expect(phone.locator(".nav [aria-current=page]")).to_have_text("信用记录")

    page.reload()
    expect(page.locator("main")).to_contain_text("没有售出")
    window.look("242-list-stated")
    page.goto("/desk/notices/")
    expect(page.locator("main")).to_contain_text("收到主体在网上的陈述申辩")

    # A second list, of which it has been told and to which nothing has been said.
    factories.list_method("食品安全重点关注名单", kind="watch", department=place)
    second = listing_opening.open_listing(
        subject=hall.subject, kind="watch", list_name="食品安全重点关注名单", basis="名单管理办法第九条",
        standard="没有达到联合惩戒标准", facts="进货台账不全，责令改正。", grounds=[entry.pk], measures=[], actor=officer, now=now,
    )  # fmt: skip
    listing.give_notice(
        listing_id=second.pk, expect="opened", noticed_on=today, noticed_until=today + timedelta(days=180),
        actor=officer, now=now,
    )  # fmt: skip
    listing.propose(
        listing_id=row.pk, expect="heard", term_until=today + timedelta(days=300), exit_rule="整改到位，经核查可以提前移出",
        statement_considered="部分采纳：没有售出属实，期限相应缩短。", actor=officer, now=now,
    )  # fmt: skip
    listing.decide(listing_id=row.pk, expect="proposed", document_no="栾名〔2026〕7号", actor=head, now=now)
    listing.serve(
        listing_id=row.pk, expect="decided", served_on=today, service="直接送达", actor=officer, now=now
    )
    assert Listing.objects.filter(state="in_force").count() == 1
    page.context.clear_cookies()
    page.context.add_cookies(phone.context.cookies())
    for name, address in (
        ("243-me-home-lists", "/me/"),
        ("244-me-listings", "/me/listings/"),
        ("245-me-listing-in-force", f"/me/listings/{row.uuid}/"),
        ("246-me-listing-told", f"/me/listings/{second.uuid}/"),
        ("247-me-listing-statement", f"/me/listings/{second.uuid}/statement/"),
        ("248-me-listing-closed", f"/me/listings/{row.uuid}/statement/"),
    ):
        page.goto(address)
        window.look(name)
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ("/me/listings/", f"/me/listings/{row.uuid}/", f"/me/listings/{second.uuid}/statement/"):
        page.goto(address)
        targets = page.evaluate(
            "[...document.querySelectorAll('main .button, main .entry-link, .nav a')]"
            ".filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent.trim())"
        )
        assert targets == [], address
    assert window.faults == []
