"""Bulk data for measuring: as valid as what the counter makes, and never among real commitments."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from commitments.models import Commitment, Obligation
from credit_portal.audit import clock
from credit_portal.overview.management.commands import seed_scale
from credit_portal.registry import codes, numbering
from credit_portal.registry.models import CreditSubject, SubjectName
from disclosure import gate, search
from disclosure.terms import Terms
from tests import factories, listed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def regions() -> None:
    for code in factories.REGIONS:
        factories.region(code)


def structure() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN"
            " ('commitments_commitment', 'registry_creditsubject', 'registry_subjectname')"
            " UNION ALL SELECT conname, pg_get_constraintdef(oid) || convalidated FROM pg_constraint"
            " WHERE conrelid IN ('commitments_commitment'::regclass, 'registry_creditsubject'::regclass,"
            " 'registry_subjectname'::regclass) ORDER BY 1, 2"
        )
        return cursor.fetchall()


@pytest.mark.parametrize("many", [10, 1_000_000], ids=["without indexes meanwhile", "with them"])
def test_what_it_makes_is_valid_found_and_leaves_the_tables_as_they_were(many: int, monkeypatch) -> None:
    monkeypatch.setattr(seed_scale, "MANY", many)
    before = structure()
    call_command("seed_scale", commitments=600, subjects=240, verbosity=0)
    call_command("seed_scale", commitments=300, subjects=150, verbosity=0, obligations=True)
    assert structure() == before
    assert Obligation.objects.count() == 300 * 7
    assert Commitment.objects.count() == 900
    assert (
        CreditSubject.objects.count() == SubjectName.objects.count() == CreditSubject.history.count() == 390
    )
    assert not Commitment.objects.filter(is_demo=False).exists()
    for subject in CreditSubject.objects.all():
        codes.normalise_name(subject.name)
        if subject.kind == CreditSubject.Kind.PERSON:
            assert codes.check_id_number(subject.id_number)
        else:
            assert codes.check_uscc(subject.uscc) == subject.uscc
            assert subject.uscc.startswith("92") == (subject.kind == CreditSubject.Kind.SOLE_TRADER)
    made = Commitment.objects.select_related("item_version", "text_version").order_by("?")[:50]
    for one in made:
        one.full_clean(exclude=[field.name for field in one._meta.fields if field.null])
        assert one.code.startswith(f"{one.region_id}{one.made_on:%Y%m%d}")
    now = clock.now()
    listed_now = gate.listed_commitments(now)
    assert 0 < listed_now.count() < 900
    some = listed_now.order_by("-id").first()
    assert some.code in {row["code"] for row in search.find(Terms(name=some.subject_name[:3]), now=now).rows}


def test_numbers_that_the_counter_takes_later_do_not_collide() -> None:
    call_command("seed_scale", commitments=500, verbosity=0)
    busiest = Commitment.objects.order_by("-code").first()
    with transaction.atomic():
        following = numbering.commitment_code(busiest.region_id, busiest.made_on)
    assert following > busiest.code
    assert not Commitment.objects.filter(code=following).exists()


def test_it_keeps_away_from_real_commitments() -> None:
    listed.commitment()
    with pytest.raises(CommandError, match="真实承诺"):
        call_command("seed_scale", commitments=10)
    with pytest.raises(CommandError, match="正整数"):
        call_command("seed_scale", commitments=0)
