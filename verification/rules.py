"""What a credit check answers: record, commitment type, field, day and dated rules in; route, scrutiny and
reasons out.

Nothing here reads a database, a clock or a setting. Every entry of the record is judged alone and the most
restrictive answer wins, so a record can be explained entry by entry.
Sources: S0 一（一）（三）（四）, S2 四（四）1, S3 二, S4 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from credit_portal.deadlines.articles import article_text
from verification.record import Entry as Entry
from verification.record import Measure as Measure
from verification.record import Rule as Rule
from verification.record import Switches as Switches
from verification.record import last_day as last_day
from verification.record import measures_in_force as measures_in_force
from verification.record import standing as standing
from verification.vocabulary import (
    FIELD_USE_LABELS,
    ROUTE_LABELS,
    SCRUTINY_LABELS,
    STEP_LABELS,
    SUPPORTS,
    UNCONFIRMED,
    CommitmentType,
    Effect,
    Route,
    Scrutiny,
    Standing,
    Step,
    UnrepairedRule,
    day_text,
)

_ROUTE_RANK = {
    Route.NOT_NEEDED: 0,
    Route.COMMITMENT: 1,
    Route.ORDINARY: 2,
    Route.REFUSED: 3,
}
_WORSE = frozenset({Route.ORDINARY, Route.REFUSED})
_SCRUTINY_RANK = {Scrutiny.NORMAL: 0, Scrutiny.KEY: 1}
_STEP_RANK = {step: rank for rank, step in enumerate(Step)}
# Good ones are for reference; none of these by itself says that the record was looked at and is clear.
_FOR_REFERENCE = frozenset({"good_credit", "support_points", "support_convenience"})

_DOES = {
    Effect.REFUSED: "依规定应当拒绝",
    Effect.BAN: "依规定在禁入期限内应当拒绝",
    Effect.ORDINARY: "依规定按一般程序办理",
    Effect.KEY: "依规定应当重点审查",
    Effect.REFERENCE: "作为参考",
}
_LEADS_TO = {Effect.REFUSED: Route.REFUSED, Effect.BAN: Route.REFUSED, Effect.ORDINARY: Route.ORDINARY}
# Measures that change nothing in a check: a way out, what others do, and what only good marks bring.
_NOT_HERE = frozenset({Effect.EXIT_RULE, Effect.ELSEWHERE, *SUPPORTS})


class Reason(NamedTuple):
    """One line of the answer. ``article`` is shown to people, ``article_code`` is kept as data."""

    code: str
    text: str
    article: str
    article_code: str
    entry_id: int | None
    route: Route
    scrutiny: Scrutiny = Scrutiny.NORMAL
    effect: Effect | None = None
    listed_id: int | None = None
    done: str = ""

    @property
    def harmful(self) -> bool:
        return self.scrutiny is Scrutiny.KEY or self.route in _WORSE


@dataclass(frozen=True)
class Decision:
    route: Route
    scrutiny: Scrutiny
    reasons: tuple[Reason, ...]
    commitment_type: CommitmentType
    late_materials: bool
    domain: str
    on: date
    field_note: Reason | None = None

    @cached_property
    def harmful_reasons(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.harmful)


def decide(
    entries: Iterable[Entry],
    *,
    commitment_type: CommitmentType,
    late_materials: bool,
    domain: str,
    on: date,
    switches: Switches,
    step: Step | None = None,
) -> Decision:
    """Route and scrutiny on the day ``on`` with every reason, the most restrictive first.

    ``step``: the step of a tender that the check is made for; None: all of them.

    Late materials depend on credit as the approval type does, whatever type the item has; a repair commitment
    has no application materials, so the mark changes nothing there. An unconfirmed switch reminds and never
    decides. The answer does not depend on the order of ``entries``. Raises ValueError for an unknown type.
    Sources: S0 一（一）（三）, S2 四（四）1, S3 二, S4 1.
    """
    commitment_type = CommitmentType(commitment_type)
    case = _Case(commitment_type, late_materials, domain, on, switches, step)
    found = [reason for entry in entries for reason in case.judge(entry)]
    if all(reason.code in _FOR_REFERENCE for reason in found):
        found.append(case.clear())
    if any(reason.harmful for reason in found):
        # Whoever is looked at strictly has no convenience from a good mark beside it (S0 一（三）).
        found = [reason for reason in found if reason.code != "support_convenience"]
    reasons = tuple(sorted(found, key=_reason_order))
    return Decision(
        route=max((reason.route for reason in reasons), key=_ROUTE_RANK.__getitem__),
        scrutiny=max((reason.scrutiny for reason in reasons), key=_SCRUTINY_RANK.__getitem__),
        reasons=reasons,
        commitment_type=commitment_type,
        late_materials=late_materials,
        domain=domain,
        on=on,
        field_note=case.field_note(),
    )


def stricter(one: tuple[Route, Scrutiny], other: tuple[Route, Scrutiny]) -> tuple[Route, Scrutiny]:
    """The more restrictive route and scrutiny of two answers, each for itself."""
    return (
        max(one[0], other[0], key=_ROUTE_RANK.__getitem__),
        max(one[1], other[1], key=_SCRUTINY_RANK.__getitem__),
    )


def _reason_order(reason: Reason) -> tuple[int, int, int, str, str]:
    entry_id = -1 if reason.entry_id is None else reason.entry_id
    return (
        -_ROUTE_RANK[reason.route],
        -_SCRUTINY_RANK[reason.scrutiny],
        entry_id,
        reason.code,
        reason.text,
    )


@dataclass(frozen=True)
class _Case:
    """What is asked, once, so that each entry can be judged alone."""

    commitment_type: CommitmentType
    late_materials: bool
    domain: str
    on: date
    switches: Switches
    step: Step | None = None

    @cached_property
    def repair(self) -> bool:
        return self.commitment_type is CommitmentType.REPAIR

    @cached_property
    def depends_on_credit(self) -> bool:
        """The column "approval type, late materials"."""
        return not self.repair and (self.late_materials or self.commitment_type is CommitmentType.APPROVAL)

    @cached_property
    def supervisory(self) -> bool:
        return self.commitment_type is CommitmentType.SUPERVISORY

    @cached_property
    def baseline(self) -> Route:
        return Route.NOT_NEEDED if self.repair else Route.COMMITMENT

    def clear(self) -> Reason:
        rule = self.switches.unrepaired
        article, code = (rule.article_shown, rule.article) if rule.confirmed else ("", "")
        text = f"截至{day_text(self.on)}，没有未修复的失信记录"
        return Reason("clear", text, article, code, None, self.baseline)

    def field_note(self) -> Reason | None:
        """What a record is in this field, by the region's rule; said, not decided."""
        rule = self.switches.field_use
        if rule is None or self.repair:
            return None
        text = f"本领域办理时，信用记录是{FIELD_USE_LABELS[rule.value]}"
        return Reason("field_use", text, rule.article_shown, rule.article, None, self.baseline)

    def judge(self, entry: Entry) -> list[Reason]:
        now = standing(entry, self.on)
        if entry.disproved and now is not Standing.NO_FACTOR:
            text = f"{entry.named}：已采信本次办理中提交的{entry.disproved}，本次不计入"
            return [self._neutral("disproved", entry, text)]
        match now:
            case Standing.REPAIRED:
                done = f"，{day_text(entry.repaired_on)}已修复" if entry.repaired_on else "，已修复"
                return [self._neutral("repaired", entry, f"{entry.named}{done}")]
            case Standing.EXPIRED:
                return self._expired(entry)
            case Standing.UNREPAIRED:
                return self._with_measures(entry, now, self._unrepaired(entry))
            case Standing.IN_PUBLICITY:
                return self._with_measures(entry, now, self._in_publicity(entry))
            case Standing.WATCHED if not self.repair:
                # Lesser cases are looked at more strictly, in proportion; nobody's route is changed by it (S1 八, S4 8).
                return [reason for reason in self._measures(entry, now) if reason.route is self.baseline]
            case Standing.LOCKED if self.repair:
                return [self._locked(entry)]
            case Standing.GOOD:
                return self._good(entry)
            case _:
                return []

    def _neutral(self, code: str, entry: Entry, text: str, article_code: str = "") -> Reason:
        return Reason(
            code,
            text,
            article_text(article_code),
            article_code,
            entry.id,
            self.baseline,
        )

    def _reminder(self, entry: Entry, text: str) -> Reason:
        return Reason("unconfirmed_rule", text, UNCONFIRMED, "", entry.id, self.baseline)

    def _by_rule(
        self,
        code: str,
        entry: Entry,
        text: str,
        rule: Rule[UnrepairedRule] | Rule[bool],
        route: Route,
    ) -> Reason:
        return Reason(code, text, rule.article_shown, rule.article, entry.id, route)

    def _unrepaired(self, entry: Entry, note: str = "") -> list[Reason]:
        rule = self.switches.unrepaired
        if self.repair:
            # A listing that is left by a procedure of its own is not left by a repair commitment.
            if self._exit_rules(entry):
                return []
            opens = entry.repairable_from
            later = f"自{day_text(opens)}起可以申请修复" if opens and self.on < opens else "可以申请修复"
            text = f"{entry.named}，尚未修复，可以作修复承诺，{later}"
            article = self.switches.repair_article
            return [
                Reason(
                    "repairable",
                    text,
                    article_text(article),
                    article,
                    entry.id,
                    Route.COMMITMENT,
                ),
            ]
        named = f"{entry.named}{note}"
        affected = self.depends_on_credit and (
            rule.value is UnrepairedRule.ORDINARY
            or (rule.value is UnrepairedRule.LATE_MATERIALS_ONLY and self.late_materials)
        )
        if not affected:
            return [self._neutral("no_effect_here", entry, f"{named}，尚未修复，不影响本次承诺")]
        if not rule.confirmed:
            text = f"{named}，尚未修复；本地区是否因此改按一般程序办理尚待确认，仅作提醒"
            return [self._reminder(entry, text)]
        return [self._by_rule("unrepaired", entry, f"{named}，尚未修复", rule, Route.ORDINARY)]

    def _in_publicity(self, entry: Entry) -> list[Reason]:
        if self.repair:
            return self._repair_in_publicity(entry)
        until = f"至{day_text(entry.public_until)}" if entry.public_until else ""
        public = f"{entry.named}，正在公示（{day_text(entry.public_from or self.on)}起{until}）"
        rule = self.switches.in_publicity
        if not rule.value or not (self.depends_on_credit or self.supervisory):
            return self._unrepaired(entry)
        if not rule.confirmed:
            text = f"{public}；本地区是否因此重点审查尚待确认，仅作提醒"
            return [self._reminder(entry, text), *self._unrepaired(entry)]
        route = Route.ORDINARY if self.depends_on_credit else Route.COMMITMENT
        what = "应当重点审查，不适用告知承诺制等便利服务" if self.depends_on_credit else "应当重点审查"
        return [
            Reason(
                "in_publicity",
                f"{public}，{what}",
                rule.article_shown,
                rule.article,
                entry.id,
                route,
                Scrutiny.KEY,
            )
        ]

    def _repair_in_publicity(self, entry: Entry) -> list[Reason]:
        if entry.repairable_from is None or entry.repairable_from <= self.on:
            return self._unrepaired(entry)
        text = f"{entry.named}，尚未达到最短公示期，自{day_text(entry.repairable_from)}起可以申请修复"
        # Not refused and not ordinary: another entry whose repair is open must not be held back by this one.
        return [self._neutral("repair_not_open_yet", entry, text, self.switches.repair_article)]

    def _expired(self, entry: Entry) -> list[Reason]:
        rule = self.switches.expired_counts_as_repaired
        last = last_day(entry)
        over = f"，已于{day_text(last)}期满（未经修复）" if last else "，已期满（未经修复）"
        expired = self._neutral("expired", entry, f"{entry.named}{over}")
        if not self.depends_on_credit or rule.value:
            return [expired]
        if not rule.confirmed:
            text = f"{entry.named}{over}；本地区期满是否视同修复尚待确认，仅作提醒"
            return [self._reminder(entry, text)]
        return self._unrepaired(entry, over)

    def _exit_rules(self, entry: Entry) -> tuple[Measure, ...]:
        running = measures_in_force(entry, standing(entry, self.on), domain=self.domain, on=self.on)
        return tuple(measure for measure in running if measure.effect is Effect.EXIT_RULE and measure.basis)

    def _with_measures(self, entry: Entry, now: Standing, found: list[Reason]) -> list[Reason]:
        """Whoever is limited by a measure is not told in the same breath that the entry has no effect here."""
        measures = self._measures(entry, now)
        if any(reason.harmful for reason in measures):
            found = [reason for reason in found if reason.code != "no_effect_here"]
        return found + measures

    def _measures(self, entry: Entry, now: Standing) -> list[Reason]:
        if self.repair:
            return [
                Reason(
                    "exit_rule",
                    f"{entry.named}，按该名单自己的退出规定办理，不以修复承诺退出",
                    article_text(measure.basis),
                    measure.basis,
                    entry.id,
                    self.baseline,
                )
                for measure in self._exit_rules(entry)
            ]
        if not (self.depends_on_credit or self.supervisory):
            return []
        running = measures_in_force(entry, now, domain=self.domain, on=self.on)
        return [self._measure(entry, measure) for measure in running if measure.effect not in _NOT_HERE]

    def _measure(self, entry: Entry, measure: Measure) -> Reason:
        effect = measure.effect
        what = _DOES[effect]
        if effect is Effect.BAN and entry.until_on is None:
            what = "依规定永久禁入，应当拒绝"
        if not measure.basis:
            text = f"{entry.named}，登记的措施没有写明依据，仅作提醒"
            return Reason("measure_without_basis", text, "", "", entry.id, self.baseline)
        at = f"，限于{STEP_LABELS[measure.step]}" if measure.step else ""
        done = f"（{measure.text}）" if measure.text else ""
        if effect is Effect.BAN and entry.until_on is None and not self._bans_for_good():
            text = f"{entry.named}，登记的禁入没有期限；本地区没有确认可以永久禁入，仅作提醒"
            return self._reminder(entry, text)
        if measure.step and self.step and _STEP_RANK[self.step] < _STEP_RANK[measure.step]:
            text = f"{entry.named}，本环节不限制，到{STEP_LABELS[measure.step]}{what}{done}"
            return self._told("measure_later", entry, text, measure, self.baseline)
        route = _LEADS_TO.get(effect, Route.COMMITMENT)
        scrutiny = Scrutiny.KEY if effect is Effect.KEY else Scrutiny.NORMAL
        text = f"{entry.named}，{what}{at}{done}"
        return self._told(f"measure_{effect.value}", entry, text, measure, route, scrutiny)

    def _told(
        self,
        code: str,
        entry: Entry,
        text: str,
        measure: Measure,
        route: Route,
        scrutiny: Scrutiny = Scrutiny.NORMAL,
    ) -> Reason:
        return Reason(
            code,
            text,
            article_text(measure.basis),
            measure.basis,
            entry.id,
            route,
            scrutiny,
            measure.effect,
            measure.listed_id,
            measure.text,
        )

    def _bans_for_good(self) -> bool:
        rule = self.switches.ban_for_good
        return rule.value and rule.confirmed

    def _good(self, entry: Entry) -> list[Reason]:
        """What a good mark brings in this field, by the list of measures; otherwise it is only mentioned."""
        listed = [
            measure
            for measure in entry.measures
            if measure.effect in SUPPORTS and measure.domain in (None, self.domain) and measure.basis
        ]
        if self.repair or not listed:
            return [self._neutral("good_credit", entry, f"{entry.named}：可按规定给予加分或便利，供参考")]
        words = {Effect.POINTS: "可以加分", Effect.CONVENIENCE: "可以享受便利服务"}
        return [
            self._told(
                f"support_{measure.effect.value}",
                entry,
                f"{entry.named}：{measure.text or words[measure.effect]}，供参考",
                measure,
                self.baseline,
            )
            for measure in listed
        ]

    def _locked(self, entry: Entry) -> Reason:
        if not entry.basis:
            text = f"{entry.named}，登记的修复限制期没有写明依据，仅作提醒"
            return Reason("measure_without_basis", text, "", "", entry.id, self.baseline)
        if entry.until_on is None:
            text = f"{entry.named}，修复限制期内，不受理修复，解除之日另行告知"
        else:
            reopened = entry.until_on + timedelta(days=1)
            text = (
                f"{entry.named}，修复限制期至{day_text(entry.until_on)}，自{day_text(reopened)}起可以再申请"
            )
        return Reason(
            "lockout",
            text,
            article_text(entry.basis),
            entry.basis,
            entry.id,
            Route.REFUSED,
        )


