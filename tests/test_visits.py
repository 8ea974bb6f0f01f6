"""Tiers set the rate of re-checks by grade and rule; what several departments have drawn of one subject is one visit. (R65, R71)"""

from datetime import date, timedelta
from math import sqrt
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from commitments.models import Recheck, RecheckPlan, Visit, VisitMatter
from commitments.rechecks import answering, drawing, planning, rules
from commitments.visits import arranging, showing
from commitments.visits.arranging import VisitError
from commitments.visits.rules import Matter, bundle
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import PolicyRule
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories, listed, subjects
from tests.factories import NOW, TODAY
from tests.obligation_stage import TEXT
from tests.office import client_of
from tests.recheck_stage import allow
from tests.scenes import mine
from tests.test_grades import told
from verification import services
from verification.grades import grading, keeping

pytestmark = pytest.mark.usefixtures("blank_papers")
BEFORE = TODAY - timedelta(days=60)


# ---- rates -------------------------------------------------------------------------------------------------


@pytest.mark.req("R65")
def test_over_many_seeds_each_tier_is_drawn_at_its_rate_and_a_seed_draws_the_same_again():
    tiers = {f"{number:020d}": ("higher", "ordinary", "lower")[number % 3] for number in range(600)}
    percents, rounds = {"higher": 20, "ordinary": 10, "lower": 5}, 300
    drawn_of: dict[str, int] = dict.fromkeys(tiers, 0)
    for seed in range(rounds):
        found = rules.draw(tiers.items(), seed=f"seed{seed}", number=1, percents=percents)
        if seed % 50 == 0:
            assert found == rules.draw(
                reversed(tiers.items()), seed=f"seed{seed}", number=1, percents=percents
            )
        for code in found:
            drawn_of[code] += 1
    for tier, percent in percents.items():
        of_tier = [drawn_of[code] for code in tiers if tiers[code] == tier]
        rate = percent / 100
        # Each is drawn as often as chance has it: within five deviations, and as a whole exactly at the rate.
        spread = 5 * sqrt(rounds * rate * (1 - rate))
        assert all(abs(times - rounds * rate) <= spread for times in of_tier), tier
        assert sum(of_tier) == rounds * len(of_tier) * percent // 100


# ---- bundles -----------------------------------------------------------------------------------------------

MATTERS = st.lists(
    st.builds(
        Matter, st.integers(1, 10**6), st.integers(1, 5), st.sampled_from(["130111", "130129"]), st.integers(1, 4),
        st.dates(TODAY - timedelta(days=20), TODAY + timedelta(days=90)),
    ),
    max_size=25, unique_by=lambda one: one.recheck,
)  # fmt: skip


@given(MATTERS, st.randoms())
def test_a_bundle_is_one_subject_in_one_region_with_two_matters_and_more_by_the_first_due_day(
    matters, chance
):
    found = bundle(matters, today=TODAY)
    mixed = list(matters)
    chance.shuffle(mixed)
    assert bundle(mixed, today=TODAY) == found
    by_id = {one.recheck: one for one in matters}
    bundled = [pk for one in found for pk in one.rechecks]
    assert len(bundled) == len(set(bundled))
    for one in found:
        rows = [by_id[pk] for pk in one.rechecks]
        assert len(rows) >= 2 and {(row.subject, row.region) for row in rows} == {(one.subject, one.region)}
        assert one.until_on == min(row.due_on for row in rows) >= TODAY
        assert set(one.departments) == {row.department for row in rows} and one.lead in one.departments
        count = {pk: sum(row.department == pk for row in rows) for pk in one.departments}
        assert count[one.lead] == max(count.values())
    alone = {
        (row.subject, row.region) for row in matters if row.recheck not in bundled and row.due_on >= TODAY
    }
    assert not alone & {(one.subject, one.region) for one in found}


# ---- two departments and one subject -----------------------------------------------------------------------


