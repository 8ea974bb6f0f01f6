"""All public commitments as one file, made piece by piece: no piece is held longer than it takes to send."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from credit_portal.documents.writing import BOM, text_cell

from .gate import RECORD_COLUMNS, listed_commitments, record_row
from .renderers import to_json

PIECE = 2_000
OBJECTION = "异议处理中"

COLUMNS = (
    "承诺编码", "承诺人名称", "承诺人类别", "承诺人代码", "承诺类型", "承诺事由", "承诺内容", "违诺责任", "承诺作出日期",
    "承诺有效期", "承诺履行状态", "承诺受理单位", "承诺受理单位代码", "受理地", "公示日期", "文本校验值", "PDF校验值", "异议",
)  # fmt: skip


def records(now: datetime) -> Iterator[list[dict[str, Any]]]:
    """Public records in pieces, newest first. Each piece asks the gate anew, so that what is withdrawn while a long
    file is sent is not in the rest of it; and no transaction stays open for as long as a visitor's line is slow."""
    edge = None
    while True:
        rows = listed_commitments(now).order_by("-id")
        if edge is not None:
            rows = rows.filter(id__lt=edge)
        piece = list(rows.values(*RECORD_COLUMNS)[:PIECE])
        if not piece:
            return
        edge = piece[-1]["id"]
        yield [record_row(row) for row in piece]


def as_json_lines(now: datetime) -> Iterator[bytes]:
    """One record a line, with the fields of the API."""
    for piece in records(now):
        yield b"".join(to_json(record) + b"\n" for record in piece)


def as_csv(now: datetime) -> Iterator[bytes]:
    """A table for Excel: BOM, Chinese headings as in the collection format, no cell that could be a formula."""
    yield (BOM + _lines([COLUMNS])).encode()
    for piece in records(now):
        yield _lines([_cells(record) for record in piece]).encode()


def _cells(record: dict[str, Any]) -> list[str]:
    subject, department = record["subject"], record["department"]
    values = (
        record["code"], subject["name"], subject["kind_label"], subject["code"], record["type_label"],
        record["item"]["name"], _clauses(record, "pledge"), _clauses(record, "liability"), record["made_on"],
        record["valid_until"], record["status_label"], department["name"], department["code"],
        record["region"]["name"], record["published_on"], record["text_sha256"], record["pdf_sha256"],
        OBJECTION if record["objection_under_way"] else "",
    )  # fmt: skip
    return [text_cell(value) for value in values]


def _clauses(record: dict[str, Any], kind: str) -> str:
    return "\n".join(clause["text"] for clause in record["clauses"] if clause["kind"] == kind)


def _lines(rows: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
