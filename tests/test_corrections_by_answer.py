"""An answer to an objection puts an entry right that a procedure has written: a new entry that names the old one, and the
procedure goes on with it, to its end."""

import threading
import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.test import Client

from commitments import breaches
from commitments.consequences import interviewing
from commitments.models import ClauseWarning, Interview, Registration
from commitments.registrations import following, verifying
from commitments.warnings import answering
from commitments.warnings import following as warnings
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.registry import groups
from credit_portal.registry.models import User
from disclosure import consumer_gate
from disclosure.models import Objection
from disclosure.objections import handling
from disclosure.objections.records import owner_of, target_of_entry
from disclosure.objections.rules import ObjectionError
from repair import applying, locking_out
from repair.models import BrokenPledge, LockOut
from tests import factories, subjects
from tests.checking_stage import Place
from tests.factories import NOW, TODAY
from tests.objecting import answered, filed, give_time
from tests.office import client_of
from tests.repair_stage import RepairStage
from tests.test_checking_exceptions import dispute
from tests.test_consequences import _stage as served_case
from tests.test_consequences import invite, record
from tests.test_consumer_complaints import ON
from tests.test_registration import LICENCE, Desk
from tests.warning_stage import Stage as Shop
from tests.warning_stage import rule
from verification import correcting, services
from verification.checking import objecting
from verification.complaints import taking
from verification.complaints.reading import read
from verification.models import ConsumerComplaint, CreditEntry

pytestmark = pytest.mark.django_db


class Hands:
    """Who takes an objection to an entry from its receipt to the answer carried out."""

    def __init__(self, *, officer: User, head: User | None = None, credit: User | None = None) -> None:
        give_time()
        unit = officer.department
        office = credit.department if credit else factories.department(kind="credit_office")
        self.clerk = factories.staff(groups.CLERK, department=unit)
        self.officer = officer
        self.head = head or factories.staff(groups.HEAD, department=unit)
        self.credit = credit or factories.staff(groups.CREDIT_OFFICE, department=office)

    def file(self, entry: CreditEntry, *, now: datetime = NOW, **more: Any) -> Objection:
        return filed(target_of_entry(entry), now=now, clerk=self.clerk, **({"points": (OF_ENTRY[0],)} | more))

    def answer(self, row: Objection, outcome: str, *, now: datetime = NOW, **changes: str) -> Objection:
        return answered(
            row, outcome, office=self.credit, officer=self.officer, head=self.head, now=now, changes=changes
        )

    def put_right(self, entry: CreditEntry, *, now: datetime = NOW, **changes: str) -> CreditEntry:
        """The new entry, after all that is the same for every procedure was looked at."""
        ((owner, field),) = correcting._owners(entry.pk)
        row = self.file(entry, now=now)
        assert CreditEntry.objects.get(pk=entry.pk).objection_under_way
        self.answer(row, "change", now=now, **changes)
        old, new = CreditEntry.objects.get(pk=entry.pk), CreditEntry.objects.get(corrects=entry)
        assert (old.state, new.state, new.kind) == ("revoked", "effective", old.kind)
        assert row.number in old.end_reason and not old.objection_under_way and not new.objection_under_way
        said = {key: str(getattr(new, key)) for key in changes}
        assert said == changes and all(str(getattr(old, key)) != said[key] for key in said)
        assert getattr(type(owner)._base_manager.get(pk=owner.pk), field) == new
        assert not list(correcting._owners(old.pk))
        return new


OF_ENTRY = ("title", "from_on", "until_on", "document_no")


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Moment:
        now = NOW

    monkeypatch.setattr(clock, "now", lambda: Moment.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(Moment.now))
    return Moment


def shown(user_or_subject: Any, old: CreditEntry, new: CreditEntry) -> None:
    """Both can be read in the subject's record, the old one struck and pointing to the new."""
    one = user_or_subject.get(f"/me/record/entries/{old.uuid}/").content.decode()
    assert "由新的一条更正" in one and str(new.uuid) in one
    line = user_or_subject.get("/me/record/timeline/").content.decode()
    assert "更正后的记录" in line and str(new.uuid) in line


# ---- consumers' complaints ---------------------------------------------------------------------------------


