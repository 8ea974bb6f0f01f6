"""Where measures are seen: the public list and its interface, the desk with its figures, the back office with its preview."""

from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.overview.attention import to_do
from credit_portal.registry import groups
from disclosure import measure_shapes, throttles
from tests import factories
from tests.factories import NOW, TODAY
from tests.measures_stage import Scene, days
from tests.office import client_of
from verification.measures import keeping
from verification.models import ListedMeasure

pytestmark = pytest.mark.django_db
PAGE, API = "/measures/", "/api/v1/public/measures"


@pytest.fixture
def scene(monkeypatch) -> Scene:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    throttles.counter.forget()
    return Scene()


def shown(client: Client, address: str, status: int = 200, **given) -> str:
    response = client.get(address, given)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()


# ---- in public ---------------------------------------------------------------------------------------------


@pytest.mark.req("R83", "R84")
def test_the_public_list_is_what_is_approved_and_in_force_on_the_day(scene: Scene, client: Client) -> None:
    assert "还没有公开的措施" in shown(client, PAGE)
    scene.enter(text="没有批准的草稿")
    scene.listed(text="已经失效的措施", effective_to=days(2))
    scene.listed(text="评审环节给予加分", whom=scene.lists["exemplary"], effect="points", nature="market")
    scene.listed(text="对一个事项的措施", item=scene.item.item, basis="S3 二（一）")
    scene.listed(text="以后才生效的措施", effective_from=days(400))
    stranger = factories.region("410103")
    ListedMeasure.objects.create(
        region=stranger, whom=scene.lists["watch"], nature="industry", effect="key", text="别处的措施", basis="依据",
        effective_from=TODAY, entered_at=NOW, approved_at=NOW,
    )  # fmt: skip
    text = shown(client, PAGE)
    assert "没有批准的草稿" not in text and "别处的措施" not in text
    listed, _, lately = text.partition("最近三个月的调整")
    for words in ("已经失效的措施", "对一个事项的措施", "政府采购供应商资格", "赞皇县使用信用记录", "市场性"):
        assert words in listed
    assert listed.index("失信被执行人名单 <span") < listed.index("诚信典型 <span")
    assert "以后才生效的措施" not in listed and "以后才生效的措施" in lately
    assert "已经失效的措施" not in shown(client, PAGE, on=days(10).isoformat()).partition("此前三个月")[0]
    assert "失效" in shown(client, PAGE, on=days(10).isoformat()).partition("此前三个月")[2]
    assert "还没有公开" not in shown(client, PAGE, on="2019-01-01")
    for given, found, missing in (
        ({"kind": "reward"}, "评审环节给予加分", "对一个事项"),
        ({"kind": "sanction"}, "对一个事项", "评审环节给予加分"),
        ({"nature": "market"}, "评审环节给予加分", "对一个事项"),
        ({"list": "exemplary"}, "评审环节给予加分", "对一个事项"),
        ({"domain": "procurement", "region": "130111"}, "对一个事项", "别处"),
        ({"domain": "land"}, "没有查到", "对一个事项的措施 "),
    ):
        text = shown(client, PAGE, **given).partition("最近三个月")[0]
        assert found in text and missing not in text, given
        assert "noindex" in text
    for given in ({"on": "昨天"}, {"on": "0001-01-01"}, {"kind": "x"}, {"list": "\0"}, {"region": "999999"}):
        assert shown(client, PAGE, **given)
    assert "日期应写作" in shown(client, PAGE, on="2026-02-30")


