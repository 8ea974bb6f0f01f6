"""Late materials: the promise, how they come in, force majeure."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from commitments import drafting, presenting, signing
from commitments.models import (
    Supplement,
    SupplementExtension,
)
from commitments.supplements import ending, extending, promising, receiving
from commitments.supplements.course import SupplementError, SupplementMoved
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.outbox.models import Notice
from tests import factories, subjects
from tests.counter import signature_png
from tests.factories import NOW
from tests.late_materials_stage import AFTER, Signed, State
from tests.late_stage import DAY, FILE, HEALTH, PREMISES, material
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(scope="module")
def built(scene) -> Signed:
    return scene(Signed)


@pytest.fixture
def at(built, db) -> Signed:
    return mine(built)


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
