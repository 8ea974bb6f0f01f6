"""Whoever answers for two firms that are on a list stands on it for each: off the list of one, the other's still holds (S1 十一,
S4 8 12; R80, R82)."""

from datetime import date

import pytest

from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.services import set_responsible
from disclosure.person_gate import persons_of_firm
from tests import factories, subjects
from tests.factories import NOW
from tests.listing_stage import MEASURE, Office
from tests.office import client_of
from verification import listing, listing_opening
from verification import services as record
from verification.facts import as_entry, entries_that_count
from verification.models import AppliedMeasure
from verification.record import measures_in_force, standing

pytestmark = pytest.mark.django_db
FACTS = "直接负责，拒不改正违法。"


class TwoFirms(Office):
    """The same person is responsible for another firm, too."""

    def __init__(self) -> None:
        super().__init__()
        self.second = factories.subject(name="另一家有限公司", state_owned=True)
        self.also = set_responsible(
            subject=self.second, capacity="legal_representative", name="欧阳演示", source="licence", actor=None,
            department=None, now=NOW, id_number=self.person_number,
        )  # fmt: skip

    def both_on(self):
        entry = record.add_entry(
            subject=self.second, kind="penalty", title="另一家的重大违法", source="演示", region=self.place.region,
            from_on=date(2026, 6, 1), operator=None, now=NOW, department=self.place,
        )  # fmt: skip
        firms = [self.on(self.opened()), self.on(self.opened(subject=self.second, grounds=[entry.pk]))]
        persons = []
        for firm, answers in zip(firms, (self.responsible, self.also), strict=True):
            row = listing_opening.open_person(
                parent_id=firm.pk, responsible_id=answers.pk, facts=FACTS, measures=[MEASURE], actor=self.officer,
                now=self.now,
            )  # fmt: skip
            persons.append(self.on(row, term_until=firm.term_until))
        return firms, persons


@pytest.fixture
def office() -> TwoFirms:
    return TwoFirms()


def _banned(subject, on: date) -> list[int]:
    """The entries by which a check of that day refuses the person in procurement."""
    return [
        one.id
        for one in entries_that_count(subject)
        if measures_in_force(one, standing(one, on), domain="procurement", on=on)
    ]


@pytest.mark.req("R80")
def test_off_the_list_for_one_firm_and_still_on_it_for_the_other(office, monkeypatch) -> None:
    firms, (one, other) = office.both_on()
    assert one.subject == other.subject and one.list_name == other.list_name
    today = local_date(office.now)
    assert set(_banned(one.subject, today)) == {one.entry_id, other.entry_id}
    with pytest.raises(listing.ListingMoved, match=f"因“{office.firm.name}”已在办理"):
        listing_opening.open_person(
            parent_id=firms[0].pk, responsible_id=office.responsible.pk, facts=FACTS, measures=[MEASURE],
            actor=office.officer, now=office.now,
        )  # fmt: skip
    with pytest.raises(listing.ListingMoved, match="这个主体已在办理列入这份名单"):
        office.opened()
    check = factories.item_version()
    made = record.check_subject(
        subject=one.subject, item_version=check, commitment_type="voluntary", operator=office.officer, now=office.now
    )  # fmt: skip
    applied = [
        AppliedMeasure.objects.create(
            check_made=made, entry=row.entry, department=office.place, region=office.place.region,
            domain="procurement", effect="refused", text="拒绝", basis="依据", applied_on=today,
        )
        for row in (one, other)
    ]  # fmt: skip
    office.left(firms[0])
    for row in (one, other):
        row.refresh_from_db()
    assert (one.state, one.entry.state) == ("exited", "ended")
    assert (other.state, other.entry.state) == ("in_force", "effective")
    assert _banned(one.subject, today) == [other.entry_id]
    assert str(standing(as_entry(other.entry), today)) == "unrepaired"
    for row in applied:
        row.refresh_from_db()
    assert applied[0].ended_on == today and applied[1].ended_on is None
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: office.now)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: today)
    own = subjects.client_for(one.subject, now=office.now).get("/me/listings/", follow=True).content.decode()
    desk = client_of(office.officer).get("/desk/lists/", {"state": "in_force"}).content.decode()
    assert f"：{office.firm.name}</a>" in own and f"：{office.second.name}</a>" in own
    assert office.second.name in desk
    # Once more for the firm that was on the list before.
    again = office.opened()
    assert again.state == "opened"


@pytest.mark.req("R82")
def test_arrears_of_two_state_firms_are_pursued_and_published_beside_each(office) -> None:
    PolicyRule.objects.create(
        region=factories.region("130111"), key="arrears_accountability", value=True, unit="bool", basis="演示",
        confirmed=True, effective_from=date(2020, 1, 1),
    )  # fmt: skip
    rows = []
    for firm, answers in ((office.firm, office.responsible), (office.second, office.also)):
        row = listing_opening.open_arrears(
            firm=firm, responsible_id=answers.pk, basis="S4 12 所称规定", facts="任职期间拖欠中小企业货款。", measures=[],
            actor=office.officer, now=office.now,
        )  # fmt: skip
        row = office.on(row)
        for actor in (office.officer, office.head):
            row = listing.publish(listing_id=row.pk, expect="in_force", actor=actor, now=office.now)
        rows.append(row)
    for firm in (office.firm, office.second):
        assert len(persons_of_firm(firm.uscc, now=office.now)) == 1
    office.left(rows[0])
    assert not persons_of_firm(office.firm.uscc, now=office.now)
    assert len(persons_of_firm(office.second.uscc, now=office.now)) == 1