def no_stricter(answer: tuple[Route, Scrutiny], than: tuple[Route, Scrutiny]) -> bool:
    """Whether an answer is at most as restrictive as another, in its route and in its scrutiny."""
    return (
        _ROUTE_RANK[answer[0]] <= _ROUTE_RANK[than[0]]
        and _SCRUTINY_RANK[answer[1]] <= _SCRUTINY_RANK[than[1]]
    )


def one_line(decision: Decision) -> str:
    """The line that the clerk reads: route, scrutiny, the deciding reason with its article, how many more."""
    head = ROUTE_LABELS[decision.route]
    if decision.scrutiny is Scrutiny.KEY:
        head += f"，{SCRUTINY_LABELS[Scrutiny.KEY]}"
    said = sorted(
        (reason for reason in decision.reasons if reason.code not in _FOR_REFERENCE),
        key=lambda reason: (not reason.harmful, _TELLING.get(reason.code, 0)),
    )
    if decision.harmful_reasons:
        said = [reason for reason in said if reason.harmful]
    first = said[0]
    article = f"（{first.article}）" if first.article else ""
    more = f"另有{len(said) - 1}项，见明细。" if len(said) > 1 else ""
    clear = "没有未修复的失信记录：" if {reason.code for reason in said} == {"repaired"} else ""
    # A title that came from elsewhere may hold a line break.
    return " ".join(f"{head}。{clear}{first.text}{article}。{more}".splitlines())


# What is over is said last: the line must not read as if nothing else were there.
_TELLING = {"expired": 1, "repaired": 2}
