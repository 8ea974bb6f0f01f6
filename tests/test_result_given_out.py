"""After a result was given out on a commitment (即时办理), nobody takes it back alone."""

import pytest

from commitments import drafting, presenting, signing
from commitments.drafting import DraftError
from commitments.models import Commitment, Draft
from commitments.supplements import immediate
from credit_portal.audit import clock
from credit_portal.registry.models import User
from tests import factories, office
from tests.factories import NOW
from tests.late_stage import Late

pytestmark = pytest.mark.django_db
REASON = "申请人选错了办理事项"


def corrected(at: Late, one: Commitment, clerk: User) -> Draft:
    """A draft of the clerk's that has been read and will replace the commitment."""
    draft = signing.start_correction(commitment_id=one.pk, clerk=clerk, reason=REASON, now=NOW)
    at.counter.clerk = clerk
    drafting.check_draft(
        draft_id=draft.pk, clerk=clerk, item_version_id=at.counter.item.pk, commitment_type="approval",
        late_materials=False, case_ref="", now=NOW,
    )  # fmt: skip
    at.counter.show(draft)
    return presenting.finish_reading(draft_id=draft.pk, clerk=clerk, now=NOW)


@pytest.mark.req("R36")
def test_a_commitment_with_a_result_is_not_voided_and_is_corrected_by_somebody_else(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    at = Late()
    at.counter.item = factories.item_version(department=at.department, handled_at_once=True)
    one = at.counter.sign()
    give = {"result": "granted", "document_no": "栾许〔2026〕1号", "now": NOW}
    client, page = office.client_of(at.clerk), f"/window/c/{one.code}/"
    assert "作废（仅限当日）" in client.get(page).content.decode()
    immediate.record(commitment_id=one.pk, actor=at.clerk, **give)
    shown = client.get(page).content.decode()
    assert "作废（仅限当日）" not in shown and "承诺不能作废；填错了的，由登记结果以外的人更正" in shown
    take = {"commitment_id": one.pk, "reason": REASON, "now": NOW}
    with pytest.raises(DraftError, match="已于 2026-09-14 登记为“准予”（栾许〔2026〕1号），不能作废"):
        signing.void(clerk=at.clerk, **take)
    assert client.post(f"{page}void/", {"reason": REASON}).status_code == 422
    with pytest.raises(DraftError, match="由您登记，更正须由另一人办理"):
        signing.start_correction(clerk=at.clerk, **take)
    other = factories.staff("clerk", department=at.department)
    assert "更正" in office.client_of(other).get(page).content.decode()
    new = at.counter.sign(corrected(at, one, other))
    one.refresh_from_db()
    assert new.corrects == one and new.immediate.recorded_on is None
    shown = office.client_of(other).get(page).content.decode()
    assert "承诺已更正，以新承诺登记的结果为准" in shown and "按期" not in shown
    # Whoever began the correction before it recorded the result is stopped when it signs.
    third = factories.staff("clerk", department=at.department)
    ready = corrected(at, new, third)
    immediate.record(commitment_id=new.pk, actor=third, **(give | {"document_no": "栾许〔2026〕2号"}))
    with pytest.raises(DraftError, match="由您登记"):
        at.counter.sign(ready)


@pytest.mark.req("R36")
def test_a_result_on_a_voided_commitment_is_marked_and_not_counted(monkeypatch):
    """Voided before this rule, or by a path of its own: the row of the result cannot change, so its page says it."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    at = Late()
    at.counter.item = factories.item_version(department=at.department, handled_at_once=True)
    one = at.counter.sign()
    immediate.record(
        commitment_id=one.pk, actor=at.clerk, result="granted", document_no="栾许〔2026〕1号", now=NOW
    )
    whole = {"since": NOW.date().replace(day=1), "today": NOW.date()}
    assert immediate.rates(at.officer, **whole)[0].due == 1
    one.voided_at = NOW
    one.save(update_fields=["voided_at"])
    for client, page in (
        (office.client_of(at.clerk), f"/window/c/{one.code}/"),
        (office.client_of(at.officer), f"/desk/supplements/immediate/{one.code}/"),
    ):
        shown = client.get(page).content.decode()
        assert "2026-09-14 作废，结果失去依据" in shown and "按期" not in shown
    assert immediate.rates(at.officer, **whole) == []
