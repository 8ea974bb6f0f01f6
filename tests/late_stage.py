"""An item with materials that may come late, its text, and the people who have to do with them; a promise in one call."""

from datetime import date, datetime, timedelta
from typing import Any

from commitments import presenting
from commitments.models import Commitment, Draft, PromisedMaterial, Supplement
from commitments.supplements import promising
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import groups
from credit_portal.registry.models import User
from tests import factories
from tests.counter import Counter, signature_png
from tests.factories import NOW

# Ten working days from 14 September 2026: the 20th is worked, the 25th is Mid-Autumn.
DAY = date(2026, 9, 28)
PREMISES, HEALTH = "场所使用证明", "健康证明"
BLANKS = (
    {"key": "缺少的材料", "label": "缺少的材料"},
    {"key": "补交日期", "label": "补交日期", "kind": "date"},
)
CLAUSES = (
    *factories.CLAUSES[:-1],
    ("pledge", "暂缺的材料：{缺少的材料}，最迟于{补交日期}交齐。", ("other",)),
    factories.CLAUSES[-1],
)
FILE = (signature_png(), "image/png", "证明.png")


def rule(
    key: str, value: Any, *, unit: str = "working_days", region: str = "130111", confirmed: bool = True
) -> None:
    PolicyRule.objects.update_or_create(
        region=factories.region(region), key=key, effective_from=date(2020, 1, 1),
        defaults={"value": value, "unit": unit, "basis": "测试依据", "confirmed": confirmed},
    )  # fmt: skip


class Late:
    """One counter with its desk. `now` moves by `later`."""

    def __init__(self, **item: Any) -> None:
        self.now: datetime = NOW
        for key, value in (("late_materials", 10), ("late_materials_overdue", 5), ("handled_at_once", 0)):
            rule(key, value)
        self.counter = Counter.open()
        self.department = self.counter.clerk.department
        self.text = factories.text_version(
            department=self.department, late_materials=True, clauses=CLAUSES, blanks=BLANKS
        )
        for name, value in item.items():
            setattr(self.counter.item, name, value)
        self.clerk: User = self.counter.clerk
        self.officer = factories.staff(groups.OFFICER, department=self.department)
        self.head = factories.staff(groups.HEAD, department=self.department)

    def later(self, days: int) -> "Late":
        self.now = self.now + timedelta(days=days)
        return self

    def draft(self, days: dict[str, str] | None = None) -> Draft:
        """Checked for late materials; with `days` kept where given."""
        draft = self.counter.checked(now=self.now, late_materials=True)
        if days is not None:
            draft = promising.keep(draft_id=draft.pk, clerk=self.clerk, days=days, now=self.now)
        return draft

    def read(self, draft: Draft) -> Draft:
        self.counter.show(draft, now=self.now)
        return presenting.finish_reading(draft_id=draft.pk, clerk=self.clerk, now=self.now)

    def commitment(self, **days: str) -> Commitment:
        """Signed; by default both materials by the last day."""
        promised = days or {PREMISES: "2026-09-21", HEALTH: DAY.isoformat()}
        return self.counter.sign(self.read(self.draft(promised)), now=self.now)

    def supplement(self, **days: str) -> Supplement:
        return Supplement.objects.get(commitment=self.commitment(**days))


def material(supplement: Supplement, number: int) -> PromisedMaterial:
    return supplement.materials.get(number=number)
