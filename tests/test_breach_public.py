"""What the public learns of breaches: the named fields only, through every door alike, and not a request longer."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments import breaches
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import Duty
from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from disclosure import breach_gate, breach_publishing, feed, supervision
from tests import factories
from tests.breach_stage import Stage
from tests.office import client_of
from tests.reading import english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(made.now))
    return made


def doors(stage: Stage, publication) -> list[str]:
    return [
        "/breaches/",
        f"/breaches/{publication.uuid}/",
        f"/subjects/{stage.commitment.subject_code}/",
        f"/commitments/{stage.commitment.code}/",
        "/api/v1/public/breaches",
        f"/api/v1/public/breaches/{publication.uuid}",
        f"/breaches/?q={stage.commitment.subject_name[:4]}",
    ]


def shows(path: str, publication) -> bool:
    answer = Client().get(path)
    return answer.status_code == 200 and str(publication.uuid) in answer.content.decode()


@pytest.mark.req("R89", "R92")
def test_every_door_shows_it_while_it_is_public_and_none_a_request_longer(stage: Stage) -> None:
    publication = stage.published()
    for path in doors(stage, publication):
        assert shows(path, publication), path
        answer = Client().get(path)
        assert answer["X-Robots-Tag"].startswith("noindex"), path
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    for path in doors(stage, publication):
        assert not shows(path, publication), path
    page = Client().get(f"/commitments/{stage.commitment.code}/").content.decode()
    assert "全部未履行" not in page and "没有履行" not in page and "履行中" in page


def test_a_cache_is_told_to_ask_again_and_hears_that_it_is_gone(stage: Stage) -> None:
    publication = stage.published()
    path = f"/api/v1/public/breaches/{publication.uuid}"
    first = Client().get(path)
    assert "no-cache" in first["Cache-Control"]
    assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="objection", actor=stage.credit, now=stage.now
    )
    gone = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert gone.status_code == 404 and gone["Content-Type"].startswith("application/problem+json")


@pytest.mark.req("R92")
def test_neither_defence_nor_evidence_nor_officers_are_told(stage: Stage) -> None:
    case = stage.noticed(case=stage.opened(facts="举报人王某某，电话13812345678，当场核实。"))
    breaches.record_statement(
        case_id=case.pk, expect="noticed", received_on=local_date(stage.now), text="家中有难言之隐，请求宽限",
        actor=stage.officer, now=stage.now,
    )  # fmt: skip
    case.refresh_from_db()
    publication = stage.published(
        case=stage.served(
            case=stage.determined(case=stage.proposed(case=case, statement_considered="理由不能成立。"))
        )
    )
    breaches.record_subject_statement(
        case_id=case.pk,
        expect="served",
        text="已整改，联系人手机 13912345678",
        actor=stage.officer,
        now=stage.now,
    )
    for path in doors(stage, publication):
        text = Client().get(path).content.decode()
        for secret in (
            "难言之隐", "理由不能成立", "举报人", "13812345678", "13912345678", stage.officer.display_name,
            stage.head.display_name, stage.credit.display_name, case.number,
        ):  # fmt: skip
            assert secret not in text, (path, secret)
    page = Client().get(f"/breaches/{publication.uuid}/").content.decode()
    assert "已整改" in page and "主体说明" in page


def test_the_projection_is_exactly_its_fields(stage: Stage) -> None:
    publication = stage.published()
    record = breach_gate.find_breach(publication.uuid, now=stage.now)
    assert tuple(record) == breach_gate.PUBLIC_FIELDS
    (line,) = (
        breach_gate.listed_row(row)
        for row in breach_gate.listed_breaches(stage.now).values(*breach_gate.LISTED_COLUMNS)
    )
    assert tuple(line) == breach_gate.LISTED_FIELDS
    answer = Client().get(f"/api/v1/public/breaches/{publication.uuid}").json()
    assert set(answer) == set(breach_gate.PUBLIC_FIELDS)


def test_breaches_are_in_no_bulk_file_feed_of_commitments_or_list(stage: Stage) -> None:
    publication = stage.published()
    for path in ("/api/v1/public/export.csv", "/api/v1/public/export.jsonl"):
        text = b"".join(Client().get(path).streaming_content).decode()
        assert stage.commitment.code in text
        assert str(publication.uuid) not in text and "未履行" not in text and "unfulfilled" not in text
    listed = Client().get("/api/v1/public/commitments").json()["results"][0]
    assert listed["status"] == "running"


def test_wrong_questions_are_answered_in_chinese(stage: Stage) -> None:
    for query in ("grade=huge", "region=12", "department=x", "cursor=zz", "since=1", "page_size=1000"):
        answer = Client().get(f"/api/v1/public/breaches?{query}")
        assert answer.status_code == 400, query
        assert re.search(r"[\u4e00-\u9fff]", json.dumps(answer.json(), ensure_ascii=False))
    for path in ("/api/v1/public/breaches/not-a-uuid", "/api/v1/public/changes?since=-1"):
        assert Client().get(path).status_code in (400, 404)
    assert Client().get("/breaches/?q=110101199003070000").status_code == 302
    assert Client().get("/breaches/?grade=huge").status_code == 200


def test_pages_of_breaches_ask_a_fixed_number_of_times(stage: Stage, django_assert_max_num_queries) -> None:
    publication = stage.published()
    Client().get("/breaches/")
    with django_assert_max_num_queries(7):
        Client().get("/breaches/")
    with django_assert_max_num_queries(4):
        Client().get(f"/breaches/{publication.uuid}/")
    with CaptureQueriesContext(connection) as queries:
        Client().get("/api/v1/public/breaches")
    assert len(queries) == 2


# ---- the feed ----------------------------------------------------------------------------------------------


def test_the_feed_tells_in_order_and_of_a_withdrawal_its_opaque_id_only(stage: Stage) -> None:
    publication = stage.published()
    changes.number_new(now=None)
    first = Client().get("/api/v1/public/changes?since=0").json()
    (told,) = (row for row in first["results"] if row["resource"] == "breach")
    assert told["reference"] == str(publication.uuid) and told["kind"] == "published"
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    changes.number_new(now=None)
    later = Client().get(f"/api/v1/public/changes?since={first['next']}").json()
    (withdrawn,) = later["results"]
    assert (withdrawn["kind"], withdrawn["reference"], withdrawn["id"]) == ("withdrawn", None, told["id"])
    # Whoever begins only now learns nothing of what is gone.
    again = Client().get("/api/v1/public/changes").content.decode()
    assert str(publication.uuid) not in again and told["id"] in again


def test_what_is_not_numbered_yet_is_not_told_and_pages_follow_each_other(stage: Stage) -> None:
    for number in range(5):
        changes.record_change(
            kind="published",
            resource="commitment",
            reference=f"{number:020d}",
            key=str(number),
            now=stage.now,
        )
    assert feed.changes_since(0, now=stage.now).rows == []
    assert changes.number_new(now=None) == 5
    assert changes.number_new(now=None) == 0
    seen, position = [], 0
    while True:
        page = feed.changes_since(position, now=stage.now, limit=2)
        seen += [row["position"] for row in page.rows]
        position = page.next
        if not page.more:
            break
    assert seen == [1, 2, 3, 4, 5]
    assert PublicChange.objects.filter(position__isnull=True).count() == 0


# ---- supervision -------------------------------------------------------------------------------------------


def duties_of(department, number: int, *, late: int, confirmed: bool = True) -> None:
    today = clock.today()
    Duty.objects.bulk_create(
        Duty(
            rule_key="breach_report", matter_type="试验", matter_id=department.pk * 1000 + at, department=department,
            region=department.region, triggered_on=today - timedelta(days=30), length=7, unit="working_days",
            counted=[], due_on=today - timedelta(days=10), calendar_version="x", basis="试验",
            confirmed=confirmed, state="met", met_at=clock.now(),
            met_on=today - timedelta(days=1 if at < late else 11), opened_at=clock.now(),
        )
        for at in range(number)
    )  # fmt: skip


def test_on_time_rates_are_public_from_ten_cases_on(stage: Stage) -> None:
    enough, few = factories.department(), factories.department()
    duties_of(enough, 10, late=1)
    duties_of(few, 9, late=9)
    found = supervision.figures(clock.today())
    (rate,) = found.departments
    assert (rate.label, rate.due, rate.on_time, rate.percent) == (enough.name, 10, 9, 90)
    assert found.withheld == 1
    page = Client().get("/supervision/").content.decode()
    assert enough.name in page and few.name not in page and "90%" in page and not english(page)
    figures = Client().get("/api/v1/public/duties").json()
    assert [one["percent"] for one in figures["departments"]] == [90]


def test_what_is_overdue_and_open_counts_as_late_and_unconfirmed_rules_not_at_all(stage: Stage) -> None:
    department = factories.department()
    duties_of(department, 10, late=0)
    Duty.objects.filter(department=department).update(state="open", met_on=None, met_at=None)
    other = factories.department()
    duties_of(other, 20, late=0, confirmed=False)
    (rate,) = supervision.figures(clock.today()).departments
    assert (rate.code, rate.percent) == (department.uscc, 0)


def test_single_duties_are_for_staff_who_may_see_them(stage: Stage) -> None:
    case = stage.determined()
    assert case.number not in Client().get("/supervision/").content.decode()
    assert case.number in client_of(stage.officer).get("/supervision/").content.decode()
    stranger = factories.staff("officer", department=factories.department())
    assert case.number not in client_of(stranger).get("/supervision/").content.decode()
    assert reverse("desk:home") in client_of(stage.officer).get("/supervision/").content.decode()
