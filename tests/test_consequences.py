"""What a served determination brings with it: rectification, interviews, the hand-over of licences, letters."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments import breaches
from commitments.case_rules import CaseError, CaseMoved
from commitments.consequences import handing_over, interviewing, letters, rectifying
from commitments.models import Interview, Letter, Recipient, Rectification, RevocationHandoff
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.documents.services import read_evidence
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from tests import factories
from tests.breach_stage import Stage
from tests.factories import NOW
from tests.paper_reading import text_of
from tests.scenes import mine
from verification.models import CreditEntry

pytestmark = pytest.mark.django_db


def text_of_pdf(paper) -> str:
    return text_of(read_evidence(paper))


def limits() -> None:
    """The time limits of consequences, as they are shipped."""
    for key, value, unit in (
        ("rectification", 30, "days"),
        ("interview", 10, "working_days"),
        ("revocation_handoff", 5, "working_days"),
    ):
        PolicyRule.objects.create(
            region=factories.region("130000"), key=key, value=value, unit=unit, basis="S1 十二",
            confirmed=False, effective_from=date(2019, 12, 1),
        )  # fmt: skip


def _stage() -> Stage:
    """A served case, under the five regions' shipped rules."""
    limits()
    stage = Stage()
    stage.case = stage.served()
    return stage


@pytest.fixture(scope="module")
def served_case(scene) -> Stage:
    return scene(_stage)


@pytest.fixture
def stage(served_case, db) -> Stage:
    return mine(served_case)


def bureau(stage: Stage):
    place = factories.department(region="130100", kind="approval_bureau", name="石家庄市行政审批局（演示）")
    return place, factories.staff(groups.APPROVAL_BUREAU, department=place)


def order(stage: Stage, **fields) -> Rectification:
    values = {"requirements": "补交检测报告。\n公示检测结果。"} | fields
    return rectifying.order(case_id=stage.case.pk, actor=stage.officer, now=stage.now, **values)


def judge(stage: Stage, row: Rectification, *, passed: bool) -> Rectification:
    return rectifying.judge(
        row_id=row.pk, expect=row.state, passed=passed, judgement="现场核查，报告没有补交。",
        actor=stage.officer, now=stage.now,
    )  # fmt: skip


def invite(stage: Stage, **fields) -> Interview:
    values = {
        "kind": "warning", "invited": "王演示，法定代表人", "reasons": "整改期满没有补交检测报告。",
        "scheduled_at": stage.now + timedelta(days=3), "place": "二楼会议室",
    } | fields  # fmt: skip
    return interviewing.invite(case_id=stage.case.pk, actor=stage.officer, now=stage.now, **values)


def record(stage: Stage, row: Interview, **fields) -> Interview:
    values = {
        "came": True, "held_on": local_date(stage.now), "attendees": "王演示；李经办",
        "minutes": "被约谈人承认没有补交，说明原因。", "undertakings": "十日内补交。",
    } | fields  # fmt: skip
    return interviewing.record(row_id=row.pk, expect=row.state, actor=stage.officer, now=stage.now, **values)


# ---- rectification -----------------------------------------------------------------------------------------


@pytest.mark.req("R77")
def test_rectification_has_a_limit_counted_by_the_rule(stage) -> None:
    row = order(stage)
    duty = Duty.objects.get(rule_key="rectification", matter_id=row.pk)
    # Thirty days, not counting the first; ending on a rest day it runs on to the next working day.
    assert duty.triggered_on == row.ordered_on and row.due_on == duty.due_on >= row.ordered_on + timedelta(
        days=30
    )
    text = text_of_pdf(row.document)
    assert "限期整改通知书" in text and row.number in text and "补交检测报告" in text
    with pytest.raises(CaseMoved, match="进行中的整改"):
        order(stage)
    assert Rectification.objects.count() == 1


