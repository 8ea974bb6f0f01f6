"""Receipts as files: a table with 记录号, 结果 (接收 or 退回), 字段 (number, may be empty), 理由 and 平台流水号; several lines
of one refused record name several fields."""

import io
from collections.abc import Iterable

from commitments import collection_format as form
from credit_portal.documents.intake import IntakeRefused, open_texts

from .batches import ExchangeError
from .receipts import Answer

COLUMNS = ("记录号", "结果", "字段", "理由", "平台流水号")
# Of a hundred thousand records, each refused for two reasons.
MOST_ROWS = 200_000
YES, NO = "接收", "退回"
# A field may be named by its number or in words.
BY_LABEL = {one.label: str(one.number) for one in form.FIELDS}


def read_answers(name: str, content: bytes) -> list[Answer]:
    """The answers of a receipt file. Raises ExchangeError naming row and column."""
    try:
        table = open_texts(io.BytesIO(content), name=name, known=COLUMNS, most_rows=MOST_ROWS)
        if table.count and (missing := [label for label in COLUMNS[:2] if label not in table.heads]):
            raise ExchangeError(f"回执缺少列：{'、'.join(missing)}。", field="file")
        return _answers(table.rows())
    except IntakeRefused as error:
        raise ExchangeError(str(error), field="file") from error


def _answers(rows: Iterable[tuple[int, dict[str, str]]]) -> list[Answer]:
    found: dict[str, Answer] = {}
    for line, row in rows:
        key, result = row.get("记录号", "").strip(), row.get("结果", "").strip()
        number, reason = row.get("字段", "").strip(), row.get("理由", "").strip()
        if not key:
            raise ExchangeError(f"第 {line} 行：记录号为空。", field="file")
        if result not in (YES, NO):
            raise ExchangeError(f"第 {line} 行：结果应为“{YES}”或“{NO}”，现为“{result[:40]}”。", field="file")
        number = BY_LABEL.get(number, number)
        if number and not (number.isdigit() and int(number) in form.BY_NUMBER):
            raise ExchangeError(f"第 {line} 行：没有第“{number[:40]}”项。", field="file")
        if result == NO and not reason:
            raise ExchangeError(f"第 {line} 行：退回的记录没有理由。", field="file")
        before = found.get(key)
        if before is not None and (result == YES or before.accepted):
            raise ExchangeError(f"第 {line} 行：记录 {key[:60]} 出现了两次。", field="file")
        reasons = [*(before.reasons if before else ()), *([(number, reason[:500])] if result == NO else [])]
        found[key] = Answer(key, result == YES, tuple(reasons), row.get("平台流水号", "").strip()[:100])
    if not found:
        raise ExchangeError("回执中没有记录。", field="file")
    return list(found.values())