class Place:
    """A credit office of two, two departments, a subject with commitments to both, one with a commitment to one."""

    def __init__(self) -> None:
        self.now = NOW
        allow(share=100)
        self.office = factories.department(kind="credit_office")
        self.first = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.lead, self.other = factories.department(), factories.department()
        self.leader = factories.staff(groups.OFFICER, department=self.lead)
        self.officer = factories.staff(groups.OFFICER, department=self.other)
        self.shop, self.single = factories.subject(), factories.subject()
        for department, subject in (
            (self.lead, self.shop), (self.lead, self.shop), (self.other, self.shop), (self.other, self.single),
        ):  # fmt: skip
            listed.commitment(department=department, subject=subject, content=TEXT, made_on=BEFORE)

    def plan(self, **fields: Any) -> RecheckPlan:
        values = {"name": "全区复核", "starts_on": TODAY} | fields
        made = planning.propose(told=planning.Told(**values), actor=self.first, now=self.now)
        return planning.approve(plan_id=made.pk, actor=self.second, now=self.now)

    def draw(self, **fields: Any) -> Any:
        made = drawing.draw_due(plan_id=self.plan(**fields).pk, now=self.now)
        drawing.open_duties(now=self.now)
        return made

    def visit(self) -> Visit:
        self.draw()
        (made,) = arranging.bundle(actor=self.first, now=self.now)
        return made

    def planned(self, **fields: Any) -> Visit:
        values = {"day": TODAY + timedelta(days=7), "announced": True, "note": "上午九点"} | fields
        return arranging.plan(visit_id=self.visit().pk, actor=self.leader, now=self.now, **values)

    def standard(self, **fields: Any) -> Any:
        made = keeping.save_draft(
            region=factories.region(), told=told(**fields), actor=self.first, now=self.now
        )
        return keeping.approve(standard_id=made.pk, actor=self.second, now=self.now)


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db, monkeypatch) -> Place:
    place = mine(built)
    monkeypatch.setattr(clock, "now", lambda: place.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(place.now))
    cache.clear()
    return place


def body(answer: Any) -> str:
    return answer.content.decode()


def tiers_rule(confirmed: bool = True) -> None:
    PolicyRule.objects.create(
        region=factories.region(), key="recheck_tiers", value={"higher": 40, "lower": 3}, unit="percent",
        basis="栾信办〔2026〕9号", confirmed=confirmed, effective_from=date(2020, 1, 1),
    )  # fmt: skip


@pytest.mark.req("R65")
def test_a_round_by_grade_takes_the_tier_of_the_day_and_the_rates_of_the_rule(place):
    allow(share=10)
    place.standard()
    tiers_rule()
    shop = place.shop
    entry = factories.credit_entry(subject=shop, kind="list", from_on=TODAY - timedelta(days=9))
    factories.credit_entry(subject=place.single, kind="exemplary", from_on=TODAY - timedelta(days=9))
    with transaction.atomic():
        made = place.draw(by_grade=True)
        strata = dict(made.members.values_list("commitment__subject_id", "stratum"))
        assert strata == {shop.pk: "higher", place.single.pk: "lower"}
        assert (made.percent, made.higher_percent, made.lower_percent) == (10, 40, 3)
        assert "栾信办〔2026〕9号" in made.basis and "主体信用分级标准（第 1 版）" in made.basis
        # Three at 40 per cent and one at 3, rounded up.
        assert made.drawn == 3
        pure = rules.draw(
            made.members.values_list("commitment__code", "stratum"), seed=made.seed, number=1,
            percents=rules.percents_of(made.percent, higher=made.higher_percent, lower=made.lower_percent),
        )  # fmt: skip
        assert sorted(made.members.filter(drawn=True).values_list("commitment__code", flat=True)) == pure
        transaction.set_rollback(True)
    # Repaired this morning: by the time of the draw it counts no more.
    grading.grade_all(standard_id=grading.standard_of(shop.region, TODAY).pk, now=NOW)
    assert grading.current_of(shop.pk).tier == "higher"
    services.mark_repaired(entry_id=entry.pk, repaired_on=TODAY, operator=None, now=NOW)
    made = place.draw(by_grade=True)
    assert set(made.members.filter(commitment__subject=shop).values_list("stratum", flat=True)) == {
        "ordinary"
    }


@pytest.mark.req("R65")
@pytest.mark.parametrize("what", ["standard", "rule"])
def test_what_is_not_confirmed_sets_no_rate(place, what):
    allow(share=10)
    place.standard(confirmed=what != "standard")
    tiers_rule(confirmed=what != "rule")
    factories.credit_entry(subject=place.shop, kind="list", from_on=TODAY - timedelta(days=9))
    made = place.draw(by_grade=True)
    if what == "standard":
        assert set(made.members.values_list("stratum", flat=True)) == {"ordinary"}
    else:
        assert (made.higher_percent, made.lower_percent) == (None, None)
        assert "没有确定，都按同一比例" in made.basis
    with pytest.raises(planning.PlanError, match="只选一种"):
        place.plan(by_grade=True, by_risk=True, higher_percent=9, lower_percent=9)