@pytest.mark.req("R83")
def test_the_interface_gives_the_same_rows_in_pages(scene: Scene, client: Client) -> None:
    made = [str(scene.listed(text=f"第{number}项").uuid) for number in range(5)]
    scene.enter(text="草稿")
    first = client.get(API, {"page_size": 2})
    body = first.json()
    assert body["count"] == {"value": 5, "exact": True}
    assert set(body["results"][0]) == set(measure_shapes.ListedMeasureSerializer().fields)
    row = body["results"][0]
    assert (row["kind"], row["list"]["code"], row["region"]["code"], row["item"]) == (
        "sanction", "judgment_defaulter", "130111", None,
    )  # fmt: skip
    second = client.get(body["next"]).json()
    third = client.get(second["next"]).json()
    assert [one["id"] for page in (body, second, third) for one in page["results"]] == made
    assert client.get(third["previous"]).json()["results"] == second["results"]
    again = client.get(API, {"page_size": 2}, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert client.get(API, {"kind": "reward"}).json()["results"] == []
    assert client.get(API, {"on": days(-1).isoformat()}).json()["results"] == []
    for given, field in (
        ({"on": "x"}, "on"), ({"kind": "x"}, "kind"), ({"list": "x"}, "list"), ({"nature": "x"}, "nature"),
        ({"domain": "x"}, "domain"), ({"region": "410103"}, "region"), ({"whom": "x"}, "whom"), ({"cursor": "x"}, "cursor"),
    ):  # fmt: skip
        problem = client.get(API, given)
        assert problem.status_code == 400 and problem.json()["errors"][0]["field"] == field


@pytest.mark.req("R83")
def test_public_pages_cost_the_same_for_few_and_many_rows(scene: Scene, client: Client) -> None:
    # What a process asks once is asked here.
    shown(client, PAGE)
    spent = []
    for number in range(0, 40, 20):
        for place in range(20):
            scene.listed(text=f"第{number + place}项", item=scene.item.item)
        with CaptureQueriesContext(connection) as page:
            shown(client, PAGE)
        with CaptureQueriesContext(connection) as interface:
            client.get(API)
        spent.append((len(page), len(interface)))
    assert spent[0] == spent[1] and spent[0][0] <= 8 and spent[0][1] <= 3


# ---- at the desk -------------------------------------------------------------------------------------------


@pytest.mark.req("R86")
def test_the_desk_shows_each_unit_its_own_and_the_office_all(scene: Scene) -> None:
    scene.listed()
    scene.listed(whom=scene.lists["exemplary"], effect="points", text="评审加分")
    sanction, reward = scene.applied(), scene.applied("exemplary")
    name = sanction.check_made.subject_name
    officer, office = client_of(scene.officer), client_of(scene.first)
    home = reverse("measures:home")
    for client in (officer, office, client_of(scene.head)):
        assert name in shown(client, home)
    neighbour = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    assert name not in shown(client_of(neighbour), home)
    shown(client_of(neighbour), reverse("measures:measure", args=[sanction.uuid]), 404)
    assert client_of(scene.clerk).get(home).status_code == 403
    assert Client().get(home).status_code == 302
    auditor = factories.staff(groups.AUDITOR, department=scene.office)
    assert name in shown(client_of(auditor), home)
    assert ReadLog.objects.filter(target_type="applied_measure_list", actor_id=scene.officer.pk).exists()
    other = reward.check_made.subject_name
    for given, found, missing in (
        ({"kind": "reward"}, other, name),
        ({"kind": "sanction", "domain": "procurement", "month": "2026-09"}, name, other),
        ({"effect": "points"}, other, name),
        ({"state": "ended"}, "没有已结束", name),
        ({"state": "asked"}, "没有待决定", name),
        ({"month": "2026-08"}, "没有查到", name),
        ({"department": str(scene.unit.pk)}, name, "没有查到"),
    ):
        text = shown(office, home, **given)
        assert found in text and missing not in text, given
    for odd in (
        {"month": "9999-12"},
        {"month": "\0"},
        {"before": "²"},
        {"department": "9" * 30},
        {"effect": "\0"},
    ):
        assert shown(office, home, **odd)
    few = len(_queries(lambda: shown(office, home)))
    for _ in range(6):
        scene.applied()
    assert len(_queries(lambda: shown(office, home))) == few


def _queries(act) -> list:
    with CaptureQueriesContext(connection) as queries:
        act()
    return list(queries)


@pytest.mark.req("R86")
def test_lifting_at_the_desk_takes_two_for_a_sanction(scene: Scene) -> None:
    scene.listed()
    measure = scene.applied()
    page = reverse("measures:measure", args=[measure.uuid])
    lift, decide = (reverse(f"measures:{name}", args=[measure.uuid]) for name in ("lift", "decide"))
    officer, head, office = (client_of(one) for one in (scene.officer, scene.head, scene.first))
    assert "申请解除" in shown(officer, page) and "申请解除" not in shown(office, page)
    empty = officer.post(lift, {"reason": ""})
    assert empty.status_code == 422 and "解除理由" in empty.content.decode()
    assert officer.post(lift, {"reason": "长" * 501}).status_code == 422
    assert office.post(lift, {"reason": "代为解除"}).status_code == 403
    assert officer.post(lift, {"reason": "已经履行"}).status_code == 302
    assert "等待本单位另一人决定" in shown(officer, page) and "同意，今天结束" in shown(head, page)
    assert measure.check_made.subject_name in shown(head, reverse("measures:home"), state="asked")
    assert officer.post(decide, {"deed": "allow", "answer": "好"}).status_code == 422
    assert head.post(decide, {"deed": "allow", "answer": "属实"}).status_code == 302
    text = shown(head, page)
    assert "提前解除" in text and "属实" in text and "同意，今天结束" not in text
    # Pressed again by somebody who had the page open.
    late = head.post(decide, {"deed": "allow", "answer": "属实"})
    assert late.status_code == 422 and "不用再解除" in late.content.decode()


@pytest.mark.req("R86")
def test_the_figures_are_a_page_and_a_workbook_of_text(scene: Scene) -> None:
    scene.listed()
    scene.applied()
    client = client_of(scene.first)
    text = shown(client, reverse("measures:figures"))
    assert "2026-09" in text and scene.unit.name in text and "<svg" in text
    for given in ({"from": "2026-12", "to": "2026-01"}, {"from": "9999-99", "to": "\0"}, {"from": "2001-01"},
                  {"department": "x"}, {"department": str(scene.unit.pk)}):  # fmt: skip
        assert shown(client, reverse("measures:figures"), **given)
    response = client.get(reverse("measures:figures-file"), {"from": "2026-08", "to": "2026-09"})
    assert response["Content-Disposition"].startswith("attachment")
    book = load_workbook(BytesIO(response.content))
    assert book.sheetnames == ["按单位", "按月份", "按单位和月份"]
    rows = [list(row) for row in book["按单位和月份"].iter_rows(values_only=True)]
    assert rows[2][:4] == [scene.unit.name, "2026-09", "0", "1"]
    assert all(isinstance(cell, str) for row in rows[2:] for cell in row if cell is not None)


# ---- in the back office ------------------------------------------------------------------------------------


@pytest.mark.req("R83")
def test_the_office_enters_sees_what_it_would_bring_approves_changes_and_ends(scene: Scene) -> None:
    entry = scene.stands_on("judgment_defaulter")
    scene.checked(entry.subject)
    first, second = client_of(scene.first), client_of(scene.second)
    base = "admin:verification_listedmeasure"
    typed = {
        "region": scene.region.pk, "whom": scene.lists["judgment_defaulter"].pk, "nature": "administrative",
        "effect": "refused", "text": "拒绝参加政府采购", "domain": "procurement", "item": "", "step": "", "basis": "",
        "effective_from": TODAY.isoformat(), "effective_to": "",
    }  # fmt: skip
    wrong = first.post(reverse(f"{base}_add"), typed).content.decode()
    assert "法律依据" in wrong and not ListedMeasure.objects.exists()
    wrong = first.post(reverse(f"{base}_add"), typed | {"basis": "法", "effect": "points", "item": "没有"})
    assert "没有编码为“没有”的事项" in wrong.content.decode()
    assert "不能有“加分”" in first.post(
        reverse(f"{base}_add"), typed | {"basis": "法", "effect": "points"}
    ).content.decode()  # fmt: skip
    assert first.post(reverse(f"{base}_add"), typed | {"basis": "政府采购法第二十二条"}).status_code == 302
    row = ListedMeasure.objects.get()
    page = reverse(f"{base}_change", args=[row.pk])
    text = shown(first, page)
    assert "草稿，待批准" in text and "结论将变为更严的" in text and "1 次" in text
    for client, number in ((first, 0), (second, 1)):
        waiting = [line.number for line in to_do(scene.first if client is first else scene.second, now=NOW)
                   if "奖惩措施" in line.text]  # fmt: skip
        assert sum(waiting) == number
    assert "拒绝参加政府采购" in shown(second, reverse(f"{base}_changelist"), state="draft")
    assert "拒绝参加政府采购" not in shown(second, reverse(f"{base}_changelist"), state="in_force")
    approve = reverse(f"{base}_approve", args=[row.pk])
    assert approve not in text and approve in shown(second, page)
    assert "另一人批准" in first.post(approve, {"confirmed": "True"}).content.decode()
    assert second.post(approve, {"confirmed": "True"}).status_code == 302
    assert "有效" in shown(second, page)
    change = reverse(f"{base}_replace", args=[row.pk])
    assert "拒绝参加政府采购" in shown(first, change)
    later = typed | {"basis": "新的依据", "effective_from": days(5).isoformat()}
    assert first.post(change, later).status_code == 302
    fresh = ListedMeasure.objects.get(replaces=row)
    assert first.post(reverse(f"{base}_discard", args=[fresh.pk]), {"confirmed": "True"}).status_code == 302
    assert not ListedMeasure.objects.filter(pk=fresh.pk).exists()
    end = reverse(f"{base}_end", args=[row.pk])
    assert "已经过去的日子" in first.post(end, {"last_day": days(-9).isoformat()}).content.decode()
    assert first.post(end, {"last_day": days(3).isoformat()}).status_code == 302
    assert "录入" in shown(first, reverse(f"{base}_history", args=[row.pk]))
    assert keeping.measures_visible_to(scene.first).count() == 1


@pytest.mark.req("R86")
def test_applied_measures_stand_in_the_back_office_to_be_read(scene: Scene) -> None:
    scene.listed()
    measure = scene.applied()
    text = shown(
        client_of(scene.first), reverse("admin:verification_appliedmeasure_change", args=[measure.pk])
    )
    assert measure.check_made.subject_name in text and "仍在执行" in text
    assert ReadLog.objects.filter(target_type="applied_measure", target_id=str(measure.pk)).exists()
