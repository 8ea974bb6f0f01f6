"""What did not go in, by reason: how many, the first of them, and the words that no table names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .translating import UNKNOWN_SAID

MOST_REASONS, FIRST, MOST_WORDS = 60, 5, 200
DIFFERENT = "内容与原已接收的不同，没有覆盖"
_SAID = re.compile(r"“[^”]*”")
_NUMBER = re.compile(r"\d+")


def summary(
    faults: Iterable[tuple[int, str, Sequence[Sequence[str]]]], numbers: dict[str, int]
) -> dict[str, Any]:
    """`faults`: row, own number, [[column, what is wrong], …]; `numbers`: column → field, for those that have a list of words.

    A row counts under each of its reasons. Reasons that differ in what they quote only are one."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], list[list[Any]]] = {}
    words: dict[str, Counter[str]] = {}
    for row, own, told in faults:
        for column, text in told:
            found = UNKNOWN_SAID.match(text)
            if found and column in numbers:
                words.setdefault(str(numbers[column]), Counter())[found[1]] += 1
            key = (column, general(text))
            counts[key] += 1
            if len(first.setdefault(key, [])) < FIRST:
                first[key].append([row, own])
    return {
        "reasons": [
            {"column": column, "text": text, "count": count, "first": first[column, text]}
            for (column, text), count in counts.most_common(MOST_REASONS)
        ],
        "more": sum(counts.values()) - sum(count for _, count in counts.most_common(MOST_REASONS)),
        "words": {
            number: [[word, count] for word, count in table.most_common(MOST_WORDS)]
            for number, table in sorted(words.items())
        },
    }


def general(text: str) -> str:
    """A reason without what it quotes and counts."""
    return _NUMBER.sub("…", _SAID.sub("“…”", text))
