"""Breach cases: every act × state × role, what is refused and why, and that only the winner moves."""

import itertools
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from commitments import breaches, case_rules
from commitments.case_rules import ACTS, CaseError, CaseMoved
from commitments.models import BreachCase, BreachedClause, CaseStep, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.documents.services import read_evidence
from credit_portal.registry import groups
from tests import factories
from tests.breach_stage import WHAT_WAS_NOT_KEPT, Stage
from verification import services as verification
from verification.models import CreditEntry
from verification.rules import standing
from verification.services import as_entry

State = BreachCase.State
OFFICER, HEAD = groups.OFFICER, groups.HEAD

# act → (states from which it may be done, who may): written down again by hand, not taken from the code.
MAY = {
    "notice": ({"opened"}, {OFFICER, HEAD}),
    "statement": ({"noticed"}, {OFFICER, HEAD}),
    "propose": ({"noticed", "heard"}, {OFFICER, HEAD}),
    "return": ({"proposed"}, {HEAD}),
    "determine": ({"proposed"}, {HEAD}),
    "serve": ({"determined"}, {OFFICER, HEAD}),
    "drop": ({"opened", "noticed", "heard", "proposed"}, {OFFICER, HEAD}),
    "subject_statement": ({"determined", "served"}, {OFFICER, HEAD}),
    "revoke": ({"determined", "served"}, {HEAD}),
}


@pytest.mark.req("R72")
def test_every_act_in_every_state_by_every_role() -> None:
    assert set(MAY) == set(ACTS)
    tried = 0
    for act, state, role in itertools.product(MAY, State.values, groups.LABELS):
        states, roles = MAY[act]
        expected = state in states and role in roles
        assert case_rules.allowed(act, state=state, roles={role}) is expected, (act, state, role)
        tried += 1
    assert tried == len(MAY) * len(State.values) * len(groups.LABELS)
    assert not case_rules.allowed("determine", state="proposed", roles=set())


def test_every_state_leads_somewhere_or_is_an_end() -> None:
    ends = {State.DROPPED, State.REVOKED}
    for state in State:
        assert bool(case_rules.acts_open(state=state, roles=case_rules.DOES)) is (state not in ends)


@given(until=st.dates(date(2020, 1, 1), date(2030, 1, 1)), today=st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_nobody_is_proposed_against_before_the_time_to_speak_is_over(until: date, today: date) -> None:
    if today <= until:
        with pytest.raises(CaseError, match="陈述申辩期限"):
            case_rules.check_may_propose(state=State.NOTICED, statement_until=until, today=today)
    else:
        case_rules.check_may_propose(state=State.NOTICED, statement_until=until, today=today)
    # Whoever has spoken has been heard.
    case_rules.check_may_propose(state=State.HEARD, statement_until=until, today=today)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([], "至少选择一条"),
        ([(9, "没有做")], "没有第 9 条"),
        ([(1, " ")], "第 1 条未履行的内容"),
        ([(1, "甲"), (1, "乙")], "写了两次"),
    ],
)
def test_clauses_are_those_of_the_signed_text(chosen, message) -> None:
    with pytest.raises(CaseError, match=message):
        case_rules.check_clauses(chosen, signed={1, 2})


