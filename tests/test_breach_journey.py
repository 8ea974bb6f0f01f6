"""From the open case to the public page and back into the next check, by services alone."""

from datetime import date, timedelta

import pytest

from commitments import breaches
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox import sweeping
from credit_portal.outbox.models import Notice, PublicChange
from tests.breach_stage import Stage
from verification.models import CreditEntry
from verification.rules import standing
from verification.services import as_entry

pytestmark = pytest.mark.django_db


@pytest.mark.req("R72", "R73", "R74", "R62", "R26", "R89")
def test_a_breach_is_told_heard_determined_served_reported_accepted_and_published(
    django_capture_on_commit_callbacks,
):
    stage = Stage()
    with django_capture_on_commit_callbacks(execute=True):
        publication = stage.published()
    case = BreachCase.objects.get()
    today = local_date(stage.now)
    assert case.state == "served" and case.determined_on == today
    assert publication.public_from == today and publication.announced_at is not None
    assert publication.public_until == date(today.year + 1, today.month, today.day)
    entry = CreditEntry.objects.get(pk=case.entry_id)
    assert (entry.public_from, entry.public_until) == (publication.public_from, publication.public_until)
    assert str(standing(as_entry(entry), today)) == "in_publicity"
    assert str(standing(as_entry(entry), publication.public_until + timedelta(days=1))) == "expired"
    assert Commitment.objects.get().fulfilment == "unfulfilled"
    duties = {duty.rule_key: duty for duty in Duty.objects.all()}
    assert set(duties) == {"service", "breach_report", "report_acceptance", "breach_publication"}
    assert all(duty.state == "met" and duty.met_on == today for duty in duties.values())
    assert len(duties["breach_report"].counted) == 7
    feed = list(PublicChange.objects.filter(resource="breach").values_list("kind", "position"))
    assert feed and feed[0][0] == "published" and feed[0][1] is not None
    assert Notice.objects.filter(kind="report", user=stage.credit).count() == 1
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"case.step", "report.submitted", "report.accepted", "breach.published", "duty.met"} <= verbs


def test_publicity_ends_by_itself_and_the_sweep_only_tells(django_capture_on_commit_callbacks):
    stage = Stage()
    publication = stage.published()
    over = stage.now + (publication.public_until - local_date(stage.now)) + timedelta(days=1)
    assert sweeping.sweep(now=over)["publication"] == 1
    publication.refresh_from_db()
    assert publication.ending == "maximum"
    assert sweeping.sweep(now=over)["publication"] == 0
    assert PublicChange.objects.filter(resource="breach", kind="withdrawn").count() == 1


def test_revoking_undoes_everything_that_a_determination_caused():
    stage = Stage()
    publication = stage.published()
    case = publication.case
    breaches.revoke(
        case_id=case.pk, expect="served", reason="court", explanation="法院判决撤销该认定。",
        document_no="（2026）冀0111行初1号", actor=stage.head, now=stage.now,
    )  # fmt: skip
    publication.refresh_from_db()
    assert publication.ending == "revocation"
    assert CreditEntry.objects.get().state == "revoked"
    assert Commitment.objects.get().fulfilment == "running"
    assert PublicChange.objects.filter(resource="breach", kind="withdrawn").exists()
