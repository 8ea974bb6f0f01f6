"""An entry of the record that a procedure has written is moved by that procedure, with all that hangs on it: not beside it in the
back office (S1 十一, S4 8 12; R78, R92)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from credit_portal.audit.clock import local_date
from credit_portal.registry import groups
from disclosure.breach_gate import public_breaches
from tests import factories
from tests.breach_stage import Stage
from tests.listing_stage import MEASURE, Office
from tests.office import client_of
from verification import listing, listing_opening, services
from verification.models import CreditEntry

pytestmark = pytest.mark.django_db


def _credit():
    return factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(kind="credit_office", region="130111")
    )


@pytest.fixture
def moment(monkeypatch):
    def at(now) -> None:
        monkeypatch.setattr("credit_portal.audit.clock.now", lambda: now)
        monkeypatch.setattr("credit_portal.audit.clock.today", lambda: local_date(now))

    return at


def _refused(client: Client, entry: CreditEntry, what: str) -> None:
    on = str(entry.from_on)
    page = client.get(reverse("admin:verification_creditentry_change", args=[entry.pk])).content.decode()
    assert "办理程序" in page and what in page
    for deed, typed, said in (
        ("repair", {"repaired_on": on}, "修复由主体申请"),
        ("end", {"ended_on": on, "reason": "已移出名单"}, "请到原程序办理"),
        ("revoke", {"confirmed": "True"}, "请到原程序办理"),
    ):
        address = reverse(f"admin:verification_creditentry_{deed}", args=[entry.pk])
        assert address not in page
        answer = client.post(address, typed)
        assert answer.status_code == 200 and said in answer.content.decode(), (deed, answer.status_code)
        assert what in answer.content.decode()
    before = entry.state
    entry.refresh_from_db()
    assert entry.state == before


@pytest.mark.req("R78")
def test_the_entry_of_a_listing_is_moved_by_the_listing_with_its_persons(moment) -> None:
    office = Office()
    row = office.on(office.opened())
    person = listing_opening.open_person(
        parent_id=row.pk, responsible_id=office.responsible.pk, facts="直接负责，拒不改正违法。",
        measures=[MEASURE], actor=office.officer, now=office.now,
    )  # fmt: skip
    person = office.on(person, term_until=row.term_until)
    moment(office.now)
    client = client_of(_credit())
    for one in (row, person):
        _refused(client, CreditEntry.objects.get(pk=one.entry_id), "联合惩戒列入")
    page = client.get(reverse("admin:verification_creditentry_change", args=[row.entry_id])).content.decode()
    assert reverse("admin:verification_listing_change", args=[row.pk]) in page
    listing.revoke(listing_id=row.pk, expect="in_force", reason="认定有误", actor=office.head, now=office.now)
    for one in (row, person):
        one.refresh_from_db()
        assert (one.state, one.entry.state) == ("revoked", "revoked")


@pytest.mark.req("R78")
def test_what_should_never_have_been_is_revoked_where_it_is_over_too() -> None:
    office = Office()
    row = office.on(office.opened())
    person = listing_opening.open_person(
        parent_id=row.pk, responsible_id=office.responsible.pk, facts="直接负责，拒不改正违法。",
        measures=[MEASURE], actor=office.officer, now=office.now,
    )  # fmt: skip
    office.on(person, term_until=row.term_until)
    row = office.left(row)
    assert row.state == "exited" and "revoke" in listing.acts_open(row, [groups.HEAD])
    row = listing.revoke(
        listing_id=row.pk, expect="exited", reason="判决撤销了处罚", actor=office.head, now=office.now
    )
    person.refresh_from_db()
    for one in (row, person):
        assert (one.state, CreditEntry.objects.get(pk=one.entry_id).state) == ("revoked", "revoked")


@pytest.mark.req("R92")
def test_the_entry_of_a_breach_is_moved_by_its_case_and_its_commitment_with_it(moment) -> None:
    stage = Stage()
    publication = stage.published()
    now = stage.now + timedelta(days=5)
    moment(now)
    entry = publication.case.entry
    entry.refresh_from_db()
    _refused(client_of(stage.credit), entry, "违诺")
    assert Client().get(f"/breaches/{publication.uuid}/").status_code == 200


@pytest.mark.req("R92")
@pytest.mark.parametrize("deed", ["revoke", "repair"])
def test_a_breach_that_is_out_of_the_record_is_not_public_whoever_took_it_out(moment, deed) -> None:
    stage = Stage()
    publication = stage.published()
    now = stage.now + timedelta(days=5)
    moment(now)
    assert public_breaches(now).filter(pk=publication.pk).exists()
    entry_id = publication.case.entry_id
    if deed == "revoke":
        services.revoke_entry(entry_id=entry_id, operator=stage.credit, now=now)
    else:
        services.mark_repaired(entry_id=entry_id, repaired_on=local_date(now), operator=stage.credit, now=now)
    assert not public_breaches(now).exists()
    assert Client().get(f"/breaches/{publication.uuid}/").status_code == 404
