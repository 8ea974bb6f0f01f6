"""A written answer leads somewhere whatever has become of the record: what cannot be carried out is not proposed, what has
changed since is looked into again, what is done already is done; the mark stays with the matter and goes with it."""

import threading
import time
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from commitments import breaches, fulfilment
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice
from disclosure.act_gate import find_act
from disclosure.acts import entering
from disclosure.acts.fields import read as read_act
from disclosure.acts.standing import latest_act
from disclosure.models import AdministrativeAct, Objection
from disclosure.objections import carrying_out, filing, handling
from disclosure.objections.records import target_of
from disclosure.objections.rules import ObjectionError, ObjectionMoved
from tests import acts, factories
from tests.breach_stage import Stage
from tests.factories import NOW, TODAY
from tests.objecting import filed, give_time, target
from tests.office import client_of
from tests.test_corrections_by_answer import Hands, _somebody_waits
from tests.warning_stage import Stage as Shop
from verification import correcting, services
from verification.complaints import taking
from verification.complaints.reading import read
from verification.models import ConsumerComplaint, CreditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


class Counter:
    """A shop, its complaints and penalties, and who answers for them."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.hands = Hands(officer=self.shop.officer, head=self.shop.head, credit=self.shop.credit)

    def accepted(self, row: Objection) -> Objection:
        return handling.accept(objection_id=row.pk, actor=self.hands.credit, now=NOW)

    def proposed(self, row: Objection, outcome: str, **changes: str) -> Objection:
        return handling.propose(
            objection_id=row.pk, outcome=outcome, changes=changes, answer="经调阅案卷核实。",
            actor=self.hands.officer, now=NOW,
        )  # fmt: skip

    def approved(self, row: Objection, outcome: str, **changes: str) -> Objection:
        self.proposed(self.accepted(row), outcome, **changes)
        return handling.approve(objection_id=row.pk, actor=self.hands.head, now=NOW)

    def carried_out(self, row: Objection) -> Objection:
        with transaction.atomic():
            return handling.carry_out(objection_id=row.pk, actor=self.hands.credit, now=NOW)

    def reopened(self, row: Objection, reason: str = "记录已由作出单位撤销。") -> Objection:
        return handling.reopen(objection_id=row.pk, reason=reason, actor=self.hands.credit, now=NOW)

    def complaint_corrected(self, row: ConsumerComplaint, **told: str) -> ConsumerComplaint:
        return taking.correct(
            complaint_id=row.pk, told=read(taking.told_of(row) | told, today=TODAY), actor=self.shop.officer, now=NOW
        )  # fmt: skip

    def stopped(self, row: ConsumerComplaint) -> None:
        taking.stop(
            complaint_id=row.pk, ending="mistake", note_text="不是这一家", actor=self.shop.officer, now=NOW
        )


@pytest.fixture
def counter() -> Counter:
    return Counter()


def mark_of(entry_id: int) -> bool:
    return CreditEntry.objects.get(pk=entry_id).objection_under_way


# ---- what cannot be carried out is not proposed -------------------------------------------------------------


@pytest.mark.req("R105")
@pytest.mark.parametrize(
    ("handled", "changes", "field", "said"),
    [
        ({}, {"from_on": "2026-12-14"}, "change_from_on", "今天以后"),
        ({}, {"title": "面粉受潮", "from_on": "2026-12-14"}, "change_from_on", "今天以后"),
        ({}, {"until_on": "2020-01-01"}, "change_until_on", "终止日期"),
        (Shop.HANDLED, {"from_on": "2026-09-14"}, "change_from_on", "不早于投诉日期"),
    ],
)
def test_an_answer_that_cannot_be_carried_out_is_refused_at_its_field_and_nothing_is_tried_for_good(
    counter: Counter, handled: dict[str, str], changes: dict[str, str], field: str, said: str
) -> None:
    row = counter.shop.complaint(**handled)
    objection = counter.accepted(counter.hands.file(row.entry))
    with pytest.raises(ObjectionError, match=said) as wrong:
        counter.proposed(objection, "change", **changes)
    assert wrong.value.field == field
    page = client_of(counter.hands.officer).post(
        f"/desk/objections/{objection.uuid}/do/propose/",
        {"outcome": "change", "answer": "经调阅案卷核实。"} | {f"change_{key}": one for key, one in changes.items()},
    )  # fmt: skip
    assert page.status_code == 422 and said in page.content.decode()
    before, events = CreditEntry.objects.count(), AuditEvent.objects.filter(verb="entry.corrected").count()
    counter.proposed(objection, "change", title="面粉受潮")
    assert CreditEntry.objects.count() == before and mark_of(row.entry_id)
    assert AuditEvent.objects.filter(verb="entry.corrected").count() == events
    assert ConsumerComplaint.objects.get().about == row.about


@pytest.mark.req("R105")
def test_what_has_changed_between_proposal_and_approval_is_seen_at_the_approval(counter: Counter) -> None:
    row = counter.shop.complaint()
    objection = counter.accepted(counter.hands.file(row.entry))
    counter.proposed(objection, "change", title="面粉受潮")
    counter.stopped(row)
    with pytest.raises(ObjectionError, match="已撤销"):
        handling.approve(objection_id=objection.pk, actor=counter.hands.head, now=NOW)
    handling.send_back(objection_id=objection.pk, reason="记录已撤销。", actor=counter.hands.head, now=NOW)


# ---- what has changed since is looked into again ------------------------------------------------------------


@pytest.mark.req("R104", "R105")
def test_an_answer_that_cannot_be_carried_out_any_more_goes_back_to_its_unit_and_is_answered_anew(
    counter: Counter,
) -> None:
    row = counter.shop.complaint()
    objection = counter.approved(counter.hands.file(row.entry), "change", title="面粉结块")
    desk, address = client_of(counter.hands.credit), f"/desk/objections/{objection.uuid}/"
    assert Duty.objects.get(rule_key="objection_answer").state == "met"
    # As long as it can be carried out it is: the office does not choose.
    refused = desk.post(f"{address}do/reopen/", {"reason": "不想执行。"})
    assert refused.status_code == 422 and "可以执行" in refused.content.decode()
    counter.stopped(row)
    refused = desk.post(f"{address}do/carry_out/")
    assert refused.status_code == 422 and "不能按答复执行：已撤销" in refused.content.decode()
    assert "退回重新答复" in desk.get(address).content.decode()
    assert "退回重新答复" not in client_of(counter.hands.officer).get(address).content.decode()
    with pytest.raises(ObjectionError, match="信用办"):
        handling.reopen(objection_id=objection.pk, reason="记录已撤销。", actor=counter.hands.head, now=NOW)
    empty = desk.post(f"{address}do/reopen/", {"reason": ""})
    assert empty.status_code == 422
    sent = desk.post(f"{address}do/reopen/", {"reason": "投诉已由处理部门停止。"}, follow=True)
    assert sent.status_code == 200 and "投诉已由处理部门停止" in sent.content.decode()

    objection.refresh_from_db()
    assert (objection.state, objection.approved_at, objection.approved_by) == ("checking", None, None)
    assert "已撤销的记录不能更正" in objection.returned_for
    step = objection.steps.last()
    assert step is not None and (step.label, step.actor) == (
        "答复不能执行，退回重新核实",
        counter.hands.credit,
    )
    assert AuditEvent.objects.filter(verb="objection.step", facts__step=step.label).exists()
    assert Notice.objects.filter(user=counter.hands.head, title__contains="不能执行").exists()
    assert Duty.objects.get(rule_key="objection_answer").state == "open"
    # What was approved before can still be read.
    assert objection.history.filter(approved_by=counter.hands.head, outcome="change").exists()

    counter.proposed(objection, "withdraw")
    handling.approve(objection_id=objection.pk, actor=counter.hands.head, now=NOW)
    done = counter.carried_out(objection)
    assert (done.state, done.marked, done.outcome) == ("answered", False, "withdraw")
    assert not mark_of(row.entry_id) and Duty.objects.get(rule_key="objection_answer").state == "met"


@pytest.mark.req("R104")
def test_only_an_approved_answer_goes_back_and_the_database_lets_nothing_else_of_it_change(
    counter: Counter,
) -> None:
    row = counter.shop.complaint()
    objection = counter.accepted(counter.hands.file(row.entry))
    with pytest.raises(ObjectionMoved, match="不能退回重新答复"):
        counter.reopened(objection)
    counter.proposed(objection, "change", title="面粉结块")
    handling.approve(objection_id=objection.pk, actor=counter.hands.head, now=NOW)
    none = {"approved_at": None, "approved_by": None}
    for change in (none, none | {"state": "proposed"}, none | {"state": "checking", "answer": "另一个答复。"},
                   none | {"state": "checking", "outcome": "keep"}, {"state": "checking", "approved_by": None}):  # fmt: skip
        with pytest.raises(IntegrityError, match="已书面答复"), transaction.atomic():
            Objection.objects.filter(pk=objection.pk).update(**change)
    counter.carried_out(objection)
    with pytest.raises(IntegrityError), transaction.atomic():
        Objection.objects.filter(pk=objection.pk).update(**none, state="checking")
    with pytest.raises(ObjectionMoved):
        counter.reopened(objection)


@pytest.mark.req("R104", "R105")
def test_a_determination_that_was_revoked_meanwhile_is_not_put_right_but_taken_down() -> None:
    give_time()
    stage = Stage()
    publication = stage.published()
    hands = Hands(officer=stage.officer, head=stage.head, credit=stage.credit)
    row = filed(
        target(f"breach:{publication.uuid}", now=stage.now), now=stage.now, clerk=hands.clerk,
        points=("document_no",),
    )  # fmt: skip
    step: dict[str, Any] = {"objection_id": row.pk, "now": stage.now}
    handling.accept(actor=hands.credit, **step)
    said = {"answer": "经调阅案卷核实。", "actor": hands.officer}
    handling.propose(outcome="change", changes={"document_no": "栾改〔2026〕9号"}, **said, **step)
    handling.approve(actor=hands.head, **step)
    breaches.revoke(
        case_id=publication.case_id, expect="served", reason="court", document_no="（2026）冀01行终1号",
        explanation="判决撤销。", actor=hands.head, now=stage.now,
    )  # fmt: skip
    entry_id = publication.case.entry_id
    assert entry_id is not None and not mark_of(entry_id)
    with pytest.raises(ObjectionError, match="不能按答复执行"), transaction.atomic():
        handling.carry_out(actor=hands.credit, **step)
    handling.reopen(reason="认定已由判决撤销。", actor=hands.credit, **step)
    handling.propose(outcome="withdraw", changes={}, **said, **step)
    handling.approve(actor=hands.head, **step)
    assert handling.carry_out(actor=hands.credit, **step).state == "answered"


@pytest.mark.req("R104")
def test_an_answer_that_cannot_be_printed_goes_back_as_well(counter: Counter) -> None:
    row = counter.shop.complaint()
    objection = counter.accepted(counter.hands.file(row.entry))
    handling.propose(
        objection_id=objection.pk, outcome="keep", changes={}, answer="经调阅案卷核实\ue000。",
        actor=counter.hands.officer, now=NOW,
    )  # fmt: skip
    handling.approve(objection_id=objection.pk, actor=counter.hands.head, now=NOW)
    with pytest.raises(ObjectionError, match="无法制作"):
        counter.carried_out(objection)
    assert "无法制作" in counter.reopened(objection, "答复中有不能打印的字。").returned_for


# ---- what is done already is done ---------------------------------------------------------------------------


@pytest.mark.req("R105")
def test_what_the_unit_has_put_right_in_the_meantime_is_done(counter: Counter) -> None:
    row = counter.shop.complaint()
    first = row.entry
    objection = counter.approved(counter.hands.file(first), "change", title="面粉结块")
    fresh = counter.complaint_corrected(row, about="面粉结块")
    done = counter.carried_out(objection)
    assert done.state == "answered" and done.changes[0]["old"] == first.title
    assert correcting.latest_of(first.pk) == fresh.entry_id and not mark_of(fresh.entry_id)

    # Before it is proposed, too: the answer says what was wrong, and only what still is gets put right.
    row = counter.shop.complaint()
    objection = counter.accepted(counter.hands.file(row.entry))
    fresh = counter.complaint_corrected(row, about="面粉结块")
    page = client_of(counter.hands.officer).get(f"/desk/objections/{objection.uuid}/").content.decode()
    assert "现为：面粉结块" in page
    objection = counter.proposed(objection, "change", title="面粉结块", from_on="2026-09-10")
    assert [(one["old"], one["new"]) for one in objection.changes] == [
        (row.about, "面粉结块"),
        (row.received_on.isoformat(), "2026-09-10"),
    ]
    handling.approve(objection_id=objection.pk, actor=counter.hands.head, now=NOW)
    counter.carried_out(objection)
    standing = CreditEntry.objects.get(corrects=fresh.entry)
    assert (standing.title, standing.from_on.isoformat()) == ("面粉结块", "2026-09-10")


@pytest.mark.req("R105")
def test_a_commitment_recorded_as_kept_in_the_meantime_is_done() -> None:
    give_time()
    stage = Stage()
    hands = Hands(officer=stage.officer, head=stage.head, credit=stage.credit)
    row = filed(
        target(f"commitment:{stage.commitment.code}", now=NOW), now=NOW, clerk=hands.clerk,
        points=("fulfilment",),
    )  # fmt: skip
    step: dict[str, Any] = {"objection_id": row.pk, "now": NOW}
    handling.accept(actor=hands.credit, **step)
    handling.propose(
        outcome="change", changes={"fulfilment": "fulfilled"}, answer="经调阅案卷核实。", actor=hands.officer, **step
    )  # fmt: skip
    stage.commitment.refresh_from_db()
    assert stage.commitment.fulfilment == "running"
    fulfilment.record_fulfilment(
        commitment_id=stage.commitment.pk, status="fulfilled", actor=hands.officer, now=NOW
    )
    handling.approve(actor=hands.head, **step)
    assert handling.carry_out(actor=hands.credit, **step).state == "answered"


@pytest.mark.req("R105")
def test_what_the_unit_has_taken_away_in_the_meantime_is_done(counter: Counter) -> None:
    row = counter.shop.complaint()
    objection = counter.approved(counter.hands.file(row.entry), "withdraw")
    counter.stopped(row)
    assert counter.carried_out(objection).state == "answered"


@pytest.mark.req("R105")
@pytest.mark.parametrize("state", ["repaired", "ended"])
def test_what_is_over_already_and_should_never_have_been_is_taken_out_as_well(
    counter: Counter, state: str
) -> None:
    over = {"repaired_on": TODAY} if state == "repaired" else {"ended_on": TODAY, "end_reason": "期满"}
    entry = factories.credit_entry(
        subject=factories.subject(), department=counter.shop.department, state=state, **over
    )
    counter.carried_out(counter.approved(counter.hands.file(entry), "withdraw"))
    assert CreditEntry.objects.get(pk=entry.pk).state == "revoked"


# ---- an act that was corrected meanwhile --------------------------------------------------------------------


class OfAnAct(Counter):
    def __init__(self) -> None:
        give_time()
        self.stage = Stage()
        self.hands = Hands(officer=self.stage.officer, head=self.stage.head, credit=self.stage.credit)
        self.act = acts.published(
            acts.entered("penalty", department=self.stage.department, now=NOW, actor=self.stage.officer),
            actor=self.stage.head, now=NOW,
        )  # fmt: skip
        self.row = filed(
            target(f"act:{self.act.uuid}", now=NOW), now=NOW, clerk=self.hands.clerk, points=("fine",)
        )

    def corrected(self, **changes: str) -> AdministrativeAct:
        """By its own department, and public again."""
        data = read_act(
            "penalty", acts.values("penalty", document_no=self.act.document_no) | changes, today=TODAY
        )
        new = entering.correct(act_id=self.act.pk, data=data, actor=self.stage.officer, now=NOW)
        return acts.published(new, actor=self.stage.head, now=NOW)

    def shown(self, act: AdministrativeAct) -> dict[str, Any]:
        found = find_act(act.uuid, now=NOW)
        assert found is not None
        return found


@pytest.fixture
def penalty() -> OfAnAct:
    return OfAnAct()


@pytest.mark.req("R104", "R105")
def test_an_act_corrected_meanwhile_keeps_the_mark_and_is_the_one_that_is_taken_down(
    penalty: OfAnAct,
) -> None:
    penalty.accepted(penalty.row)
    new = penalty.corrected(fine="3000")
    assert penalty.shown(new)["objection_under_way"] and mark_of(new.entry_id)
    assert target_of(penalty.row).row == new
    penalty.proposed(penalty.row, "withdraw")
    handling.approve(objection_id=penalty.row.pk, actor=penalty.hands.head, now=NOW)
    penalty.carried_out(penalty.row)
    new.refresh_from_db()
    assert (new.ending, new.entry.state) == ("objection", "revoked") and find_act(new.uuid, now=NOW) is None


@pytest.mark.req("R104", "R105")
def test_an_act_corrected_meanwhile_is_put_right_from_where_it_stands(penalty: OfAnAct) -> None:
    penalty.accepted(penalty.row)
    new = penalty.corrected(fine="3000", decided_on="2026-09-08")
    penalty.proposed(penalty.row, "change", fine="200")
    handling.approve(objection_id=penalty.row.pk, actor=penalty.hands.head, now=NOW)
    right = penalty.carried_out(penalty.row).successor
    assert right is not None and right.corrects == new and right.entry.corrects == new.entry
    shown = penalty.shown(right)
    assert shown["decided_on"].isoformat() == "2026-09-08" and not shown["objection_under_way"]
    assert {one["key"]: one["text"] for one in shown["details"]}["fine"] == "200.00"
    assert not mark_of(right.entry_id)


@pytest.mark.req("R105")
def test_an_act_that_already_says_what_the_answer_says_is_the_successor(penalty: OfAnAct) -> None:
    penalty.approved(penalty.row, "change", fine="200")
    new = penalty.corrected(fine="200")
    assert penalty.carried_out(penalty.row).successor == new
    assert not AdministrativeAct.objects.filter(corrects=new).exists()
    assert not penalty.shown(new)["objection_under_way"]


@pytest.mark.req("R105")
def test_an_act_put_right_to_be_anothers_is_not_touched_by_the_answer(penalty: OfAnAct) -> None:
    penalty.approved(penalty.row, "change", fine="200")
    other = penalty.corrected(subject_code=factories.organisation_code(), subject_name="另一家公司")
    assert not mark_of(penalty.act.entry_id) and not penalty.shown(other)["objection_under_way"]
    with pytest.raises(ObjectionError, match="不能按答复执行"):
        penalty.carried_out(penalty.row)
    penalty.reopened(penalty.row, "处罚的是另一家公司，已更正。")
    penalty.proposed(penalty.row, "withdraw")
    handling.approve(objection_id=penalty.row.pk, actor=penalty.hands.head, now=NOW)
    penalty.carried_out(penalty.row)
    other.refresh_from_db()
    assert (other.ended_at, other.entry.state) == (None, "effective")


def _taken_down_while_it_is_corrected(penalty: OfAnAct) -> AdministrativeAct:
    """The act that its department enters in the place of the other, while the office carries out the answer to that one."""
    penalty.approved(penalty.row, "withdraw")
    outcome: list[Any] = []

    def carry_out() -> None:
        try:
            penalty.carried_out(penalty.row)
        except Exception as error:  # whatever it is, it is looked at below
            outcome.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=carry_out)
    with transaction.atomic():
        new = penalty.corrected(fine="3000")
        other.start()
        while other.is_alive() and not _somebody_waits():
            time.sleep(0.01)
    other.join()
    assert outcome == []
    new.refresh_from_db()
    return new


@pytest.mark.django_db(transaction=True)
def test_an_act_corrected_at_the_same_moment_is_taken_down(penalty: OfAnAct) -> None:
    assert _taken_down_while_it_is_corrected(penalty).ending == "objection"


@pytest.mark.django_db(transaction=True)
def test_who_does_not_look_again_after_the_lock_takes_the_old_one_down(
    penalty: OfAnAct, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(
        carrying_out,
        "locked_latest_act",
        lambda act_id: AdministrativeAct.objects.select_for_update(of=("self",)).get(pk=latest_act(act_id)),
    )
    assert _taken_down_while_it_is_corrected(penalty).ending == ""


# ---- one matter, one mark -----------------------------------------------------------------------------------


@pytest.mark.req("R104")
def test_two_objections_to_one_matter_are_not_looked_into_at_once(counter: Counter) -> None:
    row = counter.shop.complaint()
    first = counter.accepted(counter.hands.file(row.entry))
    fresh = counter.complaint_corrected(row, about="面粉结块")
    with pytest.raises(ObjectionError, match=first.number):
        counter.hands.file(fresh.entry, reasons="另一个理由，也不对。")
    counter.proposed(first, "keep")
    handling.approve(objection_id=first.pk, actor=counter.hands.head, now=NOW)
    counter.carried_out(first)
    assert not mark_of(fresh.entry_id)
    again = counter.hands.file(fresh.entry, reasons="另一个理由，也不对。")
    assert mark_of(fresh.entry_id)
    filing.take_back(objection_id=again.pk, now=NOW)
    assert not mark_of(fresh.entry_id)


@pytest.mark.req("R104")
def test_an_act_and_its_entry_are_one_matter_whichever_was_objected_to(penalty: OfAnAct) -> None:
    new = penalty.corrected(fine="3000")
    for of in (target(f"act:{new.uuid}", now=NOW), target_of(Objection(of="entry", entry=new.entry))):
        with pytest.raises(ObjectionError, match=penalty.row.number):
            filed(of, now=NOW, clerk=penalty.hands.clerk, reasons="另一个理由，也不对。")


@pytest.mark.req("R104")
def test_of_two_that_were_marked_before_the_mark_goes_with_the_last(counter: Counter) -> None:
    row = counter.shop.complaint()
    first = counter.hands.file(row.entry)
    fresh = counter.complaint_corrected(row, about="面粉结块")
    Objection.objects.filter(pk=first.pk).update(marked=False)
    second = counter.hands.file(fresh.entry, reasons="另一个理由，也不对。")
    Objection.objects.filter(pk=first.pk).update(marked=True)
    filing.take_back(objection_id=first.pk, now=NOW)
    assert mark_of(fresh.entry_id)
    filing.take_back(objection_id=second.pk, now=NOW)
    assert not mark_of(fresh.entry_id)


@pytest.mark.req("R104")
def test_what_is_revoked_is_under_no_objection(counter: Counter) -> None:
    row = counter.shop.complaint()
    objection = counter.hands.file(row.entry)
    assert mark_of(row.entry_id)
    counter.stopped(row)
    assert not mark_of(row.entry_id)
    services.mark_objection(entry_id=row.entry_id, under_way=True, actor=None, now=NOW)
    assert not mark_of(row.entry_id)
    filing.take_back(objection_id=objection.pk, now=NOW)
    assert not mark_of(row.entry_id)
