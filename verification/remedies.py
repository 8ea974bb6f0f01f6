"""What somebody can do about an answer: repair from which day, where to object, what to bring. Pure.

Printed on the ordinary-route notice and on a refusal. Sources: S0 一（四）, S0 二（三）, S2 四（四）1 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from credit_portal.deadlines.articles import article_text
from verification.rules import Decision, Entry, Switches, standing
from verification.vocabulary import Effect, Kind, Route, Standing, day_text

# So many entries are named where one way is open against more of them; the reasons name every one.
NAMED = 5


@dataclass(frozen=True)
class Remedy:
    """One way open to the subject against one entry or several; ``from_on`` is the first day on which it can be used,
    None: at once."""

    code: str
    text: str
    article: str
    entry_ids: tuple[int, ...] = ()
    from_on: date | None = None


# What a way is, without the entry that it is open against: code, saying, article, first day.
_Way = tuple[str, str, str, "date | None"]


def remedies(
    decision: Decision, entries: Iterable[Entry], *, on: date, switches: Switches
) -> tuple[Remedy, ...]:
    """The ways open against the entries that made the answer worse, most restrictive first; else empty. Entries with
    the same way are told together, so that a long record does not print the same sentence a thousand times."""
    by_id = {entry.id: entry for entry in entries}
    concerned = dict.fromkeys(reason.entry_id for reason in decision.harmful_reasons)
    open_to: dict[_Way, list[Entry]] = {}
    for entry_id in concerned:
        entry = by_id.get(entry_id) if entry_id is not None else None
        if entry is not None:
            for way in (way_out(entry, on, switches.repair_article), _objection(entry)):
                open_to.setdefault(way, []).append(entry)
    found = [_for_all(way, named) for way, named in open_to.items()]
    if not found:
        return ()
    if decision.route is not Route.COMMITMENT:
        found.append(
            Remedy(
                "show_in_procedure",
                "对本次核查有异议的，请在本事项作出决定前提交结案证明、修复证明或者其他法律文书；"
                "以后提交的仅不用于本次办理，异议、修复、复议、诉讼不受影响",
                article_text(switches.dispute_article),
            )
        )
    if decision.route is Route.ORDINARY:
        article = next(r.article for r in decision.reasons if r.route is Route.ORDINARY)
        found.append(Remedy("ordinary_route", "本事项可以按一般程序继续办理，这不是拒绝受理", article))
    return tuple(found)


def _for_all(way: _Way, entries: list[Entry]) -> Remedy:
    code, says, article, from_on = way
    names = "；".join(entry.named for entry in entries[:NAMED])
    more = f"等{len(entries)}条记录" if len(entries) > NAMED else ""
    return Remedy(code, f"{names}{more}：{says}", article, tuple(entry.id for entry in entries), from_on)


def way_out(entry: Entry, on: date, repair_article: str) -> _Way:
    """How an entry is put right, and from which day on: code, saying, article, first day (None: at once)."""
    article = article_text(repair_article)
    if entry.kind is Kind.LOCKOUT:
        reopened = entry.until_on + timedelta(days=1) if entry.until_on else None
        text = f"自{day_text(reopened)}起可以再申请修复" if reopened else "限制解除后可以再申请修复"
        return "after_lockout", text, article_text(entry.basis), reopened
    if entry.kind is Kind.WATCH:
        text = f"符合移出条件的，可以向{entry.source or '列入的单位'}申请移出"
        return "leave_watch", text, article_text(entry.basis), None
    own_exit = [measure for measure in entry.measures if measure.effect is Effect.EXIT_RULE and measure.basis]
    if own_exit:
        return "exit_list", "按该名单的退出规定向列入单位申请退出", article_text(own_exit[0].basis), None
    to = _maker(entry)
    if entry.repairable_from is not None and on < entry.repairable_from:
        text = f"自{day_text(entry.repairable_from)}起可以向{to}申请信用修复，不收费"
        return "repair_from", text, article, entry.repairable_from
    if standing(entry, on) is Standing.EXPIRED:
        return "update_record", f"公示或者名单期限已满，可以向{to}申请更新记录，不收费", article, None
    text = f"现在可以向{to}申请信用修复，不收费"
    if (
        entry.kind in (Kind.PENALTY, Kind.BREACH)
        and entry.repairable_from is None
        and entry.public_from is None
    ):
        # No day is known before it is decided whether and how long it stands before the public.
        text += "；是否公示尚未决定，决定公示的，须满最短公示期以后才能决定修复"
    return "repair_now", text, article, None


def _maker(entry: Entry) -> str:
    """Who has made an entry, as far as its source says it: 信用中国 shows what others have determined."""
    if entry.source.startswith("信用中国"):
        return f"作出认定的单位（记录来自{entry.source}）"
    return entry.source or "作出认定的单位"


def _objection(entry: Entry) -> _Way:
    if entry.objection_under_way:
        return "objection_under_way", "已有异议，正在处理", "", None
    return "object", f"认为记录有误的，可以向公示网站或者{_maker(entry)}提出异议", "", None