@pytest.mark.req("R77")
def test_not_judged_as_failed_before_the_limit_is_over(stage) -> None:
    row = order(stage)
    with pytest.raises(CaseError, match=f"整改期限到 {row.due_on} 为止"):
        judge(stage, row, passed=False)
    stage.now += (row.due_on - local_date(stage.now)) * 1
    with pytest.raises(CaseError, match="为止"):
        judge(stage, row, passed=False)
    stage.later(1)
    done = judge(stage, row, passed=False)
    assert done.state == "failed"
    interview = Duty.objects.get(rule_key="interview", matter_id=row.pk)
    assert (interview.triggered_on, interview.length, interview.unit) == (done.judged_on, 10, "working_days")
    assert Duty.objects.get(rule_key="rectification", matter_id=row.pk).state == "met"


@pytest.mark.req("R77")
def test_reported_early_it_can_be_judged_early(stage) -> None:
    row = rectifying.record_report(
        row_id=order(stage).pk, expect="running", report="已经补交。", reported_on=local_date(stage.now),
        actor=stage.officer, now=stage.now,
    )  # fmt: skip
    assert judge(stage, row, passed=True).state == "passed"
    assert not Duty.objects.filter(rule_key="interview").exists()
    # What was put right is not talked about; a new order can follow.
    with pytest.raises(CaseError, match="整改不到位的才约谈"):
        invite(stage)
    assert order(stage).state == "running"


def test_only_whoever_determined_and_only_after_service(stage) -> None:
    stranger = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    for act in (
        lambda: rectifying.order(case_id=stage.case.pk, requirements="补交报告。", actor=stranger, now=stage.now),
        lambda: interviewing.invite(
            case_id=stage.case.pk, kind="reminder", invited="甲", reasons="没有补交。", place="甲",
            scheduled_at=stage.now + timedelta(days=1), actor=stranger, now=stage.now,
        ),
        lambda: letters.write(
            case_id=stage.case.pk, role="audit", recipient="甲", address="", content="通报情况。",
            actor=stranger, now=stage.now,
        ),
    ):  # fmt: skip
        with pytest.raises(CaseError, match="作出认定的部门"):
            act()
    early = Stage()
    early.case = early.determined()
    with pytest.raises(CaseError, match="送达以后"):
        order(early)


# ---- interviews --------------------------------------------------------------------------------------------


@pytest.mark.req("R77", "R132")
def test_an_interview_goes_into_the_record_and_meets_its_duty(stage) -> None:
    row = order(stage)
    stage.now += row.due_on - local_date(stage.now) + timedelta(days=1)
    judge(stage, row, passed=False)
    with pytest.raises(CaseError, match="现在以后"):
        invite(stage, scheduled_at=stage.now)
    invited = invite(stage)
    assert "警示约谈" in text_of_pdf(invited.invitation) and "二楼会议室" in text_of_pdf(invited.invitation)
    with pytest.raises(CaseMoved, match="待进行的约谈"):
        invite(stage)
    stage.later(3)
    held = record(stage, invited)
    assert held.rectification == row and held.state == "held"
    assert (held.entry.kind, held.entry.document_no, held.entry.subject) == (
        "interview",
        held.number,
        stage.case.subject,
    )
    assert "十日内补交" in text_of_pdf(held.minutes_document)
    assert Duty.objects.get(rule_key="interview", matter_id=row.pk).state == "met"
    with pytest.raises(CaseMoved):
        record(stage, invited)
    assert CreditEntry.objects.filter(kind="interview").count() == 1


@pytest.mark.req("R77")
def test_nobody_came_is_recorded_as_that(stage) -> None:
    invited = invite(stage, kind="reminder")
    stage.later(3)
    row = record(stage, invited, came=False, minutes="电话催请两次，没有到场。", undertakings="不应保存")
    assert (row.state, row.undertakings) == ("absent", "")
    assert row.entry.title == "提示约谈，未到场"
    assert "（未到场）" in text_of_pdf(row.minutes_document)


