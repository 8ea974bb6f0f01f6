"""The public API: shapes, pages, filters, problems, conditional requests, files, and its own description."""

import csv
import io
import json
from datetime import timedelta

import orjson
import pytest
import yaml
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from commitments.models import CommitmentEvent
from credit_portal.audit import clock
from credit_portal.registry import groups
from disclosure import exports, gate, search, serializers, services, terms, throttles
from disclosure.models import PublicityDecision
from tests import factories, listed
from tests.factories import NOW, TODAY

LIST = "/api/v1/public/commitments"


@pytest.fixture(autouse=True)
def at_now(monkeypatch) -> None:
    """The API asks the one clock; here it stands still."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    throttles.counter.forget()


def problem(response, status: int) -> dict:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = orjson.loads(response.content)
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert any("\u4e00" <= char <= "\u9fff" for char in body["title"] + body["detail"])
    return body


@pytest.mark.django_db
@pytest.mark.req("R91")
def test_the_list_has_the_frame_and_fields_that_others_rely_on(client: Client) -> None:
    made = listed.commitment()
    body = client.get(LIST).json()
    assert set(body) == {"next", "previous", "results", "count"}
    assert (body["next"], body["previous"]) == (None, None)
    assert body["count"] == {"value": 1, "exact": True}
    assert body["results"] == [json.loads(orjson.dumps(gate.public_line(made)))]
    assert set(body["results"][0]) == set(gate.LISTED_FIELDS)


@pytest.mark.django_db
def test_pages_are_walked_by_their_own_addresses_both_ways(client: Client) -> None:
    made = [listed.commitment().code for _ in range(5)][::-1]
    first = client.get(LIST, {"page_size": 2, "type": "approval"}).json()
    assert [row["code"] for row in first["results"]] == made[:2]
    second = client.get(first["next"]).json()
    assert [row["code"] for row in second["results"]] == made[2:4]
    assert [row["code"] for row in client.get(second["next"]).json()["results"]] == made[4:]
    assert [row["code"] for row in client.get(second["previous"]).json()["results"]] == made[:2]
    assert "type=approval" in first["next"]
    assert "page_size=2" in first["next"]
    assert first["count"] == {"value": 5, "exact": True}


@pytest.mark.django_db
@pytest.mark.req("R91")
def test_every_filter_is_read_from_the_query(client: Client) -> None:
    made = listed.named("恒泰商行", commitment_type="voluntary")
    listed.named("瑞丰商行")
    for query in (
        {"name": "恒泰"},
        {"code": made.subject_code.lower()},
        {"department": made.department_uscc},
        {"item": made.item.code},
        {"type": "voluntary"},
        {"type": "voluntary", "status": "running", "region": "130111"},
        {"type": "voluntary", "made_from": str(TODAY), "made_to": str(TODAY)},
    ):
        assert [row["code"] for row in client.get(LIST, query).json()["results"]] == [made.code], query


@pytest.mark.django_db
def test_what_is_wrong_with_a_query_is_named(client: Client) -> None:
    body = problem(client.get(LIST, {"type": "x", "made_from": "y", "code": "9113"}), 400)
    assert [error["field"] for error in body["errors"]] == ["code", "type", "made_from"]
    body = problem(client.get(LIST, {"names": "恒泰"}), 400)
    assert body["errors"][0]["field"] == "names"
    assert "made_from" in body["errors"][0]["message"]
    body = problem(client.get(f"{LIST}?type=approval&type=voluntary"), 400)
    assert body["errors"] == [{"field": "type", "message": terms.ERROR_TWICE}]
    problem(client.get("/api/v1/public/catalogue", {"name": "x"}), 400)
    problem(client.get(f"{LIST}?name=%00"), 400)
    problem(client.get(f"{LIST}?cursor=%FF%FE"), 400)


@pytest.mark.django_db
def test_other_mistakes_are_problems_in_chinese_too(client: Client) -> None:
    response = client.post(LIST, "{}", content_type="application/json")
    problem(response, 405)
    assert "GET" in response["Allow"]
    problem(client.options(LIST), 405)
    problem(client.get(LIST, headers={"accept": "text/html"}), 406)
    problem(client.get("/api/v1/nothing"), 404)
    for code in ("1" * 20, "1" * 19, "abc", "١" * 20, "%00"):
        problem(client.get(f"{LIST}/{code}"), 404)


@pytest.mark.django_db
def test_a_mistake_of_ours_is_a_problem_without_detail(monkeypatch) -> None:
    def broken(*args, **kwargs):
        raise RuntimeError("秘密的内部情况")

    monkeypatch.setattr(search, "find", broken)
    response = Client(raise_request_exception=False).get(LIST)
    problem(response, 500)
    assert "秘密" not in response.content.decode()


@pytest.mark.django_db
def test_one_commitment_is_shown_whole_with_its_course(client: Client) -> None:
    made = listed.commitment()
    CommitmentEvent.objects.create(commitment=made, kind="signed", at=NOW)
    body = client.get(f"{LIST}/{made.code}").json()
    assert set(body) == {*gate.PUBLIC_FIELDS, "course"}
    assert body["course"] == [{"on": str(TODAY), "label": "核查通过并签署"}]
    assert body["clauses"][0] == {"no": 1, "kind": "pledge", "text": listed.CLAUSES[0]["text"]}


@pytest.mark.django_db
@pytest.mark.req("R92", "R113")
def test_nothing_and_nothing_public_are_the_same_answer(client: Client) -> None:
    hidden = listed.commitment(public=False)
    withdrawn = listed.commitment(withdrawn_at=NOW)
    person = listed.commitment(subject=factories.person(), signer_capacity="self")
    answers = {
        client.get(f"{LIST}/{code}").content for code in (hidden.code, withdrawn.code, person.code, "9" * 20)
    }
    assert len(answers) == 1
    nobody = factories.organisation_code(999_999)
    answers = {
        client.get(f"/api/v1/public/subjects/{code}").content
        for code in (hidden.subject_code, withdrawn.subject_code, nobody)
    }
    assert len(answers) == 1
    problem(client.get(f"/api/v1/public/subjects/{nobody}"), 404)


@pytest.mark.django_db
@pytest.mark.req("R92", "R113")
def test_a_persons_public_record_is_masked_and_in_no_list_or_file(client: Client) -> None:
    number = factories.id_number(11)
    who = factories.person(name="张三丰", id_number=number)
    made = listed.commitment(subject=who, signer_capacity="self")
    first = factories.staff(groups.CREDIT_OFFICE)
    second = factories.staff(groups.CREDIT_OFFICE, department=first.department)
    PublicityDecision.objects.create(
        commitment=made, publicity_class="public", reason="person_by_two", decided_at=NOW,
        decided_by=first, second=second,
    )  # fmt: skip
    body = client.get(f"{LIST}/{made.code}").json()
    assert body["subject"] == {"kind": "person", "kind_label": "自然人", "name": "张＊＊", "code": ""}
    assert client.get(LIST).json()["results"] == []
    assert client.get(LIST, {"name": "张"}).json()["results"] == []
    assert client.get(LIST, {"name": "三丰"}).json()["results"] == []
    refused = client.get(LIST, {"code": number})
    problem(refused, 400)
    assert number not in refused.content.decode()
    problem(client.get(f"/api/v1/public/subjects/{number}"), 400)
    for ending in ("csv", "jsonl"):
        exported = b"".join(client.get(f"/api/v1/public/export.{ending}").streaming_content).decode()
        assert made.code not in exported


@pytest.mark.django_db
def test_a_subject_has_its_name_and_its_newest_commitments(client: Client) -> None:
    who = factories.subject(name="恒泰商行")
    made = [listed.commitment(subject=who).code for _ in range(3)][::-1]
    listed.commitment()
    body = client.get(f"/api/v1/public/subjects/{who.uscc.lower()}").json()
    assert (body["name"], body["code"], body["kind"]) == ("恒泰商行", who.uscc, "organisation")
    assert [row["code"] for row in body["commitments"]["results"]] == made
    assert body["commitments"]["count"] == {"value": 3, "exact": True}
    many = [listed.commitment(subject=who) for _ in range(20)]
    body = client.get(f"/api/v1/public/subjects/{who.uscc}").json()
    further = client.get(body["commitments"]["next"]).json()
    assert len(body["commitments"]["results"]) + len(further["results"]) == len(many) + 3
    wrong = problem(client.get("/api/v1/public/subjects/91130111MA0000001I"), 400)
    assert wrong["errors"][0]["field"] == "uscc"


@pytest.mark.django_db
@pytest.mark.req("R33", "R90")
def test_catalogue_and_texts_are_listed_with_what_their_shapes_say(client: Client) -> None:
    item = factories.item_version(legal_basis="测试依据")
    factories.item_version(status="draft", valid_from=None, published_at=None)
    text = factories.text_version(
        blanks=({"key": "day", "label": "完成日期"},), clauses=(("pledge", "在 {day} 前补齐。", ()),)
    )
    body = client.get("/api/v1/public/catalogue").json()
    assert [row["code"] for row in body["results"]] == [item.item.code]
    assert set(body["results"][0]) == set(serializers.CatalogueItemSerializer().fields)
    assert body["results"][0]["department"] == {
        "name": item.item.department.name,
        "code": item.item.department.uscc,
    }
    body = client.get("/api/v1/public/texts").json()
    assert [row["code"] for row in body["results"]] == [text.text.code]
    assert set(body["results"][0]) == set(serializers.TextSerializer().fields)
    assert "完成日期" in body["results"][0]["clauses"][0]["text"]
    assert "{" not in body["results"][0]["clauses"][0]["text"]
    assert body["count"] == {"value": 1, "exact": True}


@pytest.mark.django_db
def test_catalogue_pages_lead_forward_and_back(client: Client) -> None:
    made = [factories.item_version().item.code for _ in range(5)]
    first = client.get("/api/v1/public/catalogue", {"page_size": 2}).json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert [row["code"] for page in (first, second, third) for row in page["results"]] == made
    assert (first["previous"], third["next"]) == (None, None)
    back = client.get(third["previous"]).json()
    assert back["results"] == second["results"]
    start = client.get(back["previous"]).json()
    assert start["results"] == first["results"]
    assert start["previous"] is None


@pytest.mark.django_db
def test_what_is_withdrawn_is_gone_at_the_next_request_whoever_kept_a_copy(client: Client) -> None:
    made = listed.commitment()
    for address in (LIST, f"{LIST}/{made.code}", f"/api/v1/public/subjects/{made.subject_code}"):
        services.decide_publicity(
            commitment=made, publicity_class="public", reason="default_organisation",
            decided_by=factories.staff(groups.CREDIT_OFFICE, department=made.department), second=None, now=NOW,
        )  # fmt: skip
        before = client.get(address)
        assert before["Cache-Control"] == "public, no-cache"
        kept = client.get(address, headers={"if-none-match": before["ETag"]})
        assert (kept.status_code, kept.content, kept["ETag"]) == (304, b"", before["ETag"])
        services.withdraw(commitment=made, reason="privacy", actor=None, now=NOW)
        after = client.get(address, headers={"if-none-match": before["ETag"]})
        assert after.status_code in (200, 404)
        assert made.code not in after.content.decode()


@pytest.mark.django_db
def test_head_tells_what_get_would(client: Client) -> None:
    listed.commitment()
    got, head = client.get(LIST), client.head(LIST)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])


@pytest.mark.django_db
def test_requests_of_one_address_are_limited_and_told_when_to_come_again(client: Client, settings) -> None:
    settings.PUBLIC_REQUESTS_PER_MINUTE = 2
    assert [client.get(LIST).status_code for _ in range(2)] == [200, 200]
    response = client.get(LIST)
    body = problem(response, 429)
    assert int(response["Retry-After"]) > 0
    assert response["Retry-After"] in body["detail"]
    assert client.get(LIST, REMOTE_ADDR="10.1.1.1").status_code == 200
    # No proxy is configured, so nobody becomes another by saying so.
    problem(client.get(LIST, headers={"x-forwarded-for": "10.1.1.2"}), 429)


@pytest.mark.django_db
def test_processes_share_one_limit_though_each_tells_only_now_and_then() -> None:
    here, there = throttles._Counter(), throttles._Counter()
    assert [here.add("key", 1, 10) for _ in range(3)] == [1, 2, 3]
    assert there.add("key", 1, 10) == 2
    for _ in range(30):
        here.add("key", 1, 10)
    assert there._tell("key:1", 0) >= 31 + 1 - 10
    assert here.add("key", 2, 10) == 1


@pytest.mark.django_db
def test_without_the_cache_reading_goes_on(client: Client, monkeypatch) -> None:
    def broken(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "incr", broken)
    assert client.get(LIST).status_code == 200


@pytest.mark.django_db
@pytest.mark.req("R95")
def test_the_table_opens_in_excel_and_holds_no_formula(client: Client) -> None:
    made = listed.named("=HYPERLINK(1)有限公司", item_name="+甲", fulfilment="fulfilled")
    listed.commitment(public=False)
    response = client.get("/api/v1/public/export.csv", headers={"accept": "text/csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    raw = b"".join(response.streaming_content)
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert tuple(rows[0]) == exports.COLUMNS
    assert len(rows) == 2
    line = dict(zip(rows[0], rows[1], strict=True))
    assert line["承诺编码"] == made.code
    assert line["承诺人名称"] == "'=HYPERLINK(1)有限公司"
    assert line["承诺事由"] == "'+甲"
    assert line["承诺履行状态"] == "全部履行"
    assert line["违诺责任"] == listed.CLAUSES[1]["text"]


@pytest.mark.django_db
def test_files_come_whole_in_pieces_and_leave_out_what_is_withdrawn_meanwhile(
    client: Client, monkeypatch
) -> None:
    monkeypatch.setattr(exports, "PIECE", 3)
    made = [listed.commitment() for _ in range(8)][::-1]
    lines = b"".join(client.get("/api/v1/public/export.jsonl").streaming_content).splitlines()
    assert [orjson.loads(line)["code"] for line in lines] == [one.code for one in made]
    assert set(orjson.loads(lines[0])) == set(gate.PUBLIC_FIELDS)
    pieces = exports.as_json_lines(NOW)
    next(pieces)
    services.withdraw(commitment=made[4], reason="privacy", actor=None, now=NOW)
    rest = [orjson.loads(line)["code"] for line in b"".join(pieces).splitlines()]
    assert rest == [one.code for one in made[3:] if one != made[4]]


@pytest.mark.django_db
@pytest.mark.parametrize("query", [{}, {"name": "测试"}, {"type": "approval"}])
def test_the_list_costs_few_queries_however_long_it_is(
    client: Client, query: dict, django_assert_max_num_queries
) -> None:
    for _ in range(30):
        listed.commitment()
    client.get(LIST)
    # A list and a count, each with a savepoint around it inside a test; frequencies once; the size of the whole.
    with django_assert_max_num_queries(12):
        body = client.get(LIST, {**query, "page_size": 20}).json()
    assert len(body["results"]) == 20


def test_the_description_names_the_fields_that_the_gate_lets_through() -> None:
    assert set(serializers.CommitmentLineSerializer().fields) == set(gate.LISTED_FIELDS)
    assert set(serializers.CommitmentSerializer().fields) == {*gate.PUBLIC_FIELDS, "course"}


@pytest.mark.django_db
def test_the_description_is_valid_and_served(client: Client) -> None:
    response = client.get("/api/v1/schema/")
    schema = yaml.safe_load(response.content)
    validate_schema(schema)
    assert set(schema["paths"]) == {
        f"/api/v1/public/{name}"
        for name in (
            "commitments", "commitments/{code}", "subjects/{uscc}", "catalogue", "catalogue/{code}", "texts", "export.csv", "export.jsonl",
            "breaches", "breaches/{id}", "changes", "duties", "statistics",
            "acts", "acts/{id}", "measures",
        )
    } | {
        f"/api/v1/{name}"
        for name in ("credit-entries", "checks", "commitments", "duties", "fulfilments", "breaches", "complaints", "reports",
                     "reports/{number}/document")
    }  # fmt: skip
    for path in schema["paths"].values():
        told = path.get("get") or path["post"]
        assert told["summary"] and told["description"]


@pytest.mark.django_db
def test_the_written_description_is_the_present_one(tmp_path) -> None:
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"))
    kept = django_settings.BASE_DIR / "docs" / "openapi.yaml"
    assert (tmp_path / "openapi.yaml").read_text() == kept.read_text()


@pytest.mark.django_db
def test_the_page_of_the_description_keeps_the_strict_policy(client: Client) -> None:
    response = client.get("/api/v1/docs/", headers={"accept": "text/html"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "<style" not in page and "onclick" not in page
    assert "http://" not in page and "https://" not in page
    script = client.get("/api/v1/docs/?script=")
    assert script.status_code == 200
    assert "SwaggerUIBundle" in script.content.decode()


@pytest.mark.django_db
def test_a_scheduled_publication_appears_in_the_api_at_its_moment(client: Client, monkeypatch) -> None:
    made = listed.commitment(public_from=NOW + timedelta(minutes=5))
    assert client.get(LIST).json()["results"] == []
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=5))
    assert client.get(LIST).json()["results"][0]["code"] == made.code
