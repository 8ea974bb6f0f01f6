"""What a request has written that stays: every statement with its values, without those of a savepoint rolled back."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from credit_portal.audit import copying

_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
_SAVEPOINT = re.compile(
    r'\s*(ROLLBACK TO SAVEPOINT|RELEASE SAVEPOINT|SAVEPOINT)\s+"?([\w.-]+)', re.IGNORECASE
)
COPIED = "copied"
# Written by any request: who has read, how often somebody tried, the session.
ASIDE = re.compile(r"django_session|readlog|axes|throttle|subjectsession|attempt")


def strings(value: Any) -> Iterator[str]:
    """Every text within a value of a statement."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings(key)
            yield from strings(one)
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from strings(one)
    elif hasattr(value, "adapted"):
        yield from strings(value.adapted)


class Writes:
    def __init__(self) -> None:
        self.rows: list[tuple[str, Any]] = []
        self._marks: dict[str, int] = {}

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        said = str(sql)
        if found := _SAVEPOINT.match(said):
            verb, name = found[1].upper(), found[2]
            if verb == "SAVEPOINT":
                self._marks[name] = len(self.rows)
            elif verb.startswith("ROLLBACK"):
                del self.rows[self._marks.get(name, 0) :]
        done = execute(sql, params, many, context)
        if found := _WRITES.match(said):
            self.rows.append((found[1], params))
        return done

    def kept(self) -> list[tuple[str, Any]]:
        return [(table, params) for table, params in self.rows if not ASIDE.search(table)]

    def texts(self) -> list[str]:
        return [text for _table, params in self.kept() for text in strings(params)]


@contextmanager
def watched() -> Iterator[Writes]:
    found = Writes()
    line = copying._line

    def copied(row: Sequence[Any]) -> str:
        found.rows.append((COPIED, list(row)))
        return line(row)

    with pytest.MonkeyPatch.context() as patched, connection.execute_wrapper(found):
        # A table that is copied into has no statement with values.
        patched.setattr(copying, "_line", copied)
        yield found
