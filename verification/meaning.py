"""What a row of its record means for a subject on a day, in plain words, by the rules of its region. Pure.

A rule that the region's office has not confirmed reminds and decides nothing; so it is said. (S0 一（三）（四）, S2 四（四）1.)
"""

from __future__ import annotations

from datetime import date

from verification.record import Entry, Switches, standing
from verification.remedies import way_out
from verification.vocabulary import GOOD, Effect, Kind, Standing, State, UnrepairedRule, day_text

_REMINDS = "办理时会提醒，不影响办理方式"
MEASURES = "；写明的措施另外适用"
RESTRICTING = frozenset({Effect.REFUSED, Effect.BAN, Effect.ORDINARY, Effect.KEY})
# Of these nothing is to be put right.
_NO_WAY = frozenset({Standing.NO_FACTOR, Standing.GOOD, Standing.REPAIRED})


def meaning(entry: Entry, *, on: date, switches: Switches) -> str:
    """One sentence: what the row does on the day `on`."""
    match standing(entry, on):
        case Standing.NO_FACTOR:
            return _no_factor(entry, on)
        case Standing.UNSERVED:
            return "尚未送达，不作为依据"
        case Standing.REPAIRED:
            return "已经修复，办理事项时与没有这条失信记录一样"
        case Standing.EXPIRED:
            rule = switches.expired_counts_as_repaired
            counts = rule.value or not rule.confirmed
            return "期限已满，" + (
                "办理事项时视同已经修复" if counts else "没有修复的，办理事项时仍然看这条记录"
            )
        case Standing.IN_PUBLICITY:
            rule = switches.in_publicity
            if rule.value and rule.confirmed:
                return "公示期内：办理事项时重点审查，用承诺代替材料、容缺受理的按一般程序办理，不是拒绝受理"
            return f"公示期内：{_unrepaired(entry, switches)}"
        case Standing.UNREPAIRED:
            return f"没有修复：{_unrepaired(entry, switches)}"
        case Standing.LOCKED:
            until = f"到{day_text(entry.until_on)}为止，" if entry.until_on else ""
            return f"{until}不能用修复承诺申请信用修复，其他事项不受影响"
        case Standing.GOOD:
            return "诚信记录，办理事项时供参考，可能得到便利"
    return "重点关注，办理事项时可能多加核对" + (MEASURES if _has_measures(entry) else "")


def _has_measures(entry: Entry) -> bool:
    return any(one.effect in RESTRICTING for one in entry.measures)


def _no_factor(entry: Entry, on: date) -> str:
    if entry.state is State.REVOKED:
        return "已经撤销，如同没有过"
    if entry.state is State.ENDED:
        return "已经终止，不再作为依据"
    if not entry.verified:
        return "没有核实，不作为依据"
    if entry.from_on and on < entry.from_on:
        return f"{day_text(entry.from_on)}起才有效"
    if entry.kind in GOOD or entry.kind in (Kind.LOCKOUT, Kind.WATCH):
        return "期限已满，不再作为依据"
    return "如实记录，不影响办理方式"


def _unrepaired(entry: Entry, switches: Switches) -> str:
    rule, measured = switches.unrepaired, _has_measures(entry)
    # What a measure of its own forbids is not said to be unaffected.
    rest = MEASURES if measured else "；其他事项不受影响"
    if not rule.confirmed or rule.value is UnrepairedRule.NO_EFFECT:
        return _REMINDS + (MEASURES if measured else "")
    if rule.value is UnrepairedRule.LATE_MATERIALS_ONLY:
        return f"不能容缺受理{rest}"
    return f"用承诺代替材料、容缺受理的按一般程序办理{'' if measured else '，不是拒绝受理'}{rest}"


def way(entry: Entry, *, on: date, switches: Switches) -> str:
    """How and from when the row can be put right; empty where there is nothing to put right."""
    if standing(entry, on) in _NO_WAY:
        return ""
    return way_out(entry, on, switches.repair_article)[1]
