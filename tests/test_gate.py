"""The one gate: what is behind it, what is let through, and what never is."""

from datetime import timedelta

import pytest

from commitments.models import Commitment, CommitmentEvent
from credit_portal.registry import groups
from disclosure import gate
from disclosure.models import PublicityDecision
from tests import factories, listed
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def decided_by_two(commitment: Commitment, *, same: bool = False) -> None:
    first = factories.staff(groups.CREDIT_OFFICE)
    PublicityDecision.objects.create(
        commitment=commitment,
        publicity_class="public",
        reason="person_by_two",
        decided_at=NOW,
        decided_by=first,
        second=first if same else factories.staff(groups.CREDIT_OFFICE, department=first.department),
    )


@pytest.mark.req("R91")
def test_what_is_public_is_listed_and_found_by_its_code() -> None:
    made = listed.commitment()
    assert list(gate.listed_commitments(NOW)) == [made]
    assert gate.find_public(made.code, now=NOW) == made


@pytest.mark.req("R92")
@pytest.mark.parametrize(
    "fields",
    [
        {"public": False},
        {"public": False, "publicity_class": "closed"},
        {"public_from": NOW + timedelta(seconds=1)},
        {"withdrawn_at": NOW},
        {"voided_at": NOW},
    ],
    ids=["limited", "closed", "later", "withdrawn", "voided"],
)
def test_whatever_closes_the_gate_closes_it_for_lists_and_single_records(fields: dict) -> None:
    made = listed.commitment(**fields)
    assert not gate.listed_commitments(NOW).exists()
    assert not gate.public_commitments(NOW).exists()
    assert gate.find_public(made.code, now=NOW) is None


def test_a_scheduled_publication_opens_at_its_moment() -> None:
    made = listed.commitment(public_from=NOW + timedelta(hours=1))
    assert gate.find_public(made.code, now=NOW + timedelta(minutes=59)) is None
    assert gate.find_public(made.code, now=NOW + timedelta(hours=1)) == made


@pytest.mark.req("R92", "R113")
def test_a_person_is_in_no_list_even_when_two_people_made_it_public() -> None:
    made = listed.commitment(subject=factories.person(name="欧阳明日"), signer_capacity="self")
    decided_by_two(made)
    assert not gate.listed_commitments(NOW).exists()
    assert gate.find_public(made.code, now=NOW) == made


@pytest.mark.req("R92")
@pytest.mark.parametrize("same", [None, True], ids=["nobody decided", "one person twice"])
def test_a_person_is_not_public_without_two_different_people(same: bool | None) -> None:
    made = listed.commitment(subject=factories.person(), signer_capacity="self")
    if same:
        decided_by_two(made, same=True)
    assert gate.find_public(made.code, now=NOW) is None


def test_the_record_has_exactly_the_named_fields_and_nothing_of_the_counter() -> None:
    made = listed.commitment()
    record = gate.public_record(made)
    assert tuple(sorted(record)) == tuple(sorted(gate.PUBLIC_FIELDS))
    assert tuple(sorted(gate.public_line(made))) == tuple(sorted(gate.LISTED_FIELDS))
    shown = repr(record)
    for secret in (made.case_ref, made.signer_name, made.verify_token, "id_card", "legal_representative"):
        assert secret not in shown
    assert record["subject"] == {
        "kind": "organisation",
        "kind_label": "法人及非法人组织",
        "name": made.subject_name,
        "code": made.subject_code,
    }
    assert [clause["text"] for clause in record["clauses"]] == [clause["text"] for clause in listed.CLAUSES]
    assert all(set(clause) == {"no", "kind", "text"} for clause in record["clauses"])
    assert record["masked"] is False
    assert (record["text_sha256"], record["pdf_sha256"]) == (made.text_sha256, made.pdf_sha256)


def test_a_row_of_values_gives_the_same_record_as_the_object() -> None:
    made = listed.commitment()
    row = gate.listed_commitments(NOW).values(*gate.RECORD_COLUMNS).get()
    assert gate.record_row(row) == gate.public_record(made)


@pytest.mark.req("R92", "R113")
def test_a_persons_record_keeps_the_surname_and_shows_no_number() -> None:
    number = factories.id_number()
    who = factories.person(name="欧阳明日", id_number=number)
    made = listed.commitment(
        subject=who,
        signer_capacity="self",
        title="欧阳明日的承诺书",
        content=[
            {
                "no": 1,
                "kind": "pledge",
                "clause": 1,
                "text": f"本人欧阳明日（{number}）承诺，电话13812345678。",
            }
        ],
    )
    record = gate.public_record(made)
    assert record["subject"]["name"] == "欧阳＊＊"
    assert record["subject"]["code"] == ""
    assert record["title"] == "欧阳＊＊的承诺书"
    assert record["clauses"][0]["text"] == f"本人欧阳＊＊（{'＊' * 18}）承诺，电话{'＊' * 11}。"
    assert record["masked"] is True
    for part in ("明日", number, number[6:14], "13812345678", "5678"):
        assert part not in repr(record)


@pytest.mark.req("R92")
@pytest.mark.parametrize(
    "written",
    [
        factories.id_number(7),
        factories.misprinted(factories.id_number(8)),
        "13900001111",
        "139 0000 1111",
        "139-0000-1111",
    ],
    ids=["number", "number with a wrong last digit", "phone", "spaced phone", "phone with hyphens"],
)
def test_numbers_of_people_written_into_a_text_are_hidden_for_organisations_too(written: str) -> None:
    made = listed.commitment(
        content=[{"no": 1, "kind": "pledge", "clause": 1, "text": f"联系人{written}，负责补交。"}]
    )
    record = gate.public_record(made)
    assert record["clauses"][0]["text"] == f"联系人{'＊' * len(written)}，负责补交。"
    assert record["masked"] is True


def test_codes_of_organisations_dates_and_amounts_are_not_taken_for_personal_numbers() -> None:
    who = factories.subject()
    text = f"我单位（{who.uscc}）自20260914起三年内投入13800000元，承诺编码13011120260914000001。"
    made = listed.commitment(subject=who, content=[{"no": 1, "kind": "pledge", "clause": 1, "text": text}])
    record = gate.public_record(made)
    assert record["clauses"][0]["text"] == text
    assert record["masked"] is False


@pytest.mark.parametrize(
    ("status", "shown"),
    [("running", "running"), ("fulfilled", "fulfilled"), ("partial", "running"), ("unfulfilled", "running")],
)
def test_what_was_not_kept_is_not_told_outside_a_published_breach(status: str, shown: str) -> None:
    record = gate.public_line(listed.commitment(fulfilment=status))
    assert record["status"] == shown
    assert record["status_label"] == dict(Commitment.Fulfilment.choices)[shown]


def test_the_course_tells_what_and_when_but_not_who_or_why() -> None:
    made = listed.commitment()
    clerk = factories.staff()
    for kind in (CommitmentEvent.Kind.SIGNED, CommitmentEvent.Kind.PRINTED, CommitmentEvent.Kind.PUBLISHED):
        CommitmentEvent.objects.create(
            commitment=made, kind=kind, at=NOW, actor=clerk, reason="内部理由", note="内部说明"
        )
    assert gate.public_course(made) == [
        {"on": NOW.date(), "label": "核查通过并签署"},
        {"on": NOW.date(), "label": "公示"},
    ]


def test_a_record_costs_one_query_once_it_is_found(django_assert_num_queries) -> None:
    made = listed.commitment()
    with django_assert_num_queries(1):
        found = gate.find_public(made.code, now=NOW)
        assert found is not None
        gate.public_record(found)
