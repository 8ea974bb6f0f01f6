"""What is handled at once (R36): due on the day of signing, recorded once, counted."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from commitments import signing
from commitments.models import (
    ImmediateResult,
)
from commitments.supplements import immediate
from commitments.supplements.course import SupplementError, SupplementMoved
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from tests import factories
from tests.factories import NOW
from tests.late_materials_stage import Signed
from tests.late_stage import DAY, Late, rule
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(scope="module")
def built(scene) -> Signed:
    return scene(Signed)


@pytest.fixture
def at(built, db) -> Signed:
    return mine(built)


class AtOnce(Late):
    def __init__(self) -> None:
        super().__init__()
        self.item(handled_at_once=True)

    def item(self, **fields) -> None:
        self.counter.item = factories.item_version(department=self.department, **fields)

    def signed(self, **choice):
        self.counter.subject = factories.subject()
        return self.counter.sign(self.counter.ready(now=self.now, **choice), now=self.now)


@pytest.mark.req("R36")
def test_with_everything_there_the_result_is_due_on_the_day_of_signing_and_recorded_once():
    at = AtOnce()
    one = at.signed()
    row = one.immediate
    assert row.due_on == NOW.date()
    duty = Duty.objects.get(rule_key="handled_at_once", matter_id=row.pk)
    assert (duty.due_on, duty.department, duty.state) == (NOW.date(), at.department, "open")
    give = {"commitment_id": one.pk, "actor": at.clerk, "now": NOW}
    for result, number, note, words in (
        ("", "栾许〔2026〕1号", "", "请选择办理结果"),
        ("granted", "", "", "文书号"),
        ("returned", "栾退〔2026〕1号", "", "退回的理由"),
    ):
        with pytest.raises(SupplementError, match=words):
            immediate.record(**give, result=result, document_no=number, note=note)
    with pytest.raises(SupplementError, match="不是本部门"):
        immediate.record(**(give | {"actor": factories.staff()}), result="granted", document_no="一号")
    immediate.record(**give, result="granted", document_no="栾许〔2026〕1号")
    row.refresh_from_db()
    assert (row.result, row.document_no, row.recorded_by) == ("granted", "栾许〔2026〕1号", at.clerk)
    duty.refresh_from_db()
    assert duty.state == "met" and one.events.filter(kind="result", note="准予，栾许〔2026〕1号").exists()
    assert AuditEvent.objects.get(verb="immediate.result").facts["result"] == "准予"
    with pytest.raises(SupplementMoved, match="已于 2026-09-14 登记为“准予”"):
        immediate.record(**give, result="returned", document_no="栾退〔2026〕1号", note="材料不符。")
    with pytest.raises(DatabaseError), transaction.atomic():
        ImmediateResult.objects.filter(pk=row.pk).update(result="returned")


@pytest.mark.req("R36")
def test_what_is_signed_on_a_rest_day_is_due_on_the_next_working_day():
    at = AtOnce()
    at.now = NOW.replace(day=26)  # Mid-Autumn, a Saturday
    one = at.signed()
    assert one.immediate.due_on == DAY
    assert Duty.objects.get(rule_key="handled_at_once").due_on == DAY


@pytest.mark.req("R36")
def test_other_items_other_types_late_materials_and_key_reviews_are_not_handled_at_once():
    at = AtOnce()
    for choice in ({"commitment_type": "supervisory"}, {"commitment_type": "voluntary"}):
        factories.text_version(department=at.department, **choice)
        assert not hasattr(at.signed(**choice), "immediate")
    at.counter.subject = factories.subject()
    assert not hasattr(at.commitment(), "immediate")
    at.item()
    assert not hasattr(at.signed(), "immediate")
    # Key review: looked at one by one first.
    at.item(handled_at_once=True)
    one = at.signed()
    assert immediate.applies(one)
    one.check_made.scrutiny = "key"
    assert not immediate.applies(one)
    signing.void(commitment_id=one.pk, clerk=at.clerk, reason="申请人撤回。", now=NOW)
    one.immediate.refresh_from_db()
    assert one.immediate.cancelled
    with pytest.raises(SupplementMoved, match="作废"):
        immediate.record(commitment_id=one.pk, actor=at.clerk, result="granted", document_no="一号", now=NOW)


@pytest.mark.req("R36")
def test_the_rate_counts_what_is_over_and_what_was_given_on_the_day():
    at = AtOnce()
    rule("handled_at_once", 0, confirmed=False)
    made = [at.signed() for _ in range(4)]
    tomorrow = NOW + timedelta(days=1)
    for one, when in ((made[0], NOW), (made[1], NOW), (made[2], tomorrow)):
        immediate.record(commitment_id=one.pk, actor=at.clerk, result="granted", document_no="一号", now=when)
    signing.void(commitment_id=made[3].pk, clerk=at.clerk, reason="申请人撤回。", now=NOW)
    (rate,) = immediate.rates(at.officer, since=NOW.date(), today=tomorrow.date())
    assert (rate.due, rate.at_once, rate.percent) == (3, 2, "67%")
    assert immediate.rates(factories.staff("officer"), since=NOW.date(), today=tomorrow.date()) == []
