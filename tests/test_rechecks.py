"""Re-checks are planned by two, drawn by the sweep, answered by the department."""

import threading
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Count

from commitments import hooks
from commitments.models import Recheck, RecheckMember, RecheckPlan
from commitments.rechecks import answering, drawing, planning, rules
from commitments.rechecks.planning import PlanError
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.registry import groups
from disclosure import throttles
from tests import factories, listed
from tests.factories import NOW, TODAY
from tests.obligation_stage import TEXT
from tests.office import client_of
from tests.recheck_stage import BEFORE, Place, all_drawn, allow
from tests.scenes import mine

pytestmark = pytest.mark.usefixtures("blank_papers")


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db, monkeypatch) -> Place:
    place = mine(built)
    monkeypatch.setattr(clock, "now", lambda: place.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(place.now))
    throttles.counter.forget()
    cache.clear()
    return place


@pytest.mark.req("R64")
def test_a_plan_is_proposed_by_one_and_approved_by_another(place):
    with pytest.raises(PlanError, match="负责人或者本地区或者上级的信用办"):
        planning.approve(plan_id=place.plan.pk, actor=place.officer, now=NOW)
    own = planning.propose(told=place.told(), actor=place.head, now=NOW)
    with pytest.raises(PlanError, match="不能批准自己的计划"):
        place.approved(own)
    with pytest.raises(IntegrityError), transaction.atomic():
        RecheckPlan.objects.filter(pk=own.pk).update(state="approved", decided_by=place.head, decided_at=NOW)
    for stranger in (
        factories.staff("head"),
        factories.staff(
            "credit_office", department=factories.department(region="410103", kind="credit_office")
        ),
    ):
        with pytest.raises(PlanError, match="负责人或者本地区或者上级的信用办"):
            planning.approve(plan_id=own.pk, actor=stranger, now=NOW)
    # Nobody can try beforehand who would be drawn: the seed comes with the approval.
    assert own.seed == ""
    approved = planning.approve(plan_id=own.pk, actor=place.credit, now=NOW)
    assert approved.next_on == TODAY and len(approved.seed) == 64
    assert place.approved().state == "approved"
    with pytest.raises(PlanError, match="不再等待批准"):
        place.approved()
    planning.end(plan_id=own.pk, reason="改用新的计划", actor=place.head, now=NOW)
    assert drawing.draw_due(plan_id=own.pk, now=NOW) is None
    with pytest.raises(DatabaseError, match="不能更改"), transaction.atomic():
        RecheckPlan.objects.filter(pk=own.pk).update(seed="another-seed")
    deeds = AuditEvent.objects.filter(verb="recheck.plan", target_id=str(own.pk)).order_by("id")
    assert [event.facts["deed"] for event in deeds] == ["proposed", "approved", "ended"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"starts_on": TODAY - timedelta(days=1)}, "starts_on"),
        ({"types": ["other"]}, "types"),
        ({"domains": ["moon"]}, "domains"),
        ({"item_codes": ["没有的"]}, "item_codes"),
        ({"by_risk": True}, "higher_percent"),
        ({"by_risk": True, "higher_percent": 20, "lower_percent": 101}, "lower_percent"),
        ({"higher_percent": 20}, "higher_percent"),
        ({"by_risk": True, "higher_percent": 9, "lower_percent": 5}, "higher_percent"),
        ({"by_risk": True, "higher_percent": 20, "lower_percent": 11}, "lower_percent"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field(place, fields, field):
    with pytest.raises(PlanError) as refused:
        planning.propose(told=place.told(**fields), actor=place.officer, now=NOW)
    assert refused.value.field == field


def test_an_officer_plans_for_the_own_department_and_the_office_for_all_below(place):
    other = factories.department(region="130111")
    assert (
        planning.propose(told=place.told(department=other), actor=place.officer, now=NOW).department
        == place.department
    )
    whole = planning.propose(told=place.told(), actor=place.credit, now=NOW)
    assert (whole.department, whole.region_id) == (None, "130111")
    with pytest.raises(PlanError, match="管理范围"):
        planning.propose(
            told=place.told(department=factories.department(region="410103")), actor=place.credit, now=NOW
        )
    with pytest.raises(PlanError):
        planning.propose(
            told=place.told(), actor=factories.staff("clerk", department=place.department), now=NOW
        )


@pytest.mark.req("R64")
def test_the_database_draws_what_the_rule_draws_and_each_becomes_a_duty(place, django_assert_max_num_queries):
    plan = place.approved()
    with django_assert_max_num_queries(30):
        made = drawing.draw_due(plan_id=plan.pk, now=NOW)
    members = RecheckMember.objects.filter(round=made)
    population = list(members.values_list("commitment__code", "stratum"))
    assert {code for code, _ in population} == {row.code for row in place.running}
    assert made.population_sha256 == rules.fingerprint(population)
    expected = rules.draw(
        population, seed=rules.seed_of_round(plan.seed, 1), number=1,
        percents=rules.percents_of(10, higher=None, lower=None),
    )  # fmt: skip
    assert (
        list(
            members.filter(drawn=True).order_by("commitment__code").values_list("commitment__code", flat=True)
        )
        == expected
    )
    assert (made.population, made.drawn, len(expected)) == (25, 3, 3)
    assert sorted(made.rechecks.values_list("commitment__code", flat=True)) == expected
    assert drawing.open_duties(now=NOW) == 3 and drawing.open_duties(now=NOW) == 0
    duties = Duty.objects.filter(rule_key="recheck_interval", matter_type="recheck")
    assert sorted(duties.values_list("number", flat=True)) == expected
    assert set(duties.values_list("department", "due_on")) == {(place.department.pk, date(2027, 3, 15))}
    plan.refresh_from_db()
    assert plan.next_on == date(2027, 3, 14)
    assert AuditEvent.objects.get(verb="recheck.drawn").facts["sha256"] == made.population_sha256


def test_what_is_frozen_stays_frozen(place):
    row = place.drawn()[0]
    place.answer(row)
    for statement in (
        "UPDATE commitments_recheckround SET seed = 'x'",
        "UPDATE commitments_recheckmember SET drawn = true",
        "DELETE FROM commitments_recheckmember",
        "UPDATE commitments_recheck SET note = 'x' WHERE finding <> ''",
        "DELETE FROM commitments_recheck",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_only_what_runs_and_is_not_being_looked_at_is_in_the_population(place):
    running = {row.code for row in place.running}
    out = [
        listed.commitment(department=place.department, made_on=TODAY),
        listed.commitment(department=place.department, made_on=BEFORE, fulfilment="fulfilled"),
        listed.commitment(department=place.department, made_on=BEFORE, voided_at=NOW),
        listed.commitment(department=factories.department(region="130111"), made_on=BEFORE),
    ]
    corrected = place.running[0]
    listed.commitment(department=place.department, made_on=TODAY, corrects=corrected)
    place.commitment = place.running[1]
    place.opened()
    first = place.drawn()
    members = set(
        RecheckMember.objects.filter(round=first[0].round).values_list("commitment__code", flat=True)
    )
    assert members == running - {corrected.code, place.commitment.code}
    assert not members & {row.code for row in out}
    # The next round leaves out what still waits for its answer.
    place.now = NOW.replace(year=2027, month=3, day=14)
    assert drawing.follow_the_days(now=place.now) >= 1
    second = place.plan.rounds.get(number=2)
    assert not second.members.filter(commitment__in=[row.commitment_id for row in first]).exists()
    assert second.members.filter(commitment=out[0]).exists()
    assert second.seed != first[0].round.seed


def test_a_plan_can_be_narrowed_by_type_field_and_item_and_follow_credit(place):
    version = factories.item_version(department=place.department, domain="approval")
    narrow = listed.commitment(
        department=place.department, item_version=version, made_on=BEFORE, commitment_type="supervisory"
    )
    factories.credit_entry(subject=place.running[0].subject, kind="penalty")
    factories.credit_entry(subject=place.running[1].subject, kind="exemplary")
    by = {"types": ["supervisory"], "domains": ["approval"], "item_codes": [version.item.code]}
    for told in ({key: value} for key, value in by.items() if key != "domains"):
        plan = place.approved(planning.propose(told=place.told(**told), actor=place.officer, now=NOW))
        made = drawing.draw_due(plan_id=plan.pk, now=NOW)
        assert list(made.members.values_list("commitment_id", flat=True)) == [narrow.pk]
        answering.answer(
            recheck_id=made.rechecks.get().pk, finding="kept", found_on=TODAY, note="现场核查，都在做。",
            actor=place.officer, now=NOW,
        )  # fmt: skip
    over = {"served_on": TODAY - timedelta(days=90), "public_from": TODAY - timedelta(days=80)}
    day = TODAY - timedelta(days=1)
    for number, fields in enumerate(
        (
            {"kind": "breach", "public_until": day} | over,
            {"kind": "penalty", "public_from": day, "public_until": day, "until_on": day},
            {"kind": "breach", "served_on": TODAY + timedelta(days=1)},
            {"kind": "exemplary", "from_on": TODAY + timedelta(days=1)},
        ),
        2,
    ):
        values = {"from_on": TODAY - timedelta(days=100)} | fields
        factories.credit_entry(subject=place.running[number].subject, **values)
    risk = {"by_risk": True, "higher_percent": 100, "lower_percent": 1, "types": ["approval"]}
    plan = place.approved(planning.propose(told=place.told(**risk), actor=place.officer, now=NOW))
    made = drawing.draw_due(plan_id=plan.pk, now=NOW)
    strata = dict(made.members.values_list("commitment_id", "stratum"))
    assert strata[place.running[0].pk] == "higher" and strata[place.running[1].pk] == "lower"
    assert sorted(strata.values()).count("ordinary") == 23 and made.drawn == 1 + 1 + 3


def test_rounds_are_drawn_by_the_sweep_on_their_day_once_and_missed_ones_are_not_made_up(place):
    plan = place.approved(
        planning.propose(told=place.told(starts_on=TODAY + timedelta(days=3)), actor=place.officer, now=NOW)
    )
    with pytest.raises(PlanError, match="还没有到"):
        drawing.draw_by_hand(plan_id=plan.pk, actor=place.head, now=NOW)
    drawing.follow_the_days(now=NOW)
    assert not plan.rounds.exists()
    later = NOW + timedelta(days=3)
    drawing.follow_the_days(now=later)
    drawing.follow_the_days(now=later)
    assert plan.rounds.count() == 1
    much_later = NOW.replace(year=2029)
    drawing.follow_the_days(now=much_later)
    plan.refresh_from_db()
    assert plan.rounds.count() == 2 and plan.next_on > local_date(much_later)


def test_without_a_rule_nothing_is_drawn_and_it_is_said_which_is_missing(place):
    PolicyRule.objects.filter(key="recheck_share").delete()
    place.approved()
    assert drawing.follow_the_days(now=NOW) == 0
    with pytest.raises(PlanError, match="recheck_share"):
        drawing.draw_by_hand(plan_id=place.plan.pk, actor=place.head, now=NOW)


def test_an_unconfirmed_rule_only_reminds(place):
    allow(confirmed=False)
    rows = place.drawn()
    assert rows[0].round.confirmed is False
    assert not Duty.objects.filter(matter_type="recheck", confirmed=True).exists()


@pytest.mark.req("R64")
def test_a_finding_meets_the_duty_and_can_record_clauses_in_the_same_step(place):
    row = place.drawn()[0]
    file = place.file()
    done = place.answer(row, kept=[(2, "kept")], evidence=[file])
    assert Duty.objects.get(matter_type="recheck", matter_id=row.pk).state == "met"
    finding = done.findings.get()
    assert (finding.obligation.clause_no, finding.obligation.state) == (2, "kept")
    assert list(finding.evidence.all()) == [file] == list(done.evidence.all())
    row.commitment.refresh_from_db()
    assert row.commitment.fulfilment == "running"
    with pytest.raises(PlanError, match="不能再改"):
        place.answer(row)


@pytest.mark.req("R64", "R72")
def test_a_doubt_opens_a_case_of_the_department(place):
    first, second, _ = place.drawn()
    done = place.answer(first, "doubt", doubtful=[3], note="检测报告没有补交，现场没有台账。")
    assert (done.case.source, done.case.state) == ("recheck", "opened")
    assert "第 3 条" in done.case.facts and "检测报告没有补交" in done.case.facts
    # One that is under way already is that case.
    place.commitment = second.commitment
    known = place.opened()
    assert place.answer(second, "doubt", doubtful=[1]).case == known
    first.commitment.refresh_from_db()
    assert first.commitment.fulfilment == "running"


def test_it_is_the_competent_department_that_looks_at_what_a_window_took(place):
    window = factories.department(region="130111", kind="approval_bureau")
    version = factories.item_version(department=place.department)
    taken = listed.commitment(department=window, item_version=version, content=TEXT, made_on=BEFORE)
    assert set(taken.obligations.values_list("department", flat=True)) == {place.department.pk}
    row = next(one for one in all_drawn(place) if one.commitment_id == taken.pk)
    assert row.department == place.department
    place.answer(row, kept=[(1, "kept")])
    assert taken.obligations.get(clause_no=1).state == "kept"
    address = f"/desk/obligations/{taken.code}/"
    assert client_of(place.officer).get(address).status_code == 200
    assert client_of(factories.staff("officer", department=window)).get(address).status_code == 200


@pytest.mark.parametrize(
    ("finding", "fields", "field"),
    [
        ("", {}, "finding"),
        ("ended", {}, "finding"),
        ("doubt", {}, "doubtful"),
        ("doubt", {"doubtful": [4]}, "doubtful"),
        ("doubt", {"doubtful": [2], "kept": [(2, "kept")]}, "doubtful"),
        ("unable", {}, "obstacle"),
        ("unable", {"obstacle": "moved", "kept": [(2, "kept")]}, "kept"),
        ("unable", {"obstacle": "moved", "doubtful": [2]}, "doubtful"),
        ("kept", {"doubtful": [2]}, "doubtful"),
        ("kept", {"obstacle": "moved"}, "obstacle"),
        ("kept", {"note": "好"}, "note"),
        ("kept", {"found_on": TODAY + timedelta(days=1)}, "found_on"),
        ("kept", {"found_on": TODAY - timedelta(days=1)}, "found_on"),
        ("kept", {"kept": [(9, "kept")]}, "kept"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_by_field_and_nothing_is_kept(place, finding, fields, field):
    row = place.drawn()[0]
    with pytest.raises(PlanError) as refused:
        place.answer(row, finding, **fields)
    assert refused.value.field == field
    row.refresh_from_db()
    assert not row.finding and not row.commitment.breach_cases.exists()


def test_only_the_own_department_answers_and_a_corrected_commitment_needs_no_answer(place):
    rows = place.drawn()
    for actor in (
        place.credit,
        factories.staff("officer"),
        factories.staff("clerk", department=place.department),
    ):
        with pytest.raises(PlanError, match="由负责这份承诺的部门办理"):
            place.answer(rows[0], actor=actor)
    hooks.run_after_correction(commitment=rows[0].commitment, actor=place.officer, now=NOW)
    rows[0].refresh_from_db()
    assert rows[0].finding == "ended"
    assert Duty.objects.get(matter_type="recheck", matter_id=rows[0].pk).state == "cancelled"
    with pytest.raises(PlanError, match="不能再改"):
        place.answer(rows[0])


def test_the_office_answers_for_its_own_department_and_an_association_is_asked_nothing(place):
    """Whoever's commitment is drawn has somebody who can answer; what no authority answers for, is not drawn."""
    guild = factories.department(kind="association")
    own = listed.commitment(department=place.credit.department, content=TEXT, made_on=BEFORE)
    theirs = listed.commitment(department=guild, content=TEXT, made_on=BEFORE)
    allow(share=100)
    plan = planning.propose(told=place.told(), actor=place.credit, now=NOW)
    second = factories.staff(groups.CREDIT_OFFICE, department=place.credit.department)
    planning.approve(plan_id=plan.pk, actor=second, now=NOW)
    made = drawing.draw_due(plan_id=plan.pk, now=NOW)
    drawn = set(made.rechecks.values_list("commitment_id", flat=True))
    assert own.pk in drawn and theirs.pk not in drawn
    row = made.rechecks.get(commitment=own)
    assert place.answer(row, actor=second).finding == "kept"
    with pytest.raises(PlanError, match="由负责这份承诺的部门办理"):
        place.answer(made.rechecks.exclude(commitment=own).first(), actor=second)


@pytest.mark.req("R64")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_two_plans_drawn_at_once_draw_nobody_twice(monkeypatch, locked):
    place = Place()
    allow(share=100)
    one = place.approved()
    two = place.approved(planning.propose(told=place.told(name="另一份"), actor=place.officer, now=NOW))
    if not locked:
        # The counter-proof: without the lock the race is there.
        monkeypatch.setattr(drawing, "_one_at_a_time", lambda: None)
    drew = threading.Event()

    def draw_the_other() -> None:
        try:
            drawing.draw_due(plan_id=two.pk, now=place.now, actor=place.head)
        finally:
            drew.set()
            connection.close()

    worker = threading.Thread(target=draw_the_other)
    with transaction.atomic():
        drawing.draw_due(plan_id=one.pk, now=place.now, actor=place.head)
        worker.start()
        assert drew.wait(1.5 if locked else 20) is not locked
    worker.join()
    by_commitment = Recheck.objects.filter(finding="").values("commitment").annotate(open=Count("pk"))
    assert {row["open"] for row in by_commitment} == ({1} if locked else {2})
    assert by_commitment.count() == len(place.running)