@pytest.mark.req("R67", "R69", "R105")
def test_a_complaint_goes_on_with_the_corrected_entry_and_the_public_page_says_the_same():
    shop = Shop()
    rule("complaint_publication", ON, "months")
    hands = Hands(officer=shop.officer, head=shop.head, credit=shop.credit)
    row = shop.complaint(about="面粉发霉，要求退货" + "。" * 400)
    old = row.entry
    new = hands.put_right(old, title="面粉受潮，要求退货", from_on="2026-09-10")
    row = ConsumerComplaint.objects.get()
    assert (row.about, row.received_on, row.hotline_no) == (
        "面粉受潮，要求退货",
        date(2026, 9, 10),
        old.document_no,
    )
    said = row.history.order_by("history_id")
    assert len(said.first().about) > 400 and said.last().about == row.about
    # Handled after the day that is right, before the one that was wrong.
    told = read(taking.told_of(row) | shop.HANDLED | {"handled_on": "2026-09-11"}, today=TODAY)
    taking.give_result(complaint_id=row.pk, told=told, actor=shop.officer, now=NOW)
    page = Client().get(f"/consumer-complaints/{row.uuid}/").content.decode()
    assert "面粉受潮" in page and "2026-09-10" in page and "发霉" not in page
    assert (
        "面粉受潮" in client_of(shop.officer).get(f"/desk/consumer-complaints/{row.uuid}/").content.decode()
    )
    shown(subjects.client_for(shop.subject), old, new)

    taking.stop(complaint_id=row.pk, ending="mistake", note_text="不是这一家", actor=shop.officer, now=NOW)
    new.refresh_from_db()
    assert new.state == "revoked" and not consumer_gate.public_complaints(NOW).exists()


@pytest.mark.req("R67", "R69")
def test_a_complaint_is_corrected_by_its_own_procedure_after_an_answer_and_stopped_after_it_left_the_record():
    shop = Shop()
    hands = Hands(officer=shop.officer, head=shop.head, credit=shop.credit)
    row = shop.complaint()
    new = hands.put_right(row.entry, title="面粉受潮")
    row = ConsumerComplaint.objects.get()
    told = read(taking.told_of(row) | {"about": "面粉结块"}, today=TODAY)
    fresh = taking.correct(complaint_id=row.pk, told=told, actor=shop.officer, now=NOW)
    new.refresh_from_db()
    assert new.state == "revoked" and (fresh.about, fresh.entry.state) == ("面粉结块", "effective")
    assert fresh.entry.corrects == new and new.end_reason == "更正：处理部门另录一条"

    hands.answer(hands.file(fresh.entry), "withdraw")
    fresh.entry.refresh_from_db()
    assert fresh.entry.state == "revoked"
    taking.stop(complaint_id=fresh.pk, ending="objection", note_text="异议成立", actor=shop.officer, now=NOW)
    assert not ConsumerComplaint.objects.filter(ended_at=None).exists()


@pytest.mark.req("R69")
def test_a_number_that_another_complaint_has_cannot_be_the_right_one():
    shop = Shop()
    hands = Hands(officer=shop.officer, head=shop.head, credit=shop.credit)
    row, other = shop.complaint(), shop.complaint()
    for number, said in ((other.hotline_no, "已有这个 12315 编号"), ("号" * 41, "40")):
        objection = hands.file(ConsumerComplaint.objects.get(pk=row.pk).entry)
        handling.accept(objection_id=objection.pk, actor=hands.credit, now=NOW)
        step = {"objection_id": objection.pk, "now": NOW}
        with pytest.raises(ObjectionError, match=said) as wrong, transaction.atomic():
            handling.propose(
                outcome="change",
                changes={"document_no": number},
                answer="经调阅案卷核实。",
                actor=hands.officer,
                **step,
            )
        assert wrong.value.field == "change_document_no"
        Objection.objects.filter(pk=objection.pk).update(marked=False)
    assert CreditEntry.objects.filter(pk=row.entry_id, state="effective").exists()


