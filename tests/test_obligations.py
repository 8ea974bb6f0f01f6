"""A commitment is kept clause by clause: made at signing, found one by one, and the status follows from them. (R62)"""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from commitments import breaches, fulfilment, signing
from commitments.fulfilment import FulfilmentError
from commitments.models import (
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    Obligation,
    ObligationFinding,
    Supplement,
)
from commitments.obligations import confirming, making, rules
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Notice
from disclosure import throttles
from disclosure.gate import public_obligations
from tests import breach_rows, factories, listed, subjects
from tests.breach_stage import Stage
from tests.counter import Counter, signature_png
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.scenes import mine
from verification.models import CreditEntry

pytestmark = pytest.mark.usefixtures("blank_papers")
GOLDEN = Path(__file__).parent / "golden" / "obligations.csv"
State, Status = Obligation.State, Commitment.Fulfilment
LABELS = {str(label): (code, False) for code, label in State.choices} | {"部分履行": ("not_kept", True)}
STATUS = {str(label): code for code, label in Status.choices}
TEXT = [
    {"no": 1, "kind": "pledge", "clause": 1, "text": "守法经营，材料真实。"},
    {"no": 2, "kind": "pledge", "clause": 2, "text": "按期安装净化设施。"},
    {"no": 3, "kind": "pledge", "clause": 3, "text": "三十日内补交检测报告。"},
    {"no": 4, "kind": "liability", "clause": 4, "text": "违诺的，承担相应责任。"},
]


def body(answer) -> str:
    return answer.content.decode()


# ---- the status follows ------------------------------------------------------------------------------------


def golden() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.req("R62")
@pytest.mark.parametrize("row", golden(), ids=lambda row: row["各条的状态"])
def test_the_status_follows_from_the_clauses_as_the_table_says(row):
    states = [LABELS[word] for word in row["各条的状态"].split()]
    assert rules.fulfilment_of(states) == STATUS[row["承诺的履行状态"]]


def test_nothing_said_of_a_commitment_leaves_it_running():
    assert rules.fulfilment_of([]) == Status.RUNNING


STATES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([s for s in State.values if s != State.NOT_KEPT]), st.just(False)),
        st.tuples(st.just(State.NOT_KEPT.value), st.booleans()),
    ),
    max_size=8,
)


@given(STATES, st.randoms())
def test_order_and_what_has_ended_make_no_difference_and_only_what_was_not_kept_breaks(states, chance):
    status = rules.fulfilment_of(states)
    mixed = [*states, (State.ENDED, False)]
    chance.shuffle(mixed)
    assert rules.fulfilment_of(mixed) == status
    broken = any(state == State.NOT_KEPT for state, _ in states)
    assert (status in (Status.PARTIAL, Status.UNFULFILLED)) == broken
    live = [state for state, _ in states if state != State.ENDED]
    assert (status == Status.FULFILLED) == (bool(live) and set(live) <= {State.KEPT, State.KEPT_LATE})


@given(
    st.sampled_from([Status.PARTIAL, Status.UNFULFILLED]),
    st.sets(st.integers(1, 9)),
    st.sets(st.integers(1, 6), min_size=1),
)
def test_after_a_determination_the_commitment_stands_as_it_was_determined(outcome, named, live):
    chosen, partly = rules.determined(outcome, named=named, live=live)
    assert chosen <= live
    states = [(State.NOT_KEPT, partly) if no in chosen else (State.OPEN, False) for no in live]
    assert rules.fulfilment_of(states) == outcome


@pytest.mark.parametrize(
    ("body", "text", "day"),
    [
        ("在 {完成日期} 前完工。", "在 2026年10月8日 前完工。", date(2026, 10, 8)),
        (
            "{名称}于{开工}开工，{完成日期}完工。",
            "甲厂于2026年3月1日开工，2026年9月30日完工。",
            date(2026, 9, 30),
        ),
        ("在 {完成日期} 前完工。", "在 无 前完工。", None),
        ("在 {完成日期} 前完工。", "另一段文字。", None),
        ("在 2026年1月1日 前完工。", "在 2026年1月1日 前完工。", None),
        ("{名称}完工。", "2026年10月8日完工。", None),
    ],
)
def test_the_day_of_a_clause_is_the_last_that_was_filled_into_a_blank_for_a_date(body, text, day):
    assert rules.day_in(body, text, {"完成日期", "开工"}) == day


