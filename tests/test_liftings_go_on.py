"""A sanction that somebody has asked to lift goes on with the corrected record, and so does what was asked."""

import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.office import Office, client_of
from tests.scenes import mine
from verification import correcting
from verification.checking.handling import CheckError
from verification.measures import lifting
from verification.models import AppliedMeasure, CreditEntry, MeasureLifting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db, monkeypatch) -> Office:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: local_date(NOW))
    return mine(built)


def asked_for(office: Office, entry: CreditEntry, number: int = 1) -> list[MeasureLifting]:
    found = []
    for one in range(number):
        measure = AppliedMeasure.objects.create(
            check_made=office.check, entry=entry, department=office.department, region=make.region(),
            domain="approval", effect="key", text=f"重点审查{one}", basis="法", applied_on=TODAY,
        )  # fmt: skip
        found.append(
            lifting.ask(
                measure_id=measure.pk, reason="已经改正", actor=office.people[groups.OFFICER], now=NOW
            )
        )
    return found


def corrected(office: Office, entry: CreditEntry) -> CreditEntry:
    return correcting.correct_anew(
        entry_id=entry.pk,
        changes={"title": "另"},
        reason="错字",
        actor=office.people[groups.CREDIT_OFFICE],
        now=NOW,
    )


@pytest.mark.req("R67", "R86")
def test_what_was_asked_before_a_correction_is_decided_after_it(office):
    entry, head = make.credit_entry(subject=office.check.subject), office.people[groups.HEAD]
    (asked,) = asked_for(office, entry)
    was, before = asked.measure, Notice.objects.filter(user=head).count()
    new = corrected(office, entry)
    going_on = AppliedMeasure.objects.get(entry=new)
    asked.refresh_from_db()
    assert (asked.measure, asked.state) == (going_on, "asked")
    moved = AuditEvent.objects.filter(verb="measure.lifting").latest("pk")
    assert moved.facts["deed"] == "moved" and moved.target_id == str(
        MeasureLifting.objects.get(pk=asked.pk).measure_id
    )
    told = Notice.objects.filter(user=head).order_by("pk")
    assert told.count() == before + 1 and str(going_on.uuid) in told.last().link
    with pytest.raises(CheckError, match="接续"):
        lifting.decide(measure_id=was.pk, allow=True, answer="同意", actor=head, now=NOW)
    page = client_of(head).get(f"/desk/measures/{was.uuid}/").content.decode()
    assert f"/desk/measures/{going_on.uuid}/" in page
    lifting.decide(measure_id=going_on.pk, allow=True, answer="同意", actor=head, now=NOW)
    going_on.refresh_from_db()
    assert going_on.end_reason == "lifted"


@pytest.mark.req("R86")
def test_what_was_asked_moves_nowhere_else(office):
    entry, other = (make.credit_entry(subject=office.check.subject) for _ in range(2))
    (asked,), (elsewhere,) = asked_for(office, entry), asked_for(office, other)
    lifting.decide(
        measure_id=elsewhere.measure_id, allow=False, answer="没有", actor=office.people[groups.HEAD], now=NOW
    )
    corrected(office, entry)
    third = make.credit_entry(subject=office.check.subject)
    unrelated = asked_for(office, third)[0].measure_id
    for pk in (asked.pk, elsewhere.pk):
        with pytest.raises(IntegrityError), transaction.atomic():
            MeasureLifting.objects.filter(pk=pk).update(measure=unrelated)


def test_however_many_were_asked_for_the_correction_costs_the_same(office):
    def cost(number: int) -> int:
        entry = make.credit_entry(subject=office.check.subject)
        asked_for(office, entry, number)
        with CaptureQueriesContext(connection) as seen:
            corrected(office, entry)
        return len(seen)

    assert cost(1) == cost(5)


@pytest.mark.req("R67", "R86")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_a_sanction_that_is_lifted_while_its_record_is_put_right_does_not_begin_anew(
    monkeypatch, blank_papers, locked
):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    office = Office()
    entry = make.credit_entry(subject=office.check.subject)
    (asked,) = asked_for(office, entry)
    if not locked:
        # The counter-proof: without the lock the race is there.
        monkeypatch.setattr(
            correcting, "_running", lambda old: AppliedMeasure.objects.filter(entry=old, ended_on=None)
        )
    failed: list[Exception] = []

    def correct() -> None:
        try:
            corrected(office, entry)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=correct)
    with transaction.atomic():
        lifting.decide(
            measure_id=asked.measure_id, allow=True, answer="同意", actor=office.people[groups.HEAD], now=NOW
        )
        worker.start()
        time.sleep(1.5)
    worker.join()
    assert not failed
    assert AppliedMeasure.objects.filter(entry__corrects=entry).exists() is not locked
