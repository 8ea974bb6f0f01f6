"""The gate of breaches over rows: open by its condition alone, on its days alone, and through it the named columns alone."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commitments.models import BreachCase, BreachedClause
from credit_portal.audit.clock import SHANGHAI
from disclosure import breach_gate
from disclosure.models import BreachPublication
from tests import breach_rows, factories, listed
from tests.factories import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def seen(row: BreachPublication, now: datetime) -> bool:
    """Whether the gate lets it through; every way in says the same."""
    one = breach_gate.find_breach(row.uuid, now=now) is not None
    assert breach_gate.public_breaches(now).filter(pk=row.pk).exists() == one
    commitment = row.case.commitment
    assert bool(breach_gate.breaches_of_commitment(commitment.code, now=now)) == one
    person = commitment.subject_kind == "person"
    assert breach_gate.listed_breaches(now).filter(pk=row.pk).exists() == (one and not person)
    if not person:
        assert bool(breach_gate.breaches_of_subject(commitment.subject_code, now=now, limit=9)) == one
    return one


@pytest.mark.req("R89")
def test_a_breach_is_public_from_its_first_to_its_last_day_and_not_a_minute_longer():
    row = breach_rows.publication()
    assert not seen(row, at(row.public_from) - timedelta(minutes=1))
    assert seen(row, at(row.public_from))
    assert seen(row, at(row.public_until, 23, 59))
    assert not seen(row, at(row.public_until + timedelta(days=1)))


@pytest.mark.req("R92")
@pytest.mark.parametrize(
    ("case_fields", "fields"),
    [
        ({"served_on": None}, {}),
        ({"state": "revoked"}, {}),
        ({"served_on": TODAY + timedelta(days=1)}, {}),
        ({}, {"ended_at": NOW, "ending": "repair"}),
        ({}, {"publicity_class": "limited", "reason": "privacy", "public_from": None, "public_until": None}),
        ({}, {"publicity_class": "closed", "reason": "privacy", "public_from": None, "public_until": None}),
    ],
    ids=["not served", "revoked", "served tomorrow", "ended", "limited", "closed"],
)
def test_whatever_closes_the_gate_closes_every_way_in(case_fields, fields):
    row = breach_rows.publication(of=breach_rows.case(**case_fields), **fields)
    assert not seen(row, NOW)


@pytest.mark.req("R92")
@pytest.mark.parametrize("field", ["withdrawn_at", "voided_at"])
def test_a_breach_goes_with_its_commitment(field):
    commitment = listed.commitment(fulfilment="unfulfilled")
    row = breach_rows.publication(of=breach_rows.case(commitment=commitment))
    assert seen(row, NOW)
    setattr(commitment, field, NOW)
    commitment.save()
    assert not seen(row, NOW)


def persons_breach(*, by_two: bool, name: str = "欧阳明日", **case_fields) -> BreachPublication:
    commitment = listed.commitment(
        subject=factories.person(name=name, phone="13812345678"), public=False, fulfilment="unfulfilled"
    )
    made = breach_rows.case(commitment=commitment, **case_fields)
    return breach_rows.publication(of=made, by_two=by_two)


@pytest.mark.req("R92")
def test_a_persons_breach_takes_two_people_and_is_in_no_list():
    assert not seen(persons_breach(by_two=False), NOW)
    assert seen(persons_breach(by_two=True), NOW)
    assert not breach_gate.listed_breaches(NOW).exists()


@pytest.mark.req("R92", "R113")
def test_of_a_person_only_the_surname_is_told_and_no_number_in_any_text():
    number = factories.id_number()
    row = persons_breach(
        by_two=True,
        clauses=(
            (
                f"本人欧阳明日（{number}）承诺按期缴纳。",
                f"欧阳明日没有缴纳，电话 138 1234 5678，证件{number}",
            ),
        ),
        liability=f"责令欧阳明日（{number}）限期缴纳。",
        subject_statement="欧阳明日已缴纳，电话13812345678。",
        subject_statement_on=TODAY,
        document_no="栾违诺〔2026〕欧阳明日1号",
    )
    record = breach_gate.find_breach(row.uuid, now=NOW)
    assert record["subject"] == {"kind": "person", "kind_label": "自然人", "name": "欧阳＊＊", "code": ""}
    assert record["commitment"] == ""
    shown = repr(record)
    for secret in ("明日", number, "13812345678", "138 1234 5678", row.case.commitment.code):
        assert secret not in shown
    assert "欧阳＊＊" in record["subject_statement"] and "＊" in record["clauses"][0]["not_kept"]


def test_an_organisations_code_in_a_text_stays_and_a_mobile_number_does_not():
    commitment = listed.commitment(fulfilment="unfulfilled")
    made = breach_rows.case(
        commitment=commitment, liability=f"通报 {commitment.subject_code}，联系人 13912345678。"
    )
    record = breach_gate.find_breach(breach_rows.publication(of=made).uuid, now=NOW)
    assert commitment.subject_code in record["liability"] and "13912345678" not in record["liability"]


# ---- only what is named ----


@pytest.mark.req("R92", "R113")
def test_no_other_column_leaves_the_database():
    row = breach_rows.publication()
    with CaptureQueriesContext(connection) as queries:
        record = breach_gate.find_breach(row.uuid, now=NOW)
        assert record is not None
        breach_gate.breaches_of_subject(row.case.commitment.subject_code, now=NOW, limit=5)
    allowed = {
        "disclosure_breachpublication": {path for path in breach_gate.RECORD_COLUMNS if "__" not in path},
        "commitments_breachcase": {
            path.removeprefix("case__") for path in breach_gate.RECORD_COLUMNS if path.count("__") == 1
        },
        "commitments_breachedclause": set(breach_gate.CLAUSE_COLUMNS),
    }
    # The record, its clauses, the region's rules of repair; the lines.
    assert len(queries) == 4
    for query in queries:
        selected = query["sql"].partition(" FROM ")[0]
        for table, column in re.findall(r'"(\w+)"\."(\w+)"', selected):
            if table in allowed:
                assert column in allowed[table] | {"region_id"}, (table, column)
        for secret in breach_rows.SECRETS:
            assert f'"{secret}"' not in selected
    shown = repr(record)
    for words in (*breach_rows.SECRETS.values(), breach_rows.OFFICER, breach_rows.HEAD, "机密", "rows/"):
        assert words not in shown
    assert set(record) == set(breach_gate.PUBLIC_FIELDS)


def test_the_columns_that_may_never_be_shown_are_not_among_the_named():
    named = " ".join((*breach_gate.RECORD_COLUMNS, *breach_gate.CLAUSE_COLUMNS))
    model_fields = {
        field.name for model in (BreachCase, BreachedClause) for field in model._meta.get_fields()
    }
    for column in (
        "facts", "statement", "statement_considered", "proportionality", "evidence", "opened_by", "proposed_by",
        "approved_by", "document", "service_proof", "verify_token", "document_sha256", "number", "source",
    ):  # fmt: skip
        assert column in model_fields
        assert f"case__{column}" not in named.split()


# ---- the condition, against a slow reading of it ----

DAYS = st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days))


@given(
    person=st.booleans(),
    two=st.booleans(),
    publicity=st.sampled_from(["public", "public", "public", "limited"]),
    first=DAYS,
    length=st.integers(0, 3),
    served=st.one_of(st.none(), DAYS),
    ended=st.booleans(),
    gone=st.sampled_from(["", "", "", "withdrawn_at", "voided_at"]),
    hour=st.integers(0, 23),
    asked=DAYS,
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@pytest.mark.req("R89", "R92")
def test_the_gate_agrees_with_the_rule_read_slowly(
    person, two, publicity, first, length, served, ended, gone, hour, asked
):
    subject = factories.person() if person else factories.subject()
    commitment = listed.commitment(subject=subject, fulfilment="partial", **({gone: NOW} if gone else {}))
    made = breach_rows.case(
        commitment=commitment, determined_on=TODAY - timedelta(days=4), served_on=served, outcome="partial"
    )
    public = publicity == "public"
    row = breach_rows.publication(
        of=made,
        by_two=two,
        publicity_class=publicity,
        public_from=first if public else None,
        public_until=first + timedelta(days=length) if public else None,
        **({"ended_at": NOW, "ending": "objection"} if ended else {}),
    )
    expected = (
        public
        and first <= asked <= first + timedelta(days=length)
        and served is not None
        and served <= asked
        and not ended
        and not gone
        and (two or not person)
    )
    assert seen(row, at(asked, hour)) == expected


# ---- the QR code of a determination ----


def test_the_code_of_a_determination_says_genuine_and_shows_nothing_that_is_not_public(client):
    made = breach_rows.case(served_on=None)
    page = client.get(f"/verify/{made.verify_token}/").content.decode()
    assert "核验通过" in page and made.document_no in page
    assert made.document_sha256[:8] in page
    assert made.commitment.subject_name not in page and made.commitment.code not in page
    gone = breach_rows.case(state="revoked")
    assert "已经撤销" in client.get(f"/verify/{gone.verify_token}/").content.decode()
    assert client.get("/verify/case-token-none/").status_code == 404


def test_the_code_of_a_public_determination_leads_to_its_page(client, monkeypatch):
    from credit_portal.audit import clock

    monkeypatch.setattr(clock, "now", lambda: NOW)
    row = breach_rows.publication()
    assert f"/breaches/{row.uuid}/" in client.get(f"/verify/{row.case.verify_token}/").content.decode()
