"""What a check answers in every field, region by region, by the rules and measures as they ship: a table in Chinese that
an official can read and sign."""

import csv
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest

from credit_portal.deadlines import loading as policies
from credit_portal.registry.models import Domain
from tests import factories as make
from verification import facts
from verification.measures import loading as measures
from verification.models import CreditEntry, CreditList
from verification.rules import Entry, Measure, decide
from verification.switches import rules_in_force
from verification.vocabulary import CommitmentType, Kind, Route, Scrutiny, State

pytestmark = [
    pytest.mark.django_db,
    *(pytest.mark.req(one) for one in ("R38", "R48", "R49", "R53", "R54", "R55", "R56", "R57")),
]
REGIONS = ("130000", "130100", "130111", "130129", "410103")
FIRST, LAST = date(2026, 3, 2), date(2026, 8, 31)
DAYS = {
    "前一日": FIRST - timedelta(days=1), "首日": FIRST, "中间": date(2026, 5, 20), "末日": LAST,
    "后一日": LAST + timedelta(days=1),
}  # fmt: skip
ROUTES = {Route.COMMITMENT: "承诺", Route.ORDINARY: "一般", Route.REFUSED: "拒绝", Route.NOT_NEEDED: "不需要"}
FIELDS = dict(Domain.choices)
TABLE = Path(__file__).parent / "golden" / "field_decisions.csv"
NOTHING = "无记录"


def records() -> dict[str, list[CreditEntry]]:
    """Each kind of record as unsaved rows, in force from the first to the last day."""
    found: dict[str, list[CreditEntry]] = {NOTHING: []}
    for one in CreditList.objects.order_by("code"):
        found[one.name] = [CreditEntry(pk=1, kind=one.entry_kind, credit_list=one, title=one.name)]
    ban = CreditList.objects.get(code="market_ban")
    found["市场和行业禁入名单（无期限）"] = [
        CreditEntry(pk=1, kind=Kind.LIST, credit_list=ban, title=ban.name)
    ]
    found["行政处罚"] = [CreditEntry(pk=1, kind=Kind.PENALTY, title="处罚")]
    found["公示中的违诺"] = [CreditEntry(pk=1, kind=Kind.BREACH, title="违诺")]
    found["诚信典型兼行政处罚"] = [*found["诚信典型"], CreditEntry(pk=2, kind=Kind.PENALTY, title="处罚")]
    for name, rows in found.items():
        for row in rows:
            row.from_on = FIRST
            row.until_on = None if "无期限" in name else LAST
            if row.kind == Kind.BREACH:
                row.served_on = row.public_from = FIRST
                row.public_until = LAST
    return found


def _shipped() -> None:
    for code in make.REGIONS:
        make.region(code)
    policies.store_rules(policies.read_rules(Path(policies.__file__).parent / "rules"), now=make.NOW)
    measures.load(measures.SHIPPED, now=make.NOW)


@pytest.fixture(scope="module")
def built(scene) -> None:
    scene(_shipped)


@pytest.fixture
def shipped(built, db) -> None:
    """The rules and measures of all regions."""


class Rules:
    """What holds in a region, read once: switches by field, listed measures by list."""

    def __init__(self, region: str) -> None:
        where = make.region(region)
        self.listed: dict[int | None, list[Measure]] = {}
        for one in facts.listed_in_force(where.lineage, LAST):
            self.listed.setdefault(one.whom_id, []).append(facts.listed_measure(one))
        self.switches = {
            domain: rules_in_force(region=where, on=LAST, domain=domain).switches for domain in FIELDS
        }

    def answers(self, domain: str, rows: list[CreditEntry], days: dict[str, date]) -> dict[str, str]:
        """Approval type, then supervisory type, by day."""
        entries = [
            facts.as_entry(
                row,
                tuple(one for one in self.listed.get(row.credit_list_id, ()) if one.domain in (None, domain)),
            )
            for row in rows
        ]
        return {
            name: "/".join(
                _said(entries, domain, on, self.switches[domain], kind)
                for kind in ("approval", "supervisory")
            )
            for name, on in days.items()
        }


def _said(entries: list[Entry], domain: str, on: date, switches, kind: str) -> str:  # type: ignore[no-untyped-def]
    made = decide(
        entries,
        commitment_type=CommitmentType(kind),
        late_materials=False,
        domain=domain,
        on=on,
        switches=switches,
    )
    return ROUTES[made.route] + ("+重点" if made.scrutiny is Scrutiny.KEY else "")


