"""The catalogue as a file: export, the golden table of what a file does, import by the hundred, faults sent back (R20)."""

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from credit_portal.documents import workbook
from credit_portal.documents.intake import IntakeRefused
from credit_portal.documents.writing import exact_csv
from credit_portal.registry import catalogue
from credit_portal.registry.models import ServiceItem, ServiceItemVersion
from disclosure.catalogue import columns, comparing, importing, planning
from disclosure.catalogue.exporting import as_csv, as_xlsx, versions_of
from tests import factories
from tests.catalogue_stage import FIELDS, NOW, TODAY, Bureau
from tests.scenes import mine

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden" / "catalogue_import.csv"
CODE = "130111-001"


@pytest.fixture(scope="module")
def built(scene) -> Bureau:
    def build() -> Bureau:
        bureau = Bureau.open()
        bureau.item(CODE)
        bureau.item("130111-002", name="公共场所卫生许可", allows_late_materials=False, materials=[])
        return bureau

    return scene(build)


@pytest.fixture
def bureau(built, db) -> Bureau:
    return mine(built)


def book(*changes: tuple[str, str, str], keep: tuple[str, ...] = ()) -> bytes:
    """The workbook of the catalogue with some cells written over: (item, column, text); `keep`: only these items."""
    lines = columns.item_lines(versions_of(["130111"], on=TODAY), TODAY, csv=False)
    head, rows = lines[0], [line for line in lines[1:] if not keep or line[0] in keep]
    for code, label, text in changes:
        for line in rows:
            if line[0] == code:
                line[head.index(label)] = text
    materials = columns.material_lines(versions_of(["130111"], on=TODAY))
    materials = [line for place, line in enumerate(materials) if not place or not keep or line[0] in keep]
    return workbook.tables([(columns.ITEMS, [head, *rows]), (columns.MATERIALS, materials)])


def looked(bureau: Bureau, content: bytes, name: str = "目录.xlsx") -> planning.Plan:
    return planning.plan(name=name, content=content, actor=bureau.keeper, today=TODAY)


def test_every_field_that_an_author_writes_has_a_column():
    assert {column.key for column in columns.READ.values()} | {"materials"} == set(catalogue.FIELDS)


def test_the_workbook_has_items_materials_and_a_legend_and_only_text(bureau):
    content = as_xlsx(versions_of(["130111"], on=TODAY), today=TODAY)
    sheets = load_workbook(io.BytesIO(content))
    assert sheets.sheetnames == ["事项", "申请材料", "说明"]
    for sheet in sheets.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type in ("s", "n") and not isinstance(cell.value, int) for cell in row)
    assert content == as_xlsx(versions_of(["130111"], on=TODAY), today=TODAY)
    shown = {row[0].value for row in sheets["事项"].iter_rows(min_row=2)}
    explained = {row[1].value for row in sheets["说明"].iter_rows(min_row=2)}
    assert shown == {CODE, "130111-002"}
    assert {cell.value for cell in sheets["事项"][1]} <= explained


@pytest.mark.req("R20")
def test_what_a_file_does_is_what_the_table_says(bureau):
    wrong = []
    for case in csv.DictReader(GOLDEN.open(encoding="utf-8", newline="")):
        text = case["填写"].replace("长名称×201", "长" * 201)
        changed = [(CODE, case["列"], text)] if case["列"] else []
        line = looked(bureau, book(*changed, keep=(CODE,))).lines[0]
        told = [f"{one.label}：{one.old} → {one.new}" for one in line.changes] if line.verdict == "changed" else [
            f"{label}：{said}" for label, said in line.faults
        ]  # fmt: skip
        if (line.label, "；".join(told)) != (case["结果"], case["说明"]):
            wrong.append((case["情形"], line.label, told))
    assert not wrong


def test_an_export_taken_in_again_changes_nothing_in_both_formats(bureau):
    versions = versions_of(["130111"], on=TODAY)
    for name, content in (
        ("目录.xlsx", as_xlsx(versions, today=TODAY)),
        ("目录.csv", as_csv(versions, today=TODAY)),
    ):
        plan = looked(bureau, content, name)
        assert plan.counts == {"new": 0, "changed": 0, "same": 2, "refused": 0}, name


# What a person can type into a field: everything but control characters and halves of characters.
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=40)
MATERIAL = st.fixed_dictionaries(
    {"name": WORDS.filter(lambda text: text.strip()), "source": WORDS, "late": st.booleans()}
)


