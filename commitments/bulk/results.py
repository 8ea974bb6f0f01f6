"""What did not go in, handed back as the same table with a column that says why. Kept for a time, then removed; the record of
the upload stays."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from commitments.collection_format import FIELDS
from commitments.models import BulkFault, BulkJob
from credit_portal.documents.intake import Table
from credit_portal.documents.workbook import BORN, Book
from credit_portal.documents.writing import BOM, text_cell
from credit_portal.registry.crypto import SealBroken, open_bytes, seal_bytes

from .columns import BY_LABEL, ERROR, HELP, KEY, LABELS, OWN_NUMBER, ROW, kind_in_words, must_in_words

# How long a result can be fetched.
KEPT_DAYS = 30
AT_ONCE = 2_000
DIFFERENT_HEAD = ("行", KEY, "项", "原来的", "文件中的")
DIFFERENT = "内容不同，没有覆盖，请在上传页面对照并确认是否采用。"
ROWS_OF_TEMPLATE = 100_000
Kind = BulkFault.Kind


class ResultGone(Exception):
    """The result is not there any more, or cannot be opened."""


# ---- written -----------------------------------------------------------------------------------------------


def write(job: BulkJob, table: Table, *, now: datetime) -> None:
    """Make the result of a job and seal it; names it on the job, which the caller saves."""
    job.result_name = f"{job.uuid.hex[:2]}/{job.uuid.hex}"
    job.expires_at = now + timedelta(days=KEPT_DAYS)
    with TemporaryFile() as out:
        _xlsx(out, job, table)
        content = _keep(job, "xlsx", out)
        job.result_sha256 = hashlib.sha256(content).hexdigest()
    if job.kind == BulkJob.Kind.CSV:
        with TemporaryFile() as out:
            _csv(out, job, table)
            _keep(job, "csv", out)


def _keep(job: BulkJob, kind: str, out: IO[bytes]) -> bytes:
    out.seek(0)
    content = out.read()
    storage, name = storages["results"], f"{job.result_name}.{kind}"
    # Left by a process that died before the job knew of it.
    storage.delete(name)
    storage.save(name, ContentFile(seal_bytes(content, aad=_aad(job, kind))))
    return content


def _aad(job: BulkJob, kind: str) -> bytes:
    return f"bulk_result:{job.uuid}:{kind}".encode()


def _columns(table: Table) -> list[int]:
    """The columns of the file in their order, without those that an earlier result had added."""
    last = max(table.head.labels)
    return [place for place in range(last + 1) if table.head.labels.get(place) not in (ERROR, ROW)]


def head_of(table: Table) -> list[str]:
    return [*(table.head.labels.get(place, "") for place in _columns(table)), ERROR, ROW]


def rows_of(job: BulkJob, table: Table) -> Iterator[list[str]]:
    """The rows that did not go in, as they came, each with what is wrong: sheet, row, column."""
    places = _columns(table)
    faults = _faults(job)
    fault = next(faults, None)
    for number, cells in table.rows():
        if fault is None:
            return
        if number == fault.row:
            yield [*(str(cells.get(place, "")) for place in places), said_of(job, fault), str(number)]
            fault = next(faults, None)


def _faults(job: BulkJob) -> Iterator[BulkFault]:
    rows = BulkFault.objects.filter(job=job).defer("sealed").order_by("row")
    last = 0
    while piece := list(rows.filter(row__gt=last)[:AT_ONCE]):
        yield from piece
        last = piece[-1].row


def said_of(job: BulkJob, fault: BulkFault) -> str:
    where = f"工作表“{job.sheet}”第 {fault.row} 行" if job.sheet else f"第 {fault.row} 行"
    if fault.kind == Kind.DIFFERENT:
        names = "、".join(label_of(number) for number, _, _ in fault.changes)
        return f"{where}：【{names}】与已导入的{DIFFERENT}"
    return f"{where}：" + "".join(f"【{label}】{problem}" for label, problem in fault.faults)


def label_of(number: str) -> str:
    return LABELS.get(int(number), number)


def _xlsx(out: IO[bytes], job: BulkJob, table: Table) -> None:
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"created": BORN})
    looks = {
        "head": book.add_format({"bold": True, "num_format": "@", "text_wrap": True, "valign": "top"}),
        "cell": book.add_format({"num_format": "@", "valign": "top"}),
        "error": book.add_format(
            {"num_format": "@", "valign": "top", "text_wrap": True, "font_color": "#a3221b"}
        ),
    }
    head = head_of(table)
    sheet = book.add_worksheet(job.sheet[:31] or "承诺信息")
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(head) - 3, 22, looks["cell"])
    sheet.set_column(len(head) - 2, len(head) - 2, 60, looks["error"])
    _put(sheet, 0, head, looks["head"])
    for line, row in enumerate(rows_of(job, table), start=1):
        _put(sheet, line, row[:-2], looks["cell"])
        sheet.write_string(line, len(row) - 2, row[-2], looks["error"])
        sheet.write_string(line, len(row) - 1, row[-1], looks["cell"])
    if job.different:
        beside = book.add_worksheet("内容不同" if job.sheet != "内容不同" else "内容不同（对照）")
        beside.set_column(0, 2, 20, looks["cell"])
        beside.set_column(3, 4, 50, looks["cell"])
        _put(beside, 0, DIFFERENT_HEAD, looks["head"])
        line = 1
        for fault in _faults(job):
            for number, old, new in fault.changes:
                _put(beside, line, (str(fault.row), fault.code, label_of(number), old, new), looks["cell"])
                line += 1
    book.close()


def _put(sheet: Any, line: int, cells: Sequence[str], look: Any) -> None:
    for column, text in enumerate(cells):
        sheet.write_string(line, column, text, look)


def _csv(out: IO[bytes], job: BulkJob, table: Table) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    text.write(BOM)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head_of(table))
    writer.writerows([text_cell(cell) for cell in row] for row in rows_of(job, table))
    text.flush()
    text.detach()


# ---- fetched, removed --------------------------------------------------------------------------------------


def content_of(job: BulkJob, kind: str) -> bytes:
    """The result as xlsx, of a csv file as csv, too. Raises ResultGone."""
    if not job.result_name or (kind == "csv" and job.kind != BulkJob.Kind.CSV):
        raise ResultGone("没有错误表，或者保存的时间已过。")
    try:
        with storages["results"].open(f"{job.result_name}.{kind}") as stored:
            return open_bytes(stored.read(), aad=_aad(job, kind))
    except (OSError, SealBroken) as error:
        raise ResultGone("错误表打不开，请重新上传一次原文件。") from error


def remove_expired(*, now: datetime) -> int:
    """Results whose time is over. The file goes first: a row that still names it is tried again."""
    rows = list(BulkJob.objects.filter(expires_at__lt=now).exclude(result_name="").order_by("pk")[:AT_ONCE])
    for job in rows:
        for kind in ("xlsx", "csv"):
            storages["results"].delete(f"{job.result_name}.{kind}")
        BulkJob.objects.filter(pk=job.pk).update(result_name="")
    return len(rows)


# ---- the template ------------------------------------------------------------------------------------------


def template(kind: str) -> bytes:
    """An empty table: text cells, lists to choose from, and in an xlsx a sheet that explains each field."""
    labels = [*(label for label, number in BY_LABEL.items() if number), OWN_NUMBER]
    if kind == "csv":
        out = io.StringIO()
        out.write(BOM)
        csv.writer(out, lineterminator="\r\n").writerow(labels)
        return out.getvalue().encode()
    from_fields = {field.number: field for field in FIELDS}
    book = Book()
    sheet = book.page("承诺信息")
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(labels) - 1, 22, book.formats["head"])
    for column, label in enumerate(labels):
        sheet.write_string(0, column, label, book.formats["column"])
        field = from_fields.get(BY_LABEL[label])
        if field is not None and field.among:
            words = [*field.among, "履行中"] if field.number == 11 else list(field.among)
            sheet.data_validation(
                1, column, ROWS_OF_TEMPLATE, column,
                # Type 5 may also be 其他（…）: a warning, not a refusal.
                {
                    "validate": "list", "source": words, "error_type": "warning" if field.number == 5 else "stop",
                    "error_title": label, "error_message": f"请从列表中选择：{'、'.join(words)}"[:255],
                },
            )  # fmt: skip
    lines = [("项", "字段", "类型、长度", "是否必填", "可以填写的内容", "说明")]
    for label in labels:
        number = BY_LABEL[label]
        field = from_fields.get(number)
        if field is None:
            lines.append(("", label, "文本，最多 60 个字", "可不填", "", HELP[number]))
        else:
            lines.append(
                (
                    str(number),
                    label,
                    kind_in_words(field),
                    must_in_words(field),
                    "、".join(field.among),
                    HELP[number],
                )
            )
    told = book.page("填写说明")
    told.set_column(0, 0, 6)
    told.set_column(1, 3, 24)
    told.set_column(4, 5, 60)
    book.write(told, lines)
    return book.content()
