"""A row of somebody's register read as a row of ours, and what it tells of the past put aside. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from commitments.bulk.columns import BY_LABEL, OWN
from commitments.bulk.reading import Faults, Line, read, read_cell
from commitments.collection_format import FULFILLED
from credit_portal.documents.intake import Broken, Cell, Formula

from .fields import (
    CONSTANTS,
    DAYS,
    DOCUMENT,
    ENDED,
    HISTORY,
    OF_BREACH,
    OF_STATE,
    PUBLISHED,
    REPAIRED,
    RUNNING,
    UNTIL,
    WORDS,
)
from .mapping import Reading, is_ours, plain

UNKNOWN = "“{word}”没有对照的取值，请在对照里补上。"
UNKNOWN_SAID = re.compile(r"“(.*)”没有对照的取值", re.DOTALL)
NO_NUMBER = "原编号不能为空：再次上传时按它认出同一份承诺。"
UNCLEAR_DAY = "“{day}”分不清日和月，请在对照里选择日期的写法。"
BACKWARDS = "原公示结束日期不能早于原公示开始日期。"
BEFORE_FOUND = "原修复日期不能早于认定日期。"
AHEAD = "{field}不能晚于今天（{today}）。"
MOST_DOCUMENT, MOST_WORD = 100, 60
# Right in form and never given out: stands for the code of a row that gets its own only when it is planned.
PLACEHOLDER = "000001"
_OTHER_ORDER = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")
_COLUMNS = dict(BY_LABEL)


@dataclass(frozen=True)
class Past:
    """What the register tells of before. `settled`: nothing of it is open any more."""

    kind: str
    settled: bool
    found_on: date | None = None
    document_no: str = ""
    from_on: date | None = None
    until_on: date | None = None
    repaired_on: date | None = None


@dataclass(frozen=True)
class HandedLine(Line):
    number: str = ""
    word: str = ""
    past: Past | None = None
    codeless: bool = False

    @property
    def history_only(self) -> bool:
        """A breach that was over before, or an end: kept as history, never shown to the public."""
        return self.past is not None and self.past.settled and self.past.kind != "kept"

    @property
    def carries_breach(self) -> bool:
        return super().carries_breach and not self.history_only


@dataclass(frozen=True)
class Told:
    """A row in our fields, before it is read: cells by field number."""

    cells: dict[int, str]
    faults: Faults
    word: str


def translate(cells: Mapping[int, str], places: Mapping[str, int], mapping: Reading) -> Told:
    """The cells of a row by our fields. `places`: their column → where it stands. A cell that needs nothing stays what it is,
    so that a register with our own columns reads as it would by itself."""
    told: dict[int, str] = {}
    faults: Faults = []
    word = ""
    for number, label in mapping.columns.items():
        cell = cells.get(places[label], "") if label in places else ""
        if number in WORDS:
            told[number], problem = _word(number, cell, mapping)
            if number == 11:
                word = str(cell).strip()[:MOST_WORD]
            if problem:
                faults.append((number, problem))
        elif number in DAYS:
            told[number], problem = _ordered(cell, mapping.day_order)
            if problem:
                faults.append((number, problem))
        else:
            told[number] = cell
    _fill_in(told, mapping)
    return Told(told, faults, word)


def _word(number: int, cell: str, mapping: Reading) -> tuple[str, str]:
    if isinstance(cell, (Formula, Broken)) or not cell.strip():
        return cell, ""
    value, problem = read_cell(number, cell)
    if problem:
        return cell, ""
    table = {plain(theirs): ours for theirs, ours in mapping.words.get(number, {}).items()}
    if plain(value) in table:
        return table[plain(value)], ""
    if is_ours(number, value):
        return cell, ""
    return "", UNKNOWN.format(word=value[:MOST_WORD])


def _ordered(cell: str, order: str) -> tuple[str, str]:
    """A day that begins with day or month, by the mapping's hint."""
    if isinstance(cell, Cell):
        return cell, ""
    text = unicodedata.normalize("NFKC", cell).strip()
    found = _OTHER_ORDER.fullmatch(text)
    if found is None:
        return cell, ""
    if order == "ymd":
        return "", UNCLEAR_DAY.format(day=text[:30])
    day, month = (found[1], found[2]) if order == "dmy" else (found[2], found[1])
    return f"{found[3]}-{month}-{day}", ""