@pytest.mark.req("R71")
def test_what_two_departments_have_drawn_of_one_subject_is_one_visit(place):
    place.draw()
    with pytest.raises(VisitError, match="信用办归并"):
        arranging.bundle(actor=place.leader, now=NOW)
    (made,) = arranging.bundle(actor=place.first, now=NOW)
    assert (made.subject, made.lead, made.state) == (place.shop, place.lead, "proposed")
    assert made.matters.count() == 3 and made.parts.count() == 2
    assert arranging.bundle(actor=place.first, now=NOW) == []
    assert Notice.objects.filter(user=place.leader, key=f"visit:{made.pk}:new").exists()
    with pytest.raises(VisitError, match="牵头部门安排"):
        arranging.plan(visit_id=made.pk, day=TODAY, announced=False, note="", actor=place.officer, now=NOW)
    for day in (TODAY - timedelta(days=1), made.until_on + timedelta(days=1)):
        with pytest.raises(VisitError, match="检查日期应在"):
            arranging.plan(visit_id=made.pk, day=day, announced=False, note="", actor=place.leader, now=NOW)
    with pytest.raises(VisitError, match="还没有安排日期"):
        arranging.confirm(visit_id=made.pk, actor=place.officer, now=NOW)
    arranging.plan(
        visit_id=made.pk, day=TODAY + timedelta(days=3), announced=False, note="", actor=place.leader, now=NOW
    )
    assert Notice.objects.filter(user=place.officer, title__startswith="待确认").count() == 1
    assert showing.coming_of(place.shop, TODAY) == []
    arranging.confirm(visit_id=made.pk, actor=place.officer, now=NOW)
    assert set(made.parts.values_list("state", flat=True)) == {"confirmed"}
    # Another day: the others are asked again.
    arranging.plan(
        visit_id=made.pk,
        day=TODAY + timedelta(days=5),
        announced=True,
        note="带证照",
        actor=place.leader,
        now=NOW,
    )
    assert made.parts.get(department=place.other).state == "waiting"
    (coming,) = showing.coming_of(place.shop, TODAY)
    assert coming.matters == 3 and set(coming.departments) == {place.lead.name, place.other.name}
    arranging.confirm(visit_id=made.pk, actor=place.officer, now=NOW)
    for row in Recheck.objects.filter(commitment__subject=place.shop):
        actor = place.leader if row.department == place.lead else place.officer
        answering.answer(
            recheck_id=row.pk,
            finding="kept",
            found_on=TODAY,
            note="现场核查，都做到了。",
            actor=actor,
            now=NOW,
        )
    assert showing.coming_of(place.shop, TODAY) == []
    with pytest.raises(VisitError, match="都已登记结果"):
        arranging.cancel(visit_id=made.pk, reason="不去了", actor=place.leader, now=NOW)
    steps = AuditEvent.objects.filter(verb="visit.step", target_id=str(made.pk)).order_by("id")
    assert [one.facts["step"] for one in steps] == ["bundled", "planned", "confirmed", "planned", "confirmed"]


@pytest.mark.req("R71")
def test_whoever_does_not_come_looks_on_its_own_and_a_cancelled_visit_can_be_bundled_anew(place):
    visit = place.planned()
    with pytest.raises(VisitError, match="理由应为"):
        arranging.decline(visit_id=visit.pk, reason="", actor=place.officer, now=NOW)
    with pytest.raises(VisitError, match="不能退出"):
        arranging.decline(visit_id=visit.pk, reason="没有时间", actor=place.leader, now=NOW)
    arranging.decline(visit_id=visit.pk, reason="专项检查另有安排", actor=place.officer, now=NOW)
    visit.refresh_from_db()
    assert visit.state == "planned" and visit.matters.filter(released=False).count() == 2
    with pytest.raises(VisitError, match="已经退出"):
        arranging.confirm(visit_id=visit.pk, actor=place.officer, now=NOW)
    arranging.cancel(visit_id=visit.pk, reason="主体已经停业", actor=place.leader, now=NOW)
    assert not visit.matters.filter(released=False).exists()
    for change in (
        lambda: Visit.objects.filter(pk=visit.pk).update(state="planned"),
        lambda: Visit.objects.filter(pk=visit.pk)._raw_delete("default"),
        lambda: VisitMatter.objects.filter(visit=visit).update(released=False),
    ):
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
            change()
    (again,) = arranging.bundle(actor=place.first, now=NOW)
    assert again.matters.count() == 3
    stranger = factories.staff(groups.OFFICER)
    with pytest.raises(VisitError, match="不参加这次检查"):
        arranging.confirm(visit_id=again.pk, actor=stranger, now=NOW)


