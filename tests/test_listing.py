"""Lists of joint sanctions: each its own procedure, persons only through the firm's, arrears only where the region has it."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents.services import read_evidence
from credit_portal.registry import groups
from credit_portal.registry.services import set_responsible
from disclosure.person_gate import PUBLIC_FIELDS, persons_of_firm
from tests import factories, listed, subjects
from tests.factories import NOW
from tests.listing_stage import MEASURE, Office
from tests.office import client_of
from tests.paper_reading import text_of
from verification import listing, listing_effects, listing_leaving, listing_opening
from verification import services as record
from verification.checking import deciding
from verification.listing import ListingMoved, ListingRefused
from verification.measures import keeping as measures
from verification.measures import lifting
from verification.models import AppliedMeasure, CreditEntry, CreditList, Listing

pytestmark = pytest.mark.django_db
TODAY = local_date(NOW)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.req("R78")
def test_from_basis_to_the_record_by_two_after_notice(office) -> None:
    row = office.opened()
    with pytest.raises(ListingRefused, match="不能提出列入意见"):
        listing.propose(
            listing_id=row.pk, expect="opened", term_until=TODAY + timedelta(days=9), exit_rule="甲",
            statement_considered="", actor=office.officer, now=NOW,
        )  # fmt: skip
    row = listing.give_notice(
        listing_id=row.pk, expect="opened", noticed_on=TODAY, actor=office.officer, now=NOW
    )
    # Five working days from 14 September 2026: 15, 16, 17, 18, and 20 or 21, as that year's table has it.
    assert len(row.statement_days) == 5 and row.statement_until == row.statement_days[-1]
    notice = row.steps.get(document__isnull=False).document
    assert "拟列入名单告知书" in text_of(read_evidence(notice)) and "陈述" in text_of(read_evidence(notice))
    with pytest.raises(ListingRefused, match="期满以后"):
        listing.propose(
            listing_id=row.pk, expect="noticed", term_until=TODAY + timedelta(days=9), exit_rule="甲",
            statement_considered="", actor=office.officer, now=NOW,
        )  # fmt: skip
    row = listing.record_statement(
        listing_id=row.pk,
        expect="noticed",
        received_on=TODAY,
        text="已经改正。",
        actor=office.officer,
        now=NOW,
    )
    with pytest.raises(ListingRefused, match="采纳情况"):
        listing.propose(
            listing_id=row.pk, expect="heard", term_until=TODAY + timedelta(days=365), exit_rule="履行满一年",
            statement_considered="", actor=office.officer, now=NOW,
        )  # fmt: skip
    row = listing.propose(
        listing_id=row.pk, expect="heard", term_until=TODAY + timedelta(days=365), exit_rule="履行满一年",
        statement_considered="改正属实，不影响认定。", actor=office.head, now=NOW,
    )  # fmt: skip
    with pytest.raises(ListingRefused, match="另一人批准"):
        listing.decide(listing_id=row.pk, expect="proposed", document_no="", actor=office.head, now=NOW)
    with pytest.raises(ListingRefused, match="负责人"):
        listing.decide(listing_id=row.pk, expect="proposed", document_no="", actor=office.officer, now=NOW)
    other = factories.staff(groups.HEAD, department=office.place)
    row = listing.decide(
        listing_id=row.pk, expect="proposed", document_no="栾名〔2026〕1号", actor=other, now=NOW
    )
    assert not CreditEntry.objects.filter(kind="list").exists()
    row = listing.serve(
        listing_id=row.pk,
        expect="decided",
        served_on=TODAY,
        service="直接送达",
        actor=office.officer,
        now=NOW,
    )
    entry = row.entry
    assert (entry.kind, entry.until_on, entry.document_no) == ("list", row.term_until, "栾名〔2026〕1号")
    assert [(one.domain, one.effect, one.basis) for one in entry.measures.all()] == [
        ("procurement", "refused", "政府采购法第二十二条"),
        ("", "exit_rule", "履行满一年"),
    ]
    assert "栾名〔2026〕1号" in text_of(
        read_evidence(row.steps.filter(document__isnull=False).last().document)
    )


@pytest.mark.req("R78")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grounds": []}, "所依据的记录"),
        ({"basis": " "}, "认定依据"),
        ({"standard": ""}, "认定标准"),
        ({"measures": [MEASURE | {"basis": ""}]}, "法律依据"),
        ({"measures": [MEASURE | {"effect": "banned"}]}, "措施的效果"),
    ],
)
def test_without_ground_basis_or_standard_nothing_is_opened(office, changes, said) -> None:
    with pytest.raises(ListingRefused, match=said):
        office.opened(**changes)
    assert not Listing.objects.exists()


@pytest.mark.req("R78")
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "breach", "served_on": None},
        {"kind": "penalty", "verified": False},
        {"kind": "penalty", "until_on": TODAY - timedelta(days=1)},
        {"kind": "breach", "served_on": date(2026, 6, 2), "public_from": date(2026, 6, 5),
         "public_until": TODAY - timedelta(days=1)},
    ],
)  # fmt: skip
def test_what_is_no_factor_of_a_check_is_no_ground_of_a_listing(office, fields) -> None:
    entry = factories.credit_entry(
        subject=office.firm, from_on=date(2026, 6, 1), title="不能作为依据的记录", **fields
    )
    for grounds in ([entry.pk], [office.entry.pk, entry.pk]):
        with pytest.raises(ListingRefused, match="不能作为依据") as wrong:
            office.opened(grounds=grounds)
        assert wrong.value.field == "grounds"
    page = client_of(office.officer).get("/desk/lists/new/", {"code": office.firm.uscc}).content.decode()
    assert "重大违法" in page and entry.title not in page
    assert office.opened().grounds.get() == office.entry


def test_why_a_proposal_was_returned_is_kept_whole(office) -> None:
    row = office.opened()
    common = {"listing_id": row.pk, "now": office.now}
    listing.give_notice(**common, expect="opened", noticed_on=TODAY, actor=office.officer)
    listing.record_statement(
        **common, expect="noticed", received_on=TODAY, text="已经改正。", actor=office.officer
    )
    listing.propose(
        **common, expect="heard", term_until=TODAY + timedelta(days=9), exit_rule="甲", statement_considered="乙",
        actor=office.officer,
    )  # fmt: skip
    with pytest.raises(ListingRefused, match="最多 50 个字"):
        listing.send_back(**common, expect="proposed", reason="理" * 51, actor=office.head)
    listing.send_back(**common, expect="proposed", reason="理" * 50, actor=office.head)
    assert row.steps.last().label == f"退回修改：{'理' * 50}"


def test_twice_on_one_list_is_refused_and_who_was_slower_is_told(office) -> None:
    row = office.opened()
    with pytest.raises(ListingMoved, match="已在办理"):
        office.opened()
    listing.give_notice(listing_id=row.pk, expect="opened", noticed_on=TODAY, actor=office.officer, now=NOW)
    with pytest.raises(ListingMoved, match="已办到"):
        listing.give_notice(listing_id=row.pk, expect="opened", noticed_on=TODAY, actor=office.head, now=NOW)
    stranger = factories.staff(groups.HEAD, department=factories.department())
    with pytest.raises(ListingRefused, match="作出认定的部门"):
        listing.refuse(listing_id=row.pk, expect="noticed", reason="甲", actor=stranger, now=NOW)


@pytest.mark.req("R78")
def test_off_the_list_with_the_last_day_or_by_decision(office) -> None:
    row = office.on(office.opened())
    last = office.now + (row.term_until - local_date(office.now))
    assert listing.follow_the_days(now=last) == 0
    assert listing.follow_the_days(now=last + timedelta(days=1)) == 1
    row.refresh_from_db()
    assert (row.state, row.entry.state) == ("exited", "ended")
    again = office.on(office.opened())
    common = {"listing_id": again.pk, "expect": "in_force", "now": office.now}
    with pytest.raises(ListingRefused, match="还没有人提出"):
        listing_leaving.leave(**common, actor=office.head)
    with pytest.raises(ListingRefused, match="至少 10 个字"):
        listing_leaving.propose_leaving(**common, reason="好", actor=office.officer)
    listing_leaving.propose_leaving(**common, reason="履行完毕，已经核查属实。", actor=office.head)
    with pytest.raises(ListingMoved, match="已有人提出"):
        listing_leaving.propose_leaving(**common, reason="履行完毕，已经核查属实。", actor=office.officer)
    with pytest.raises(ListingRefused, match="另一人决定"):
        listing_leaving.leave(**common, actor=office.head)
    other = factories.staff(groups.HEAD, department=office.place)
    again = listing_leaving.refuse_leaving(**common, reason="还差一份证明", actor=other)
    assert (again.state, again.leave_by) == ("in_force", None)
    assert again.steps.latest("id").label == "不同意移出：还差一份证明"
    done = office.left(again)
    assert (done.end_reason, done.ended_by) == ("履行完毕，已经核查属实。", office.head)
    assert (done.state, CreditEntry.objects.get(pk=done.entry_id).state) == ("exited", "ended")
    third = office.on(office.opened())
    done = listing.revoke(
        listing_id=third.pk, expect="in_force", reason="判决撤销", actor=office.head, now=office.now
    )
    assert (done.state, CreditEntry.objects.get(pk=done.entry_id).state) == ("revoked", "revoked")


@pytest.mark.req("R80")
def test_responsible_persons_only_through_the_firms_listing_and_with_it_away(office) -> None:
    row = office.opened()
    told = {"responsible_id": office.responsible.pk, "facts": "作为法定代表人直接负责。", "measures": []}
    with pytest.raises(ListingRefused, match="生效以后"):
        listing_opening.open_person(parent_id=row.pk, actor=office.officer, now=NOW, **told)
    assert not CreditEntry.objects.filter(subject__kind="person").exists()
    parent = office.on(row)
    person = listing_opening.open_person(parent_id=row.pk, actor=office.officer, now=office.now, **told)
    assert person.subject.id_number == office.person_number and person.firm == office.firm
    # Its own notice, statement and decision; nothing is in the person's record before.
    assert not CreditEntry.objects.filter(subject=person.subject).exists()
    with pytest.raises(ListingRefused, match="不能超过主体的期限"):
        office.on(person, term_until=parent.term_until + timedelta(days=1))
    listing.refuse(
        listing_id=person.pk, expect="noticed", reason="重新办理", actor=office.head, now=office.now
    )
    person = listing_opening.open_person(parent_id=row.pk, actor=office.officer, now=office.now, **told)
    person = office.on(person, term_until=parent.term_until)
    assert person.entry.subject == person.subject and office.firm.name in person.entry.title
    pending = set_responsible(
        subject=office.firm, capacity="principal", name="王演示", source="licence", actor=None, department=None,
        now=office.now, id_number=factories.id_number(),
    )  # fmt: skip
    second = listing_opening.open_person(
        parent_id=row.pk,
        responsible_id=pending.pk,
        facts="任职期间负责全部经营。",
        measures=[],
        actor=office.officer,
        now=office.now,
    )
    listing.revoke(
        listing_id=parent.pk, expect="in_force", reason="判决撤销", actor=office.head, now=office.now
    )
    person.refresh_from_db(), second.refresh_from_db()
    assert (person.state, person.entry.state, second.state) == ("revoked", "revoked", "refused")


@pytest.mark.req("R80")
def test_the_database_knows_no_person_without_a_listing(office) -> None:
    row = office.opened()
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.filter(pk=row.pk).update(kind="responsible")
    with pytest.raises(ListingRefused, match="自然人只能"):
        office.opened(subject=factories.person())


def arrears(office: Office) -> Listing:
    return listing_opening.open_arrears(
        firm=office.firm, responsible_id=office.responsible.pk, basis="S4 12 所称规定", actor=office.officer, now=office.now,
        facts="欧阳演示任职期间拖欠中小企业货款，电话 13800138000。", measures=[],
    )  # fmt: skip


@pytest.mark.req("R82")
def test_arrears_are_pursued_only_where_the_region_has_the_rule(office) -> None:
    with pytest.raises(ListingRefused, match="没有规定"):
        arrears(office)
    rule = PolicyRule.objects.create(
        region=factories.region(), key="arrears_accountability", value=True, basis="S4 12", confirmed=False,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    with pytest.raises(ListingRefused, match="没有规定"):
        arrears(office)
    PolicyRule.objects.filter(pk=rule.pk).update(confirmed=True)
    assert arrears(office).kind == "arrears"


@pytest.mark.req("R82", "R92")
def test_who_is_responsible_is_public_by_two_masked_and_beside_the_firm_only(settings, monkeypatch) -> None:
    settings.REGION_CODE = "410103"
    office = Office("410103")
    PolicyRule.objects.create(
        region=factories.region("410103"), key="arrears_accountability", value=True, basis="S4 12", confirmed=True,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    listed.commitment(subject=office.firm, department=office.place)
    row = office.on(arrears(office))
    code = office.firm.uscc
    assert persons_of_firm(code, now=office.now) == []
    row = listing.publish(listing_id=row.pk, expect="in_force", actor=office.officer, now=office.now)
    assert row.public_from is None and persons_of_firm(code, now=office.now) == []
    with pytest.raises(ListingRefused, match="另一人同意"):
        listing.publish(listing_id=row.pk, expect="in_force", actor=office.officer, now=office.now)
    row = listing.publish(listing_id=row.pk, expect="in_force", actor=office.head, now=office.now)
    (line,) = persons_of_firm(code, now=office.now)
    assert tuple(line) == PUBLIC_FIELDS and line["name"] == "欧阳＊＊"
    assert "欧阳演示" not in line["facts"] and "13800138000" not in line["facts"]
    monkeypatch.setattr(clock, "now", lambda: office.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(office.now))
    page = Client().get(f"/subjects/{code}/")
    assert "欧阳＊＊" in page.content.decode() and "欧阳演示" not in page.content.decode()
    assert "noindex" in page["X-Robots-Tag"]
    assert "欧阳＊＊" not in Client().get("/commitments/", {"q": "欧阳"}).content.decode()
    after = office.now + (row.term_until - local_date(office.now)) + timedelta(days=1)
    assert persons_of_firm(code, now=after) == []
    office.left(row, "欠款已经全部清偿，核对无误。")
    assert persons_of_firm(code, now=office.now) == []


def test_a_firms_listing_is_never_published_here(office) -> None:
    row = office.on(office.opened())
    with pytest.raises(ListingRefused, match="只有国有企业拖欠"):
        listing.publish(listing_id=row.pk, expect="in_force", actor=office.officer, now=office.now)


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.req("R78", "R80")
def test_the_procedure_goes_through_its_pages(office, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: office.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(office.now))
    officer, head = client_of(office.officer), client_of(office.head)
    wrong = officer.get("/desk/lists/new/", {"code": "91130111MA00000019"})
    assert wrong.status_code == 422 and "校验码" in wrong.content.decode()
    page = officer.get("/desk/lists/new/", {"code": office.firm.uscc}).content.decode()
    assert "重大违法" in page
    told = {
        "code": office.firm.uscc, "kind": "joint", "list_name": "严重违法失信名单", "basis": "名单办法第五条", "standard": "情节严重",
        "facts": "多次违法，拒不改正。", "grounds": [office.entry.pk], "domain": "procurement", "effect": "refused",
        "measure_basis": "",
    }  # fmt: skip
    refused = officer.post("/desk/lists/new/", told)
    assert refused.status_code == 422 and "法律依据" in refused.content.decode()
    done = officer.post("/desk/lists/new/", told | {"measure_basis": "政府采购法第二十二条"})
    row = Listing.objects.get()
    assert done.url == f"/desk/lists/{row.uuid}/"

    def do(client: Client, deed: str, **data: object) -> Listing:
        row.refresh_from_db()
        answer = client.post(f"/desk/lists/{row.uuid}/do/{deed}/", {"expect": row.state, **data})
        assert answer.status_code == 302, answer.content.decode()[:3000]
        row.refresh_from_db()
        return row

    do(
        officer, "notice", noticed_on=local_date(office.now), noticed_until=local_date(office.now) + timedelta(days=365)
    )  # fmt: skip
    do(officer, "statement", received_on=local_date(office.now), text="已经改正。")
    do(
        officer, "propose", term_until=local_date(office.now) + timedelta(days=365), exit_rule="履行满一年",
        statement_considered="不影响认定。",
    )  # fmt: skip
    assert "批准列入" not in officer.get(done.url).content.decode()
    do(head, "decide", document_no="")
    do(officer, "serve", served_on=local_date(office.now), service="直接送达")
    page = officer.get(done.url).content.decode()
    assert "对责任人员立案" in page and "欧阳演示" in page
    paper = row.steps.filter(document__isnull=False).first().document
    assert officer.get(f"{done.url}papers/{paper.uuid}/")["Content-Type"] == "application/pdf"
    person = officer.post(
        f"{done.url}do/person/",
        {"responsible": office.responsible.pk, "facts": "作为法定代表人直接负责。", "effect": ""},
    )
    assert person.status_code == 302 and Listing.objects.filter(kind="responsible").exists()
    stranger = client_of(factories.staff(groups.OFFICER, department=factories.department()))
    assert stranger.get(done.url).status_code == 404
    assert "严重违法失信名单" in officer.get("/desk/lists/?state=in_force").content.decode()


# ---- the watch list ----------------------------------------------------------------------------------------

KEY = {"domain": "procurement", "effect": "key", "basis": "监管办法第九条"}


@pytest.mark.req("R79", "R125")
def test_lesser_cases_are_watched_by_the_same_procedure_and_keep_their_route(office) -> None:
    with pytest.raises(ListingRefused, match="只能附重点审查"):
        office.opened(kind="watch", list_name="重点关注名单", measures=[{**KEY, "effect": "refused"}])
    with pytest.raises(ListingRefused, match="名单的种类"):
        office.opened(kind="responsible")
    row = office.on(office.opened(kind="watch", list_name="重点关注名单", measures=[KEY]))
    assert (row.entry.kind, row.state, row.entry.until_on) == ("watch", "in_force", row.term_until)
    record.end_entry(entry_id=office.entry.pk, operator=None, now=office.now)
    entry = record.entries_that_count(office.firm)
    assert [one.kind for one in entry] == ["watch"]
    with pytest.raises(ListingRefused, match="生效以后"):
        listing_opening.open_person(
            parent_id=row.pk, responsible_id=office.responsible.pk, facts="作为法定代表人直接负责。", measures=[], actor=office.officer,
            now=office.now,
        )  # fmt: skip
    row = office.left(row)
    assert row.state == "exited" and not record.entries_that_count(office.firm)


@pytest.mark.req("R79")
def test_a_watch_is_opened_at_the_desk(office) -> None:
    desk = client_of(office.officer)
    answer = desk.post(
        "/desk/lists/new/",
        {"code": office.firm.uscc, "kind": "watch", "list_name": "重点关注名单", "basis": "名单办法", "standard": "情节较轻",
         "facts": "一次违法，已经改正。", "grounds": [office.entry.pk], "effect": "ordinary", "measure_basis": "办法"},
    )  # fmt: skip
    assert answer.status_code == 422 and "只能附重点审查" in answer.content.decode()
    answer = desk.post(
        "/desk/lists/new/",
        {"code": office.firm.uscc, "kind": "watch", "list_name": "重点关注名单", "basis": "名单办法", "standard": "情节较轻",
         "facts": "一次违法，已经改正。", "grounds": [office.entry.pk]},
    )  # fmt: skip
    assert answer.status_code == 302 and Listing.objects.get().kind == "watch"
    assert "（重点关注）" in desk.get("/desk/lists/").content.decode()


@pytest.mark.req("R78")
def test_its_page_shows_each_measure_with_who_applied_it_and_the_subject_sees_them_with_the_method(
    office, monkeypatch, django_assert_max_num_queries
) -> None:
    """What it has brought about stands measure by measure; what has ended says by what."""
    # What the public list of measures has for the joint list holds for whoever is put on it.
    joint = CreditList.objects.create(
        code="joint_sanction", name="失信联合惩戒对象名单", sort="adverse", holder="认定部门", exit_rule="",
        region=factories.region("000000"),
    )  # fmt: skip
    place = factories.department(kind="credit_office")
    two = [factories.staff(groups.CREDIT_OFFICE, department=place) for _ in range(2)]
    draft = measures.enter(
        region=place.region, whom=joint, nature="administrative", effect="key", text="从严审查资格", domain="bidding",
        basis="S1 九", effective_from=TODAY, actor=two[0], now=NOW,
    )  # fmt: skip
    measures.approve(measure_id=draft.pk, actor=two[1], now=NOW)
    row = office.on(office.opened(measures=[MEASURE, MEASURE | {"domain": "", "effect": "ordinary"}]))
    bidding = record.check_subject(
        subject=office.firm, item_version=factories.item_version(domain="bidding"), commitment_type="supervisory",
        operator=factories.staff(groups.CLERK), now=office.now,
    )  # fmt: skip
    assert bidding.scrutiny == "key"
    monkeypatch.setattr(clock, "now", lambda: office.now)
    unit = factories.department()
    clerk = factories.staff(groups.CLERK, department=unit)
    for domain, result in (("procurement", "refused"), ("procurement", "refused"), ("approval", "granted")):
        check = record.check_subject(
            subject=office.firm, item_version=factories.item_version(department=unit, domain=domain),
            commitment_type="supervisory", operator=clerk, now=office.now,
        )  # fmt: skip
        deciding.decide(check_id=check.pk, result=result, measures=None, actor=clerk, now=office.now)
    applied = AppliedMeasure.objects.filter(entry=row.entry).latest("pk")
    lifting.ask(
        measure_id=applied.pk, reason="误用，已经核对", actor=factories.staff(groups.OFFICER, department=unit),
        now=office.now,
    )  # fmt: skip
    lifting.decide(
        measure_id=applied.pk, allow=True, answer="同意", actor=factories.staff(groups.HEAD, department=unit),
        now=office.now,
    )  # fmt: skip
    with django_assert_max_num_queries(4):
        found = listing_effects.shown(row, local_date(office.now))
    assert [(one.words, one.times, one.running) for one in found["measures"]] == [
        ("政府采购领域：依规定应当拒绝", 2, 2), ("所有领域：按一般程序办理", 3, 2), ("招标投标领域：从严审查资格", 0, 0),
    ]  # fmt: skip
    page = client_of(office.officer).get(f"/desk/lists/{row.uuid}/").content.decode()
    assert "最近 5 次实施" in page and "提前解除" in page and "正在实施" in page
    own = (
        subjects.client_for(office.firm, now=office.now, capacity="agent").get("/me/record/").content.decode()
    )
    assert f"/list-methods/{row.method.uuid}/" in own and "政府采购法第二十二条" in own
    assert "从严审查资格" in own and "写明的措施另外适用" in own and "其他事项不受影响" not in own
