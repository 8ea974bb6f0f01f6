"""What a correction brings back and what it does not; what follows it; who waits for whom. (docs/record.md)"""

import importlib
import threading
import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, connection, transaction

from commitments.models import ClauseWarning, RegistrationStep
from commitments.registrations import following
from commitments.warnings import finding
from commitments.warnings import following as warnings
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice
from disclosure import consumer_gate
from disclosure.acts import entering, publishing
from disclosure.acts.fields import read as read_act
from disclosure.acts.rules import ActRefused
from disclosure.models import AdministrativeAct
from repair import applying
from repair.models import LockOut, RepairApplication
from tests import acts, factories
from tests.factories import NOW, TODAY
from tests.listing_stage import Office as Listings
from tests.objecting import counting
from tests.office import client_of
from tests.test_consequences import _stage as served_case
from tests.test_consumer_complaints import ON
from tests.test_corrections_by_answer import Desk, Hands, Shop, registered
from tests.warning_stage import rule
from verification import arrivals, correcting, services
from verification.complaints import taking
from verification.complaints.reading import read
from verification.models import ConsumerComplaint, CreditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Moment:
        now = NOW

    monkeypatch.setattr(clock, "now", lambda: Moment.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(Moment.now))
    return Moment


def hands_of(shop: Shop) -> Hands:
    return Hands(officer=shop.officer, head=shop.head, credit=shop.credit)


def put_right(entry: CreditEntry, *, now: Any = NOW, **changes: Any) -> CreditEntry:
    return correcting.correct_anew(
        entry_id=entry.pk, changes=changes, reason="有误", actor=None, now=now, by_procedure=True
    )


def corrected(shop: Shop, row: ConsumerComplaint, **changes: str) -> ConsumerComplaint:
    told = read(taking.told_of(row) | changes, today=TODAY)
    return taking.correct(complaint_id=row.pk, told=told, actor=shop.officer, now=NOW)


def penalty_of(shop: Shop) -> AdministrativeAct:
    return acts.entered("penalty", department=shop.department, now=NOW, actor=shop.officer)


def right_act(shop: Shop, act: AdministrativeAct, **changes: str) -> AdministrativeAct:
    values = acts.values("penalty", document_no=act.document_no, **({"fine": "3000"} | changes))
    data = read_act("penalty", values, today=TODAY)
    return entering.correct(act_id=act.pk, data=data, actor=shop.officer, now=NOW)


# ---- complaints --------------------------------------------------------------------------------------------


@pytest.mark.req("R67", "R69", "R105")
def test_a_complaint_that_an_objection_took_off_the_record_is_not_brought_back_by_correcting_it():
    shop = Shop()
    rule("complaint_publication", ON, "months")
    row = shop.complaint(**shop.HANDLED)
    hands = hands_of(shop)
    one, address = client_of(shop.officer), f"/desk/consumer-complaints/{row.uuid}/"
    assert f"{address}correct/" in one.get(address).content.decode()
    hands.answer(hands.file(row.entry), "withdraw")
    assert f"{address}correct/" not in one.get(address).content.decode()
    row = ConsumerComplaint.objects.get()
    with pytest.raises(taking.ComplaintRefused, match="已撤销"):
        corrected(shop, row, about="面粉结块")
    page = one.post(f"{address}correct/", taking.told_of(row) | {"about": "面粉结块"})
    assert page.status_code < 500 and ConsumerComplaint.objects.get().ended_at is None
    assert not consumer_gate.public_complaints(NOW).exists()
    assert not CreditEntry.objects.exclude(state="revoked").exists()
    taking.stop(complaint_id=row.pk, ending="objection", note_text="异议成立", actor=shop.officer, now=NOW)


@pytest.mark.req("R67")
@pytest.mark.parametrize("state", ["revoked", "repaired", "ended"])
def test_nothing_takes_the_place_of_what_does_not_stand(state):
    shop = Shop()
    old = shop.penalty()
    if state == "revoked":
        services.revoke_entry(entry_id=old.pk, operator=shop.credit, now=NOW)
    elif state == "repaired":
        services.mark_repaired(entry_id=old.pk, repaired_on=TODAY, operator=shop.credit, now=NOW)
    else:
        services.end_entry(entry_id=old.pk, operator=shop.credit, now=NOW)
    with pytest.raises(services.MoveRefused, match="不能由新的一条代替"), transaction.atomic():
        new = shop.penalty(corrects=old)
        correcting.take_over(new=new, reason="有误", actor=shop.credit, now=NOW)


