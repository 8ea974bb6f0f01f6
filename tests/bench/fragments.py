"""Fragments to search for, drawn from the names that are there and sorted by how many bear them."""

import random
from dataclasses import dataclass

from django.db import connection

LENGTHS = (2, 3, 4, 6)
# class: names that bear the fragment, from and to; shares of all names, so that a class means the same at any size
CLASSES: dict[str, tuple[float, float]] = {
    "没有": (0, 0),
    "少见": (1e-9, 2.5e-5),
    "中等": (2.5e-4, 1e-2),
    "常见": (5e-2, 1),
}
PER_CELL = 15
ABSENT = "龘靐齉爩麤灪龖厵滟爨癵籱饢驫鲡鹂鸾"  # in no made-up name


@dataclass(frozen=True)
class Fragment:
    text: str
    kind: str
    names: int


def draw(seed: int = 5) -> list[Fragment]:
    """PER_CELL fragments of each class and length, where the names have so many."""
    chance = random.Random(seed)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM registry_subjectname TABLESAMPLE SYSTEM (30) REPEATABLE (1) WHERE searchable"
        )
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM registry_subjectname WHERE searchable")
        total = cursor.fetchone()[0]
    found = [Fragment(text, "没有", 0) for length in LENGTHS for text in _absent(length, names, chance)]
    scale = total / len(names)
    for length in LENGTHS:
        counted: dict[str, int] = {}
        for name in names:
            for text in {name[i : i + length] for i in range(len(name) - length + 1)}:
                counted[text] = counted.get(text, 0) + 1
        for kind, (least, most) in CLASSES.items():
            if kind == "没有":
                continue
            fitting = sorted(
                text for text, times in counted.items() if least <= times * scale / total <= most
            )
            chosen = chance.sample(fitting, min(PER_CELL, len(fitting)))
            found += [Fragment(text, kind, round(counted[text] * scale)) for text in chosen]
    return found


def _absent(length: int, names: list[str], chance: random.Random) -> list[str]:
    """Half of characters that no name has, half of ordinary ones in an order that no name has."""
    strange = ["".join(chance.choices(ABSENT, k=length)) for _ in range(PER_CELL // 2)]
    ordinary: set[str] = set()
    everything = "\n".join(names)
    while len(ordinary) < PER_CELL - len(strange):
        text = "".join(chance.choices(chance.choice(names) + chance.choice(names), k=length))
        if text not in everything and text == text.strip():
            ordinary.add(text)
    return strange + sorted(ordinary)
