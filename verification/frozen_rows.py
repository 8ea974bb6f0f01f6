"""The rows of an answer as the database keeps them: what many rows share is kept once.

A check of a record of a thousand entries has as many reasons, nearly alike; spelt out they are some hundreds of kilobytes
to send, parse and compress while somebody waits at the counter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import models

Row = dict[str, Any]


class PlainJSON(json.JSONEncoder):
    """Chinese as itself instead of ``\\u4fe1``: half the size."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "ensure_ascii": False})


def pack(rows: Sequence[Row], own: Sequence[str]) -> dict[str, Any]:
    """Rows of the same names as {"own": names, "alike": names, "shared": [values], "rows": [[number of the shared part,
    own values …]]}. ``own``: the names whose values differ from row to row. KeyError where a row lacks a name."""
    names = [name for name in rows[0] if name not in own] if rows else []
    numbers: dict[tuple[Any, ...], int] = {}
    packed = [
        [numbers.setdefault(tuple([row[name] for name in names]), len(numbers)), *[row[name] for name in own]]
        for row in rows
    ]
    return {"own": list(own), "alike": names, "shared": [list(key) for key in numbers], "rows": packed}


def unpack(packed: Any) -> list[Row]:
    """The rows again, as they were put in. Rows that were stored spelt out come back as they are."""
    if not isinstance(packed, dict):
        return list(packed)
    names = [*packed["alike"], *packed["own"]]
    shared = packed["shared"]
    return [dict(zip(names, [*shared[number], *own], strict=True)) for number, *own in packed["rows"]]


class FrozenRowsField(models.JSONField):
    """A list of flat rows with the same names, kept packed. Values that rows may share must be hashable (text, number, truth, nothing)."""

    def __init__(self, *args: Any, own: Sequence[str] = (), **kwargs: Any) -> None:
        self.own = tuple(own)
        super().__init__(*args, **{"default": list, "encoder": PlainJSON, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "own": self.own}

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(
            pack(value, self.own) if isinstance(value, list) else value, connection
        )

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        return None if found is None else unpack(found)
