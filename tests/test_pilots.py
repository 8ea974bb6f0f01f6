"""Pilots: begun with their goals, noted, counted before and during, summed up with the figures of the day, shown where the
office decides so. (S1 二十, S4 20「试点示范」, R112)"""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from commitments.models import Commitment
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from disclosure.models import Pilot, PilotNote
from disclosure.pilots import figures, keeping
from disclosure.pilots.keeping import PilotRefused, Plan
from tests import factories, listed
from tests.factories import NOW, TODAY
from tests.office import client_of

pytestmark = pytest.mark.django_db
BEGAN = date(2026, 9, 5)


class Stage:
    def __init__(self) -> None:
        self.office = factories.department(kind="credit_office")
        self.credit = factories.staff("credit_office", department=self.office)
        self.unit = factories.department()
        self.officer = factories.staff("officer", department=self.unit)
        self.item = factories.item_version(
            department=self.unit, domain="food_drug", materials_spared=3, days_spared=2
        )

    def begin(self, **changes) -> Pilot:
        plan = {
            "title": "容缺受理试点", "from_on": BEGAN, "until_on": date(2026, 12, 31), "goals": "少跑一趟。", "leader": "赵一",
            "unit": self.unit,
        }  # fmt: skip
        return keeping.begin(plan=Plan(**plan | changes), actor=self.credit, now=NOW)


@pytest.fixture
def stage(db, monkeypatch) -> Stage:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    return Stage()


@pytest.mark.req("R112")
def test_the_days_before_are_as_many_as_those_so_far_and_figures_open_their_cases(stage):
    pilot = stage.begin()
    before, during = figures.days_of(pilot, TODAY)
    assert (during.first, during.last, before.first, before.last) == (
        BEGAN, TODAY, date(2026, 8, 26), date(2026, 9, 4),
    )  # fmt: skip
    for day in (date(2026, 8, 25), date(2026, 8, 26), date(2026, 9, 4), BEGAN, TODAY, TODAY):
        listed.commitment(department=stage.unit, item_version=stage.item, made_on=day)
    listed.commitment(made_on=BEGAN)
    found = {one.key: (one.before, one.during) for one in figures.measured(pilot, TODAY)}
    assert (found["signed"], found["materials"], found["days"]) == ((2, 3), (6, 9), (4, 6))
    for which, number in (("before", 2), ("during", 3)):
        page = client_of(stage.credit).get(f"/desk/pilots/{pilot.uuid}/cases/materials/?days={which}")
        assert len(page.context["lines"]) == number
    for narrowed, number in (
        ({"domain": "food_drug"}, 3),
        ({"domain": "health"}, 0),
        ({"item": stage.item.item.code}, 3),
    ):
        other = stage.begin(**narrowed)
        assert figures.measured(other, TODAY)[0].during == number
    whole = stage.begin(unit=None)
    assert figures.measured(whole, TODAY)[0].during == 4


@pytest.mark.req("R112")
def test_it_goes_on_and_is_summed_up_with_figures_that_stay(stage):
    pilot = stage.begin()
    keeping.add_note(pilot_id=pilot.pk, on=TODAY, text="启动。", actor=stage.officer, now=NOW)
    with pytest.raises(PilotRefused, match="今天之间"):
        keeping.add_note(
            pilot_id=pilot.pk, on=TODAY + timedelta(days=1), text="启动。", actor=stage.officer, now=NOW
        )
    stranger = factories.staff("officer")
    with pytest.raises(PilotRefused, match="试点单位"):
        keeping.add_note(pilot_id=pilot.pk, on=TODAY, text="启动。", actor=stranger, now=NOW)
    for change in (lambda: PilotNote.objects.update(text="改"), lambda: Pilot.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    listed.commitment(department=stage.unit, made_on=TODAY)
    with pytest.raises(PilotRefused, match="结论"):
        keeping.close(pilot_id=pilot.pk, verdict="", summary="好。", actor=stage.credit, now=NOW)
    keeping.close(pilot_id=pilot.pk, verdict="spread", summary="可以推广。", actor=stage.credit, now=NOW)
    Commitment.objects.update(voided_at=NOW)
    pilot.refresh_from_db()
    assert (pilot.state, pilot.figures[0]["during"]) == ("summed_up", 1)
    with pytest.raises(PilotRefused, match="已总结"):
        keeping.close(pilot_id=pilot.pk, verdict="end", summary="再来。", actor=stage.credit, now=NOW)
    assert AuditEvent.objects.filter(verb="pilot.step", target_id=str(pilot.pk)).count() == 3


@pytest.mark.req("R112")
def test_the_public_sees_what_the_office_shows_without_people_and_small_numbers(stage):
    pilot = stage.begin()
    address = f"/pilots/{pilot.uuid}/"
    assert Client().get(address).status_code == 404
    assert pilot.title not in Client().get("/pilots/").content.decode()
    for place in range(12):
        listed.commitment(department=stage.unit, made_on=BEGAN if place < 11 else date(2026, 9, 1))
    keeping.close(pilot_id=pilot.pk, verdict="go_on", summary="再试半年。", actor=stage.credit, now=NOW)
    keeping.show(pilot_id=pilot.pk, public=True, actor=stage.credit, now=NOW)
    page = Client().get(address).content.decode()
    assert "再试半年" in page and "不足 10" in page and ">11<" in page and pilot.leader not in page
    assert pilot.title in Client().get("/pilots/").content.decode()
    keeping.show(pilot_id=pilot.pk, public=False, actor=stage.credit, now=NOW)
    assert Client().get(address).status_code == 404


@pytest.mark.req("R112")
def test_the_desk_begins_notes_and_sums_up_and_says_what_is_wrong_by_field(stage):
    office, unit = client_of(stage.credit), client_of(stage.officer)
    wrong = office.post("/desk/pilots/new/", {"title": "试", "from_on": "2026-09-05", "until_on": "2026-09-05",
                                              "goals": "好", "leader": "赵一", "item": "没有"})  # fmt: skip
    old = office.post("/desk/pilots/new/", {"title": "试", "from_on": "0001-01-01", "until_on": "2026-09-05",
                                            "goals": "好", "leader": "赵一"})  # fmt: skip
    assert old.status_code == 422 and "不能早于 2015 年" in old.content.decode()
    assert wrong.status_code == 422 and "结束日期应晚于开始日期" in wrong.content.decode()
    made = office.post(
        "/desk/pilots/new/",
        {"title": "试", "unit": stage.unit.pk, "from_on": "2026-09-05", "until_on": "2026-12-05", "goals": "好",
         "leader": "赵一"},
    )  # fmt: skip
    assert made.status_code == 302
    assert "试" in unit.get("/desk/pilots/").content.decode() and unit.get(made.url).status_code == 200
    assert client_of(factories.staff("officer")).get(made.url).status_code == 404
    assert unit.post(made.url, {"deed": "note", "on": "2026-09-14", "text": "开会。"}).status_code == 302
    assert office.post(made.url, {"deed": "close", "summary": "好"}).status_code == 422
    assert unit.post(made.url, {"deed": "show"}).status_code == 302 and not Pilot.objects.get().public_at
    assert office.post(made.url, {"deed": "show"}).status_code == 302 and Pilot.objects.get().public_at
    assert office.post(made.url, {"deed": "stop", "summary": "条件不具备"}).status_code == 302
    assert Pilot.objects.get().state == "stopped"
