"""Rows of lists taken into the record: put on, taken off, and gone because a whole list names them no more. One way for
form, file and interface, in sets: what it asks of the database does not grow with the rows."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit.clock import local_date
from credit_portal.deadlines import policy
from credit_portal.registry import groups
from credit_portal.registry.in_sets import Known, find_subjects, register_subjects
from credit_portal.registry.models import CreditSubject, Department, Region, User
from credit_portal.registry.visibility import group_names
from verification import services as record
from verification.in_sets import Exit, add_entries, end_entries
from verification.models import CreditEntry, CreditList
from verification.switches import BAN_KEY
from verification.vocabulary import State

from .reading import ADD, KnownList, ListRow

DOES = frozenset({groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE})
CURRENT, EXPIRED = "current", "expired"
STATES = {
    CURRENT: "在名单上",
    EXPIRED: "已期满",
    "ended": "已移出",
    "repaired": "已修复",
    "revoked": "已撤销",
}
ERROR_REGION = "{list}不适用于本地区。"
ERROR_KEEPER = "本部门不是{list}的报送部门；由信用办在管理后台“名单”中登记。"
ERROR_PROCEDURE = "{list}由认定程序列入和移出，请到“名单”办理。"
ERROR_CLOSED = "{list}已停用，不再列入。"
ERROR_OTHER = "已列入（自 {first} {last}），内容不同。内容有误的，由信用办撤销原记录后重新列入；期限有变的，先移出，再以新的列入日期列入。"
ERROR_LEFT = "以同一文书、同一列入日期列入过，已于 {day} {what}。再次列入的，列入日期应在其后。"
ERROR_OF_OTHERS = "这一条由其他单位报送，请由该单位移出。"
ERROR_NOT_ON = "名单上没有这个主体{document}。"
ERROR_WHICH = "这个主体在名单上有 {number} 条，请写明文书号。"
ERROR_EXIT_EARLY = "移出日期不能早于列入日期 {first}。"
ERROR_WHOLE = "“名单的全部”里不写移出的行：没有写的就是移出。"
ERROR_DONE = "已于 {day} 移出。"
GONE = "最新的名单中已没有（文件“{name}”）"
Faults = dict[int, list[tuple[str, str]]]


class MembershipRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RowsRefused(MembershipRefused):
    """Rows that do not fit what is on record: nothing was stored. `faults`: by row, key and message."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("有行与已有的记录不符，没有录入。")
        self.faults = faults


class Stale(MembershipRefused):
    """The list has changed since it was shown who would leave it."""


@dataclass(frozen=True)
class Keeper:
    """Whose rows they are. The credit office keeps what authorities outside the portal publish; a department its own."""

    department: Department
    actor: User | None = None

    @property
    def office(self) -> bool:
        return self.department.kind == Department.Kind.CREDIT_OFFICE

    @property
    def region(self) -> Region:
        return self.department.region

    def own(self) -> QuerySet[CreditEntry]:
        """The rows that it keeps: nobody else's leave a list by its word."""
        rows = CreditEntry.objects.filter(credit_list__isnull=False)
        if self.office:
            return rows.filter(Q(department=self.department) | Q(department=None, region=self.region))
        return rows.filter(department=self.department)

    def keeps(self, entry: CreditEntry) -> bool:
        if entry.department_id is None:
            return self.office and entry.region_id == self.region.pk
        return entry.department_id == self.department.pk


def keeper_of(user: User) -> Keeper:
    """Raises MembershipRefused for whoever has no business with lists."""
    if user.department is None or not user.department.is_active or not group_names(user) & DOES:
        raise MembershipRefused("名单由信用办和报送部门的经办人、负责人办理。")
    return Keeper(user.department, user)


