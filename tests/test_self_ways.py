"""Signing on a subject's own pages: a way on from every step, and nothing that reads as kept when it is not."""

import pytest
from django.utils.html import escape

from commitments.models import Commitment, Draft
from commitments.online import beginning
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from tests import factories as make
from tests import office, subjects
from tests.factories import NOW
from tests.late_stage import BLANKS, CLAUSES, DAY, HEALTH, PREMISES, rule
from tests.paper_reading import text_of
from tests.scenes import mine
from tests.self_service import SIGNED, Phone, hidden

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]
ASKED = {"commitment_type": "approval", "case_ref": "", "late_materials": "on"}
SCRIPT = {"headers": {"accept": "application/json"}}


@pytest.fixture
def still(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: local_date(NOW))


def late_phone() -> Phone:
    rule("late_materials", 10)
    phone = Phone.on(
        item={"allowed_types": ["approval", "supervisory"]}, commitment_type="approval", late_materials=True,
        clauses=CLAUSES, blanks=BLANKS,
    )  # fmt: skip
    make.text_version(
        department=phone.hall.clerk.department,
        commitment_type="supervisory",
        item=phone.item.item,
        clauses=(make.CLAUSES[0], make.CLAUSES[-1]),
    )
    return phone


@pytest.fixture(scope="module")
def built(scene) -> Phone:
    return scene(late_phone)


@pytest.fixture
def phone(built, db) -> Phone:
    return mine(built)


def begun(phone: Phone, client) -> str:
    address: str = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    assert client.post(f"{address}check/", ASKED).status_code == 302
    return address


def read_on(client, address: str, times: int = 1) -> str:
    for _ in range(times):
        page = client.get(address).content.decode()
        told = {name: hidden(page, name) for name in ("part", "key", "seal")} | {"seconds": ""}
        assert client.post(f"{address}shown/", told).status_code == 302
    return client.get(address).content.decode()


@pytest.mark.req("R34", "R40")
def test_from_the_ordinary_route_one_changes_the_type_or_gives_it_up(phone):
    client = phone.client()
    make.credit_entry(subject=phone.subject, title="未按规定公示价格")
    address = begun(phone, client)
    page = client.get(address).content.decode()
    assert "换承诺类型，或者不用容缺受理" in page and f"{address}discard/" in page
    assert client.post(f"{address}again/")["Location"] == address
    draft = Draft.objects.get()
    assert draft.step == "check" and draft.check_made is not None
    # The supervisory type is open with this record (S2 四（四）1).
    client.post(f"{address}check/", {"commitment_type": "supervisory"})
    draft.refresh_from_db()
    assert (draft.step, draft.late_materials, draft.promised) == ("read", False, [])
    client.post(f"{address}again/")
    client.post(f"{address}check/", ASKED)
    assert "不能恢复" in client.get(f"{address}discard/").content.decode()
    assert client.post(f"{address}discard/")["Location"] == "/me/sign/"
    draft.refresh_from_db()
    assert draft.step == "discarded"
    # Another draft of the same item is open by now: the first one does not come back beside it.
    second = begun(phone, client)
    third = Draft.objects.create(
        access=phone.access, department=draft.department, subject=phone.subject, item_version=phone.item,
        commitment_type="approval", step="check", opened_at=NOW, saved_at=NOW,
    )  # fmt: skip
    assert "另有一份没有办完的草稿" in client.post(f"{second}again/", follow=True).content.decode()
    assert Draft.objects.get(pk=third.pk).step == "check"


