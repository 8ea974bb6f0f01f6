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


@dataclass(frozen=True)
class Remedy:
    """One way open to the subject; ``from_on`` is the first day on which it can be used, None: at once."""

    code: str
    text: str
    article: str
    entry_id: int | None
    from_on: date | None = None


def remedies(
    decision: Decision, entries: Iterable[Entry], *, on: date, switches: Switches
) -> tuple[Remedy, ...]:
    """The ways open against each entry that made the answer worse, most restrictive first; else empty."""
    by_id = {entry.id: entry for entry in entries}
    concerned = dict.fromkeys(reason.entry_id for reason in decision.harmful_reasons)
    found: list[Remedy] = []
    for entry_id in concerned:
        entry = by_id.get(entry_id) if entry_id is not None else None
        if entry is not None:
            found += [_way_out(entry, on, switches.repair_article), _objection(entry)]
    if not found:
        return ()
    if decision.route is not Route.COMMITMENT:
        found.append(
            Remedy(
                "show_in_procedure",
                "对本次核查有异议的，请在本事项作出决定前提交结案证明、修复证明或者其他法律文书；"
                "以后提交的仅不用于本次办理，异议、修复、复议、诉讼不受影响",
                article_text(switches.dispute_article),
                None,
            )
        )
    if decision.route is Route.ORDINARY:
        article = next(r.article for r in decision.reasons if r.route is Route.ORDINARY)
        found.append(Remedy("ordinary_route", "本事项可以按一般程序继续办理，这不是拒绝受理", article, None))
    return tuple(found)


def _way_out(entry: Entry, on: date, repair_article: str) -> Remedy:
    article = article_text(repair_article)
    if entry.kind is Kind.LOCKOUT:
        reopened = entry.until_on + timedelta(days=1) if entry.until_on else None
        text = f"自{day_text(reopened)}起可以再申请修复" if reopened else "限制解除后可以再申请修复"
        return Remedy(
            "after_lockout", f"{entry.named}：{text}", article_text(entry.basis), entry.id, reopened
        )
    if entry.kind is Kind.WATCH:
        text = f"{entry.named}：符合移出条件的，可以向{entry.source or '列入的单位'}申请移出"
        return Remedy("leave_watch", text, article_text(entry.basis), entry.id)
    own_exit = [measure for measure in entry.measures if measure.effect is Effect.EXIT_RULE and measure.basis]
    if own_exit:
        text = f"{entry.named}：按该名单的退出规定向列入单位申请退出"
        return Remedy("exit_list", text, article_text(own_exit[0].basis), entry.id)
    to = entry.source or "作出认定的单位"
    if entry.repairable_from is not None and on < entry.repairable_from:
        text = f"{entry.named}：自{day_text(entry.repairable_from)}起可以向{to}申请信用修复，不收费"
        return Remedy("repair_from", text, article, entry.id, entry.repairable_from)
    if standing(entry, on) is Standing.EXPIRED:
        text = f"{entry.named}：公示或者名单期限已满，可以向{to}申请更新记录，不收费"
        return Remedy("update_record", text, article, entry.id)
    return Remedy("repair_now", f"{entry.named}：现在可以向{to}申请信用修复，不收费", article, entry.id)


def _objection(entry: Entry) -> Remedy:
    if entry.objection_under_way:
        return Remedy("objection_under_way", f"{entry.named}：已有异议，正在处理", "", entry.id)
    to = entry.source or "作出认定的单位"
    text = f"{entry.named}：认为记录有误的，可以向公示网站或者{to}提出异议"
    return Remedy("object", text, "", entry.id)
