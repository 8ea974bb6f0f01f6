"""Lists at the desk, pushed by systems, and entered by the office."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.outbox import partners
from credit_portal.outbox import services as outbox
from credit_portal.registry import groups
from credit_portal.registry.in_sets import Known
from credit_portal.registry.models import User
from tests import factories
from tests.factories import NOW, TODAY
from tests.membership_stage import FILES, HOME, PUSH, ROW, Place, db, file_of, table, told
from tests.office import client_of
from tests.scenes import mine
from verification.memberships import credit_lists, taking
from verification.memberships.reading import FIELDS
from verification.memberships.taking import Keeper
from verification.models import CreditEntry, CreditList, MembershipUpload


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@db
def test_pages_open_to_those_who_keep_or_watch_lists_and_show_their_reach(place: Place) -> None:
    entry = CreditEntry.objects.get(pk=one_of(place, told(1, list="exemplary", source=""), place.officer))
    upload = MembershipUpload.objects.get()
    pages = {
        HOME: {"officer", "head", "credit_office", "auditor"},
        f"{HOME}lists/exemplary/": {"officer", "head", "credit_office", "auditor"},
        f"{HOME}{entry.uuid}/": {"officer", "head", "credit_office", "auditor"},
        f"{HOME}new/": {"officer", "head", "credit_office"},
        f"{HOME}template.xlsx": {"officer", "head", "credit_office"},
        FILES: {"officer", "head", "credit_office"},
        f"{FILES}{upload.uuid}/": {"officer", "head", "credit_office"},
        f"{FILES}{upload.uuid}/faults.xlsx": {"officer", "head", "credit_office"},
        f"{FILES}{upload.uuid}/missing.xlsx": {"officer", "head", "credit_office"},
    }
    for role in groups.LABELS:
        regional = role in ("credit_office", "auditor")
        client = client_of(factories.staff(role, department=place.office if regional else place.finance))
        for address, may in pages.items():
            assert client.get(address).status_code == (200 if role in may else 403), (role, address)
        denied = client.post(f"{HOME}{entry.uuid}/leave/", {})
        assert denied.status_code == (422 if role in pages[FILES] else 403), role
    stranger = client_of(place.stranger)
    for address in (f"{HOME}{entry.uuid}/", f"{FILES}{upload.uuid}/"):
        assert stranger.get(address).status_code == 404
    assert "没有可以报送的名单" in stranger.get(f"{HOME}new/").content.decode()
    assert Client().get(HOME).status_code == 302


def one_of(place: Place, row: dict[str, str], actor: User) -> int:
    place.take(row, actor=actor)
    return CreditEntry.objects.latest("pk").pk


@db
def test_by_hand_a_subject_is_put_on_found_shown_and_taken_off(place: Place) -> None:
    client = client_of(place.officer)
    form = told(1, list="procurement_serious", source="") | {"until_on": "", "no_end": "on"}
    form.pop("action")
    wrong = client.post(f"{HOME}new/", form | {"subject_code": "9113"})
    assert wrong.status_code == 422 and "应为 18 位，现为 4 位" in wrong.content.decode()
    done = client.post(f"{HOME}new/", form, follow=True)
    entry = CreditEntry.objects.get()
    page = done.content.decode()
    assert "已列入" in page and "无期限" in page and "信用记录新增一条" in page and entry.until_on is None
    assert "原已列入" in client.post(f"{HOME}new/", form, follow=True).content.decode()
    home = client.get(HOME).content.decode()
    assert "可报送" in home and "市场和行业禁入名单" in home
    for sought in (entry.subject.uscc, "第1商贸", entry.document_no):
        assert str(entry.uuid) in client.get(HOME, {"q": sought}).content.decode()
        assert (
            str(entry.uuid) in client.get(f"{HOME}lists/procurement_serious/", {"q": sought}).content.decode()
        )
    assert "没有查到" in client.get(HOME, {"q": "别的单位"}).content.decode()
    leave = f"{HOME}{entry.uuid}/leave/"
    for typed, said in (
        ({"ended_on": "2026-09-20", "reason": "错"}, "应在 2026-06-01 至 2026-09-14 之间"),
        ({"ended_on": "2026-09-14", "reason": " "}, "移出原因"),
    ):
        refused = client.post(leave, typed)
        assert refused.status_code == 422 and said in refused.content.decode()
    client.post(leave, {"ended_on": "2026-09-14", "reason": "处罚期限提前届满"})
    page = client.get(f"{HOME}{entry.uuid}/").content.decode()
    assert "已移出" in page and "处罚期限提前届满" in page and "变为 已终止" in page
    assert client.post(leave, {"ended_on": "2026-09-14", "reason": "再来"}).status_code == 422
    assert (
        str(entry.uuid) in client.get(f"{HOME}lists/procurement_serious/", {"tab": "ended"}).content.decode()
    )
    assert {"membership_list", "entry"} <= set(ReadLog.objects.values_list("target_type", flat=True))


@db
def test_by_hand_whoever_was_slower_to_register_the_subject_is_told(place: Place, monkeypatch) -> None:
    subject = factories.subject()
    form = told(
        1, list="procurement_serious", source="", subject_name=subject.name, subject_code=subject.uscc
    )
    form |= {"until_on": "", "no_end": "on"}
    monkeypatch.setattr(taking, "find_subjects", lambda named: Known())
    answer = client_of(place.officer).post(f"{HOME}new/", form)
    assert answer.status_code == 422 and "刚刚有人登记了同一主体" in answer.content.decode()
    assert not CreditEntry.objects.exists()


@db
def test_a_list_has_pages_of_fifty_at_a_constant_price_and_persons_are_masked(place: Place) -> None:
    person = told(3, subject_kind="自然人", subject_name="赵示例", subject_code=factories.id_number(78))
    place.take(person)
    client, address = client_of(place.credit), f"{HOME}lists/judgment_defaulter/"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        page = client.get(address).content.decode()
    assert "赵＊＊" in page and person["subject_code"] not in page
    place.take(*(told(n) for n in range(10, 70)))
    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()
    assert page.count("（2026）冀0111执") == 50 and len(many) == len(few)
    following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert client.get(address + following).content.decode().count("（2026）冀0111执") == 11
    with CaptureQueriesContext(connection) as home:
        assert (
            '<td role="cell" data-label="在名单上" class="num">61</td>' in client.get(HOME).content.decode()
        )
    assert len(home) < 16
    for odd in ("%00", "9" * 30, "%ED%A0%80", "²"):
        assert client.get(f"{address}?q={odd}&before={odd}&tab={odd}").status_code == 200


@db
def test_a_file_goes_through_its_pages_with_its_faults_and_the_row_itself(place: Place) -> None:
    client = client_of(place.credit)
    assert "下载模板" in client.get(FILES).content.decode()
    head = table(client.get(f"{HOME}template.xlsx").content)[0]
    assert head == [one.head for one in FIELDS]
    person = told(
        2, subject_kind="自然人", subject_name="钱示例", subject_code=factories.id_number(79), basis=""
    )
    answer = client.post(
        FILES, {"file": SimpleUploadedFile("名单.csv", file_of(told(1), person, kind="csv"))}
    )
    page = client.get(answer.url).content.decode()
    assert "有误，不能录入" in page and "第 3 行" in page and "钱示例" in page and "请填写依据" in page
    assert person["subject_code"] not in page
    assert table(client.get(f"{answer.url}faults.xlsx").content)[1][5] == person["subject_code"]
    assert client.post(answer.url, {"deed": "start"}).status_code == 409
    client.post(answer.url, {"deed": "discard"})
    assert "已放弃" in client.get(answer.url).content.decode()
    sent = {"file": SimpleUploadedFile("名单.csv", file_of(told(1), kind="csv"))}
    answer = client.post(FILES, sent)
    client.post(answer.url, {"deed": "start"})
    outbox.deliver_due(now=NOW)
    again = client.post(
        FILES, {"file": SimpleUploadedFile("名单.csv", file_of(told(1), kind="csv"))}, follow=True
    )
    assert "以前已经录入，没有再录入" in again.content.decode()
    entry = CreditEntry.objects.get()
    assert "名单.csv" in client.get(f"{HOME}{entry.uuid}/").content.decode()
    wrong = client.post(FILES, {"file": SimpleUploadedFile("a.pdf", b"x")})
    assert wrong.status_code == 422 and "应为 xlsx" in wrong.content.decode()


def push(token: str, body: object, key: str) -> Any:
    return Client().post(
        PUSH, data=json.dumps(body), content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
    )  # fmt: skip


@db
@pytest.mark.req("R94", "R95")
def test_a_system_puts_subjects_on_a_list_and_takes_them_off(place: Place) -> None:
    security = factories.staff(groups.SECURITY_ADMIN)
    system = partners.save_partner(
        system_id=None, name="政府采购系统", department=place.finance, scopes=["credit_entries.write"],
        contact="", is_active=True, actor=security, now=NOW,
    )  # fmt: skip
    token = partners.issue_token(
        system_id=system.pk, expires_on=TODAY + timedelta(days=90), actor=security, now=NOW
    )
    body: dict[str, Any] = {
        "kind": "list", "list": "procurement_serious", "action": "add",
        "subject": {"kind": "organisation", "name": ROW["subject_name"], "code": ROW["subject_code"]},
        "document_no": "栾财采罚〔2026〕1号", "from_on": "2026-09-01", "until_on": "2028-08-31",
        "basis": "《中华人民共和国政府采购法》第七十七条",
    }  # fmt: skip
    first = push(token, body, "k1")
    entry = CreditEntry.objects.get()
    assert first.status_code == 201 and first.json() == {
        "kind": "list", "id": str(entry.uuid), "list": "procurement_serious", "action": "add", "new": True,
        "state": "current",
    }  # fmt: skip
    assert (entry.department, entry.source, entry.entered_by) == (place.finance, place.finance.name, None)
    assert push(token, body, "k1").json() == first.json()
    other = push(token, body, "k2")
    assert (other.status_code, other.json()["new"]) == (200, False)
    for number, (changes, field) in enumerate((
        ({"list": "judgment_defaulter"}, "list"),
        ({"action": "delete"}, "action"),
        ({"subject": body["subject"] | {"code": "1"}}, "subject.code"),
        ({"until_on": "2029-01-01"}, "document_no"),
        ({"document_name": "决定书"}, "document_name"),
        ({"until_on": 5}, "until_on"),
        ({"basis": ["x"]}, "basis"),
    )):  # fmt: skip
        wrong = push(token, body | changes, f"wrong-{number}")
        assert wrong.status_code == 422, changes
        assert field in [one["field"] for one in wrong.json()["errors"]], changes
    off = {key: body[key] for key in ("kind", "list", "subject", "document_no")}
    off |= {"action": "remove", "exit_on": "2026-09-14", "exit_reason": "处罚撤销"}
    left = push(token, off, "k3")
    assert (left.status_code, left.json()["state"], left.json()["id"]) == (201, "ended", str(entry.uuid))
    assert push(token, off, "k4").json()["new"] is False
    assert CreditEntry.objects.count() == 1 and MembershipUpload.objects.count() == 0


@db
def test_the_office_enters_lists_of_its_region_and_names_who_keeps_the_nations(place: Place) -> None:
    client = client_of(place.credit)
    new = {
        "code": "honest_firms", "name": "区级诚信企业", "sort": "model", "holder": "栾城区", "region": "130111",
        "exit_rule": "取消称号的移出", "is_active": "on",
    }  # fmt: skip
    add = "/admin/verification/creditlist/add/"
    assert client.post(add, new | {"exit_rule": " "}).status_code == 200
    refused = client.post(add, new | {"region": "130129"})
    assert "只能登记适用于本地区" in refused.content.decode()
    client.post(add, new)
    made = CreditList.objects.get(code="honest_firms")
    client.post(f"/admin/verification/creditlist/{made.pk}/edit/", new | {"name": "区级诚信示范企业"})
    made.refresh_from_db()
    assert (made.name, made.history.count()) == ("区级诚信示范企业", 2)
    nation = CreditList.objects.get(code="market_ban")
    assert client.get(f"/admin/verification/creditlist/{nation.pk}/edit/").status_code == 403
    elsewhere = factories.department(region="130129")
    nation.keepers.add(elsewhere)
    client.post(f"/admin/verification/creditlist/{nation.pk}/keepers/", {"keepers": [place.finance.pk]})
    assert set(nation.keepers.all()) == {elsewhere, place.finance}
    page = client.get(f"/admin/verification/creditlist/{nation.pk}/change/").content.decode()
    assert place.finance.name in page and elsewhere.name not in page and "不得进入有关市场" in page
    saved = AuditEvent.objects.filter(verb="list.saved").latest("pk")
    assert saved.facts["keepers"] == sorted([elsewhere.pk, place.finance.pk])
    place.take(told(1, list="honest_firms", source="栾城区人民政府"))
    with pytest.raises(Exception, match="不能改变种类"):
        credit_lists.save_list(
            credit_list=made, code=made.code, name=made.name, sort="adverse", holder="栾城区", exit_rule="移出",
            region=place.region, is_active=True, actor=place.credit, now=NOW,
        )  # fmt: skip
    entry = CreditEntry.objects.get()
    page = client.get(f"/admin/verification/creditentry/{entry.pk}/change/").content.decode()
    assert "区级诚信示范企业" in page and f"/desk/memberships/{entry.uuid}/" in page
    assert Keeper(place.office).keeps(entry)