@pytest.mark.django_db
class TestRefusals:
    def test_of_another_department(self) -> None:
        stage = Stage()
        stranger = factories.staff("officer", department=factories.department())
        with pytest.raises(CaseError, match="不由本部门主管"):
            breaches.open_case(
                commitment_id=stage.commitment.pk, source="inspection", facts="查明的事实如下",
                actor=stranger, now=stage.now,
            )  # fmt: skip

    def test_the_competent_department_of_the_item_may_though_another_took_it(self) -> None:
        stage = Stage()
        competent = factories.department()
        stage.commitment.item.department = competent
        stage.commitment.item.save()
        officer = factories.staff("officer", department=competent)
        case = breaches.open_case(
            commitment_id=stage.commitment.pk, source="inspection", facts="查明的事实如下", actor=officer,
            now=stage.now,
        )  # fmt: skip
        assert case.department == competent

    def test_a_second_case_of_the_same_commitment(self) -> None:
        stage = Stage()
        first = stage.opened()
        with pytest.raises(CaseMoved, match=first.number):
            stage.opened()

    def test_what_was_voided_but_not_what_was_recorded_as_kept(self) -> None:
        stage = Stage()
        Commitment.objects.filter(pk=stage.commitment.pk).update(voided_at=stage.now)
        with pytest.raises(CaseError, match="已作废"):
            stage.opened()
        # It may turn out not to have been kept.
        kept = Stage()
        Commitment.objects.filter(pk=kept.commitment.pk).update(fulfilment="fulfilled")
        assert kept.opened().state == "opened"

    @pytest.mark.parametrize(("days", "message"), [(1, "不能晚于今天"), (-1, "不能早于立案日期")])
    def test_a_notice_dated_out_of_order(self, days: int, message: str) -> None:
        stage = Stage()
        case = stage.opened()
        with pytest.raises(CaseError, match=message) as refused:
            stage.noticed(case=case, noticed_on=local_date(stage.now) + timedelta(days=days))
        assert refused.value.field == "noticed_on"
        case.refresh_from_db()
        assert case.state == "opened" and not case.clauses.exists()

    @pytest.mark.req("R125")
    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("proportionality", "太短", "相当性说明至少 10"),
            ("proportionality", "", "请填写相当性说明"),
            ("liability", "", "违诺责任追究"),
            ("court", "", "人民法院"),
            ("outcome", "running", "履行状态"),
            ("grade", "terrible", "程度"),
        ],
    )
    def test_an_incomplete_proposal(self, field: str, value: str, message: str) -> None:
        stage = Stage()
        case = stage.noticed()
        with pytest.raises(CaseError, match=message) as refused:
            stage.proposed(case=case, **{field: value})
        assert refused.value.field == field
        assert BreachCase.objects.get().state == "noticed"

    def test_what_the_subject_said_must_be_answered(self) -> None:
        stage = Stage()
        case = stage.noticed()
        breaches.record_statement(
            case_id=case.pk, expect="noticed", received_on=local_date(stage.now), text="请求宽限",
            actor=stage.officer, now=stage.now,
        )  # fmt: skip
        case.refresh_from_db()
        with pytest.raises(CaseError, match="采纳情况"):
            stage.proposed(case=case)
        assert stage.proposed(case=case, statement_considered="理由属实，部分采纳。").state == "proposed"

    def test_ones_own_proposal(self) -> None:
        stage = Stage()
        stage.officer = stage.head
        case = stage.proposed()
        with pytest.raises(CaseError, match="另一人"):
            stage.determined(case=case)

    def test_a_returned_proposal_keeps_its_reason_and_can_be_made_again(self) -> None:
        stage = Stage()
        case = stage.proposed()
        breaches.return_proposal(
            case_id=case.pk, expect="proposed", reason="责任写得不清楚", actor=stage.head, now=stage.now
        )
        case.refresh_from_db()
        assert (case.state, case.proposed_by) == ("heard", None)
        assert stage.determined(case=stage.proposed(case=case)).state == "determined"
        kinds = list(case.steps.order_by("id").values_list("kind", flat=True))
        assert kinds == [
            "opened", "noticed", "statement_over", "proposed", "returned", "proposed", "determined",
        ]  # fmt: skip
        assert case.steps.get(kind="returned").note == "责任写得不清楚"

    def test_service_without_proof_or_before_the_determination(self) -> None:
        stage = Stage()
        case = stage.determined()
        common = {"case_id": case.pk, "expect": "determined", "method": "post", "actor": stage.officer}
        with pytest.raises(CaseError, match="送达证明"):
            breaches.serve(**common, served_on=local_date(stage.now), proof=None, now=stage.now)
        with pytest.raises(CaseError, match="不能早于认定日期"):
            breaches.serve(
                **common,
                served_on=local_date(stage.now) - timedelta(days=1),
                proof=stage.file(),
                now=stage.now,
            )

    def test_a_courts_revocation_without_its_number(self) -> None:
        stage = Stage()
        case = stage.served()
        with pytest.raises(CaseError, match="文号"):
            breaches.revoke(
                case_id=case.pk, expect="served", reason="court", explanation="撤销", actor=stage.head,
                now=stage.now,
            )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.req("R72", "R75")