@pytest.mark.req("R67", "R69")
def test_a_complaint_corrected_by_its_unit_hands_its_entry_over_in_one_step():
    shop = Shop()
    row = shop.complaint()
    before = AuditEvent.objects.order_by("-id").values_list("id", flat=True)[0]
    new = corrected(shop, row, about="面粉结块")
    said = [(was.state, was.end_reason) for was in row.entry.history.order_by("history_id")]
    assert said == [("effective", ""), ("revoked", "更正：处理部门另录一条")]
    verbs = list(AuditEvent.objects.filter(id__gt=before).order_by("id").values_list("verb", flat=True))
    assert verbs.count("entry.corrected") == 1 and "entry.changed" not in verbs
    # Told of another business, it leaves the first.
    other = factories.subject(name="另一家面业有限公司")
    third = corrected(shop, new, subject_name=other.name, subject_code=other.uscc)
    new.entry.refresh_from_db()
    assert (new.entry.state, third.entry.corrects, third.entry.state) == ("revoked", None, "effective")


@pytest.mark.req("R69", "R105")
def test_a_system_that_tells_a_corrected_complaint_as_before_gets_its_result_taken():
    shop = Shop()
    by = taking.by_person(shop.officer)
    told = shop.told()

    def tell(**more: str) -> taking.Taken:
        return taking.take({1: read(told | more, today=TODAY)}, by=by, now=NOW)

    row = tell().new[1]
    put_right(row.entry, title="面粉受潮", from_on=date(2026, 9, 13))
    assert list(tell().same) == list(tell(about="面粉受潮", received_on="2026-09-13").same) == [1]
    with pytest.raises(taking.RowsRefused) as refused:
        tell(about="别的")
    assert refused.value.faults[1][0][0] == "about"
    with pytest.raises(taking.RowsRefused) as refused:
        tell(**shop.HANDLED | {"handled_on": "2026-09-12"})
    assert refused.value.faults[1][0][0] == "handled_on"
    assert list(tell(**shop.HANDLED).completed) == list(tell(**shop.HANDLED).same) == [1]
    row = ConsumerComplaint.objects.get()
    assert (row.about, row.received_on, row.result) == ("面粉受潮", date(2026, 9, 13), "settled")


@pytest.mark.req("R69")
def test_no_telephone_comes_into_a_complaint_and_its_days_stay_in_order():
    shop = Shop()
    row = shop.complaint(**shop.HANDLED)
    for changes, key in (
        ({"title": "面粉发霉，请联系13812345678"}, "title"),
        ({"from_on": TODAY}, "from_on"),
    ):
        with pytest.raises(ValidationError) as refused, transaction.atomic():
            put_right(row.entry, **changes)
        assert list(refused.value.message_dict) == [key]
    assert CreditEntry.objects.get().state == "effective"


@pytest.mark.req("R67", "R69")
def test_a_complaint_that_an_answer_changes_is_told_of_in_the_log():
    shop = Shop()
    row = shop.complaint()

    def told() -> int:
        return AuditEvent.objects.filter(verb="consumer.complaint", target_id=str(row.pk)).count()

    before = told()
    hands_of(shop).put_right(row.entry, title="面粉受潮")
    assert told() == before + 1


# ---- the mark ----------------------------------------------------------------------------------------------


@pytest.mark.req("R104", "R105")
def test_what_is_revoked_is_under_no_objection():
    shop = Shop()
    hands = hands_of(shop)
    row = shop.complaint()
    hands.file(row.entry)
    taking.stop(complaint_id=row.pk, ending="mistake", note_text="不是这一家", actor=shop.officer, now=NOW)
    act = penalty_of(shop)
    services.mark_objection(entry_id=act.entry_id, under_way=True, actor=shop.credit, now=NOW)
    right_act(shop, act, subject_code=factories.organisation_code(), subject_name="另一家公司")
    gone = CreditEntry.objects.filter(pk__in=[row.entry_id, act.entry_id])
    assert set(gone.values_list("state", "objection_under_way")) == {("revoked", False)}
    services.mark_objection(entry_id=act.entry_id, under_way=True, actor=shop.credit, now=NOW)
    assert not gone.filter(objection_under_way=True).exists()


