"""What a cell held: text is a plain `str`; whatever may not be taken for text is one of the kinds below, with its words."""

from datetime import date, datetime, time, timedelta


class Cell(str):
    """Not typed as text."""

    __slots__ = ()


class Number(Cell):
    """As the file writes it: `46026`, `1.23E+17`."""

    __slots__ = ()


class Day(Number):
    """A number whose style shows it as a day."""

    __slots__ = ()


class Formula(Cell):
    """The value that the last program calculated; who knows from what."""

    __slots__ = ()


class Broken(Cell):
    """An error value such as #REF!, or a truth value."""

    __slots__ = ()


# Excel counts 1900-02-29, which there never was; from 1 March 1900 on the numbers are right from this day.
_BEFORE_1900, _BEFORE_1904 = date(1899, 12, 30), date(1904, 1, 1)
_FIRST, _LAST = 61, 2_958_465  # 1900-03-01, 9999-12-31


def serial_day(number: str, *, from_1904: bool = False) -> date | None:
    """The day of a serial number of a spreadsheet; the hour in it is left out. None where it is none."""
    try:
        serial = int(float(number))
    except (ValueError, OverflowError):
        return None
    if from_1904:
        return _BEFORE_1904 + timedelta(days=serial) if 0 <= serial <= _LAST - 1_462 else None
    return _BEFORE_1900 + timedelta(days=serial) if _FIRST <= serial <= _LAST else None


def shown_day(number: str, *, from_1904: bool = False) -> str:
    """A day as a sheet shows it, `2026-05-31`, with its time where it has one; the number itself where it is none."""
    day = serial_day(number, from_1904=from_1904)
    if day is None:
        return number
    seconds = round(float(number) % 1 * 86_400)
    if not 0 < seconds < 86_400:
        return day.isoformat()
    return (datetime.combine(day, time()) + timedelta(seconds=seconds)).isoformat(sep=" ")


def shown_number(number: str) -> str:
    """A number without the tail that a binary fraction has in a file: fifteen digits, as a sheet calculates."""
    if number.removeprefix("-").isdecimal():
        return number
    try:
        value = float(number)
    except ValueError:
        return number
    whole = abs(value) < 1e15 and value.is_integer()
    return str(int(value)) if whole else f"{value:.15g}"