@given(
    name=WORDS.filter(lambda text: text.strip()),
    basis=WORDS,
    number=st.none() | st.integers(1, 1000),
    kinds=st.lists(st.sampled_from(["voluntary", "approval", "supervisory"]), min_size=1, unique=True),
    flags=st.lists(st.booleans(), min_size=4, max_size=4),
    materials=st.lists(MATERIAL, max_size=4),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_item_says_comes_back_from_its_own_export_unchanged(
    bureau, name, basis, number, kinds, flags, materials
):
    version = ServiceItemVersion.objects.get(item__code=CODE)
    version.name, version.legal_basis, version.promised_working_days = name, basis, number
    version.allowed_types, version.materials = kinds, materials
    version.in_hall, version.online, version.once_a_year, version.handled_at_once = flags
    item = version.item
    plans = []
    for ending, content in (
        ("xlsx", as_xlsx([version], today=TODAY)),
        ("csv", as_csv([version], today=TODAY)),
    ):
        tables = planning.tables_of(f"a.{ending}", content)
        line = planning.Line(2, item.code, cells=tables["事项"].rows[0][1])
        told = planning._materials(tables.get("申请材料"), [line])
        plans.append((planning._told(line, version, {}, told), line.faults))
    assert plans == [({}, [])] * 2


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_csv_gives_back_each_cell_as_it_was_and_no_formula_stands_in_it(rows):
    content = exact_csv([["甲", "乙"], *rows])
    read = planning.tables_of("a.csv", content)["事项"].rows
    # Blanks alone are nothing.
    assert [[cells["甲"], cells["乙"]] for _, cells in read] == [
        [cell if cell.strip() else "" for cell in row] for row in rows if any(cell.strip() for cell in row)
    ]
    for line in list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


def test_what_is_right_becomes_drafts_and_what_is_wrong_goes_back_with_its_reason(bureau):
    new = ["130111-003", "130111", bureau.department.uscc]
    lines = columns.item_lines(versions_of(["130111"], on=TODAY), TODAY, csv=True)
    head, first, second = lines
    added = [*new, *first[3:]]
    added[head.index("事项名称")] = "诊所备案"
    first[head.index("承诺办结时限（工作日）")] = "5"
    second[head.index("领域")] = "月球"
    content = exact_csv([head, first, second, added])
    row = importing.hand_in(name="目录.csv", content=content, actor=bureau.keeper, now=NOW)
    assert importing.hand_in(name="目录.csv", content=content, actor=bureau.keeper, now=NOW).pk == row.pk
    plan = importing.plan_of(row, bureau.keeper, today=TODAY)
    assert plan.counts == {"new": 1, "changed": 1, "same": 0, "refused": 1}
    assert not ServiceItem.objects.filter(code="130111-003").exists()
    with pytest.raises(importing.ImportRefused, match="有了变动"):
        importing.take_in(import_id=row.pk, seen="x", overwrite=[], actor=bureau.keeper, now=NOW)
    done = importing.take_in(import_id=row.pk, seen=plan.digest, overwrite=[], actor=bureau.keeper, now=NOW)
    assert (done.drafts, done.refused, done.state) == (2, 1, "done")
    drafts = ServiceItemVersion.objects.filter(status="draft").order_by("item__code")
    assert [(one.item.code, one.number, one.promised_working_days) for one in drafts] == [
        (CODE, 2, 5),
        ("130111-003", 1, 8),
    ]
    assert drafts[1].history.get().history_user == bureau.keeper
    # Nothing is in force that was not before, and the same file asks for nothing any more.
    assert len(versions_of(["130111"], on=TODAY)) == 2
    again = looked(bureau, content, "目录.csv")
    assert again.counts == {"new": 0, "changed": 0, "same": 2, "refused": 1}
    faults = load_workbook(io.BytesIO(importing.faults_book(again)))["事项"]
    told = dict(zip([cell.value for cell in faults[1]], [cell.value for cell in faults[2]], strict=True))
    assert (told["事项编码"], told["行号"]) == ("130111-002", "3")
    assert told["问题"].startswith("领域：应为") and told["领域"] == "月球"
    mended = looked(bureau, importing.faults_book(again), "改.xlsx")
    assert mended.counts["refused"] == 1


def test_the_draft_of_somebody_else_is_overwritten_only_when_asked_for(bureau):
    item = ServiceItem.objects.get(code=CODE)
    catalogue.draft_item(item=item, fields={"validity_months": 24}, actor=bureau.other, now=NOW)
    content = book((CODE, "承诺办结时限（工作日）", "5"), keep=(CODE,))
    row = importing.hand_in(name="目录.xlsx", content=content, actor=bureau.keeper, now=NOW)
    plan = importing.plan_of(row, bureau.keeper, today=TODAY)
    assert plan.lines[0].others_draft == "乙经办"
    kept = importing.take_in(import_id=row.pk, seen=plan.digest, overwrite=[], actor=bureau.keeper, now=NOW)
    draft = item.versions.get(status="draft")
    assert (kept.drafts, draft.validity_months, draft.promised_working_days) == (0, 24, 8)
    second = importing.hand_in(name="目录.xlsx", content=content, actor=bureau.keeper, now=NOW)
    assert second.pk != row.pk
    importing.take_in(import_id=second.pk, seen=plan.digest, overwrite=[CODE], actor=bureau.keeper, now=NOW)
    draft.refresh_from_db()
    # Only what was changed in the file goes into the draft: the 60 months stood in it as they were exported.
    assert (draft.validity_months, draft.promised_working_days) == (24, 5)
    # What is in force, handed in as it is, leaves an open draft alone.
    assert looked(bureau, book(keep=(CODE,))).lines[0].verdict == "same"


@pytest.mark.req("R20")
def test_a_row_that_was_not_touched_undoes_no_version_that_is_scheduled(bureau):
    running = ServiceItemVersion.objects.get(item__code=CODE)
    day = TODAY + timedelta(days=18)
    bureau.next(running, on=day, promised_working_days=3)
    versions = versions_of(["130111"], on=TODAY)
    for name, content in (
        ("目录.xlsx", as_xlsx(versions, today=TODAY)),
        ("目录.csv", as_csv(versions, today=TODAY)),
    ):
        plan = looked(bureau, content, name)
        assert plan.counts == {"new": 0, "changed": 0, "same": 2, "refused": 0}, name
        assert plan.lines[0].scheduled == (2, day) and plan.lines[1].scheduled is None
    # A row without the number of its version that says what is in force asks for nothing, either.
    assert looked(bureau, book((CODE, "版本", ""), keep=(CODE,))).lines[0].verdict == "same"
    # One that is changed shows what is in force today and what is coming, and is written only where a person says so.
    content = book((CODE, "承诺有效期（月）", "24"), (CODE, "承诺办结时限（工作日）", "6"), keep=(CODE,))
    row = importing.hand_in(name="目录.xlsx", content=content, actor=bureau.keeper, now=NOW)
    plan = importing.plan_of(row, bureau.keeper, today=TODAY)
    assert [(one.old, one.new, one.later) for one in plan.lines[0].changes] == [
        ("8", "6", f"自 {day} 起：3"),
        ("60", "24", ""),
    ]
    kept = importing.take_in(import_id=row.pk, seen=plan.digest, overwrite=[], actor=bureau.keeper, now=NOW)
    assert kept.drafts == 0 and not ServiceItemVersion.objects.filter(status="draft").exists()
    content = book((CODE, "承诺有效期（月）", "24"), keep=(CODE,))
    row = importing.hand_in(name="目录.xlsx", content=content, actor=bureau.keeper, now=NOW)
    digest = importing.plan_of(row, bureau.keeper, today=TODAY).digest
    importing.take_in(import_id=row.pk, seen=digest, overwrite=[CODE], actor=bureau.keeper, now=NOW)
    draft = ServiceItemVersion.objects.get(status="draft")
    assert (draft.number, draft.validity_months, draft.promised_working_days) == (3, 24, 3)


def test_a_file_of_many_asks_as_many_questions_as_one_of_few_and_drafts_in_sets(bureau):
    lines = columns.item_lines(versions_of(["130111"], on=TODAY), TODAY, csv=True)
    head, first = lines[0], lines[1]

    def file(number: int) -> bytes:
        return exact_csv([head, *([f"130111-N{n:04d}", *first[1:]] for n in range(number))])

    def asked(number: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            plan = looked(bureau, file(number), "目录.csv")
        assert plan.counts["new"] == number
        return len(queries)

    assert asked(3) == asked(60)
    row = importing.hand_in(name="目录.csv", content=file(60), actor=bureau.keeper, now=NOW)
    digest = importing.plan_of(row, bureau.keeper, today=TODAY).digest
    with CaptureQueriesContext(connection) as queries:
        importing.take_in(import_id=row.pk, seen=digest, overwrite=[], actor=bureau.keeper, now=NOW)
    assert len(queries) < 40
    assert ServiceItemVersion.objects.filter(item__code__startswith="130111-N").count() == 60


def test_another_regions_items_and_departments_are_refused_and_a_clerk_may_not_import(bureau):
    stranger = factories.department(region="130129")
    foreign = factories.item_version(department=stranger)
    lines = columns.item_lines(versions_of(["130111"], on=TODAY), TODAY, csv=True)
    head, first = lines[0], lines[1]
    rows = [
        [foreign.item.code, *first[1:]],
        ["130129-NEU", "", stranger.uscc, *first[3:]],
        ["a/b", *first[1:]],
    ]
    plan = looked(bureau, exact_csv([head, *rows]), "a.csv")
    assert [line.verdict for line in plan.lines] == ["refused"] * 3
    assert "不在您的管理范围内" in plan.lines[0].faults[0][1] + plan.lines[1].faults[0][1]
    clerk = factories.staff("clerk", department=bureau.department)
    with pytest.raises(PermissionDenied):
        importing.hand_in(name="a.csv", content=exact_csv([head, first]), actor=clerk, now=NOW)


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (61 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("目录.xlsx", b"", "文件是空的"),
        ("目录.xlsx", b"PK\x03\x04 nothing", "打不开"),
        ("目录.xlsx", b"%PDF-1.7", "这是 PDF 文件"),
        ("目录.exe", b"MZ", "这是程序"),
        ("目录", b"x", "只接受 Excel 工作簿（xlsx）或 csv"),
        ("目录.csv", b"\xff\xff\xff\x80", "编码"),
        ("目录.csv", b"a\0b", "不是文本文件"),
        ("目录.csv", "名称\n甲".encode(), "表头缺少“事项编码”"),
        ("目录.csv", "事项编码,随便\n1,2".encode(), "没有“随便”这一列"),
        ("目录.csv", "事项编码,事项编码\n1,2".encode(), "出现两次"),
        ("目录.csv", "事项编码\n".encode(), "没有事项"),
        ("目录.csv", ("事项编码\n" + "".join(f"{n}\n" for n in range(2_001))).encode(), "最多导入 2000 项"),
        ("目录.csv", ("事项编码\n" + "长" * 8_001).encode(), "超过 8000 个字"),
    ],
)  # fmt: skip
def test_an_odd_file_is_refused_in_words(bureau, name, content, said):
    with pytest.raises(IntakeRefused, match=said):
        planning.plan(name=name, content=content, actor=bureau.keeper, today=TODAY)


def test_a_file_that_unpacks_to_very_much_and_another_workbook_are_refused_in_words(bureau):
    other = workbook.tables([("名单", [["甲"], ["1"]])])
    for content, said in ((_bomb(), "异常地大"), (other, "没有名为“事项”的工作表")):
        with pytest.raises(IntakeRefused, match=said):
            planning.plan(name="目录.xlsx", content=content, actor=bureau.keeper, today=TODAY)


# ---- side by side ------------------------------------------------------------------------------------------


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_both_sides_are_whole_and_what_is_unmarked_is_the_same_on_both(old, new):
    before, after = comparing.marked(old, new)
    assert "".join(piece.text for piece in before) == old
    assert "".join(piece.text for piece in after) == new
    plain = ["".join(piece.text for piece in side if not piece.marked) for side in (before, after)]
    assert plain[0] == plain[1]


@pytest.mark.req("R20", "R33")
def test_two_versions_are_compared_field_by_field_and_the_changed_words_are_marked(bureau):
    first = ServiceItemVersion.objects.get(item__code=CODE)
    second = catalogue.draft_item(
        item=first.item,
        fields={
            "promised_working_days": 12,
            "legal_basis": "《食品经营许可办法》",
            "materials": [FIELDS["materials"][0], {"name": "平面图", "source": "", "late": True}],
        },
        actor=bureau.keeper,
        now=NOW,
    )
    changed = {row.label: row for row in comparing.items(first, second) if row.state != "same"}
    assert set(changed) == {"承诺办结时限（工作日）", "依据", "申请材料 2"}
    basis = changed["依据"]
    assert [(p.text, p.marked) for p in basis.old] == [
        ("《食品经营许可", False),
        ("和备案管理", True),
        ("办法》", False),
    ]
    assert [(p.text, p.marked) for p in changed["承诺办结时限（工作日）"].new] == [("12", True)]
