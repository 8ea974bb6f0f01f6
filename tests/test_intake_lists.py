"""Lists as offices write them: what a cell reads as, where the head is, which row is which."""

import io
from datetime import date, datetime, time

import openpyxl
import pytest

from credit_portal.documents.intake import IntakeRefused, List, open_sheets, open_texts
from credit_portal.documents.intake.styles import shows_a_day
from credit_portal.documents.writing import write

HEADS = {"名称": "name", "代码": "code", "日期": "on", "金额（元）": "sum"}
PLAIN = List(HEADS, needed=["名称", "代码"], most_rows=3, beside=("问题",))


def book(*lines: list[object], title: str = "名单", more: str = "", **formats: str) -> bytes:
    made = openpyxl.Workbook()
    page = made.active
    page.title = title
    for line in lines:
        page.append(line)
    for cell, wanted in formats.items():
        page[cell].number_format = wanted
    if more:
        made.create_sheet(more).append(["说明"])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.req("R35")
def test_a_cell_reads_as_a_person_sees_it() -> None:
    content = book(
        ["栾城区名单"],
        [],
        ["* 名称", "代码", "日期（年月日）", "金额（元）"],
        ["  甲  ", "0012", date(2026, 5, 31), 0.1 + 0.2],
        [],
        ["乙", 91130111, datetime(2026, 5, 31, 8, 30), True],
        ["'=1+1", "x", 46173, 2026.0],
        more="填写说明",
        C7='yyyy"年"m"月"d"日"',
    )
    assert PLAIN.read("名单.xlsx", content) == [
        (4, {"name": "甲", "code": "0012", "on": "2026-05-31", "sum": "0.3"}),
        (6, {"name": "乙", "code": "91130111", "on": "2026-05-31 08:30:00", "sum": "TRUE"}),
        (7, {"name": "=1+1", "code": "x", "on": "2026-05-31", "sum": "2026"}),
    ]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("yyyy-mm-dd", True), ('yyyy"年"m"月"d"日"', True), ("[$-804]m/d;@", True), ("h:mm", False), ("[h]:mm:ss", False),
        ("General", False), ("@", False), ('0.00"day"', False), ("#,##0_);[Red](#,##0)", False), (r"0\d", False),
    ],
)  # fmt: skip
def test_which_formats_show_a_day(code: str, shown: bool) -> None:
    assert shows_a_day(code) is shown


def test_a_workbook_that_counts_from_1904_has_the_same_days() -> None:
    made = openpyxl.Workbook()
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made.active.append(["名称", "代码", "日期"])
    made.active.append(["甲", "1", date(2026, 5, 31)])
    made.active.append(["乙", "2", time(8, 30)])
    out = io.BytesIO()
    made.save(out)
    told = [row["on"] for _, row in PLAIN.read("a.xlsx", out.getvalue())]
    # A time alone is no day, and stays the number that it is.
    assert told[0] == "2026-05-31" and told[1].startswith("0.354")


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_the_three_kinds_say_the_same_and_number_their_rows_alike(kind: str) -> None:
    rows = [["甲", "0012", "=1+1", ""], ["乙", "130111199001011234", "", "说"]]
    content = write(kind, ["名称", "代码", "金额（元）", "问题"], rows)
    assert PLAIN.read(f"a.{kind}", content) == [
        (2, {"name": "甲", "code": "0012", "sum": "=1+1"}),
        (3, {"name": "乙", "code": "130111199001011234", "sum": ""}),
    ]


def test_a_json_keeps_long_numbers_and_says_where_it_is_wrong() -> None:
    content = b'[{"\xe5\x90\x8d\xe7\xa7\xb0": "a", "\xe4\xbb\xa3\xe7\xa0\x81": 130111199001011234}, {}, {"\xe5\x90\x8d\xe7\xa7\xb0": true}]'
    assert PLAIN.read("a.json", content) == [
        (2, {"name": "a", "code": "130111199001011234"}),
        (4, {"name": "TRUE", "code": ""}),
    ]
    with pytest.raises(IntakeRefused, match="第 2 行第 5 列不是合规的 JSON"):
        PLAIN.read("a.json", '[\n{"名称" 1}]'.replace('"名称"', '""').encode())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([["名称", "代码"]], "没有数据"),
        ([["代码", "问题"], ["1", "2"]], "表头缺少：名称"),
        ([["随便"], ["1"]], "表头缺少：名称、代码"),
        ([["名称", "代码", "颜色"], ["1", "2", "3"]], "没有“颜色”这一列"),
        ([["名称", "代码", "名称"], ["1", "2", "3"]], "表头“名称”出现两次"),
        ([["名称", "代码"], *[["1", "2"]] * 4], "最多 3 行，现为 4 行"),
        ([["名称", "代码"], ["甲", "=1+1"]], "第 2 行“代码”是没有结果的公式"),
        ([["名称", "代码"], [], ["#N/A", "1"]], "第 3 行“名称”是错误值 #N/A"),
    ],
)
def test_what_is_wrong_with_a_list_is_named(lines: list[list[object]], said: str) -> None:
    with pytest.raises(IntakeRefused, match=said):
        PLAIN.read("a.xlsx", book(*lines))


def test_sheets_are_found_by_their_names_and_others_left_alone() -> None:
    made = openpyxl.Workbook()
    made.active.title = "说明"
    made.active.append(["事项", "随便"])
    for title, lines in {
        "材料": [["代码", "材料"], ["1", "表"]],
        "事项": [["代码", "名称"], ["1", "甲"], ["2", "乙"]],
    }.items():
        page = made.create_sheet(title)
        for line in lines:
            page.append(line)
    out = io.BytesIO()
    made.save(out)
    wanted = {"事项": {"代码", "名称"}, "材料": {"代码", "材料"}, "附件": {"代码"}}
    found = open_sheets(io.BytesIO(out.getvalue()), name="a.xlsx", wanted=wanted)
    assert {title: (sheet.heads, sheet.count) for title, sheet in found.items()} == {
        "材料": (["代码", "材料"], 1), "事项": (["代码", "名称"], 2),
    }  # fmt: skip
    assert list(found["事项"].rows())[1] == (3, {"代码": "2", "名称": "乙"})
    with pytest.raises(IntakeRefused, match="没有名为“目录”的工作表"):
        open_sheets(io.BytesIO(out.getvalue()), name="a.xlsx", wanted={"目录": {"代码"}})


def test_rows_come_one_by_one_as_often_as_they_are_asked_for() -> None:
    table = open_texts(
        io.BytesIO("名称;代码\r\n甲;1\r\n\r\n乙;2".encode("gb18030")), name="a.csv", known=HEADS
    )
    assert (table.heads, table.count) == (["名称", "代码"], 2)
    for _ in range(2):
        assert [row for row, _ in table.rows()] == [2, 4]
