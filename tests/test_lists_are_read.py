"""Whoever reads a list of the back office that says something of subjects is written down; whoever is looked up in it sees so."""

import pytest

from credit_portal.audit.models import ReadLog
from credit_portal.overview.log_words import TARGETS
from credit_portal.registry.admin_reading import LoggedList

from .office import Office, address, registered
from .scenes import mine
from .test_permissions import K, allowed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers"), pytest.mark.req("R113", "R114")]
# Each says something of subjects; what is looked up in the last two is no subject's.
READ = {
    "registry.creditsubject", "registry.subjectaccess", "commitments.commitment", "commitments.breachcase",
    "commitments.clausewarning", "commitments.registration", "commitments.rosterentry", "commitments.capturesheet",
    "verification.creditentry", "verification.check", "verification.appliedmeasure", "verification.listing",
    "verification.taxcreditentry", "verification.consent", "verification.release", "verification.creditreport",
    "verification.consumercomplaint", "disclosure.administrativeact", "disclosure.objection",
    "disclosure.breachreport", "disclosure.breachpublication", "repair.repairapplication",
    "disclosure.exchangerecord", "disclosure.complaint",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db) -> Office:
    return mine(built)


def test_every_list_of_subjects_is_one_of_them():
    logged = {label for label, page in registered().items() if isinstance(page, LoggedList)}
    assert logged == READ
    about = {
        label
        for label, page in registered().items()
        if any(field.name == "subject" and field.is_relation for field in page.model._meta.get_fields())
    }
    # Whom a breach is told to, by role: an address, nothing of a record.
    assert about - READ == {"commitments.recipient"}


@pytest.mark.parametrize("label", sorted(READ))
def test_a_list_and_a_record_leave_a_reading_each_and_a_code_names_whose(office, label):
    client = office.client(min(allowed(label, "changelist")))
    page, row = registered()[label], office.rows()[label]

    def read(**query: str) -> ReadLog:
        before = ReadLog.objects.count()
        assert client.get(address(label, "changelist"), query).status_code == 200
        assert ReadLog.objects.count() == before + 1
        return ReadLog.objects.latest("pk")

    found = read()
    assert found.target_id == "list" and found.subject_id is None and found.target_type in TARGETS
    assert found.what.endswith("列表")
    whose = office.persons_commitment.subject
    assert read(q=whose.id_number).subject_id == whose.pk
    before = ReadLog.objects.count()
    assert client.get(address(label, "change", row)).status_code == 200
    assert ReadLog.objects.count() == before + 1
    one = ReadLog.objects.latest("pk")
    assert one.target_type in TARGETS
    if label not in ("disclosure.exchangerecord", "disclosure.complaint"):
        assert one.subject_id == page.subject_id_of(row)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("consequences", "consequence_list"), ("publications", "breach_publication_list"),
        ("reports", "breach_report_list"), ("complaints", "complaint_list"), ("lists", "listing_list"),
        ("registration", "registration_list"), ("repair", "repair_application_list"),
    ],
)  # fmt: skip
def test_a_list_at_the_desk_leaves_a_reading(office, path, target):
    before = ReadLog.objects.count()
    assert office.client(K).get(f"/desk/{path}/").status_code == 200
    assert ReadLog.objects.count() == before + 1
    found = ReadLog.objects.latest("pk")
    assert (found.target_type, found.subject_id, found.actor_id) == (target, None, office.people[K].pk)
    assert target in TARGETS


def test_a_person_looked_up_among_registrations_sees_it(office):
    whose = office.persons_commitment.subject
    client = office.client(K)
    led = client.post("/desk/registration/", {"q": whose.id_number})
    assert whose.id_number not in led["Location"]
    assert client.get(led["Location"]).status_code == 200
    assert ReadLog.objects.latest("pk").subject_id == whose.pk