def known_lists(keeper: Keeper) -> dict[str, KnownList]:
    """Every list by code and by name, with the reason why this keeper may not keep it. Two queries."""
    keeps = set(CreditList.objects.filter(keepers=keeper.department).values_list("pk", flat=True))
    found: dict[str, KnownList] = {}
    for row in CreditList.objects.all():
        refusal = ""
        if row.region_id not in keeper.region.lineage:
            refusal = ERROR_REGION
        elif row.by_procedure:
            refusal = ERROR_PROCEDURE
        elif not keeper.office and row.pk not in keeps:
            refusal = ERROR_KEEPER
        known = KnownList(
            code=row.code,
            name=row.name,
            adverse=row.sort in (CreditList.Sort.ADVERSE, CreditList.Sort.WATCH),
            refusal=refusal.format(list=row.name),
            closed="" if row.is_active else ERROR_CLOSED.format(list=row.name),
        )
        found[row.code] = found[row.name] = known
    return found


class Bans:
    """Whether a region's confirmed rule lets a market ban of a day be for good (S1 十; S3 二（四） and S4 11 do not)."""

    def __init__(self, region: Region) -> None:
        self._rules, self._lineage = policy.Finder(BAN_KEY), region.lineage

    def for_good(self, on: date) -> bool:
        rule = self._rules.value(lineage=self._lineage, on=on)
        return rule is not None and rule.value is True and rule.confirmed


def state_of(entry: CreditEntry, today: date) -> str:
    """What an entry of a list is on a day: a key of STATES."""
    if entry.state != State.EFFECTIVE:
        return entry.state
    return EXPIRED if entry.until_on is not None and entry.until_on < today else CURRENT


def current(rows: QuerySet[CreditEntry], today: date) -> QuerySet[CreditEntry]:
    """Those on their lists on a day."""
    return rows.filter(Q(until_on=None) | Q(until_on__gte=today), state=State.EFFECTIVE)


# ---- against what is on record -----------------------------------------------------------------------------


@dataclass
class Matched:
    """What rows come to: `new` to be added, `same` there already, `exits` to be ended; `missing` those whom a whole list
    names no more; `most`: more than half of what one authority has on a list would leave."""

    faults: Faults = field(default_factory=dict)
    new: dict[int, ListRow] = field(default_factory=dict)
    same: dict[int, CreditEntry] = field(default_factory=dict)
    exits: dict[int, tuple[CreditEntry, Exit]] = field(default_factory=dict)
    missing: list[CreditEntry] = field(default_factory=list)
    most: bool = False
    known: Known = field(default_factory=Known)


def match(rows: Mapping[int, ListRow], *, keeper: Keeper, whole: bool, today: date) -> Matched:
    """Compare checked rows with the record. Six queries, however many rows."""
    found = Matched()
    found.known = find_subjects(row.named for row in rows.values())
    lists = {one.code: one for one in CreditList.objects.filter(code__in={row.list for row in rows.values()})}
    on_record: dict[tuple[int, int], list[CreditEntry]] = {}
    for entry in CreditEntry.objects.filter(
        credit_list__in=list(lists.values()),
        subject__in=[one.pk for one in found.known.by_code.values()],
    ).exclude(state=State.REVOKED).order_by("pk"):  # fmt: skip
        on_record.setdefault((entry.credit_list_id, entry.subject_id), []).append(entry)
    for place, row in rows.items():
        if problem := found.known.name_problem(row.named):
            found.faults[place] = [("subject_name", problem)]
            continue
        if whole and row.action != ADD:
            found.faults[place] = [("action", ERROR_WHOLE)]
            continue
        subject = found.known.by_code.get(row.subject_code)
        entries = on_record.get((lists[row.list].pk, subject.pk), []) if subject else []
        fault = (
            _put_on(place, row, entries, keeper, found)
            if row.action == ADD
            else _take_off(place, row, entries, keeper, found, today)
        )
        if fault:
            found.faults[place] = [fault]
    if whole and not found.faults:
        _missing(rows, lists, keeper, found, today)
    return found


