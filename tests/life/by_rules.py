"""The same life by the product's pure rules alone: periods, standing of the entry, eligibility."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from disclosure import publication_rules, publicity_switching
from disclosure.rules import PublicityRefused
from repair import rules
from verification.record import Entry, standing
from verification.vocabulary import Kind, Standing, State

from .oracle import OUTCOMES, Oracle, Seen

HARMFUL = (Standing.UNREPAIRED, Standing.IN_PUBLICITY)


class ByRules:
    """Who may do what is asked of the oracle; every day that follows from it comes from the product's rules."""

    def __init__(self, today: date) -> None:
        self.known = Oracle(today)
        self.entry: Entry | None = None
        self.was_running = False
        # Of each publication so far its last day and that of repair; whether a new rule left no day of the newest.
        self.days: list[tuple[date, date]] = []
        self.cut = False

    @property
    def today(self) -> date:
        return self.known.today

    def attempt(self, act: str, value: int = 0) -> bool:
        before, entry = self.known.today, self.entry
        running = self.known.running
        self.was_running = running is not None and running.public
        ordered, rule = self.known.ordered, self.known.rules[-1]
        match act:
            case "publish":
                return self._publish()
            case "apply" | "grant" | "confirm":
                if entry is None or not rules.eligibility(entry, on=before).open:
                    return False
        done = self.known.attempt(act, value)
        if not done:
            return False
        match act:
            case "determine":
                self.entry = Entry(id=1, kind=Kind.BREACH, from_on=self.known.determined)
                self.days, self.cut = [], False
            case "serve":
                self._change(served_on=before)
            case "take_back" | "withdraw" if entry is not None and self.was_running:
                self._change(public_from=None, public_until=None, repairable_from=None)
            case "revoke":
                self._end(before)
                self._change(state=State.REVOKED)
            case "object":
                self._change(objection_under_way=True)
            case "answer" if entry is not None:
                self._answer(OUTCOMES[value % 4])
            case "wait" if ordered is not None and self.was_running:
                self._switch(rule, spares=ordered)
            case "order" if self.was_running:
                self._switch(rule, spares=bool(value % 2))
            case "confirm":
                self._end(before)
                self._change(state=State.REPAIRED, repaired_on=before)
        return True

    def _publish(self) -> bool:
        if not self.known._may_decide() or self.cut:
            return False
        assert self.known.determined is not None and self.known.served is not None
        _, least, most = max(rule for rule in self.known.rules if rule[0] <= self.known.determined)
        try:
            period = publication_rules.period(
                determined_on=self.known.determined, served_on=self.known.served, decided_on=self.today,
                rule={"min": least, "max": most},
                until=min((one[0] for one in self.days), default=None),
                repairable_from=min((one[1] for one in self.days), default=None),
            )  # fmt: skip
        except PublicityRefused:
            return False
        assert self.known.attempt("publish")
        self.days.append((period.public_until, period.repairable_from))
        self._change(
            public_from=period.public_from, public_until=period.public_until,
            repairable_from=period.repairable_from,
        )  # fmt: skip
        return True

    def _answer(self, outcome: str) -> None:
        self._change(objection_under_way=False)
        if outcome in ("withdraw", "site_fault") and self.was_running:
            self._change(public_from=None, public_until=None, repairable_from=None)
        if outcome == "withdraw":
            self._change(state=State.REVOKED)

    def _switch(self, rule: tuple[date, int, int], *, spares: bool) -> None:
        """What is running on the day of an order gets the days of the new rule."""
        starts, least, most = rule
        old, day = self.entry, self.today
        if starts > day or old is None or old.public_until is None or old.public_until < day:
            return
        assert old.public_from is not None and old.repairable_from is not None
        dates = publicity_switching.switched(
            determined_on=old.from_on, public_from=old.public_from, public_until=old.public_until,
            repairable_from=old.repairable_from, rule={"min": least, "max": most}, confirmed=True, day=day,
        )  # fmt: skip
        worse = dates.public_until > old.public_until or dates.repairable_from > old.repairable_from
        if spares and worse:
            return
        self.days[-1] = dates.public_until, dates.repairable_from
        self.cut = dates.over
        self._change(public_until=dates.public_until, repairable_from=dates.repairable_from)
        if dates.over and old.public_from >= day:
            self._change(public_from=None, public_until=None)

    def _change(self, **values: Any) -> None:
        assert self.entry is not None
        self.entry = Entry(**self.entry._asdict() | values)

    def _end(self, on: date) -> None:
        if self.entry is None or self.entry.public_from is None:
            return
        until = self.entry.public_until
        if until is not None and until < on:
            return
        gone = self.entry.public_from >= on
        self._change(
            public_from=None if gone else self.entry.public_from,
            public_until=None if gone else on - timedelta(days=1),
        )

    def seen_on(self, days: Sequence[date]) -> list[Seen]:
        return [self._seen(day) for day in days]

    def _seen(self, day: date) -> Seen:
        if self.entry is None:
            return False, False, False, False
        now = standing(self.entry, day)
        public = now is Standing.IN_PUBLICITY and not self.known.withdrawn
        marked = public and self.entry.objection_under_way
        return public, rules.eligibility(self.entry, on=day).open, now in HARMFUL, marked
