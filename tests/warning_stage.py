"""Two departments and a credit office of two; a shop with a running commitment; rules in force; what comes into its record."""

import itertools
from datetime import date, datetime, timedelta
from typing import Any

from commitments.models import Commitment, WarningRule
from commitments.warnings import keeping
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import groups
from credit_portal.registry.models import User
from tests import factories, listed
from tests.factories import NOW
from verification import services as record
from verification.complaints import taking
from verification.complaints.reading import read
from verification.models import ConsumerComplaint, CreditEntry

DAY = timedelta(days=1)
SIGNED = date(2026, 9, 1)
_numbers = itertools.count(1)


def rule(
    key: str, value: Any, unit: str = "", *, confirmed: bool = True, region: str = "130111"
) -> PolicyRule:
    return PolicyRule.objects.create(
        region=factories.region(region), key=key, value=value, unit=unit, basis="演示", confirmed=confirmed,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip


class Stage:
    """NOW is 2026-09-14. The rules came into force that day; the commitment is of the 1st."""

    def __init__(self) -> None:
        rule("warning_answer", 10, "working_days")
        rule("complaint_risk", {"on": True, "number": 3, "months": 6})
        self.department = factories.department()
        self.other = factories.department()
        self.office = factories.department(kind="credit_office")
        self.officer: User = factories.staff(groups.OFFICER, department=self.department)
        self.head: User = factories.staff(groups.HEAD, department=self.department)
        self.stranger: User = factories.staff(groups.OFFICER, department=self.other)
        self.credit: User = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second: User = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.text = factories.text_version(department=self.department)
        self.subject = factories.subject(name="栾城区演示面业有限公司")
        self.commitment = self.promise()
        keeping.adopt_shipped(region=self.office.region, actor=self.credit, now=NOW)
        for row in WarningRule.objects.order_by("pk"):
            keeping.approve(rule_id=row.pk, actor=self.second, now=NOW)

    def promise(self, **fields: Any) -> Commitment:
        clauses = list(self.text.clauses.order_by("number"))
        values = {
            "department": self.department,
            "subject": self.subject,
            "made_on": SIGNED,
            "content": [
                {"no": one.number, "kind": one.kind, "clause": one.pk, "text": one.body} for one in clauses
            ],
        }
        return listed.commitment(**(values | fields))

    def rule(self, name: str) -> WarningRule:
        return WarningRule.objects.get(name=name)

    def penalty(self, *, now: datetime = NOW, **fields: Any) -> CreditEntry:
        values = {
            "subject": self.subject, "kind": "penalty", "title": "销售不合格食品", "source": "信用中国（河北）",
            "region": factories.region(), "from_on": date(2026, 9, 10), "operator": self.credit,
            "document_no": f"栾罚〔2026〕{next(_numbers)}号", "now": now,
        }  # fmt: skip
        return record.add_entry(**(values | fields))

    def told(self, **fields: str) -> dict[str, str]:
        """A complaint as it is typed."""
        return {
            "hotline_no": f"113011100{next(_numbers):06d}",
            "subject_kind": "法人及非法人组织",
            "subject_name": self.subject.name,
            "subject_code": self.subject.uscc or "",
            "received_on": "2026-09-12",
            "domain": "产品质量",
            "about": "买的面粉有霉味，商家不退货",
        } | fields

    HANDLED = {"result": "调解成功", "result_text": "商家退货退款", "handled_on": "2026-09-13"}

    def complaint(
        self, *, actor: User | None = None, now: datetime = NOW, **fields: str
    ) -> ConsumerComplaint:
        by = taking.by_person(actor or self.officer)
        taken = taking.take({1: read(self.told(**fields), today=now.date())}, by=by, now=now)
        return taken.all[1]
