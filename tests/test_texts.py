"""Texts: what they must contain, how they are published and frozen, which one is signed, how blanks are filled."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from commitments import text_rules as rules
from commitments import texts
from commitments.models import Blank, Clause, CommitmentText, RequiredContent, TextVersion
from commitments.text_rules import BlankData, ClauseData, FillError, RequiredContents
from commitments.texts import TextError
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import loading
from tests import factories

NOW = factories.NOW
FIRST = date(2026, 1, 1)
SEVEN = (
    "obey_law",
    "no_dishonesty",
    "true_materials",
    "lawful_business",
    "agree_publication",
    "accept_supervision",
    "accept_consequences",
)
CLAUSES = tuple(
    ClauseData(number, "liability" if code == "accept_consequences" else "pledge", f"条文{number}。", (code,))
    for number, code in enumerate(SEVEN, 1)
)
HEBEI = RequiredContents(SEVEN, "S2 三（一）至（七）", confirmed=True)


def text(**change: object) -> rules.TextData:
    base = rules.TextData(
        code="T1",
        number=1,
        region="130111",
        commitment_type="approval",
        late_materials=False,
        item="",
        origin="own",
        title="承诺书",
        scope="申请许可时",
        notice="告知。",
        privacy_notice="告知。",
        clauses=CLAUSES,
    )
    return replace(base, **change)


def codes(found: list[rules.Problem]) -> list[str]:
    return [problem.code for problem in found]


# ---- required contents (pure) ------------------------------------------------------------------------------


@pytest.mark.req("R27")
def test_a_text_with_the_seven_contents_lacks_nothing():
    assert rules.missing_contents(text(), required=HEBEI) == []


@pytest.mark.req("R27", "R28", "R29", "R30")
@pytest.mark.parametrize("content", SEVEN)
def test_each_of_the_seven_contents_is_missed_by_name(content):
    kept = [clause for clause in CLAUSES if content not in clause.covers]
    # The liability clause itself stays: here only what it covers is taken away.
    if content == "accept_consequences":
        kept.append(ClauseData(7, "liability", "负责。"))
    numbered = tuple(replace(clause, number=at) for at, clause in enumerate(kept, 1))
    (problem,) = rules.missing_contents(text(clauses=numbered), required=HEBEI)
    assert problem.code == f"content.{content}"
    assert rules.CONTENT_LABELS[content] in problem.message
    assert "S2 三" in problem.message
    assert problem.blocks


@pytest.mark.req("R24")
def test_a_provincial_model_text_is_taken_as_issued_but_names_its_liability():
    bare = (ClauseData(1, "pledge", "照章办理。"), ClauseData(2, "liability", "照章负责。"))
    assert rules.missing_contents(text(origin="provincial", clauses=bare), required=HEBEI) == []
    assert codes(rules.missing_contents(text(origin="provincial", clauses=bare[:1]), required=HEBEI)) == [
        "liability"
    ]


def test_an_unconfirmed_list_reminds_and_does_not_refuse():
    bare = (ClauseData(1, "pledge", "照章办理。"), ClauseData(2, "liability", "照章负责。"))
    found = rules.missing_contents(text(clauses=bare), required=replace(HEBEI, confirmed=False))
    assert len(found) == 7
    assert not any(problem.blocks for problem in found)


@pytest.mark.req("R22", "R18")
@pytest.mark.parametrize("name", ["title", "scope", "notice", "privacy_notice"])
def test_heads_are_asked_for(name):
    assert codes(rules.missing_contents(text(**{name: "  "}), required=HEBEI)) == [name]


@pytest.mark.req("R30")
def test_liability_stands_after_everything_that_is_promised():
    pledges = [clause for clause in CLAUSES if clause.kind == "pledge"]
    others = [clause for clause in CLAUSES if clause.kind != "pledge"]
    mixed = tuple(
        replace(clause, number=at) for at, clause in enumerate([pledges[0], *others, *pledges[1:]], 1)
    )
    assert codes(rules.missing_contents(text(clauses=mixed), required=HEBEI)) == ["clause.order"]


def with_blank(body: str, *blanks: BlankData) -> rules.TextData:
    return text(clauses=(replace(CLAUSES[0], body=body), *CLAUSES[1:]), blanks=blanks)


DAY = BlankData("完成日期", "完成日期", "date")


def test_blanks_used_and_blanks_declared_have_to_be_the_same():
    assert rules.missing_contents(with_blank("于{完成日期}前完成。", DAY), required=HEBEI) == []
    assert codes(rules.missing_contents(with_blank("于{完成日期}前完成。"), required=HEBEI)) == [
        "blank.undeclared"
    ]
    assert codes(rules.missing_contents(with_blank("前完成。", DAY), required=HEBEI)) == ["blank.unused"]


@pytest.mark.parametrize(
    ("body", "blank", "code"),
    [
        ("于{完成日期前完成。", None, "blank.braces"),
        ("于完成日期}前完成。", None, "blank.braces"),
        ("在{a b}完成。", BlankData("a b", "地"), "blank.key"),
        ("选{方式}。", BlankData("方式", "方式", "choice", ("自取",)), "blank.choices"),
        ("选{方式}。", BlankData("方式", "方式", "colour"), "blank.kind"),
        ("写{方式}。", BlankData("方式", "方式", max_length=0), "blank.length"),
    ],
)
def test_blanks_that_cannot_work_are_named(body, blank, code):
    assert code in codes(rules.missing_contents(with_blank(body, *filter(None, [blank])), required=HEBEI))


@pytest.mark.req("R37")
def test_a_late_materials_text_promises_a_date():
    late = text(late_materials=True)
    assert codes(rules.missing_contents(late, required=HEBEI)) == ["late_materials.date"]
    dated = with_blank("于{完成日期}前补交。", DAY)
    assert rules.missing_contents(replace(dated, late_materials=True), required=HEBEI) == []
    optional = with_blank("于{完成日期}前补交。", replace(DAY, required=False))
    assert codes(rules.missing_contents(replace(optional, late_materials=True), required=HEBEI)) == [
        "late_materials.date"
    ]


@pytest.mark.req("R128")
def test_a_text_that_would_not_fit_the_collection_format_is_refused():
    full = "字" * (rules.COLLECTED_LENGTH - sum(len(clause.body) for clause in CLAUSES[1:6]))
    assert rules.missing_contents(with_blank(full), required=HEBEI) == []
    assert codes(rules.missing_contents(with_blank(full + "字"), required=HEBEI)) == ["length.pledge"]
    roomy = with_blank(full + "{说明}", BlankData("说明", "说明", max_length=1))
    assert codes(rules.missing_contents(roomy, required=HEBEI)) == ["length.pledge"]


# ---- fingerprint -------------------------------------------------------------------------------------------


def test_the_fingerprint_is_that_of_the_content_alone():
    assert rules.fingerprint(text()) == rules.fingerprint(text())
    ids = tuple(replace(clause, id=clause.number + 40) for clause in CLAUSES)
    assert rules.fingerprint(text(clauses=ids)) == rules.fingerprint(text())


@pytest.mark.parametrize(
    "change",
    [
        {"title": "承诺书二"},
        {"notice": "告知"},
        {"number": 2},
        {"clauses": CLAUSES[:-1]},
        {"clauses": CLAUSES[::-1]},
        {"blanks": (DAY,)},
        {"origin": "provincial"},
    ],
)
def test_any_change_of_content_changes_the_fingerprint(change):
    assert rules.fingerprint(text(**change)) != rules.fingerprint(text())


def test_the_canonical_bytes_stay_what_they_were_published_as():
    one = text(clauses=CLAUSES[:1])
    assert rules.canonical_bytes(one).decode() == (
        '{"blanks":[],"clauses":[[1,"pledge","条文1。",["obey_law"]]],"code":"T1","item":"",'
        '"late_materials":false,"notice":"告知。","number":1,"origin":"own","privacy_notice":"告知。",'
        '"region":"130111","scope":"申请许可时","title":"承诺书","type":"approval","v":1}'
    )


# ---- filling -----------------------------------------------------------------------------------------------

BLANKS = (
    DAY,
    BlankData("面积", "面积", "number", max_length=6),
    BlankData("领取", "领取方式", "choice", ("自取", "邮寄")),
    BlankData("备注", "备注", required=False, max_length=5),
)
BODY = (ClauseData(1, "pledge", "于{完成日期}前，{面积}平方米，{领取}，{备注}。", id=9),)
GOOD = {"完成日期": "2026-03-05", "面积": "86.5", "领取": "自取"}


def test_blanks_are_filled_as_they_are_printed():
    (filled,) = rules.fill(BODY, BLANKS, GOOD)
    assert filled.text == "于2026年3月5日前，86.5平方米，自取，无。"
    assert filled.as_json() == {"no": 1, "kind": "pledge", "clause": 9, "text": filled.text}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("完成日期", "", "“完成日期”没有填写"),
        ("完成日期", None, "“完成日期”没有填写"),
        ("完成日期", " \n", "“完成日期”没有填写"),
        ("完成日期", "2026-02-30", "“完成日期”应为日期"),
        ("完成日期", "20260305", "“完成日期”应为日期"),
        ("完成日期", "明天", "“完成日期”应为日期"),
        ("面积", "八十", "“面积”应为数字，现为“八十”"),
        ("面积", "1e5", "“面积”应为数字"),
        ("面积", True, "“面积”填写的内容无法识别"),
        ("面积", "1234567", "“面积”最多 6 字，现为 7 字"),
        ("领取", "空投", "“领取方式”应为自取、邮寄之一，现为“空投”"),
        ("备注", "一二三四五六", "“备注”最多 5 字，现为 6 字"),
        ("备注", "x\x00", "“备注”含有无法识别的字符（U+0000）"),
        ("别的", "x", "没有填写项“别的”"),
    ],
)
def test_what_does_not_fit_is_named_with_item_and_row(key, value, said):
    with pytest.raises(FillError) as raised:
        rules.fill(BODY, BLANKS, GOOD | {key: value}, item_name="食品经营许可", row=3)
    assert str(raised.value).startswith("第 3 行，事项“食品经营许可”，")
    assert said in str(raised.value)
    assert [problem.key for problem in raised.value.problems] == [key]


def test_every_problem_is_told_at_once():
    with pytest.raises(FillError) as raised:
        rules.fill(BODY, BLANKS, {})
    assert [problem.key for problem in raised.value.problems] == ["完成日期", "面积", "领取"]


def test_full_width_numbers_are_read_and_braces_in_a_value_stay_braces():
    (filled,) = rules.fill(BODY, BLANKS, GOOD | {"面积": "８６", "备注": "{面积}"})
    assert filled.text == "于2026年3月5日前，86平方米，自取，{面积}。"


VALUES = st.dictionaries(
    st.sampled_from([blank.key for blank in BLANKS]), st.text(max_size=8) | st.none() | st.just("2026-03-05")
)


@given(VALUES)
def test_filling_either_names_a_problem_or_says_the_same_as_the_screen(values):
    shown = rules.fill_for_display(BODY, BLANKS, values)
    errors = rules.blank_errors(BLANKS, values)
    try:
        filled = rules.fill(BODY, BLANKS, values)
    except FillError as error:
        assert {problem.key for problem in error.problems} == set(errors)
        assert errors
    else:
        assert not errors
        assert [clause.as_json() for clause in filled] == shown


def test_the_screen_shows_a_line_where_nothing_is_yet_and_what_was_typed_where_it_does_not_fit():
    (clause,) = rules.fill_for_display(BODY, BLANKS, {"面积": "八十"})
    assert clause["text"] == f"于{rules.EMPTY_LINE}前，八十平方米，{rules.EMPTY_LINE}，无。"


# ---- drafting and publishing -------------------------------------------------------------------------------

WORDS = {"title": "承诺书", "scope": "申请许可时", "notice": "告知。", "privacy_notice": "告知。"}


def _rule_files():
    for code in factories.REGIONS:
        factories.region(code)
    path = loading.Path(loading.__file__).parent / "rules"
    loading.store_rules(loading.read_rules(path), now=NOW)


@pytest.fixture(scope="module")
def built(scene):
    scene(_rule_files)


@pytest.fixture
def rule_files(built, db):
    """The rules of all regions."""


@pytest.fixture
def bureau(rule_files):
    return factories.department(kind="approval_bureau")


@pytest.fixture
def author(bureau):
    return factories.staff("approval_bureau", department=bureau)


def draft(bureau, author, code="T-1", **change) -> TextVersion:
    values = {
        "code": code,
        "department": bureau,
        "commitment_type": "approval",
        "words": WORDS,
        "clauses": CLAUSES,
        "actor": author,
        "now": NOW,
    }
    return texts.draft_text(**(values | change))


def publish(version: TextVersion, author, on: date = FIRST) -> TextVersion:
    return texts.publish_text(version=version, valid_from=on, actor=author, now=NOW)


@pytest.mark.req("R24", "R25", "R135")
def test_publishing_freezes_the_version_under_its_fingerprint(bureau, author):
    version = publish(draft(bureau, author, blanks=(), clauses=CLAUSES), author)
    assert (version.status, version.valid_from) == ("published", FIRST)
    assert version.sha256 == rules.fingerprint(texts.content_of(version))
    events = AuditEvent.objects.filter(target_type="text").order_by("id")
    assert [event.verb for event in events] == ["text.drafted", "text.published"]
    assert events[1].facts["sha256"] == version.sha256
    with pytest.raises(TextError, match="已发布，不能再改"):
        texts.revise_draft(version=version, words={"title": "另一份"}, actor=author, now=NOW)


def test_the_database_itself_refuses_to_change_what_was_published(bureau, author):
    version = publish(draft(bureau, author), author)
    clause = version.clauses.first()

    def refused(act) -> None:
        with pytest.raises(IntegrityError, match="不能更改"), transaction.atomic():
            act()

    refused(lambda: TextVersion.objects.filter(pk=version.pk).update(title="改"))
    refused(lambda: TextVersion.objects.filter(pk=version.pk).update(status="draft"))
    refused(lambda: Clause.objects.filter(pk=clause.pk).update(body="改"))
    refused(lambda: Clause.objects.filter(pk=clause.pk).delete())
    refused(lambda: Clause.objects.create(version=version, number=9, body="多一条"))
    refused(lambda: Blank.objects.create(version=version, key="k", label="k"))
    assert texts.content_of(TextVersion.objects.get(pk=version.pk)) == texts.content_of(version)


def test_the_next_version_is_a_clone_and_ends_the_one_before_it_the_day_before(bureau, author):
    dated = (replace(CLAUSES[0], body="于{完成日期}前。"), *CLAUSES[1:])
    helped = replace(DAY, help_text="不晚于三个月")
    first = publish(draft(bureau, author, clauses=dated, blanks=(helped,)), author)
    second = texts.next_version(text=first.text, actor=author, now=NOW)
    assert (second.number, second.status) == (2, "draft")
    same = replace(texts.content_of(second), number=1)
    assert rules.canonical_bytes(same) == rules.canonical_bytes(texts.content_of(first))
    assert second.blanks.get().help_text == "不晚于三个月"
    publish(second, author, date(2026, 6, 1))
    first.refresh_from_db()
    assert (first.status, first.valid_to) == ("frozen", date(2026, 5, 31))


def test_a_second_draft_is_not_opened_beside_the_first(bureau, author):
    version = draft(bureau, author)
    with pytest.raises(TextError, match="已有草稿"):
        texts.next_version(text=version.text, actor=author, now=NOW)


def test_an_overlapping_start_is_refused(bureau, author):
    first = publish(draft(bureau, author), author)
    second = texts.next_version(text=first.text, actor=author, now=NOW)
    with pytest.raises(TextError, match="有效期重叠"):
        publish(second, author, FIRST)


@pytest.mark.req("R27")
def test_publishing_a_half_written_text_names_all_that_is_missing(bureau, author):
    version = draft(bureau, author, words={"title": "承诺书"}, clauses=CLAUSES[:2])
    with pytest.raises(TextError) as raised:
        publish(version, author)
    said = str(raised.value)
    for missing in (
        "（《河北省政务服务承诺制改革实施方案》三（一）至（七））",
        "缺少适用范围",
        "缺少告知书",
        "缺少个人信息处理告知",
        "缺少违诺责任",
        "材料合法真实",
        "接受各方监督",
    ):
        assert missing in said
    assert "遵守法律法规" not in said
    assert TextVersion.objects.get(pk=version.pk).status == "draft"


ONLY_LIABILITY = (ClauseData(1, "pledge", "如实填写。"), ClauseData(2, "liability", "负责。"))
LISTS = [
    # region, type, origin, missing contents that refuse
    ("130111", "approval", "own", set(SEVEN)),
    ("130129", "approval", "own", set(SEVEN)),
    ("130000", "approval", "provincial", {"issue"}),
    ("410103", "approval", "own", set()),
    ("130111", "supervisory", "own", {"true_materials", "agree_publication", "accept_consequences"}),
    ("130111", "voluntary", "own", {"agree_publication", "accept_supervision"}),
    ("130111", "industry", "association", {"agree_publication", "accept_supervision"}),
    ("130111", "repair", "own", {"obey_law", "agree_publication", "accept_consequences"}),
    ("130129", "supervisory", "own", set()),
]


@pytest.mark.req("R22", "R27", "R31")
@pytest.mark.parametrize(("region", "kind", "origin", "missing"), LISTS)
def test_each_region_and_type_has_its_own_list(rule_files, region, kind, origin, missing):
    place = factories.department(region=region)
    version = texts.draft_text(
        code="L",
        department=place,
        commitment_type=kind,
        origin=origin,
        words=WORDS,
        clauses=ONLY_LIABILITY,
        actor=None,
        now=NOW,
    )
    found = texts.problems_of(version, on=FIRST)
    refusing = {problem.code.removeprefix("content.") for problem in found if problem.blocks}
    assert refusing == missing


def test_before_the_provincial_plan_its_list_does_not_refuse(bureau, author):
    version = draft(bureau, author, clauses=ONLY_LIABILITY)
    blocking = [problem for problem in texts.problems_of(version, on=date(2021, 10, 18)) if problem.blocks]
    assert blocking == []
    assert any(problem.blocks for problem in texts.problems_of(version, on=date(2021, 10, 19)))


def test_late_materials_are_held_to_the_list_of_the_approval_type(bureau, author):
    promised = (replace(ONLY_LIABILITY[0], body="于{完成日期}前补交。"), ONLY_LIABILITY[1])
    version = draft(bureau, author, clauses=promised, blanks=(DAY,), late_materials=True)
    assert {p.code for p in texts.problems_of(version, on=FIRST)} == {f"content.{code}" for code in SEVEN}


def test_a_malformed_draft_is_refused_by_field(bureau, author):
    with pytest.raises(TextError, match="“标题”"):
        draft(bureau, author, words=WORDS | {"title": "题" * 101})
    with pytest.raises(TextError, match="“承诺类型”"):
        draft(bureau, author, commitment_type="promise")
    with pytest.raises(TextError, match="没有这样的字段：subtitle"):
        draft(bureau, author, words={"subtitle": "x"})
    assert not CommitmentText.objects.exists()


@pytest.mark.req("R31")
def test_an_association_has_one_uniform_text(rule_files):
    association = factories.department(kind="association")
    pledge = (
        ClauseData(1, "pledge", "守约。", ("agree_publication", "accept_supervision")),
        ClauseData(2, "liability", "负责。"),
    )
    common = {"commitment_type": "industry", "origin": "association", "clauses": pledge}
    publish(draft(association, None, "A-1", **common), None)
    with pytest.raises(TextError, match="同一用途已有现行文本 A-1"):
        publish(draft(association, None, "A-2", **common), None)
    other = factories.department(kind="association")
    publish(draft(other, None, "A-3", **common), None)


# ---- which text is signed ----------------------------------------------------------------------------------


def found(item, *, kind="approval", late=False, region="130111", on=FIRST) -> str | None:
    version = texts.text_for(
        item_version=item,
        commitment_type=kind,
        late_materials=late,
        region=factories.region(region),
        on=on,
    )
    return version.text.code if version else None


@pytest.mark.django_db
def test_the_items_own_text_goes_before_the_general_one_and_the_region_before_its_parents():
    item = factories.item_version()

    def add(code: str, **fields) -> None:
        place = factories.department(region=fields.pop("region"))
        owner = CommitmentText.objects.create(
            code=code,
            region=place.region,
            department=place,
            commitment_type="approval",
            origin="own",
            **fields,
        )
        factories.text_version(text=owner)

    assert found(item) is None
    add("nation", region="000000")
    assert found(item) == "nation"
    add("province", region="130000")
    assert found(item) == "province"
    add("district", region="130111")
    assert found(item) == "district"
    add("item-province", region="130000", item=item.item)
    assert found(item) == "item-province"
    add("item-district", region="130111", item=item.item)
    assert found(item) == "item-district"
    assert found(factories.item_version()) == "district"
    assert found(item, region="410103") == "nation"
    assert found(item, kind="repair") is None
    assert found(item, late=True) is None


@pytest.mark.django_db
def test_on_the_day_of_change_the_new_version_is_signed():
    item = factories.item_version()
    old = factories.text_version(department=item.item.department, status="frozen", valid_to=date(2026, 5, 31))
    new = factories.text_version(text=old.text, valid_from=date(2026, 6, 1))

    def version_on(day: date) -> TextVersion | None:
        return texts.text_for(
            item_version=item,
            commitment_type="approval",
            late_materials=False,
            region=item.item.region,
            on=day,
        )

    assert version_on(date(2026, 5, 31)) == old
    assert version_on(date(2026, 6, 1)) == new
    assert version_on(old.valid_from - timedelta(days=1)) is None


@pytest.mark.req("R31")
@pytest.mark.django_db
def test_another_associations_text_is_never_signed():
    ours, theirs = factories.department(kind="association"), factories.department(kind="association")

    def uniform(owner) -> CommitmentText:
        row = CommitmentText.objects.create(
            code=f"A{owner.pk}",
            region=owner.region,
            department=owner,
            commitment_type="industry",
            origin="association",
        )
        factories.text_version(text=row)
        return row

    uniform(theirs)
    item = factories.item_version(department=ours)
    assert found(item, kind="industry") is None
    own = uniform(ours)
    assert found(item, kind="industry") == own.code


def test_labels_of_contents_are_those_of_the_model():
    assert dict(RequiredContent.choices) == rules.CONTENT_LABELS