def test_an_interview_is_no_factor_of_a_check(stage) -> None:
    from verification.rules import standing
    from verification.services import as_entry

    invited = invite(stage)
    stage.later(3)
    row = record(stage, invited)
    assert str(standing(as_entry(row.entry), local_date(stage.now))) == "no_factor"


# ---- licences ----------------------------------------------------------------------------------------------


def hand_over(stage: Stage, **fields) -> RevocationHandoff:
    values = {
        "licence_name": "食品经营许可",
        "licence_no": "栾审〔2026〕12号",
        "reasons": "没有补交检测报告。",
    } | fields
    return handing_over.hand_over(case_id=stage.case.pk, actor=stage.officer, now=stage.now, **values)


@pytest.mark.req("R76")
def test_a_licence_is_handed_over_acknowledged_and_revoked(stage) -> None:
    with pytest.raises(CaseError, match="没有登记行政审批局"):
        hand_over(stage)
    place, person = bureau(stage)
    row = hand_over(stage)
    assert row.bureau == place and "移交函" in text_of_pdf(row.document)
    duty = Duty.objects.get(rule_key="revocation_handoff", matter_id=row.pk)
    assert (duty.department, duty.length, duty.unit) == (place, 5, "working_days")
    assert Notice.objects.filter(user=person, kind="handoff").count() == 1
    with pytest.raises(CaseMoved, match="已经移交"):
        hand_over(stage)
    with pytest.raises(CaseError, match="行政审批局办理"):
        handing_over.acknowledge(row_id=row.pk, expect="sent", actor=stage.officer, now=stage.now)
    decision = {"revoked": True, "decision_no": "石审撤〔2026〕3号", "decision": "撤销许可", "actor": person}
    with pytest.raises(CaseError, match="先签收"):
        handing_over.decide(
            row_id=row.pk, expect="sent", decided_on=local_date(stage.now), now=stage.now, **decision
        )
    row = handing_over.acknowledge(row_id=row.pk, expect="sent", actor=person, now=stage.now)
    duty.refresh_from_db()
    assert duty.state == "met"
    with pytest.raises(CaseError, match="请填写决定文书号"):
        handing_over.decide(
            row_id=row.pk, expect="acknowledged", decided_on=local_date(stage.now), now=stage.now,
            **(decision | {"decision_no": " "}),
        )  # fmt: skip
    done = handing_over.decide(
        row_id=row.pk, expect="acknowledged", decided_on=local_date(stage.now), now=stage.now, **decision
    )
    assert (done.state, done.decision_no) == ("revoked", "石审撤〔2026〕3号")
    assert Notice.objects.filter(user=stage.officer, kind="handoff", title__contains="已撤销许可").exists()
    steps = AuditEvent.objects.filter(verb="consequence.step", target_type="handoff").order_by("pk")
    assert [event.facts["step"] for event in steps] == ["移交", "签收", "已撤销许可"]


@pytest.mark.req("R76")
def test_the_bureau_may_keep_a_licence_with_reasons(stage) -> None:
    _, person = bureau(stage)
    row = handing_over.acknowledge(row_id=hand_over(stage).pk, expect="sent", actor=person, now=stage.now)
    with pytest.raises(CaseError, match="不予撤销的理由"):
        handing_over.decide(
            row_id=row.pk, expect=row.state, revoked=False, decision_no="", decision="",
            decided_on=local_date(stage.now), actor=person, now=stage.now,
        )  # fmt: skip
    done = handing_over.decide(
        row_id=row.pk, expect=row.state, revoked=False, decision_no="写了也不留", decision="情节轻微，已经补正。",
        decided_on=local_date(stage.now), actor=person, now=stage.now,
    )  # fmt: skip
    assert (done.state, done.decision_no) == ("kept", "")


