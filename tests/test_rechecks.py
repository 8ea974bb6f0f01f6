"""Re-checks: planned by two, drawn so that anybody can draw it again, answered by the department, told in figures. (R64)"""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from commitments import breaches, hooks
from commitments.models import Recheck, RecheckMember, RecheckPlan, Stratum
from commitments.rechecks import answering, drawing, planning, rules
from commitments.rechecks.planning import PlanError, Told
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.calendar import count
from credit_portal.deadlines.models import Duty, PolicyRule
from disclosure import recheck_figures, throttles
from tests import factories, listed
from tests.breach_stage import Stage
from tests.counter import signature_png
from tests.factories import NOW, TODAY
from tests.obligation_stage import TEXT
from tests.office import client_of
from tests.scenes import mine
from tests.test_calendar import CALENDAR

pytestmark = pytest.mark.usefixtures("blank_papers")
GOLDEN = Path(__file__).parent / "golden"
BEFORE = TODAY - timedelta(days=60)


def lines(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- the rules ---------------------------------------------------------------------------------------------


@pytest.mark.req("R64")
@pytest.mark.parametrize(
    "row", lines("recheck_shares.csv"), ids=lambda row: f"{row['范围内件数']}×{row['比例（%）']}"
)
def test_the_share_is_rounded_up_as_the_table_says(row):
    assert rules.how_many(int(row["范围内件数"]), int(row["比例（%）"])) == int(row["抽取件数"])


@pytest.mark.req("R64")
@pytest.mark.parametrize(
    "row", lines("recheck_dates.csv"), ids=lambda row: f"{row['首轮日期']}+{row['间隔（月）']}"
)
def test_rounds_and_due_dates_are_those_of_the_table(row):
    first, months = date.fromisoformat(row["首轮日期"]), int(row["间隔（月）"])
    second = rules.next_round(first, first, months)
    third = rules.next_round(first, second, months)
    due = count(CALENDAR, first, months, "months")
    assert (second.isoformat(), third.isoformat(), due.due.isoformat(), due.provisional) == (
        row["第二轮日期"], row["第三轮日期"], row["首轮抽中的到期日"], row["暂定"] == "是",
    )  # fmt: skip


CODES = st.from_regex(r"[0-9]{20}", fullmatch=True)
POPULATION = st.dictionaries(CODES, st.sampled_from(Stratum.values), max_size=40)
PERCENTS = st.fixed_dictionaries({code: st.integers(1, 100) for code in Stratum.values})


@given(POPULATION, PERCENTS, st.text("abcdef0123456789", min_size=8), st.integers(1, 9), st.randoms())
def test_the_same_seed_draws_the_same_in_whatever_order_and_each_stratum_its_share(
    strata, percents, seed, number, chance
):
    population = list(strata.items())
    drawn = rules.draw(population, seed=seed, number=number, percents=percents)
    chance.shuffle(population)
    assert rules.draw(population, seed=seed, number=number, percents=percents) == drawn
    assert set(drawn) <= set(strata) and len(set(drawn)) == len(drawn)
    for stratum in Stratum.values:
        of_it = [code for code in strata if strata[code] == stratum]
        chosen = [code for code in drawn if strata[code] == stratum]
        assert len(chosen) == rules.how_many(len(of_it), percents[stratum])
        last = max((rules.place_of(seed, number, code) for code in chosen), default="")
        assert all(rules.place_of(seed, number, code) > last for code in set(of_it) - set(chosen))


@given(POPULATION, st.randoms())
def test_the_fingerprint_is_of_what_is_in_it_and_not_of_its_order(strata, chance):
    population = list(strata.items())
    before = rules.fingerprint(population)
    chance.shuffle(population)
    assert rules.fingerprint(population) == before
    assert rules.fingerprint([*population, ("x", "ordinary")]) != before


@given(st.text("abcdef0123456789", min_size=8, max_size=8), st.integers(1, 50))
def test_a_rounds_seed_tells_no_other(seed, number):
    assert rules.seed_of_round(seed, number) != rules.seed_of_round(seed, number + 1)


# ---- a place with commitments ------------------------------------------------------------------------------


def allow(*, region: str = "130111", interval: int = 6, share: int = 10, confirmed: bool = True) -> None:
    for key, value, unit in (
        ("recheck_interval", interval, "months"), ("recheck_share", share, "percent"),
    ):  # fmt: skip
        PolicyRule.objects.update_or_create(
            region=factories.region(region), key=key, effective_from=date(2020, 1, 1),
            defaults={"value": value, "unit": unit, "basis": "S4 1", "confirmed": confirmed},
        )  # fmt: skip


class Place(Stage):
    """A department with twenty-five running commitments and a plan that awaits its approval."""

    def __init__(self) -> None:
        super().__init__()
        allow()
        self.running = [
            listed.commitment(department=self.department, content=TEXT, made_on=BEFORE) for _ in range(25)
        ]
        self.plan = planning.propose(told=self.told(), actor=self.officer, now=NOW)

    def told(self, **fields: Any) -> Told:
        return Told(**({"name": "定期复核", "starts_on": TODAY} | fields))

    def approved(self, plan: RecheckPlan | None = None) -> RecheckPlan:
        return planning.approve(plan_id=(plan or self.plan).pk, actor=self.head, now=self.now)

    def drawn(self) -> list[Recheck]:
        drawing.draw_by_hand(plan_id=self.approved().pk, actor=self.head, now=self.now)
        return list(Recheck.objects.select_related("commitment", "round").order_by("pk"))

    def answer(self, row: Recheck, finding: str = "kept", **fields: Any) -> Recheck:
        values = {
            "found_on": local_date(self.now),
            "note": "现场核查，承诺的都在做。",
            "actor": self.officer,
        } | fields
        return answering.answer(recheck_id=row.pk, finding=finding, now=self.now, **values)


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


def body(answer) -> str:
    return answer.content.decode()


# ---- planned by two ----------------------------------------------------------------------------------------


@pytest.mark.req("R64")
def test_a_plan_is_proposed_by_one_and_approved_by_another(place):
    with pytest.raises(PlanError, match="负责人或者本地区信用办"):
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
        with pytest.raises(PlanError, match="负责人或者本地区信用办"):
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


# ---- drawn -------------------------------------------------------------------------------------------------


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


# ---- answered ----------------------------------------------------------------------------------------------


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


# ---- told to everybody -------------------------------------------------------------------------------------


def all_drawn(place: Place) -> list[Recheck]:
    allow(share=100)
    return place.drawn()


@pytest.mark.req("R64")
def test_the_public_sees_counts_and_rates_from_ten_cases_on_and_no_names(place, client):
    rows = all_drawn(place)
    for row in rows[:9]:
        place.answer(row)
    page = body(client.get("/supervision/rechecks/"))
    assert "不足 10 件" in page and "履行率 <b>" not in page
    assert rows[0].round.seed not in page and rows[0].round.population_sha256 in page
    place.answer(rows[9])
    place.answer(rows[10], "doubt", doubtful=[1])
    place.answer(rows[11], "unable", obstacle="closed")
    cache.clear()
    counted = recheck_figures.figures(TODAY)
    # A doubt says nothing before it is cleared up.
    assert (counted.all.drawn, counted.all.looked, counted.all.settled, counted.all.kept) == (25, 11, 10, 10)
    assert [share.label for share in counted.departments] == [place.department.name]
    page = body(client.get("/supervision/rechecks/"))
    assert "履行率 <b>100%</b>" in page and place.department.name in page
    assert "已核查 11 件，未能核查 1 件" in page
    assert rows[0].commitment.subject_name not in page and rows[0].commitment.code not in page
    told = client.get("/api/v1/public/statistics").json()["rechecks"]
    assert (told["drawn"], told["looked"], told["kept"], told["percent"]) == (25, 11, 10, 100)
    for row in rows[12:]:
        place.answer(row)
    assert rows[0].round.seed in body(client.get("/supervision/rechecks/"))


def test_a_determined_breach_counts_once_served_and_a_dropped_one_as_kept(place):
    rows = all_drawn(place)
    for row in rows[:10]:
        place.answer(row)
    served, dropped = rows[10], rows[11]
    for row in (served, dropped):
        place.answer(row, "doubt", doubtful=[1])
    case = breaches.drop(
        case_id=Recheck.objects.get(pk=dropped.pk).case_id, expect="opened", reason="核实后没有违反承诺。",
        actor=place.officer, now=place.now,
    )  # fmt: skip
    assert case.state == "dropped"

    def counted() -> tuple[int, int]:
        cache.clear()
        of_all = recheck_figures.figures(local_date(place.now)).all
        return of_all.settled, of_all.kept

    assert counted() == (11, 11)
    place.commitment = served.commitment
    case = place.determined(
        case=place.proposed(case=place.noticed(case=Recheck.objects.get(pk=served.pk).case))
    )
    assert counted() == (11, 11)
    place.served(case=case)
    assert counted() == (12, 11) and recheck_figures.figures(local_date(place.now)).all.percent == 91


def test_the_figures_of_one_withheld_department_cannot_be_taken_from_the_sums(place):
    rows = all_drawn(place)
    for row in rows:
        place.answer(row)
    small = factories.department(region="130111")
    one = listed.commitment(department=small, made_on=BEFORE)
    clerk = factories.staff("officer", department=small)
    plan = planning.propose(told=place.told(), actor=clerk, now=NOW)
    planning.approve(plan_id=plan.pk, actor=place.credit, now=NOW)
    drawing.draw_due(plan_id=plan.pk, now=NOW)
    answering.answer(
        recheck_id=Recheck.objects.get(commitment=one).pk, finding="kept", found_on=TODAY,
        note="现场核查，都在做。", actor=clerk, now=NOW,
    )  # fmt: skip
    cache.clear()
    counted = recheck_figures.figures(TODAY)
    assert counted.withheld == 1 and counted.one_left_out and counted.all.drawn == 25
    assert [share.drawn for share in counted.regions] == [25]


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.req("R64")
def test_the_pages_lead_from_the_plan_to_the_finding(place):
    officer, head, credit = (client_of(user) for user in (place.officer, place.head, place.credit))
    wrong = officer.post(
        "/desk/rechecks/plans/new/", {"name": "", "starts_on": "昨天", "higher_percent": "400"}
    )
    assert wrong.status_code == 422
    made = officer.post(
        "/desk/rechecks/plans/new/",
        {
            "name": "三季度复核",
            "starts_on": TODAY.isoformat(),
            "types": ["approval"],
            "seed": "lottery-2026-0914",  # nobody is asked for one
        },
    )
    plan = RecheckPlan.objects.get(name="三季度复核")
    assert made.url == f"/desk/rechecks/plans/{plan.uuid}/"
    page = body(officer.get(made.url))
    assert "等候另一人批准" in page and "lottery" not in page
    assert officer.post(f"{made.url}approve/").status_code == 403
    unsaid = head.post(f"{made.url}reject/", {"reason": ""})
    assert unsaid.status_code == 422 and "理由" in body(unsaid)
    assert head.post(f"{made.url}anything/").status_code == 404
    assert "已批准" in body(head.post(f"{made.url}approve/", follow=True))
    assert "已抽取" in body(head.post(f"{made.url}draw/", follow=True))
    assert "不能抽取" not in body(head.post(f"{made.url}draw/", follow=True))
    drawn = plan.rounds.get()
    at = f"/desk/rechecks/rounds/{drawn.uuid}/"
    page = body(officer.get(at))
    assert drawn.seed in page and drawn.population_sha256 in page and "抽中 3 件" in page
    table = b"".join(officer.get(f"{at}population.csv").streaming_content).decode("utf-8-sig").splitlines()
    assert len(table) == 26 and table[0] == "承诺编码,层代码,层,排序值,抽中"
    population = [tuple(line.split(",")[:2]) for line in table[1:]]
    assert rules.fingerprint(population) == drawn.population_sha256
    again = rules.draw(
        population, seed=drawn.seed, number=drawn.number,
        percents=rules.percents_of(drawn.percent, higher=None, lower=None),
    )  # fmt: skip
    assert again == [line.split(",")[0] for line in table[1:] if line.endswith("是")]
    stranger = client_of(factories.staff("officer", department=factories.department(region="130111")))
    assert stranger.get(at).status_code == 404 and stranger.get(f"{at}population.csv").status_code == 404
    first, second, third = drawn.rechecks.order_by("pk")
    page = body(officer.get("/desk/rechecks/"))
    assert first.commitment.code in page and "2027-03-15" in page
    told = {"found_on": TODAY.isoformat(), "note": "现场核查，净化设施已经安装。"}
    one = f"/desk/rechecks/{first.uuid}/"
    assert officer.post(one, {"finding": "sure"} | told).status_code == 422
    assert "原因" in body(officer.post(one, {"finding": "unable"} | told))
    dropped = officer.post(one, {"finding": "unable", "obstacle": "moved", "doubtful": ["2"]} | told)
    assert dropped.status_code == 422 and "却是“未能核查”" in body(dropped)
    # All that is wrong is told in one round, beside what cannot be read.
    both = body(officer.post(one, {"finding": "unable", "doubtful": ["3"], "note": "无", "found_on": "昨天"}))
    for told_ in ("却是“未能核查”", "请选择未能核查的原因", "现为 1 个字", 'id="id_found_on_error"'):
        assert told_ in both, told_
    photo = SimpleUploadedFile("现场.png", signature_png(), content_type="image/png")
    done = officer.post(one, {"finding": "kept", "kept": ["2"], "proof": [photo]} | told, follow=True)
    assert "没有发现未履行" in body(done) and "登记为已履行" in body(done) and "现场.png" in body(done)
    file = Recheck.objects.get(pk=first.pk).evidence.get()
    assert officer.get(f"{one}files/{file.uuid}/")["Content-Type"] == "image/png"
    assert officer.get(f"{one}files/{place.file().uuid}/").status_code == 404
    assert stranger.get(one).status_code == 404
    assert "已经登记结果" in body(officer.post(one, {"finding": "kept"} | told, follow=True))
    doubt = officer.post(
        f"/desk/rechecks/{second.uuid}/", {"finding": "doubt", "doubtful": ["3"]} | told, follow=True
    )
    assert "已立案，案号" in body(doubt)
    assert "不由您的部门办理" in body(
        credit.post(f"/desk/rechecks/{third.uuid}/", {"finding": "kept"} | told, follow=True)
    )
    assert body(officer.get("/desk/rechecks/?state=answered")).count('class="lead"') == 2
    assert "三季度复核" in body(credit.get("/desk/rechecks/plans/"))
    assert "逐条履行情况" in body(officer.get(f"/desk/obligations/{first.commitment.code}/"))
    ended = head.post(f"{made.url}end/", {"reason": "不再需要"}, follow=True)
    assert "已停止" in body(ended)
    planned = credit.post(
        "/desk/rechecks/plans/new/",
        {
            "name": "全区复核",
            "starts_on": TODAY.isoformat(),
            "by_risk": "on",
            "higher_percent": "30",
            "lower_percent": "5",
        },
        follow=True,
    )
    assert "信用状况较差的 30%" in body(planned)


def test_lists_cost_the_same_however_long(place):
    rows = all_drawn(place)
    officer = client_of(place.officer)
    pages = (
        "/desk/rechecks/", "/desk/rechecks/plans/", f"/desk/rechecks/plans/{place.plan.uuid}/",
        f"/desk/rechecks/rounds/{rows[0].round.uuid}/", "/desk/rechecks/?state=answered", "/supervision/rechecks/",
    )  # fmt: skip

    def queries() -> list[int]:
        found = []
        for page in pages:
            cache.clear()
            with CaptureQueriesContext(connection) as counted:
                assert officer.get(page).status_code == 200
            found.append(len(counted))
        return found

    place.answer(rows[0])
    queries()
    few = queries()
    for row in rows[1:9]:
        place.answer(row)
    for _ in range(5):
        place.approved(planning.propose(told=place.told(), actor=place.officer, now=NOW))
    drawing.follow_the_days(now=NOW)
    queries()
    assert queries() == few
