"""Reading material of a sector: written by its department, put in use by another person, offered everywhere and asked for
nowhere. (S1, S4「诚信教育读本」「不得收费」「不得作为市场准入的必要条件」, R15–R17)"""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from commitments import presenting, reading
from commitments.models import Commitment, Draft, ReadingDraft, ReadingMaterial, ReadingOffer
from commitments.readings import offering, writing
from commitments.readings.writing import ReadingRefused
from credit_portal.audit import clock
from tests import factories, subjects
from tests.counter import Counter
from tests.factories import NOW, TODAY
from tests.office import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def put(department, domain: str = "approval", title: str = "诚信读本") -> ReadingMaterial:
    return reading.publish_reading(
        domain=domain, title=title, body="一段。\n又一段。", department=department, published_on=TODAY, actor=None,
        now=NOW,
    )  # fmt: skip


@pytest.mark.req("R15")
def test_a_department_writes_and_another_person_of_it_publishes_the_next_version():
    department = factories.department()
    officer, head = (factories.staff(role, department=department) for role in ("officer", "head"))
    stranger = factories.staff("officer")
    before = put(department, "food_drug", "旧读本")
    common = {"domain": "food_drug", "title": "食品经营者诚信读本", "body": "守法。\n守信。", "now": NOW}
    row = writing.write(draft_id=None, actor=officer, **common)
    with pytest.raises(ReadingRefused, match="已有一份草稿"):
        writing.write(draft_id=None, actor=head, **common)
    with pytest.raises(ReadingRefused, match="另一人"):
        writing.publish(draft_id=row.pk, actor=officer, now=NOW)
    with pytest.raises(ReadingRefused, match="部门办理"):
        writing.publish(draft_id=row.pk, actor=stranger, now=NOW)
    made = writing.publish(draft_id=row.pk, actor=head, now=NOW)
    before.refresh_from_db()
    assert (made.version, made.is_current, before.is_current, made.region) == (
        2,
        True,
        False,
        department.region,
    )
    # Who changes a draft becomes its writer: two persons have seen what is published.
    second = writing.write(draft_id=None, actor=officer, **common)
    writing.write(draft_id=second.pk, actor=head, **common | {"body": "再改。"})
    with pytest.raises(ReadingRefused, match="另一人"):
        writing.publish(draft_id=second.pk, actor=head, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReadingDraft.objects.filter(pk=second.pk).delete()
    other = factories.department(region="130129")
    elsewhere = put(other, "food_drug", "赞皇读本")
    assert elsewhere.version == 1 and ReadingMaterial.objects.filter(is_current=True).count() == 2
    assert reading.reading_in_use(domain="food_drug", lineage=other.region.lineage) == elsewhere
    assert reading.reading_in_use(domain="food_drug", lineage=department.region.lineage) == made


@pytest.mark.req("R15")
def test_the_desk_writes_publishes_and_shows_how_often_it_was_offered_and_read():
    department = factories.department()
    officer, head = (client_of(factories.staff(role, department=department)) for role in ("officer", "head"))
    assert officer.post("/desk/readings/new/", {"deed": "write", "domain": ""}).status_code == 422
    answer = officer.post(
        "/desk/readings/new/", {"deed": "write", "domain": "approval", "title": "读本", "body": "一段。"}
    )
    row = ReadingDraft.objects.get()
    assert answer.url == f"/desk/readings/{row.uuid}/"
    assert "另一人发布" in officer.get(answer.url).content.decode()
    assert client_of(factories.staff("officer")).get(answer.url).status_code == 404
    head.post(answer.url, {"deed": "publish"})
    made = ReadingMaterial.objects.get()
    ReadingOffer.objects.create(key="1", reading=made, place="window", offered_at=NOW, read_at=NOW)
    ReadingOffer.objects.create(key="2", reading=made, place="own", offered_at=NOW)
    (figures,) = offering.figures(department.region, since=TODAY, until=TODAY)
    assert (figures.offered, figures.read) == (2, 1)
    page = officer.get("/desk/readings/").content.decode()
    assert "窗口办理申请、备案 1 / 1" in page


@pytest.mark.req("R15", "R16")
def test_the_public_reads_what_is_in_use_and_nothing_else():
    row = put(factories.department())
    visitor = Client()
    assert row.title in visitor.get("/readings/").content.decode()
    page = visitor.get(f"/readings/{row.pk}/")
    assert "又一段。" in page.content.decode() and "不影响办理" in page.content.decode()
    assert row.title not in visitor.get("/readings/?domain=health").content.decode()
    reading.withdraw_reading(reading=row, actor=None, now=NOW)
    assert visitor.get(f"/readings/{row.pk}/").status_code == 404
    assert row.title not in visitor.get("/readings/").content.decode()


@pytest.mark.req("R16", "R17")
def test_signing_goes_through_whether_the_reading_is_read_skipped_or_not_there_at_all():
    counter = Counter.open()
    signed: list[Commitment] = []
    for way in ("not there", "skipped", "read"):
        if way == "skipped":
            put(counter.clerk.department)
        counter.subject = factories.subject()
        draft = counter.checked()
        parts = (*presenting.MUST_BE_SHOWN, *(["education"] if way == "read" else []))
        counter.show(draft, parts=parts)
        presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
        # Back and forth again: an offer is counted once.
        presenting.reopen_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
        draft = presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
        signed.append(counter.sign(draft))
    assert {one.check_made.route for one in signed} == {"commitment"}
    assert {(one.fulfilment, one.publicity_class) for one in signed} == {("running", "public")}
    offers = ReadingOffer.objects.order_by("pk")
    assert [(one.place, one.read_at is not None) for one in offers] == [("window", False), ("window", True)]
    # In a draft of the subject's own pages it was not offered at the counter.
    holder = subjects.opened(signed[0].subject, now=NOW)
    online = Draft.objects.create(
        access=holder,
        subject=holder.subject,
        department=counter.clerk.department,
        opened_at=NOW,
        saved_at=NOW,
    )
    offering.offered_at_window(online, ReadingMaterial.objects.get(), now=NOW)
    assert offers.last().place == "online"


@pytest.mark.req("R16", "R17")
def test_a_subject_finds_the_readings_on_its_own_pages_and_may_say_that_it_has_read():
    counter = Counter.open()
    row = put(counter.clerk.department)
    held = subjects.opened(counter.subject, name="钱多多", actor=counter.clerk)
    client = subjects.client_of(held)
    assert row.title in client.get("/me/readings/").content.decode()
    address = f"/me/readings/{row.pk}/"
    assert "我读过了" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    client.post(address)
    assert ReadingOffer.objects.filter(place="own", read_at__isnull=False).count() == 1
    assert "您已读过" in client.get(address).content.decode()
    assert client.get(f"/me/readings/{row.pk + 99}/").status_code == 404
    assert Client().get("/me/readings/").status_code in (302, 403)
