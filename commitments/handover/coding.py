"""Rows of a register and the codes that they have here: known by the register's own number, else the portal's next of that
region and day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from commitments.bulk.columns import OWN
from commitments.bulk.planning import NOT_OURS
from commitments.bulk.reading import Faults
from commitments.bulk.writing import OWN_SERIALS
from commitments.models import HandedOver, HandoverMapping
from credit_portal.registry.models import Department
from credit_portal.registry.numbering import lasts_of

from .translating import HandedLine

TWICE = "与第 {row} 行的原编号相同，一份承诺只能有一行。"
OTHER_CODE = "这个原编号接收时的承诺编码是 {code}，与文件不符。"
OTHER_DAY = "这个原编号接收时的承诺作出日期是 {day}，与文件不符。"
NO_MORE = "这一天的承诺编码已经编完，请分到其他日期核对。"

Wrong = tuple[int, Faults, str, str]


@dataclass
class Given:
    """What earlier rows of the file have taken: own numbers by their row, and on a trial the serials that nobody has written."""

    numbers: dict[int, int] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)

    def first(self, number: str, row: int) -> int:
        return self.numbers.setdefault(hash(number), row)


def assign(
    lines: Sequence[HandedLine], *, mapping: HandoverMapping, scope: Mapping[str, Department], given: Given, issue: bool,
) -> tuple[list[HandedLine], list[Wrong]]:  # fmt: skip
    """The rows with their codes, and those that cannot have one. `issue`: the series are locked until the caller's transaction
    has written them; a trial counts for itself. A fixed number of statements."""
    known = {
        number: (code, made_on)
        for number, code, made_on in HandedOver.objects.filter(
            owner=mapping.department, register=mapping.name, number__in=[line.number for line in lines]
        ).values_list("number", "commitment__code", "commitment__made_on")
    }
    good: list[HandedLine] = []
    wrong: list[Wrong] = []
    waiting: dict[str, list[HandedLine]] = defaultdict(list)
    for line in lines:
        problem = _problem(line, known.get(line.number), scope, given)
        if problem is not None:
            wrong.append((line.row, [problem], "", line.number))
        elif not line.codeless:
            good.append(line)
        elif line.number in known:
            good.append(_with_code(line, known[line.number][0]))
        else:
            region = scope[line.values["18"]].region_id
            waiting[f"commitment:{region}:{line.made_on:%Y%m%d}"].append(line)
    lasts = lasts_of(waiting, lock=issue)
    for series, rows in waiting.items():
        serial = max(lasts[series], given.serials.get(series, 0))
        for line in rows:
            serial += 1
            if serial >= OWN_SERIALS:
                wrong.append((line.row, [(9, NO_MORE)], "", line.number))
                continue
            _, region, day = series.split(":")
            good.append(_with_code(line, f"{region}{day}{serial:06d}"))
        if not issue:
            given.serials[series] = serial
    return sorted(good, key=lambda line: line.row), wrong


def _problem(
    line: HandedLine, known: tuple[str, object] | None, scope: Mapping[str, Department], given: Given
) -> tuple[int, str] | None:
    first = given.first(line.number, line.row)
    if first != line.row:
        return OWN, TWICE.format(row=first)
    if known is not None:
        code, made_on = known
        if made_on != line.made_on:
            return 9, OTHER_DAY.format(day=made_on)
        if not line.codeless and code != line.code:
            return 1, OTHER_CODE.format(code=code)
    if line.codeless and line.values["18"] not in scope:
        return 18, NOT_OURS
    return None


def _with_code(line: HandedLine, code: str) -> HandedLine:
    return replace(line, values=line.values | {"1": code})