@pytest.mark.parametrize(
    ("body", "listed", "kind"),
    [
        ("缺{缺少的材料}，于{补交日期}交齐。", True, "declared"),
        ("暂缺的是{缺少的材料}。", True, "declared"),
        # As it was before the portal wrote a clause of its own: the text's is the promise.
        ("于{补交日期}交齐。", False, "late"),
        ("在{完成日期}前完工。", True, ""),
    ],
)
def test_late_materials_are_one_obligation_however_often_the_text_speaks_of_them(body, listed, kind):
    assert rules.kind_of_promise(body, listed=listed) == kind


# ---- made at signing ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.req("R62")
def test_signing_makes_an_obligation_of_each_pledge_due_on_the_day_filled_in_or_at_the_end_of_the_term():
    hall = Counter.open(
        clauses=[
            ("pledge", "守法经营。", ()),
            ("pledge", "在 {完成日期} 前完工。", ()),
            ("liability", "违诺的，在 {完成日期} 后担责。", ()),
        ],
        blanks=({"key": "完成日期", "kind": "date", "label": "完成日期"},),
    )
    signed = hall.sign(hall.ready(blanks={"完成日期": "2026-12-31"}))
    made = {row.clause_no: row for row in signed.obligations.select_related("commitment")}
    pledges = [clause["no"] for clause in signed.content if clause["kind"] == "pledge"]
    assert sorted(made) == pledges and {row.state for row in made.values()} == {State.OPEN}
    dated = next(no for no in pledges if "完工" in made[no].what)
    assert made[dated].due_on == date(2026, 12, 31)
    assert {row.due_on for no, row in made.items() if no != dated} == {signed.valid_until}
    making.make([signed.pk])
    assert signed.obligations.count() == len(pledges)


def _old_ones() -> tuple:
    plain = listed.commitment(content=TEXT, valid_until=TODAY + timedelta(days=90))
    kept = listed.commitment(content=TEXT, fulfilment="fulfilled")
    whole = listed.commitment(content=[TEXT[3]])
    gone = listed.commitment(content=TEXT, voided_at=NOW)
    broken = listed.commitment(content=TEXT, fulfilment="unfulfilled")
    partly = listed.commitment(content=TEXT, fulfilment="partial")
    case = breach_rows.case(commitment=partly, outcome="partial", clauses=(("守法经营，材料真实。", "没有"),))
    return plain, kept, whole, gone, broken, partly, case


@pytest.mark.django_db
def test_old_commitments_get_theirs_in_one_go_as_they_stand(django_assert_max_num_queries, monkeypatch):
    with monkeypatch.context() as before_there_were_any:
        before_there_were_any.setattr(making, "make", lambda ids: None)
        plain, kept, whole, gone, broken, partly, case = _old_ones()
    with django_assert_max_num_queries(5):
        making.make_between(plain.pk, partly.pk)

    def states(of):
        return [(row.clause_no, row.state, row.partly) for row in of.obligations.all()]

    assert states(plain) == [(no, "open", False) for no in (1, 2, 3)]
    assert {row.due_on for row in plain.obligations.all()} == {TODAY + timedelta(days=90)}
    assert states(kept) == [(no, "kept", False) for no in (1, 2, 3)]
    assert states(whole) == [(0, "open", False)] and whole.obligations.get().clause == "整份承诺"
    assert {state for _, state, _ in states(gone)} == {"ended"}
    assert states(broken) == [(no, "not_kept", False) for no in (1, 2, 3)]
    assert states(partly) == [(1, "not_kept", False), (2, "open", False), (3, "open", False)]
    assert ObligationFinding.objects.get(obligation__commitment=partly).case == case
    for one in (plain, kept, broken, partly):
        assert rules.fulfilment_of(one.obligations.values_list("state", "partly")) == one.fulfilment


