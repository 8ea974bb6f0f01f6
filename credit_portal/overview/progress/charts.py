"""Figures as one looks at them: the table of commitments by type, and how much of each type has been kept. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from disclosure.progress.parts import Figure

from .figures import COLUMNS, FULFILMENT, SIGNED, TYPES

# From the left: what is kept, what is kept in part, what is not, what still runs.
ORDER = ("fulfilled", "partial", "unfulfilled", "running")


@dataclass(frozen=True)
class Part:
    """A piece of a bar, in hundredths of its length; the words say the numbers."""

    state: str
    label: str
    number: int
    x: float
    width: float


@dataclass(frozen=True)
class Row:
    """One type: its numbers by column, each with its key, and its bar; no bar where nothing was signed."""

    label: str
    cells: list[Figure]
    bar: list[Part]

    @property
    def signed(self) -> int:
        return self.cells[0].number

    @property
    def spoken(self) -> str:
        """The bar in words, for whoever does not see it."""
        return "，".join(f"{part.label} {part.number} 件" for part in self.bar)

    @property
    def kept_share(self) -> int | None:
        """Of those that are over, how many hundredths were kept in full; rounded down, so that 100 means all."""
        over = sum(one.number for one in self.cells[1:] if not one.key.endswith(".running"))
        kept = next(one.number for one in self.cells if one.key.endswith(".fulfilled"))
        return kept * 100 // over if over else None


def table(figures: Sequence[Figure]) -> list[Row]:
    """Commitments by type and fulfilment. A report of other days may lack a type: it reads zero."""
    known = {one.key: one for one in figures}
    rows = []
    for type_, label in TYPES.items():
        cells = [_cell(known, type_, column) for column in COLUMNS]
        rows.append(Row(label, cells, _bar(cells)))
    return [*rows[1:], rows[0]]


def _cell(known: Mapping[str, Figure], type_: str, column: str) -> Figure:
    key = f"commitment.{type_}.{column}"
    number = known[key].number if key in known else 0
    return Figure(key, "", COLUMNS[column], number)


def _bar(cells: Sequence[Figure]) -> list[Part]:
    by_column = {one.key.rpartition(".")[2]: one.number for one in cells}
    signed = by_column[SIGNED]
    parts: list[Part] = []
    x = 0.0
    for state in ORDER:
        width = by_column[state] * 100 / signed if signed else 0.0
        if width:
            parts.append(Part(state, FULFILMENT[state], by_column[state], round(x, 3), round(width, 3)))
            x += width
    return parts


def others(figures: Sequence[Figure]) -> list[tuple[str, list[Figure]]]:
    """What the table does not show, by group."""
    shown = {f"commitment.{type_}.{column}" for type_ in TYPES for column in COLUMNS}
    found: dict[str, list[Figure]] = {}
    for one in figures:
        if one.key not in shown:
            found.setdefault(one.group, []).append(one)
    return list(found.items())
