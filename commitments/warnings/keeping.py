"""The rules of warnings: entered by one of the credit office, in force when another has approved them, changed by a new
version, ended by a day; and the only place where they change. Bad rules are found by how their warnings were answered."""

import tomllib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from commitments.models import ClauseWarning, RequiredContent, WarningRule
from commitments.warning_models import COMPARED
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry import kept_by_two
from credit_portal.registry.models import Region, User

SHIPPED = Path(__file__).parent / "shipped.toml"
_DAY = timedelta(days=1)
MOST_WORDS, MOST_WORD = 20, 20
OUT_OF_REACH = "只能管理本地区及以下地区的预警规则。"
OWN = "不能批准自己录入的规则，须由信用办另一人批准。"
NO_BASIS = "本地区文件未规定，参照其他地区的做法"
ALREADY = "这条规则已经批准，不能再更改；需要改变的，录入新的一版或者写明失效日期。"


class RuleRefused(ValidationError):
    """A rule cannot be entered or moved so; told by field, in Chinese."""


@dataclass(frozen=True)
class Content:
    """What a rule says, as typed. Empty narrowings let everything through."""

    name: str
    entry_kinds: Sequence[str]
    says: str
    basis: str
    contents: Sequence[str] = ()
    sort: str = WarningRule.Sort.CLAUSES
    grades: Sequence[str] = ()
    list_codes: Sequence[str] = ()
    keywords: Sequence[str] = ()
    domains: Sequence[str] = ()
    types: Sequence[str] = ()


def rules_visible_to(user: User) -> QuerySet[WarningRule]:
    return kept_by_two.visible_to(WarningRule.objects.all(), user)


def waiting_for(user: User) -> QuerySet[WarningRule]:
    return kept_by_two.waiting_for(WarningRule.objects.all(), user)


@transaction.atomic
def enter(
    *,
    region: Region,
    content: Content,
    effective_from: date,
    actor: User,
    now: datetime,
    replaces: WarningRule | None = None,
    is_demo: bool = False,
) -> WarningRule:
    """Write a rule as a draft; `replaces`: the version before it, which ends on the day before this one begins. Raises
    RuleRefused by field."""
    _check_office(actor, region)
    kept_by_two.one_at_a_time(region)
    if replaces is not None and (replaces.approved_at is None or replaces.region_id != region.pk):
        raise RuleRefused({"region": "只能为本地区已批准的规则录入新的一版。"})
    family = replaces.family if replaces else uuid.uuid4()
    last = WarningRule.objects.filter(family=family).aggregate(last=Max("version"))["last"] or 0
    if replaces is not None and WarningRule.objects.filter(family=family, approved_at=None).exists():
        raise RuleRefused("这条规则已有待批准的新版。")
    row = WarningRule(
        region=region, family=family, version=last + 1, replaces=replaces, effective_from=effective_from,
        entered_by=actor, entered_at=now, is_demo=is_demo, **_checked(content),
    )  # fmt: skip
    if effective_from < local_date(now):
        raise RuleRefused({"effective_from": f"生效日期不能早于今天（{local_date(now)}）。"})
    if replaces is not None and effective_from <= replaces.effective_from:
        raise RuleRefused({"effective_from": f"须晚于原来一版的生效日期 {replaces.effective_from}。"})
    row.full_clean()
    note(row, actor=actor, now=now)
    row.save(force_insert=True)
    _tell("录入", row, actor, now)
    return row


@transaction.atomic
def approve(*, rule_id: int, actor: User, now: datetime) -> WarningRule:
    """Another of the office agrees: in force from its day on, never for days gone by. Raises RuleRefused."""
    row = _draft(rule_id, actor)
    if row.entered_by_id == actor.pk:
        raise RuleRefused(OWN)
    row.effective_from = max(row.effective_from, local_date(now))
    if row.replaces is not None:
        before = WarningRule.objects.select_for_update(of=("self",)).get(pk=row.replaces.pk)
        last = row.effective_from - _DAY
        if before.effective_to is None or before.effective_to > last:
            _end(before, last, actor=actor, now=now)
    row.approved_by, row.approved_at = actor, now
    note(row, actor=actor, now=now)
    row.save()
    _tell("批准", row, actor, now)
    return row


@transaction.atomic
def end(*, rule_id: int, last_day: date, actor: User, now: datetime) -> WarningRule:
    """The last day on which an approved rule holds; yesterday stops it at once. Raises RuleRefused by field."""
    row = _locked(rule_id, actor)
    if row.approved_at is None:
        raise RuleRefused("这条规则还没有批准。")
    first = local_date(now) - _DAY
    if last_day < first:
        raise RuleRefused({"last_day": f"失效日期不能早于 {first}：已经过去的日子不能改变。"})
    if row.effective_to is not None and last_day >= row.effective_to:
        raise RuleRefused({"last_day": f"这条规则本来就在 {row.effective_to} 失效。"})
    return _end(row, last_day, actor=actor, now=now)


@transaction.atomic
def discard(*, rule_id: int, actor: User, now: datetime) -> None:
    """Take a draft away; what was approved stays. Raises RuleRefused."""
    row = _draft(rule_id, actor)
    _tell("删除草稿", row, actor, now)
    note(row, actor=actor, now=now)
    row.delete()


@transaction.atomic
def adopt_shipped(*, region: Region, actor: User, now: datetime, is_demo: bool = False) -> int:
    """Take the shipped rules over as drafts of a region: those whose names it does not have. Gives how many."""
    _check_office(actor, region)
    kept_by_two.one_at_a_time(region)
    known = set(WarningRule.objects.filter(region=region).values_list("name", flat=True))
    fresh = [one for one in shipped(region.lineage) if one.name not in known]
    for one in fresh:
        enter(
            region=region, content=one, effective_from=local_date(now), actor=actor, now=now, is_demo=is_demo
        )
    return len(fresh)