# ---- found one by one --------------------------------------------------------------------------------------


class Place(Stage):
    """A department with a commitment of three pledges."""

    def __init__(self) -> None:
        super().__init__()
        self.commitment = listed.commitment(department=self.department, content=TEXT)

    def record(self, *found, actor=None, **fields) -> Commitment:
        values = {"found_on": TODAY, "note": "现场核查，已经做到。"} | fields
        return fulfilment.record_obligations(
            commitment_id=self.commitment.pk, found=found, actor=actor or self.officer, now=self.now, **values
        )

    def late(self, number: int) -> Commitment:
        today = local_date(self.now)
        return self.record((number, "kept_late"), found_on=today, done_on=today)

    def confirm(self, actor) -> Commitment:
        return confirming.confirm(
            commitment_id=self.commitment.pk, note="看过证据，都已做到。", actor=actor, now=self.now
        )

    def take_back(self, clauses, actor, reason="现场复查，没有做到。") -> Commitment:
        return confirming.take_back(
            commitment_id=self.commitment.pk, clauses=clauses, reason=reason, actor=actor, now=self.now
        )

    def states(self) -> list[str]:
        return list(self.commitment.obligations.order_by("clause_no").values_list("state", flat=True))

    def status(self) -> str:
        self.commitment.refresh_from_db()
        return self.commitment.fulfilment

    @property
    def address(self) -> str:
        return f"/desk/obligations/{self.commitment.code}/"


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


# ---- shown -------------------------------------------------------------------------------------------------


@pytest.mark.req("R62", "R89")
def test_the_public_sees_clauses_not_kept_beside_a_public_breach_alone(place, client):
    place.record((1, "kept"))
    place.published(outcome="partial", clauses=[(3, "没有补交")])
    place.record((2, "kept"), found_on=local_date(place.now))

    def shown(public: bool) -> list[tuple[int, str]]:
        return [
            (row["no"], row["label"]) for row in public_obligations(place.commitment, breach_is_public=public)
        ]

    assert shown(True) == [(1, "已履行"), (2, "已履行"), (3, "未履行")]
    assert shown(False) == [(1, "已履行"), (2, "已履行"), (3, "履行中")]
    place.late(3)
    assert shown(True)[2] == (3, "逾期后履行") and shown(False)[2] == (3, "已履行")
    address = f"/commitments/{place.commitment.code}/"
    page = body(client.get(address))
    assert "逾期后履行" in page and "逐条履行情况" in page
    # Past its last day the breach is on no surface, and nothing of it shows in the clauses.
    place.later(500)
    page = body(client.get(address))
    assert "逐条履行情况" in page
    for word in ("未履行", "部分履行", "逾期后履行", "没有补交"):
        assert word not in page


def test_a_subject_sees_its_clauses_but_not_what_it_has_not_been_told(place):
    client = subjects.client_for(place.commitment.subject)
    place.record((1, "kept"))
    place.determined(outcome="partial", clauses=[(3, "没有补交")])
    address = f"/me/commitments/{place.commitment.code}/"
    page = body(client.get(address))
    assert "逐条履行情况" in page and "已履行" in page and "未履行" not in page
    place.served(case=place.commitment.breach_cases.get())
    assert "未履行" in body(client.get(address))


