"""A department with a signed commitment, its officers and a credit office: every act of a breach by its service."""

from datetime import date, datetime, timedelta
from typing import Any

from commitments import breaches
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import User
from disclosure import breach_proposals, breach_publishing, reporting
from disclosure.models import BreachPublication, BreachReport
from tests import factories, listed
from tests.counter import signature_png
from tests.factories import NOW

RULES: dict[str, tuple[Any, str]] = {
    "advance_notice": (5, "working_days"),
    "service": (7, "days"),
    "breach_report": (7, "working_days"),
    "report_acceptance": (2, "working_days"),
    "breach_publication": (3, "working_days"),
}
PUBLICITY = {
    "minor": {"min": 0, "max": 3, "published": False},
    "general": {"min": 3, "max": 12},
    "serious": {"min": 12, "max": 36},
}
WHAT_WAS_NOT_KEPT = [(1, "检测报告逾期没有补交")]


def confirm_rules(region: str = "130111", *, confirmed: bool = True) -> None:
    """The rules that a breach needs, confirmed by the region's office."""
    place = factories.region(region)
    for key, (value, unit) in RULES.items():
        PolicyRule.objects.update_or_create(
            region=place, key=key, effective_from=date(2020, 1, 1),
            defaults={"value": value, "unit": unit, "basis": "S0 一（三）", "confirmed": confirmed},
        )  # fmt: skip
    for grade, value in PUBLICITY.items():
        PolicyRule.objects.update_or_create(
            region=place, key="publicity", grade=grade, effective_from=date(2020, 1, 1),
            defaults={"value": value, "unit": "months", "basis": "信用修复管理办法", "confirmed": confirmed},
        )  # fmt: skip
    for key, value in (("route.unrepaired", "ordinary"), ("scrutiny.in_publicity", True)):
        PolicyRule.objects.update_or_create(
            region=place, key=key, effective_from=date(2020, 1, 1),
            defaults={"value": value, "basis": "S0 一（三）", "confirmed": confirmed},
        )  # fmt: skip


def working_day_after(moment: datetime, days: int) -> datetime:
    return moment + timedelta(days=days)


class Stage:
    """Acts in their order; each step takes the moment at which it happens and has a sensible one of its own."""

    def __init__(self, *, region: str = "130111", person: bool = False, confirmed: bool = True) -> None:
        confirm_rules(region, confirmed=confirmed)
        self.department = factories.department(region=region)
        self.office = factories.department(region=region, kind="credit_office")
        self.officer: User = factories.staff("officer", department=self.department)
        self.head: User = factories.staff("head", department=self.department)
        self.credit: User = factories.staff("credit_office", department=self.office)
        self.second: User = factories.staff("credit_office", department=self.office)
        self.now = NOW
        self.commitment: Commitment = listed.commitment(
            department=self.department,
            **({"subject": factories.person(), "public": False} if person else {}),
        )

    @classmethod
    def among(cls, *, officer: User, head: User, credit: User, second: User) -> "Stage":
        """The same acts by people who are there already."""
        confirm_rules(officer.department.region_id)
        stage = cls.__new__(cls)
        stage.department, stage.office = officer.department, credit.department
        stage.officer, stage.head, stage.credit, stage.second = officer, head, credit, second
        stage.now = NOW
        # Of another day than the counter's: the two count their codes apart.
        stage.commitment = listed.commitment(
            department=officer.department, made_on=NOW.date() - timedelta(days=30)
        )
        return stage

    def later(self, days: int) -> "Stage":
        self.now += timedelta(days=days)
        return self

    def file(self) -> EvidenceFile:
        return store_evidence(
            content=signature_png(), kind="document", content_type="image/png", original_name="回执.png",
            actor=self.officer, department=self.department, now=self.now,
        )  # fmt: skip

    def opened(self, **fields: Any) -> BreachCase:
        values = {"source": "inspection", "facts": "现场检查发现承诺的检测报告没有取得。"} | fields
        return breaches.open_case(
            commitment_id=self.commitment.pk, actor=self.officer, now=self.now, **values
        )

    def noticed(self, **fields: Any) -> BreachCase:
        case = fields.pop("case", None) or self.opened()
        values = {"clauses": WHAT_WAS_NOT_KEPT, "grade": "general", "noticed_on": local_date(self.now)}
        return breaches.give_notice(
            case_id=case.pk, expect="opened", actor=self.officer, now=self.now, **(values | fields)
        )

    def proposed(self, **fields: Any) -> BreachCase:
        """Nobody has spoken: proposed on the first day after the time to speak."""
        case = fields.pop("case", None) or self.noticed(grade=fields.get("grade", "general"))
        if case.state == "noticed":
            self.now = max(
                self.now, self.now + (case.statement_until - local_date(self.now)) + timedelta(days=1)
            )
        values = {
            "outcome": "unfulfilled",
            "grade": "general",
            "clauses": WHAT_WAS_NOT_KEPT,
            "liability": "责令限期改正，逾期撤销许可。",
            "proportionality": "未造成危害后果，与情节相当，未加重处理。",
            "reconsideration_body": "栾城区人民政府",
            "court": "石家庄市栾城区人民法院",
        }
        return breaches.propose(
            case_id=case.pk, expect=case.state, actor=self.officer, now=self.now, **(values | fields)
        )

    def determined(self, **fields: Any) -> BreachCase:
        case = fields.pop("case", None) or self.proposed(**fields)
        return breaches.determine(case_id=case.pk, expect="proposed", actor=self.head, now=self.now)

    def served(self, **fields: Any) -> BreachCase:
        case = fields.pop("case", None) or self.determined(**fields)
        return breaches.serve(
            case_id=case.pk, expect="determined", served_on=local_date(self.now), method="in_person",
            proof=self.file(), actor=self.officer, now=self.now,
        )  # fmt: skip

    def reported(self, **fields: Any) -> BreachReport:
        case = fields.pop("case", None) or self.served(**fields)
        return reporting.submit_report(case_id=case.pk, actor=self.officer, now=self.now)

    def accepted(self, **fields: Any) -> BreachReport:
        report = fields.pop("report", None) or self.reported(**fields)
        return reporting.accept_report(
            report_id=report.pk, expect_round=report.rounds, actor=self.credit, now=self.now
        )

    def published(self, **fields: Any) -> BreachPublication:
        report = self.accepted(**fields)
        if self.commitment.subject_kind == "person":
            proposal = breach_proposals.propose(
                case_id=report.case_id, reason="影响较大，确需公示", actor=self.credit, now=self.now
            )
            return breach_proposals.confirm(proposal_id=proposal.pk, actor=self.second, now=self.now)
        return breach_publishing.decide_publication(
            case_id=report.case_id, publicity_class="public", reason="by_law", actor=self.credit,
            now=self.now, note_text="情节需要公示" if fields.get("grade") == "minor" else "",
        )  # fmt: skip
