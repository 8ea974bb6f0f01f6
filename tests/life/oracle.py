"""What the rules say of a breach on a day, written straight from them and sharing no code with the product: months are
counted day by day, and every act says for itself whether it may be done."""

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
# Of one day: public, open to repair, harmful in a check, marked as objected to.
Seen = tuple[bool, bool, bool, bool]
OUTCOMES = ("keep", "change", "withdraw", "site_fault")


def months_later(start: date, months: int) -> date:
    """The last day of so many months after `start`: month by month, on the same day of the month or its last."""
    year, month = start.year, start.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    day = start.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


@dataclass
class Publication:
    public: bool
    first: date | None = None
    last: date | None = None
    repair_from: date | None = None
    running: bool = True
    ran_out: bool = False
    # A new rule left no day of it.
    cut: bool = False


@dataclass
class Oracle:
    today: date
    # From which day on, minimum and maximum in months, of a general breach.
    rules: list[tuple[date, int, int]] = field(default_factory=lambda: [(date(2020, 1, 1), 3, 12)])
    withdrawn: bool = False
    determined: date | None = None
    served: date | None = None
    reported: bool = False
    revoked: bool = False
    repaired: date | None = None
    # An objection of the subject is being looked into.
    objected: bool = False
    application: str = ""
    # The order that what is open follows the newest rule: whether it spares what is worse; None: none is open.
    ordered: bool | None = None
    was_ordered: bool = False
    publications: list[Publication] = field(default_factory=list)

    # ---- what is to be seen --------------------------------------------------------------------------------

    @property
    def running(self) -> Publication | None:
        return next((one for one in self.publications if one.running), None)

    def is_public(self, day: date) -> bool:
        """Whether anybody can see the breach on that day (today or later, if nothing else happens)."""
        one = self.running
        if one is None or not one.public or one.first is None or one.last is None:
            return False
        return (
            self.served is not None
            and not self.revoked
            and not self.withdrawn
            and one.first <= day <= one.last
        )

    def repair_open(self, day: date) -> bool:
        """Whether repair can be asked for on that day: served, not repaired or revoked, and past the minimum of a
        publicity that is on or has run out."""
        if self.served is None or self.revoked or self.repaired is not None or day < self.served:
            return False
        one = next((one for one in reversed(self.publications) if one.public and one.running), None)
        return one is None or one.repair_from is None or day >= one.repair_from

    def marked(self, day: date) -> bool:
        """Whether 「异议处理中」 stands beside what is public on that day."""
        return self.objected and self.is_public(day)

    def harms(self, day: date) -> bool:
        """Whether a check of that day counts the breach at all: from service until repair, revocation or the end."""
        if self.served is None or day < self.served or self.revoked:
            return False
        if self.repaired is not None and self.repaired <= day:
            return False
        return not any(
            one.ran_out or (one.running and one.public and one.last is not None and day > one.last)
            for one in self.publications
        )

    # ---- what may be done ----------------------------------------------------------------------------------

    def attempt(self, act: str, value: int = 0) -> bool:
        """Do it where it may be done; whether it was."""
        return getattr(self, f"_{act}")(value)

    @property
    def _live(self) -> bool:
        return self.determined is not None and not self.revoked

    def _wait(self, days: int) -> bool:
        self.today += timedelta(days=days)
        for one in self.publications:
            # By the sweep or without it: what has reached its maximum is over.
            if one.running and one.public and one.last is not None and one.last < self.today:
                one.running, one.ran_out = False, True
        self._carry_out()
        return True

    def _carry_out(self) -> None:
        """The order, once its rule has begun: the sweep of this day moves what is running on it."""
        starts, least, most = self.rules[-1]
        if self.ordered is None or starts > self.today:
            return
        spares, self.ordered = self.ordered, None
        one = self.running
        if one is None or not one.public or self.determined is None:
            return
        assert one.first is not None and one.last is not None and one.repair_from is not None
        last = months_later(self.determined, most)
        repair_from = months_later(self.determined, least) + DAY
        over = last < self.today
        # A publicity has one day at least; one that is over on this day was public until yesterday.
        last = max(one.first, self.today - DAY if over else last)
        if spares and (last > one.last or repair_from > one.repair_from):
            return
        one.last, one.repair_from = last, repair_from
        if over:
            # Where not even its first day had passed, it was never public, and has not run out either.
            one.running, one.ran_out, one.cut = False, one.first < self.today, one.first >= self.today

    def _determine(self, value: int) -> bool:
        if self._live:
            return False
        self.determined, self.served, self.reported, self.revoked = self.today, None, False, False
        self.repaired, self.objected, self.application, self.publications = None, False, "", []
        return True

    def _serve(self, value: int) -> bool:
        if not self._live or self.served is not None:
            return False
        self.served = self.today
        return True

    def _report(self, value: int) -> bool:
        if not self._live or self.reported:
            return False
        self.reported = True
        return True

    def _may_decide(self) -> bool:
        return (
            self._live and self.served is not None and self.reported and self.running is None
            and self.repaired is None
        )  # fmt: skip

    def _publish(self, value: int) -> bool:
        if not self._may_decide():
            return False
        assert self.determined is not None and self.served is not None
        _, least, most = max(rule for rule in self.rules if rule[0] <= self.determined)
        first, last = max(self.served, self.today), months_later(self.determined, most)
        repair_from = months_later(self.determined, least) + DAY
        for one in self.publications:
            # Published anew it is never longer than it was, nor repair later; what has run out is over.
            if one.public and one.last is not None and one.repair_from is not None:
                last, repair_from = min(last, one.last), min(repair_from, one.repair_from)
        if last < first or any(one.ran_out or one.cut for one in self.publications):
            return False
        self.publications.append(Publication(True, first, last, repair_from))
        return True

    def _limit(self, value: int) -> bool:
        if not self._may_decide():
            return False
        self.publications.append(Publication(False))
        return True

    def _take_back(self, value: int) -> bool:
        """The office takes its decision back."""
        one = self.running
        if one is None:
            return False
        one.running = False
        return True

    def _object(self, value: int) -> bool:
        """The subject objects to what the site shows, and the office takes it up: one objection at a time."""
        if self.objected or not self.is_public(self.today):
            return False
        self.objected = True
        return True

    def _answer(self, value: int) -> bool:
        """It is answered and carried out: kept, changed, withdrawn by the unit, or the fault of the site alone."""
        if not self.objected:
            return False
        self.objected = False
        outcome = OUTCOMES[value % 4]
        if outcome in ("withdraw", "site_fault"):
            for one in self.publications:
                one.running = False
        if outcome == "withdraw" and self._live:
            return self._revoke(0)
        return True

    def _revoke(self, value: int) -> bool:
        """The determination is taken back: objection upheld, review, court."""
        if not self._live:
            return False
        self.revoked, self.application = True, ""
        for one in self.publications:
            one.running = False
        return True

    def _withdraw(self, value: int) -> bool:
        """The commitment itself is taken off every public surface."""
        if self.withdrawn:
            return False
        self.withdrawn = True
        for one in self.publications:
            if one.public:
                one.running = False
        return True

    def _apply(self, value: int) -> bool:
        if self.application or not self._live or not self.repair_open(self.today):
            return False
        self.application = "accepted"
        return True

    def _grant(self, value: int) -> bool:
        if self.application != "accepted" or not self.repair_open(self.today):
            return False
        self.application = "decided"
        return True

    def _confirm(self, value: int) -> bool:
        if self.application != "decided" or not self.repair_open(self.today):
            return False
        self.application, self.repaired = "effective", self.today
        for one in self.publications:
            one.running = False
        return True

    def _new_rule(self, value: int) -> bool:
        """A rule that takes effect tomorrow: what was determined before keeps its own (its days have been decided)."""
        if self.rules[-1][0] > self.today:
            return False
        self.rules.append((self.today + DAY, value % 7, 7 + value % 9))
        self.ordered, self.was_ordered = None, False
        return True

    def _order(self, value: int) -> bool:
        """Two of the office order that open cases follow the newest rule, from its day on."""
        if len(self.rules) == 1 or self.was_ordered:
            return False
        self.ordered, self.was_ordered = bool(value % 2), True
        self._carry_out()
        return True

    def _calendar(self, value: int) -> bool:
        """A notice makes a day of rest: days counted in months do not move."""
        return True


ACTS = (
    "wait", "determine", "serve", "report", "publish", "limit", "take_back", "object", "answer", "revoke",
    "withdraw", "apply", "grant", "confirm", "new_rule", "order", "calendar",
)  # fmt: skip
