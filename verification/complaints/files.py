"""A file of complaints: read and looked through row by row, taken in as a whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from credit_portal.audit.clock import local_date
from credit_portal.documents import sheets
from credit_portal.registry.models import User
from verification.memberships.reading import FieldErrors

from .reading import FIELDS, HEADS, Told, read
from .taking import By, ComplaintRefused, RowsRefused, Source, Taken, by_person, take

MOST_ROWS = 2_000
_BY_HEAD = {head: key for key, head in HEADS.items()}


class _OnlyLooked(Exception):
    """Everything is right; nothing is kept, because nothing was to be."""

    def __init__(self, taken: Taken) -> None:
        self.taken = taken


def template() -> bytes:
    """An empty xlsx: its head, text cells, and a choice where there is one."""
    lists = {
        column: one.among
        for column, one in enumerate(FIELDS)
        if one.among and len(",".join(one.among)) <= 255
    }
    return sheets.write("xlsx", list(HEADS.values()), [], title="消费投诉", lists=lists)


def take_file(*, name: str, content: bytes, look: bool, actor: User, now: datetime) -> Taken:
    """Take a file in; with `look`, only say what it would bring. Raises ComplaintRefused for the file as a whole, RowsRefused
    with what is wrong by row."""
    by = by_person(actor, Source.FILE)
    told = _rows(name, content)
    found: dict[int, Told] = {}
    faults: dict[int, Sequence[tuple[str, str]]] = {}
    for place, values in told:
        try:
            found[place] = read(values, today=local_date(now))
        except FieldErrors as error:
            faults[place] = list(error.errors.items())
    if faults:
        raise RowsRefused(faults)
    try:
        with transaction.atomic():
            return _take(found, by, look, now)
    except _OnlyLooked as looked:
        return looked.taken


def _take(rows: Mapping[int, Told], by: By, look: bool, now: datetime) -> Taken:
    taken = take(rows, by=by, now=now)
    if look:
        raise _OnlyLooked(taken)
    return taken


def _rows(name: str, content: bytes) -> list[tuple[int, dict[str, str]]]:
    try:
        told = list(sheets.read(name, content))
    except sheets.SheetError as error:
        raise ComplaintRefused(str(error), field="file") from error
    if not told:
        raise ComplaintRefused("文件里没有数据。", field="file")
    if len(told) > MOST_ROWS:
        raise ComplaintRefused(
            f"一个文件最多 {MOST_ROWS} 行，现为 {len(told)} 行，请分开上传。", field="file"
        )
    heads = {head for row in told for head in row if head}
    if missing := [one.head for one in FIELDS if one.must and one.head not in heads]:
        raise ComplaintRefused(f"表头缺少：{'、'.join(missing)}。请用本页的模板。", field="file")
    if unknown := sorted(heads - set(_BY_HEAD)):
        raise ComplaintRefused(f"表头没有“{unknown[0][:40]}”这一列。请用本页的模板。", field="file")
    # The first row is the head.
    return [
        (place, {_BY_HEAD[head]: value for head, value in row.items() if head})
        for place, row in enumerate(told, start=2)
    ]
