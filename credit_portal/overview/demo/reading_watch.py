"""What the security administrator of the demonstration finds: an officer who has read the record of a company in which a relative
works, one who read late in the evening and has been asked and has explained, and a department's own system that read at night,
which it does not do otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING

from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import CreditSubject
from verification.models import UnusualReading
from verification.reading_watch import counting, deciding, rules

from . import partners

if TYPE_CHECKING:
    from .timeline import Timeline

REGION = "130111"
LATE, AT_NIGHT = time(22, 10), time(2, 30)


def lay(timeline: Timeline, *, now: datetime) -> None:
    """Of yesterday, counted on the demonstration's today."""
    officer, head, security = (timeline.world.user(REGION, role) for role in ("officer", "head", "security"))
    yesterday = local_date(now) - timedelta(days=1)
    companies = list(
        CreditSubject.objects.filter(is_demo=True, region=REGION, kind="organisation").order_by("pk")[
            : rules.LEAST_OFF_HOURS + 1
        ]
    )
    avoided, *others = companies
    deciding.avoid(
        user=officer, relation="company", code=avoided.uscc or "", actor=security,
        now=now - timedelta(days=90), is_demo=True,
    )  # fmt: skip
    _read([avoided], at=datetime.combine(yesterday, time(10, 20), SHANGHAI), actor_id=officer.pk)
    _read(others, at=datetime.combine(yesterday, LATE, SHANGHAI), actor_id=head.pk)
    at_night = islice(cycle(companies), rules.SYSTEM_OFF_HOURS.least + 1)
    system = PartnerSystem.objects.get(name=partners.NAME)
    _read(at_night, at=datetime.combine(yesterday, AT_NIGHT, SHANGHAI), partner_id=system.pk)
    counting.follow_the_days(now=now)
    late = UnusualReading.objects.get(reader=head, day=yesterday, kind=UnusualReading.Kind.OFF_HOURS)
    deciding.decide(
        reading_id=late.pk, state="explained", note="月报截止前一晚核对本部门的核查记录，分管负责人知道（演示）。",
        actor=security, now=now,
    )  # fmt: skip


def _read(
    subjects: Iterable[CreditSubject],
    *,
    at: datetime,
    actor_id: int | None = None,
    partner_id: int | None = None,
) -> None:
    for number, subject in enumerate(subjects):
        log_read(
            now=at + timedelta(minutes=2 * number), actor_id=actor_id, partner_id=partner_id, what="信用记录",
            target_type="subject", target_id=subject.pk, subject_id=subject.pk, purpose=ReadLog.Purpose.SUPERVISION,
        )  # fmt: skip