@pytest.mark.req("R34", "R37")
def test_late_materials_are_given_up_from_the_page_that_asks_for_them_and_stand_on_the_receipt(phone):
    client = phone.client()
    address = begun(phone, client)
    page = read_on(client, address, 2)
    assert (
        "取消容缺受理，或者换承诺类型" in page and "当场交齐" not in page and "签署那一步可以上传照片" in page
    )
    assert "第 3 项" not in page
    none = client.post(f"{address}blanks/", {"late": "1"}).content.decode()
    assert "不勾“容缺受理”" in none and "返回上一步" not in none
    client.post(f"{address}again/")
    assert Draft.objects.get().step == "check"
    client.post(f"{address}check/", ASKED)
    client.post(f"{address}blanks/", {
        "late": "1", "late-1": "1", "late-1-on": "20260921", "late-2": "1", "late-2-on": DAY.isoformat(),
    })  # fmt: skip
    page = client.get(address).content.decode()
    assert f"暂缺的材料：{PREMISES}、{HEALTH}，最迟于2026年9月28日交齐" in page and "2 项" not in page
    assert "已经看过，继续" in page and "下一项" not in page and "第 3 项，共 3 项" in page
    read_on(client, address)
    client.post(f"{address}finish/")
    unsigned = text_of(client.get(f"{address}text.pdf").content)
    assert PREMISES in unsigned and "签名（盖章）" in unsigned
    assert f"{address}text.pdf" in client.get(address).content.decode()
    client.post(f"{address}sign/", SIGNED)
    one = Commitment.objects.get()
    page = client.get(address).content.decode()
    assert "还要补交 2 项材料" in page and f"/me/supplements/{one.supplement.uuid}/" in page
    assert PREMISES in page and "2026-09-21" in page and "2026-09-28" in page
    receipt = text_of(client.get(f"/me/commitments/{one.code}/receipt.pdf", follow=True).content)
    assert "还要补交的材料" in receipt and HEALTH in receipt and "2026年9月28日以前" in receipt
    assert "/me/supplements/" in receipt
    # The same item on the same day, of another type: asked.
    again = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    client.post(f"{again}check/", {"commitment_type": "supervisory"})
    # Nothing is to be filled in: no page offers it, and the numbers follow each other.
    assert "第 2 项，共 3 项" in read_on(client, again)
    assert "第 3 项，共 3 项" in read_on(client, again)
    page = read_on(client, again)
    assert "换一种承诺类型，或者改用容缺受理" in page and "修改填写的内容" not in page
    client.post(f"{again}finish/")
    assert "修改填写的内容" not in client.get(again).content.decode()
    # Signed on a page that another has overtaken: on to where it stands, with the reason.
    client.post(f"{again}reread/")
    stale = client.post(f"{again}sign/", SIGNED, **SCRIPT)
    assert (stale.status_code, stale.json()) == (200, {"next": again})
    page = client.get(again).content.decode()
    assert "没有签署：草稿现为“阅读”，请先完成阅读" in page and "去签署" in page
    client.post(f"{again}finish/")
    twice = client.post(f"{again}sign/", SIGNED)
    assert twice.status_code == 422
    assert f"今天已就同一事项签署承诺 {one.code}（审批替代型、容缺受理）" in twice.content.decode()
    assert client.post(f"{again}sign/", SIGNED | {"confirm_duplicate": "on"}).status_code == 302


@pytest.mark.req("R34", "R40")
def test_the_line_that_points_to_details_has_them_below(phone):
    client = phone.client()
    for title in ("未按规定公示价格", "未按规定公示年报"):
        make.credit_entry(subject=phone.subject, title=title)
    address = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    client.post(f"{address}check/", {"commitment_type": "supervisory"})
    page = client.get(address).content.decode()
    check = Draft.objects.get().check_made
    assert "见明细" in check.one_line and "明细：理由和依据" in page and len(check.reasons) > 1
    assert all(escape(reason["text"]) in page for reason in check.reasons)


@pytest.mark.req("R34")
def test_what_is_typed_on_a_page_that_another_has_overtaken_is_not_said_to_be_kept(phone):
    client = phone.client()
    address = begun(phone, client)
    typed = {"late": "1", "late-1": "1", "late-1-on": "20260921", "auto": "1"}
    assert client.post(f"{address}blanks/", typed, **SCRIPT).json() == {"saved": True}
    client.post(f"{address}discard/")
    answer = client.post(f"{address}blanks/", typed, **SCRIPT)
    assert answer.status_code == 409 and "已办到“已放弃”，刚才输入的没有保存" in answer.json()["error"]
    assert answer.json()["next"] == address


@pytest.mark.req("R20", "R34")
def test_an_item_is_offered_to_those_who_may_promise_for_it_and_refused_to_others(phone):
    """By page, by service, at the counter: one rule."""
    department = phone.hall.clerk.department
    fields = {"department": department, "online": True, "allowed_types": ["supervisory"]}
    teacher = make.item_version(name="教师资格认定", subject_kinds=["person"], **fields)
    yearly = make.item_version(name="个人所得税年度申报", once_a_year=True, **fields)
    licence = make.item_version(name="食品经营许可", subject_kinds=["organisation", "sole_trader"], **fields)
    person = subjects.opened(make.person(), actor=phone.hall.clerk)
    company = phone.client().get("/me/sign/").content.decode()
    own = subjects.client_of(person).get("/me/sign/").content.decode()
    for item, for_company in ((teacher, False), (yearly, False), (licence, True)):
        assert (item.name in company, item.name in own) == (for_company, not for_company)
        held = person if for_company else phone.access
        with pytest.raises(beginning.DraftError, match="不能在网上承诺"):
            beginning.begin(access=held, item_version_id=item.pk, now=NOW)
    window = office.client_of(phone.hall.clerk)
    for who, item, words in (
        (phone.hall.subject, teacher, "由自然人承诺，法人及非法人组织不能办理"),
        (person.subject, licence, "由法人及非法人组织、个体工商户承诺，自然人不能办理"),
    ):
        opened = window.post("/window/", {"code": who.uscc or who.id_number})["Location"]
        assert f'value="{item.pk}"' not in window.get(opened).content.decode()
        answer = window.post(f"{opened}check/", {"item": item.pk, "commitment_type": "supervisory"})
        assert answer.status_code == 422 and words in answer.content.decode()
    assert "限自然人" in phone.client().get("/catalogue/").content.decode()
