"""A subject on its own pages, departments that may be told something of it, a clerk at a window, those who supervise."""

from datetime import date, datetime, timedelta
from typing import Any

from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from tests import factories as make
from tests import subjects
from tests.counter import signature_png
from verification.checking.looking import File
from verification.consent import keeping
from verification.models import Consent
from verification.reports import issuing

NOW = make.NOW
TODAY = NOW.date()
LAST = TODAY + timedelta(days=30)
SCAN = File(signature_png(), "image/png", "同意书.png")


class Stage:
    def __init__(self) -> None:
        self.subject: CreditSubject = make.subject(name="栾城区演示面业有限公司")
        self.access = subjects.opened(self.subject)
        self.department = make.department(name="栾城区市场监督管理局")
        self.officer = make.staff(groups.OFFICER, department=self.department)
        self.other = make.staff(groups.OFFICER)
        self.clerk = make.staff(groups.CLERK)
        self.credit = make.staff(groups.CREDIT_OFFICE, department=make.department(kind="credit_office"))
        self.far = make.staff(
            groups.CREDIT_OFFICE, department=make.department(kind="credit_office", region="130129")
        )
        self.penalty = self.entry(title="未按规定公示价格", document_no="栾罚〔2026〕9号")
        self.award = self.entry(kind="award", title="质量奖", document_no="")

    def entry(self, **fields: Any) -> Any:
        return make.credit_entry(**({"subject": self.subject} | fields))

    def told(self, **fields: Any) -> keeping.Told:
        values: dict[str, Any] = {
            "purpose": "administration", "recipient": "department", "scope": "report", "expires_on": LAST,
            "department": self.department,
        }  # fmt: skip
        return keeping.Told(**(values | fields))

    def give(self, *, now: datetime = NOW, **fields: Any) -> Consent:
        return keeping.give_online(access=self.access, told=self.told(**fields), now=now)

    def at_window(self, **fields: Any) -> Consent:
        values: dict[str, Any] = {
            "subject": self.subject, "told": self.told(), "asked_by": "赵一", "capacity": "legal_representative",
            "identity_seen": True, "paper": SCAN, "actor": self.clerk, "now": NOW,
        }  # fmt: skip
        return keeping.give_at_window(**(values | fields))

    def fetch(self, consent: Consent, **fields: Any) -> Any:
        return issuing.fetch(**({"consent": consent, "actor": self.officer, "now": NOW} | fields))


def day(text: str) -> date:
    return date.fromisoformat(text)
