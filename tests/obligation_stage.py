"""A department with a commitment of three pledges, whose obligations are found."""

from commitments import fulfilment
from commitments.models import (
    Commitment,
    Obligation,
)
from commitments.obligations import confirming
from credit_portal.audit.clock import local_date
from tests import listed
from tests.breach_stage import Stage
from tests.factories import TODAY

State, Status = Obligation.State, Commitment.Fulfilment

TEXT = [
    {"no": 1, "kind": "pledge", "clause": 1, "text": "守法经营，材料真实。"},
    {"no": 2, "kind": "pledge", "clause": 2, "text": "按期安装净化设施。"},
    {"no": 3, "kind": "pledge", "clause": 3, "text": "三十日内补交检测报告。"},
    {"no": 4, "kind": "liability", "clause": 4, "text": "违诺的，承担相应责任。"},
]


def body(answer) -> str:
    return answer.content.decode()


class Place(Stage):
    """A department with a commitment of three pledges."""

    def __init__(self) -> None:
        super().__init__()
        self.commitment = listed.commitment(department=self.department, content=TEXT)

    def record(self, *found, actor=None, **fields) -> Commitment:
        values = {"found_on": TODAY, "note": "现场核查，已经做到。"} | fields
        return fulfilment.record_obligations(
            commitment_id=self.commitment.pk, found=found, actor=actor or self.officer, now=self.now, **values
        )

    def late(self, number: int) -> Commitment:
        today = local_date(self.now)
        return self.record((number, "kept_late"), found_on=today, done_on=today)

    def confirm(self, actor) -> Commitment:
        return confirming.confirm(
            commitment_id=self.commitment.pk, note="看过证据，都已做到。", actor=actor, now=self.now
        )

    def take_back(self, clauses, actor, reason="现场复查，没有做到。") -> Commitment:
        return confirming.take_back(
            commitment_id=self.commitment.pk, clauses=clauses, reason=reason, actor=actor, now=self.now
        )

    def states(self) -> list[str]:
        return list(self.commitment.obligations.order_by("clause_no").values_list("state", flat=True))

    def status(self) -> str:
        self.commitment.refresh_from_db()
        return self.commitment.fulfilment

    @property
    def address(self) -> str:
        return f"/desk/obligations/{self.commitment.code}/"
