"""Numbers without gaps by rollback and without doubles: a counter row locked in the caller's transaction."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from django.db import connection


class SeriesExhausted(Exception):
    """A series has no six-digit number left."""


def take(series: str, *, many: int = 1) -> int:
    """The next number of a series, from 1; of `many` in a row the last. Holds the row's lock until the caller's transaction
    ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("取号必须在事务中进行。")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_numbercounter (series, last) VALUES (%s, %s)"
            " ON CONFLICT (series) DO UPDATE SET last = registry_numbercounter.last + excluded.last RETURNING last",
            [series, many],
        )
        return cursor.fetchone()[0]


def commitment_code(region_code: str, made_on: date) -> str:
    """A commitment code: region 6 + date 8 + serial 6, the serial per region and day."""
    serial = take(f"commitment:{region_code}:{made_on:%Y%m%d}")
    if serial > 999_999:
        raise SeriesExhausted(f"{region_code} 在 {made_on} 的承诺编码已用完。")
    return f"{region_code}{made_on:%Y%m%d}{serial:06d}"


def document_number(letter: str, region_code: str, year: int) -> str:
    """The number of another document: kind letter + region + year + serial 6."""
    return f"{letter}{region_code}{year}{take(f'{letter}:{region_code}:{year}'):06d}"


def document_numbers(letter: str, region_codes: Sequence[str], year: int) -> list[str]:
    """The same for many documents at once, each of its region, in their order: one statement a region."""
    left = Counter(region_codes)
    upto = {code: take(f"{letter}:{code}:{year}", many=left[code]) for code in sorted(left)}
    numbers = []
    for code in region_codes:
        left[code] -= 1
        numbers.append(f"{letter}{code}{year}{upto[code] - left[code]:06d}")
    return numbers


def lasts_of(series: Collection[str], *, lock: bool) -> dict[str, int]:
    """The last numbers of many series in one statement. `lock`: none of them moves until the caller's transaction ends."""
    wanted = sorted(set(series))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        if lock:
            # A row to lock, in one order for everybody.
            cursor.execute(
                "INSERT INTO registry_numbercounter (series, last) SELECT unnest(%s::text[]), 0 ON CONFLICT DO NOTHING",
                [wanted],
            )
        read = "SELECT series, last FROM registry_numbercounter WHERE series = ANY (%s) ORDER BY series"
        cursor.execute(f"{read} FOR UPDATE" if lock else read, [wanted])
        found = dict(cursor.fetchall())
    return {one: found.get(one, 0) for one in wanted}
