"""Finding public commitments: by a part of a name, by code, by what narrows the list; newest first.

Two ways lead to the rows of a name. One walks the newest rows and compares: quick where the name is common. The other
asks the index of fragments which subjects bear it, then for their newest commitments: quick where it is rare. How
common the fragment is decides which goes first; both give exactly what LIKE gives. docs/search.md has the measurements.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

from . import fragments
from .gate import LISTED_COLUMNS, SHOWN_FULFILMENT, listed_commitments, listed_row
from .terms import Cursor, Terms, write_cursor

# How far the first way walks, and the narrower walk where rows themselves have to be fetched for a filter.
WINDOW, WINDOW_NARROWED = 60_000, 20_000
# The walk goes first where its window is expected to hold this many times the rows of a page.
MARGIN = 1.5
# With a filter the share says little about the walk: names borne by more subjects than this share are walked.
RARE_SHARE = 0.002
# A key of the fragment index that only repeats what a far rarer one says is left out.
TIMES_RARER = 30
# Names that a subject has put off are found, too, and dropped here; so a few more rows are asked for than needed.
SLACK = 3

# Milliseconds. A list waits no longer than the sum of its ways; a count never holds up a page.
FIRST_MS, SECOND_MS, COUNT_MS = 250, 1_500, 15

COUNT_WINDOW, COUNT_ENOUGH, COUNT_CAP = 20_000, 200, 1_000
COUNT_CAP_PLAIN = 10_000

NOTICE_PARTIAL = "符合条件的记录很多或很分散，这里只列出最近一部分中的结果。请多输入几个字，或加上受理单位、事项等条件再查。"
_MARK = datetime(1, 1, 1, tzinfo=UTC)
# The size of the whole list, and until when a process goes by it: it only makes estimates.
LISTED_SECONDS = 60
_listed: tuple[int, float] | None = None


@dataclass(frozen=True)
class Count:
    """How many there are: exactly, or about."""

    value: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.value} 条" if self.exact else f"约 {self.value} 条"


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first: `gate.listed_row` lines, cursors to the neighbours, and a notice (Chinese)
    where not everything could be looked at."""

    rows: list[dict[str, Any]]
    older: str | None
    newer: str | None
    notice: str = ""


Sql = tuple[str, list[Any]]


def find(terms: Terms, *, now: datetime) -> Page:
    """One page of what matches. One query as a rule; two where the first way did not fill the page."""
    if not _can_match(terms):
        return Page([], None, None)
    wanted = terms.page_size + 1
    rows, complete = _by_name(terms, now, wanted) if terms.name else _by_filters(terms, now, wanted)
    return _page(terms, rows, complete)


def count(terms: Terms, page: Page, *, now: datetime) -> Count:
    """How many match: exact where they are few, about where they are many. Never holds up the page."""
    if not _can_match(terms):
        return Count(0, True)
    if terms.cursor is None and page.older is None and not page.notice:
        return Count(len(page.rows), True)
    found = _count_name(terms, now) if terms.name else _count_plain(terms, now)
    return found if found.value >= len(page.rows) else Count(len(page.rows), False)