@pytest.mark.req("R71")
def test_whoever_was_to_come_hears_of_every_new_day_and_of_a_cancellation(place):
    visit = place.visit()

    def planned(days: int, *, minute: int) -> None:
        arranging.plan(
            visit_id=visit.pk, day=TODAY + timedelta(days=days), announced=days == 7, note="", actor=place.leader,
            now=NOW + timedelta(minutes=minute),
        )  # fmt: skip

    for minute, days in enumerate((7, 9, 7)):
        planned(days, minute=minute)
    mine_ = Notice.objects.filter(user=place.officer, key__startswith=f"visit:{visit.pk}:")
    assert [one.title.split()[0] for one in mine_] == ["待确认的联合检查"] * 3
    arranging.cancel(visit_id=visit.pk, reason="主体已经停业", actor=place.leader, now=NOW)
    last = mine_.latest("pk")
    assert last.title == f"已取消的联合检查 {visit.number}" and "主体已经停业" in last.body
    steps = AuditEvent.objects.filter(verb="visit.step", target_id=str(visit.pk)).order_by("id")
    assert [(one.facts["step"], one.facts["day"][-2:], one.facts["announced"]) for one in steps] == [
        ("bundled", "", False), ("planned", "21", True), ("planned", "23", False), ("planned", "21", True),
        ("cancelled", "21", True),
    ]  # fmt: skip


@pytest.mark.req("R71")
def test_the_offices_of_a_city_and_of_a_county_in_it_bundle_one_after_the_other(place):
    place.draw()
    city = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="130100", kind="credit_office")
    )

    def locks(actor: Any) -> list[str]:
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            arranging.bundle(actor=actor, now=NOW)
            transaction.set_rollback(True)
        return [one["sql"] for one in asked.captured_queries if "FOR NO KEY UPDATE" in one["sql"]][:1]

    assert locks(city) == locks(place.first) and "000000" in locks(city)[0]


@pytest.mark.req("R71")
def test_bundling_a_hundred_asks_as_little_as_bundling_ten(place):
    def cost(number: int) -> int:
        for _ in range(number):
            subject = factories.subject()
            for department in (place.lead, place.other):
                listed.commitment(department=department, subject=subject, content=TEXT, made_on=BEFORE)
        place.draw()
        with CaptureQueriesContext(connection) as asked:
            made = arranging.bundle(actor=place.first, now=NOW)
        assert len(made) >= number
        numbers = sum("registry_numbercounter" in one["sql"] for one in asked.captured_queries)
        return len(asked) - numbers

    few = cost(3)
    assert cost(12) == few


@pytest.mark.req("R71")
def test_the_round_at_the_desk_and_on_the_subjects_own_pages(place):
    place.draw()
    office, lead, other = (client_of(one) for one in (place.first, place.leader, place.officer))
    assert "已归并为 1 次联合检查" in body(office.post("/desk/visits/bundle/", follow=True))
    assert "没有可以归并的" in body(office.post("/desk/visits/bundle/", follow=True))
    visit = Visit.objects.get()
    at = f"/desk/visits/{visit.uuid}/"
    assert place.shop.name in body(lead.get("/desk/visits/"))
    assert "安排日期" in body(lead.get(at)) and "等候牵头部门安排" in body(other.get(at))
    assert client_of(factories.staff(groups.OFFICER)).get(at).status_code == 404
    assert lead.post(f"{at}plan/", {"day": "明天"}).status_code == 422
    assert lead.post(f"{at}plan/", {"day": "2020-01-01"}).status_code == 422
    day = TODAY + timedelta(days=7)
    data = {"day": day.isoformat(), "announced": "on", "note": "上午九点，请备好台账"}
    assert "已安排" in body(lead.post(f"{at}plan/", data, follow=True))
    assert "确认参加" in body(other.get(at))
    assert other.post(f"{at}decline/", {}).status_code == 422
    assert "已确认参加" in body(other.post(f"{at}confirm/", follow=True))
    assert lead.post(f"{at}nothing/").status_code == 404
    # The office arranges what is its own department's, not what another leads.
    assert arranging.NOT_LEAD in body(office.post(f"{at}plan/", data, follow=True))
    client = subjects.client_for(place.shop, now=NOW)
    home = body(client.get("/me/"))
    assert f"/me/visits/{visit.uuid}/" in home and "上门检查，共 3 项" in home
    page = body(client.get(f"/me/visits/{visit.uuid}/"))
    for part in (day.isoformat(), place.lead.name, place.other.name, "上午九点，请备好台账"):
        assert part in page
    assert subjects.client_for(place.single, now=NOW).get(f"/me/visits/{visit.uuid}/").status_code == 404
    assert "共 3 项" not in body(subjects.client_for(place.single, now=NOW).get("/me/"))
    row = Recheck.objects.filter(commitment__subject=place.shop, department=place.other).get()
    assert f"/desk/rechecks/{row.uuid}/" in body(other.get(at))
    assert "已取消" in body(lead.post(f"{at}cancel/", {"reason": "主体已经停业"}, follow=True))
    assert f"/me/visits/{visit.uuid}/" not in body(client.get("/me/"))
    for tab in ("proposed", "planned", "done", "cancelled", "x"):
        assert lead.get(f"/desk/visits/?state={tab}").status_code == 200
