"""Subjects: one record a code, names with their history, numbers sealed at rest."""

import threading
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction

from credit_portal.audit.models import AuditEvent
from credit_portal.registry import access, codes, crypto, numbering, services
from credit_portal.registry.access_models import SubjectAccess
from credit_portal.registry.models import CreditSubject, ResponsiblePerson

from . import factories
from .factories import NOW

pytestmark = pytest.mark.django_db


def register(**fields):
    clerk = fields.pop("actor", None) or factories.staff()
    values = {
        "kind": codes.ORGANISATION,
        "code": factories.organisation_code(),
        "name": "演示恒泰食品有限公司",
        "name_source": "licence",
        "region": clerk.department.region,
        "actor": clerk,
        "department": clerk.department,
        "now": NOW,
    }
    return services.register_subject(**(values | fields))


@pytest.mark.req("R7", "R68")
def test_a_known_code_gives_the_record_that_is_there() -> None:
    first = register()
    with pytest.raises(services.SubjectExists) as caught:
        register(code=first.uscc, name="另一个名称")
    assert caught.value.subject == first
    assert CreditSubject.objects.filter(uscc=first.uscc).count() == 1


@pytest.mark.req("R114")
def test_a_persons_numbers_are_nowhere_in_plain_text() -> None:
    number = factories.id_number(321)
    person = register(
        kind=codes.PERSON, code=number, name="测试人", name_source="identity_card", phone="13800001111"
    )
    with connection.cursor() as cursor:
        for table in ("registry_creditsubject", "registry_historicalcreditsubject", "audit_auditevent"):
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s OR t::text LIKE %s",
                [f"%{number}%", "%13800001111%"],
            )
            assert cursor.fetchone()[0] == 0, table
    person = CreditSubject.objects.get(pk=person.pk)
    assert person.id_number == number
    assert person.phone == "13800001111"
    assert services.find_subject(number) == person
    assert number not in str(person) and person.shown_code == number[0] + "*" * 16 + number[-1]


def test_a_sealed_number_copied_to_another_record_does_not_open() -> None:
    one = register(kind=codes.PERSON, code=factories.id_number(1), name="甲某", name_source="identity_card")
    two = register(kind=codes.PERSON, code=factories.id_number(2), name="乙某", name_source="identity_card")
    two.id_number_sealed = one.id_number_sealed
    with pytest.raises(crypto.SealBroken):
        two.id_number  # noqa: B018


def test_an_older_key_still_opens_and_the_newer_one_seals(settings) -> None:
    import base64

    old = settings.FIELD_KEYS
    token = crypto.seal("秘密", aad="subject:1:phone")
    fresh = base64.b64encode(b"n" * 32).decode()
    blind = next(part for part in old.split(",") if part.startswith("blind:"))
    others = ",".join(part for part in old.split(",") if not part.startswith("blind:"))
    settings.FIELD_KEYS = f"{blind},new:{fresh},{others}"
    for cached in (crypto.provider, crypto._data_key, crypto._blind_key):
        cached.cache_clear()
    try:
        assert crypto.open_sealed(token, aad="subject:1:phone") == "秘密"
        assert crypto.seal("秘密", aad="subject:1:phone").startswith("s1.new.")
    finally:
        for cached in (crypto.provider, crypto._data_key, crypto._blind_key):
            cached.cache_clear()


def test_a_new_name_keeps_the_old_one_with_its_dates() -> None:
    subject = register(name="演示旧名有限公司")
    clerk = factories.staff()
    services.rename_subject(
        subject=subject,
        name="演示新名有限公司",
        source="gsxt",
        actor=clerk,
        department=clerk.department,
        now=NOW,
    )
    subject.refresh_from_db()
    assert subject.name == "演示新名有限公司"
    current, old = subject.names.order_by("-id")
    assert (current.name, current.valid_to) == ("演示新名有限公司", None)
    assert (old.name, old.valid_to) == ("演示旧名有限公司", NOW.date())
    assert AuditEvent.objects.filter(verb="subject.renamed", target_id=str(subject.pk)).count() == 1
    assert "演示新名" not in str(AuditEvent.objects.values_list("facts", flat=True))


