"""Late materials that are overdue, and reminders before."""

from datetime import date, timedelta

import pytest

from commitments import breaches, case_opening, drafting, fulfilment, signing
from commitments.fulfilment import FulfilmentError
from commitments.models import (
    Obligation,
    PromisedMaterial,
)
from commitments.supplements import ending, extending, promising, reminding
from commitments.supplements.course import SupplementError, SupplementMoved
from credit_portal.audit import clock
from credit_portal.deadlines import calendars, recounting
from credit_portal.deadlines.models import CalendarDay, PolicyRule
from credit_portal.outbox import effects, sweeping
from credit_portal.outbox.models import Message, Notice
from tests import factories
from tests.factories import NOW
from tests.late_materials_stage import AFTER, Signed, State
from tests.late_stage import DAY, HEALTH, PREMISES
from tests.office import client_of
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(scope="module")
def built(scene) -> Signed:
    return scene(Signed)


@pytest.fixture
def at(built, db) -> Signed:
    return mine(built)


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