def test_the_desk_records_clauses_with_evidence_and_says_what_is_wrong(place):
    officer = client_of(place.officer)
    page = body(officer.get(place.address))
    assert "守法经营" in page and "承担相应责任" not in page and "立案" in page
    nothing = officer.post(place.address, {"found_on": TODAY.isoformat(), "note": "现场核查，做到。"})
    assert nothing.status_code == 422 and "至少为一条选择" in body(nothing)
    wrong = officer.post(
        place.address,
        {"clause-1": "kept", "found_on": TODAY.isoformat(), "note": "现场核查，做到。",
         "proof": SimpleUploadedFile("a.png", b"not a picture", content_type="image/png")},
    )  # fmt: skip
    assert wrong.status_code == 422 and place.states() == ["open"] * 3
    assert officer.post(place.address, {"clause-1": "not_kept", "note": "x"}).status_code == 422
    assert "逾期后履行" not in body(wrong)
    done = officer.post(
        place.address,
        {
            "clause-1": "kept", "clause-2": "kept", "found_on": TODAY.isoformat(), "note": "现场核查，做到。",
            "proof": [
                SimpleUploadedFile(f"照片{no}.png", signature_png(width=no), content_type="image/png")
                for no in (5, 6)
            ],
        },
        follow=True,
    )  # fmt: skip
    assert "已登记 2 条" in body(done) and "照片5.png" in body(done)
    # From a second page that was open meanwhile.
    again = officer.post(
        place.address, {"clause-1": "kept", "found_on": TODAY.isoformat(), "note": "现场核查，做到。"}
    )
    told = f"第 1 条已由{place.officer}登记为“已履行”（{TODAY}）"
    assert again.status_code == 422 and told in body(again) and "至少为一条选择" not in body(again)
    finding = ObligationFinding.objects.filter(obligation__commitment=place.commitment).first()
    file = finding.evidence.first()
    assert officer.get(f"{place.address}files/{file.uuid}/")["Content-Type"] == "image/png"
    assert officer.get(f"{place.address}files/{place.file().uuid}/").status_code == 404
    stranger = client_of(factories.staff("officer"))
    assert stranger.get(place.address).status_code == 404
    assert stranger.get(f"{place.address}files/{file.uuid}/").status_code == 404
    auditor = client_of(factories.staff("auditor", department=place.office))
    assert auditor.get(place.address).status_code == 200
    assert auditor.post(place.address, {"clause-3": "kept"}).status_code == 404


def test_the_list_of_what_is_due_is_filtered_paged_and_costs_the_same_however_long(place, monkeypatch):
    monkeypatch.setattr("commitments.obligations.views.PER_PAGE", 4)

    def more(number: int) -> None:
        for at in range(number):
            listed.commitment(
                department=place.department, content=TEXT, valid_until=TODAY + timedelta(days=at),
                made_on=TODAY - timedelta(days=400),
            )  # fmt: skip

    officer = client_of(place.officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert officer.get("/desk/obligations/").status_code == 200
        return len(counted)

    more(2)
    queries()
    few = queries()
    more(5)
    assert queries() == few
    first = officer.get("/desk/obligations/")
    assert len(first.context["rows"]) == 4 and first.context["tally"] == {"overdue": 0, "soon": 21, "all": 21}
    second = officer.get(f"/desk/obligations/{first.context['next']}")
    seen = [row.pk for row in (*first.context["rows"], *second.context["rows"])]
    assert len(set(seen)) == 8
    day = (TODAY + timedelta(days=4)).isoformat()
    narrowed = officer.get("/desk/obligations/", {"due_from": day, "due_to": day})
    assert {row.due_on.isoformat() for row in narrowed.context["rows"]} == {day}
    backwards = officer.get("/desk/obligations/", {"due_from": day, "due_to": TODAY.isoformat()})
    assert backwards.status_code == 422 and "不能早于" in body(backwards)
    assert officer.get("/desk/obligations/", {"after": "昨天"}).status_code == 400
    found = officer.get("/desk/obligations/", {"q": place.commitment.code})
    assert found.status_code == 302 and found.url == place.address
    assert "没有编码为" in body(officer.get("/desk/obligations/", {"q": "1" * 20}))
    office = client_of(place.credit)
    assert len(office.get("/desk/obligations/").context["rows"]) == 4
    assert client_of(factories.staff("officer")).get("/desk/obligations/").context["tally"]["all"] == 0