@pytest.mark.req("R67")
def test_the_database_lets_a_complaint_move_with_its_correction_only():
    shop = Shop()
    row, other = shop.complaint(), shop.complaint()
    plain = shop.penalty()
    new = factories.credit_entry(
        subject=shop.subject,
        kind="complaint",
        title="对的",
        from_on=TODAY,
        document_no="对的号",
        corrects=row.entry,
    )

    def refused(**change: Any) -> None:
        with pytest.raises(DatabaseError, match="不能更改"), transaction.atomic():
            ConsumerComplaint.objects.filter(pk=row.pk).update(**change)

    refused(entry=plain)
    refused(about="对的")
    refused(entry=new, about="别的")
    refused(entry=new, received_on=TODAY - timedelta(days=9))
    refused(entry=new, hotline_no="别的号")
    refused(entry=new, subject_name="别的")
    with pytest.raises(DatabaseError, match="不能更改"), transaction.atomic():
        ConsumerComplaint.objects.filter(pk=other.pk).update(entry=new)
    ConsumerComplaint.objects.filter(pk=row.pk).update(
        entry=new, about="对的", received_on=TODAY, hotline_no="对的号"
    )
    refused(entry=plain)


@pytest.mark.req("R70")
def test_a_warning_waits_for_the_corrected_entry_and_what_was_answered_is_not_asked_again():
    shop = Shop()
    hands = Hands(officer=shop.officer, head=shop.head, credit=shop.credit)
    for _ in range(2):
        shop.complaint()
    row = shop.complaint()
    found = list(ClauseWarning.objects.filter(entry=row.entry).order_by("pk"))
    assert any(one.rule.sort == "risk" for one in found)
    new = hands.put_right(row.entry, document_no="11301110099")
    warnings.follow(now=NOW)
    waiting = list(ClauseWarning.objects.filter(entry=new).order_by("pk"))
    assert {one.state for one in ClauseWarning.objects.filter(entry=row.entry)} == {"dropped"}
    assert [(one.family, one.state) for one in waiting] == [(one.family, "open") for one in found]

    answering.answer(warning_id=waiting[0].pk, true=False, text="已查明不属实。", actor=shop.officer, now=NOW)
    before = ClauseWarning.objects.count()
    hands.put_right(new, document_no="11301110098")
    warnings.follow(now=NOW)
    assert ClauseWarning.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_who_stops_a_complaint_while_it_is_put_right_stops_it_by_its_new_entry():
    shop = Shop()
    row = shop.complaint()
    outcome: list[Any] = []

    def stop() -> None:
        try:
            taking.stop(
                complaint_id=row.pk, ending="mistake", note_text="不是这一家", actor=shop.officer, now=NOW
            )
        except Exception as error:  # whatever it is, it is looked at below
            outcome.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=stop)
    with transaction.atomic():
        new = correcting.correct_anew(
            entry_id=row.entry_id, changes={"title": "面粉受潮"}, reason="有误", actor=shop.officer, now=NOW,
            by_procedure=True,
        )  # fmt: skip
        other.start()
        while other.is_alive() and not _somebody_waits():
            time.sleep(0.01)
    other.join()
    new.refresh_from_db()
    row.refresh_from_db()
    assert (outcome, new.state, row.ending, row.entry_id) == ([], "revoked", "mistake", new.pk)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


# ---- voluntary registration --------------------------------------------------------------------------------


def registered(desk: Desk, **more: Any) -> tuple[Registration, Hands]:
    desk.subject.phone = "13800000001"
    desk.subject.save()
    told = type(LICENCE)(**(vars(LICENCE) | more))
    (row,) = desk.submitted(told)
    verifying.verify(registration_id=row.pk, how="核对一致，属实。", actor=desk.officer, now=NOW)
    hands = Hands(officer=desk.officer, credit=desk.credit)
    return Registration.objects.get(pk=row.pk), hands


