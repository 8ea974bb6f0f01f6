"""Whoever looks one code up in a list has read that subject's record: the subject sees it among its readers, and the watch on the
codes that somebody keeps away from sees it, too (S0 二（五）; R54, R58)."""

from datetime import timedelta

import pytest

from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.registry import groups
from tests import factories as make
from tests.factories import NOW
from tests.listing_stage import Office
from tests.office import client_of
from tests.subjects import client_for
from verification.models import UnusualReading
from verification.reading_watch import counting, deciding

pytestmark = pytest.mark.django_db
ENTRIES, CHECKS = "/admin/verification/creditentry/", "/admin/verification/check/"
LISTS = [
    ENTRIES, CHECKS, "/desk/memberships/", "/desk/grades/", "/desk/evaluations/", "/desk/checks/", "/desk/consumer-complaints/",
    "/desk/acts/", "/desk/cases/", "/desk/warnings/", "/desk/repair/",
]  # fmt: skip


@pytest.fixture
def credit(monkeypatch):
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: NOW)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: local_date(NOW))
    return make.staff(groups.CREDIT_OFFICE, department=make.department(kind="credit_office"))


def _read(user) -> set[int | None]:
    return set(ReadLog.objects.filter(actor_id=user.pk).values_list("subject_id", flat=True))


@pytest.mark.req("R58")
@pytest.mark.parametrize("address", LISTS)
def test_a_code_that_is_looked_up_in_a_list_is_a_reading_of_its_subject(credit, address) -> None:
    subject = make.subject()
    make.credit_entry(subject=subject)
    make.credit_entry(subject=make.subject())
    client = client_of(credit)
    assert client.get(address).status_code == 200
    assert _read(credit) <= {None}
    assert client.get(address, {"q": subject.uscc}).status_code == 200
    assert _read(credit) - {None} == {subject.pk}
    # A code of nobody, or a word in many names, is nobody's record.
    for sought in (make.organisation_code(987654), "测"):
        assert client.get(address, {"q": sought}).status_code == 200
    assert _read(credit) == {None, subject.pk}


@pytest.mark.req("R58")
def test_who_runs_against_whom_is_read_in_the_list_of_listings_with_a_trace(credit) -> None:
    office = Office()
    office.on(office.opened())
    client = client_of(office.officer)
    for state in ("running", "in_force"):
        assert client.get("/desk/lists/", {"state": state}).status_code == 200
    found = ReadLog.objects.filter(actor_id=office.officer.pk, target_type="listing_list")
    assert list(found.order_by("pk").values_list("target_id", "purpose")) == [
        ("list", "handling"), ("list", "handling"),
    ]  # fmt: skip


@pytest.mark.req("R58")
def test_a_person_looked_up_by_number_is_told_and_the_watch_finds_it(credit) -> None:
    person = make.person(name="诸葛亲属")
    make.credit_entry(subject=person, title="亲属的处罚")
    safety = make.staff(groups.SECURITY_ADMIN, department=credit.department)
    deciding.avoid(user=credit, relation="spouse", code=person.id_number, actor=safety, now=NOW)
    client = client_of(credit)
    assert "亲属的处罚" in client.get(ENTRIES, {"q": person.id_number}).content.decode()
    assert _read(credit) == {person.pk}
    readers = client_for(person).get("/me/readers/", follow=True).content.decode()
    assert credit.department.name in readers
    counting.follow_the_days(now=NOW + timedelta(days=1))
    assert UnusualReading.objects.filter(kind="avoided", reader=credit).exists()
    # By the random number that stands for the person in an address, whether anything of it is on the list or not.
    for address in ("/desk/memberships/", "/desk/checks/", "/desk/repair/"):
        before = ReadLog.objects.filter(subject_id=person.pk, actor_id=credit.pk).count()
        answer = client.post(address, {"q": person.id_number}, follow=True)
        assert answer.status_code == 200 and person.id_number not in answer.redirect_chain[-1][0]
        assert ReadLog.objects.filter(subject_id=person.pk, actor_id=credit.pk).count() == before + 1


@pytest.mark.req("R58")
def test_a_search_by_name_that_shows_one_subject_is_a_reading_of_it_and_of_several_is_none(credit) -> None:
    one, other = make.subject(name="独一无二某公司"), make.subject(name="此处有限公司")
    for subject in (one, other, make.subject(name="彼处有限公司")):
        make.credit_entry(subject=subject)
    client = client_of(credit)
    client.get(ENTRIES, {"q": "处有限公"})
    assert _read(credit) == {None}
    client.get(ENTRIES, {"q": "独一无二"})
    assert _read(credit) == {None, one.pk}