@pytest.mark.req("R76", "R93")
def test_a_revoked_licence_leaves_the_column(stage) -> None:
    from disclosure.act_gate import public_acts
    from tests import acts

    subject: CreditSubject = stage.case.subject
    place, person = bureau(stage)
    officer = factories.staff(groups.OFFICER, department=place)
    act = acts.entered(
        "licence", department=place, actor=officer, now=stage.now, subject_name=subject.name,
        subject_code=subject.uscc, document_no="栾审〔2026〕12号", valid_until="2031-01-01",
    )  # fmt: skip
    acts.published(act, actor=officer, now=stage.now)
    assert public_acts(stage.now).exists()
    row = handing_over.acknowledge(row_id=hand_over(stage).pk, expect="sent", actor=person, now=stage.now)
    handing_over.decide(
        row_id=row.pk, expect=row.state, revoked=True, decision_no="石审撤〔2026〕3号", decision="撤销许可",
        decided_on=local_date(stage.now), actor=person, now=stage.now,
    )  # fmt: skip
    act.refresh_from_db()
    assert (act.ending, act.entry.state) == ("revoked", "revoked") and "石审撤〔2026〕3号" in act.ending_note
    assert not public_acts(stage.now).exists()


# ---- letters -----------------------------------------------------------------------------------------------


@pytest.mark.req("R13", "R81")
@given(st.sampled_from(["organisation", "sole_trader", "person"]), st.booleans())
def test_who_is_told_follows_from_what_the_subject_is(kind: str, state_owned: bool) -> None:
    roles = {str(role) for role in letters.roles_for(subject_kind=kind, state_owned=state_owned)}
    if kind == "person":
        assert roles == {"own_unit", "discipline", "personnel"}
    else:
        assert roles == ({"superior", "audit"} if state_owned else set())


def write(stage: Stage, **fields) -> Letter:
    values = {
        "role": "superior",
        "recipient": "栾城区国资办（演示）",
        "address": "惠源路 1 号",
        "content": "通报认定情况。",
    }
    return letters.write(case_id=stage.case.pk, actor=stage.officer, now=stage.now, **(values | fields))


@pytest.mark.req("R13", "R81")
def test_a_state_firm_is_told_of_to_superior_and_auditor(stage) -> None:
    with pytest.raises(CaseError, match="只有机关事业单位"):
        write(stage)
    CreditSubject.objects.filter(pk=stage.case.subject_id).update(state_owned=True)
    stage.case.refresh_from_db()
    assert letters.missing(stage.case) == ["superior", "audit"]
    with pytest.raises(CaseError, match="上级主管单位、审计部门"):
        write(stage, role="discipline")
    row = write(stage)
    assert "栾城区国资办（演示）" in text_of_pdf(row.document) and "通报函" in text_of_pdf(row.document)
    with pytest.raises(CaseMoved, match="已向这个单位通报过"):
        write(stage)
    assert letters.missing(stage.case) == ["audit"]
    with pytest.raises(CaseError, match="先登记发出"):
        letters.receive(
            row_id=row.pk, expect="written", received_on=local_date(stage.now), receipt="签收", actor=stage.officer,
            now=stage.now,
        )  # fmt: skip
    row = letters.send(
        row_id=row.pk,
        expect="written",
        method="post",
        sent_on=local_date(stage.now),
        actor=stage.head,
        now=stage.now,
    )
    row = letters.receive(
        row_id=row.pk, expect="sent", received_on=local_date(stage.now), receipt="EMS 1012345678", actor=stage.officer,
        now=stage.now,
    )  # fmt: skip
    assert (row.state, row.receipt) == ("received", "EMS 1012345678")


@pytest.mark.req("R13", "R81")
def test_of_a_person_the_own_unit_and_discipline_are_told_when_verified() -> None:
    limits()
    stage = Stage(person=True)
    stage.case = stage.served()
    with pytest.raises(CaseError, match="核实当事人"):
        write(stage, role="own_unit")
    row = write(stage, role="own_unit", is_staff=True)
    assert letters.missing(stage.case) == ["discipline", "personnel"]
    assert factories.id_number() not in text_of_pdf(row.document)


