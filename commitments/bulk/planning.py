"""A part of the file before the database: what each row would do. Nothing is changed here, so a dry run is this and no more."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from commitments.models import BreachCase, Commitment, ImportedCommitment
from credit_portal.registry.below import within
from credit_portal.registry.in_sets import Known, Named, find_subjects
from credit_portal.registry.models import CreditSubject, Department
from credit_portal.registry.services import ERROR_PERSON_NAME

from . import rules
from .columns import LABELS, OWN, RUNNING
from .reading import Faults, Line, named_in
from .stored import keyed_fingerprint, told_values

Status = Commitment.Fulfilment
# A row that is wrong: row, what is wrong, the commitment's code, the number that it has in a register.
Wrong = tuple[int, Faults, str, str]
NOT_OURS = "受理单位不是本单位（信用办为本地区的单位），或者没有在本系统登记。"


def scope_of(department: Department) -> dict[str, Department]:
    """For which units a unit may hand in, by their codes: the credit office for those of its region and below, any other for
    itself."""
    if department.kind != Department.Kind.CREDIT_OFFICE:
        return {department.uscc: department}
    path = department.region.path
    rows = Department.objects.filter(within(path), is_active=True)
    return {row.uscc: row for row in rows.select_related("region")}


class FirstRows:
    """Which row of a file said a code first: two flat arrays with open places, for a dictionary of a hundred thousand codes
    takes five times as much."""

    def __init__(self, size: int = 1 << 18) -> None:
        self._mask = size - 1
        self._keys, self._rows = array("Q", bytes(8 * size)), array("I", bytes(4 * size))

    def first(self, code: str, row: int) -> int:
        """The row that said the code first; `row` where it is the first itself."""
        key = _packed(code)
        place = key * 0x9E3779B97F4A7C15 >> 20 & self._mask
        while self._keys[place] not in (0, key):
            place = place + 1 & self._mask
        if not self._keys[place]:
            self._keys[place], self._rows[place] = key, row
        return self._rows[place]


def _packed(code: str) -> int:
    """The twenty digits of a right code as a number of 63 bits, without loss: region, day, serial."""
    day = (int(code[6:10]) * 12 + int(code[10:12])) * 32 + int(code[12:14])
    return (int(code[:6]) * 4_000_000 + day) * 1_000_000 + int(code[14:])


@dataclass
class Seen:
    """What earlier rows of the same file have said: a code's row, and what a subject is called that nobody knows yet (row
    and name, by hash)."""

    rows: FirstRows = field(default_factory=FirstRows)
    names: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class New:
    line: Line
    department: Department
    subject: CreditSubject | None
    fingerprint: str


@dataclass(frozen=True)
class Different:
    line: Line
    changes: list[list[str]]


@dataclass
class Plan:
    new: list[New] = field(default_factory=list)
    different: list[Different] = field(default_factory=list)
    same: int = 0
    faults: list[tuple[int, Faults, str]] = field(default_factory=list)
    known: Known = field(default_factory=Known)

    def refuse(self, line: Line, number: int, problem: str) -> None:
        self.faults.append((line.row, [(number, problem)], line.code))

    @property
    def new_subjects(self) -> int:
        return len({one.line.values["4"] for one in self.new if one.subject is None})


def plan(lines: Sequence[Line], *, scope: Mapping[str, Department], seen: Seen) -> Plan:
    """What a part of the file would do. A fixed number of queries."""
    found = Plan()
    mine = list(_of_scope(_once(lines, seen, found), scope, found))
    found.known = find_subjects(Named(line.kind, line.values["4"], line.values["2"]) for line in mine)
    stored = _stored(mine)
    cases = _cases(stored.values())
    for line in mine:
        department = scope[line.values["18"]]
        row = stored.get(line.code)
        if row is None:
            problem = _name_problem(line, found.known, seen)
            if problem:
                found.refuse(line, 2, problem)
            else:
                mark = keyed_fingerprint(line.values, line.own_number)
                found.new.append(New(line, department, found.known.by_code.get(line.values["4"]), mark))
        else:
            _beside(row, line, department, cases.get(row.pk, ""), seen, found)
    return found


def _once(lines: Iterable[Line], seen: Seen, found: Plan) -> Iterable[Line]:
    for line in lines:
        first = seen.rows.first(line.code, line.row)
        if first != line.row:
            found.refuse(line, 1, f"与第 {first} 行的承诺编码相同，一份承诺只能有一行。")
            continue
        yield line


def _of_scope(lines: Iterable[Line], scope: Mapping[str, Department], found: Plan) -> Iterable[Line]:
    for line in lines:
        department = scope.get(line.values["18"])
        if department is None:
            found.refuse(line, 18, NOT_OURS)
        elif line.values["17"] != department.name:
            found.refuse(line, 17, f"这个代码登记的受理单位是“{department.name}”，与文件不符。")
        elif line.code[:6] != department.region_id:
            found.refuse(
                line, 1,
                f"承诺编码第 1 至 6 位“{line.code[:6]}”应为受理地行政区划代码“{department.region_id}”。",
            )  # fmt: skip
        else:
            yield line


def with_names(
    wrong: Sequence[Wrong], cells: Mapping[int, Mapping[int, str]], columns: Mapping[str, int]
) -> list[Wrong]:
    """Rows that are wrong elsewhere, and what does not fit of their name, too: whoever mends a file is told all in one round.
    `cells`: by row. Three queries where a code can be asked for, else none."""
    named = {
        row: one
        for row, found, *_ in wrong
        if (one := named_in(cells[row], columns, {number for number, _ in found})) is not None
    }
    known = find_subjects(named.values()) if named else Known()
    told: list[Wrong] = []
    for row, found, code, own in wrong:
        problem = _known_problem(named[row], known) if row in named else ""
        more = sorted([*found, (2, problem)], key=lambda one: one[0] or 99) if problem else found
        told.append((row, more, code, own))
    return told


def _known_problem(named: Named, known: Known) -> str:
    """Why a name or a category is not that of the subject that is registered under the code."""
    subject = known.by_code.get(named.code)
    if subject is not None and subject.kind != named.kind:
        return f"这个代码登记的是{subject.get_kind_display()}，与文件的承诺人类别不符。"
    return known.name_problem(named)


def _name_problem(line: Line, known: Known, seen: Seen) -> str:
    named = Named(line.kind, line.values["4"], line.values["2"])
    if named.code in known.by_code:
        return _known_problem(named, known)
    # Nobody knows it; then the first row of the file says what it is called.
    row, name = seen.names.setdefault(hash(named.code), (line.row, hash((named.kind, named.name))))
    if name == hash((named.kind, named.name)):
        return ""
    if line.kind == CreditSubject.Kind.PERSON:
        return ERROR_PERSON_NAME
    return f"与第 {row} 行是同一代码，名称或者类别不同。"


def _stored(lines: Sequence[Line]) -> dict[str, Commitment]:
    rows = Commitment.objects.filter(code__in=[line.code for line in lines])
    return {row.code: row for row in rows.select_related("imported", "subject", "corrected_by")}


def _cases(rows: Iterable[Commitment]) -> dict[int, str]:
    """The numbers of the cases that stand, by commitment."""
    wanted = [row.pk for row in rows]
    if not wanted:
        return {}
    cases = BreachCase.objects.filter(commitment__in=wanted).exclude(state__in=["dropped", "revoked"])
    return dict(cases.values_list("commitment_id", "number"))


def _beside(row: Commitment, line: Line, department: Department, case: str, seen: Seen, found: Plan) -> None:
    """A row whose code is known: the same, another content, or not to be touched."""
    if row.department_id != department.pk:
        found.refuse(line, 1, rules.OTHER_UNIT)
        return
    if row.channel != Commitment.Channel.BULK or not hasattr(row, "imported"):
        found.refuse(line, 1, rules.PORTAL_SIGNED)
        return
    if row.imported.fingerprint == keyed_fingerprint(line.values, line.own_number):
        found.same += 1
        return
    changes = changes_of(row, line)
    if not changes:
        found.same += 1
    elif problem := takeover_problem(row, line, case):
        found.refuse(line, *problem)
    elif problem_of_name := _name_problem(line, found.known, seen):
        found.refuse(line, 2, problem_of_name)
    else:
        found.different.append(Different(line, changes))


def changes_of(row: Commitment, line: Line) -> list[list[str]]:
    """[[number, old, new]]: what a row would change of a stored commitment."""
    changes = rules.differences(told_values(row), line.values)
    if row.case_ref != line.own_number:
        changes.append([str(OWN), row.case_ref, line.own_number])
    return changes


def takeover_problem(row: Commitment, line: Line, case: str) -> tuple[int, str] | None:
    """Why a stored commitment cannot be corrected by a row: (field, reason); None where it can. `case`: the number of the
    breach case that stands, if one does."""
    if row.voided_at is not None or hasattr(row, "corrected_by"):
        return 1, rules.GONE
    if case:
        return 1, rules.CASE_STANDS.format(number=case)
    told = row.imported
    if line.outcome != told.outcome:
        if row.fulfilment == Status.FULFILLED:
            return 11, rules.KEPT_ALREADY.format(told=line.values["11"] or RUNNING)
        if told.breach not in ("", ImportedCommitment.Breach.WAITING):
            return 11, rules.SETTLED
    return None


def in_words(faults: Faults, labels: Mapping[int, str] = LABELS) -> list[list[str]]:
    """Faults with the labels of their columns."""
    return [[labels.get(number, ""), problem] for number, problem in faults]
