"""Each cell of a collected row, read and refused by name; the error workbook cell by cell against a table that an official can
sign (tests/golden/bulk_errors.csv)."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commitments.bulk import planning, reading, results, rules
from commitments.bulk.columns import BY_LABEL
from commitments.bulk.reading import read, read_cell
from commitments.models import BulkJob, Commitment
from credit_portal.documents.intake import Formula, IntakeRefused, Number, open_table
from credit_portal.documents.intake.cells import serial_day
from credit_portal.registry import codes

from . import bulk_stage as stage
from . import factories as make
from .scenes import mine

GOLDEN = Path(__file__).parent / "golden" / "bulk_errors.csv"
TODAY = stage.NOW.date()
COLUMNS = dict(BY_LABEL)


@pytest.fixture(scope="module")
def built(scene):
    return scene(stage.Place)


@pytest.fixture
def place(built, db):
    return mine(built)


def cells_of(row):
    return {BY_LABEL[label]: value for label, value in row.items() if value}


# ---- pure ------------------------------------------------------------------------------------------------------


@pytest.mark.req("R35")
@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_a_day_in_every_usual_form_is_the_same_day(day) -> None:
    forms = [
        day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}/{day.month}/{day.day}", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}", f"{day.isoformat()} 00:00:00", f" {day.isoformat()} ",
        f"'{day.isoformat()}", f"{day.isoformat()}T00:00:00",
    ]  # fmt: skip
    assert {read_cell(9, text) for text in forms} == {(day.isoformat(), "")}
    serial = (day - date(1899, 12, 30)).days
    assert read_cell(9, Number(str(serial))) == read_cell(9, Number(f"{serial}.5")) == (day.isoformat(), "")
    assert read_cell(9, Number(str(serial - 1462)), from_1904=True) == (day.isoformat(), "")


@pytest.mark.req("R35")
@given(st.text(max_size=40), st.integers(0, 20))
def test_no_cell_breaks_the_reading(text, number) -> None:
    for cell in (text, Number(text), Formula(text)):
        value, problem = read_cell(number, cell)
        assert isinstance(value, str) and isinstance(problem, str)
        assert not (value and problem)


@pytest.mark.req("R35")
@settings(max_examples=200)
@given(
    st.dictionaries(
        st.integers(0, 20), st.text(max_size=30) | st.sampled_from(["全部履行", "自然人", "2026-01-05"])
    )
)
def test_a_row_of_anything_is_right_or_says_why(cells) -> None:
    line, faults = read(7, cells, COLUMNS, today=TODAY)
    assert (line is None) == bool(faults)
    assert all(number in BY_LABEL.values() and text.endswith(("。", "）")) for number, text in faults)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(0, 17))
def test_a_changed_character_of_a_code_is_found(text, place) -> None:
    right = make.organisation_code(77)
    for char in text[:3]:
        changed = right[:place] + char + right[place + 1 :]
        # Other ways to write the same character are the same character.
        if codes.clean(changed) != right and len(codes.clean(changed)) == 18:
            assert reading.uscc_problem(changed, "法人及非法人组织")


@pytest.mark.req("R35")
def test_codes_that_a_spreadsheet_took_for_numbers_are_named_so() -> None:
    for cell in (Number("1.3011120260101E+19"), Number("13011120260101000001"), "1.23E+17", "1.23e17"):
        for number in (1, 4, 16, 18):
            assert "编码被 Excel 变成了数字" in read_cell(number, cell)[1]
    assert read_cell(4, "91130111MA0004628N") == ("91130111MA0004628N", "")
    assert serial_day("60") is None and serial_day("1e99") is None and serial_day("nan") is None


@pytest.mark.req("R35", "R92")
def test_a_file_may_ask_for_less_publicity_and_never_for_more() -> None:
    order = ["public", "limited", "closed"]
    for ruled in order:
        for asked in order:
            found, decided = rules.publicity_class(ruled, asked)
            assert order.index(found) == max(order.index(ruled), order.index(asked))
            assert decided == (found == ruled)


# ---- files -----------------------------------------------------------------------------------------------------


def opened(content: bytes, name: str = "a.xlsx"):
    return open_table(io.BytesIO(content), name=name, known=set(BY_LABEL), key="承诺编码", most_rows=1_000)


@pytest.mark.req("R35")
def test_columns_are_found_by_their_names_wherever_they_stand(place) -> None:
    rows = [place.row(number) for number in range(3)]
    head = ["备用", *reversed(stage.HEAD), "经办人"]
    for content in (
        stage.xlsx(rows, head),
        stage.xlsx(rows, head, title="2026 年 8 月归集表"),
        stage.xlsx(
            [{f" {label}*": value for label, value in row.items()} for row in rows],
            [f" {label}*" for label in stage.HEAD],
        ),
        stage.xlsx(
            [{f"{label}（必填）": value for label, value in row.items()} for row in rows],
            [f"{label}（必填）" for label in stage.HEAD],
        ),
    ):
        assert place.bring(content, dry_run=True).good == 3


@pytest.mark.req("R35")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_in_the_usual_encodings_comes_in_and_goes_out_with_its_errors(place, encoding) -> None:
    rows = [
        place.row(1),
        place.row(2, f2="𬭎䶮商贸有限公司"),
        place.row(3, f11="不知道"),
        place.row(4, f6="=1+1"),
    ]
    job = place.bring(stage.as_csv(rows, encoding=encoding), name="承诺.csv")
    assert (job.good, job.bad) == (3, 1)
    assert Commitment.objects.filter(subject_name="𬭎䶮商贸有限公司").exists()
    back = list(csv.reader(io.StringIO(results.content_of(job, "csv").decode("utf-8-sig"), newline="")))
    assert back[0][-2:] == ["错误说明", "原表行号"] and back[1][-1] == "4"
    assert back[1][:20] == [rows[2].get(label, "") for label in stage.HEAD]
    assert stage.result_of(job)[1][:20] == back[1][:20]


@pytest.mark.req("R35")
def test_dates_numbers_and_formulas_of_a_real_workbook(place) -> None:
    right = place.row(1)
    right |= {
        "承诺作出日期": (date.fromisoformat(right["承诺作出日期"]) - date(1899, 12, 30)).days,
        "承诺有效期": "2026年12月31日",
        "备注": 12,
    }
    formula = place.row(2) | {"承诺事由": ("=A1&B1", None, "办理")}
    number = place.row(3) | {"承诺人代码": 123456789012345678}
    hidden = place.row(4, f7="承诺\u202e内容")
    job = place.bring(stage.xlsx([right, formula, number, hidden]))
    assert (job.good, job.bad) == (1, 3)
    assert Commitment.objects.get().valid_until == date(2026, 12, 31)
    said = [row[-2] for row in stage.result_of(job)[1:]]
    assert "【承诺事由】单元格是公式" in said[0] and "【承诺人代码】编码被 Excel 变成了数字" in said[1]
    assert "【承诺内容】第 3 个字符不可见（U+202E）" in said[2]


def workbook(rows, *, change=None, extra=(), state="visible") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "承诺"
    page.append(stage.HEAD)
    for row in rows:
        page.append([row.get(label, "") for label in stage.HEAD])
    for name in extra:
        book.create_sheet(name).append(stage.HEAD)
    page.sheet_state = state
    if change:
        change(page)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.req("R35")
def test_merged_cells_hidden_and_doubled_sheets_are_named(place) -> None:
    row = place.row(1)
    for content, told in (
        (workbook([row], change=lambda page: page.merge_cells("A1:B1")), "表头有合并的单元格（A1:B1）"),
        (workbook([row, row], change=lambda page: page.merge_cells("F2:F3")), "第 2 行有合并的单元格"),
        (workbook([row], extra=["另一张"]), "有 2 张工作表都有“承诺编码”列"),
    ):
        with pytest.raises(IntakeRefused) as refused:
            opened(content)
        assert told in str(refused.value)
    with pytest.raises(IntakeRefused, match="隐藏的工作表"):
        opened(_hidden(row))


def _hidden(row) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "说明"
    page = book.create_sheet("数据")
    page.append(stage.HEAD)
    page.append([row.get(label, "") for label in stage.HEAD])
    page.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.req("R35")
def test_the_template_is_a_file_that_can_be_filled_in_and_explains_itself(place) -> None:
    book = openpyxl.load_workbook(io.BytesIO(results.template("xlsx")))
    page, told = book.worksheets
    assert [cell.value for cell in page[1]] == [*stage.HEAD, "办件编号"]
    assert len(page.data_validations.dataValidation) == 4
    assert [line[1].value for line in told.iter_rows(min_row=2)] == [*stage.HEAD, "办件编号"]
    row = place.row(1)
    for column, label in enumerate(stage.HEAD, 1):
        page.cell(2, column, row.get(label) or None)
    out = io.BytesIO()
    book.save(out)
    assert place.bring(out.getvalue(), dry_run=True).good == 1
    assert results.template("csv").decode("utf-8-sig").strip().split(",") == [*stage.HEAD, "办件编号"]


@pytest.mark.req("R35")
def test_scans_go_in_with_their_rows(place) -> None:
    rows = [place.row(1), place.row(2), place.row(3), place.row(4)]
    for row in rows:
        row["办件编号"] = f"办{row['承诺编码'][-3:]}"
    png = make_png()
    scans = stage.zipped(
        {
            f"{rows[0]['承诺编码']}.png": png,
            f"扫描/{rows[1]['办件编号']}.png": png,
            f"{rows[2]['承诺编码']}.pdf": b"<html>no pdf</html>",
            "没有这一行.png": png,
        },
        gbk=True,
    )
    job = place.bring(stage.xlsx(rows, [*stage.HEAD, "办件编号"]), scans=stage.jobs.Upload("扫描.zip", scans))
    assert (job.good, job.bad, job.scans_used, job.scans_total) == (3, 1, 2, 4)
    assert "扫描件" in stage.result_of(job)[1][-2]
    kept = Commitment.objects.exclude(signature=None).order_by("code")
    assert [row.code for row in kept] == [rows[0]["承诺编码"], rows[1]["承诺编码"]]
    assert kept[0].signed_by == "paper" and kept[0].case_ref == rows[0]["办件编号"]


def make_png() -> bytes:
    out = io.BytesIO()
    stage.Image.new("RGB", (20, 20), "white").save(out, "PNG")
    return out.getvalue()


# ---- the error workbook, cell by cell --------------------------------------------------------------------------


def wrong_rows(place) -> list[dict]:
    """One row for every way to be wrong."""
    first = place.row(0)
    return [
        first,
        place.row(1, f1="1301112026010600000"),
        place.row(2, f1="13011120260107A00003"),
        place.row(3, f1="99011120260108000004"),
        place.row(4, f1="13011120261309000005"),
        place.row(5, f1="13011120260101000006"),
        place.row(6, f1="41010320260111000007"),
        place.row(7, f4="91130111MA000462"),
        place.row(8, f4="91130111MI0004628N"),
        place.row(9, f4=make.organisation_code(9, region="990111")),
        place.row(10, f4=make.organisation_code(10, prefix="94")),
        place.row(11, f4="91130111MA00046281"),
        place.row(12, f3="个体工商户"),
        place.row(13, f2="", f6=""),
        place.row(14, f3="公司"),
        place.row(15, f5="承诺型"),
        place.row(16, f5="其他（试点）"),
        place.row(17, f7="诺" * 4001),
        place.row(18, f9="2026-02-30"),
        place.row(19, f10="2020-01-01"),
        place.row(20, f11="部分履行"),
        place.row(21, f11="全部履行", f12="有"),
        place.row(22, f12="有"),
        place.row(23, f17="别的单位"),
        place.row(24, f17="赞皇县测试局", f18=make.organisation_code(1, prefix="11", region="130129")),
        place.row(25, f19="公开"),
        place.row(26, f20="注" * 513),
        first | {"承诺事由": "第二次"},
        place.row(28, f3="自然人", f4="130111198503070011"),
        place.row(29, f18="1113011"),
        place.row(30, f2="名称\x07有限公司"),
        place.row(31, f4=first["承诺人代码"]),
    ]


@pytest.mark.req("R35")
def test_the_error_workbook_says_what_the_signed_table_says(place) -> None:
    rows = [
        {label: value.replace("\x07", "\ue000") for label, value in row.items()} for row in wrong_rows(place)
    ]
    job = place.bring(stage.xlsx(rows))
    assert job.good == 1
    found = [(line[-1], line[-2].split("：", 1)[1]) for line in stage.result_of(job)[1:]]
    said = [
        (row, text.replace(place.unit.name, "（本单位）").replace(str(TODAY), "（今天）"))
        for row, text in found
    ]
    golden = list(csv.reader(GOLDEN.open(encoding="utf-8-sig", newline="")))[1:]
    assert said == [(row, text) for row, text in golden]
    # What comes back is what was sent in.
    for line in stage.result_of(job)[1:]:
        assert line[:20] == [rows[int(line[-1]) - 2].get(label, "") for label in stage.HEAD]


@pytest.mark.req("R35")
def test_a_name_that_does_not_fit_its_code_is_told_with_whatever_else_is_wrong_in_one_round(place) -> None:
    known = place.row(1)
    assert place.bring(stage.xlsx([known])).good == 1
    at = known["承诺人代码"]
    rows = [
        place.row(2, f2="栾城区别的名称有限公司", f4=at, f10="2020-01-01"),
        place.row(3, f2=known["承诺人名称"], f4=at, f10="2020-01-01"),
        place.row(4, f2="栾城区别的名称有限公司", f4=at[:-1], f10="2020-01-01"),
    ]
    said = [line[-2] for line in stage.result_of(place.bring(stage.xlsx(rows), name="二.xlsx"))[1:]]
    assert all("【承诺有效期】承诺有效期不能早于承诺作出日期。" in text for text in said)
    fits = [f"这个代码登记的名称是“{known['承诺人名称']}”" in text for text in said]
    # Where the code itself is wrong, nobody can be asked for.
    assert fits == [True, False, False]


@pytest.mark.req("R35")
def test_the_office_hands_in_for_the_units_below_and_nobody_for_others(place) -> None:
    office = make.department(kind="credit_office", region="130100")
    other = make.department(region="130129")
    far = make.department(region="410103")
    scope = planning.scope_of(office)
    assert {place.unit.uscc, other.uscc, office.uscc} <= set(scope) and far.uscc not in scope
    assert set(planning.scope_of(place.unit)) == {place.unit.uscc}
    rows = [place.row(1), stage.row(other, 2), stage.row(far, 3)]
    job = stage.jobs.start(
        file=stage.jobs.Upload("a.xlsx", stage.xlsx(rows)),
        department=office,
        actor=None,
        now=stage.NOW,
        queue=False,
    )
    job = stage.jobs.carry_on(job_id=job.pk, now=stage.NOW)
    assert (job.good, job.bad) == (2, 1)
    assert job.created_at + timedelta(days=results.KEPT_DAYS) <= job.expires_at + stage.MINUTE
    assert BulkJob.objects.get().owner is None
