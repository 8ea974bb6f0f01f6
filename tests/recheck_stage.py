"""A place with commitments from which re-checks are drawn."""

from datetime import date, timedelta
from typing import Any

from commitments.models import Recheck, RecheckPlan
from commitments.rechecks import answering, drawing, planning
from commitments.rechecks.planning import Told
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from tests import factories, listed
from tests.breach_stage import Stage
from tests.factories import NOW, TODAY
from tests.obligation_stage import TEXT

BEFORE = TODAY - timedelta(days=60)


def allow(*, region: str = "130111", interval: int = 6, share: int = 10, confirmed: bool = True) -> None:
    for key, value, unit in (
        ("recheck_interval", interval, "months"), ("recheck_share", share, "percent"),
    ):  # fmt: skip
        PolicyRule.objects.update_or_create(
            region=factories.region(region), key=key, effective_from=date(2020, 1, 1),
            defaults={"value": value, "unit": unit, "basis": "S4 1", "confirmed": confirmed},
        )  # fmt: skip


class Place(Stage):
    """A department with twenty-five running commitments and a plan that awaits its approval."""

    def __init__(self) -> None:
        super().__init__()
        allow()
        self.running = [
            listed.commitment(department=self.department, content=TEXT, made_on=BEFORE) for _ in range(25)
        ]
        self.plan = planning.propose(told=self.told(), actor=self.officer, now=NOW)

    def told(self, **fields: Any) -> Told:
        return Told(**({"name": "定期复核", "starts_on": TODAY} | fields))

    def approved(self, plan: RecheckPlan | None = None) -> RecheckPlan:
        return planning.approve(plan_id=(plan or self.plan).pk, actor=self.head, now=self.now)

    def drawn(self) -> list[Recheck]:
        drawing.draw_by_hand(plan_id=self.approved().pk, actor=self.head, now=self.now)
        return list(Recheck.objects.select_related("commitment", "round").order_by("pk"))

    def answer(self, row: Recheck, finding: str = "kept", **fields: Any) -> Recheck:
        values = {
            "found_on": local_date(self.now),
            "note": "现场核查，承诺的都在做。",
            "actor": self.officer,
        } | fields
        return answering.answer(recheck_id=row.pk, finding=finding, now=self.now, **values)


def all_drawn(place: Place) -> list[Recheck]:
    allow(share=100)
    return place.drawn()