# ---- acts and listings -------------------------------------------------------------------------------------


@pytest.mark.req("R45", "R93")
def test_a_repaired_act_is_not_corrected():
    shop = Shop()
    act = penalty_of(shop)
    services.mark_repaired(entry_id=act.entry_id, repaired_on=TODAY, operator=shop.credit, now=NOW)
    data = read_act("penalty", acts.values("penalty", fine="3000"), today=TODAY)
    with pytest.raises(ActRefused, match="已修复"):
        right_act(shop, act)
    with pytest.raises(ActRefused, match="已修复"):
        publishing.replace_by_answer(
            act_id=act.pk, data=data, note_text="答复", entered_by=shop.officer, actor=shop.head, now=NOW
        )
    act.refresh_from_db()
    assert (act.ended_at, act.entry.state, CreditEntry.objects.count()) == (None, "repaired", 1)


@pytest.mark.req("R67")
def test_a_listing_is_revoked_and_made_anew_whoever_corrects():
    stage = Listings()
    row = stage.on(stage.opened())
    with pytest.raises(services.MoveRefused, match="联合惩戒列入"):
        put_right(row.entry, title="别的", now=stage.now)


# ---- registrations -----------------------------------------------------------------------------------------


@pytest.mark.req("R42", "R105")
def test_before_the_corrected_last_day_the_subject_is_told_again():
    desk = Desk()
    row, hands = registered(desk, valid_until=TODAY + timedelta(days=10))
    assert following.follow(now=NOW) == 1
    last = TODAY + timedelta(days=300)
    hands.put_right(row.entry, until_on=last.isoformat())
    row.refresh_from_db()
    step = row.steps.last()
    assert not row.expiry_told and (step.kind, step.note) == (
        "corrected", f"有效期至由 {TODAY + timedelta(days=10)} 改为 {last}",
    )  # fmt: skip
    assert following.follow(now=NOW) == 0
    assert following.follow(now=NOW + timedelta(days=280)) == 1
    assert RegistrationStep.objects.filter(kind="corrected").count() == 1


@pytest.mark.req("R42", "R105")
@pytest.mark.parametrize(
    ("days", "state", "of_entry"), [(300, "verified", "effective"), (4, "expired", "ended")]
)
def test_a_registration_that_expired_by_a_wrong_day_counts_again(days, state, of_entry):
    desk = Desk()
    row, _ = registered(desk, valid_until=TODAY + timedelta(days=3))
    later = NOW + timedelta(days=5)
    following.follow(now=later)
    new = put_right(row.entry, now=later, until_on=TODAY + timedelta(days=days))
    row.refresh_from_db()
    assert (row.state, row.entry, new.state, new.ended_on is None) == (state, new, of_entry, days == 300)
    if days == 300:
        assert following.follow(now=NOW + timedelta(days=301)) > 0
        new.refresh_from_db()
        assert (new.state, new.ended_on) == ("ended", new.until_on)


@pytest.mark.req("R42", "R44")
def test_a_registration_that_was_taken_back_stays_so():
    desk = Desk()
    row, _ = registered(desk, valid_until=TODAY)
    desk.client().post(f"/me/registration/{row.uuid}/withdraw/")
    new = put_right(row.entry, until_on=TODAY + timedelta(days=30))
    row.refresh_from_db()
    assert (row.state, new.state, new.ended_on) == ("withdrawn", "ended", TODAY)


# ---- lock-outs ---------------------------------------------------------------------------------------------