@pytest.mark.req("R42", "R67", "R105")
@pytest.mark.parametrize(("signed", "right"), [(5, 20), (40, 20)])
def test_a_registration_expires_with_the_last_day_that_was_put_right_and_stays_as_signed(
    moment, signed, right
):
    desk = Desk()
    signed_for, last = TODAY + timedelta(days=signed), TODAY + timedelta(days=right)
    row, hands = registered(desk, valid_until=signed_for)
    old = row.entry
    new = hands.put_right(old, title="资质证照：食品生产许可证", until_on=last.isoformat())
    row.refresh_from_db()
    assert (row.title, row.valid_until, row.counts_until) == ("食品经营许可证", signed_for, last)
    client = desk.client()
    own = client.get("/me/record/").content.decode()
    assert "食品生产许可证" in own
    one = client.get(f"/me/registration/{row.uuid}/").content.decode()
    assert f"{last}" in one and "后来作过更正" in one
    assert "后来作过更正" in desk.client(desk.officer).get(f"/desk/registration/{row.uuid}/").content.decode()
    assert f"{last}" in client.get("/me/").content.decode()
    shown(client, old, new)
    assert following.follow(now=NOW) == 1  # told of before
    assert following.follow(now=NOW + timedelta(days=right)) == 0
    assert following.follow(now=NOW + timedelta(days=right + 1)) == 1
    row.refresh_from_db()
    new.refresh_from_db()
    old.refresh_from_db()
    assert (row.state, new.state, new.ended_on, old.state) == ("expired", "ended", last, "revoked")


@pytest.mark.req("R44", "R67")
def test_a_registration_is_taken_back_or_found_false_by_its_corrected_entry():
    desk = Desk()
    row, hands = registered(desk)
    new = hands.put_right(row.entry, title="资质证照：食品生产许可证")
    answer = desk.client().post(f"/me/registration/{row.uuid}/withdraw/")
    new.refresh_from_db()
    assert answer.status_code == 302 and new.state == "ended"

    row, hands = registered(desk)
    new = hands.put_right(row.entry, title="资质证照：食品生产许可证")
    verifying.revoke(registration_id=row.pk, reason="证书系伪造。", actor=desk.officer, now=NOW)
    new.refresh_from_db()
    assert new.state == "revoked"

    row, hands = registered(desk)
    hands.answer(hands.file(row.entry), "withdraw")
    verifying.revoke(registration_id=row.pk, reason="证书系伪造。", actor=desk.officer, now=NOW)
    assert Registration.objects.get(pk=row.pk).state == "false"


# ---- interviews --------------------------------------------------------------------------------------------


@pytest.mark.req("R77", "R67", "R105")
def test_an_interview_is_undone_with_its_determination_by_its_corrected_entry(moment):
    stage = served_case()
    row = record(stage, invite(stage))
    moment.now = stage.now
    hands = Hands(officer=stage.officer, head=stage.head, credit=stage.credit)
    old = row.entry
    minutes = row.minutes_document
    new = hands.put_right(old, now=stage.now, title="提示约谈")
    row.refresh_from_db()
    # The minutes are as they were signed.
    assert (row.kind, row.minutes_document, row.entry) == ("warning", minutes, new)
    shown(subjects.client_for(stage.case.subject, now=stage.now), old, new)
    breaches.revoke(
        case_id=stage.case.pk, expect="served", reason="court", document_no="（2026）冀01行终1号",
        explanation="判决撤销。", actor=stage.head, now=stage.now,
    )  # fmt: skip
    new.refresh_from_db()
    assert new.state == "revoked"


@pytest.mark.req("R77")
def test_a_determination_is_revoked_though_its_interview_has_left_the_record_before(moment):
    stage = served_case()
    row = record(stage, invite(stage))
    moment.now = stage.now
    hands = Hands(officer=stage.officer, head=stage.head, credit=stage.credit)
    hands.answer(hands.file(row.entry, now=stage.now), "withdraw", now=stage.now)
    with transaction.atomic():
        interviewing.undo(
            Interview.objects.select_for_update().get(pk=row.pk), actor=stage.head, now=stage.now
        )
    assert CreditEntry.objects.get(pk=row.entry_id).state == "revoked"


# ---- lock-outs ---------------------------------------------------------------------------------------------


