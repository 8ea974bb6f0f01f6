"""The demonstration's catalogue, read from `items.csv`. The laws named are real; what belongs to whom is made up."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import materials

WHO = {"o": "organisation", "t": "sole_trader", "p": "person"}
TYPES = {"a": "approval", "s": "supervisory", "v": "voluntary", "i": "industry", "r": "repair"}


@dataclass(frozen=True)
class Item:
    """`department` is a key of `places.py`; `types` and `who` are first letters; `late`: materials may follow."""

    region: str
    department: str
    number: int
    name: str
    pinyin: str
    domain: str
    types: str
    late: bool
    days: int | None
    months: int | None
    must: bool
    hall: bool
    publicity: str
    who: str
    basis: str

    @property
    def code(self) -> str:
        return f"{self.region}-YS{self.number:03d}"

    @property
    def fields(self) -> dict[str, Any]:
        """As the catalogue's services take it."""
        by_credit = self.late or "a" in self.types
        return {
            "name": self.name,
            "pinyin": self.pinyin,
            "domain": self.domain,
            "allowed_types": [TYPES[letter] for letter in self.types],
            "scope": "must" if self.must else "may",
            "in_hall": self.hall,
            "checkpoint": "acceptance" if by_credit else ("review" if "s" in self.types else "none"),
            "allows_late_materials": self.late,
            "materials": materials.of(self.domain, late=self.late) if "a" in self.types else [],
            # Filings that are promised for the next day are handed out at once.
            "handled_at_once": self.days == 1 and "a" in self.types,
            "subject_kinds": [WHO[letter] for letter in self.who],
            "promised_working_days": self.days,
            "validity_months": self.months,
            # Of items with a promised time: by the number of the item, so that they differ.
            "materials_spared": 2 + self.number % 4 if self.days else None,
            "days_spared": 3 + self.number % 5 if self.days else None,
            "publicity_class": self.publicity,
            "legal_basis": self.basis,
        }


def _read() -> tuple[Item, ...]:
    with (Path(__file__).parent / "items.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Item(
                region=row["region"],
                department=row["department"],
                number=int(row["number"]),
                name=row["name"],
                pinyin=row["pinyin"],
                domain=row["domain"],
                types=row["types"],
                late=bool(row["late"]),
                days=int(row["days"]) if row["days"] else None,
                months=int(row["months"]) if row["months"] else None,
                must=bool(row["must"]),
                hall=bool(row["hall"]),
                publicity=row["publicity"],
                who=row["who"],
                basis=row["basis"],
            )
            for row in csv.DictReader(file)
        )


ITEMS = _read()
# What a second version, some months later, says anew.
CHANGES: dict[str, dict[str, Any]] = {
    "130111-YS003": {"promised_working_days": 10},
    "130111-YS012": {"promised_working_days": 7, "pinyin": "psxk"},
}
# What has gone out of use: retired, its versions and commitments stay.
RETIRED = frozenset({"130111-YS010"})
