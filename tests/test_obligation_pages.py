"""Where obligations are seen: by the public, by the subject, at the desk."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments.models import (
    ObligationFinding,
)
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from disclosure import throttles
from disclosure.gate import public_obligations
from tests import factories, listed, subjects
from tests.counter import signature_png
from tests.factories import TODAY
from tests.obligation_stage import TEXT, Place, body
from tests.office import client_of
from tests.scenes import mine

pytestmark = pytest.mark.usefixtures("blank_papers")


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db, monkeypatch) -> Place:
    place = mine(built)
    monkeypatch.setattr(clock, "now", lambda: place.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(place.now))
    throttles.counter.forget()
    return place


@pytest.mark.req("R62", "R89")
def test_the_public_sees_clauses_not_kept_beside_a_public_breach_alone(place, client):
    place.record((1, "kept"))
    place.published(outcome="partial", clauses=[(3, "没有补交")])
    place.record((2, "kept"), found_on=local_date(place.now))

    def shown(public: bool) -> list[tuple[int, str]]:
        return [
            (row["no"], row["label"]) for row in public_obligations(place.commitment, breach_is_public=public)
        ]

    assert shown(True) == [(1, "已履行"), (2, "已履行"), (3, "未履行")]
    assert shown(False) == [(1, "已履行"), (2, "已履行"), (3, "履行中")]
    place.late(3)
    assert shown(True)[2] == (3, "逾期后履行") and shown(False)[2] == (3, "已履行")
    address = f"/commitments/{place.commitment.code}/"
    page = body(client.get(address))
    assert "逾期后履行" in page and "逐条履行情况" in page
    # Past its last day the breach is on no surface, and nothing of it shows in the clauses.
    place.later(500)
    page = body(client.get(address))
    assert "逐条履行情况" in page
    for word in ("未履行", "部分履行", "逾期后履行", "没有补交"):
        assert word not in page


def test_a_subject_sees_its_clauses_but_not_what_it_has_not_been_told(place):
    client = subjects.client_for(place.commitment.subject)
    place.record((1, "kept"))
    place.determined(outcome="partial", clauses=[(3, "没有补交")])
    address = f"/me/commitments/{place.commitment.code}/"
    page = body(client.get(address))
    assert "逐条履行情况" in page and "已履行" in page and "未履行" not in page
    place.served(case=place.commitment.breach_cases.get())
    assert "未履行" in body(client.get(address))


def test_the_desk_records_clauses_with_evidence_and_says_what_is_wrong(place):
    officer = client_of(place.officer)
    page = body(officer.get(place.address))
    assert "守法经营" in page and "承担相应责任" not in page and "立案" in page
    nothing = officer.post(place.address, {"found_on": TODAY.isoformat(), "note": "现场核查，做到。"})
    assert nothing.status_code == 422 and "至少为一条选择" in body(nothing)
    wrong = officer.post(
        place.address,
        {"clause-1": "kept", "found_on": TODAY.isoformat(), "note": "现场核查，做到。",
         "proof": SimpleUploadedFile("a.png", b"not a picture", content_type="image/png")},
    )  # fmt: skip
    assert wrong.status_code == 422 and place.states() == ["open"] * 3
    assert officer.post(place.address, {"clause-1": "not_kept", "note": "x"}).status_code == 422
    assert "逾期后履行" not in body(wrong)
    done = officer.post(
        place.address,
        {
            "clause-1": "kept", "clause-2": "kept", "found_on": TODAY.isoformat(), "note": "现场核查，做到。",
            "proof": [
                SimpleUploadedFile(f"照片{no}.png", signature_png(width=no), content_type="image/png")
                for no in (5, 6)
            ],
        },
        follow=True,
    )  # fmt: skip
    assert "已登记 2 条" in body(done) and "照片5.png" in body(done)
    # From a second page that was open meanwhile.
    again = officer.post(
        place.address, {"clause-1": "kept", "found_on": TODAY.isoformat(), "note": "现场核查，做到。"}
    )
    told = f"第 1 条已由{place.officer}登记为“已履行”（{TODAY}）"
    assert again.status_code == 422 and told in body(again) and "至少为一条选择" not in body(again)
    finding = ObligationFinding.objects.filter(obligation__commitment=place.commitment).first()
    file = finding.evidence.first()
    assert officer.get(f"{place.address}files/{file.uuid}/")["Content-Type"] == "image/png"
    assert officer.get(f"{place.address}files/{place.file().uuid}/").status_code == 404
    stranger = client_of(factories.staff("officer"))
    assert stranger.get(place.address).status_code == 404
    assert stranger.get(f"{place.address}files/{file.uuid}/").status_code == 404
    auditor = client_of(factories.staff("auditor", department=place.office))
    assert auditor.get(place.address).status_code == 200
    assert auditor.post(place.address, {"clause-3": "kept"}).status_code == 404


def test_the_list_of_what_is_due_is_filtered_paged_and_costs_the_same_however_long(place, monkeypatch):
    monkeypatch.setattr("commitments.obligations.views.PER_PAGE", 4)

    def more(number: int) -> None:
        for at in range(number):
            listed.commitment(
                department=place.department, content=TEXT, valid_until=TODAY + timedelta(days=at),
                made_on=TODAY - timedelta(days=400),
            )  # fmt: skip

    officer = client_of(place.officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert officer.get("/desk/obligations/").status_code == 200
        return len(counted)

    more(2)
    queries()
    few = queries()
    more(5)
    assert queries() == few
    first = officer.get("/desk/obligations/")
    assert len(first.context["rows"]) == 4 and first.context["tally"] == {"overdue": 0, "soon": 21, "all": 21}
    second = officer.get(f"/desk/obligations/{first.context['next']}")
    seen = [row.pk for row in (*first.context["rows"], *second.context["rows"])]
    assert len(set(seen)) == 8
    day = (TODAY + timedelta(days=4)).isoformat()
    narrowed = officer.get("/desk/obligations/", {"due_from": day, "due_to": day})
    assert {row.due_on.isoformat() for row in narrowed.context["rows"]} == {day}
    backwards = officer.get("/desk/obligations/", {"due_from": day, "due_to": TODAY.isoformat()})
    assert backwards.status_code == 422 and "不能早于" in body(backwards)
    assert officer.get("/desk/obligations/", {"after": "昨天"}).status_code == 400
    found = officer.get("/desk/obligations/", {"q": place.commitment.code})
    assert found.status_code == 302 and found.url == place.address
    assert "没有编码为" in body(officer.get("/desk/obligations/", {"q": "1" * 20}))
    office = client_of(place.credit)
    assert len(office.get("/desk/obligations/").context["rows"]) == 4
    assert client_of(factories.staff("officer")).get("/desk/obligations/").context["tally"]["all"] == 0
