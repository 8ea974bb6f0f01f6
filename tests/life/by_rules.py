"""The same life by the product's pure rules alone: periods, standing of the entry, eligibility."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from disclosure import publication_rules
from disclosure.rules import PublicityRefused
from repair import rules
from verification.record import Entry, standing
from verification.vocabulary import Kind, Standing, State

from .oracle import Oracle

HARMFUL = (Standing.UNREPAIRED, Standing.IN_PUBLICITY)


class ByRules:
    """Who may do what is asked of the oracle; every day that follows from it comes from the product's rules."""

    def __init__(self, today: date) -> None:
        self.known = Oracle(today)
        self.entry: Entry | None = None
        self.was_running = False

    @property
    def today(self) -> date:
        return self.known.today

    def attempt(self, act: str, value: int = 0) -> bool:
        before, entry = self.known.today, self.entry
        running = self.known.running
        self.was_running = running is not None and running.public
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
            case "serve":
                self._change(served_on=before)
            case "take_back" | "withdraw" if entry is not None and self.was_running:
                self._change(public_from=None, public_until=None, repairable_from=None)
            case "revoke":
                self._end(before)
                self._change(state=State.REVOKED)
            case "mark":
                self._change(objection_under_way=self.known.marked)
            case "confirm":
                self._end(before)
                self._change(state=State.REPAIRED, repaired_on=before)
        return True

    def _publish(self) -> bool:
        if not self.known._may_decide():
            return False
        assert self.known.determined is not None and self.known.served is not None
        _, least, most = max(rule for rule in self.known.rules if rule[0] <= self.known.determined)
        try:
            period = publication_rules.period(
                determined_on=self.known.determined, served_on=self.known.served, decided_on=self.today,
                rule={"min": least, "max": most},
            )  # fmt: skip
        except PublicityRefused:
            return False
        assert self.known.attempt("publish")
        self._change(
            public_from=period.public_from, public_until=period.public_until,
            repairable_from=period.repairable_from,
        )  # fmt: skip
        return True

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

    def seen_on(self, days: Sequence[date]) -> list[tuple[bool, bool, bool]]:
        return [self._seen(day) for day in days]

    def _seen(self, day: date) -> tuple[bool, bool, bool]:
        if self.entry is None:
            return False, False, False
        now = standing(self.entry, day)
        public = now is Standing.IN_PUBLICITY and not self.known.withdrawn
        return public, rules.eligibility(self.entry, on=day).open, now in HARMFUL
