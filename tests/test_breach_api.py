"""Breaches and figures on the public API, over rows."""

from datetime import date, timedelta

import pytest

from credit_portal.audit import clock
from disclosure import breach_gate, statistics, throttles
from disclosure.models import BreachPublication
from tests import breach_rows, factories, listed
from tests.breach_stage import confirm_rules
from tests.factories import NOW, TODAY
from verification import services as verification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
LIST = "/api/v1/public/breaches"
STATISTICS = "/api/v1/public/statistics"


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    throttles.counter.forget()


def rows(number: int, **fields) -> list[BreachPublication]:
    return [breach_rows.publication(**fields) for _ in range(number)]


def end(row: BreachPublication) -> None:
    BreachPublication.objects.filter(pk=row.pk).update(ended_at=NOW, ending="repair")


def test_the_list_has_the_frame_of_every_list_and_exactly_the_fields_of_the_gate(client):
    (row,) = rows(1)
    page = client.get(LIST).json()
    assert set(page) == {"next", "previous", "results", "count"}
    assert page["count"] == {"value": 1, "exact": True}
    (line,) = page["results"]
    assert tuple(line) == breach_gate.LISTED_FIELDS and line["id"] == str(row.uuid)
    assert (
        line["repairable_from"] == f"{row.repairable_from}" and line["public_until"] == f"{row.public_until}"
    )
    one = client.get(f"{LIST}/{row.uuid}").json()
    assert set(one) == set(breach_gate.PUBLIC_FIELDS)


def test_pages_are_walked_by_their_own_addresses_both_ways(client):
    made = [str(row.uuid) for row in rows(5)][::-1]
    first = client.get(LIST, {"page_size": 2, "grade": "general"}).json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    seen = [line["id"] for page in (first, second, third) for line in page["results"]]
    assert seen == made and third["next"] is None
    assert [line["id"] for line in client.get(second["previous"]).json()["results"]] == made[:2]


@pytest.mark.req("R99")
def test_a_withdrawal_between_two_pages_is_gone_and_costs_no_other_line(client):
    made = rows(4)
    first = client.get(LIST, {"page_size": 2}).json()
    end(made[1])
    rest = client.get(first["next"]).json()
    assert [line["id"] for line in rest["results"]] == [str(made[0].uuid)]
    end(made[2])
    assert [line["id"] for line in client.get(LIST).json()["results"]] == [
        str(made[3].uuid),
        str(made[0].uuid),
    ]


@pytest.mark.req("R92", "R99")
def test_whoever_kept_a_copy_has_to_ask_and_hears_that_it_is_gone(client):
    for path, status in (("{}/{}", 404), ("{}", 200)):
        (row,) = rows(1)
        path = path.format(LIST, row.uuid)
        first = client.get(path)
        assert first["Cache-Control"] == "public, no-cache" and first["X-Robots-Tag"].startswith("noindex")
        assert client.get(path, headers={"if-none-match": first["ETag"]}).status_code == 304
        end(row)
        second = client.get(path, headers={"if-none-match": first["ETag"]})
        assert second.status_code == status and str(row.uuid) not in second.content.decode().replace(path, "")
        assert "max-age" not in second.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"grade": "x"}, "grade"),
        ({"domain": "x"}, "domain"),
        ({"department": "x"}, "department"),
        ({"region": "x"}, "region"),
        ({"code": "9113"}, "code"),
        ({"code": factories.id_number(7)}, "code"),
        ({"cursor": "x"}, "cursor"),
        ({"page_size": "101"}, "page_size"),
        ({"status": "running"}, "status"),
    ],
)
def test_a_wrong_question_names_its_field_in_chinese(client, query, field):
    answer = client.get(LIST, query)
    assert answer.status_code == 400 and answer["Content-Type"].startswith("application/problem+json")
    (error,) = answer.json()["errors"]
    assert error["field"] == field and any("\u4e00" <= char <= "\u9fff" for char in error["message"])
    assert next(iter(query.values())) not in answer.json().get("detail", "") or field != "code"


