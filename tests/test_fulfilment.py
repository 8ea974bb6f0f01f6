"""Fulfilment is recorded by those responsible, step by step, and goes into the record (R62)."""

import pytest

from commitments import signing
from commitments.fulfilment import FulfilmentError, record_fulfilment
from commitments.models import Commitment, CommitmentEvent
from credit_portal.audit.models import AuditEvent
from tests import factories
from tests.counter import Counter
from verification.models import CreditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
NOW = factories.NOW


@pytest.fixture
def counter():
    return Counter.open()


@pytest.fixture
def signed(counter) -> Commitment:
    """Its term is over: what had to be kept up until then can be recorded."""
    made = counter.sign()
    made.obligations.update(due_on=NOW.date())
    return made


@pytest.fixture
def officer(counter):
    return factories.staff("officer", department=counter.clerk.department)


def record(signed, actor, status, note=""):
    return record_fulfilment(commitment_id=signed.pk, status=status, actor=actor, now=NOW, note=note)


@pytest.mark.req("R62")
def test_what_was_kept_is_recorded_once_and_written_into_the_record(signed, officer):
    record(signed, officer, "fulfilled")
    record(signed, officer, "fulfilled")
    signed.refresh_from_db()
    assert signed.fulfilment == "fulfilled"
    assert CommitmentEvent.objects.filter(commitment=signed, kind="fulfilment").count() == 1
    assert AuditEvent.objects.filter(verb="commitment.fulfilment", target_id=str(signed.pk)).count() == 1
    entry = CreditEntry.objects.get(subject=signed.subject)
    assert (entry.kind, entry.document_no) == ("fulfilment", signed.code)


def stands(signed, status):
    """The commitment as it stands with this status: its clauses say it."""
    state = {"running": "open", "fulfilled": "kept", "partial": "not_kept", "unfulfilled": "not_kept"}[status]
    signed.obligations.update(
        state=state, partly=status == "partial", found_on=None if state == "open" else NOW.date()
    )
    Commitment.objects.filter(pk=signed.pk).update(fulfilment=status)
    signed.refresh_from_db()


ALLOWED = {
    # That something was not kept is for a determination to say.
    "running": {"fulfilled"},
    "unfulfilled": {"partial", "fulfilled"},
    "partial": {"fulfilled"},
    "fulfilled": set(),
}


@pytest.mark.parametrize("after", ["running", "fulfilled", "partial", "unfulfilled"])
@pytest.mark.parametrize("before", ["running", "fulfilled", "partial", "unfulfilled"])
def test_only_the_moves_of_the_table_are_made(signed, officer, before, after):
    stands(signed, before)
    if after in ALLOWED[before] or after == before:
        assert record(signed, officer, after, "查明的情况").fulfilment == after
    else:
        with pytest.raises(FulfilmentError, match=r"不能改为|须经违诺认定"):
            record(signed, officer, after, "查明的情况")


def test_what_was_kept_late_in_part_has_to_be_said(signed, officer):
    stands(signed, "unfulfilled")
    with pytest.raises(FulfilmentError, match="哪些内容没有履行"):
        record(signed, officer, "partial", "  ")
    with pytest.raises(FulfilmentError, match="请选择履行状态"):
        record(signed, officer, "kept")


@pytest.mark.parametrize("role", ["clerk", "association", "auditor", "system_admin"])
def test_others_of_the_department_may_not_record(counter, signed, role):
    with pytest.raises(FulfilmentError, match="不在您的管理范围内"):
        record(signed, factories.staff(role, department=counter.clerk.department), "fulfilled")


def test_another_department_and_another_regions_office_may_not_and_the_own_office_may(signed):
    stranger = factories.staff("officer")
    elsewhere = factories.staff(
        "credit_office", department=factories.department(region="410103", kind="credit_office")
    )
    for actor in (stranger, elsewhere):
        with pytest.raises(FulfilmentError, match="不在您的管理范围内"):
            record(signed, actor, "fulfilled")
    above = factories.staff(
        "credit_office", department=factories.department(region="130100", kind="credit_office")
    )
    assert record(signed, above, "fulfilled").fulfilment == "fulfilled"


def test_a_voided_commitment_has_no_fulfilment(counter, signed, officer):
    signing.void(commitment_id=signed.pk, clerk=counter.clerk, reason="选错了事项", now=NOW)
    with pytest.raises(FulfilmentError, match="已作废或已被更正"):
        record(signed, officer, "fulfilled")
