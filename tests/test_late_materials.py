"""Late materials by the services: promised, brought, sent in, returned, extended once, overdue; and handled at once."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from commitments import breaches, case_opening, drafting, fulfilment, presenting, signing
from commitments.fulfilment import FulfilmentError
from commitments.models import (
    CommitmentEvent,
    ImmediateResult,
    Obligation,
    PromisedMaterial,
    Supplement,
    SupplementExtension,
)
from commitments.supplements import ending, extending, immediate, promising, receiving, reminding
from commitments.supplements.course import SupplementError, SupplementMoved
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import calendars, recounting
from credit_portal.deadlines.models import CalendarDay, Duty, PolicyRule
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.outbox import effects, sweeping
from credit_portal.outbox.models import Message, Notice
from tests import factories, subjects
from tests.counter import signature_png
from tests.factories import NOW
from tests.late_stage import DAY, FILE, HEALTH, PREMISES, Late, material, rule
from tests.office import client_of
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
State, Extended = Supplement.State, SupplementExtension.State
AFTER = DAY + timedelta(days=1)


class Signed(Late):
    """A promise of both materials, the first by 21 September, the second by the 28th."""

    def __init__(self) -> None:
        super().__init__()
        self.one = self.supplement()
        self.holder = subjects.opened(self.one.commitment.subject, now=NOW)

    def bring(self, number: int, **more):
        return receiving.receive(
            supplement_id=self.one.pk, number=number, actor=self.clerk, now=self.now, **more
        )

    def send(self, number: int):
        return receiving.send(
            supplement_id=self.one.pk, number=number, access=self.holder, uploads=[FILE], now=self.now
        )

    def ask(self, days: int = 5, actor=None):
        return extending.ask(
            supplement_id=self.one.pk, working_days=days, reason="暴雨停诊，不能体检。", upload=FILE,
            actor=actor or self.clerk, now=self.now,
        )  # fmt: skip

    def on(self, day: date) -> "Signed":
        self.now = NOW + timedelta(days=(day - NOW.date()).days)
        return self

    def fresh(self) -> Supplement:
        self.one.refresh_from_db()
        return self.one

    def duty(self, key: str = "late_materials_promise") -> Duty:
        return Duty.objects.get(rule_key=key, matter_type="supplement", matter_id=self.one.pk)

    def notes(self) -> list[str]:
        rows = self.one.commitment.events.filter(kind=CommitmentEvent.Kind.SUPPLEMENT)
        return list(rows.order_by("id").values_list("note", flat=True))


@pytest.fixture(scope="module")
def built(scene) -> Signed:
    return scene(Signed)


@pytest.fixture
def at(built, db) -> Signed:
    return mine(built)


# ---- the promise -------------------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_the_promise_is_a_clause_as_signed_a_row_a_material_and_a_duty_of_the_last_day(at):
    one, commitment = at.one, at.one.commitment
    assert commitment.late_materials and one.state == State.OPEN and one.last_on == DAY
    (clause,) = [c["text"] for c in commitment.content if c["text"].startswith("容缺材料")]
    assert [c["no"] for c in commitment.content] == list(range(1, 10))
    assert commitment.content[-1]["kind"] == "liability"
    assert (
        f"（1）{PREMISES}，2026年9月21日以前补交；（2）{HEALTH}，2026年9月28日以前补交。日期均含当日。"
        in clause
    )
    # The text's own blanks say the same, without having been typed.
    own = f"暂缺的材料：{PREMISES}、{HEALTH}，最迟于2026年9月28日交齐。"
    assert own in [c["text"] for c in commitment.content]
    rows = list(one.materials.values_list("number", "name", "source", "promised_on", "due_on", "state"))
    assert rows == [
        (1, PREMISES, "申请人自备", date(2026, 9, 21), date(2026, 9, 21), "waiting"),
        (2, HEALTH, "体检机构出具", DAY, DAY, "waiting"),
    ]
    duty = at.duty()
    assert (duty.triggered_on, duty.due_on, duty.department, duty.confirmed) == (
        NOW.date(), DAY, at.department, True,
    )  # fmt: skip
    assert AuditEvent.objects.filter(verb="supplement.step", target_id=str(commitment.pk)).count() == 1
    assert at.notes() == ["承诺补交 2 项，最迟 2026-09-28"]
    for change in ({"name": "别的"}, {"promised_on": date(2026, 10, 8), "due_on": date(2026, 10, 8)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            one.materials.filter(number=1).update(**change)
    for row in (one, material(one, 1)):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.delete()


@pytest.mark.req("R37")
@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({}, "至少选一项"),
        ({PREMISES: ""}, f"“{PREMISES}”没有写明补交日期"),
        ({PREMISES: "下周"}, f"“{PREMISES}”的补交日期应为日期"),
        ({PREMISES: "2026-09-11"}, f"“{PREMISES}”的补交日期不能早于签署当日 2026-09-14"),
        ({PREMISES: "2026-09-29"}, "太晚，最迟 2026-09-28（事项承诺 10 个工作日办结）"),
        ({PREMISES: "2026-09-26"}, "是休息日，请改为工作日，例如 2026-09-28"),
        ({"申请书": "2026-09-21"}, "“申请书”不在可以后补的材料之内"),
    ],
)
def test_a_promise_that_is_not_allowed_stops_reading_and_signing_and_names_the_material(at, days, words):
    at.counter.subject = factories.subject()
    draft = at.draft(days)
    at.counter.show(draft)
    with pytest.raises(drafting.DraftError) as wrong:
        presenting.finish_reading(draft_id=draft.pk, clerk=at.clerk, now=NOW)
    assert words in str(wrong.value) and wrong.value.field == "late"
    # Whoever gets round the reading is stopped at the signature: nothing is stored.
    draft.refresh_from_db()
    draft.step = "sign"
    draft.save(update_fields=["step"])
    with pytest.raises(drafting.DraftError):
        signing.sign(
            draft_id=draft.pk, clerk=at.clerk, signer_name="赵一", capacity="legal_representative",
            identity_document="id_card", signature_png=signature_png(), now=NOW,
        )  # fmt: skip
    assert not Supplement.objects.filter(commitment__subject=at.counter.subject).exists()


@pytest.mark.req("R37")
def test_a_rule_that_nobody_has_confirmed_offers_its_day_and_refuses_no_other(at):
    item, region = at.counter.item, at.department.region
    item.promised_working_days = 20
    confirmed = promising.limits_for(item, region, NOW.date())
    assert confirmed.last_on == confirmed.default_on == DAY
    PolicyRule.objects.filter(key="late_materials").update(confirmed=False)
    unsure = promising.limits_for(item, region, NOW.date())
    assert unsure.default_on == DAY and unsure.last_on == date(2026, 10, 16)
    PolicyRule.objects.filter(key="late_materials").delete()
    assert promising.limits_for(item, region, NOW.date()).default_on == date(2026, 10, 16)


@pytest.mark.req("R37")
def test_what_was_promised_anew_has_to_be_read_anew_and_another_item_begins_empty(at):
    at.counter.subject = factories.subject()
    draft = at.read(at.draft({PREMISES: "2026-09-21"}))
    assert draft.step == "sign"
    changed = promising.keep(draft_id=draft.pk, clerk=at.clerk, days={PREMISES: "2026-09-22"}, now=NOW)
    assert changed.step == "read" and changed.blanks["补交日期"] == "2026-09-22"
    # What was sent earlier and arrives later is overtaken.
    drafting.save_blanks(draft_id=draft.pk, clerk=at.clerk, values={}, now=NOW, order=9)
    late = promising.keep(draft_id=draft.pk, clerk=at.clerk, days={}, now=NOW, order=8)
    assert late.promised == changed.promised
    assert at.counter.checked(late_materials=False).promised == []
    with pytest.raises(drafting.DraftError, match="不是容缺受理"):
        promising.keep(draft_id=draft.pk, clerk=at.clerk, days={}, now=NOW)


@pytest.mark.req("R37")
def test_nobody_is_offered_late_materials_without_a_list_or_with_a_bad_record(at):
    bare = factories.item_version(department=at.department, materials=[])
    at.counter.subject, at.counter.item = factories.subject(), bare
    with pytest.raises(drafting.DraftError, match="没有列出可以后补的材料"):
        at.draft()
    at.counter.item = factories.item_version(department=at.department)
    factories.credit_entry(subject=at.counter.subject)
    assert at.draft().step == "ordinary"


# ---- coming in ---------------------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_brought_one_by_one_the_last_one_meets_the_duty(at):
    row = at.later(3).bring(2, upload=FILE)
    assert (row.state, row.received_on, row.received_by, row.late) == (
        "received", date(2026, 9, 17), at.clerk, False,
    )  # fmt: skip
    assert row.file is not None
    # What is still open ends earlier now, and so does the duty.
    assert at.fresh().last_on == date(2026, 9, 21) == at.duty().due_on
    with pytest.raises(SupplementMoved, match="“健康证明”已收到"):
        at.bring(2)
    with pytest.raises(SupplementError, match="没有这项材料"):
        at.bring(3)
    stranger = factories.staff("clerk")
    with pytest.raises(SupplementError, match="由受理单位"):
        receiving.receive(supplement_id=at.one.pk, number=1, actor=stranger, now=at.now)
    with pytest.raises(EvidenceRefused), transaction.atomic():
        at.bring(1, upload=(b"MZ", "application/pdf", "a.pdf"))
    at.later(1).bring(1)
    assert at.fresh().state == State.DONE and at.one.ended_on == date(2026, 9, 18)
    duty = at.duty()
    assert (duty.state, duty.met_on, duty.met_by) == ("met", date(2026, 9, 18), at.clerk)
    assert at.notes()[1:] == ["收到“健康证明”", "收到“场所使用证明”", "容缺材料全部收到"]
    steps = AuditEvent.objects.filter(verb="supplement.step").order_by("id").values_list("facts", flat=True)
    assert [row["step"] for row in steps][1:] == ["收到第 2 项", "收到第 1 项", "容缺材料全部收到"]
    with pytest.raises(DatabaseError), transaction.atomic():
        Supplement.objects.filter(pk=at.one.pk).update(state=State.OPEN, ended_on=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        at.one.materials.filter(number=1).update(received_on=date(2026, 9, 1))


@pytest.mark.req("R37")
def test_the_day_on_which_it_was_sent_counts_however_slow_the_clerk_is(at):
    at.bring(1)
    at.on(DAY).send(2)
    assert Notice.objects.filter(user=at.clerk, kind="supplement", title__contains="请核收").exists()
    # A week later nobody has looked: the procedure stands.
    at.later(7)
    assert ending.end_overdue(now=at.now) == 0 and at.fresh().state == State.OPEN
    row = receiving.accept(supplement_id=at.one.pk, number=2, actor=at.clerk, now=at.now)
    assert (row.received_on, row.late) == (DAY, False)
    assert at.fresh().state == State.DONE
    assert (at.duty().met_on, at.duty().due_on) == (DAY, DAY)


@pytest.mark.req("R37")
def test_a_return_gives_the_time_back_once_and_a_second_one_is_somebody_elses(at):
    at.on(date(2026, 9, 24)).send(2)
    at.on(AFTER + timedelta(days=1))  # two working days were left when it was sent
    back = {"supplement_id": at.one.pk, "number": 2, "now": at.now}
    with pytest.raises(SupplementError, match="退回的理由"):
        receiving.send_back(**back, reason="", actor=at.clerk)
    row = receiving.send_back(**back, reason="照片看不清，请重新拍。", actor=at.clerk)
    assert (row.state, row.sent_on, row.due_on, row.promised_on) == (
        "waiting", None, date(2026, 10, 8), DAY,
    )  # fmt: skip
    assert row.returned_file is not None and row.file is None
    assert at.duty().due_on == at.fresh().last_on == date(2026, 10, 8)
    at.on(date(2026, 10, 8)).send(2)
    back["now"] = at.now
    with pytest.raises(SupplementError, match=f"2026-09-30 由{at.clerk}退回过一次"):
        receiving.send_back(**back, reason="还是看不清。", actor=at.clerk)
    again = receiving.send_back(**back, reason="不是所要的证明。", actor=at.officer)
    assert again.due_on == date(2026, 10, 9)
    with pytest.raises(SupplementMoved):
        receiving.accept(supplement_id=at.one.pk, number=2, actor=at.clerk, now=at.now)


@pytest.mark.req("R37")
def test_nobody_sends_for_another_nor_twice_nor_nothing(at):
    other = subjects.opened(factories.subject(), now=NOW)
    looks = subjects.opened(at.one.commitment.subject, capacity="agent", scope="view", now=NOW)
    for held in (other, looks):
        with pytest.raises(SupplementError, match="本主体"):
            receiving.send(supplement_id=at.one.pk, number=1, access=held, uploads=[FILE], now=NOW)
    with pytest.raises(SupplementError, match="请选择要提交的文件"):
        receiving.send(supplement_id=at.one.pk, number=1, access=at.holder, uploads=[], now=NOW)
    at.send(1)
    with pytest.raises(SupplementMoved, match="网上已提交"):
        at.send(1)
    with pytest.raises(SupplementMoved, match="已经在网上提交"):
        at.bring(1)


# ---- force majeure -----------------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_force_majeure_extends_once_by_another_person_and_a_second_time_is_refused_by_name(at):
    at.bring(1)
    for days, words in ((0, "1 至 10"), (11, "1 至 10")):
        with pytest.raises(SupplementError, match=words):
            at.ask(days)
    with pytest.raises(SupplementError, match="请附不可抗力的证明"):
        extending.ask(
            supplement_id=at.one.pk,
            working_days=5,
            reason="暴雨停诊了。",
            upload=None,
            actor=at.clerk,
            now=NOW,
        )
    asked = at.on(DAY).ask(actor=at.officer)
    with pytest.raises(SupplementMoved, match="等待另一人"):
        at.ask()
    # Nothing ends while it waits.
    assert ending.end_overdue(now=at.now + timedelta(days=9)) == 0
    decide = {"extension_id": asked.pk, "granted": True, "note": "停诊公告属实。", "now": at.now}
    with pytest.raises(SupplementError, match="另一人"):
        extending.decide(**decide, actor=at.officer)
    with pytest.raises(SupplementError, match="由受理单位"):
        extending.decide(**decide, actor=at.clerk)
    extending.decide(**decide, actor=at.head)
    row = material(at.one, 2)
    assert (row.due_on, row.promised_on) == (date(2026, 10, 10), DAY)
    assert material(at.one, 1).due_on == date(2026, 9, 21)
    assert at.duty().due_on == at.fresh().last_on == date(2026, 10, 10)
    with pytest.raises(SupplementError, match=f"延长过一次（2026-09-28 由{at.head}决定，延长至 2026-10-10）"):
        at.ask()
    with pytest.raises(DatabaseError), transaction.atomic():
        SupplementExtension.objects.filter(pk=asked.pk).update(working_days=9)


@pytest.mark.req("R37")
def test_refused_it_is_over_the_next_day_and_a_slow_decision_harms_nobody(at):
    asked = at.on(DAY).ask()
    at.later(10)
    extending.decide(extension_id=asked.pk, granted=False, note="与停诊无关。", actor=at.head, now=at.now)
    assert ending.end_overdue(now=at.now) == 1 and at.fresh().state == State.OVERDUE
    with pytest.raises(SupplementMoved, match="逾期终止"):
        at.ask()


# ---- the clause that promises it ---------------------------------------------------------------------------


def promises(at: Signed) -> list[Obligation]:
    return list(at.one.commitment.obligations.filter(kind="late").order_by("clause_no"))


@pytest.mark.req("R37", "R62")
def test_the_clause_that_promises_late_materials_is_due_and_kept_as_they_come(at, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: at.now)
    monkeypatch.setattr(clock, "today", lambda: at.now.date())
    # The clause that names the materials; the text's own only announces them. Not the end of the term.
    first = promises(at)
    assert [row.due_on for row in first] == [DAY] and first[0].what.startswith("容缺材料：")
    announced = [row for row in at.one.commitment.obligations.all() if row.what.startswith("暂缺的材料")]
    assert [(row.kind, row.due_on) for row in announced] == [("declared", None)]
    assert at.one.commitment.valid_until not in {row.due_on for row in first}
    asked = at.ask()
    extending.decide(extension_id=asked.pk, granted=True, note="停诊公告属实。", actor=at.head, now=at.now)
    assert {row.due_on for row in promises(at)} == {at.fresh().last_on} and at.one.last_on > DAY
    clause = first[0].clause_no
    with pytest.raises(FulfilmentError, match="在“容缺受理”中登记收到") as refused:
        fulfilment.record_obligations(
            commitment_id=at.one.commitment_id, found=[(clause, "kept")], found_on=NOW.date(),
            note="都已经收到了。", actor=at.officer, now=at.now,
        )  # fmt: skip
    assert refused.value.field == f"clause-{clause}"
    at.bring(2)
    assert {row.due_on for row in promises(at)} == {at.fresh().last_on}
    listed = client_of(at.officer).get("/desk/obligations/").content.decode()
    assert f"/desk/supplements/{at.one.uuid}/" in listed
    at.later(1).bring(1)
    assert {row.state for row in promises(at)} == {"kept"}
    finding = promises(at)[0].findings.get()
    assert (finding.done_on, finding.finder, finding.note) == (
        date(2026, 9, 15),
        at.clerk,
        "容缺材料全部收到",
    )
    page = client_of(at.officer).get(f"/desk/obligations/{at.one.commitment.code}/").content.decode()
    assert f"/desk/supplements/{at.one.uuid}/" in page and "已补齐" in page


@pytest.mark.req("R37", "R62")
@pytest.mark.parametrize("reason", ["came_late", "withdrawn"])
def test_what_was_closed_after_its_days_marks_nobody_as_late(at, reason):
    at.bring(1)
    ending.end_overdue(now=at.on(AFTER).now)
    # Over, but nothing is determined by a day that has passed.
    assert {row.state for row in promises(at)} == {"open"}
    at.bring(2)
    ending.close(supplement_id=at.one.pk, reason=reason, note="核实了情况。", actor=at.officer, now=at.now)
    state = {"came_late": "kept", "withdrawn": "ended"}[reason]
    assert {row.state for row in promises(at)} == {state}
    last = promises(at)[0].findings.get()
    assert last.done_on == (AFTER if reason == "came_late" else None)


# ---- overdue -----------------------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_the_day_after_the_last_day_the_procedure_ends_and_the_matter_is_the_departments(at):
    at.bring(1)
    assert ending.end_overdue(now=at.on(DAY).now) == 0
    commitment = at.one.commitment
    commitment.subject.phone = "13800000000"
    commitment.subject.save()
    done = sweeping.sweep(now=at.on(AFTER).now)
    assert done["supplements"] == 1
    assert at.fresh().state == State.OVERDUE and at.one.ended_on == AFTER
    assert sweeping.sweep(now=at.now)["supplements"] == 0
    commitment.refresh_from_db()
    # Nothing is determined by a machine.
    assert commitment.fulfilment == "running" and not commitment.breach_cases.exists()
    assert (at.duty().state, at.duty().closed_reason) == ("cancelled", "逾期未补交，终止办理")
    over = at.duty("late_materials_overdue")
    assert (over.state, over.triggered_on, over.due_on) == ("open", AFTER, date(2026, 10, 12))
    told = set(Notice.objects.filter(title__contains="逾期未补，请处理").values_list("user", flat=True))
    assert told == {at.clerk.pk, at.officer.pk, at.head.pk}
    assert at.notes()[-1] == "逾期未补交 1 项，终止办理，转部门处理"
    message = Message.objects.get(effect=reminding.SMS, payload__what="overdue")
    assert message.state == "done"
    # What comes now is late, and said to be.
    row = at.bring(2)
    assert row.late and at.notes()[-1] == "收到“健康证明”，晚于补交日期"
    assert at.fresh().state == State.OVERDUE
    close = {"supplement_id": at.one.pk, "now": at.now}
    for reason, note, actor, words in (
        ("", "已经补齐了。", at.officer, "请选择了结的理由"),
        ("came_late", "好", at.officer, "了结的情况"),
        ("came_late", "已经补齐了。", at.clerk, "由受理单位"),
    ):
        with pytest.raises(SupplementError, match=words):
            ending.close(**close, reason=reason, note=note, actor=actor)
    ending.close(**close, reason="came_late", note="次日补齐，没有影响。", actor=at.officer)
    assert at.fresh().state == State.CLOSED and at.duty("late_materials_overdue").state == "met"
    with pytest.raises(SupplementMoved):
        ending.close(**close, reason="came_late", note="次日补齐，没有影响。", actor=at.head)


@pytest.mark.req("R37")
def test_a_case_about_it_settles_the_matter_and_another_case_does_not(at):
    ending.end_overdue(now=at.on(AFTER).now)
    with pytest.raises(SupplementError, match="还有 2 项没有收到"):
        ending.close(
            supplement_id=at.one.pk, reason="came_late", note="已经补齐了。", actor=at.officer, now=at.now
        )
    opened = {"commitment_id": at.one.commitment_id, "facts": "到期没有补交健康证明。", "now": at.now}
    first = case_opening.open_case(**opened, source="inspection", actor=at.officer)
    assert at.fresh().state == State.OVERDUE
    breaches.drop(case_id=first.pk, expect="opened", reason="另案处理了。", actor=at.officer, now=at.now)
    case = case_opening.open_case(**opened, source="late_materials", actor=at.officer)
    assert (at.fresh().state, at.one.case) == (State.CASE, case)
    assert at.duty("late_materials_overdue").state == "met"
    with pytest.raises(SupplementMoved):
        at.bring(1)


@pytest.mark.req("R37")
def test_a_holiday_notice_that_takes_the_last_day_away_runs_on_to_the_next_working_day(at):
    at.bring(1)
    notice = CalendarDay.objects.filter(day__year=2026).first().notice
    CalendarDay.objects.create(day=DAY, kind="rest", name="临时放假", notice=notice)
    calendar = calendars.current_calendar()
    recounting.write_moves(
        recounting.moves_by_calendar(calendar, days=[DAY], year=2026),
        now=NOW,
        actor=None,
        cause="test",
        note="",
    )
    assert at.duty().due_on == AFTER
    assert ending.end_overdue(now=at.on(AFTER).now) == 0
    assert ending.end_overdue(now=at.later(1).now) == 1
    assert at.fresh().ended_on == AFTER + timedelta(days=1)


@pytest.mark.req("R37")
def test_a_changed_rule_moves_no_promise(at):
    changed = PolicyRule.objects.get(key="late_materials", region="130111")
    changed.value = 3
    changed.save()
    assert not [move for move in recounting.moves_by_rule(changed) if move.duty.matter_id == at.one.pk]


@pytest.mark.req("R37")
def test_a_correction_gives_no_more_time_and_the_old_promise_ends(at):
    at.on(date(2026, 9, 16))
    draft = signing.start_correction(
        commitment_id=at.one.commitment_id, clerk=at.clerk, reason="名称写错了。", now=at.now
    )
    draft = drafting.check_draft(
        draft_id=draft.pk, clerk=at.clerk, item_version_id=at.counter.item.pk, commitment_type="approval",
        late_materials=True, case_ref="", now=at.now,
    )  # fmt: skip
    promising.keep(draft_id=draft.pk, clerk=at.clerk, days={HEALTH: "2026-09-29"}, now=at.now)
    draft.refresh_from_db()
    assert "最迟 2026-09-28" in promising.errors_of(draft, on=at.now.date())[HEALTH]
    promising.keep(draft_id=draft.pk, clerk=at.clerk, days={HEALTH: "2026-09-28"}, now=at.now)
    new = at.counter.sign(at.read(draft), now=at.now)
    assert new.supplement.state == State.OPEN
    assert at.fresh().state == State.CANCELLED and at.duty().state == "cancelled"


@pytest.mark.req("R37")
def test_a_voided_commitment_waits_for_nothing(at):
    signing.void(commitment_id=at.one.commitment_id, clerk=at.clerk, reason="申请人撤回。", now=NOW)
    assert at.fresh().state == State.CANCELLED and at.duty().state == "cancelled"


# ---- reminding ---------------------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_clerk_and_subject_are_reminded_before_the_last_day_and_nobody_twice(at, monkeypatch):
    subject = at.one.commitment.subject
    subject.phone = "13800000000"
    subject.save()
    at.bring(1)
    assert reminding.remind(now=at.on(date(2026, 9, 21)).now) == 0
    at.on(date(2026, 9, 22))
    assert [reminding.remind(now=at.now) for _ in range(2)] == [1, 0]
    assert reminding.remind(now=at.on(date(2026, 9, 24)).now) == 1
    titles = Notice.objects.filter(user=at.clerk, title__contains="为最后一日")
    assert titles.count() == 2 and at.officer.pk not in titles.values_list("user", flat=True)
    sent: list[dict] = []
    monkeypatch.setattr("credit_portal.outbox.notices._sms_backend", lambda: lambda **told: sent.append(told))
    handler = effects.effect(reminding.SMS).handler
    rows = list(Message.objects.filter(effect=reminding.SMS).order_by("id"))
    assert len(rows) == 2
    for row in rows:
        handler(row.payload, key=row.key, now=at.now)
    assert [told["number"] for told in sent] == ["13800000000"] * 2
    assert "还有 1 项没有收到，最迟 2026-09-28 补交" in sent[0]["text"] and "最后一日" in sent[1]["text"]
    assert subject.name not in sent[0]["text"]
    # What has come meanwhile is not reminded of.
    at.bring(2)
    handler(rows[1].payload, key=rows[1].key, now=at.now)
    assert len(sent) == 2


@pytest.mark.req("R37")
def test_the_sweep_costs_the_same_for_one_and_for_many(at, django_assert_max_num_queries):
    for _ in range(4):
        at.counter.subject = factories.subject()
        at.supplement(**{PREMISES: "2026-09-21"})
    with django_assert_max_num_queries(16):
        assert reminding.remind(now=at.on(date(2026, 9, 18)).now) == 4
    assert ending.end_overdue(now=at.on(date(2026, 9, 22)).now) == 4
    assert PromisedMaterial.objects.filter(state="waiting").count() == 6


# ---- handled at once ---------------------------------------------------------------------------------------


class AtOnce(Late):
    def __init__(self) -> None:
        super().__init__()
        self.item(handled_at_once=True)

    def item(self, **fields) -> None:
        self.counter.item = factories.item_version(department=self.department, **fields)

    def signed(self, **choice):
        self.counter.subject = factories.subject()
        return self.counter.sign(self.counter.ready(now=self.now, **choice), now=self.now)


@pytest.mark.req("R36")
def test_with_everything_there_the_result_is_due_on_the_day_of_signing_and_recorded_once():
    at = AtOnce()
    one = at.signed()
    row = one.immediate
    assert row.due_on == NOW.date()
    duty = Duty.objects.get(rule_key="handled_at_once", matter_id=row.pk)
    assert (duty.due_on, duty.department, duty.state) == (NOW.date(), at.department, "open")
    give = {"commitment_id": one.pk, "actor": at.clerk, "now": NOW}
    for result, number, note, words in (
        ("", "栾许〔2026〕1号", "", "请选择办理结果"),
        ("granted", "", "", "文书号"),
        ("returned", "栾退〔2026〕1号", "", "退回的理由"),
    ):
        with pytest.raises(SupplementError, match=words):
            immediate.record(**give, result=result, document_no=number, note=note)
    with pytest.raises(SupplementError, match="不是本部门"):
        immediate.record(**(give | {"actor": factories.staff()}), result="granted", document_no="一号")
    immediate.record(**give, result="granted", document_no="栾许〔2026〕1号")
    row.refresh_from_db()
    assert (row.result, row.document_no, row.recorded_by) == ("granted", "栾许〔2026〕1号", at.clerk)
    duty.refresh_from_db()
    assert duty.state == "met" and one.events.filter(kind="result", note="准予，栾许〔2026〕1号").exists()
    assert AuditEvent.objects.get(verb="immediate.result").facts["result"] == "准予"
    with pytest.raises(SupplementMoved, match="已于 2026-09-14 登记为“准予”"):
        immediate.record(**give, result="returned", document_no="栾退〔2026〕1号", note="材料不符。")
    with pytest.raises(DatabaseError), transaction.atomic():
        ImmediateResult.objects.filter(pk=row.pk).update(result="returned")


@pytest.mark.req("R36")
def test_what_is_signed_on_a_rest_day_is_due_on_the_next_working_day():
    at = AtOnce()
    at.now = NOW.replace(day=26)  # Mid-Autumn, a Saturday
    one = at.signed()
    assert one.immediate.due_on == DAY
    assert Duty.objects.get(rule_key="handled_at_once").due_on == DAY


@pytest.mark.req("R36")
def test_other_items_other_types_late_materials_and_key_reviews_are_not_handled_at_once():
    at = AtOnce()
    for choice in ({"commitment_type": "supervisory"}, {"commitment_type": "voluntary"}):
        factories.text_version(department=at.department, **choice)
        assert not hasattr(at.signed(**choice), "immediate")
    at.counter.subject = factories.subject()
    assert not hasattr(at.commitment(), "immediate")
    at.item()
    assert not hasattr(at.signed(), "immediate")
    # Key review: looked at one by one first.
    at.item(handled_at_once=True)
    one = at.signed()
    assert immediate.applies(one)
    one.check_made.scrutiny = "key"
    assert not immediate.applies(one)
    signing.void(commitment_id=one.pk, clerk=at.clerk, reason="申请人撤回。", now=NOW)
    one.immediate.refresh_from_db()
    assert one.immediate.cancelled
    with pytest.raises(SupplementMoved, match="作废"):
        immediate.record(commitment_id=one.pk, actor=at.clerk, result="granted", document_no="一号", now=NOW)


@pytest.mark.req("R36")
def test_the_rate_counts_what_is_over_and_what_was_given_on_the_day():
    at = AtOnce()
    rule("handled_at_once", 0, confirmed=False)
    made = [at.signed() for _ in range(4)]
    tomorrow = NOW + timedelta(days=1)
    for one, when in ((made[0], NOW), (made[1], NOW), (made[2], tomorrow)):
        immediate.record(commitment_id=one.pk, actor=at.clerk, result="granted", document_no="一号", now=when)
    signing.void(commitment_id=made[3].pk, clerk=at.clerk, reason="申请人撤回。", now=NOW)
    (rate,) = immediate.rates(at.officer, since=NOW.date(), today=tomorrow.date())
    assert (rate.due, rate.at_once, rate.percent) == (3, 2, "67%")
    assert immediate.rates(factories.staff("officer"), since=NOW.date(), today=tomorrow.date()) == []
