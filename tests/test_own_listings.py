"""A subject on its own pages: the procedure of a list that runs against it, as far as it was told, and what it says to it."""

import re
import uuid
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client

from credit_portal.audit import clock, events
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.documents.services import read_evidence
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from credit_portal.registry.models import Department
from tests import factories, subjects
from tests.counter import signature_png
from tests.listing_stage import MEASURE, Office
from tests.office import client_of
from tests.paper_reading import text_of
from verification import listing, listing_opening
from verification.listing import ListingRefused
from verification.models import Listing, ListingStatement, ListingStatementFile
from verification.own_listings import stating

pytestmark = pytest.mark.django_db
NOW = factories.NOW
TODAY = local_date(NOW)
TERM = TODAY + timedelta(days=365)
FACTS = "三批食品超过保质期，已经查封。"


class Moment:
    now: datetime = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    """The clock of the pages, moved by the tests."""
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


@pytest.fixture
def office() -> Office:
    made = Office()
    Department.objects.filter(pk=made.place.pk).update(address="惠源路 1 号", phone="0311-88880000")
    made.place.refresh_from_db()
    return made


def principal(office: Office) -> dict[str, str]:
    """Who acts for the firm itself: its legal representative on record."""
    return {"name": office.responsible.name, "id_number": office.person_number}


def told(office: Office, **fields) -> Listing:
    """Opened and told of, with the term that is thought of."""
    row = office.opened(**({"facts": FACTS} | fields))
    return listing.give_notice(
        listing_id=row.pk,
        expect="opened",
        noticed_on=TODAY,
        noticed_until=TERM,
        actor=office.officer,
        now=NOW,
    )