@pytest.mark.req("R45", "R46")
def test_a_lock_out_whose_entry_was_put_right_in_place_before_is_brought_into_line():
    stage = served_case()
    last = TODAY + timedelta(days=90)
    entry = factories.credit_entry(
        subject=stage.case.subject, kind="lockout", basis="S0", from_on=TODAY, until_on=last, title="限制"
    )
    lock = LockOut.objects.create(
        case=stage.case, entry=entry, until_on=last + timedelta(days=30), rule_id=None, made_at=stage.now
    )
    with transaction.atomic(), connection.cursor() as cursor:
        migration = importlib.import_module("repair.migrations.0003_corrected_lockouts")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP TRIGGER repair_lockout_follows ON repair_lockout")
        cursor.execute("DROP FUNCTION repair_refuse_lockout_change()")
        cursor.execute(migration.ALIGNED)
        cursor.execute(migration.FOLLOWS)
        lock.refresh_from_db()
        assert lock.until_on == last
        transaction.set_rollback(True)
    new = put_right(entry, now=stage.now, title="违反修复承诺")
    lock.refresh_from_db()
    assert (lock.entry, lock.until_on) == (new, last)


# ---- warnings ----------------------------------------------------------------------------------------------


@pytest.mark.req("R63", "R70")
def test_the_time_to_answer_a_warning_goes_on_with_the_corrected_entry():
    shop = Shop()
    old = shop.penalty()
    found = ClauseWarning.objects.filter(entry=old).count()
    duty = Duty.objects.get(rule_key="warning_answer")
    told = Notice.objects.filter(kind="warning").count()
    later = NOW + timedelta(days=3)
    new = put_right(put_right(old, now=later, title="销售不合格食品，情节较轻"), now=later, basis="依据")
    fresh = ClauseWarning.objects.filter(state="open")
    assert [one.entry for one in fresh] == [new] * found
    going_on = Duty.objects.get(rule_key="warning_answer", state="open")
    assert (going_on.matter_id, going_on.triggered_on, going_on.due_on) == (
        fresh.leading().get().pk, duty.triggered_on, duty.due_on,
    )  # fmt: skip
    assert Notice.objects.filter(kind="warning").count() == told
    warnings.follow(now=later)
    assert fresh.count() == found


@pytest.mark.req("R70")
def test_a_complaint_that_is_corrected_is_counted_once():
    shop = Shop()
    shop.complaint()
    corrected(shop, shop.complaint(), about="面粉结块")
    assert not ClauseWarning.objects.filter(rule__sort="risk").exists()


def test_what_was_told_of_entries_put_right_is_found_in_a_constant_number_of_queries():
    shop = Shop()

    def asked(number: int) -> int:
        entries = [put_right(put_right(shop.penalty(), title="甲"), title="乙") for _ in range(number)]
        with counting() as queries:
            finding._before([finding.Pair(None, one, None, []) for one in entries])
        return len(queries)

    assert asked(1) == asked(4)


# ---- who waits for whom ------------------------------------------------------------------------------------


def _confirmed_meanwhile() -> list[Any]:
    """A repair is being confirmed, application first, while the act that it is about is corrected: what went wrong."""
    shop = Shop()
    act = penalty_of(shop)
    application = RepairApplication.objects.create(
        number="F13011120260000099", entry=act.entry, subject=act.subject, department=shop.department,
        region=shop.department.region, state="applied", channel="online", applicant="赵一",
        capacity="legal_representative", methods=["performance"], explanation="检测报告已经补交，影响已经消除。",
        saved_at=NOW, applied_at=NOW, applied_on=TODAY, verify_token="待核",
    )  # fmt: skip
    outcome: list[Any] = []

    def correct() -> None:
        try:
            right_act(shop, act)
        except (OperationalError, ActRefused) as error:
            outcome.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=correct)
    try:
        with transaction.atomic():
            applying.locked(application.pk)
            other.start()
            while other.is_alive() and not _waits():
                time.sleep(0.01)
            AdministrativeAct.objects.select_for_update(of=("self",)).get(pk=act.pk)
            services.mark_repaired(entry_id=act.entry_id, repaired_on=TODAY, operator=shop.officer, now=NOW)
    except DatabaseError as error:
        outcome.append(error)
    other.join()
    return outcome


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_correction_and_a_repair_wait_for_each_other_in_one_order():
    (refused,) = _confirmed_meanwhile()
    assert isinstance(refused, ActRefused) and "已修复" in str(refused)


@pytest.mark.django_db(transaction=True)
def test_without_that_order_one_of_them_fails(monkeypatch):
    """The negative control of the test above."""
    monkeypatch.setattr(arrivals, "_before_correction", {})
    (failed,) = _confirmed_meanwhile()
    assert isinstance(failed, OperationalError) and "deadlock" in str(failed)