def _fill_in(told: dict[int, str], mapping: Reading) -> None:
    state = told.get(11, "").strip()
    running = state in ("", RUNNING, ENDED)
    for number, value in mapping.constants.items():
        if number not in CONSTANTS or (number in OF_STATE and running):
            continue
        if number in OF_BREACH and (running or state == FULFILLED):
            continue
        told[number] = value


def read_row(
    row: int,
    cells: Mapping[int, str],
    places: Mapping[str, int],
    mapping: Reading,
    *,
    today: date,
    region: str,
    other_as: str = "",
    from_1904: bool = False,
) -> tuple[HandedLine | None, Faults, str]:
    """A row of the register, or what is wrong with it by field number; and its own number in any case. `region`: of the owner."""
    told = translate(cells, places, mapping)
    faults = list(told.faults)
    if told.cells.get(11) == ENDED:
        told.cells[11] = RUNNING
        ended = True
    else:
        ended = False
    history = _history(told.cells, faults, from_1904)
    number, _ = read_cell(OWN, told.cells.get(OWN, ""))
    codeless = not str(told.cells.get(1, "")).strip()
    if codeless:
        made_on, _ = read_cell(9, told.cells.get(9, ""), from_1904=from_1904)
        if made_on:
            told.cells[1] = f"{region}{made_on.replace('-', '')}{PLACEHOLDER}"
        if not number:
            faults.append((OWN, NO_NUMBER))
    line, found = read(
        row, told.cells, _COLUMNS, today=today, other_as=other_as, from_1904=from_1904,
    )  # fmt: skip
    said = {one for one, _ in faults}
    faults += [(one, text) for one, text in found if one not in said and not (codeless and one == 1)]
    number = number or (line.code if line is not None else str(told.cells.get(1, "")).strip())
    past = None
    if line is not None and not faults:
        past = _past(line, history, ended, today, faults)
    if line is None or faults:
        return None, sorted(faults, key=lambda one: (one[0] or 99, one[1])), number[:60]
    own = {one.name: getattr(line, one.name) for one in fields(Line)}
    return HandedLine(**own, number=number, word=told.word, past=past, codeless=codeless), [], number


def _history(told: dict[int, str], faults: Faults, from_1904: bool) -> dict[int, str]:
    """The four that tell of history, taken out of the row."""
    found: dict[int, str] = {}
    for number in HISTORY:
        cell = told.pop(number, "")
        # Read as the day of a determination is, or as a text.
        value, problem = read_cell(14 if number != DOCUMENT else 15, cell, from_1904=from_1904)
        if not problem and len(value) > MOST_DOCUMENT:
            problem = f"文书号最多 {MOST_DOCUMENT} 个字，现为 {len(value)} 个字。"
        if problem and number not in {one for one, _ in faults}:
            faults.append((number, problem))
        found[number] = value
    return found


def _past(line: Line, history: Mapping[int, str], ended: bool, today: date, faults: Faults) -> Past | None:
    days = {
        number: date.fromisoformat(history[number]) if history[number] else None
        for number in (PUBLISHED, UNTIL, REPAIRED)
    }
    from_on, until_on, repaired_on = days[PUBLISHED], days[UNTIL], days[REPAIRED]
    if from_on and until_on and until_on < from_on:
        faults.append((UNTIL, BACKWARDS))
    if repaired_on and line.found_on and repaired_on < line.found_on:
        faults.append((REPAIRED, BEFORE_FOUND))
    if repaired_on and repaired_on > today:
        faults.append((REPAIRED, AHEAD.format(field=HISTORY[REPAIRED], today=today)))
    breach = line.outcome in ("partial", "unfulfilled")
    if not breach and not any(history.values()):
        if line.outcome == "fulfilled":
            return Past("kept", settled=True, found_on=line.found_on)
        return Past("ended", settled=True) if ended else None
    # A breach is over where the register names its day and that it was published to its end, or repaired. So, too, where the
    # state is another one by now and only the history's columns tell of it.
    over = is_over(line.found_on, until_on, repaired_on, today=today) if breach else True
    return Past("breach", over, line.found_on, history[DOCUMENT], from_on, until_on, repaired_on)


def is_over(found_on: date | None, until_on: date | None, repaired_on: date | None, *, today: date) -> bool:
    """Whether a told breach was determined, and published to its end or repaired, before the hand-over."""
    if found_on is None:
        return False
    return (repaired_on is not None and repaired_on <= today) or (until_on is not None and until_on < today)