def like_pattern(text: str) -> str:
    """A LIKE pattern for «holds this text», with the text's own wildcards meaning themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


# The two ways of a name


def _by_name(terms: Terms, now: datetime, wanted: int) -> tuple[list[dict[str, Any]], bool]:
    def walk(milliseconds: int) -> list[dict[str, Any]] | None:
        return _rows_of(_walked(terms, now, wanted), terms, now, milliseconds)

    def subjects(milliseconds: int) -> list[dict[str, Any]] | None:
        return _rows_by_subjects(terms, now, wanted, milliseconds)

    if _walk_goes_first(terms, wanted):
        walked = walk(SECOND_MS)
        if walked is not None and len(walked) >= wanted:
            return walked, True
        found = subjects(SECOND_MS)
        return (found, True) if found is not None else (walked or [], False)
    found = subjects(FIRST_MS)
    if found is not None:
        return found, True
    # More bear the name than was thought: the frequencies are old, or the fragments common and their order rare.
    walked = walk(SECOND_MS)
    if walked is not None and len(walked) >= wanted:
        return walked, True
    found = subjects(SECOND_MS)
    return (found, True) if found is not None else (walked or [], False)


def _walk_goes_first(terms: Terms, wanted: int) -> bool:
    share = expected_share(terms.name, fragments.shares())
    if share is None:
        return True
    if _narrowed(terms):
        return share > RARE_SHARE
    return share * WINDOW >= MARGIN * wanted


def expected_share(text: str, shares: dict[str, float]) -> float | None:
    """The share of names that hold `text`, were each pair to depend on its first character alone; None: not counted."""
    if not shares:
        return None
    parts = fragments.parts_of(text)
    share = shares.get(parts[0], 0.0)
    for part in parts[1:]:
        share *= shares.get(part, 0.0) / max(shares.get(part[0], 1.0), 1e-9)
    return share


def _walked(terms: Terms, now: datetime, wanted: int) -> Sql:
    sql, params = _gate(("id", "subject_name"), terms, now)
    place, order, edge = _place(terms.cursor)
    window = WINDOW_NARROWED if _narrowed(terms) else WINDOW
    return (
        f"SELECT id FROM ({sql}{place} ORDER BY commitments_commitment.id {order} LIMIT %s) AS newest"  # noqa: S608
        " WHERE subject_name LIKE %s LIMIT %s",
        [*params, *edge, window, like_pattern(terms.name), wanted],
    )


def _of_subjects(terms: Terms, now: datetime, limit: int) -> Sql:
    sql, params = _gate(("id",), terms, now)
    place, order, edge = _place(terms.cursor)
    bearers, keys = _bearers(terms.name)
    return (
        f"{sql}{place} AND commitments_commitment.subject_id = ANY(ARRAY({bearers}))"
        f" ORDER BY commitments_commitment.id {order} LIMIT %s",
        [*params, *edge, *keys, limit],
    )


def _bearers(name: str) -> Sql:
    return (
        "SELECT subject_id FROM registry_subjectname WHERE fragments @> %s::text[] AND name LIKE %s",
        [_keys(name), like_pattern(name)],
    )


def _keys(name: str) -> list[str]:
    """The fragments worth asking the index for: the rarest, and those that are not common beside it."""
    shares = fragments.shares()
    ranked = sorted(fragments.parts_of(name), key=lambda part: shares.get(part, 0.0))
    bound = max(shares.get(ranked[0], 0.0), fragments.COMMON) * TIMES_RARER
    return [part for part in ranked if shares.get(part, 0.0) <= bound]


def _rows_by_subjects(
    terms: Terms, now: datetime, wanted: int, milliseconds: int
) -> list[dict[str, Any]] | None:
    limit = wanted + SLACK
    while True:
        candidates = _rows_of(_of_subjects(terms, now, limit), terms, now, milliseconds)
        if candidates is None:
            return None
        # A subject is found by any name that it ever bore; the commitment has the one it was signed under.
        rows = [row for row in candidates if terms.name in row["subject_name"]]
        if len(rows) >= wanted or len(candidates) < limit:
            return rows[:wanted]
        limit *= 4


# Lists without a name


def _by_filters(terms: Terms, now: datetime, wanted: int) -> tuple[list[dict[str, Any]], bool]:
    sql, params = _gate(("id",), terms, now)
    place, order, edge = _place(terms.cursor)
    params = [*params, *edge]
    direct = f"{sql}{place} ORDER BY commitments_commitment.id {order} LIMIT %s", [*params, wanted]
    rows = _rows_of(direct, terms, now, FIRST_MS)
    if rows is not None:
        return rows, True
    # Newest first was slow, so what is asked for is far from the newest: collect first, order afterwards.
    collected = (
        f"WITH hits AS MATERIALIZED ({sql}{place}) SELECT id FROM hits ORDER BY id {order} LIMIT %s",  # noqa: S608
        [*params, wanted],
    )
    rows = _rows_of(collected, terms, now, SECOND_MS)
    return (rows, True) if rows is not None else ([], False)


# Counting


def _count_name(terms: Terms, now: datetime) -> Count:
    sql, params = _gate(("id", "subject_name"), terms, now)
    walked = _guarded(
        f"SELECT count(*), count(*) FILTER (WHERE subject_name LIKE %s) FROM ({sql}"  # noqa: S608
        " ORDER BY commitments_commitment.id DESC LIMIT %s) AS newest",
        [like_pattern(terms.name), *params, COUNT_WINDOW],
        COUNT_MS,
    )
    seen, hits = walked[0] if walked else (0, 0)
    if walked and seen < COUNT_WINDOW:
        return Count(hits, True)
    total = _count_plain(Terms(**{**vars(terms), "name": ""}), now).value
    if seen:
        estimate = hits * total // seen
    else:
        # No time even for that: what the names in general say.
        estimate = int(total * (expected_share(terms.name, fragments.shares()) or 0))
    if hits < COUNT_ENOUGH and estimate <= 2 * COUNT_CAP:
        bearers, keys = _bearers(terms.name)
        counted = _guarded(
            f"SELECT count(*) FROM ({sql} AND commitments_commitment.subject_id = ANY(ARRAY({bearers}))"  # noqa: S608
            " AND commitments_commitment.subject_name LIKE %s LIMIT %s) AS bounded",
            [*params, *keys, like_pattern(terms.name), COUNT_CAP + 1],
            COUNT_MS,
        )
        if counted:
            return (
                Count(counted[0][0], True) if counted[0][0] <= COUNT_CAP else about(max(estimate, COUNT_CAP))
            )
    return about(estimate)


def _count_plain(terms: Terms, now: datetime) -> Count:
    everything = not (_narrowed(terms) or terms.code)
    if everything and (listed := all_listed()) > 2 * COUNT_CAP_PLAIN:
        return about(listed)
    sql, params = _gate(("id",), terms, now)
    counted = _guarded(
        f"SELECT count(*) FROM ({sql} LIMIT %s) AS bounded",  # noqa: S608
        [*params, COUNT_CAP_PLAIN + 1],
        COUNT_MS,
    )
    if counted and (counted[0][0] <= COUNT_CAP_PLAIN or everything):
        return Count(counted[0][0], counted[0][0] <= COUNT_CAP_PLAIN)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        return about(int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"]))


def all_listed() -> int:
    """How many rows the index of the whole list had when the database last looked; 0 when it has not yet."""
    global _listed
    if _listed is None or time.monotonic() > _listed[1]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'listed_newest'::regclass")
            _listed = max(int(cursor.fetchone()[0]), 0), time.monotonic() + LISTED_SECONDS
    return _listed[0]


def about(value: int) -> Count:
    """An estimate, to two figures: more would look like knowledge."""
    size = max(len(str(max(value, 0))) - 2, 0)
    return Count(round(value, -size), False)


# The gate as SQL, and running it


@cache
def _open_gate(columns: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    """The gate's own SQL for the unnarrowed list, made once a process; the moment is put in at every use."""
    return listed_commitments(_MARK).order_by().values_list(*columns).query.sql_with_params()


