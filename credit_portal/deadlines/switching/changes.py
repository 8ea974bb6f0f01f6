"""A change of law as the records are asked about it: a rule that is to hold, or a calendar that is to count."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q

from credit_portal.deadlines import policy
from credit_portal.deadlines.calendar import Calendar, Counted, count
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.models import PolicyRule, RuleProposal
from credit_portal.registry.below import within
from credit_portal.registry.models import Region


class Change:
    """`day`: the day on which it takes effect (for records: as though the rule had held on their triggering day).
    `scope`: the region below which records are moved; None is everywhere. Answers are kept: of 100,000 records few ask
    something new."""

    def __init__(
        self,
        *,
        day: date,
        rule: PolicyRule | None = None,
        scope: Region | None = None,
        calendar: Calendar | None = None,
        days: Iterable[date] = (),
        year: int | None = None,
    ) -> None:
        self.day, self.rule, self.scope = day, rule, scope
        self.calendar = calendar or current_calendar()
        self.days, self.year = sorted(days), year
        self._rules: list[PolicyRule] = []
        if rule is not None:
            others = PolicyRule.objects.filter(key=rule.key)
            self._rules = [*(others.exclude(pk=rule.pk) if rule.pk else others), rule]
        self._values: dict[tuple[object, ...], policy.Value | None] = {}
        self._counted: dict[tuple[date, int, str], Counted] = {}

    @property
    def key(self) -> str:
        return self.rule.key if self.rule is not None else ""

    def within(self, field: str) -> Q:
        """Narrow records to the region of the change; `field` names their region."""
        if self.scope is None:
            return Q()
        path = self.scope.path
        return within(path, field)

    def value(self, region: Region, *, triggered_on: date, **narrowing: str) -> policy.Value | None:
        """The new rule's value, where for such a record it would be the one in force on the day of the change; None where
        another rule (of a nearer region, a narrower or a later one) goes before it."""
        if self.rule is None:
            return None
        on = max(triggered_on, self.day)
        asked = (
            region.path,
            on,
            triggered_on if isinstance(self.rule.value, dict) else None,
            *narrowing.items(),
        )
        if asked not in self._values:
            used = policy.choose(self._rules, lineage=region.lineage, on=on, **narrowing)
            self._values[asked] = policy.value_of(self.rule, triggered_on) if used is self.rule else None
        return self._values[asked]

    def count(self, start: date, length: int, unit: str) -> Counted:
        """A period by the calendar of the change."""
        asked = (start, length, unit)
        if asked not in self._counted:
            self._counted[asked] = count(self.calendar, start, length, unit)
        return self._counted[asked]

    def count_for_subject(self, start: date, length: int, unit: str, *, least: int) -> Counted:
        """A period in which a subject may speak or must act. A change never takes away what is running: where the new
        length would be over before the day of the change, it ends on the first day from then on that a longer one
        (up to the old length `least`) gives."""
        found = self.count(start, length, unit)
        while found.due < self.day and length < least:
            length += 1
            found = self.count(start, length, unit)
        return found


def of_rule(rule: PolicyRule, *, scope: Region, day: date) -> Change:
    """The change that a rule brings, in the database already or not yet."""
    return Change(day=max(day, rule.effective_from), rule=rule, scope=scope)


def rule_of(proposal: RuleProposal) -> PolicyRule:
    """The rule that a proposal has made, or the one that it would make (not saved)."""
    if proposal.rule is not None:
        return proposal.rule
    names = ("domain", "commitment_type", "grade", "value", "unit", "basis", "confirmed")
    fields: dict[str, Any] = {name: getattr(proposal, name) for name in names}
    return PolicyRule(
        region=proposal.region,
        key=proposal.key,
        effective_from=proposal.effective_from,
        effective_to=proposal.effective_to,
        **fields,
    )
