"""What did not go in, by reason: how many, the first of them, and the words that no table names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .translating import UNKNOWN_SAID

MOST_REASONS, FIRST, MOST_WORDS = 60, 5, 200
DIFFERENT = "内容与原已接收的不同，没有覆盖"
# What differs from row to row in one and the same reason: what it quotes and counts.
_SLOT = re.compile(r"“[^”]*”|\d+")
_PAUSE = re.compile(r"[：；，]")
MOST_KINDS = 200


def summary(
    faults: Iterable[tuple[int, str, Sequence[Sequence[str]]]], numbers: dict[str, int]
) -> dict[str, Any]:
    """`faults`: row, own number, [[column, what is wrong], …]; `numbers`: column → field, for those that have a list of words.

    A row counts under each of its reasons. Reasons that differ only in what they quote or count are one."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], list[list[Any]]] = {}
    words: dict[str, Counter[str]] = {}
    slots: dict[tuple[str, str], list[dict[str, None]]] = {}
    for row, own, told in faults:
        for column, text in told:
            found = UNKNOWN_SAID.match(text)
            if found and column in numbers:
                words.setdefault(str(numbers[column]), Counter())[found[1]] += 1
            key = (column, _general(text))
            counts[key] += 1
            said = _SLOT.findall(text)
            for kinds, one in zip(slots.setdefault(key, [{} for _ in said]), said, strict=True):
                if len(kinds) < MOST_KINDS:
                    kinds[one] = None
            if len(first.setdefault(key, [])) < FIRST:
                first[key].append([row, own])
    return {
        "reasons": [
            {
                "column": column,
                "text": in_words(text, slots[column, text]),
                "count": count,
                "first": first[column, text],
            }
            for (column, text), count in counts.most_common(MOST_REASONS)
        ],
        "more": sum(counts.values()) - sum(count for _, count in counts.most_common(MOST_REASONS)),
        "words": {
            number: [[word, count] for word, count in table.most_common(MOST_WORDS)]
            for number, table in sorted(words.items())
        },
    }


def _general(text: str) -> str:
    """A reason without what it quotes and counts."""
    return _SLOT.sub("\0", text)


def in_words(general: str, slots: Sequence[Iterable[str]]) -> str:
    """A reason as a person reads it. What all rows say alike stands in it; where they differ, it ends before that, and where
    it begins with that, the first of them stands for all: “注销”等 2 种没有对照的取值."""
    parts = general.split("\0")
    text, open_end = parts[0], True
    for part, kinds in zip(parts[1:], map(list, slots), strict=True):
        if len(kinds) > 1 and open_end:
            pauses = [found.start() for found in _PAUSE.finditer(text)]
            if pauses:
                return f"{text[: pauses[-1]]}。"
            open_end = False
        many = f"{MOST_KINDS} 种以上" if len(kinds) == MOST_KINDS else f"{len(kinds)} 种"
        if len(kinds) == 1:
            text += kinds[0] + part
        elif kinds[0].isdigit():
            text += f"{kinds[0]} 等{part.lstrip()}"
        else:
            text += f"{kinds[0]}等 {many}{part}"
    return text
