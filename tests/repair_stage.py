"""A breach with its way back: every act of a repair by its service."""

from datetime import date, datetime, time, timedelta
from typing import Any

from commitments import pledging
from commitments.concluding import Upload
from commitments.models import Commitment
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import CommitmentType, CreditSubject
from repair import applying, deciding
from repair.applying import Applicant
from repair.models import RepairApplication
from tests import factories
from tests.breach_stage import Stage
from tests.counter import signature_png

METHODS = {
    "methods": [
        "commitment",
        "rectification",
        "training",
        "report",
        "check",
        "public_service",
        "performance",
    ],
    "open": True,
    "required": ["commitment"],
}
RULES: dict[str, tuple[Any, str]] = {
    "repair_methods": (METHODS, ""),
    "repair_decision": (10, "working_days"),
    "repair_confirmation": (3, "working_days"),
    "repair_commitment_term": (12, "months"),
    "repair_lockout": (12, "months"),
    "repair_announced": (False, ""),
}
TEXT = (
    ("pledge", "在承诺期内不再产生新的失信行为。", ("obey_law",)),
    ("pledge", "同意公开本承诺书。", ("agree_publication",)),
    ("liability", "违反承诺的，接受在一定时间内不予信用修复。", ("accept_consequences",)),
)
EXPLANATION = "检测报告已经补交，经复查符合要求，影响已经消除。"


def confirm_repair_rules(region: str = "130111", *, confirmed: bool = True, **changed: Any) -> None:
    for key, (value, unit) in RULES.items():
        PolicyRule.objects.update_or_create(
            region=factories.region(region), key=key, effective_from=date(2020, 1, 1),
            defaults={
                "value": changed.get(key, value), "unit": unit, "basis": "S0 一（一）（四）", "confirmed": confirmed
            },
        )  # fmt: skip


class RepairStage(Stage):
    def __init__(self, *, region: str = "130111", person: bool = False, **changed: Any) -> None:
        super().__init__(region=region, person=person)
        confirm_repair_rules(region, **changed)
        self.item = factories.item_version(
            department=self.department, name="信用修复", allowed_types=[CommitmentType.REPAIR]
        )
        factories.text_version(
            commitment_type=CommitmentType.REPAIR, department=self.department, clauses=TEXT
        )

    @property
    def subject(self) -> CreditSubject:
        return self.commitment.subject

    def at(self, day: date) -> "RepairStage":
        self.now = datetime.combine(day, time(10), SHANGHAI)
        return self

    def open_day(self) -> date:
        publication = self.commitment.breach_cases.get().publications.latest("pk")
        return publication.repairable_from

    def draft(self, *, entry_id: int | None = None) -> RepairApplication:
        person = self.subject.kind == "person"
        return applying.open_draft(
            entry_id=entry_id or self.commitment.breach_cases.get().entry_id,
            subject=self.subject,
            channel="online",
            applicant=Applicant("赵一", "self" if person else "legal_representative", "id_card"),
            now=self.now,
        )

    def pledged(self, draft: RepairApplication) -> Commitment:

        shown = pledging.shown_to(subject=self.subject, department=draft.department, now=self.now, blanks={})
        return applying.sign_pledge(
            application_id=draft.pk, seen_sha256=shown.sha256, blanks={}, signer_name="赵一",
            capacity="self" if self.subject.kind == "person" else "legal_representative",
            identity_document="id_card", signature_png=signature_png(), now=self.now,
        )  # fmt: skip

    def filled(self, **given: Any) -> RepairApplication:
        draft = self.draft(**given)
        applying.save_draft(
            application_id=draft.pk,
            methods=["commitment", "performance"],
            explanation=EXPLANATION,
            now=self.now,
        )
        applying.add_material(
            application_id=draft.pk, method="performance",
            upload=Upload(signature_png(), "image/png", "检测报告.png"), note_text="补交的检测报告", now=self.now,
        )  # fmt: skip
        self.pledged(draft)
        return RepairApplication.objects.get(pk=draft.pk)

    def applied(self, **given: Any) -> RepairApplication:
        return applying.apply(application_id=self.filled(**given).pk, now=self.now)

    def accepted_repair(self, **given: Any) -> RepairApplication:
        return deciding.accept(
            application_id=self.applied(**given).pk, expect="applied", actor=self.officer, now=self.now
        )

    def proposed_repair(self, outcome: str = "granted", **given: Any) -> RepairApplication:
        application = given.pop("application", None) or self.accepted_repair(**given)
        return deciding.propose(
            application_id=application.pk, expect="accepted", outcome=outcome, actor=self.officer, now=self.now,
            reasons="承诺的检测报告已经补交，复查合格。" if outcome == "granted" else "检测报告尚未补交，整改没有完成。",
        )  # fmt: skip

    def decided_repair(self, outcome: str = "granted", **given: Any) -> RepairApplication:
        application = self.proposed_repair(outcome, **given)
        return deciding.decide(
            application_id=application.pk, expect="proposed", actor=self.head, now=self.now
        )

    def repaired(self, **given: Any) -> RepairApplication:
        application = self.decided_repair(**given)
        return deciding.confirm(
            application_id=application.pk, expect="decided", actor=self.credit, now=self.now
        )

    def published_and_open(self) -> "RepairStage":
        """A general breach, public, on the first day on which repair is open."""
        self.published()
        return self.at(self.open_day())

    def days(self, number: int) -> date:
        return local_date(self.now) + timedelta(days=number)