def seen(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def shown(client: Client, address: str) -> str:
    """A page without what is another at every request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", seen(client, address))


def paper(name: str = "进货台账.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, signature_png(), "image/png")


def key_on(page: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f-]{36})"', page)
    assert found
    return found[1]


# ---- seen --------------------------------------------------------------------------------------------------


@pytest.mark.req("R78", "R58", "R127")
def test_a_subject_sees_from_the_notice_on_what_it_was_told_and_nothing_before(office, moment) -> None:
    """Opened: nothing. Told: why, what would follow, until when to speak. Proposed and decided: as before. Served: the decision
    with its term, the way out, the ways against it. Over: why."""
    row = office.opened(facts=FACTS)
    client = subjects.client_for(office.firm, **principal(office))
    address = f"/me/listings/{row.uuid}/"
    assert "没有名单办理" in seen(client, "/me/listings/")
    for place in (address, f"{address}statement/", f"{address}papers/{uuid.uuid4()}/"):
        seen(client, place, 404)
    assert "拟列入" not in seen(client, "/me/")

    row = listing.give_notice(
        listing_id=row.pk,
        expect="opened",
        noticed_on=TODAY,
        noticed_until=TERM,
        actor=office.officer,
        now=NOW,
    )
    last = row.statement_until
    home = seen(client, "/me/")
    assert address in home and f"{last:%Y-%m-%d}" in home and "名单办理" in home
    assert f"可以陈述申辩，{last:%Y-%m-%d} 为止" in seen(client, "/me/listings/")
    page = seen(client, address)
    for words in (
        "名单管理办法第五条", "情节严重", FACTS, "重大违法", f"/list-methods/{row.method.uuid}/", "惠源路 1 号", "0311-88880000",
        "<b>政府采购领域：依规定应当拒绝</b><br>依据：政府采购法第二十二条", "最后一日算在内，还有 5 个工作日", f"{TERM:%Y-%m-%d}</span>；决定的期限不会更长",
        "送达拟列入名单告知书", f"拟列入名单告知书 {row.number}",
    ):  # fmt: skip
        assert words in page, words
    notice = row.steps.get(document__isnull=False).document
    assert client.get(f"{address}papers/{notice.uuid}/")["Content-Type"] == "application/pdf"

    # Heard, proposed and decided: the pages say no more than before.
    common = {"listing_id": row.pk, "now": NOW}
    listing.record_statement(
        **common, expect="noticed", received_on=TODAY, text="已经下架。", actor=office.officer
    )
    before = shown(client, address)
    assert "办理中" in before and "已经下架。" in before and f"{address}statement/" not in before
    listing.propose(
        **common, expect="heard", term_until=TERM - timedelta(days=90), exit_rule="整改到位并经核查", statement_considered="下架属实。",
        actor=office.officer,
    )  # fmt: skip
    assert shown(client, address) == before
    row = listing.decide(**common, expect="proposed", document_no="栾名〔2026〕7号", actor=office.head)
    decision = row.steps.filter(document__isnull=False).last().document
    assert shown(client, address) == before
    seen(client, f"{address}papers/{decision.uuid}/", 404)
    for place in ("/me/", "/me/listings/", "/me/record/"):
        assert "栾名〔2026〕7号" not in seen(client, place)

    row = listing.serve(**common, expect="decided", served_on=TODAY, service="直接送达", actor=office.officer)
    page = seen(client, address)
    until = TERM - timedelta(days=90)
    for words in (
        f"已列入，{until:%Y-%m-%d} 为止", "栾名〔2026〕7号", "整改到位并经核查", "下架属实。", "末日的次日起自行移出",
        f"/me/objections/new/?of=entry:{row.entry_id}", "六十日内", "列入的最后一日", f"{address}papers/{decision.uuid}/",
    ):  # fmt: skip
        assert words in page, words
    assert client.get(f"{address}papers/{decision.uuid}/").status_code == 200
    assert "现已列入 1 份" in seen(client, "/me/")
    office.left(row, "整改到位，提前移出。")
    page = seen(client, address)
    assert "整改到位，提前移出。" in page and "已移出" in page and "提出异议" not in page
    assert "现已列入 0 份" in seen(client, "/me/")

    reads = ReadLog.objects.filter(access_id__isnull=False, subject_id=office.firm.pk)
    assert {"名单办理列表", "名单办理", "名单文书"} <= set(reads.values_list("what", flat=True))
    assert office.officer.display_name not in page and office.head.display_name not in page


@pytest.mark.req("R78", "R80")
def test_what_was_never_served_is_never_told_and_a_persons_is_that_persons_own(office, moment) -> None:
    row = told(office)
    client = subjects.client_for(office.firm, **principal(office))
    stranger = subjects.client_for(factories.subject())
    address = f"/me/listings/{row.uuid}/"
    for place in (address, f"{address}statement/"):
        seen(stranger, place, 404)
    assert row.number not in seen(stranger, "/me/listings/")
    common = {"listing_id": row.pk, "now": NOW}
    listing.record_statement(
        **common, expect="noticed", received_on=TODAY, text="不属实。", actor=office.officer
    )
    listing.propose(
        **common, expect="heard", term_until=TERM, exit_rule="期满", statement_considered="属实。", actor=office.officer
    )  # fmt: skip
    listing.decide(**common, expect="proposed", document_no="栾名〔2026〕8号", actor=office.head)
    listing.revoke(**common, expect="decided", reason="决定书写错，撤销决定", actor=office.head)
    page = seen(client, address)
    assert "没有列入" in page and "办理已经终止" in page
    assert "撤销" not in page and "栾名〔2026〕8号" not in page
    refused = told(office)
    listing.refuse(
        listing_id=refused.pk, expect="noticed", reason="申辩成立，不予列入。", actor=office.head, now=NOW
    )
    assert "申辩成立，不予列入。" in seen(client, f"/me/listings/{refused.uuid}/")

    parent = office.on(office.opened())
    moment.now = office.now
    person = listing_opening.open_person(
        parent_id=parent.pk, responsible_id=office.responsible.pk, facts="作为法定代表人直接负责。", measures=[], actor=office.officer,
        now=office.now,
    )  # fmt: skip
    listing.give_notice(
        listing_id=person.pk, expect="opened", noticed_on=local_date(office.now), noticed_until=parent.term_until,
        actor=office.officer, now=office.now,
    )  # fmt: skip
    client = subjects.client_for(office.firm, now=office.now, **principal(office))
    own = subjects.client_for(person.subject, now=office.now)
    page = seen(own, f"/me/listings/{person.uuid}/")
    assert (
        "作为法定代表人直接负责。" in page
        and f"{office.firm.name}，法定代表人" in page
        and "陈述申辩" in page
    )
    seen(client, f"/me/listings/{person.uuid}/", 404)
    seen(own, f"/me/listings/{parent.uuid}/", 404)


def test_a_list_of_any_length_asks_the_same_number_of_queries(office, django_assert_max_num_queries) -> None:
    for number in range(3):
        factories.list_method(f"第{number}份名单", kind="joint", department=office.place)
        told(office, list_name=f"第{number}份名单")
    client = subjects.client_for(office.firm, **principal(office))
    seen(client, "/me/listings/")
    with django_assert_max_num_queries(8):
        assert seen(client, "/me/listings/").count("可以陈述申辩") == 3


# ---- said --------------------------------------------------------------------------------------------------


@pytest.mark.req("R78", "R110")
def test_a_subject_speaks_once_with_papers_and_the_department_reads_it(office, moment) -> None:
    row = told(office)
    client = subjects.client_for(office.firm, capacity="agent", name="周代办")
    address = f"/me/listings/{row.uuid}/"
    key = key_on(seen(client, f"{address}statement/"))

    def send(**data) -> object:
        return client.post(f"{address}statement/", {"key": key, **data})

    for typed, said in (
        ({"text": ""}, "这个字段"), ({"text": "不对"}, "至少 4 个字"), ({"text": "长" * 2001}, "2000"),
        ({"text": "事实不对，附台账。", "papers": [paper(f"{n}.png") for n in range(4)]}, "最多 3 个文件"),
        ({"text": "事实不对，附台账。", "papers": [SimpleUploadedFile("a.png", b"MZ", "image/png")]}, "a.png"),
        ({"text": "事实不对，附台账。", "key": "x"}, "刷新页面"),
    ):  # fmt: skip
        answer = send(**typed)
        assert answer.status_code == 422, typed
        if said != "这个字段":
            assert said in answer.content.decode(), said
    assert not ListingStatement.objects.exists()

    moment.now = NOW + timedelta(days=(row.statement_until - TODAY).days, hours=5)
    assert "只剩最后一个工作日" in seen(client, address)
    done = send(text="三批均已下架，并非销售。\n附台账。", papers=[paper(), paper("照片.png")])
    assert done.status_code == 302 and done.url == address
    again = send(text="又写一遍，不应当收。", papers=[paper()])
    assert again.status_code == 302
    sent = ListingStatement.objects.get()
    assert sent.files.count() == 2 and sent.text.startswith("三批均已下架")
    row.refresh_from_db()
    assert (row.state, row.statement_on) == ("heard", row.statement_until)
    page = seen(client, address)
    assert (
        "三批均已下架，并非销售。<br>附台账。" in page
        and "周代办（代理人）" in page
        and "进货台账.png" in page
    )
    assert "又写一遍" not in page and "需要您办的" in seen(client, "/me/")
    assert address not in seen(client, "/me/")
    file = sent.files.order_by("id").first().file
    assert client.get(f"{address}papers/{file.uuid}/")["Content-Type"] == "image/png"
    other = client.post(f"{address}statement/", {"key": str(uuid.uuid4()), "text": "再说一次也不行。"})
    assert other.status_code == 422 and "已经收到过" in other.content.decode()
    assert "现在不能在网上陈述申辩" in seen(client, f"{address}statement/")

    event = AuditEvent.objects.get(verb="listing.stated")
    assert event.facts["access"] == sent.access_id and event.facts["files"] == 2 and event.actor_id is None
    assert events.sentence(event) == f"名单 {row.number}：主体在网上陈述申辩，{row.statement_on}，附件 2 个"
    notices = Notice.objects.filter(key=f"listing:{row.pk}:stated")
    assert {office.officer, office.head} <= {one.user for one in notices}
    assert {one.user.department for one in notices} == {office.place}
    assert office.firm.name not in notices[0].title + notices[0].body

    desk = client_of(office.officer)
    page = desk.get(f"/desk/lists/{row.uuid}/").content.decode()
    assert "三批均已下架，并非销售。" in page and "网上提交，周代办（代理人）" in page and "照片.png" in page
    assert "登记陈述申辩" not in page and "收到陈述申辩" in page and "提出列入意见" in page
    assert desk.get(f"/desk/lists/{row.uuid}/papers/{file.uuid}/")["Content-Type"] == "image/png"
    stranger = client_of(factories.staff(groups.OFFICER, department=factories.department()))
    assert stranger.get(f"/desk/lists/{row.uuid}/papers/{file.uuid}/").status_code == 404
    with pytest.raises(ListingRefused, match="已经登记"):
        listing.record_statement(
            listing_id=row.pk, expect="heard", received_on=row.statement_on, text="书面。", actor=office.officer,
            now=moment.now,
        )  # fmt: skip
    with pytest.raises(ListingRefused, match="采纳情况"):
        listing.propose(
            listing_id=row.pk, expect="heard", term_until=TERM, exit_rule="期满", statement_considered="", actor=office.officer,
            now=moment.now,
        )  # fmt: skip
    # It stands as it was sent.
    for model in (ListingStatement, ListingStatementFile):
        with pytest.raises(DatabaseError, match="只能追加"), transaction.atomic():
            model.objects.all()._raw_delete("default")
    with pytest.raises(DatabaseError), transaction.atomic():
        ListingStatement.objects.update(text="改过")


@pytest.mark.req("R78")
def test_nobody_speaks_too_late_for_others_or_without_the_right_to_act(office, moment) -> None:
    row = told(office)
    address = f"/me/listings/{row.uuid}/"
    looker = subjects.client_for(office.firm, capacity="agent", scope="view")
    assert "您的授权只能查看" in seen(looker, address)
    seen(looker, f"{address}statement/", 403)
    assert (
        looker.post(f"{address}statement/", {"key": uuid.uuid4(), "text": "不能提交的。"}).status_code == 403
    )
    held = subjects.opened(office.firm, **principal(office))
    view = subjects.opened(office.firm, capacity="agent", scope="view", name="孙只看")
    other = subjects.opened(factories.subject())
    data = {"listing_id": row.pk, "text": "不属实，没有销售。", "files": [], "key": uuid.uuid4()}
    for access in (view, other):
        with pytest.raises(ListingRefused, match="不是本主体的"):
            stating.send(access=access, now=NOW, **data)
    late = NOW + timedelta(days=(row.statement_until - TODAY).days + 1)
    with pytest.raises(ListingRefused, match="已经过了"):
        stating.send(access=held, now=late, **data)
    moment.now = late
    client = subjects.client_of(held, now=late)
    page = seen(client, address)
    assert "办理中" in page and f"{address}statement/" not in page
    assert address not in seen(client, "/me/")
    answer = client.post(f"{address}statement/", {"key": uuid.uuid4(), "text": "不属实，没有销售。"})
    assert answer.status_code == 422 and "已经过了" in answer.content.decode()
    assert not ListingStatement.objects.exists() and not Notice.objects.filter(kind="listing").exists()


# ---- the paper and the desk --------------------------------------------------------------------------------


@pytest.mark.req("R78")
def test_the_notice_says_what_would_follow_for_how_long_and_to_whom_to_speak(office) -> None:
    row = told(
        office,
        measures=[MEASURE, {"domain": "food_drug", "effect": "ban", "basis": "食品安全法第一百三十五条。"}],
    )
    words = re.sub(r"\s+", "", text_of(read_evidence(row.steps.get(document__isnull=False).document)))
    for told_to in (
        "食品药品安全领域：市场和行业禁入；依据：食品安全法第一百三十五条。", "政府采购领域：依规定应当拒绝；依据：政府采购法第二十二条。",
        f"决定书送达之日起至{TERM.year}年{TERM.month}月{TERM.day}日", "次日起5个工作日内", "惠源路1号，电话0311-88880000", "含当日",
    ):  # fmt: skip
        assert told_to in words, told_to
    assert "演示数据" not in words
    common = {"listing_id": row.pk, "now": NOW, "actor": office.officer}
    listing.record_statement(**common, expect="noticed", received_on=TODAY, text="不属实。")
    with pytest.raises(ListingRefused, match="不能比告知书写明的更长") as wrong:
        listing.propose(
            **common, expect="heard", term_until=TERM + timedelta(days=1), exit_rule="期满", statement_considered="不采纳。"
        )  # fmt: skip
    assert wrong.value.field == "term_until"
    demo = listing_opening.open_listing(
        subject=office.firm, list_name="重点关注名单", kind="watch", basis="名单办法第五条", standard="情节较轻", facts=FACTS,
        grounds=[office.entry.pk], measures=[], actor=office.officer, now=NOW, is_demo=True,
    )  # fmt: skip
    with pytest.raises(ListingRefused, match="今天以后") as wrong:
        listing.give_notice(
            listing_id=demo.pk,
            expect="opened",
            noticed_on=TODAY,
            noticed_until=TODAY,
            actor=office.officer,
            now=NOW,
        )
    assert wrong.value.field == "noticed_until"
    listing.give_notice(listing_id=demo.pk, expect="opened", noticed_on=TODAY, actor=office.officer, now=NOW)
    assert "演示数据" in text_of(read_evidence(demo.steps.get(document__isnull=False).document))


@pytest.mark.req("R78")
def test_what_is_wrong_with_an_opening_is_said_at_its_field(office) -> None:
    desk = client_of(office.officer)
    right = {
        "code": office.firm.uscc, "kind": "joint", "list_name": "严重违法失信名单", "basis": "名单办法第五条", "standard": "情节严重",
        "facts": FACTS, "grounds": [office.entry.pk],
    }  # fmt: skip
    page = desk.get("/desk/lists/new/", {"code": office.firm.uscc}).content.decode()
    assert "所依据的记录</legend>" in page and "至少选一条" in page
    for changes, where in (
        ({"basis": "第"}, {"basis"}),
        ({"basis": "第", "standard": "重", "facts": "违法"}, {"basis", "standard", "facts"}),
        ({"grounds": []}, {"grounds"}),
        ({"domain": "procurement"}, {"effect"}),
        ({"measure_basis": "政府采购法"}, {"effect"}),
        ({"effect": "refused"}, {"measure_basis"}),
        ({"kind": "watch", "list_name": "重点关注名单", "effect": "refused", "measure_basis": "监管办法"}, {"effect"}),
    ):  # fmt: skip
        answer = desk.post("/desk/lists/new/", right | changes)
        assert answer.status_code == 422 and set(answer.context["form"].errors) == where, changes
        assert not re.search(r"S[0-4] [一二三四五六七八九十\d]", answer.content.decode())
    # Whoever comes to the service past the form is told by the same fields.
    for changes, field in (
        ({"basis": "第"}, "basis"), ({"standard": "重"}, "standard"), ({"facts": "违法九个字不够的"}, "facts"),
        ({"measures": [MEASURE | {"effect": "points"}]}, "effect"), ({"measures": [MEASURE | {"domain": "x"}]}, "domain"),
        ({"measures": [MEASURE | {"basis": ""}]}, "measure_basis"),
    ):  # fmt: skip
        with pytest.raises(ListingRefused) as wrong:
            office.opened(**changes)
        assert wrong.value.field == field
    assert not Listing.objects.exists()


@pytest.mark.req("R78")
def test_a_case_opened_by_mistake_is_taken_back_before_the_notice_and_not_after(office) -> None:
    row = office.opened()
    desk = client_of(office.officer)
    place = f"/desk/lists/{row.uuid}/"
    page = desk.get(place).content.decode()
    assert "撤回立案" in page and "不予列入" not in page
    short = desk.post(f"{place}do/withdraw/", {"expect": "opened", "reason": "错"})
    assert short.status_code == 422 and "至少 4 个字" in short.content.decode()
    assert (
        desk.post(f"{place}do/withdraw/", {"expect": "opened", "reason": "主体选错，另行立案。"}).status_code
        == 302
    )
    row.refresh_from_db()
    assert (row.state, row.ended_by, row.end_reason) == ("refused", office.officer, "主体选错，另行立案。")
    page = desk.get(place).content.decode()
    assert "立案已撤回" in page and "撤回立案" in row.steps.last().label
    assert "立案已撤回" in desk.get("/desk/lists/?state=ended").content.decode()
    assert AuditEvent.objects.filter(verb="listing.step", target_id=str(row.pk)).count() == 2
    # The subject never hears of it, and the list is open again; after the notice there is only the decision not to enter.
    assert row.number not in seen(subjects.client_for(office.firm, **principal(office)), "/me/listings/")
    again = told(office)
    with pytest.raises(ListingRefused, match="不能撤回立案"):
        listing.withdraw(
            listing_id=again.pk,
            expect="noticed",
            reason="主体选错，另行立案。",
            actor=office.officer,
            now=NOW,
        )
