"""A commitment with late materials that was signed."""

from datetime import date, timedelta

from commitments.models import (
    CommitmentEvent,
    Supplement,
    SupplementExtension,
)
from commitments.supplements import extending, receiving
from credit_portal.deadlines.models import Duty
from tests import subjects
from tests.factories import NOW
from tests.late_stage import DAY, FILE, Late

State, Extended = Supplement.State, SupplementExtension.State

AFTER = DAY + timedelta(days=1)


class Signed(Late):
    """A promise of both materials, the first by 21 September, the second by the 28th."""

    def __init__(self) -> None:
        super().__init__()
        self.one = self.supplement()
        self.holder = subjects.opened(self.one.commitment.subject, now=NOW)

    def bring(self, number: int, **more):
        return receiving.receive(
            supplement_id=self.one.pk, number=number, actor=self.clerk, now=self.now, **more
        )

    def send(self, number: int):
        return receiving.send(
            supplement_id=self.one.pk, number=number, access=self.holder, uploads=[FILE], now=self.now
        )

    def ask(self, days: int = 5, actor=None):
        return extending.ask(
            supplement_id=self.one.pk, working_days=days, reason="暴雨停诊，不能体检。", upload=FILE,
            actor=actor or self.clerk, now=self.now,
        )  # fmt: skip

    def on(self, day: date) -> "Signed":
        self.now = NOW + timedelta(days=(day - NOW.date()).days)
        return self

    def fresh(self) -> Supplement:
        self.one.refresh_from_db()
        return self.one

    def duty(self, key: str = "late_materials_promise") -> Duty:
        return Duty.objects.get(rule_key=key, matter_type="supplement", matter_id=self.one.pk)

    def notes(self) -> list[str]:
        rows = self.one.commitment.events.filter(kind=CommitmentEvent.Kind.SUPPLEMENT)
        return list(rows.order_by("id").values_list("note", flat=True))