def shipped(lineage: Sequence[str] = ()) -> list[Content]:
    """The rules to begin with, for a region by its own and those above it, nearest first; each on the basis that a document
    of one of them gives."""
    with SHIPPED.open("rb") as file:
        rows = tomllib.load(file)["rule"]
    return [
        Content(
            name=row["name"], entry_kinds=row["kinds"], says=row["says"],
            basis=next((row["basis"][code] for code in lineage if code in row["basis"]), NO_BASIS),
            contents=row.get("contents", ()), sort=row.get("sort", WarningRule.Sort.CLAUSES),
            list_codes=row.get("list_codes", ()), keywords=row.get("keywords", ()),
        )
        for row in rows
    ]  # fmt: skip


# ---- how good they are -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """How the warnings of one rule were answered, all its versions together. `share`: of those answered, how many hundredths
    were true; None where none is answered."""

    all: int = 0
    open: int = 0
    true: int = 0
    false: int = 0

    @property
    def share(self) -> int | None:
        answered = self.true + self.false
        return self.true * 100 // answered if answered else None


def tallies(rules: Iterable[WarningRule]) -> dict[uuid.UUID, Tally]:
    """By the family of rules. One query."""
    State = ClauseWarning.State
    rows = (
        ClauseWarning.objects.filter(family__in={rule.family for rule in rules})
        .order_by()
        .values("family")
        .annotate(
            n=Count("pk"),
            waits=Count("pk", filter=Q(state=State.OPEN)),
            yes=Count("pk", filter=Q(state=State.TRUE)),
            no=Count("pk", filter=Q(state=State.FALSE)),
        )
    )
    return {row["family"]: Tally(row["n"], row["waits"], row["yes"], row["no"]) for row in rows}


# ---- parts -------------------------------------------------------------------------------------------------


def _checked(content: Content) -> dict[str, Any]:
    """The fields of a rule, checked. Raises RuleRefused by field."""
    errors: dict[str, str] = {}
    risk = content.sort == WarningRule.Sort.RISK
    if not content.entry_kinds or set(content.entry_kinds) - set(COMPARED):
        errors["entry_kinds"] = "请选择比对哪些类别的信用记录。"
    elif risk and list(content.entry_kinds) != ["complaint"]:
        errors["entry_kinds"] = "投诉集中的风险只看消费投诉。"
    if set(content.contents) - set(RequiredContent.values) or (not content.contents and not risk):
        errors["contents"] = "请选择与哪些承诺内容比对。"
    words = list(dict.fromkeys(word.strip() for word in content.keywords if word.strip()))
    if len(words) > MOST_WORDS or any(len(word) > MOST_WORD for word in words):
        errors["keywords"] = f"最多 {MOST_WORDS} 个词，每个词最多 {MOST_WORD} 个字。"
    if content.list_codes and not set(content.entry_kinds) & {"list", "watch"}:
        errors["list_codes"] = "只有比对名单的规则可以指定名单。"
    for key, label, text in (
        ("name", "规则名称", content.name), ("says", "预警内容", content.says), ("basis", "依据", content.basis),
    ):  # fmt: skip
        if not text.strip():
            errors[key] = f"请填写{label}。"
    if errors:
        raise RuleRefused(errors)
    return {
        "sort": content.sort,
        "name": content.name.strip(),
        "says": content.says.strip(),
        "basis": content.basis.strip(),
        "entry_kinds": list(content.entry_kinds),
        "contents": list(content.contents),
        "grades": list(content.grades),
        "list_codes": list(content.list_codes),
        "keywords": words,
        "domains": list(content.domains),
        "types": list(content.types),
    }


def content_of(row: WarningRule) -> Mapping[str, Any]:
    """What a rule says, to be typed anew for its next version."""
    return {
        name: getattr(row, name)
        for name in (
            "sort", "name", "says", "basis", "entry_kinds", "contents", "grades", "list_codes", "domains", "types",
        )
    } | {"keywords": "、".join(row.keywords)}  # fmt: skip


def _check_office(actor: User, region: Region) -> None:
    if not kept_by_two.regions_of(actor).filter(pk=region.pk).exists():
        raise RuleRefused({"region": OUT_OF_REACH})


def _locked(rule_id: int, actor: User) -> WarningRule:
    row = (
        WarningRule.objects.select_for_update(of=("self",))
        .select_related("region", "replaces")
        .filter(pk=rule_id)
        .first()
    )
    if row is None:
        raise RuleRefused("这条规则已经删除。")
    if not kept_by_two.regions_of(actor).filter(pk=row.region_id).exists():
        raise RuleRefused(OUT_OF_REACH)
    return row


def _draft(rule_id: int, actor: User) -> WarningRule:
    row = _locked(rule_id, actor)
    if row.approved_at is not None:
        raise RuleRefused(ALREADY)
    return row


def _end(row: WarningRule, last_day: date, *, actor: User, now: datetime) -> WarningRule:
    row.effective_to = last_day
    note(row, actor=actor, now=now)
    row.save(update_fields=["effective_to"])
    _tell("写明失效日期", row, actor, now)
    return row


def _tell(deed: str, row: WarningRule, actor: User, now: datetime) -> None:
    events.warning_rule(
        now=now, actor_id=actor.pk, department_id=actor.department_id, rule_id=row.pk, version=row.version,
        deed=deed,
    )  # fmt: skip
