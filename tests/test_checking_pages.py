"""The pages of checks, what they cost, and a subject's look at its own record."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from credit_portal.audit.models import ReadLog
from credit_portal.documents.services import read_evidence
from credit_portal.registry import groups
from credit_portal.registry.services import set_responsible
from tests import factories as make
from tests.checking_stage import NOW, Place, post
from tests.office import client_of
from tests.paper_reading import text_of
from tests.scenes import mine
from verification.checking import looking
from verification.models import (
    Check,
    CreditEntry,
    CreditList,
    OwnRecordRequest,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


@pytest.mark.req("R49")
def test_a_check_is_made_at_the_desk_once_however_often_it_is_sent(place) -> None:
    item, client = place.item("procurement"), place.client("officer")
    form = client.get("/desk/checks/new/").content.decode()
    assert item.name in form and "政府采购" in form
    sent = {
        "key": str(uuid4()), "code": place.subject.uscc, "item": item.pk, "commitment_type": "supervisory",
        "purpose": "other", "step": "bid", "case_ref": "ZC-1",
    }  # fmt: skip
    first, second = client.post("/desk/checks/new/", sent), client.post("/desk/checks/new/", sent)
    assert first.status_code == 302 and first.url == second.url
    made = Check.objects.get()
    assert (made.step, made.case_ref, made.operator) == ("bid", "ZC-1", place.officer)
    for wrong, said in (
        ({"code": make.misprinted(place.subject.uscc)}, "校验"),
        ({"code": make.organisation_code()}, "请填写名称"),
        ({"item": "999999999"}, "选"),
        (
            {"commitment_type": "repair", "item": place.item("awards", allowed_types=["approval"]).pk},
            "不使用",
        ),
    ):
        answer = client.post("/desk/checks/new/", sent | {"key": str(uuid4()), "step": ""} | wrong)
        assert answer.status_code == 422 and said in answer.content.decode(), (wrong, said)
    newcomer = client.post(
        "/desk/checks/new/",
        sent | {"key": str(uuid4()), "code": make.organisation_code(), "name": "赞皇新办公司", "kind": ""},
    )
    assert newcomer.status_code == 302 or "主体类别" in newcomer.content.decode()
    page = client.post("/desk/checks/", {"q": "ZC-1"}, follow=True).content.decode()
    assert made.subject.name in page
    # A person's number never stands in an address.
    person = make.person()
    found = client.post("/desk/checks/", {"q": person.id_number})
    assert person.id_number not in found.url and str(person.uuid) in found.url
    assert client.get(found.url).status_code == 200


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_only_the_unit_works_on_a_check_and_the_office_may_look(place, role) -> None:
    check = place.check("approval")
    office = make.department(region="130129", kind="credit_office")
    regional = role in (groups.CREDIT_OFFICE, groups.AUDITOR)
    inside = client_of(make.staff(role, department=office if regional else place.unit))
    outside = client_of(make.staff(role, department=make.department(region="130129")))
    sees = role in {groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE}
    works = role in {groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU}
    assert inside.get("/desk/checks/").status_code == (200 if sees else 403)
    assert inside.get("/desk/checks/new/").status_code == (200 if works else 403)
    assert inside.get(f"/desk/checks/{check.uuid}/").status_code == (200 if sees else 403)
    assert post(inside, check, "ask", reason="急").status_code == (422 if works else 403)
    if not regional:
        assert outside.get(f"/desk/checks/{check.uuid}/").status_code == (404 if sees else 403)
        assert post(outside, check, "decide", result="granted").status_code == (404 if works else 403)


def test_a_list_of_checks_and_a_long_record_take_the_same_queries(place) -> None:
    item, client = place.item("approval"), place.client("officer")

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    check = place.check("approval", item=item)
    few, short = queries("/desk/checks/"), queries(f"/desk/checks/{check.uuid}/")
    for _ in range(12):
        place.listed("serious")
        check = place.check("approval", item=item)
        looking.look(
            check_id=check.pk,
            looked=[looking.Looked("nothing", source_name="某网站")] * 3,
            actor=place.clerk,
            now=NOW,
        )
    assert queries("/desk/checks/") <= few
    assert queries(f"/desk/checks/{check.uuid}/") <= short + 3


def test_a_check_of_a_thousand_entries_asks_the_same_questions_as_one_of_three(place) -> None:
    item = place.item("procurement")
    found = CreditList.objects.get(code="exemplary")

    def fill(number: int) -> None:
        CreditEntry.objects.bulk_create(
            CreditEntry(
                subject=place.subject, kind="exemplary" if one % 2 else "penalty", title=f"记录{one}", source="测试",
                region=place.unit.region, from_on=date(2026, 1, 1), entered_at=NOW,
                credit_list=found if one % 2 else None,
            )
            for one in range(number)
        )  # fmt: skip

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert place.check("procurement", item=item).route == "ordinary"
        return len(seen)

    fill(4)
    few = asked()
    fill(1_000)
    assert asked() == few


@pytest.mark.req("R58")
def test_a_subject_is_given_its_whole_record_on_paper_once_its_identity_was_seen(place) -> None:
    place.listed("exemplary", department=make.department(region="130111"))
    make.credit_entry(
        subject=place.subject, state="repaired", repaired_on=date(2026, 8, 1), title="已经修复的处罚"
    )
    make.credit_entry(subject=place.subject, kind="breach", title="还没有送达的违诺", served_on=None)
    client = place.client("clerk")
    set_responsible(
        subject=place.subject, capacity="legal_representative", name="钱多多", source="licence", actor=place.clerk,
        department=place.unit, now=NOW,
    )  # fmt: skip
    asked = {"code": place.subject.uscc, "asked_by": "钱多多", "capacity": "legal_representative"}
    for wrong, said in (
        ({}, "查验办理人的身份证件"),
        ({"identity_seen": "on", "capacity": "self"}, "法定代表人（负责人）、委托代理人"),
        ({"identity_seen": "on", "capacity": "agent"}, "授权委托书"),
        ({"identity_seen": "on", "asked_by": "李四"}, "与登记的姓名不一致"),
        ({"identity_seen": "on", "code": make.organisation_code()}, "没有登记这个主体"),
        ({"identity_seen": "on", "code": make.misprinted(place.subject.uscc)}, "校验"),
    ):
        answer = client.post("/desk/checks/own/", asked | wrong)
        assert answer.status_code == 422 and said in answer.content.decode(), said
    done = client.post("/desk/checks/own/", asked | {"identity_seen": "on"}, follow=True)
    row = OwnRecordRequest.objects.get()
    page = done.content.decode()
    assert row.number in page and "2 条记录" in page and "已经修复的处罚" not in page
    words = text_of(read_evidence(row.document))
    assert "已经修复的处罚" in words and "诚信典型" in words and "还没有送达" not in words
    paper = client.get(f"/desk/checks/own/{row.uuid}.pdf")
    assert paper["Content-Type"] == "application/pdf"
    assert ReadLog.objects.filter(subject_id=place.subject.pk, purpose="subject_request").count() == 1
    outside = client_of(make.staff(groups.OFFICER, department=make.department(region="130129")))
    assert outside.get(f"/desk/checks/own/{row.uuid}.pdf").status_code == 404
    with pytest.raises(DatabaseError), transaction.atomic():
        OwnRecordRequest.objects.all().delete()
