"""What is found of obligations one by one: by whom, confirmed by whom, and what follows."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from commitments import breaches, fulfilment, signing
from commitments.fulfilment import FulfilmentError
from commitments.models import (
    CommitmentEvent,
    FulfilmentReview,
    ObligationFinding,
    Supplement,
)
from commitments.obligations import making, rules
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Notice
from disclosure import throttles
from tests import factories, listed
from tests.counter import Counter
from tests.factories import NOW, TODAY
from tests.obligation_stage import Place, State, Status, body
from tests.office import client_of
from tests.scenes import mine
from verification.models import CreditEntry

pytestmark = pytest.mark.usefixtures("blank_papers")


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db, monkeypatch) -> Place:
    place = mine(built)
    monkeypatch.setattr(clock, "now", lambda: place.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(place.now))
    throttles.counter.forget()
    return place


@pytest.mark.req("R62")
def test_clauses_are_recorded_several_at_once_and_the_last_one_fulfils(place):
    file = place.file()
    assert place.record((1, "kept"), (3, "kept"), evidence=[file]).fulfilment == Status.RUNNING
    assert place.states() == ["kept", "open", "kept"]
    assert not CommitmentEvent.objects.filter(commitment=place.commitment, kind="fulfilment").exists()
    place.record((1, "kept"))
    assert ObligationFinding.objects.filter(obligation__commitment=place.commitment).count() == 2
    # All was found by one: it waits for another, whoever recorded last cannot confirm it.
    assert place.record((2, "kept")).fulfilment == Status.RUNNING
    told = Notice.objects.filter(kind="fulfilment")
    assert {one.user for one in told} == {place.head} and place.commitment.code in told[0].title
    with pytest.raises(FulfilmentError, match="另一人确认"):
        place.confirm(place.officer)
    assert place.confirm(place.head).fulfilment == Status.FULFILLED
    with pytest.raises(FulfilmentError, match="没有等待确认"):
        place.confirm(place.head)
    entry = CreditEntry.objects.get(subject=place.commitment.subject, kind="fulfilment")
    assert entry.document_no == place.commitment.code
    finding = ObligationFinding.objects.get(obligation__clause_no=3, obligation__commitment=place.commitment)
    assert (finding.finder, list(finding.evidence.all())) == (place.officer, [file])
    told = AuditEvent.objects.filter(verb="obligation.found", target_id=str(place.commitment.pk))
    assert [event.facts["clauses"] for event in told.order_by("id")] == [[1, 3], [2]]
    review = FulfilmentReview.objects.get()
    assert (review.state, review.asked_by, review.decided_by) == ("confirmed", place.officer, place.head)
    with pytest.raises(DatabaseError, match="不能更改"), transaction.atomic():
        FulfilmentReview.objects.update(note="x")


@pytest.mark.req("R62")
def test_what_was_recorded_by_mistake_another_person_takes_back_and_the_record_follows(place, client):
    place.record((1, "kept"), (2, "kept"), (3, "kept"))
    place.confirm(place.head)
    entry = CreditEntry.objects.get(kind="fulfilment", subject=place.commitment.subject)
    address = f"/commitments/{place.commitment.code}/"
    assert "全部履行" in body(client.get(address))
    with pytest.raises(FulfilmentError, match="由您自己登记") as refused:
        place.take_back([1], place.officer)
    assert refused.value.field == "clauses"
    with pytest.raises(FulfilmentError, match="更正的理由"):
        place.take_back([1], place.head, reason="错")
    assert place.take_back([1], place.head).fulfilment == Status.RUNNING
    assert place.states() == ["open", "kept", "kept"] and place.status() == Status.RUNNING
    entry.refresh_from_db()
    assert entry.state == "revoked" and "全部履行" not in body(client.get(address))
    findings = ObligationFinding.objects.filter(
        obligation__commitment=place.commitment, obligation__clause_no=1
    )
    assert [one.state for one in findings] == ["kept", "open"] and findings[1].corrects == findings[0]
    assert AuditEvent.objects.filter(verb="obligation.corrected").get().facts["clauses"] == [1]
    with pytest.raises(FulfilmentError, match="没有可以更正的登记"):
        place.take_back([1], place.head)
    # Recorded anew, it waits anew; and taken back while it waits, nothing waits any more.
    place.record((1, "kept"))
    assert place.status() == Status.RUNNING
    place.take_back([1], place.head)
    assert set(FulfilmentReview.objects.values_list("state", flat=True)) == {"confirmed", "void"}


@pytest.mark.req("R62")
def test_a_case_can_be_opened_on_what_was_recorded_as_kept_and_its_determination_revokes_the_good_entry(
    place,
):
    place.record((1, "kept"), (2, "kept"), (3, "kept"))
    place.confirm(place.head)
    page = body(client_of(place.officer).get(place.address))
    assert "立案不改变现在的全部履行" in page
    case = place.determined(outcome="partial", clauses=[(3, "没有补交")])
    assert place.status() == Status.PARTIAL and place.states() == ["kept", "kept", "not_kept"]
    good = CreditEntry.objects.filter(kind="fulfilment", subject=place.commitment.subject)
    assert [one.state for one in good] == ["revoked"]
    breaches.revoke(
        case_id=case.pk, expect="determined", reason="own_error", explanation="认定有误，撤销。",
        actor=place.head, now=place.now,
    )  # fmt: skip
    assert place.status() == Status.FULFILLED
    assert sorted(one.state for one in good.all()) == ["effective", "revoked"]


@pytest.mark.req("R62")
def test_what_only_waited_for_another_person_waits_again_when_a_determination_is_revoked(place):
    place.record((1, "kept"), (2, "kept"), (3, "kept"))
    case = place.determined(outcome="partial", clauses=[(3, "没有补交")])
    assert FulfilmentReview.objects.get().state == "void"
    breaches.revoke(
        case_id=case.pk, expect="determined", reason="own_error", explanation="认定有误，撤销。",
        actor=place.head, now=place.now,
    )  # fmt: skip
    assert place.states() == ["kept"] * 3 and place.status() == Status.RUNNING
    assert not CreditEntry.objects.filter(kind="fulfilment").exists()
    assert FulfilmentReview.objects.latest("pk").state == "waiting"
    making.on_ended(commitment=place.commitment, actor=place.officer, now=place.now)
    assert FulfilmentReview.objects.latest("pk").state == "void"


@pytest.mark.req("R62")
def test_how_a_clause_is_kept_says_from_when_it_can_be_recorded(built, db, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    hall = Counter.open(
        clauses=[
            ("pledge", "守法经营。", ("obey_law",)),
            ("pledge", "材料真实。", ("true_materials",)),
            ("pledge", "安装净化设施。", ("other",)),
            ("liability", "违诺的，担责。", ("accept_consequences",)),
        ],
    )
    signed = hall.sign()
    kinds = {row.clause_no: (row.kind, row.due_on) for row in signed.obligations.all()}
    end = signed.valid_until
    assert kinds == {1: ("kept_up", end), 2: ("declared", None), 3: ("to_do", end)}
    officer, head = (factories.staff(role, department=hall.clerk.department) for role in ("officer", "head"))

    def record(*found, on=TODAY, now=NOW, done_on=None):
        return fulfilment.record_obligations(
            commitment_id=signed.pk, found=found, found_on=on, note="现场核查，已经做到。", actor=officer,
            now=now, done_on=done_on,
        )  # fmt: skip

    with pytest.raises(FulfilmentError, match=f"持续做到 {end}") as refused:
        record((1, "kept"))
    assert refused.value.field == "clause-1"
    with pytest.raises(FulfilmentError, match="签署时的声明"):
        record((2, "kept"))
    with pytest.raises(FulfilmentError, match="不能早于承诺作出日期"):
        record((3, "kept"), done_on=TODAY - timedelta(days=1))
    record((3, "kept"), done_on=TODAY)
    assert signed.obligations.get(clause_no=3).findings.get().done_on == TODAY
    with pytest.raises(FulfilmentError, match="还不能登记全部履行：第 1 条"):
        fulfilment.record_fulfilment(commitment_id=signed.pk, status="fulfilled", actor=officer, now=NOW)
    page = body(client_of(officer).get(f"/desk/obligations/{signed.code}/"))
    assert "这一天以前不能登记为已履行" in page and "签署时的声明" in page and 'name="clause-1"' not in page
    later = NOW + (end - TODAY)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setattr(clock, "today", lambda: end)
    # The declaration is none that waits.
    record((1, "kept"), on=end, now=later)
    assert FulfilmentReview.objects.get(commitment=signed).state == "waiting"
    page = client_of(head).post(f"/desk/obligations/{signed.code}/confirm/", {"note": ""})
    assert page.status_code == 422 and "确认全部履行" in body(page)
    assert (
        client_of(officer)
        .post(f"/desk/obligations/{signed.code}/confirm/", {"note": "各条都做到。"})
        .status_code
        == 422
    )
    done = client_of(head).post(
        f"/desk/obligations/{signed.code}/confirm/", {"note": "各条都做到。"}, follow=True
    )
    assert "已确认" in body(done)
    wrong = client_of(head).post(f"/desk/obligations/{signed.code}/take-back/", {"note": "登记错了"})
    assert wrong.status_code == 422 and "请选择登记有误的条款" in body(wrong)
    back = client_of(head).post(
        f"/desk/obligations/{signed.code}/take-back/",
        {"clauses": ["3"], "note": "没有安装，登记错了"},
        follow=True,
    )
    assert "已更正" in body(back) and "更正为" in body(back)


@pytest.mark.req("R62", "R63")
def test_a_clause_with_a_warning_that_waits_is_not_recorded_as_kept(place):
    warning = factories.warning(place.commitment, now=NOW)
    page = body(client_of(place.officer).get(place.address))
    assert "有预警待核实" in page and str(warning.uuid) in page and 'name="clause-1"' not in page
    with pytest.raises(FulfilmentError, match="先答复预警"):
        place.record((1, "kept"))


@pytest.mark.req("R62", "R125")
def test_a_clause_that_a_case_looks_into_is_not_recorded_as_kept_until_it_is_decided(place):
    case = place.noticed(clauses=[(2, "没有补交")])
    page = body(client_of(place.officer).get(place.address))
    assert f"在违诺案件 {case.number} 中查明" in page and 'name="clause-2"' not in page
    with pytest.raises(FulfilmentError, match="结案以前不登记履行"):
        place.record((2, "kept"))
    place.record((1, "kept"))
    breaches.drop(
        case_id=case.pk, expect="noticed", reason="已经补交，不予认定。", actor=place.head, now=place.now
    )
    place.record((2, "kept"))
    assert place.states() == ["kept", "kept", "open"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keeping", "covers", "text", "late", "whole"),
    [
        ("", (), "", False, True),
        ("", ("obey_law",), "", False, False),
        ("", ("other", "accept_supervision"), "", False, False),
        ("", ("true_materials", "agree_publication"), "", False, False),
        ("", ("true_materials", "other"), "", False, False),
        ("", ("other",), "", False, False),
        ("declared", ("other",), "", False, False),
        ("to_do", ("obey_law",), "", False, False),
        ("", (), "如实说明：曾受处罚。", False, False),
        ("", (), "容缺材料：（1）甲，2026年10月8日以前补交。", False, False),
        ("", (), "容缺材料：（1）甲，2026年10月8日以前补交。", True, False),
    ],
)
def test_making_says_in_sql_what_the_rule_says(keeping, covers, text, late, whole):
    kind = "liability" if whole else "pledge"
    version = factories.text_version(clauses=((kind, "条文。", covers),), keeping=[keeping])
    clause = version.clauses.get()
    content = [
        {"no": 1, "kind": kind, "clause": None if text else clause.pk, "text": text or clause.body},
    ]
    with pytest.MonkeyPatch.context() as before:
        before.setattr(making, "make", lambda ids: None)
        signed = listed.commitment(
            content=content, text_version=version, valid_until=TODAY + timedelta(days=90)
        )
    if late:
        Supplement.objects.create(
            commitment=signed, department=signed.department, region=signed.region, signed_on=TODAY,
            last_on=TODAY + timedelta(days=9),
        )  # fmt: skip
    making.make([signed.pk])
    row = signed.obligations.get()
    assert row.kind == rules.kind_of(keeping=keeping, covers=covers, text=text, late=late, whole=whole)
    assert row.due_on == {"declared": None, "late": TODAY + timedelta(days=9)}.get(
        row.kind, signed.valid_until
    )


@pytest.mark.parametrize(
    ("found", "fields", "message", "field"),
    [
        ((1, "not_kept"), {}, "不能登记为“未履行”", "clause-1"),
        # Late is for a determination to say, which hears the subject first.
        ((1, "kept_late"), {}, "不能登记为“逾期后履行”", "clause-1"),
        ((1, "anything"), {}, "不能登记为“anything”", "clause-1"),
        ((4, "kept"), {}, "没有第 4 条承诺内容", "clause-4"),
        ((1, "kept"), {"note": "有"}, "核实的情况", "note"),
        ((1, "kept"), {"found_on": TODAY + timedelta(days=1)}, "不能晚于今天", "found_on"),
        ((1, "kept"), {"found_on": TODAY - timedelta(days=1)}, "不能早于承诺作出日期", "found_on"),
    ],
)
def test_what_cannot_be_recorded_is_said_by_field_and_nothing_is_kept(place, found, fields, message, field):
    with pytest.raises(FulfilmentError, match=message) as refused, transaction.atomic():
        place.record((2, "kept"), found, **fields)
    assert refused.value.field == field and place.states() == ["open"] * 3


def test_only_those_responsible_record(place):
    for actor in (factories.staff("officer"), factories.staff("clerk", department=place.department)):
        with pytest.raises(FulfilmentError, match="不在您的管理范围内"):
            place.record((1, "kept"), actor=actor)


@pytest.mark.req("R62", "R72")
def test_a_determination_leaves_its_clauses_not_kept_and_its_revocation_what_was_before(place):
    place.record((1, "kept"))
    case = place.determined(outcome="partial", clauses=[(3, "没有补交"), (4, "没有担责")])
    assert place.states() == ["kept", "open", "not_kept"] and place.status() == Status.PARTIAL
    with pytest.raises(FulfilmentError, match="不能登记为“已履行”"), transaction.atomic():
        place.record((3, "kept"), found_on=local_date(place.now))
    with pytest.raises(FulfilmentError, match="实际履行日期") as undated, transaction.atomic():
        place.record((3, "kept_late"), found_on=local_date(place.now))
    assert undated.value.field == "done_on"
    place.late(3)
    # The other clause is still open.
    assert place.states() == ["kept", "open", "kept_late"] and place.status() == Status.RUNNING
    breaches.revoke(
        case_id=case.pk, expect="determined", reason="own_error", explanation="认定有误，撤销。",
        actor=place.head, now=place.now,
    )  # fmt: skip
    assert place.states() == ["kept", "open", "kept"] and place.status() == Status.RUNNING


def test_all_that_a_determination_found_not_kept_is_open_again_when_it_is_revoked(place):
    place.record((1, "kept"))
    case = place.determined(outcome="unfulfilled", clauses=[(2, "没有安装")])
    assert place.states() == ["not_kept"] * 3 and place.status() == Status.UNFULFILLED
    breaches.revoke(
        case_id=case.pk, expect="determined", reason="own_error", explanation="认定有误，撤销。",
        actor=place.head, now=place.now,
    )  # fmt: skip
    assert place.states() == ["kept", "open", "open"] and place.status() == Status.RUNNING


def test_the_whole_commitment_can_be_recorded_in_one_word(place):
    place.determined(outcome="partial", clauses=[(1, "没有"), (2, "没有"), (3, "没有")])
    assert set(place.commitment.obligations.values_list("state", "partly")) == {("not_kept", True)}
    fulfilment.record_fulfilment(
        commitment_id=place.commitment.pk, status="fulfilled", actor=place.officer, now=place.now, note="补做"
    )
    assert place.states() == ["kept_late"] * 3 and place.status() == Status.FULFILLED


@pytest.mark.django_db
def test_voided_and_corrected_commitments_have_nothing_left_to_be_looked_at():
    hall = Counter.open()
    signed = hall.sign()
    signing.void(commitment_id=signed.pk, clerk=hall.clerk, reason="选错了事项", now=NOW)
    assert set(signed.obligations.values_list("state", flat=True)) == {State.ENDED}
    assert ObligationFinding.objects.filter(obligation__commitment=signed, state="ended").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commitments_obligationfinding SET note = 'x'",
        "DELETE FROM commitments_obligationfinding",
        "DELETE FROM commitments_obligation",
    ],
)
def test_the_database_refuses_to_change_a_finding(place, statement):
    place.record((1, "kept"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
