"""A file of complaints: read and looked through row by row, taken in as a whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.documents.intake import IntakeRefused, List
from credit_portal.registry.models import User
from verification.memberships.reading import FieldErrors

from .reading import FIELDS, HEADS, Told, read
from .taking import By, ComplaintRefused, RowsRefused, Source, Taken, by_person, take

MOST_ROWS = 2_000
LIST = List(
    {head: key for key, head in HEADS.items()},
    needed=[one.head for one in FIELDS if one.must],
    most_rows=MOST_ROWS,
)


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
    return writing.write("xlsx", list(HEADS.values()), [], title="消费投诉", lists=lists)


def take_file(*, name: str, content: bytes, look: bool, actor: User, now: datetime) -> Taken:
    """Take a file in; with `look`, only say what it would bring. Raises ComplaintRefused for the file as a whole, RowsRefused
    with what is wrong by row."""
    by = by_person(actor, Source.FILE)
    try:
        told = LIST.read(name, content)
    except IntakeRefused as error:
        raise ComplaintRefused(str(error), field="file") from error
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