def test_a_persons_breach_is_answered_by_its_id_alone(client):
    commitment = listed.commitment(
        subject=factories.person(name="欧阳明日"), public=False, fulfilment="unfulfilled"
    )
    row = breach_rows.publication(of=breach_rows.case(commitment=commitment))
    assert client.get(LIST).json()["results"] == []
    one = client.get(f"{LIST}/{row.uuid}")
    assert one.json()["subject"]["name"] == "欧阳＊＊"
    assert "明日" not in one.content.decode() and commitment.code not in one.content.decode()


@pytest.mark.req("R89")
def test_bulk_files_lists_and_the_subjects_record_stay_without_breaches(client):
    (row,) = rows(1)
    commitment = row.case.commitment
    for path in (
        "/api/v1/public/export.csv",
        "/api/v1/public/export.jsonl",
        "/api/v1/public/commitments",
        f"/api/v1/public/commitments/{commitment.code}",
        f"/api/v1/public/subjects/{commitment.subject_code}",
    ):
        answer = client.get(path)
        text = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
        assert commitment.code in text, path
        for word in (str(row.uuid), "unfulfilled", "未履行", "检测报告", row.case.document_no):
            assert word not in text, (path, word)


def test_a_list_and_a_record_cost_a_fixed_number_of_queries(client, django_assert_num_queries):
    made = rows(3)
    with django_assert_num_queries(2):
        client.get(LIST)
    # The record, its clauses, the rules on repair.
    with django_assert_num_queries(3):
        client.get(f"{LIST}/{made[0].uuid}")


# ---- figures ----


def test_figures_by_department_begin_with_ten(client, django_assert_num_queries):
    big, small = factories.department(), factories.department()
    version = factories.item_version(department=big)
    for _ in range(10):
        commitment = listed.commitment(department=big, item_version=version, fulfilment="unfulfilled")
        breach_rows.publication(of=breach_rows.case(commitment=commitment))
    for _ in range(9):
        listed.commitment(department=small, item_version=version)
    body = client.get(STATISTICS).json()
    assert body["commitments"] == {"value": 19, "exact": True} and body["breaches"] == 10
    assert body["departments"] == [{"name": big.name, "code": big.uscc, "commitments": 10, "breaches": 10}]
    assert small.name not in client.get(STATISTICS).content.decode()
    with django_assert_num_queries(0):
        statistics.figures(NOW)


def test_fewer_than_ten_breaches_are_not_counted_out(client):
    rows(9)
    body = client.get(STATISTICS).json()
    assert body["breaches"] is None and body["departments"] == []


def test_figures_do_not_depend_on_the_cache(client, monkeypatch):
    def away(*args, **kwargs):
        raise ConnectionError

    for name in ("get", "set"):
        monkeypatch.setattr(f"django.core.cache.cache.{name}", away, raising=False)
    assert client.get(STATISTICS).status_code == 200
    assert client.get("/supervision/").status_code == 200


# ---- and back into the record that the next check reads ----


@pytest.mark.req("R41", "R62")
def test_the_next_check_answers_key_review_in_publicity_and_stops_by_itself():
    confirm_rules()
    row = breach_rows.publication()
    version = factories.item_version()
    clerk = factories.staff("clerk", department=version.item.department)

    def answer(on: date) -> tuple[str, str]:
        made = verification.check_subject(
            subject=row.case.subject, item_version=version, commitment_type="approval", operator=clerk,
            now=NOW + (on - TODAY),
        )  # fmt: skip
        return made.route, made.scrutiny

    for day in (row.public_from, TODAY, row.public_until):
        assert answer(day) == ("ordinary", "key"), day
    assert answer(row.public_until + timedelta(days=1))[1] == "normal"
    assert answer(row.case.served_on) == ("ordinary", "normal")
    assert answer(row.case.served_on - timedelta(days=1)) == ("commitment", "normal")