@pytest.mark.req("R45", "R46", "R67", "R105")
def test_a_lock_out_lasts_to_the_day_that_was_put_right_and_ends_with_its_determination(moment):
    stage = RepairStage()
    stage.published_and_open()
    stage.repaired()
    stage.later(30)
    moment.now = stage.now
    day = local_date(stage.now)
    penalty = factories.credit_entry(
        subject=stage.subject, kind="penalty", from_on=day, department=stage.department,
        region=stage.department.region,
    )  # fmt: skip
    assert locking_out.look_for_broken(now=stage.now) == 1
    # What was found once is not found again where the entry is put right, whether answered yet or not.
    right = correcting.correct_anew(
        entry_id=penalty.pk,
        changes={"title": "超范围经营食品"},
        reason="录入有误",
        actor=stage.officer,
        now=stage.now,
    )
    assert locking_out.look_for_broken(now=stage.now) == 0
    sign = BrokenPledge.objects.get()
    assert sign.entry == right
    case = locking_out.open_case_on(
        sign_id=sign.pk, facts="承诺期内受到行政处罚，违反修复承诺。", actor=stage.officer, now=stage.now
    )
    stage.served(case=breaches.determine(
        case_id=stage.proposed(case=stage.noticed(case=case)).pk, expect="proposed", actor=stage.head, now=stage.now
    ))  # fmt: skip
    moment.now = stage.now
    lock = LockOut.objects.get(case=case)
    old = lock.entry
    hands = Hands(officer=stage.officer, head=stage.head, credit=stage.credit)
    last = lock.until_on - timedelta(days=30)
    new = hands.put_right(old, now=stage.now, until_on=last.isoformat())
    lock.refresh_from_db()
    assert (lock.until_on, lock.entry) == (last, new)
    assert applying.position_of(right.pk, on=local_date(stage.now)).eligibility.from_on == last + timedelta(
        days=1
    )
    shown(subjects.client_for(stage.subject, now=stage.now), old, new)

    other = factories.credit_entry(
        subject=stage.subject, kind="lockout", basis="S0", from_on=day, until_on=last, title="限制"
    )
    for change in (
        {"entry": other},
        {"until_on": last + timedelta(days=1)},
        {"case": stage.commitment.breach_cases.exclude(pk=case.pk).first() or case, "rule_id": 1},
    ):
        with pytest.raises(DatabaseError, match="不能更改"), transaction.atomic():
            LockOut.objects.filter(pk=lock.pk).update(**change)
    with pytest.raises(DatabaseError, match="不能更改"), transaction.atomic():
        models.QuerySet(LockOut).filter(pk=lock.pk).delete()
    services.revoke_entry(entry_id=other.pk, operator=stage.credit, now=stage.now)

    breaches.revoke(
        case_id=case.pk, expect="served", reason="own_error", explanation="处罚决定已撤销。", actor=stage.head,
        now=stage.now,
    )  # fmt: skip
    new.refresh_from_db()
    assert new.state == "revoked"
    assert applying.position_of(right.pk, on=local_date(stage.now)).eligibility.open


# ---- what else looks an entry up ---------------------------------------------------------------------------


@pytest.mark.req("R61")
def test_what_was_shown_against_an_entry_holds_against_the_one_that_puts_it_right():
    place = Place()
    old = place.listed("judgment_defaulter", department=factories.department(region="130129"))
    check = place.check("procurement", kind="supervisory")
    assert dispute(place.client("officer"), check, old.pk).status_code == 302
    objecting.answer(
        check_id=check.pk, objection_id=check.objections.get().pk, believe=True, answer="结案证明属实。",
        actor=place.head, now=NOW,
    )  # fmt: skip
    pk = old.pk
    for said in ("甲", "乙"):
        pk = correcting.correct_anew(
            entry_id=pk, changes={"title": said}, reason="有误", actor=place.head, now=NOW
        ).pk
    again = objecting.recheck(check_id=check.pk, actor=place.officer, now=NOW)
    assert {(one["entry_id"], one["harmful"]) for one in again.reasons if one["entry_id"]} == {(pk, False)}


@pytest.mark.req("R104")
def test_a_determination_is_found_by_the_entry_that_it_had_before():
    stage = served_case()
    old = CreditEntry.objects.get(breach_case=stage.case)
    with pytest.raises(services.MoveRefused, match="违诺认定"):
        correcting.correct_anew(
            entry_id=old.pk, changes={"document_no": "新"}, reason="有误", actor=stage.credit, now=stage.now
        )
    correcting.correct_anew(
        entry_id=old.pk, changes={"document_no": "新"}, reason="有误", actor=stage.credit, now=stage.now,
        by_procedure=True,
    )  # fmt: skip
    assert owner_of(old) == stage.case
    # What it says is still for the determination alone to say.
    assert not any(one.changes for one in target_of_entry(old).points)
