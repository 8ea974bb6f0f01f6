"""Timing searches against look-ups by code in the same minutes of the same machine."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from disclosure import search
from disclosure.gate import LISTED_COLUMNS, listed_commitments
from disclosure.terms import Terms

from .fragments import Fragment

REPEATS = 5
LOOK_UPS_BETWEEN = 4
COMPARED_PER_CELL = 3


@dataclass
class Measured:
    """Milliseconds: look-ups, and per cell (class, length) the searches and the counts, one figure a fragment."""

    rows: int
    floor: list[float] = field(default_factory=list)
    found: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    first: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    counts: list[float] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    compared: int = 0

    @property
    def floor_p50(self) -> float:
        return statistics.median(self.floor)

    def times(self, *cells: tuple[str, int]) -> list[float]:
        return [
            value for cell, values in self.found.items() if not cells or cell in cells for value in values
        ]


def p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def measure(chosen: list[Fragment], now: datetime, *, seed: int = 3) -> Measured:
    """Every fragment once for the first time, then the median of REPEATS; look-ups by code in between."""
    chance = random.Random(seed)
    look_up = _look_ups(now, chance)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'commitments_commitment'::regclass")
        result = Measured(rows=int(cursor.fetchone()[0]))
    for _ in range(50):
        look_up()
    for fragment in chance.sample(chosen, len(chosen)):
        cell = (fragment.kind, len(fragment.text))
        terms = Terms(name=fragment.text)
        once = _timed(lambda terms=terms: search.find(terms, now=now))
        again = [_timed(lambda terms=terms: search.find(terms, now=now)) for _ in range(REPEATS)]
        result.first.setdefault(cell, []).append(once)
        result.found.setdefault(cell, []).append(statistics.median(again))
        page = search.find(terms, now=now)
        result.counts.append(_timed(lambda terms=terms, page=page: search.count(terms, page, now=now)))
        result.floor += [_timed(look_up) for _ in range(LOOK_UPS_BETWEEN)]
        if len(result.found[cell]) <= COMPARED_PER_CELL:
            result.compared += 1
            if [row["code"] for row in page.rows] != _by_like(fragment.text, now):
                result.differing.append(fragment.text)
    return result


def _look_ups(now: datetime, chance: random.Random) -> Callable[[], object]:
    """One look-up by 统一社会信用代码 a call, as plain SQL on the same columns: nothing of ours in between."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT uscc FROM registry_creditsubject TABLESAMPLE SYSTEM (1) WHERE uscc IS NOT NULL"
        )
        codes = [code for (code,) in cursor.fetchall()]
    gate, params = listed_commitments(now).order_by().values_list(*LISTED_COLUMNS).query.sql_with_params()
    sql = (
        f"{gate} AND commitments_commitment.subject_id = (SELECT id FROM registry_creditsubject WHERE uscc = %s)"
        " ORDER BY commitments_commitment.id DESC LIMIT 20"
    )
    cursor = connection.cursor()

    def look_up() -> object:
        cursor.execute(sql, [*params, chance.choice(codes)])
        return cursor.fetchall()

    return look_up


def _by_like(text: str, now: datetime) -> list[str]:
    rows = listed_commitments(now).extra(where=["subject_name LIKE %s"], params=[search.like_pattern(text)])
    return list(rows.order_by("-id").values_list("code", flat=True)[:20])


def _timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000
