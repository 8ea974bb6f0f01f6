"""Odd values times every address would take longer than everything else in the suite. Each place gets a share of the values;
which, hangs on its name, and what no place has had yet goes first: all places together take every value, the same ones at
every run. `NAUGHTY_EACH=1` (`make fuzz`): every value at every place."""

import os
import re
from collections.abc import Sequence
from typing import Generic, TypeVar
from zlib import crc32

WHOLE = os.environ.get("NAUGHTY_EACH") == "1"
Value = TypeVar("Value")


class Shares(Generic[Value]):
    def __init__(self, values: Sequence[Value]) -> None:
        self.values = list(values)
        self.left = set(range(len(self.values)))

    def at(self, *place: str, few: int) -> list[Value]:
        """The values for a place, `few` of them. Numbers in its name do not count: they are others at every run."""
        if WHOLE or few >= len(self.values):
            self.left.clear()
            return self.values
        name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "", "|".join(place))
        first = crc32(name.encode())
        turned = [(first + step) % len(self.values) for step in range(len(self.values))]
        chosen = sorted(turned, key=lambda number: number not in self.left)[:few]
        self.left.difference_update(chosen)
        return [self.values[number] for number in chosen]

    @property
    def untried(self) -> list[Value]:
        """What no place has got; a test asserts that there is nothing."""
        return [self.values[number] for number in sorted(self.left)]