def _gate(columns: tuple[str, ...], terms: Terms, now: datetime) -> Sql:
    if _narrowed(terms):
        queryset = listed_commitments(now).filter(terms.narrowing).order_by().values_list(*columns)
        sql, params = queryset.query.sql_with_params()
        values = list(params)
    else:
        sql, params = _open_gate(columns)
        values = [now if value == _MARK else value for value in params]
    if terms.code:
        sql += (
            " AND commitments_commitment.subject_id = (SELECT id FROM registry_creditsubject WHERE uscc = %s)"
        )
        values.append(terms.code)
    return sql, values


def _place(cursor: Cursor | None) -> tuple[str, str, list[int]]:
    if cursor is None:
        return "", "DESC", []
    sign, order = (">", "ASC") if cursor.newer else ("<", "DESC")
    return f" AND commitments_commitment.id {sign} %s", order, [cursor.edge]


def _rows_of(ids: Sql, terms: Terms, now: datetime, milliseconds: int) -> list[dict[str, Any]] | None:
    """The rows of the ids that a query gives, newest first, fetched by it in the same round; None: out of time."""
    sql, params = _gate(LISTED_COLUMNS, Terms(), now)
    found = _guarded(
        f"{sql} AND commitments_commitment.id = ANY(ARRAY({ids[0]}))",
        [*params, *ids[1]],
        milliseconds,
    )
    if found is None:
        return None
    rows = [dict(zip(LISTED_COLUMNS, row, strict=True)) for row in found]
    newest_first = terms.cursor is None or not terms.cursor.newer
    return sorted(rows, key=lambda row: row["id"], reverse=newest_first)


def _guarded(sql: str, params: Sequence[Any], milliseconds: int) -> list[tuple[Any, ...]] | None:
    """The rows, or None when the database was not done in time. Nothing of the limit outlives the query."""
    limited = f"SET LOCAL statement_timeout = {milliseconds}; {sql}"

    def run() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(limited, params)
            return cursor.fetchall()

    if not connection.in_atomic_block:
        # Sent as one message, the two statements are a transaction of their own.
        return _or_none(run)

    def inside() -> list[tuple[Any, ...]]:
        with transaction.atomic():
            rows = run()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
        return rows

    return _or_none(inside)


def _or_none(run: Callable[[], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]] | None:
    try:
        return run()
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise


def _narrowed(terms: Terms) -> bool:
    return bool(terms.narrowing)


def _can_match(terms: Terms) -> bool:
    # A status that is not shown cannot be searched for either: the answer would show it.
    return not terms.status or terms.status in SHOWN_FULFILMENT


def _page(terms: Terms, rows: list[dict[str, Any]], complete: bool) -> Page:
    more, rows = len(rows) > terms.page_size, rows[: terms.page_size]
    newer_wanted = terms.cursor is not None and terms.cursor.newer
    if newer_wanted:
        rows = rows[::-1]
    older = newer = None
    if rows:
        if more or newer_wanted:
            older = write_cursor(Cursor(rows[-1]["id"]))
        if (more and newer_wanted) or (terms.cursor is not None and not newer_wanted):
            newer = write_cursor(Cursor(rows[0]["id"], newer=True))
    return Page([listed_row(row) for row in rows], older, newer, "" if complete else NOTICE_PARTIAL)
