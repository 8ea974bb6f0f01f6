"""Repair from the draft to its effect, each step by its service (S0 一（一）（四）, S1 十三, S2 四（四）4, S4 13)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from commitments import breaches
from commitments.concluding import SigningError, Upload
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Message, PublicChange
from disclosure import breach_publishing
from disclosure.breach_gate import find_breach
from disclosure.models import BreachPublication
from repair import applying, deciding, locking_out
from repair.models import BrokenPledge, LockOut, RepairApplication, RepairStep, UnpublicationProof
from repair.rules import NotEligible, RepairError, RepairMoved
from tests import factories
from tests.counter import signature_png
from tests.objecting import counting
from tests.repair_stage import EXPLANATION, RepairStage, confirm_repair_rules
from verification import services as verification
from verification.models import CreditEntry
from verification.vocabulary import CommitmentType

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> RepairStage:
    return RepairStage()


@pytest.mark.req("R26", "R98")
def test_a_public_breach_can_be_repaired_from_the_day_after_the_minimum_and_not_before(stage):
    stage.published()
    first = stage.open_day()
    entry = CreditEntry.objects.get(kind="breach")
    stage.at(first - timedelta(days=1))
    position = applying.position_of(entry.pk, on=local_date(stage.now))
    assert [one.code for one in position.eligibility.missing] == ["minimum"]
    assert position.eligibility.from_on == first
    with pytest.raises(NotEligible) as refused:
        stage.draft()
    assert f"自{first.year}年{first.month}月{first.day}日起可以申请" in str(refused.value)
    assert not RepairApplication.objects.exists()
    stage.at(first)
    assert applying.position_of(entry.pk, on=first).eligibility.open
    assert stage.draft().state == "draft"


@pytest.mark.req("R98", "R99", "R100", "R101")
def test_a_repair_ends_publication_record_and_scrutiny_in_one_transaction_and_leaves_a_trace(stage):
    stage.published_and_open()
    publication = BreachPublication.objects.get()
    assert find_breach(publication.uuid, now=stage.now) is not None
    done = stage.repaired()
    assert done.state == "effective" and done.number.startswith("F130111")
    publication.refresh_from_db()
    assert (publication.ending, publication.ended_at) == ("repair", stage.now)
    assert find_breach(publication.uuid, now=stage.now) is None
    entry = CreditEntry.objects.get(pk=done.entry_id)
    assert (entry.state, entry.repaired_on) == ("repaired", local_date(stage.now))
    assert PublicChange.objects.filter(resource="breach", kind="withdrawn").count() == 1
    proof = UnpublicationProof.objects.get(application=done)
    assert Message.objects.filter(key=f"repair.prove:{proof.pk}").exists()
    assert list(done.steps.values_list("kind", flat=True)) == [
        "applied", "accepted", "proposed", "decided", "confirmed",
    ]  # fmt: skip
    decision, confirmation = (
        Duty.objects.get(matter_type="repair", rule_key=key)
        for key in ("repair_decision", "repair_confirmation")
    )
    assert (decision.state, confirmation.state) == ("met", "met")
    assert confirmation.department == stage.office
    # The next check is not harmed by it any more.
    check = verification.check_subject(
        subject=stage.subject, item_version=factories.item_version(department=stage.department),
        commitment_type="approval", operator=factories.staff("clerk", department=stage.department), now=stage.now,
    )  # fmt: skip
    assert (check.route, check.scrutiny) == ("commitment", "normal")


@pytest.mark.req("R99")
def test_if_any_part_of_the_effect_fails_nothing_of_it_has_happened(stage, monkeypatch):
    stage.published_and_open()
    decided = stage.decided_repair()

    def broken(**given):
        raise RuntimeError("boom")

    monkeypatch.setattr(verification, "mark_repaired", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        deciding.confirm(application_id=decided.pk, expect="decided", actor=stage.credit, now=stage.now)
    decided.refresh_from_db()
    assert decided.state == "decided"
    publication = BreachPublication.objects.get()
    assert publication.ended_at is None and find_breach(publication.uuid, now=stage.now)
    assert not UnpublicationProof.objects.exists()


@pytest.mark.req("R98")
def test_an_unpublished_breach_can_be_repaired_at_once_after_service_and_is_not_published_afterwards(stage):
    stage.accepted()
    done = stage.repaired()
    assert done.state == "effective"
    case = done.case
    assert not breach_publishing.to_decide(stage.credit).filter(pk=case.pk).exists()
    assert Duty.objects.get(rule_key="breach_publication").state == "cancelled"
    with pytest.raises(ValueError, match="已经修复"):
        breach_publishing.decide_publication(
            case_id=case.pk, publicity_class="public", reason="by_law", actor=stage.credit, now=stage.now
        )


@pytest.mark.req("R98")
def test_a_breach_published_after_it_was_asked_for_waits_for_its_minimum(stage):
    stage.accepted()
    application = stage.accepted_repair()
    case = application.case
    breach_publishing.decide_publication(
        case_id=case.pk, publicity_class="public", reason="by_law", actor=stage.credit, now=stage.now
    )
    with pytest.raises(NotEligible, match="最短公示期"):
        stage.proposed_repair(application=application)
    stage.at(stage.open_day())
    assert stage.repaired(application=application).state == "effective"


@pytest.mark.req("R45", "R100")
def test_what_is_lacking_is_told_all_at_once_and_the_draft_keeps_what_was_entered(stage):
    stage.published_and_open()
    draft = stage.draft()
    assert draft.methods == ["commitment"]
    applying.save_draft(application_id=draft.pk, methods=["training"], explanation="太短", now=stage.now)
    draft.refresh_from_db()
    position = applying.position_of(draft.entry_id, on=local_date(stage.now))
    said = [str(one) for one in applying.lacking(draft, position)]
    assert said[0] == "本地区要求作出修复承诺。"
    assert any("结业证明" in one for one in said) and any("至少 10 个字" in one for one in said)
    with pytest.raises(RepairError):
        applying.apply(application_id=draft.pk, now=stage.now)
    draft.refresh_from_db()
    assert (draft.state, draft.methods, draft.explanation) == ("draft", ["training"], "太短")
    # The commitment alone is required here, and is not a way by itself (S0 一（四）: 主动履约).
    applying.save_draft(
        application_id=draft.pk, methods=["commitment"], explanation=EXPLANATION, now=stage.now
    )
    draft.refresh_from_db()
    assert any("请至少选择一种修复方式" in str(one) for one in applying.lacking(draft, position))


def test_a_file_sent_twice_is_one_and_begun_twice_is_one_draft(stage):
    stage.published_and_open()
    draft = stage.draft()
    assert stage.draft().pk == draft.pk
    upload = Upload(signature_png(), "image/png", "证明.png")
    first, second = (
        applying.add_material(
            application_id=draft.pk, method="training", upload=upload, note_text="", now=stage.now
        )
        for _ in range(2)
    )
    assert first.pk == second.pk
    draft.refresh_from_db()
    assert draft.methods == ["commitment", "training"]
    applying.remove_material(application_id=draft.pk, material_id=first.pk, now=stage.now)
    assert not draft.materials.filter(removed_at=None).exists()
    assert AuditEvent.objects.filter(verb="repair.step").latest("pk").facts["step"] == "移除材料"


def test_handed_in_twice_is_one_application_and_another_one_has_to_wait(stage):
    stage.published_and_open()
    application = stage.applied()
    assert applying.apply(application_id=application.pk, now=stage.now).number == application.number
    with pytest.raises(RepairError, match=application.number):
        stage.draft()
    with pytest.raises(RepairError, match="不能再改"):
        applying.save_draft(application_id=application.pk, methods=[], explanation="", now=stage.now)


def test_nobody_can_begin_for_an_entry_of_somebody_else(stage):
    stage.published_and_open()
    with pytest.raises(RepairError, match="没有找到"):
        applying.open_draft(
            entry_id=CreditEntry.objects.get().pk, subject=factories.subject(), channel="online",
            applicant=applying.Applicant("李四", "legal_representative"), now=stage.now,
        )  # fmt: skip


@pytest.mark.req("R45")
def test_the_pledge_is_a_commitment_of_its_own_with_its_term_and_is_signed_only_as_it_was_read(stage):
    stage.published_and_open()
    draft = stage.draft()
    with pytest.raises(SigningError, match="重新阅读"):
        applying.sign_pledge(
            application_id=draft.pk, seen_sha256="0" * 64, blanks={}, signer_name="赵一",
            capacity="legal_representative", identity_document="id_card", signature_png=signature_png(),
            now=stage.now,
        )  # fmt: skip
    pledge = stage.pledged(draft)
    assert stage.pledged(RepairApplication.objects.get(pk=draft.pk)).pk == pledge.pk
    assert (pledge.commitment_type, pledge.channel) == (CommitmentType.REPAIR, "online")
    made = local_date(stage.now)
    assert pledge.valid_until == made.replace(year=made.year + 1)
    assert pledge.check_made.operator is None and pledge.check_made.department == stage.department
    assert pledge.pdf_sha256 and pledge.clerk is None


@pytest.mark.req("R45", "R46")
def test_where_the_region_has_not_confirmed_a_term_the_pledge_has_none_and_nobody_is_locked_out(stage):
    confirm_repair_rules(confirmed=False)
    stage.published_and_open()
    draft = stage.draft()
    # An unconfirmed rule requires nothing.
    assert draft.methods == []
    pledge = stage.pledged(draft)
    assert locking_out.lockout_for(pledge, local_date(stage.now)) is None


def test_missing_things_are_asked_for_once_and_the_clock_waits(stage):
    stage.published_and_open()
    application = stage.applied()
    due = Duty.objects.get(rule_key="repair_decision")
    before = due.due_on
    deciding.ask(
        application_id=application.pk, expect="applied", missing=["补交复查意见", " "], actor=stage.officer,
        now=stage.now,
    )  # fmt: skip
    due.refresh_from_db()
    assert due.state == "suspended"
    stage.later(10)
    with pytest.raises(RepairError, match="还没有提交"):
        applying.complete(application_id=application.pk, now=stage.now)
    applying.add_material(
        application_id=application.pk, method="rectification", note_text="复查意见", now=stage.now,
        upload=Upload(signature_png(width=90), "image/png", "复查意见.png"),
    )  # fmt: skip
    again = applying.complete(application_id=application.pk, now=stage.now)
    assert again.state == "accepted"
    due.refresh_from_db()
    assert due.state == "open" and due.due_on > before
    with pytest.raises(RepairError, match="不能一次性告知补正"):
        deciding.ask(
            application_id=application.pk,
            expect="accepted",
            missing=["再补"],
            actor=stage.officer,
            now=stage.now,
        )


def test_two_people_decide_and_a_stale_page_is_told_who_was_faster(stage):
    stage.published_and_open()
    application = stage.accepted_repair()
    by_head = deciding.propose(
        application_id=application.pk, expect="accepted", outcome="granted", reasons="已经补交检测报告，复查合格。",
        actor=stage.head, now=stage.now,
    )  # fmt: skip
    with pytest.raises(RepairError, match="自己提出"):
        deciding.decide(application_id=by_head.pk, expect="proposed", actor=stage.head, now=stage.now)
    with pytest.raises(RepairError, match="部门负责人"):
        deciding.decide(application_id=by_head.pk, expect="proposed", actor=stage.officer, now=stage.now)
    with pytest.raises(RepairMoved, match="待批准"):
        deciding.accept(application_id=by_head.pk, expect="applied", actor=stage.officer, now=stage.now)
    with pytest.raises(RepairError, match="不由您的单位"):
        deciding.decide(
            application_id=by_head.pk, expect="proposed", actor=factories.staff("head"), now=stage.now
        )


@pytest.mark.req("R98")
def test_a_refusal_says_when_again_and_closes_nothing_for_good(stage):
    stage.published_and_open()
    refused = stage.decided_repair("refused")
    assert refused.state == "refused" and refused.decision is not None
    assert Duty.objects.get(rule_key="repair_decision").state == "met"
    assert CreditEntry.objects.get(pk=refused.entry_id).state == "effective"
    assert stage.draft().state == "draft"


def test_the_office_finds_formal_defects_only_and_the_department_decides_again(stage):
    stage.published_and_open()
    decided = stage.decided_repair()
    with pytest.raises(RepairError, match="只审查形式"):
        deciding.find_defects(
            application_id=decided.pk,
            expect="decided",
            defects=["not_enough"],
            actor=stage.credit,
            now=stage.now,
        )
    with pytest.raises(RepairError, match="不由您的单位"):
        deciding.confirm(application_id=decided.pk, expect="decided", actor=stage.head, now=stage.now)
    back = deciding.find_defects(
        application_id=decided.pk,
        expect="decided",
        defects=["material_broken"],
        actor=stage.credit,
        now=stage.now,
    )
    assert back.state == "accepted" and Duty.objects.get(rule_key="repair_decision").state == "open"
    assert stage.repaired(application=back).state == "effective"
    assert Duty.objects.get(rule_key="repair_confirmation").state == "met"


def test_the_subject_may_take_it_back_until_it_is_decided_and_ask_again(stage):
    stage.published_and_open()
    application = stage.applied()
    assert applying.withdraw(application_id=application.pk, now=stage.now).state == "withdrawn"
    assert Duty.objects.get(rule_key="repair_decision").state == "cancelled"
    assert stage.draft().pk != application.pk


@pytest.mark.req("R106")
def test_a_revoked_determination_ends_the_application(stage):
    stage.published_and_open()
    application = stage.applied()
    breaches.revoke(
        case_id=application.case_id, expect="served", reason="own_error", explanation="认定有误，予以撤销。",
        actor=stage.head, now=stage.now,
    )  # fmt: skip
    application.refresh_from_db()
    assert (application.state, application.closed_reason) == ("closed", "认定已撤销，不需要修复")
    assert not stage_positions(stage)


def stage_positions(stage):
    return [
        one for one in applying.positions(stage.subject, on=local_date(stage.now)) if one.eligibility.open
    ]


@pytest.mark.req("R101")
def test_a_repair_is_announced_only_where_the_region_says_so_and_never_a_persons(stage):
    stage.published_and_open()
    assert stage.repaired().announced_on is None
    other = RepairStage(region="410103", repair_announced=True)
    other.published_and_open()
    assert other.repaired().announced_on == local_date(other.now)
    person = RepairStage(region="130129", person=True, repair_announced=True)
    person.published_and_open()
    assert person.repaired().announced_on is None


@pytest.mark.req("R45", "R46")
def test_a_broken_pledge_is_found_put_to_the_department_and_locks_out_only_when_determined_and_served(stage):
    stage.published_and_open()
    first = stage.repaired()
    stage.later(30)
    penalty = factories.credit_entry(
        subject=stage.subject, kind="penalty", from_on=local_date(stage.now), department=stage.department,
        region=stage.department.region,
    )  # fmt: skip
    assert locking_out.look_for_broken(now=stage.now) == 1
    assert locking_out.look_for_broken(now=stage.now) == 0
    sign = BrokenPledge.objects.get()
    assert (sign.pledge_id, sign.entry_id, sign.state) == (first.pledge_id, penalty.pk, "open")
    assert not CreditEntry.objects.filter(kind="lockout").exists()
    case = locking_out.open_case_on(
        sign_id=sign.pk, facts="承诺期内受到行政处罚，违反修复承诺。", actor=stage.officer, now=stage.now
    )
    stage.served(case=breaches.determine(
        case_id=stage.proposed(case=stage.noticed(case=case)).pk, expect="proposed", actor=stage.head, now=stage.now
    ))  # fmt: skip
    lock = LockOut.objects.get(case=case)
    day = local_date(stage.now)
    assert lock.until_on == day.replace(year=day.year + 1)
    shown = applying.position_of(penalty.pk, on=day).eligibility
    assert [one.code for one in shown.missing] == ["lockout"]
    assert shown.from_on == lock.until_on + timedelta(days=1)
    breaches.revoke(
        case_id=case.pk, expect="served", reason="own_error", explanation="处罚决定已撤销。", actor=stage.head,
        now=stage.now,
    )  # fmt: skip
    assert applying.position_of(penalty.pk, on=day).eligibility.open


@pytest.mark.req("R46")
def test_an_entry_outside_the_term_is_no_sign_and_a_false_one_is_answered_with_reason(stage):
    stage.published_and_open()
    pledge = stage.repaired().pledge
    make = {"subject": stage.subject, "department": stage.department, "region": stage.department.region}
    factories.credit_entry(kind="penalty", from_on=pledge.made_on - timedelta(days=1), **make)
    factories.credit_entry(kind="licence", from_on=pledge.made_on + timedelta(days=2), **make)
    stage.later(400)
    factories.credit_entry(kind="penalty", from_on=pledge.valid_until + timedelta(days=1), **make)
    assert locking_out.look_for_broken(now=stage.now) == 0
    last = factories.credit_entry(kind="penalty", from_on=pledge.valid_until, **make)
    assert locking_out.look_for_broken(now=stage.now) == 1
    sign = BrokenPledge.objects.get(entry=last)
    answered = locking_out.not_broken(
        sign_id=sign.pk, note="不是承诺涉及的行为", actor=stage.officer, now=stage.now
    )
    assert answered.state == "false"
    with pytest.raises(RepairError):
        locking_out.not_broken(sign_id=sign.pk, note="再答一次也不行", actor=stage.officer, now=stage.now)


@pytest.mark.req("R103")
def test_a_penalty_of_a_department_here_is_repaired_as_well_and_one_from_elsewhere_is_not(stage):
    penalty = factories.credit_entry(
        subject=stage.subject, kind="penalty", from_on=local_date(stage.now), department=stage.department,
        region=stage.department.region,
    )  # fmt: skip
    elsewhere = factories.credit_entry(
        subject=stage.subject, kind="penalty", source="某省税务局", department=None
    )
    assert (
        applying.position_of(elsewhere.pk, on=local_date(stage.now)).eligibility.missing[0].code
        == "elsewhere"
    )
    assert stage.repaired(entry_id=penalty.pk).state == "effective"
    penalty.refresh_from_db()
    assert penalty.state == "repaired"


@pytest.mark.req("R102")
def test_any_hall_can_take_it_in_and_sees_what_it_has_taken(stage):
    stage.published_and_open()
    clerk = factories.staff("clerk", department=factories.department(region="130111"))
    draft = applying.open_draft(
        entry_id=CreditEntry.objects.get().pk, subject=stage.subject, channel="window",
        applicant=applying.Applicant("赵一", "legal_representative", "id_card", phone="13800000000"),
        actor=clerk, now=stage.now,
    )  # fmt: skip
    assert draft.taken_in == clerk.department and draft.department == stage.department
    applying.save_draft(
        application_id=draft.pk,
        methods=["commitment", "check"],
        explanation=EXPLANATION,
        actor=clerk,
        now=stage.now,
    )
    stage.pledged(draft)
    applied = applying.apply(application_id=draft.pk, actor=clerk, now=stage.now)
    assert applying.applications_visible_to(clerk).filter(pk=applied.pk).exists()
    assert not applying.applications_visible_to(
        factories.staff("clerk", department=factories.department(region="130129"))
    ).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone_sealed FROM repair_repairapplication WHERE id = %s", [applied.pk])
        assert "13800000000" not in cursor.fetchone()[0]
    assert applied.phone == "13800000000"


def test_steps_are_kept_by_the_database(stage):
    stage.published_and_open()
    stage.applied()
    with pytest.raises(IntegrityError), transaction.atomic():
        RepairStep.objects.update(note="改过")
    with pytest.raises(IntegrityError), transaction.atomic():
        RepairApplication.objects.filter(pk__gt=0)._raw_delete("default")  # what a careless hand would do


@pytest.mark.req("R98")
def test_the_positions_of_a_long_record_ask_a_constant_number_of_queries(
    stage, django_assert_max_num_queries
):
    for number in range(12):
        factories.credit_entry(
            subject=stage.subject, kind="penalty", from_on=local_date(stage.now) - timedelta(days=number),
            department=stage.department, region=stage.department.region,
        )  # fmt: skip
    with django_assert_max_num_queries(9):
        assert len(applying.positions(stage.subject, on=local_date(stage.now))) == 12


@pytest.mark.req("R95")
def test_whoever_revokes_a_determination_locks_its_repair_first(stage):
    """As whoever confirms the repair does: application, case, entry. Otherwise the two could wait for each other."""
    stage.published_and_open()
    application = stage.applied()
    with counting() as asked:
        breaches.revoke(
            case_id=application.case_id, expect="served", reason="own_error", explanation="认定有误，予以撤销。",
            actor=stage.head, now=stage.now,
        )  # fmt: skip
    locked = [one["sql"] for one in asked.captured_queries if "FOR UPDATE" in one["sql"]]
    first = {
        table: next(place for place, sql in enumerate(locked) if f'FROM "{table}"' in sql)
        for table in ("repair_repairapplication", "commitments_breachcase", "verification_creditentry")
    }
    assert list(first) == sorted(first, key=lambda table: first[table])
