"""Who was told of a record while it stood: the platform above, departments and systems whose checks saw it, those who
were written to; whether they have been told of its end, and who has said so (R99, R106). Whoever read the public feed is
not known to the portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from commitments.models import BreachCase, Letter
from credit_portal.outbox import notices
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from credit_portal.registry.models import User
from disclosure.models import ExchangeRecord
from verification import correcting
from verification.models import Check

from .models import UnpublicationProof

READERS = "通过公开页面、公开接口和变动接口取走信息的，本门户不知道是谁，不能逐一告知；变动接口已给出停止公示的一行。"
BATCHES_SHOWN = 20
State, Operation = ExchangeRecord.State, ExchangeRecord.Operation


@dataclass(frozen=True)
class Recipient:
    """One that had it. `told`: told of the end, at; `confirmed`: has said that it knows, at. `course`: both, in words."""

    kind: str
    name: str
    had: str
    told: datetime | None = None
    confirmed: datetime | None = None
    course: str = ""


def recipients_of(proof: UnpublicationProof) -> list[Recipient]:
    """Everybody, in sets: a constant number of queries, however many checks there were."""
    case = _case(proof)
    found = []
    if case is not None:
        found += _platforms(case)
    found += _departments(proof)
    if case is not None:
        found += _written_to(case)
    return found


def tell(proof: UnpublicationProof, *, now: datetime) -> int:
    """Tell the people of every department whose checks saw the record that its publication has ended. Numbers and days
    only: the notice also goes out by SMS."""
    departments = {row["department_id"] for row in _checks(proof)}
    if not departments:
        return 0
    return notices.notify(
        users=User.objects.filter(
            department__in=departments, is_active=True, groups__name__in=[groups.OFFICER, groups.HEAD]
        ).distinct(),
        key=_key(proof),
        kind="unpublication",
        title=f"本部门核查时看到过的一条失信记录已停止公示（{proof.number}）",
        body="请以现在的信用记录为准；已经转给其他系统或者留存副本的，请一并更正。标为已读即为确认收到。",
        link="",
        now=now,
    )


def _key(proof: UnpublicationProof) -> str:
    return f"unpublication:{proof.pk}"


def entry_of(proof: UnpublicationProof) -> int | None:
    """The record's entry that checks have read."""
    if proof.application is not None:
        return proof.application.entry_id
    if proof.publication is not None:
        return proof.publication.case.entry_id
    return proof.act.entry_id if proof.act is not None else None


def _case(proof: UnpublicationProof) -> BreachCase | None:
    if proof.publication is not None:
        return proof.publication.case
    return proof.application.case if proof.application is not None else None


def _platforms(case: BreachCase) -> list[Recipient]:
    """The platforms that were sent this breach, and what they answered to the version without it."""
    rows = list(
        ExchangeRecord.objects.filter(
            commitment=case.commitment_id, dataset=ExchangeRecord.Dataset.COMMITMENT
        )
        .select_related("platform", "batch")
        .defer("fields", "overrides")
        .order_by("platform", "version")
    )
    found = []
    for platform in {row.platform_id: row.platform for row in rows}.values():
        own = [row for row in rows if row.platform_id == platform.pk]
        sent = [row for row in own if row.case_id == case.pk and row.batch is not None]
        if not sent:
            continue
        last = own[-1]
        batches = "、".join(row.batch.number for row in sent[-BATCHES_SHOWN:] if row.batch is not None)
        told, confirmed, course = _course(last, case)
        found.append(Recipient("上级平台", platform.name, f"报送批次 {batches}", told, confirmed, course))
    return found


def _course(last: ExchangeRecord, case: BreachCase) -> tuple[datetime | None, datetime | None, str]:
    if last.case_id == case.pk and last.operation == Operation.PUT:
        return None, None, "尚未告知"
    if last.state == State.ACCEPTED:
        sent = last.batch.sent_at if last.batch is not None else None
        return sent or last.answered_at, last.answered_at, "平台回执：已接收"
    if last.state == State.REJECTED:
        return last.batch.sent_at if last.batch is not None else None, None, "平台退回，尚未确认"
    if last.batch is not None and last.batch.sent_at is not None:
        return last.batch.sent_at, None, "已送出，平台尚未确认"
    return None, None, "不能报送" if last.state == State.INVALID else "已列入报送，尚未送出"


def platform_state(proof: UnpublicationProof) -> tuple[bool, str] | None:
    """Whether every platform that had the breach has been told, in words; None where none had it. What has not been
    confirmed yet is no fault of ours; what was returned or cannot be sent is."""
    case = _case(proof)
    if case is None:
        return None
    found = _platforms(case)
    if not found:
        return None
    bad = [one for one in found if one.course in ("尚未告知", "平台退回，尚未确认", "不能报送")]
    return not bad, "；".join(f"{one.name}：{one.course}" for one in bad or found)


def _checks(proof: UnpublicationProof) -> list[dict[str, Any]]:
    entry = entry_of(proof)
    if entry is None:
        return []
    seen = Q()
    for pk in correcting.chain_of(correcting.latest_of(entry)):
        # Who saw it before or after it was put right, saw this matter, too.
        seen |= Q(entries_seen__contains=[pk])
    rows = (
        Check.objects.filter(seen, subject=proof.subject_id, checked_at__lte=proof.wanted_at)
        .order_by()
        .values("department_id", "department__name", "partner__name")
        .annotate(number=Count("pk"), first=Min("on_day"), last=Max("on_day"))
    )
    return sorted(rows, key=lambda row: (str(row["department__name"]), str(row["partner__name"] or "")))


def _departments(proof: UnpublicationProof) -> list[Recipient]:
    told: dict[int, Any] = {
        row["user__department_id"]: row
        for row in Notice.objects.filter(key=_key(proof))
        .order_by()
        .values("user__department_id")
        .annotate(told=Min("created_at"), read=Min("read_at", filter=Q(read_at__isnull=False)))
    }
    found = []
    for row in _checks(proof):
        line = told.get(row["department_id"], {})
        at, read = line.get("told"), line.get("read")
        system = row["partner__name"]
        found.append(
            Recipient(
                "对接系统" if system else "部门",
                f"{row['department__name']}（{system}）" if system else str(row["department__name"]),
                f"核查 {row['number']} 次，最近 {row['last']}",
                at,
                read,
                "已告知，已有人阅知" if read else "已告知，尚未确认" if at else "尚未告知",
            )
        )
    return found


def _written_to(case: BreachCase) -> list[Recipient]:
    sent = Letter.objects.filter(
        case=case, withdraws__isnull=True, state__in=[Letter.State.SENT, Letter.State.RECEIVED]
    )
    answers = {row.withdraws_id: row for row in Letter.objects.filter(withdraws__in=sent)}
    found = []
    for row in sent.order_by("pk"):
        again = answers.get(row.pk)
        course = (
            f"更正函 {again.number}，{again.get_state_display()}" if again else "没有再发函，由主管部门决定"
        )
        found.append(
            Recipient("通报函", row.recipient, f"{row.number}，{row.sent_on} 发出", None, None, course)
        )
    return found
