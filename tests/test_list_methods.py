"""Methods of lists: before the public, its opinion recorded and answered, adopted by two; no listing without one; bans that
go across regions."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.registry import groups
from tests import factories
from tests.factories import NOW, TODAY
from tests.measures_stage import Scene
from tests.office import client_of
from tests.test_listing import Office
from verification import listing, services
from verification.list_methods import keeping
from verification.list_methods.keeping import MethodRefused
from verification.listing import ListingRefused
from verification.models import AppliedMeasure, CreditEntry, EntryMeasure, ListMethod, MethodOpinion

pytestmark = pytest.mark.django_db
NAME = "安全生产失信名单"
PARTS = {key: f"办法的{key}" for key in ListMethod.PARTS}


class Moment:
    now = NOW


@pytest.fixture
def moment(monkeypatch) -> Moment:
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


class Unit:
    def __init__(self) -> None:
        self.place = factories.department(region="130111")
        self.office = factories.department(region="130111", kind="credit_office")
        self.officer = factories.staff(groups.OFFICER, department=self.place)
        self.head = factories.staff(groups.HEAD, department=self.place)
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)

    def asked(self, *, now: datetime = NOW, days: int = 30, **fields) -> ListMethod:
        row = keeping.draft(
            **({"kind": "joint", "list_name": NAME, "parts": PARTS} | fields), actor=self.officer, now=now
        )
        first = local_date(now)
        return keeping.ask_public(
            method_id=row.pk, first=first, last=first + timedelta(days=days - 1), address="测试路1号", actor=self.officer,
            now=now,
        )  # fmt: skip

    def adopted(self, *, now: datetime = NOW, **fields) -> ListMethod:
        row = self.asked(now=now, days=1, **fields)
        later = now + timedelta(days=1)
        keeping.propose(
            method_id=row.pk, considered="没有收到意见。", in_force_from=local_date(later), document_no="栾字1号",
            actor=self.officer, now=later,
        )  # fmt: skip
        return keeping.adopt(method_id=row.pk, actor=self.head, now=later)


@pytest.fixture
def unit() -> Unit:
    return Unit()


@pytest.mark.req("R78", "R129")
def test_a_method_is_put_before_the_public_answered_and_adopted_by_two(unit):
    row = unit.asked()
    last = row.asked_until
    said = keeping.give_opinion(
        method_id=row.pk, text="给一次改正的机会。", name="张三丰", contact="13800138000", now=NOW
    )
    assert (
        said.name == "张三丰"
        and "张三丰" not in said.name_sealed
        and "13800138000" not in said.contact_sealed
    )
    with pytest.raises(MethodRefused, match="期满以后"):
        keeping.propose(
            method_id=row.pk,
            considered="x",
            in_force_from=TODAY,
            document_no="1",
            actor=unit.officer,
            now=NOW,
        )
    with pytest.raises(MethodRefused, match="征求意见期间不能改动"):
        keeping.rewrite(method_id=row.pk, parts=PARTS, actor=unit.officer, now=NOW)
    after = NOW + timedelta(days=30)
    assert local_date(after) == last + timedelta(days=1)
    with pytest.raises(MethodRefused, match="不征求意见"):
        keeping.give_opinion(method_id=row.pk, text="晚了。", now=after)
    propose = {
        "method_id": row.pk, "considered": "采纳一条。", "document_no": "栾字1号", "actor": unit.officer, "now": after,
    }  # fmt: skip
    with pytest.raises(MethodRefused, match="还有 1 条意见没有答复"):
        keeping.propose(**propose, in_force_from=local_date(after))
    keeping.answer(opinion_id=said.pk, taken=True, text="采纳。", actor=unit.officer, now=after)
    keeping.rewrite(method_id=row.pk, parts=PARTS | {"standard": "两次以上"}, actor=unit.officer, now=after)
    with pytest.raises(MethodRefused, match="已经答复"):
        keeping.answer(opinion_id=said.pk, taken=False, text="又。", actor=unit.officer, now=after)
    with pytest.raises(MethodRefused, match="不溯及以前"):
        keeping.propose(**propose, in_force_from=TODAY)
    row = keeping.propose(**propose, in_force_from=local_date(after))
    with pytest.raises(MethodRefused, match="负责人或者信用办"):
        keeping.adopt(method_id=row.pk, actor=unit.officer, now=after)
    keeping.send_back(method_id=row.pk, actor=unit.head, now=after)
    keeping.propose(**(propose | {"actor": unit.head}), in_force_from=local_date(after))
    with pytest.raises(MethodRefused, match="另一人批准"):
        keeping.adopt(method_id=row.pk, actor=unit.head, now=after)
    row = keeping.adopt(method_id=row.pk, actor=unit.credit, now=after + timedelta(days=3))
    assert (row.state, row.in_force_from) == ("adopted", local_date(after) + timedelta(days=3))
    told = AuditEvent.objects.filter(verb="list_method.step")
    assert "张三丰" not in "".join(str(one.facts) for one in told) and told.count() >= 8


@pytest.mark.req("R129")
def test_what_was_said_and_what_was_adopted_stays_as_it_was(unit):
    row = unit.asked(days=1)
    said = keeping.give_opinion(method_id=row.pk, text="意见。", now=NOW)
    for change in ({"text": "另"}, {"received_on": TODAY - timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            MethodOpinion.objects.filter(pk=said.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        MethodOpinion.objects.filter(pk=said.pk).delete()
    keeping.answer(opinion_id=said.pk, taken=False, text="不采纳。", actor=unit.officer, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        MethodOpinion.objects.filter(pk=said.pk).update(answer="另")
    done = unit.adopted(list_name="另一名单")
    for act in (
        lambda: ListMethod.objects.filter(pk=done.pk).update(standard="另"),
        lambda: ListMethod.objects.filter(pk=done.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    assert (
        keeping.give_opinion(method_id=row.pk, text="同一", now=NOW, key=said.uuid).pk
        == keeping.give_opinion(method_id=row.pk, text="同一", now=NOW, key=said.uuid).pk
    )


@pytest.mark.req("R78")
def test_the_next_version_takes_the_place_of_the_one_before_and_only_one_is_in_work(unit):
    first = unit.adopted()
    later = NOW + timedelta(days=40)
    with pytest.raises(MethodRefused, match="不能改变"):
        keeping.draft(kind="watch", list_name=NAME, parts=PARTS, actor=unit.officer, now=later)
    second = unit.asked(now=later, days=1)
    assert (second.number, second.replaces) == (2, first)
    with pytest.raises(MethodRefused, match="正在起草"):
        keeping.draft(kind="joint", list_name=NAME, parts=PARTS, actor=unit.officer, now=later)
    stranger = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    with pytest.raises(MethodRefused, match="另一部门"):
        keeping.draft(kind="joint", list_name=NAME, parts=PARTS, actor=stranger, now=later)
    with pytest.raises(MethodRefused, match="由制定的部门办理"):
        keeping.drop(method_id=second.pk, actor=stranger, now=later)
    day = later + timedelta(days=1)
    keeping.propose(
        method_id=second.pk, considered="没有。", in_force_from=local_date(day) + timedelta(days=9), document_no="2",
        actor=unit.officer, now=day,
    )  # fmt: skip
    keeping.adopt(method_id=second.pk, actor=unit.head, now=day)
    first.refresh_from_db()
    assert first.in_force_until == local_date(day) + timedelta(days=8)
    lineage = unit.place.region.lineage

    def number(on: date) -> int:
        return keeping.method_for(list_name=NAME, kind="joint", lineage=lineage, on=on).number

    assert [number(first.in_force_until), number(first.in_force_until + timedelta(days=1))] == [1, 2]
    for key in ListMethod.PARTS:
        with pytest.raises(MethodRefused) as wrong:
            keeping.draft(
                kind="joint", list_name="新", parts=PARTS | {key: " "}, actor=unit.officer, now=later
            )
        assert wrong.value.field == key


@pytest.mark.req("R78", "R79")
def test_nobody_is_put_on_a_list_without_a_method_in_force():
    office = Office()
    with pytest.raises(ListingRefused, match="没有已发布并施行的认定办法"):
        office.opened(list_name="没有办法的名单")
    with pytest.raises(ListingRefused, match="没有已发布并施行的认定办法"):
        office.opened(list_name="重点关注名单")
    ListMethod.objects.filter(list_name="严重违法失信名单").update(in_force_until=TODAY - timedelta(days=1))
    with pytest.raises(ListingRefused) as wrong:
        office.opened()
    assert wrong.value.field == "list_name"
    factories.list_method(department=office.place, number=2, in_force_from=TODAY)
    assert office.opened().method.number == 2


@pytest.mark.req("R78")
def test_of_one_list_the_method_of_the_own_region_goes_before_that_of_the_region_above(unit):
    city = factories.department(region="130100")
    factories.list_method(NAME, department=city, number=7)

    def department() -> int:
        lineage = unit.place.region.lineage
        found = keeping.method_for(list_name=NAME, kind="joint", lineage=lineage, on=TODAY)
        return found.department_id

    assert department() == city.pk
    factories.list_method(NAME, department=unit.place, number=1)
    assert department() == unit.place.pk


@pytest.mark.req("R129")
def test_only_methods_of_the_regions_served_here_are_before_the_public(unit):
    far = factories.list_method("远处的名单", department=factories.department(region="410103"))
    near = factories.list_method("近处的名单", department=unit.place)
    page = ok(Client(), "/list-methods/")
    assert near.list_name in page and far.list_name not in page
    ok(Client(), f"/list-methods/{far.uuid}/", 404)


@pytest.mark.req("R129")
def test_what_was_said_of_a_draft_stays_before_the_public_when_it_is_not_gone_on_with(unit, moment):
    silent = keeping.draft(kind="watch", list_name="没有问过的名单", parts=PARTS, actor=unit.officer, now=NOW)
    row = unit.asked(days=10)
    for text in ("答过的意见。", "没有答的意见。"):
        keeping.give_opinion(method_id=row.pk, text=text, now=NOW)
    keeping.answer(
        opinion_id=row.opinions.earliest("pk").pk, taken=True, text="采纳。", actor=unit.officer, now=NOW
    )
    for pk in (row.pk, silent.pk):
        keeping.drop(method_id=pk, actor=unit.officer, now=NOW)
    assert "不再办理" in ok(Client(), "/list-methods/")
    page = ok(Client(), f"/list-methods/{row.uuid}/")
    assert "答过的意见。" in page and "没有答的意见。" not in page and "办法不再办理，没有答复" in page
    assert ">提意见<" not in page and "正在征求意见" not in page
    ok(Client(), f"/list-methods/{silent.uuid}/", 404)
    assert f"/list-methods/{row.uuid}/" in ok(client_of(unit.officer), f"/desk/list-methods/{row.uuid}/")
    with pytest.raises(MethodRefused, match="不能撤下"):
        keeping.drop(method_id=row.pk, actor=unit.officer, now=NOW)
    assert unit.asked().number == 2


@pytest.mark.req("R129")
def test_an_opinion_that_came_by_post_on_the_last_day_is_written_down_the_day_after(unit, moment):
    row = unit.asked(days=10)
    officer, desk = client_of(unit.officer), f"/desk/list-methods/{row.uuid}/"
    moment.now = NOW + timedelta(days=10)
    assert "登记书面意见" in ok(officer, desk)
    told = {"way": "written", "text": "来信的意见。"}
    late = officer.post(f"{desk}do/written/", told | {"received_on": local_date(moment.now)})
    assert late.status_code == 422 and "收到日期应在征求意见期间" in late.content.decode()
    assert officer.post(f"{desk}do/written/", told | {"received_on": row.asked_until}).status_code == 302
    assert row.opinions.get().received_on == row.asked_until


@pytest.mark.req("R78")
def test_whoever_is_on_a_list_leaves_it_by_its_own_way_and_not_by_any_repair():
    office = Office()
    row = office.on(office.opened())
    rules = EntryMeasure.objects.filter(entry=row.entry, effect="exit_rule")
    assert [one.basis for one in rules] == ["履行义务满一年"]


# ---- pages -------------------------------------------------------------------------------------------------


def ok(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


@pytest.mark.req("R78", "R129")
def test_from_draft_to_adoption_through_the_pages(unit, moment):
    officer, head, anybody = client_of(unit.officer), client_of(unit.head), Client()
    wrong = officer.post("/desk/list-methods/new/", {"kind": "joint", "list_name": NAME})
    assert wrong.status_code == 422 and "认定标准" in wrong.content.decode()
    officer.post("/desk/list-methods/new/", {"kind": "joint", "list_name": NAME, **PARTS})
    row = ListMethod.objects.get()
    desk, public = f"/desk/list-methods/{row.uuid}/", f"/list-methods/{row.uuid}/"
    ok(anybody, public, 404)

    def do(client: Client, deed: str, status: int = 302, **data: object) -> str:
        answer = client.post(f"{desk}do/{deed}/", data)
        assert answer.status_code == status, answer.content.decode()[:3000]
        return answer.content.decode()

    assert "最长一年" in do(officer, "ask", 422, first=TODAY, last=TODAY + timedelta(days=900), address="路")
    do(officer, "ask", first=TODAY, last=TODAY + timedelta(days=9), address="测试路1号")
    text = ok(anybody, public)
    assert "正在征求意见" in text and ">您的意见" in text and "姓名或者单位" in text
    assert "测试路1号" in text and NAME in ok(anybody, "/list-methods/")
    key = re.search(r'name="key" value="([0-9a-f-]{36})"', text).group(1)
    bad = anybody.post(public, {"key": key, "text": " "})
    assert bad.status_code == 422 and "您的意见" in bad.content.decode()
    risky = anybody.post(public, {"key": key, "text": f"联系我 {factories.id_number()}"})
    assert risky.status_code == 422 and "像是" in risky.content.decode()
    for _ in range(2):
        done = anybody.post(
            public, {"key": key, "text": "给小店机会。", "name": "张三丰", "contact": "0311-1"}
        )
        assert done.status_code == 200 and "已收到" in done.content.decode()
    opinion = MethodOpinion.objects.get()
    assert "给小店机会" not in ok(anybody, public) and "已收到，答复时一并公开" in ok(anybody, public)
    do(officer, "written", way="meeting", received_on=TODAY, text="座谈会上说的。")
    seen = ok(officer, desk)
    assert "给小店机会" in seen and "张三丰" not in seen and "张三丰" not in ok(anybody, public)
    assert do(officer, "answer", 422, opinion=opinion.pk, taken="yes", answer="")
    assert "没有这条意见" in do(officer, "answer", 404, opinion=99999, taken="yes", answer="x")
    do(officer, "answer", opinion=opinion.pk, taken="yes", answer="采纳，已写明。")
    do(officer, "answer", opinion=MethodOpinion.objects.latest("pk").pk, taken="no", answer="不采纳。")
    text = ok(anybody, public)
    assert "给小店机会" in text and "采纳，已写明。" in text
    moment.now = NOW + timedelta(days=10)
    assert "征求意见已结束" in ok(anybody, public)
    late = anybody.post(public, {"text": "晚了"})
    assert late.status_code == 422 and "不征求意见" in late.content.decode()
    do(officer, "propose", considered="两条。", document_no="栾字1号", in_force_from=local_date(moment.now))
    do(officer, "adopt", 403)
    row.refresh_from_db()
    assert row.state == "proposed"
    do(head, "adopt")
    text = ok(anybody, public)
    assert "现行" in text and "栾字1号" in text and ">提意见<" not in text
    assert "起草下一版" in ok(officer, desk) and "办法的standard" in ok(
        officer, f"/desk/list-methods/new/?of={row.uuid}"
    )
    ok(client_of(factories.staff(groups.OFFICER)), desk, 404)
    ok(officer, "/desk/list-methods/new/?of=x")
    assert do(head, "nothing", 404)


def test_lists_of_methods_cost_the_same_however_many(unit):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            ok(Client(), "/list-methods/")
        return len(seen)

    unit.adopted()
    cost()
    one = cost()
    for number in range(12):
        factories.list_method(f"名单{number}", department=unit.place)
    assert cost() == one


# ---- bans across regions (R126) ----------------------------------------------------------------------------


@pytest.mark.req("R126")
def test_a_ban_of_one_region_is_seen_in_the_checks_of_another_with_its_origin_and_ends_everywhere_at_once():
    here, there = Scene("130111"), Scene("410103")
    there.listed(
        whom=there.lists["market_ban"], region=there.region, effect="ban", domain="procurement", text="不得参加政府采购",
        basis="S4 11",
    )  # fmt: skip
    firm = factories.subject()
    entry = services.add_entry(
        subject=firm, kind="list", title="列入市场和行业禁入名单", source="二七区市场监督管理局", region=there.region,
        from_on=TODAY, until_on=TODAY + timedelta(days=365), operator=None, now=NOW, basis="S4 11",
        credit_list=there.lists["market_ban"], document_no="二七禁〔2026〕1号",
    )  # fmt: skip
    check = here.checked(firm)
    assert check.route == "refused"
    told = "".join(reason["text"] for reason in check.reasons)
    assert "二七区的禁入，跨地区共享" in told and "二七区市场监督管理局" in told
    # What is no ban stays where it was decided.
    there.listed(
        whom=there.lists["judgment_defaulter"], region=there.region, effect="refused", domain="procurement",
        text="不得参加", basis="某条",
    )  # fmt: skip
    other = factories.subject()
    there.stands_on(
        "judgment_defaulter", subject=other, region=there.region, until_on=TODAY + timedelta(days=9)
    )
    assert here.checked(other).route != "refused" and there.checked(other).route == "refused"
    # A list that another region has nobody put on brings no ban from there.
    own = factories.subject()
    here.stands_on("market_ban", subject=own, region=here.region, until_on=TODAY + timedelta(days=9))
    assert here.checked(own).route != "refused"
    services.end_entry(entry_id=entry.pk, operator=None, now=NOW, reason="禁入解除")
    assert here.checked(firm).route == there.checked(firm).route == "commitment"
    assert not AppliedMeasure.objects.filter(entry=entry, ended_on=None).exists()
    assert CreditEntry.objects.get(pk=entry.pk).state == "ended" and listing.RUNNING
