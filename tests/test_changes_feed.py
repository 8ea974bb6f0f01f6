"""The feed for whoever keeps a copy: in order, in pages, told once, and silent about what has been withdrawn since."""

from datetime import timedelta
from uuid import uuid4

import pytest

from commitments import breaches, fulfilment
from commitments.models import Commitment
from credit_portal.audit import clock
from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry import groups
from disclosure import feed, services
from disclosure.models import BreachPublication
from tests import breach_rows, factories, listed
from tests.breach_stage import Stage
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
PATH = "/api/v1/public/changes"


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def told(**query) -> list[tuple[str, str | None]]:
    found = feed.changes_since(query.pop("since", 0), now=NOW, **query)
    return [(row["kind"], row["reference"]) for row in found.rows]


def test_a_line_is_told_with_its_reference_only_as_long_as_it_is_public():
    row = breach_rows.publication()
    commitment = row.case.commitment
    opaque = uuid4()
    breach_rows.change("published", commitment.code, resource="commitment")
    breach_rows.change("published", str(row.uuid), opaque=opaque)
    breach_rows.change("changed", str(row.uuid), opaque=opaque)
    assert told() == [
        ("published", commitment.code), ("published", str(row.uuid)), ("changed", str(row.uuid))
    ]  # fmt: skip
    BreachPublication.objects.filter(pk=row.pk).update(ended_at=NOW, ending="repair")
    breach_rows.change("withdrawn", str(row.uuid), opaque=opaque)
    assert told() == [
        ("published", commitment.code),
        ("published", None),
        ("changed", None),
        ("withdrawn", None),
    ]
    ids = {line["id"] for line in feed.changes_since(1, now=NOW).rows}
    assert ids == {str(opaque)}


def test_what_ends_by_its_last_day_is_not_told_either_though_nobody_has_swept():
    row = breach_rows.publication()
    breach_rows.change("published", str(row.uuid))
    after = NOW + (row.public_until - NOW.date()) + timedelta(days=1)
    assert feed.changes_since(0, now=after).rows[0]["reference"] is None


def test_a_thing_published_again_does_not_bring_its_old_lines_back_under_the_old_id(client):
    row = breach_rows.publication()
    breach_rows.change("published", str(row.uuid))
    changes.record_change(kind="withdrawn", resource="breach", reference=str(row.uuid), key="w", now=NOW)
    changes.record_change(kind="published", resource="breach", reference=str(row.uuid), key="p", now=NOW)
    first, gone, again = PublicChange.objects.order_by("id")
    assert first.opaque == gone.opaque != again.opaque


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_any_size_tell_every_line_once_and_in_order(client, limit):
    for _ in range(5):
        breach_rows.change("published", listed.commitment().code, resource="commitment")
    breach_rows.change("published", listed.commitment().code, resource="commitment", position=None)
    positions, since, more = [], 0, True
    while more:
        page = client.get(PATH, {"since": since, "limit": limit}).json()
        assert len(page["results"]) <= limit
        positions += [line["position"] for line in page["results"]]
        since, more = page["next"], page["more"]
    assert positions == [1, 2, 3, 4, 5]
    last = client.get(PATH, {"since": since}).json()
    assert last == {"results": [], "next": since, "more": False}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "-1"}, "since"),
        ({"since": "１"}, "since"),
        ({"since": ""}, "since"),
        ({"since": "9" * 30}, "since"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"from": "1"}, "from"),
    ],
)
def test_a_wrong_question_is_named_in_chinese(client, query, field):
    answer = client.get(PATH, query)
    assert answer.status_code == 400 and answer["Content-Type"].startswith("application/problem+json")
    (error,) = answer.json()["errors"]
    assert error["field"] == field and any("\u4e00" <= char <= "\u9fff" for char in error["message"])


def test_a_page_costs_three_queries_however_long_it_is(client, django_assert_num_queries):
    for _ in range(4):
        row = breach_rows.publication()
        breach_rows.change("published", str(row.uuid))
        breach_rows.change("published", row.case.commitment.code, resource="commitment")
    with django_assert_num_queries(3):
        assert len(feed.changes_since(0, now=NOW).rows) == 8


# ---- what the services tell ----


def test_a_determination_is_not_told_before_it_is_published_and_no_status_betrays_it():
    stage = Stage()
    stage.served()
    assert Commitment.objects.get().fulfilment == "unfulfilled"
    assert not PublicChange.objects.exists()


def test_kept_in_full_is_a_change_of_the_public_commitment():
    department = factories.department()
    commitment, hidden = (
        listed.commitment(department=department),
        listed.commitment(department=department, public=False),
    )
    officer = factories.staff(groups.OFFICER, department=department)
    for one in (commitment, hidden):
        fulfilment.record_fulfilment(commitment_id=one.pk, status="fulfilled", actor=officer, now=NOW)
    (line,) = PublicChange.objects.all()
    assert (line.kind, line.resource, line.reference) == ("changed", "commitment", commitment.code)


def test_a_statement_beside_a_public_breach_is_a_change_of_it():
    stage = Stage()
    publication = stage.published()
    breaches.record_subject_statement(
        case_id=publication.case_id, expect="served", text="已经整改。", actor=stage.officer, now=stage.now
    )
    kinds = PublicChange.objects.filter(reference=str(publication.uuid)).order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == ["published", "changed"]
    assert len(set(kinds.values_list("opaque", flat=True))) == 1


def test_a_withdrawn_commitment_takes_its_breach_along_and_both_are_told():
    stage = Stage()
    publication = stage.published()
    services.withdraw(
        commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=stage.now, note="涉密"
    )
    publication.refresh_from_db()
    assert publication.ended_at == stage.now
    gone = PublicChange.objects.filter(kind="withdrawn").values_list("resource", "reference")
    assert set(gone) == {("commitment", stage.commitment.code), ("breach", str(publication.uuid))}


@pytest.mark.req("R92")
def test_a_persons_breach_is_in_no_feed():
    stage = Stage(person=True)
    publication = stage.published()
    assert publication.second_id is not None
    assert not PublicChange.objects.exists()
