"""How a register is read: which column is which field, what is filled in, whose word means which of ours. Pure."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from commitments.bulk.columns import BY_LABEL, ERROR, OWN, ROW
from commitments.collection_format import problems

from .fields import ALSO, HISTORY, NAMES, WANTED, WORDS

MOST_COLUMNS, MOST_WORDS, MOST_REASON = 120, 200, 100
ANY_DAY = "2020-01-01"

TWICE = "“{field}”已经由“{other}”对照，一项只能对照一列。"
NO_REASON = "不接收的列须写明原因。"
NOT_CHOSEN = "请选择对照哪一项；不接收的选“不接收”并写明原因。"
NO_NUMBER = "须有一列对照“原编号（办件编号）”或者“承诺编码”，否则再次上传时认不出同一份承诺。"
MISSING = "没有列对照“{field}”，也没有填入固定的内容。"
BOTH = "“{field}”已有列“{other}”对照，不能再填固定的内容。"
NOT_OURS = "“{word}”不是“{field}”的取值，请从列表中选择。"


@dataclass(frozen=True)
class Reading:
    """A mapping as the engine reads by it. `columns`: field → their column; `words`: field → their word → ours."""

    head: tuple[str, ...]
    columns: Mapping[int, str]
    constants: Mapping[int, str] = field(default_factory=dict)
    words: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    day_order: str = "ymd"

    @property
    def known(self) -> frozenset[str]:
        return frozenset(self.head) | {ERROR, ROW}

    @property
    def key(self) -> str:
        """The column by which the head is found."""
        return self.columns.get(OWN) or self.columns[1]

    def name_of(self, number: int) -> str:
        """A field by our name and theirs."""
        ours, theirs = NAMES.get(number, ""), self.columns.get(number, "")
        return f"{ours}（原表“{theirs}”）" if theirs and theirs != ours else ours

    @property
    def labels(self) -> dict[int, str]:
        return {number: self.name_of(number) for number in NAMES}


def of_saved(
    head: Iterable[str], columns: Mapping[str, Mapping[str, object]], constants: Mapping[str, str],
    words: Mapping[str, Mapping[str, str]], day_order: str,
) -> Reading:  # fmt: skip
    """From what is stored."""
    return Reading(
        head=tuple(head),
        columns={int(str(one["field"])): label for label, one in columns.items() if "field" in one},
        constants={int(number): value for number, value in constants.items()},
        words={int(number): dict(table) for number, table in words.items()},
        day_order=day_order,
    )


def plain(word: str) -> str:
    """A word by which a table is searched: without spaces, in its plain form."""
    return "".join(unicodedata.normalize("NFKC", word).split())


def suggest(head: Iterable[str]) -> dict[str, int]:
    """Their column → our field, by equal and by usual names; each field once, the first column that asks for it."""
    found: dict[str, int] = {}
    taken: set[int] = set()
    labels = list(head)
    names = {name: number for number, name in HISTORY.items()}
    for table in (BY_LABEL | names, ALSO):
        for label in labels:
            number = table.get(label, table.get(_bare(label)))
            if label not in found and number is not None and number not in taken:
                found[label] = number
                taken.add(number)
    return found


def _bare(label: str) -> str:
    for left in "（(":
        label = label.split(left, 1)[0] or label
    return label


def column_problems(columns: Mapping[str, Mapping[str, object]], head: Iterable[str]) -> dict[str, str]:
    """What is wrong with the choice at a column, by column."""
    found: dict[str, str] = {}
    first: dict[int, str] = {}
    for label in head:
        one = columns.get(label, {})
        number = one.get("field")
        if isinstance(number, int):
            if number in first:
                found[label] = TWICE.format(field=NAMES[number], other=first[number])
            first.setdefault(number, label)
        elif "reason" not in one:
            found[label] = NOT_CHOSEN
        elif not one["reason"]:
            found[label] = NO_REASON
    return found


def constant_problems(constants: Mapping[int, str], columns: Mapping[int, str]) -> dict[int, str]:
    """What is wrong with what is filled in, by field; a required field that has neither column nor constant is named, too."""
    found: dict[int, str] = {}
    for number, value in constants.items():
        if number in columns:
            found[number] = BOTH.format(field=NAMES[number], other=columns[number])
        elif number in WORDS and not is_ours(number, value):
            found[number] = NOT_OURS.format(word=value[:40], field=NAMES[number])
        else:
            told = {"3": "法人及非法人组织", "9": ANY_DAY, "11": "部分履行", str(number): value}
            wrong = [text for one, text in problems(told) if one == number]
            if wrong:
                found[number] = wrong[0]
    for number in WANTED:
        if number not in columns and number not in constants:
            found[number] = MISSING.format(field=NAMES[number])
    return found


def word_problem(number: int, ours: str) -> str:
    return "" if is_ours(number, ours) else NOT_OURS.format(word=ours[:40], field=NAMES[number])


def is_ours(number: int, word: str) -> bool:
    return word in WORDS[number] or (number == 5 and word.startswith("其他（") and word.endswith("）"))


def head_problem(reading: Reading, found: Collection[str]) -> str:
    """Why a file is not the register that the mapping was made for: columns gone, or columns that nobody has decided on."""
    there = {label for label in found if label} - {ERROR, ROW}
    gone = [label for label in reading.head if label not in there]
    new = sorted(there - set(reading.head))
    if gone:
        return f"表头缺少：{'、'.join(gone[:10])}。文件和对照的登记簿不是同一种表。"
    if new:
        return f"表头多了“{'”“'.join(new[:10])}”，对照里没有说明怎样接收，请先用新的样表改对照。"
    return ""
