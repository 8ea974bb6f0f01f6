"""What a firm of the demonstration has agreed to: a consent in force by which a department has fetched a report, one for a bank that
came for it at the window, one that is over, one taken back; and its own report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from credit_portal.audit.clock import local_date
from credit_portal.registry.models import CreditSubject, SubjectAccess
from verification.checking.looking import File
from verification.consent import keeping
from verification.consent.keeping import Told
from verification.reports import issuing

from .people import business_code
from .places import MARK
from .subjects import FIRM

if TYPE_CHECKING:
    from .timeline import Timeline

REGION = "130111"
BANK = "栾城演示银行（演示）"


def lay(timeline: Timeline, *, now: datetime) -> None:
    """Given at the window before the firm had pages of its own, and on these since."""
    firm = CreditSubject.objects.filter(uscc=FIRM).first()
    access = SubjectAccess.objects.filter(subject=firm, scope="act", ended_at=None).order_by("pk").first()
    if firm is None or access is None:
        return
    officer, clerk = timeline.world.user(REGION, "officer"), timeline.world.user(REGION, "clerk")
    department = officer.department

    def told(days: int, at: datetime, **fields: object) -> Told:
        values: dict[str, object] = {
            "purpose": "administration", "recipient": "department", "scope": "report", "department": department,
            "expires_on": local_date(at) + timedelta(days=days),
        }  # fmt: skip
        return Told(**(values | fields))  # type: ignore[arg-type]

    def at_window(at: datetime, what: Told) -> keeping.Consent:
        return keeping.give_at_window(
            subject=firm, told=what, asked_by=f"代办人{MARK}", capacity="agent", identity_seen=True,
            paper=File(timeline.page, "image/png", "同意书（演示）.png"),
            authorisation=File(timeline.page, "image/png", "授权委托书（演示）.png"), actor=clerk, now=at,
        )  # fmt: skip

    before = now - timedelta(days=100)
    over = at_window(before, told(60, before, purpose="awards", purpose_note="年度质量奖评选"))
    issuing.fetch(consent=over, actor=officer, now=before + timedelta(days=2))
    before = now - timedelta(days=20)
    bank = at_window(
        before,
        told(
            90, before, recipient="body", body_name=BANK, body_code=business_code("91", REGION, 9_001), purpose="loan",
            department=None,
        ),
    )  # fmt: skip
    issuing.hand_over(
        consent=bank, bearer=f"客户经理{MARK}", code=bank.body_code, identity_seen=True, actor=clerk,
        now=before + timedelta(days=1),
    )  # fmt: skip
    taken_back = keeping.give_online(
        access=access, told=told(30, now, scope="record", parts=["acts", "good"], purpose="trade"), now=now
    )
    running = keeping.give_online(access=access, told=told(90, now, purpose_note="专项资金申报"), now=now)
    issuing.fetch(consent=running, actor=officer, now=now)
    keeping.withdraw_online(consent=taken_back, access=access, now=now)
    issuing.give_online(access=access, wanted=issuing.For("bidding"), now=now)
