"""Late materials promised on a subject's own pages: the same form, rules and rows as at the counter (R34, R37)."""

import pytest

from commitments.models import Commitment, Supplement
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from tests.factories import NOW
from tests.late_stage import BLANKS, CLAUSES, DAY, HEALTH, PREMISES, rule
from tests.self_service import SIGNED, Phone, hidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(monkeypatch) -> Phone:
    for name, value in (("now", lambda: NOW), ("today", lambda: local_date(NOW))):
        monkeypatch.setattr(clock, name, value)
    rule("late_materials", 10)
    return Phone.on(
        item={"allowed_types": ["approval"]}, commitment_type="approval", late_materials=True, clauses=CLAUSES,
        blanks=BLANKS,
    )  # fmt: skip


@pytest.mark.req("R34", "R37")
def test_a_subject_promises_on_its_phone_what_will_follow_and_by_when(phone):
    client = phone.client()
    address = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    assert "承诺以后补交（容缺受理）" in client.get(address).content.decode()
    asked = {"commitment_type": "approval", "case_ref": "", "late_materials": "on"}
    assert client.post(f"{address}check/", asked).status_code == 302
    for _ in range(2):
        page = client.get(address).content.decode()
        told = {name: hidden(page, name) for name in ("part", "key", "seal")} | {"seconds": ""}
        client.post(f"{address}shown/", told)
    page = client.get(address).content.decode()
    # What the promise fills is no blank of its own, and every material that may follow is named with its last day.
    assert PREMISES in page and HEALTH in page and DAY.isoformat() in page and "blank-补交日期" not in page
    none = client.post(f"{address}blanks/", {"late": "1"})
    assert none.status_code == 422 and "暂缺" in none.content.decode()
    assert "请先改正下列内容" in none.content.decode() and 'href="#late-1"' in none.content.decode()
    assert 'type="date" class="mono" name="late-1-on"' in page
    beyond = client.post(f"{address}blanks/", {"late": "1", "late-1": "1", "late-1-on": "2026-12-31"})
    assert beyond.status_code == 422 and 'href="#late-1-on"' in beyond.content.decode()
    assert client.post(
        f"{address}blanks/", {"late": "1", "late-1": "1", "late-1-on": "20260921"}
    ).status_code == 302  # fmt: skip
    page = client.get(address).content.decode()
    assert PREMISES in page and "2026-09-21" in page.replace("2026年9月21日", "2026-09-21")
    told = {name: hidden(page, name) for name in ("part", "key", "seal")} | {"seconds": ""}
    client.post(f"{address}shown/", told)
    assert client.post(f"{address}finish/").status_code == 302
    assert client.post(f"{address}sign/", SIGNED).status_code == 302
    one = Commitment.objects.get()
    assert (one.channel, one.late_materials) == ("online", True)
    supplement = Supplement.objects.get(commitment=one)
    (row,) = supplement.materials.all()
    assert (row.name, row.promised_on.isoformat()) == (PREMISES, "2026-09-21")
    assert "容缺" in client.get("/me/supplements/").content.decode()


@pytest.mark.req("R37")
def test_an_item_without_late_materials_asks_for_none_and_takes_none(monkeypatch):
    for name, value in (("now", lambda: NOW), ("today", lambda: local_date(NOW))):
        monkeypatch.setattr(clock, name, value)
    phone = Phone.on(
        item={"allowed_types": ["approval"], "allows_late_materials": False}, commitment_type="approval"
    )
    client = phone.client()
    address = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    assert "容缺受理" not in client.get(address).content.decode()
    client.post(f"{address}check/", {"commitment_type": "approval", "case_ref": "", "late_materials": "on"})
    assert not Supplement.objects.exists() and not phone.access.subject.commitments.exists()