def test_fragments_are_made_by_the_database_and_persons_have_none() -> None:
    firm = register(name="𬭎䶮商行")
    person = register(
        kind=codes.PERSON, code=factories.id_number(9), name="测试人", name_source="identity_card"
    )
    assert set(firm.names.get().fragments) == {"𬭎", "䶮", "商", "行", "𬭎䶮", "䶮商", "商行"}
    assert person.names.get().fragments is None


@pytest.mark.req("R8")
def test_responsible_persons_follow_each_other_with_dates() -> None:
    subject = register()
    clerk = factories.staff()
    common = {
        "subject": subject,
        "capacity": "legal_representative",
        "source": "licence",
        "actor": clerk,
        "department": clerk.department,
        "now": NOW,
    }
    first = services.set_responsible(name="赵一", **common)
    assert services.set_responsible(name="赵一", **common) == first
    second = services.set_responsible(name="钱二", **common)
    first.refresh_from_db()
    assert first.until_on == NOW.date() and second.until_on is None
    assert ResponsiblePerson.objects.filter(subject=subject, until_on=None).get() == second


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": "123"}, "code"),
        ({"name": "  "}, "name"),
        ({"name_source": "rumour"}, "name_source"),
        ({"phone": "12ab"}, "phone"),
        ({"kind": codes.SOLE_TRADER}, "kind"),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(fields, field) -> None:
    before = CreditSubject.objects.count()
    with pytest.raises(services.SubjectError) as caught:
        register(**fields)
    assert caught.value.field == field
    assert CreditSubject.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_numbers_taken_at_once_are_all_different_and_without_gaps() -> None:
    taken: list[int] = []
    lock = threading.Lock()

    def take() -> None:
        for _ in range(10):
            with transaction.atomic():
                number = numbering.take("commitment:130111:20260914")
            with lock:
                taken.append(number)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 81))


@pytest.mark.django_db(transaction=True)
def test_a_number_of_a_rolled_back_transaction_is_given_again() -> None:
    class Oops(Exception):
        pass

    with pytest.raises(Oops), transaction.atomic():
        assert numbering.commitment_code("130111", NOW.date()) == "13011120260914000001"
        raise Oops
    with transaction.atomic():
        assert numbering.commitment_code("130111", NOW.date()) == "13011120260914000001"


@pytest.mark.django_db(transaction=True)
def test_two_windows_meeting_one_newcomer_make_one_record() -> None:
    clerk = factories.staff()
    code = factories.organisation_code()
    found: list[int] = []

    def meet() -> None:
        try:
            found.append(register(actor=clerk, code=code).pk)
        except services.SubjectExists as known:
            found.append(known.subject.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=meet) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1


@pytest.mark.django_db
def test_numbers_of_many_documents_go_on_where_the_last_one_ended_without_a_gap() -> None:
    first = numbering.document_number("JC", "130111", 2026)
    many = numbering.document_numbers("JC", ["130111", "130129", "130111"], 2026)
    assert [first, *many] == [f"JC{code}2026{serial:06d}" for code, serial in (
        ("130111", 1), ("130111", 2), ("130129", 1), ("130111", 3),
    )]  # fmt: skip
    assert numbering.document_number("JC", "130111", 2026).endswith("000004")
    assert numbering.document_numbers("JC", [], 2026) == []


@pytest.mark.django_db
@pytest.mark.req("R92")
def test_numbers_that_had_one_index_wherever_they_stood_are_indexed_field_by_field() -> None:
    """The change for records of before: those of the subjects stay, the others get their own, in the history, too."""
    number = factories.id_number(7)
    subject = factories.person(id_number=number)
    held = access.open_access(
        subject=subject, name=subject.name, capacity="self", id_number=number, valid_until=factories.TODAY + timedelta(days=30),
        now=factories.NOW, actor=None, channel="identity",
    )  # fmt: skip
    before = subject.id_number_index
    for rows in (SubjectAccess.objects, SubjectAccess.history):
        rows.filter(uuid=held.uuid).update(id_number_index=before)
    change = import_module("credit_portal.registry.migrations.0013_own_indexes")
    change.apart(apps, None)
    for rows in (SubjectAccess.objects, SubjectAccess.history):
        assert {row.id_number_index for row in rows.filter(uuid=held.uuid)} == {
            SubjectAccess.id_number.index_of(number)
        }
    subject.refresh_from_db()
    assert subject.id_number_index == before
    change.alike(apps, None)
    assert SubjectAccess.objects.get(pk=held.pk).id_number_index == before
