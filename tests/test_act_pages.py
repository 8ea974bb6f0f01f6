"""Acts in pages and interface: entered, published and looked up as people do it; pushed as systems do it."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.deadlines.models import PolicyRule
from credit_portal.deadlines.wording import key_in_words
from credit_portal.outbox import changes, partners
from credit_portal.outbox.models import IdempotentAnswer, PartnerToken
from credit_portal.registry import groups
from disclosure import information
from disclosure.acts import uploading
from disclosure.models import ActUpload, AdministrativeAct, LaunchDate
from tests import acts, factories
from tests.breach_stage import confirm_rules
from tests.factories import NOW
from tests.office import client_of
from tests.test_acts import rows

pytestmark = pytest.mark.django_db
PUSH = "/api/v1/credit-entries"


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: NOW.date())


class Place:
    def __init__(self) -> None:
        self.place = factories.department(region="130111")
        self.officer = factories.staff(groups.OFFICER, department=self.place)
        self.head = factories.staff(groups.HEAD, department=self.place)
        self.security = factories.staff(groups.SECURITY_ADMIN)
        confirm_rules()
        for key in ("act_publication.licence", "act_publication.penalty"):
            PolicyRule.objects.create(
                region=factories.region(), key=key, value=7, unit="working_days", basis="演示",
                confirmed=True, effective_from=date(2020, 1, 1),
            )  # fmt: skip

    def system(self, **fields: object):
        return partners.save_partner(
            system_id=None, name="审批业务系统", department=self.place, contact="", is_active=True,
            actor=self.security, now=NOW, **{"scopes": ["credit_entries.write"], **fields},
        )  # fmt: skip

    def token(self, system=None) -> str:
        return partners.issue_token(
            system_id=(system or self.system()).pk, expires_on=NOW.date() + timedelta(days=90),
            actor=self.security, now=NOW,
        )  # fmt: skip


@pytest.fixture
def place() -> Place:
    return Place()


# ---- the desk ----------------------------------------------------------------------------------------------


@pytest.mark.req("R93")
def test_from_the_form_to_the_public_page_and_away_again(place) -> None:
    officer, head, public = client_of(place.officer), client_of(place.head), Client()
    page = officer.get("/desk/acts/new/", {"kind": "penalty"}).content.decode()
    assert "违法事实" in page and "有效期至" not in page
    told = acts.values("penalty") | {"kind": "penalty", "category": ["警告", "罚款"]}
    wrong = officer.post("/desk/acts/new/", told | {"fine": "两千"})
    assert wrong.status_code == 422 and "不带单位的数字" in wrong.content.decode()
    assert not AdministrativeAct.objects.exists()
    done = officer.post("/desk/acts/new/", told)
    act = AdministrativeAct.objects.get()
    assert done.url == f"/desk/acts/{act.uuid}/" and act.category == "警告；罚款"
    shown = officer.get("/desk/acts/").content.decode()
    assert "2026-09-16" in shown and "还有 2 天" in shown and "单独办理" in shown
    assert public.get(f"/acts/{act.uuid}/").status_code == 404
    decide = f"/desk/acts/{act.uuid}/decide/"
    refused = officer.post(decide, {"publicity_class": "public"})
    assert refused.status_code == 422 and "另一人" in refused.content.decode()
    assert head.post(decide, {"publicity_class": "public"}).status_code == 302
    page = public.get(f"/acts/{act.uuid}/")
    assert "演示鲜果商贸有限公司" in page.content.decode() and "noindex" in page["X-Robots-Tag"]
    assert "2000.00" in page.content.decode()
    assert act.document_no in public.get("/acts/", {"q": "鲜果"}).content.decode()
    subject = public.get(f"/subjects/{act.subject_code}/").content.decode()
    assert "行政许可、行政处罚等" in subject and str(act.uuid) in subject
    assert public.get(f"/api/v1/public/acts/{act.uuid}").json()["document_no"] == act.document_no
    assert public.get("/api/v1/public/acts", {"kind": "penalty"}).json()["count"]["value"] == 1
    officer.post(f"/desk/acts/{act.uuid}/end/", {"ending": "revoked", "note": "复议撤销"})
    for address in (
        f"/acts/{act.uuid}/",
        f"/api/v1/public/acts/{act.uuid}",
        f"/subjects/{act.subject_code}/",
    ):
        assert public.get(address).status_code == 404
    assert act.document_no not in public.get("/acts/").content.decode()
    changes.number_new(now=None)
    change = public.get("/api/v1/public/changes").json()["results"][-1]
    assert (change["kind"], change["resource"], change["reference"]) == ("withdrawn", "act", None)


def test_many_are_published_by_one_press(place) -> None:
    client = client_of(place.officer)
    made = [
        acts.entered("licence", department=place.place, actor=place.officer, now=NOW, document_no=f"{n}号")
        for n in range(3)
    ]
    assert "没有勾选" in client.post("/desk/acts/publish/", follow=True).content.decode()
    done = client.post("/desk/acts/publish/", {"act": [row.pk for row in made[:2]]}, follow=True)
    assert "已公开 2 条" in done.content.decode()
    assert AdministrativeAct.objects.filter(publicity_class="public").count() == 2


def test_a_correction_begins_with_what_was_told(place) -> None:
    act = acts.entered("penalty", department=place.place, actor=place.officer, now=NOW)
    client, address = client_of(place.officer), f"/desk/acts/{act.uuid}/correct/"
    page = client.get(address).content.decode()
    assert "检查时没有在经营场所公示许可证" in page and page.count("checked") == 2
    same = client.post(
        address, acts.values("penalty", category="警告；罚款") | {"category": ["警告", "罚款"]}
    )
    assert same.status_code == 422 and "与原来的相同" in same.content.decode()
    told = acts.values("penalty", fine="500") | {"category": ["警告", "罚款"]}
    assert client.post(address, told).status_code == 302
    assert AdministrativeAct.objects.get(corrects=act).details["fine"] == "500.00"


@pytest.mark.req("R93")
def test_a_file_goes_through_its_pages(place) -> None:
    client = client_of(place.officer)
    assert "行政许可模板" in client.get("/desk/acts/files/").content.decode()
    template = client.get("/desk/acts/template/licence.xlsx")
    assert template.content.startswith(b"PK")
    from django.core.files.uploadedfile import SimpleUploadedFile

    content = rows(
        "licence", acts.values("licence"), acts.values("licence", category="特别", document_no="2号")
    )
    file = SimpleUploadedFile("许可.xlsx", content)
    upload_page = client.post("/desk/acts/files/", {"kind": "licence", "file": file})
    upload = ActUpload.objects.get()
    assert upload_page.url == f"/desk/acts/files/{upload.uuid}/"
    page = client.get(upload_page.url).content.decode()
    assert "录入 1 行" in page and "第 3 行" in page and "许可类别" in page
    assert client.get(f"{upload_page.url}faults.xlsx").content.startswith(b"PK")
    client.post(upload_page.url, {"deed": "start"})
    assert "正在录入" in client.get(upload_page.url).content.decode()
    uploading.enter_all({"upload": upload.pk}, key="k", now=NOW)
    assert "新录入 1 条" in client.get(upload_page.url).content.decode()
    other = client_of(factories.staff(groups.OFFICER, department=factories.department()))
    assert other.get(upload_page.url).status_code == 404


def test_others_see_nothing_of_it(place) -> None:
    act = acts.entered("licence", department=place.place, actor=place.officer, now=NOW)
    other = client_of(factories.staff(groups.OFFICER, department=factories.department()))
    for address in (f"/desk/acts/{act.uuid}/", f"/desk/acts/{act.uuid}/correct/"):
        assert other.get(address).status_code == 404
    assert other.post(f"/desk/acts/{act.uuid}/decide/", {"publicity_class": "public"}).status_code == 404
    assert (
        client_of(factories.staff(groups.CLERK, department=place.place)).get("/desk/acts/").status_code == 403
    )
    assert Client().get("/desk/acts/").status_code == 302


def test_the_list_costs_the_same_whatever_is_in_it(place, django_assert_max_num_queries) -> None:
    for number in range(12):
        acts.entered(
            "licence", department=place.place, actor=place.officer, now=NOW, document_no=f"{number}号"
        )
    client = client_of(place.head)
    client.get("/desk/acts/")
    with django_assert_max_num_queries(14):
        client.get("/desk/acts/")


@pytest.mark.parametrize(
    "query", ["q=" + "长" * 60, "kind=x", "cursor=x", "document_no=" + "长" * 101, "region=x"]
)
def test_a_search_that_cannot_be_is_told_so(place, query: str) -> None:
    response = Client().get(f"/acts/?{query}")
    assert response.status_code == 200 and re.search(r'role="alert"|field-error', response.content.decode())
    assert Client().get(f"/api/v1/public/acts?{query.replace('q=', 'name=')}").status_code == 400


def test_a_persons_number_is_looked_up_nowhere(place) -> None:
    assert Client().get("/acts/", {"q": factories.id_number(5)}).url == "/acts/?nothing=1"


# ---- catalogue and supervision -----------------------------------------------------------------------------


@pytest.mark.req("R96", "R121")
def test_the_catalogue_says_what_is_collected_and_what_is_not(place, settings) -> None:
    settings.REGION_CODE = "130111"
    idle = factories.department(region="130111")
    silent = factories.department(region="130111")
    for department, collected in (
        (place.place, "licence"),
        (place.place, "penalty"),
        (idle, "reward"),
        (idle, "other"),
    ):
        information.save_item(
            item=None, code=f"130111-{department.pk}-{collected}", region=factories.region(),
            department=department, name=f"信息 {collected}", collected=collected, publicity_class="public",
            cycle="7 个工作日内", actor=None, now=NOW,
        )  # fmt: skip
    acts.entered("licence", department=place.place, actor=place.officer, now=NOW)
    credit = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="130111", kind="credit_office")
    )
    page = client_of(credit).get("/desk/acts/coverage/").content.decode()
    assert "已归集 1 / 2 项" in page and "已归集 0 / 1 项" in page and silent.name in page
    assert page.count("从未归集") == 2 and "在其他系统归集" in page
    own = client_of(place.officer).get("/desk/acts/coverage/").content.decode()
    assert idle.name not in own
    public = Client().get("/information/").content.decode()
    assert "信息 licence" in public and "4 项" in public and "从未归集" not in public


@pytest.mark.req("R120")
def test_launch_dates_stand_on_the_supervision_page(settings) -> None:
    settings.REGION_CODE = "130111"
    assert set(LaunchDate.objects.values_list("region_id", "what", "due_on")) == {
        ("130000", "item_catalogue", date(2021, 11, 30)),
        ("130000", "column", date(2021, 11, 30)),
        ("130100", "column", date(2019, 12, 31)),
    }
    information.save_launch(
        launch=None,
        region=factories.region(),
        what="column",
        launched_on=date(2020, 10, 1),
        actor=None,
        now=NOW,
    )
    page = Client().get("/supervision/").content.decode()
    assert "2021-11-30" in page and "2020-10-01" in page


@pytest.mark.req("R93")
def test_acts_on_time_stand_on_the_supervision_page(place, settings, monkeypatch) -> None:
    settings.REGION_CODE = "130111"
    for number in range(10):
        act = acts.entered(
            "licence",
            department=place.place,
            actor=place.officer,
            now=NOW,
            document_no=f"栾决〔2026〕{number}号",
        )
        if number:
            acts.published(act, actor=place.officer, now=NOW)
    # One of ten has stayed behind its seven working days.
    later = NOW + timedelta(days=30)
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: later)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: later.date())
    page = Client().get("/supervision/").content.decode()
    label = key_in_words("act_publication.licence")
    assert label in page and "90" in page.split(label, 1)[1][:400]


# ---- pushed ------------------------------------------------------------------------------------------------


def body(kind: str = "licence", **changes: str) -> dict[str, object]:
    told = acts.values(kind, **changes)
    subject = {"name": told.pop("subject_name"), "kind": "organisation", "code": told.pop("subject_code")}
    told.pop("subject_kind")
    return {"kind": kind, "subject": subject, **told}


def push(token: str, told: object, key: str = "k1", **headers: str):
    return Client().post(
        PUSH, data=json.dumps(told), content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key, **headers},
    )  # fmt: skip


@pytest.mark.req("R93", "R95")
def test_a_system_pushes_and_the_same_key_gets_the_same_answer(place) -> None:
    token = place.token()
    first = push(token, body())
    assert first.status_code == 201 and first.json()["due_on"] == "2026-09-16" and not first.json()["public"]
    again = push(token, body())
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    other_key = push(token, body(), key="k2")
    assert (other_key.status_code, other_key.json()["new"]) == (200, False)
    act = AdministrativeAct.objects.get()
    assert (act.source, act.partner.name, act.department, act.entered_by) == (
        "api",
        "审批业务系统",
        place.place,
        None,
    )
    assert Client().get("/api/v1/public/acts").json()["results"] == []


@pytest.mark.req("R93")
def test_what_cannot_be_taken_is_told_and_stores_nothing(place) -> None:
    token = place.token()
    wrong = push(token, body(category="特别", decided_on="明天"))
    assert wrong.status_code == 422 and wrong["Content-Type"] == "application/problem+json"
    assert {one["field"] for one in wrong.json()["errors"]} == {"category", "decided_on"}
    code = push(token, body() | {"subject": {"name": "甲公司", "kind": "organisation", "code": "1"}})
    assert [one["field"] for one in code.json()["errors"]] == ["subject.code"]
    assert push(token, body("reward")).status_code == 409
    assert push(token, [1]).status_code == 400 and push(token, {"kind": []}).status_code == 422
    assert push(token, body(), key="").status_code == push(token, body(), key="长").status_code == 400
    assert not AdministrativeAct.objects.exists() and not IdempotentAnswer.objects.exists()
    # The key is free again: nothing was stored under it.
    assert push(token, body()).status_code == 201
    assert push(token, body(content="别的")).status_code == 422
    assert push(token, body(content="别的"), key="k9").status_code == 409


def test_without_a_valid_token_or_scope_nothing_is_said(place) -> None:
    system = place.system()
    token = place.token(system)
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": f"Bearer {token}x"},
    ):
        answer = Client().post(PUSH, data="{}", content_type="application/json", headers=headers)
        assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Bearer"
    partners.revoke_token(token_id=PartnerToken.objects.get().pk, actor=place.security, now=NOW)
    assert push(token, body()).status_code == 401
    token = place.token(system)
    type(system).objects.filter(pk=system.pk).update(scopes=[])
    assert push(token, body()).status_code == 403
    type(system).objects.filter(pk=system.pk).update(is_active=False)
    assert push(token, body()).status_code == 401


def test_tokens_are_rotated_without_a_gap_and_kept_as_hashes_only(place) -> None:
    system = place.system()
    first, second = place.token(system), place.token(system)
    assert partners.known_by(first, now=NOW) == partners.known_by(second, now=NOW) == system
    with pytest.raises(partners.PartnerError, match="最多同时"):
        place.token(system)
    assert partners.known_by(first, now=NOW + timedelta(days=91)) is None
    assert not any(first in str(vars(row)) for row in PartnerToken.objects.all())
    with pytest.raises(partners.PartnerError, match="安全管理员"):
        partners.issue_token(system_id=system.pk, expires_on=date(2026, 12, 1), actor=place.officer, now=NOW)


def test_the_limit_of_a_system_is_its_own(place, settings) -> None:
    settings.PARTNER_REQUESTS_PER_MINUTE = 2
    token = place.token()
    statuses = [push(token, body(document_no=f"{n}号"), key=f"k{n}").status_code for n in range(4)]
    assert statuses[:2] == [201, 201] and statuses[-1] == 429


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("R93")
def test_ten_at_once_with_one_key_are_one(place) -> None:
    token = place.token()

    def one(_: int) -> tuple[int, str]:
        try:
            answer = push(token, body())
            return answer.status_code, answer.json()["number"]
        finally:
            close_old_connections()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(one, range(10)))
    assert len(answers) == 1 and AdministrativeAct.objects.count() == 1


def test_a_token_is_shown_once_in_the_back_office(place) -> None:
    system, client = place.system(), client_of(place.security)
    page = client.post(
        reverse("admin:outbox_partnersystem_token", args=[system.pk]),
        {"expires_on": "2026-12-31", "issued": "0"},
    ).content.decode()
    token = re.search(r"xy_[0-9a-f]{8}_[\w-]+", page)[0]
    assert partners.known_by(token, now=NOW) == system
    assert (
        token
        not in client.get(reverse("admin:outbox_partnersystem_change", args=[system.pk])).content.decode()
    )
