"""The catalogue: drafted, published, frozen, retired; every version kept (R20)."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from credit_portal.audit.models import AuditEvent
from credit_portal.registry.catalogue import (
    CatalogueError,
    current_items,
    draft_item,
    open_to,
    publish_item,
    refusal_of,
    retire_item,
)
from credit_portal.registry.models import CreditSubject, ServiceItem, ServiceItemVersion
from tests import factories
from tests.self_service import group as occupation_group

pytestmark = pytest.mark.django_db

NOW = factories.NOW
FIRST = date(2026, 1, 1)
FIELDS = {
    "name": "食品经营许可",
    "pinyin": "spjyxk",
    "domain": "food_drug",
    "allowed_types": ["approval", "supervisory"],
    "scope": "must",
    "checkpoint": "acceptance",
    "allows_late_materials": True,
    "materials": [
        {"name": "申请书", "source": "申请人填写", "late": False},
        {"name": "场所使用证明", "source": "", "late": True},
    ],
    "promised_working_days": 8,
    "legal_basis": "《食品经营许可和备案管理办法》",
}


@pytest.fixture
def owner():
    return factories.department()


@pytest.fixture
def author(owner):
    return factories.staff("approval_bureau", department=owner)


@pytest.fixture
def draft(owner, author):
    return draft_item(code="130111-001", department=owner, fields=FIELDS, actor=author, now=NOW)


def published(draft, author, on=FIRST):
    return publish_item(version=draft, valid_from=on, actor=author, now=NOW)


@pytest.mark.req("R20")
def test_a_draft_is_published_and_its_successor_freezes_it_with_the_day_before(draft, author):
    first = published(draft, author)
    second = draft_item(item=first.item, fields={"promised_working_days": 5}, actor=author, now=NOW)
    assert (second.number, second.status, second.name) == (2, "draft", "食品经营许可")
    publish_item(version=second, valid_from=date(2026, 6, 1), actor=author, now=NOW)
    first.refresh_from_db()
    assert (first.status, first.valid_to) == ("frozen", date(2026, 5, 31))
    assert first.promised_working_days == 8
    assert list(
        AuditEvent.objects.filter(target_type="item").order_by("id").values_list("verb", flat=True)
    ) == ["item.drafted", "item.published", "item.drafted", "item.published"]


def test_exactly_one_version_is_in_force_on_every_day_around_a_change(draft, author):
    first = published(draft, author)
    second = draft_item(item=first.item, fields={}, actor=author, now=NOW)
    publish_item(version=second, valid_from=date(2026, 6, 1), actor=author, now=NOW)
    lineage = first.item.region.lineage

    def numbers(on: date) -> list[int]:
        return [version.number for version in current_items(lineage=lineage, on=on)]

    assert numbers(FIRST - timedelta(days=1)) == []
    assert numbers(FIRST) == [1]
    assert numbers(date(2026, 5, 31)) == [1]
    assert numbers(date(2026, 6, 1)) == [2]


def test_an_open_draft_is_changed_in_place_not_doubled(draft, author):
    again = draft_item(item=draft.item, fields={"pinyin": "spxk"}, actor=author, now=NOW)
    assert again.pk == draft.pk
    assert again.pinyin == "spxk"
    assert draft.item.versions.count() == 1


def test_a_published_version_can_neither_be_published_again_nor_overlap(draft, author):
    first = published(draft, author)
    with pytest.raises(CatalogueError, match="不是草稿"):
        published(first, author, date(2026, 7, 1))
    second = draft_item(item=first.item, fields={}, actor=author, now=NOW)
    with pytest.raises(CatalogueError, match="有效期重叠"):
        published(second, author, FIRST)
    first.refresh_from_db()
    assert first.status == "published"


def test_a_retired_item_leaves_the_catalogue_on_its_day_and_takes_no_drafts(draft, author):
    version = published(draft, author)
    retire_item(item=version.item, on=date(2026, 9, 1), actor=author, now=NOW)
    lineage = version.item.region.lineage
    assert current_items(lineage=lineage, on=date(2026, 8, 31)).count() == 1
    assert current_items(lineage=lineage, on=date(2026, 9, 1)).count() == 0
    with pytest.raises(CatalogueError, match="停用"):
        draft_item(item=version.item, fields={}, actor=author, now=NOW)
    with pytest.raises(CatalogueError, match="停用"):
        retire_item(item=version.item, on=date(2026, 9, 2), actor=author, now=NOW)
    assert ServiceItemVersion.objects.filter(pk=version.pk, status="published").exists()


def test_a_region_sees_its_own_items_and_those_above_it_but_not_its_neighbours(author):
    for code in ("130111", "130129", "130000", "410103"):
        place = factories.department(region=code)
        made = draft_item(code=f"{code}-001", department=place, fields=FIELDS, actor=None, now=NOW)
        published(made, None)
    lineage = factories.region("130111").lineage
    seen = [version.item.region_id for version in current_items(lineage=lineage, on=FIRST)]
    assert sorted(seen) == ["130000", "130111"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "“事项名称”"),
        ({"domain": "moon"}, "“领域”"),
        ({"allowed_types": []}, "“可用承诺类型”"),
        ({"allowed_types": ["promise"]}, "“可用承诺类型”"),
        ({"allowed_types": ["approval", "approval"]}, "重复"),
        ({"checkpoint": "none"}, "须设信用审查环节"),
        ({"allowed_types": ["voluntary"], "checkpoint": "none"}, "须设信用审查环节"),
        ({"allowed_types": ["supervisory"]}, "只用于可作审批替代型承诺的事项"),
        ({"promised_working_days": None}, "“承诺办结时限（工作日）”"),
        ({"status": "published"}, "没有这样的字段：status"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_naming_the_field(owner, author, change, said):
    with pytest.raises(CatalogueError, match=said):
        draft_item(code="130111-009", department=owner, fields=FIELDS | change, actor=author, now=NOW)
    assert not ServiceItem.objects.filter(code="130111-009").exists()


def test_publishing_asks_for_the_legal_basis(owner, author):
    made = draft_item(
        code="130111-010", department=owner, fields=FIELDS | {"legal_basis": " "}, actor=author, now=NOW
    )
    with pytest.raises(CatalogueError, match="“依据”"):
        published(made, author)


def test_a_code_is_taken_once(draft, owner, author):
    with pytest.raises(CatalogueError, match="“事项编码”"):
        draft_item(code="130111-001", department=owner, fields=FIELDS, actor=author, now=NOW)


@pytest.mark.req("R36", "R37")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"materials": []}, "须列出材料，并标明哪些可以后补"),
        ({"materials": [{"name": "申请书", "source": "", "late": False}]}, "标明哪些可以后补"),
        ({"allows_late_materials": False}, "须同时勾选“可容缺受理”"),
        ({"materials": [{"name": " ", "source": "", "late": True}]}, "第 1 项：没有名称"),
        ({"materials": [{"name": "甲" * 81, "source": "", "late": True}]}, "名称最多 80 个字"),
        ({"materials": [{"name": "甲", "source": "乙" * 121, "late": True}]}, "来源最多 120 个字"),
        ({"materials": [{"name": "甲\0", "source": "", "late": True}]}, "无法识别的字符"),
        ({"materials": [{"name": "甲", "source": "", "late": True}] * 2}, "“甲”重复"),
        ({"materials": [{"name": str(n), "source": "", "late": True} for n in range(41)]}, "最多 40 项"),
        ({"materials": ["甲"]}, "每项应有名称"),
        ({"handled_at_once": True, "allowed_types": ["supervisory"]}, "“即时办理”：只用于"),
    ],
)
def test_a_list_of_materials_that_says_nothing_clear_is_refused_in_words(owner, author, fields, words):
    with pytest.raises(CatalogueError) as refused:
        draft_item(code="130111-009", department=owner, fields=FIELDS | fields, actor=author, now=NOW)
    assert words in str(refused.value)


def test_the_list_goes_into_the_next_version_and_stays_in_this_one(draft, author):
    first = published(draft, author)
    assert [one["name"] for one in first.late_ones] == ["场所使用证明"]
    second = draft_item(item=first.item, fields={"handled_at_once": True}, actor=author, now=NOW)
    assert second.materials == first.materials and second.handled_at_once and not first.handled_at_once
    with pytest.raises(DatabaseError), transaction.atomic():
        ServiceItemVersion.objects.filter(pk=first.pk).update(materials=[])


@pytest.mark.req("R20", "R32")
def test_who_may_promise_is_the_same_for_a_query_and_for_one_item(owner):
    group = occupation_group()
    for kinds in ([], ["person"], ["organisation", "sole_trader"], ["organisation", "sole_trader", "person"]):
        for yearly, occupation in ((False, None), (True, None), (False, group)):
            if occupation is not None and kinds not in ([], ["person"]):
                continue
            factories.item_version(
                department=owner, subject_kinds=kinds, once_a_year=yearly, occupation=occupation
            )
    rows = list(ServiceItemVersion.objects.all())
    for kind in CreditSubject.Kind.values:
        found = set(ServiceItemVersion.objects.filter(open_to(kind)).values_list("pk", flat=True))
        assert found == {row.pk for row in rows if kind in row.made_by}, kind
        assert found == {row.pk for row in rows if not refusal_of(row, kind)}, kind
    yearly = next(row for row in rows if row.once_a_year and not row.subject_kinds)
    assert yearly.made_by_label == "自然人"


@pytest.mark.req("R9", "R20")
def test_an_item_of_an_occupational_group_is_for_persons_only(draft, author):
    for kinds, words in (
        (["organisation"], "只能是自然人"),
        (["person", "person"], "“谁可以承诺”有重复"),
        (["robot"], "“谁可以承诺”"),
    ):
        fields = {
            "subject_kinds": kinds, "occupation": occupation_group(), "allowed_types": ["voluntary"],
            "allows_late_materials": False, "materials": [],
        }  # fmt: skip
        with pytest.raises(CatalogueError, match=words):
            draft_item(item=draft.item, fields=fields, actor=author, now=NOW)