def _put_on(
    place: int, row: ListRow, entries: list[CreditEntry], keeper: Keeper, found: Matched
) -> tuple[str, str] | None:
    # Without a document's number two authorities may each have named the same subject a model.
    same_document = [
        one
        for one in entries
        if one.document_no == row.document_no and (row.document_no or keeper.keeps(one))
    ]
    for entry in same_document:
        first = row.from_on
        if entry.state == State.EFFECTIVE:
            if _says_the_same(entry, row):
                found.same[place] = entry
                return None
            if entry.until_on is None or (first is not None and first <= entry.until_on):
                last = f"至 {entry.until_on}" if entry.until_on else "起，没有期限"
                return ("document_no" if row.document_no else "subject_code"), ERROR_OTHER.format(
                    first=entry.from_on, last=last
                )
        elif first == entry.from_on:
            what = "修复" if entry.state == State.REPAIRED else "移出"
            return "from_on", ERROR_LEFT.format(day=entry.ended_on or entry.repaired_on or "此前", what=what)
    found.new[place] = row
    return None


def _says_the_same(entry: CreditEntry, row: ListRow) -> bool:
    return (entry.from_on, entry.until_on, entry.source, entry.basis, entry.remark) == (
        row.from_on, row.until_on, row.source, row.basis, row.remark,
    )  # fmt: skip


def _take_off(
    place: int, row: ListRow, entries: list[CreditEntry], keeper: Keeper, found: Matched, today: date
) -> tuple[str, str] | None:
    named = [one for one in entries if not row.document_no or one.document_no == row.document_no]
    on = [one for one in named if one.state == State.EFFECTIVE and keeper.keeps(one)]
    if not on:
        left = [one for one in named if one.state == State.ENDED and keeper.keeps(one)]
        if same := next((one for one in left if one.ended_on == row.exit_on), None):
            found.same[place] = same
            return None
        if left and left[-1].ended_on is not None:
            return "exit_on", ERROR_DONE.format(day=left[-1].ended_on)
        if any(one.state == State.EFFECTIVE for one in named):
            return "list", ERROR_OF_OTHERS
        document = f"（文书号 {row.document_no}）" if row.document_no else ""
        return "subject_code", ERROR_NOT_ON.format(document=document)
    if len(on) > 1:
        return "document_no", ERROR_WHICH.format(number=len(on))
    entry, exit_on = on[0], row.exit_on or today
    if exit_on < entry.from_on:
        return "exit_on", ERROR_EXIT_EARLY.format(first=entry.from_on)
    found.exits[place] = (entry, Exit(exit_on, row.exit_reason))
    return None


def _missing(
    rows: Mapping[int, ListRow],
    lists: Mapping[str, CreditList],
    keeper: Keeper,
    found: Matched,
    today: date,
) -> None:
    """Who is on the lists by the word of the authorities in the file and is not in it. An authority of which the file has no
    row is left alone: an empty export would otherwise free everybody."""
    told = {(lists[row.list].pk, row.source) for row in rows.values()}
    named = {entry.pk for entry in found.same.values()}
    on_lists: Counter[tuple[int, str]] = Counter()
    leaving: Counter[tuple[int, str]] = Counter()
    kept = current(keeper.own(), today).filter(
        credit_list__in=[pk for pk, _ in told], source__in={source for _, source in told}
    )
    for entry in kept.select_related("subject", "credit_list").order_by("credit_list_id", "pk"):
        group = (entry.credit_list_id, entry.source)
        if group not in told:
            continue
        on_lists[group] += 1
        if entry.pk not in named:
            leaving[group] += 1
            found.missing.append(entry)
    found.most = any(leaving[group] * 2 > on_lists[group] for group in leaving)


# ---- taken in ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """Entries by the row that brought them."""

    added: dict[int, CreditEntry]
    same: dict[int, CreditEntry]
    removed: dict[int, CreditEntry]
    missing: list[CreditEntry]