def test_every_field_record_region_and_day_is_answered_as_the_signed_table_says(shipped) -> None:
    with TABLE.open(encoding="utf-8") as signed:
        lines = list(csv.DictReader(signed))
    found = records()
    assert {line["记录"] for line in lines} == set(found)
    by_record = {name: [line for line in lines if line["记录"] == name] for name in found}
    compared = 0
    for region in REGIONS:
        rules = Rules(region)
        for domain, label in FIELDS.items():
            clean = rules.answers(domain, [], DAYS)
            for name, rows in found.items():
                named = [line for line in by_record[name] if label in line["领域"].split("、")]
                line = (named or [line for line in by_record[name] if line["领域"] == "其他"])[0]
                got = rules.answers(domain, rows, DAYS)
                endless = "无期限" in name
                for day in DAYS:
                    # Before its first day nothing counts; after its last day it counts as repaired, or is only told.
                    outside = day == "前一日" or (day == "后一日" and not endless)
                    want = clean[day] if outside else line[region]
                    assert got[day] == want, (region, label, name, day)
                    compared += 1
    assert compared == len(REGIONS) * len(FIELDS) * len(found) * len(DAYS)


def test_a_repair_gives_in_every_field_and_region_what_a_clean_record_gives(shipped) -> None:
    middle = {"中间": DAYS["中间"]}
    every = {region: Rules(region) for region in REGIONS}
    for (name, rows), (region, rules) in itertools.product(records().items(), every.items()):
        adverse = [row for row in rows if row.kind in (Kind.LIST, Kind.PENALTY, Kind.BREACH)]
        for row in adverse:
            row.state, row.repaired_on = State.REPAIRED, FIRST
        if len(adverse) == len(rows):
            for domain in FIELDS:
                assert rules.answers(domain, rows, middle) == rules.answers(domain, [], middle), (
                    name,
                    region,
                )


def test_the_measures_that_ship_name_an_article_and_need_no_person_to_be_in_force(shipped) -> None:
    for region in REGIONS:
        for one in facts.listed_in_force(make.region(region).lineage, LAST):
            assert one.basis.startswith("S") and one.approved_at is not None
    again = measures.load(measures.SHIPPED, now=make.NOW)
    assert (again.lists, again.measures, again.sources) == (0, 0, 0) and again.unchanged > 40


def test_a_wrong_file_of_measures_loads_nothing_and_names_its_places(tmp_path, shipped) -> None:
    wrong = tmp_path / "130129.toml"
    wrong.write_text(
        'region = "130129"\neffective_from = 2023-09-21\n'
        '[[measure]]\nwhom = "nobody"\nnature = "market"\neffect = "key"\ntext = "甲"\nbasis = "乙"\n'
        '[[measure]]\nwhom = "serious"\nnature = "market"\neffect = "key"\ntext = "甲"\nbasis = ""\n'
        '[[measure]]\nwhom = "serious"\nnature = "loud"\neffect = "key"\ntext = "甲"\nbasis = "乙"\ncolour = "red"\n',
        encoding="utf-8",
    )
    with pytest.raises(measures.MeasuresError) as raised:
        measures.load(wrong, now=make.NOW)
    assert "colour" in str(raised.value)
    wrong.write_text(wrong.read_text(encoding="utf-8").replace('colour = "red"\n', ""), encoding="utf-8")
    with pytest.raises(measures.MeasuresError) as raised:
        measures.load(wrong, now=make.NOW)
    said = str(raised.value)
    assert "第 1 个 measure" in said and "nobody" in said
    assert "第 2 个 measure，字段 basis" in said and "第 3 个 measure，字段 nature" in said


def write_table() -> None:
    """Print the table anew, for a person to read before it is signed."""
    found = records()
    middle = {"中间": DAYS["中间"]}
    every = [Rules(region) for region in REGIONS]
    with TABLE.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(["记录", "领域", *REGIONS])
        for name, rows in found.items():
            by_answer: dict[tuple[str, ...], list[str]] = {}
            for domain, label in FIELDS.items():
                said = tuple(rules.answers(domain, rows, middle)["中间"] for rules in every)
                by_answer.setdefault(said, []).append(label)
            usual = max(by_answer, key=lambda said: len(by_answer[said]))
            for said, labels in by_answer.items():
                if said != usual:
                    lines.writerow([name, "、".join(labels), *said])
            lines.writerow([name, "其他", *usual])
