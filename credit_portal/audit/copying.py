"""Rows by the thousand straight into a table (COPY). Who calls it writes history and events as well: nothing does that for it."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Model

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows to a table, in their order, in the caller's transaction. The table's own constraints hold: what they refuse
    is an IntegrityError as of any other statement (the driver's COPY by itself raises its own)."""
    with connection.wrap_database_errors, connection.cursor() as cursor:
        names = ", ".join(columns)
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", _Lines(map(_line, rows)))


def copy_models(rows: Sequence[Model]) -> None:
    """Store new rows of one model; they have their ids afterwards. (For models without array columns.)"""
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not field.generated]
    if meta.pk.attname == "id" and rows[0].pk is None:
        for row, key in zip(rows, reserve_ids(meta.db_table, len(rows)), strict=True):
            row.pk = key
    copy_rows(
        meta.db_table,
        [field.column for field in fields],
        ([getattr(row, field.attname) for field in fields] for row in rows),
    )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def copy_with_history(rows: Sequence[Model], *, actor_id: int | None, now: datetime) -> None:
    """Store new rows of one model, and for each the row of its history."""
    if not rows:
        return
    copy_models(rows)
    meta = rows[0]._meta
    names = ", ".join(field.column for field in meta.concrete_fields)
    history = type(rows[0]).history.model._meta.db_table  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {history} ({names}, history_date, history_type, history_user_id)"  # noqa: S608
            f" SELECT {names}, %s, '+', %s FROM {meta.db_table} WHERE id = ANY (%s) ORDER BY id",
            [now, actor_id, [row.pk for row in rows]],
        )


def _line(row: Sequence[Any]) -> str:
    return "\t".join(map(_field, row)) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    return str(value)


class _Lines(io.TextIOBase):
    """An iterator of lines as the file that COPY reads."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        parts, length = [], 0
        for line in self._lines:
            parts.append(line)
            length += len(line)
            if size is not None and 0 < size <= length:
                break
        return "".join(parts)


def reserve_ids(table: str, count: int) -> list[int]:
    """Ids of the table's own sequence, ascending; others may have some in between."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
        )
        return sorted(row[0] for row in cursor.fetchall())
