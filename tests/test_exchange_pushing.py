"""Pushing to a platform however difficult it is, and publication by its receipt."""
# ruff: noqa: F811 - fixtures of the module beside these

from datetime import timedelta
from typing import Any

import pytest

from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import PublicChange
from disclosure import breach_gate, breach_publishing, services
from disclosure.exchange import (
    batches,
    corrections,
    setting_up,
)  # fmt: skip
from disclosure.models import ExchangePlatform, ExchangeRecord
from tests import listed
from tests.breach_stage import Stage
from tests.exchanging import State, city, noted, push, stage, the_platform  # noqa: F401 (fixtures)
from tests.factories import NOW
from tests.platform_server import Platform

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


def test_records_are_pushed_in_batches_and_arrive_once(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address, batch_rows=2)
    records = [noted(listed.commitment(department=stage.department)) for _ in range(5)]
    assert push() == [True, True, True]
    assert push() == []
    assert set(city.arrivals) == {record.key for record in records} and set(city.arrivals.values()) == {1}
    assert set(ExchangeRecord.objects.values_list("state", flat=True)) == {State.ACCEPTED}
    assert city.held[records[0].key]["fields"]["1"] == records[0].number


@pytest.mark.parametrize("mode", ["error", "silent"])
def test_a_difficult_platform_gets_each_record_once(stage: Stage, city: Platform, mode: str) -> None:
    the_platform(adapter="http", address=city.address)
    record = noted(stage.commitment)
    city.mode = mode
    assert push() == [False]
    city.mode = "ok"
    assert push(NOW + timedelta(days=1)) == [True]
    assert city.arrivals == {record.key: 1}
    record.refresh_from_db()
    assert record.state == State.ACCEPTED
    posts = [kind for kind, _ in city.requests].count("POST")
    # What was stored without our knowing is asked for, not sent again.
    assert posts == (1 if mode == "silent" else 2)


def test_a_platform_that_forgets_keys_shows_why_they_are_sent(stage: Stage, city: Platform) -> None:
    """The negative control: without keys, a batch whose answer was lost is there twice."""
    the_platform(adapter="http", address=city.address)
    record = noted(stage.commitment)
    city.mode, city.knows_keys = "silent", False
    assert push() == [False]
    city.mode = "ok"
    assert push(NOW + timedelta(days=1)) == [True]
    assert city.arrivals == {record.key: 2}


def test_a_platform_that_is_away_is_asked_until_it_is_back(stage: Stage, city: Platform) -> None:
    place = the_platform(adapter="http", address="http://127.0.0.1:1")
    record = noted(stage.commitment)
    now = NOW
    for _ in range(30):
        assert push(now) == [False]
        now += timedelta(hours=1)
    ExchangePlatform.objects.filter(pk=place.pk).update(address=city.address)
    assert push(now) == [True] and city.arrivals == {record.key: 1}


def test_what_the_platform_refuses_is_corrected_and_accepted(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    record = noted(stage.commitment)
    city.refuses = lambda sent: (
        [] if sent["fields"]["6"].startswith("申请") else [{"field": "6", "text": "事由应以“申请”开头"}]
    )
    assert push() == [True]
    record.refresh_from_db()
    assert record.state == State.REJECTED and record.reasons == [["6", "事由应以“申请”开头"]]
    corrections.correct(
        record_id=record.pk,
        values={"6": "申请食品经营许可"},
        reason="按平台要求",
        actor=stage.officer,
        now=NOW,
    )
    assert push() == [True]
    assert city.now_holds()[record.number]["fields"]["6"] == "申请食品经营许可"
    assert Duty.objects.get(rule_key="commitment_upload").state == "met"


def test_a_whole_breach_above_is_as_it_is_here(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    noted(stage.commitment)
    push(stage.now)
    publication = stage.published()
    push(stage.now)
    held = city.now_holds()[stage.commitment.code]
    assert held["fields"]["11"] == "全部未履行" and held["fields"]["19"] == "可向社会公开"
    assert Duty.objects.get(rule_key="platform_collection").state == "met"
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    push(stage.now)
    assert city.now_holds()[stage.commitment.code]["fields"]["11"] == ""
    services.withdraw(commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=stage.now)
    push(stage.now)
    assert stage.commitment.code not in city.now_holds()
    assert set(city.arrivals.values()) == {1}


@pytest.mark.req("R74", "R89")
def test_a_breach_is_public_here_from_the_day_of_the_platforms_receipt(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    city.mode = "error"
    report = stage.accepted()
    decided = stage.now
    publication = breach_publishing.decide_publication(
        case_id=report.case_id, publicity_class="public", reason="by_law", actor=stage.credit, now=decided
    )
    until = publication.public_until
    assert publication.awaits_platform
    push(decided)
    breach_publishing.follow_the_days(now=decided + timedelta(days=1))

    def duty() -> str:
        return Duty.objects.get(rule_key="breach_publication", matter_id=report.case_id).state

    def seen(now: Any) -> bool:
        return breach_gate.find_breach(publication.uuid, now=now) is not None

    entry = report.case.entry
    assert entry is not None
    later = decided + timedelta(days=2)
    assert not seen(decided) and not seen(later) and duty() == "open"
    assert not PublicChange.objects.filter(resource="breach").exists()
    entry.refresh_from_db()
    assert entry.public_from is None
    # On acceptance of the report alone, nothing would be public: that version is a limited one.
    city.mode = "ok"
    push(later)
    push(later)
    publication.refresh_from_db()
    assert seen(later) and duty() == "met" and not publication.awaits_platform
    assert (publication.public_from, publication.public_until) == (local_date(later), until)
    entry.refresh_from_db()
    assert (entry.public_from, entry.public_until) == (local_date(later), until)
    assert PublicChange.objects.filter(resource="breach", kind="published").count() == 1


def test_the_version_before_the_decision_makes_nothing_public(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    report = stage.accepted()
    # Put into a batch before the decision, answered after it.
    batches.push_waiting(now=stage.now)
    publication = breach_publishing.decide_publication(
        case_id=report.case_id, publicity_class="public", reason="by_law", actor=stage.credit, now=stage.now
    )
    assert push(stage.now)[0]
    limited = ExchangeRecord.objects.filter(state=State.ACCEPTED).latest("version")
    assert limited.fields["19"] == "特定范围内公开"
    publication.refresh_from_db()
    assert publication.awaits_platform and breach_gate.find_breach(publication.uuid, now=stage.now) is None


def test_what_waits_for_a_platform_that_is_given_up_is_public_by_this_portal(stage: Stage) -> None:
    place = the_platform()
    publication = stage.published()
    assert publication.awaits_platform
    values = {name: getattr(place, name) for name in setting_up.FIELDS} | {"is_active": False}
    setting_up.save_platform(platform_id=place.pk, values=values, actor=stage.credit, now=stage.now)
    publication.refresh_from_db()
    assert not publication.awaits_platform
    assert breach_gate.find_breach(publication.uuid, now=stage.now) is not None


def test_what_never_was_shown_ends_without_a_word(stage: Stage) -> None:
    the_platform()
    publication = stage.published()
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    assert breach_publishing.shown_above(case_id=publication.case_id, now=stage.now) is None
    assert not PublicChange.objects.filter(resource="breach").exists()