def test_a_determination_has_its_document_clauses_duties_and_entry() -> None:
    stage = Stage()
    case = stage.determined(case=stage.proposed(case=stage.noticed(case=stage.opened(by_deceit=True))))
    clause = case.clauses.get()
    assert (clause.clause_no, clause.clause_id, clause.not_kept) == (1, 1, WHAT_WAS_NOT_KEPT[0][1])
    assert clause.text == stage.commitment.content[0]["text"] and len(clause.text_sha256) == 64
    assert read_evidence(case.document).startswith(b"%PDF")
    assert {duty.rule_key for duty in Duty.objects.all()} == {"service", "breach_report"}
    assert AuditEvent.objects.filter(verb="case.step", target_id=str(case.pk)).count() == case.steps.count()
    assert case.steps.filter(kind__in=["noticed", "determined"], document__isnull=True).count() == 0


@pytest.mark.django_db
def test_the_determination_says_what_it_must_and_prints_the_same_twice() -> None:
    from commitments import case_papers
    from tests.paper_reading import text_of

    stage = Stage()
    case = stage.determined(case=stage.proposed(case=stage.noticed(case=stage.opened(by_deceit=True))))
    case.refresh_from_db()
    first, again = case_papers.determination_pdf(case), case_papers.determination_pdf(case)
    assert first == again
    text = "".join(text_of(first).split())
    for said in ("违诺认定书", "欺骗方式", "检测报告逾期没有补交", "行政复议", "栾城区人民法院", "与情节"):
        assert said in text, said


@pytest.mark.django_db
@pytest.mark.req("R62")
def test_the_entry_is_a_factor_from_service_and_never_after_revocation() -> None:
    stage = Stage()
    case = stage.determined()
    today = local_date(stage.now)

    def seen() -> str:
        return str(standing(as_entry(CreditEntry.objects.prefetch_related("measures").get()), today))

    assert seen() == "unserved"
    stage.served(case=case)
    assert seen() == "unrepaired"
    breaches.revoke(
        case_id=case.pk, expect="served", reason="own_error", explanation="事实有误", actor=stage.head,
        now=stage.now,
    )  # fmt: skip
    assert verification.entries_that_count(stage.commitment.subject) == []


@pytest.mark.django_db
def test_what_was_determined_is_frozen_in_the_database() -> None:
    stage = Stage()
    case = stage.served()
    attempts = [
        lambda: BreachCase.objects.filter(pk=case.pk).update(grade="minor"),
        lambda: BreachCase.objects.filter(pk=case.pk).update(served_on=date(2020, 1, 1)),
        lambda: BreachCase.objects.filter(pk=case.pk).delete(),
        lambda: BreachedClause.objects.filter(case=case).update(not_kept="别的"),
        lambda: BreachedClause.objects.filter(case=case).delete(),
        lambda: CaseStep.objects.filter(case=case).update(note="别的"),
        lambda: CaseStep.objects.filter(case=case).delete(),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def _race(stage: Stage, case: BreachCase) -> list[str]:
    """Two officers end the same case in the same moment; what each was told."""
    start = Barrier(2)
    told: list[str] = []

    def work(actor) -> None:
        start.wait()
        try:
            breaches.drop(
                case_id=case.pk, expect="opened", reason="经核实已经履行", actor=actor, now=stage.now
            )
            told.append("done")
        except CaseMoved:
            told.append("told")
        except CaseError as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=work, args=(actor,)) for actor in (stage.officer, stage.head)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(told)


@pytest.fixture
def quick_papers(monkeypatch):
    """The race is about the row; printing sixty papers would only take time."""
    monkeypatch.setattr(breaches.case_papers, "closing_pdf", lambda *_, **__: b"")
    monkeypatch.setattr(breaches, "_keep", lambda *_, **__: None)


@pytest.mark.django_db(transaction=True)
def test_two_officers_on_one_case_one_wins_and_the_other_is_told(quick_papers) -> None:
    stage = Stage()
    for _ in range(60):
        case = stage.opened()
        assert _race(stage, case) == ["done", "told"]
        assert case.steps.filter(kind="dropped").count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_is_seen(quick_papers, monkeypatch) -> None:
    """The negative control of the test above: both read «opened», and both are told that they have done it."""
    stage = Stage()
    plain = BreachCase.objects.all()
    monkeypatch.setattr(type(plain), "select_for_update", lambda self, **_: self)
    barrier = Barrier(2)
    untouched = breaches._go

    def slow(case, act, **rest) -> None:
        barrier.wait(10)
        untouched(case, act, **rest)

    case = stage.opened()
    monkeypatch.setattr(breaches, "_go", slow)
    assert _race(stage, case) == ["done", "done"]