@transaction.atomic
def take(
    rows: Mapping[int, ListRow],
    *,
    keeper: Keeper,
    now: datetime,
    missing: Collection[int] | None = None,
    file: tuple[int, str] | None = None,
    is_demo: bool = False,
) -> Taken:
    """Take checked rows in, all or none. `missing`: of a whole list, the entries of which it was shown that they end;
    `file`: its id and name. Raises RowsRefused, and Stale where others would end by now."""
    today = local_date(now)
    # Whoever else puts somebody on one of these lists waits: no row can be added twice between look and word.
    locked = CreditList.objects.select_for_update(no_key=True).order_by("pk")
    lists = {one.code: one for one in locked.filter(code__in={row.list for row in rows.values()})}
    found = match(rows, keeper=keeper, whole=missing is not None, today=today)
    if found.faults:
        raise RowsRefused(found.faults)
    if missing is not None and {one.pk for one in found.missing} != set(missing):
        raise Stale("检查以后名单有变动，没有录入。请重新上传，再看一遍移出的主体。")
    upload_id, name = file if file else (None, "")
    named = {row.subject_code: row.named for row in found.new.values()}
    subjects = found.known.by_code | register_subjects(
        [one for code, one in named.items() if code not in found.known.by_code],
        department=keeper.department,
        actor=keeper.actor,
        now=now,
        is_demo=is_demo,
    )
    made = add_entries(
        entries=[
            _entry(row, lists[row.list], subjects[row.subject_code], keeper, is_demo)
            for row in found.new.values()
        ],
        operator=keeper.actor,
        now=now,
        upload_id=upload_id,
    )
    gone = Exit(today, GONE.format(name=name))
    exits = {entry.pk: exit_ for entry, exit_ in found.exits.values()}
    ended = {
        entry.pk: entry
        for entry in end_entries(
            exits=exits | {entry.pk: gone for entry in found.missing},
            operator=keeper.actor,
            now=now,
            upload_id=upload_id,
        )
    }
    return Taken(
        added=dict(zip(found.new, made, strict=True)),
        same=found.same,
        removed={place: ended[entry.pk] for place, (entry, _) in found.exits.items()},
        missing=[ended[entry.pk] for entry in found.missing],
    )


def _entry(
    row: ListRow, credit_list: CreditList, subject: CreditSubject, keeper: Keeper, is_demo: bool
) -> CreditEntry:
    assert row.from_on is not None  # noqa: S101 - the reader has seen to it
    # What an authority outside the portal has decided is on record without a department of the portal.
    own = not keeper.office or row.source == keeper.department.name
    adverse = credit_list.sort in (CreditList.Sort.ADVERSE, CreditList.Sort.WATCH)
    return CreditEntry(
        subject=subject,
        kind=str(credit_list.entry_kind),
        credit_list=credit_list,
        title=f"列入{credit_list.name}" if adverse else credit_list.name,
        source=row.source,
        department=keeper.department if own else None,
        region=keeper.region,
        document_no=row.document_no,
        basis=row.basis,
        remark=row.remark,
        from_on=row.from_on,
        until_on=row.until_on,
        is_demo=is_demo,
    )


def leave(*, entry_id: int, ended_on: date, reason: str, actor: User, now: datetime) -> CreditEntry:
    """Take one subject off its list, by whoever keeps the row. Raises MembershipRefused, MoveRefused and
    ValidationError."""
    keeper = keeper_of(actor)
    entry = keeper.own().select_related("credit_list").filter(pk=entry_id).first()
    if entry is None:
        raise MembershipRefused(ERROR_OF_OTHERS)
    if entry.credit_list is not None and entry.credit_list.by_procedure:
        raise MembershipRefused(ERROR_PROCEDURE.format(list=entry.credit_list.name))
    if not reason.strip():
        raise MembershipRefused("请填写移出原因。", field="reason")
    return record.end_entry(entry_id=entry.pk, operator=actor, now=now, ended_on=ended_on, reason=reason)
