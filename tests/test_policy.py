"""Dated policy: which rule holds, what the shipped files say, and how files are read."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import loading, policy
from credit_portal.deadlines.loading import PolicyError, read_rules, store_rules
from credit_portal.deadlines.models import PolicyRule
from tests import factories

SHIPPED = Path(loading.__file__).parent / "rules"
LUANCHENG = ["130111", "130100", "130000", "000000"]
ZANHUANG = ["130129", "130100", "130000", "000000"]
ERQI = ["410103", "410100", "410000", "000000"]
LINEAGES = {"130111": LUANCHENG, "130129": ZANHUANG, "410103": ERQI, "130000": LUANCHENG[2:]}


# ---- which rule holds (pure) -------------------------------------------------------------------------------

DAYS = st.dates(date(2019, 1, 1), date(2028, 12, 31))
REGIONS = st.sampled_from([*LUANCHENG, "410103"])
NARROWINGS = {
    "domain": st.sampled_from(["", "food_drug", "approval"]),
    "commitment_type": st.sampled_from(["", "approval", "repair"]),
    "grade": st.sampled_from(["", "minor", "serious"]),
}


@st.composite
def rules(draw) -> PolicyRule:
    start = draw(DAYS)
    length = draw(st.none() | st.integers(0, 1500))
    return PolicyRule(
        region_id=draw(REGIONS),
        key="any",
        value=draw(st.integers()),
        effective_from=start,
        effective_to=None if length is None else start + timedelta(days=length),
        **{name: draw(values) for name, values in NARROWINGS.items()},
    )


def fits(rule: PolicyRule, on: date, asked: dict[str, str]) -> bool:
    """Said again in another way than the code says it."""
    return (
        rule.region_id in LUANCHENG
        and rule.effective_from <= on <= (rule.effective_to or date.max)
        and all(getattr(rule, name) in ("", wanted) for name, wanted in asked.items())
    )


@given(st.lists(rules(), max_size=8), DAYS, st.fixed_dictionaries(NARROWINGS))
def test_the_rule_chosen_is_in_force_and_none_that_fits_goes_before_it(found, on, asked):
    chosen = policy.choose(found, lineage=LUANCHENG, on=on, **asked)
    fitting = [rule for rule in found if fits(rule, on, asked)]
    if not fitting:
        assert chosen is None
        return
    assert chosen in fitting
    nearest = min(LUANCHENG.index(rule.region_id) for rule in fitting)
    assert LUANCHENG.index(chosen.region_id) == nearest
    of_region = [rule for rule in fitting if LUANCHENG.index(rule.region_id) == nearest]

    def named(rule: PolicyRule) -> int:
        return sum(bool(getattr(rule, name)) for name in NARROWINGS)

    assert named(chosen) == max(named(rule) for rule in of_region)
    rivals = [rule for rule in of_region if named(rule) == named(chosen)]
    assert chosen.effective_from == max(rule.effective_from for rule in rivals)


@given(st.lists(rules(), max_size=6), DAYS, st.randoms())
def test_the_order_in_which_rules_are_read_changes_nothing_that_counts(found, on, random):
    first = policy.choose(found, lineage=LUANCHENG, on=on)
    random.shuffle(found)
    second = policy.choose(found, lineage=LUANCHENG, on=on)
    assert (first is None) == (second is None)
    if first is not None:
        assert (first.region_id, first.effective_from) == (second.region_id, second.effective_from)


def rule(region: str, value: object, since: date, until: date | None = None, **more: str) -> PolicyRule:
    return PolicyRule(
        region_id=region, key="k", value=value, effective_from=since, effective_to=until, **more
    )


def test_a_rule_holds_on_its_first_and_on_its_last_day_and_not_beside_them():
    only = [rule("130111", 1, date(2023, 5, 1), date(2026, 3, 31))]

    def holds(on: date) -> bool:
        return policy.choose(only, lineage=LUANCHENG, on=on) is not None

    assert [
        holds(day) for day in (date(2023, 4, 30), date(2023, 5, 1), date(2026, 3, 31), date(2026, 4, 1))
    ] == [False, True, True, False]


def test_the_own_region_goes_before_a_newer_and_more_specific_rule_of_the_parent():
    own = rule("130111", "own", date(2020, 1, 1))
    parent = rule("130100", "parent", date(2025, 1, 1), domain="food_drug", grade="minor")
    found = policy.choose(
        [parent, own], lineage=LUANCHENG, on=date(2026, 1, 1), domain="food_drug", grade="minor"
    )
    assert found is own


def test_a_rule_for_a_field_is_not_used_when_no_field_is_asked():
    narrow = rule("130111", "narrow", date(2020, 1, 1), domain="food_drug")
    assert policy.choose([narrow], lineage=LUANCHENG, on=date(2026, 1, 1)) is None


# ---- what the shipped files say ----------------------------------------------------------------------------


def _shipped():
    for code in factories.REGIONS:
        factories.region(code)
    store_rules(read_rules(SHIPPED), now=factories.NOW)


@pytest.fixture(scope="module")
def built(scene):
    scene(_shipped)


@pytest.fixture
def shipped(built, db):
    """The rules of all regions."""


NOW = date(2026, 9, 14)
# region, key, day, narrowing, value, confirmed — process.md, table of policy rules.
TABLE = [
    ("130111", "breach_report", NOW, {}, 7, True),
    ("130129", "breach_report", NOW, {}, 7, False),
    ("130111", "breach_report", date(2020, 9, 11), {}, 7, False),
    ("130111", "breach_report", date(2020, 9, 12), {}, 7, True),
    ("130111", "commitment_upload", NOW, {}, 7, False),
    ("130111", "platform_collection", NOW, {}, 3, False),
    ("410103", "report_acceptance", NOW, {}, 2, False),
    ("410103", "breach_publication", NOW, {}, 3, False),
    ("130129", "act_publication.licence", NOW, {}, 7, True),
    ("130129", "act_publication.penalty", NOW, {}, 7, True),
    ("130111", "act_publication.penalty", NOW, {}, 7, False),
    ("130111", "act_publication.other", NOW, {}, {"on": False, "days": 7}, False),
    ("410103", "act_publication.other", NOW, {}, {"on": False, "days": 7}, False),
    ("130111", "arrears_accountability", NOW, {}, False, False),
    ("410103", "arrears_accountability", NOW, {}, True, True),
    ("130111", "act_publication.judicial", NOW, {}, {"on": False, "days": 7}, False),
    ("130111", "publicity", NOW, {"grade": "minor"}, {"min": 0, "max": 3, "published": False}, False),
    ("130111", "publicity", NOW, {"grade": "general"}, {"min": 3, "max": 12}, False),
    ("130111", "publicity", NOW, {"grade": "serious"}, {"min": 12, "max": 36}, False),
    ("130111", "publicity", date(2026, 3, 31), {"grade": "general"}, {"min": 3, "max": 36}, False),
    (
        "130111",
        "publicity",
        date(2026, 3, 31),
        {"grade": "general", "domain": "food_drug"},
        {"min": 12, "max": 36},
        False,
    ),
    ("130111", "publicity", date(2026, 4, 1), {"grade": "general"}, {"min": 3, "max": 12}, False),
    ("130111", "route.unrepaired", NOW, {}, "ordinary", True),
    ("130129", "route.unrepaired", NOW, {}, "ordinary", True),
    ("130000", "route.unrepaired", date(2021, 10, 18), {}, "ordinary", False),
    ("130000", "route.unrepaired", date(2021, 10, 19), {}, "ordinary", True),
    ("410103", "route.unrepaired", NOW, {}, "late_materials_only", True),
    ("130111", "scrutiny.in_publicity", NOW, {}, True, True),
    ("130129", "scrutiny.in_publicity", NOW, {}, True, False),
    ("410103", "scrutiny.in_publicity", NOW, {}, True, False),
    ("130111", "expired_counts_as_repaired", NOW, {}, True, False),
    ("130111", "advance_notice", NOW, {}, 5, False),
    ("130111", "statement_review", NOW, {}, 3, False),
    ("130111", "warning_answer", NOW, {}, 10, False),
    ("130111", "registration_verification", NOW, {}, 10, False),
    ("130111", "bulk_breach", NOW, {}, 10, False),
    ("130111", "complaint_publication", NOW, {}, {"on": False, "months": 12}, False),
    ("410103", "complaint_risk", NOW, {}, {"on": True, "number": 3, "months": 6}, False),
    ("130111", "service", NOW, {}, 7, False),
    ("130111", "rectification", NOW, {}, 30, False),
    ("130111", "interview", NOW, {}, 10, False),
    ("130111", "revocation_handoff", NOW, {}, 5, False),
    ("130111", "repair_decision", NOW, {}, 10, False),
    ("130111", "repair_confirmation", NOW, {}, 3, False),
    ("130111", "unpublication", NOW, {}, 1, False),
    ("130111", "repair_commitment_term", NOW, {}, 12, False),
    ("130111", "repair_lockout", NOW, {}, 12, False),
    ("130111", "repair_announced", NOW, {}, False, False),
    ("410103", "repair_announced", NOW, {}, True, True),
    ("410103", "late_materials", NOW, {}, 10, False),
    ("130111", "late_materials_overdue", NOW, {}, 5, False),
    ("130111", "handled_at_once", NOW, {}, 0, False),
    ("410103", "handled_at_once", NOW, {}, 0, True),
    ("410103", "recheck_interval", NOW, {}, 6, False),
    ("410103", "recheck_share", NOW, {}, 10, False),
    ("130111", "recheck_tiers", NOW, {}, {"higher": 20, "lower": 5}, False),
    ("410103", "objection_acceptance", NOW, {}, 2, False),
    ("410103", "objection_answer", NOW, {}, 7, False),
    ("410103", "tax_credit_use", NOW, {}, "reference", False),
    ("130111", "tax_credit_use", NOW, {}, "reference", False),
    ("130129", "monthly_list", NOW, {}, {"on": True, "due_day": 24, "late_from_day": 26}, True),
    ("130111", "monthly_list", NOW, {}, {"on": False}, False),
    ("130129", "monthly_list_period", NOW, {}, {"from_day": 25, "to_day": 24}, False),
    (
        "410103",
        "half_year_report",
        NOW,
        {},
        {"on": True, "due": ["06-24", "12-24"], "late_from": ["06-26", "12-26"]},
        True,
    ),
    ("130129", "half_year_report", NOW, {}, {"on": False}, False),
    ("130111", "field_use", NOW, {"domain": "procurement"}, "important", True),
    ("130111", "field_use", NOW, {"domain": "food_drug"}, "encouraged", True),
    ("130129", "field_use", NOW, {"domain": "bidding"}, "important", True),
    ("130129", "field_use", NOW, {"domain": "awards"}, "reference", True),
    ("130111", "market_ban_for_good", NOW, {}, True, True),
    ("130129", "market_ban_for_good", NOW, {}, False, True),
    ("410103", "market_ban_for_good", NOW, {}, False, True),
    ("130000", "market_ban_for_good", NOW, {}, False, False),
    ("130111", "check_dispute", NOW, {}, True, True),
    ("130129", "check_dispute", NOW, {}, True, False),
    ("130111", "own_item_papers", NOW, {"commitment_type": "approval"}, True, True),
    ("130111", "own_item_papers", NOW, {"commitment_type": "supervisory"}, False, False),
    ("410103", "own_item_papers", NOW, {"commitment_type": "approval"}, False, False),
]


def test_each_shipped_rule_has_the_value_and_the_confirmation_of_the_settled_table(shipped):
    for region, key, on, narrowing, value, confirmed in TABLE:
        found = policy.value(key, lineage=LINEAGES[region], on=on, **narrowing)
        assert (found.value, found.confirmed) == (value, confirmed), (region, key, on)
    assert {key for _, key, *_ in TABLE} | {"repair_methods", "text_contents"} == set(loading.SHAPES)


@pytest.mark.req("R100")
def test_each_region_has_the_repair_methods_of_its_own_document(shipped):
    four = {"commitment", "rectification", "training", "report"}
    expected = {
        "130000": four,
        "130129": four | {"check", "public_service"},
        "130111": four | {"check", "public_service", "performance"},
        "410103": four | {"check", "public_service"},
    }
    for region, methods in expected.items():
        found = policy.value("repair_methods", lineage=LINEAGES[region], on=NOW)
        assert set(found.value["methods"]) == methods
        assert found.value["open"] is True
        assert found.confirmed
    assert policy.value("repair_methods", lineage=LUANCHENG, on=NOW).value["required"] == ["commitment"]


def test_what_is_confirmed_names_an_article_of_that_regions_own_document():
    documents = {"130111": "S0 ", "130100": "S1 ", "130000": "S2 ", "130129": "S3 ", "410103": "S4 "}
    confirmed = [rule for rule in read_rules(SHIPPED) if rule.confirmed]
    assert len(confirmed) > 15
    for found in confirmed:
        assert found.basis.startswith(documents[found.region]), found


def test_a_key_without_any_rule_says_which_one_the_office_must_set(db):
    with pytest.raises(policy.NoRule, match="130111 在 2026-09-14 没有规则“breach_report”"):
        policy.value("breach_report", lineage=LUANCHENG, on=NOW)


# ---- reading and storing files -----------------------------------------------------------------------------

GOOD = """
region = "130111"
title = "试"
effective_from = 2024-01-01
[[rule]]
key = "breach_report"
value = 5
unit = "working_days"
basis = "试 一"
confirmed = true
"""


def load(path: Path) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("load_policy", str(path), stdout=out, stderr=err)
    except SystemExit as left:
        return int(left.code), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(content: str, name: str = "rules.toml") -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


@pytest.mark.django_db
def test_a_new_rule_is_stored_with_an_event_and_a_second_loading_adds_nothing(file):
    factories.region("130111")
    path = file(GOOD)
    code, out, _ = load(path)
    assert (code, "新增 1 条" in out) == (0, True)
    stored = PolicyRule.objects.get(region_id="130111", key="breach_report")
    assert (stored.value, stored.basis, stored.confirmed) == (5, "试 一", True)
    event = AuditEvent.objects.get(verb="policy.loaded", target_id=str(stored.pk))
    assert event.facts == {
        "region": "130111",
        "key": "breach_report",
        "effective_from": "2024-01-01",
    }
    code, out, _ = load(path)
    assert (code, "新增 0 条规则，1 条已有" in out) == (0, True)
    assert PolicyRule.objects.count() == 1
    assert AuditEvent.objects.filter(verb="policy.loaded").count() == 1


@pytest.mark.django_db
def test_what_the_office_has_changed_is_kept_and_named(file):
    factories.region("130111")
    path = file(GOOD)
    load(path)
    PolicyRule.objects.update(value=6)
    code, out, _ = load(path)
    assert code == 0
    assert "第 1 条规则（breach_report）" in out
    assert "未改动" in out
    assert PolicyRule.objects.get().value == 6


@pytest.mark.django_db
def test_a_changed_value_from_a_later_day_is_a_rule_of_its_own_beside_the_old_one(file):
    factories.region("130111")
    load(file(GOOD))
    load(file(GOOD.replace("2024-01-01", "2025-01-01").replace("value = 5", "value = 3")))
    assert policy.value("breach_report", lineage=LUANCHENG, on=date(2024, 12, 31)).value == 5
    assert policy.value("breach_report", lineage=LUANCHENG, on=date(2025, 1, 1)).value == 3


WRONG = [
    ("value = 5", 'value = "五"', "字段 value：应为不小于 0 的整数"),
    ("value = 5", "value = true", "字段 value：应为不小于 0 的整数"),
    ("value = 5", "value = -1", "字段 value：应为不小于 0 的整数"),
    ("value = 5\n", "", "字段 value：没有写取值"),
    ('unit = "working_days"', 'unit = "days"', "字段 unit：应为“working_days”"),
    ('unit = "working_days"\n', "", "字段 unit：应为“working_days”"),
    ('basis = "试 一"', 'basis = " "', "字段 basis：须写明依据"),
    ("confirmed = true", 'confirmed = "是"', "字段 confirmed：应为 true 或 false"),
    ("confirmed = true", "confirmed = true\ngrade = 'huge'", "字段 grade：没有这个取值“huge”"),
    ("confirmed = true", "confirmed = true\nregoin = 'x'", "字段 regoin：没有这个字段"),
    (
        "confirmed = true",
        "confirmed = true\neffective_to = 2023-01-01",
        "字段 effective_to：早于生效日期 2024-01-01",
    ),
    ("effective_from = 2024-01-01", "", "字段 effective_from：应为日期"),
    ("effective_from = 2024-01-01", "effective_from = 2024-01-01T00:00:00Z", "字段 effective_from：应为日期"),
    ('key = "breach_report"', 'key = "breach"', "没有名为“breach”的规则"),
    ('region = "130111"', 'region = "13"', "字段 region：应为 6 位行政区划代码"),
]


@pytest.mark.parametrize(("good", "bad", "said"), WRONG, ids=[said for *_, said in WRONG])
@pytest.mark.django_db
def test_a_wrong_file_is_refused_naming_file_rule_and_field_and_nothing_is_stored(file, good, bad, said):
    factories.region("130111")
    assert good in GOOD
    fine = GOOD.replace("breach_report", "service").replace('"working_days"', '"days"')
    file(fine, "a.toml")
    path = file(GOOD.replace(good, bad, 1), "b.toml")
    code, _, err = load(path.parent)
    assert code == 1
    assert "文件 b.toml" in err
    assert said in err
    assert "第 1 条规则" in err or "region" in said
    assert not PolicyRule.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("route.unrepaired", '"maybe"', "应为 ordinary、late_materials_only、no_effect 之一"),
        ("scrutiny.in_publicity", '"是"', "应为 true 或 false"),
        ("text_contents", '["obey_law", "obey_law"]', "应为不重复的列表"),
        ("text_contents", '["obey"]', "不认识 obey"),
        ("monthly_list", "{ on = 1 }", "on 应为 true 或 false"),
        ("monthly_list", "{ due_day = 24 }", "缺少 on"),
        ("half_year_report", '{ on = true, due = ["02-30"] }', "due 应为月日的列表"),
        ("repair_methods", '{ methods = ["gift"], open = true }', "methods 不认识 gift"),
        ("repair_methods", "7", "应为表，含 methods、open、required"),
    ],
)
def test_the_shape_of_each_kind_of_value_is_checked(file, key, value, said):
    content = GOOD.replace("breach_report", key).replace("value = 5", f"value = {value}")
    content = content.replace('unit = "working_days"\n', "")
    code, _, err = load(file(content))
    assert code == 1
    assert f"第 1 条规则（{key}），字段 value：" in err
    assert said in err


@pytest.mark.django_db
def test_a_publicity_whose_minimum_is_above_its_maximum_is_refused(file):
    content = GOOD.replace("breach_report", "publicity").replace("value = 5", "value = { min = 4, max = 3 }")
    code, _, err = load(file(content.replace("working_days", "months")))
    assert (code, "min 不能大于 max" in err) == (1, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('region = "130111\n', "第 1 行第"),
        ('region = "130111"\n', "没有规则"),
        (GOOD + GOOD[GOOD.index("[[rule]]") :], "是同一条规则"),
        (GOOD.replace("130111", "999999"), "没有行政区划 999999"),
    ],
)
def test_files_that_are_no_rules_at_all_are_named(file, content, said):
    code, _, err = load(file(content))
    assert code == 1
    assert "rules.toml" in err
    assert said in err
    assert not PolicyRule.objects.filter(region_id="130111").exists()


def test_a_missing_path_an_empty_folder_and_bytes_that_are_no_text_are_named(tmp_path):
    with pytest.raises(PolicyError, match="没有规则文件或文件夹"):
        read_rules(tmp_path / "nowhere")
    with pytest.raises(PolicyError, match="没有规则文件"):
        read_rules(tmp_path)
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match=r"x\.toml：不是 UTF-8"):
        read_rules(tmp_path)