@pytest.mark.req("R13")
def test_recipients_of_the_subject_come_before_those_of_the_region(stage) -> None:
    CreditSubject.objects.filter(pk=stage.case.subject_id).update(state_owned=True)
    stage.case.refresh_from_db()
    office = stage.credit
    for values in (
        {"role": "superior", "name": "区国资办"},
        {"role": "superior", "name": "直接上级", "subject_code": stage.case.subject.uscc},
        {"role": "audit", "name": "区审计局"},
        {"role": "discipline", "name": "区纪委"},
    ):
        letters.save_recipient(recipient=None, region=factories.region(), actor=office, now=NOW, **values)
    assert [row.name for row in letters.known_recipients(stage.case)] == ["区审计局", "直接上级", "区国资办"]
    with pytest.raises(CaseError, match="没有这个代码"):
        letters.save_recipient(
            recipient=None, role="audit", name="甲", region=factories.region(), actor=office, now=NOW,
            subject_code="91130111MA0000000X",
        )  # fmt: skip
    assert Recipient.objects.count() == 4


# ---- undone ------------------------------------------------------------------------------------------------


@pytest.mark.req("R76", "R77", "R81")
def test_a_revoked_determination_undoes_all_that_it_brought(stage) -> None:
    CreditSubject.objects.filter(pk=stage.case.subject_id).update(state_owned=True)
    _, person = bureau(stage)
    interview = invite(stage)
    stage.later(3)
    interview = record(stage, interview)
    pending = invite(stage)
    first, second, third = (hand_over(stage, licence_no=f"{n}号") for n in range(3))
    for row, revoked in ((first, True), (second, False)):
        handing_over.acknowledge(row_id=row.pk, expect="sent", actor=person, now=stage.now)
        handing_over.decide(
            row_id=row.pk, expect="acknowledged", revoked=revoked, decision_no="石审撤〔2026〕3号",
            decision="按程序决定。", decided_on=local_date(stage.now), actor=person, now=stage.now,
        )  # fmt: skip
    sent, unsent = write(stage), write(stage, role="audit", recipient="区审计局")
    letters.send(
        row_id=sent.pk,
        expect="written",
        method="post",
        sent_on=local_date(stage.now),
        actor=stage.head,
        now=stage.now,
    )
    breaches.revoke(
        case_id=stage.case.pk, expect="served", reason="court", document_no="（2026）冀01行终1号",
        explanation="判决撤销。", actor=stage.head, now=stage.now,
    )  # fmt: skip
    states = {row.pk: row.state for row in RevocationHandoff.objects.all()}
    assert states == {first.pk: "review", second.pk: "kept", third.pk: "withdrawn"}
    interview.refresh_from_db(), pending.refresh_from_db(), unsent.refresh_from_db()
    assert (interview.entry.state, pending.state, unsent.state) == ("revoked", "cancelled", "cancelled")
    correction = Letter.objects.get(withdraws=sent)
    assert correction.state == "written" and sent.number in correction.content
    assert "更正" in text_of_pdf(correction.document)
    assert not Duty.objects.filter(state="open", matter_type__in=["handoff", "rectification"]).exists()
    assert Notice.objects.filter(user=person, title__contains="请复核").count() == 1
    with pytest.raises(CaseError, match="送达以后"):
        order(stage)


def test_a_running_rectification_ends_with_its_determination(stage) -> None:
    row = order(stage)
    breaches.revoke(
        case_id=stage.case.pk, expect="served", reason="own_error", document_no="", explanation="认定有误。",
        actor=stage.head, now=stage.now,
    )  # fmt: skip
    row.refresh_from_db()
    assert row.state == "cancelled" and Duty.objects.get(rule_key="rectification").state == "cancelled"
