"""Handing a licence over to the approval bureau, which decides by procedure whether it is revoked (S2 四（四）2, R76)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from commitments import case_rules, hooks
from commitments.case_rules import CaseError, CaseMoved, check_day, text_of
from commitments.models import BreachCase, RevocationHandoff
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import group_names, limit_to_visible

from . import parts

State = RevocationHandoff.State
KIND = "handoff"
RULE = "revocation_handoff"
DECIDES = frozenset({groups.APPROVAL_BUREAU})
ERROR_BUREAU = "由接收的行政审批局办理。"


def matter_of(row: RevocationHandoff) -> duties.Matter:
    return duties.Matter(KIND, row.pk, row.number)


def handoffs_visible_to(user: User) -> QuerySet[RevocationHandoff]:
    """Those that the own department has sent or received; of the own region and below for whoever watches over it."""
    rows = RevocationHandoff.objects.all()
    sent = limit_to_visible(rows, user).values("pk")
    received = limit_to_visible(rows, user, department_field="bureau").values("pk")
    return rows.filter(Q(pk__in=sent) | Q(pk__in=received))


def bureau_of(region: Region) -> Department:
    """The approval bureau that answers for a region: its own, or the nearest above. Raises CaseError."""
    found = {
        department.region_id: department
        for department in Department.objects.filter(
            kind=Department.Kind.APPROVAL_BUREAU, is_active=True, region__in=region.lineage
        ).order_by("-pk")
    }
    for code in region.lineage:
        if code in found:
            return found[code]
    raise CaseError("本地区和上级地区都没有登记行政审批局，请系统管理员先登记。")


@transaction.atomic
def hand_over(
    *, case_id: int, licence_name: str, licence_no: str, reasons: str, actor: User, now: datetime
) -> RevocationHandoff:
    """Hand a licence that was had by a broken commitment to the bureau. Raises CaseError and CaseMoved."""
    case = parts.taken_case(case_id, actor)
    bureau, today = bureau_of(case.region), local_date(now)
    row = RevocationHandoff(
        number=numbering.document_number("C", case.region_id, today.year),
        case=case,
        department=case.department,
        bureau=bureau,
        region=case.region,
        licence_name=text_of(licence_name, field="licence_name", label="许可名称", most=200),
        licence_no=text_of(licence_no, field="licence_no", label="许可决定文书号", most=100),
        reasons=text_of(reasons, field="reasons", label="移交理由", least=5, most=2000),
        sent_on=today,
        sent_by=actor,
        is_demo=case.is_demo,
    )
    try:
        with transaction.atomic():
            parts.save(row, actor=actor, now=now)
    except IntegrityError as error:
        raise CaseMoved("这个许可已经移交。", field="licence_no") from error
    row.document = parts.paper(
        case, template="handoff", title="违诺信息移交函", number=row.number, actor=actor, now=now, handoff=row
    )
    parts.save(row, actor=actor, now=now)
    duties.open_duty(
        rule_key=RULE,
        matter=matter_of(row),
        department=bureau,
        region=bureau.region,
        triggered_on=today,
        now=now,
        actor=actor,
        is_demo=case.is_demo,
    )
    _tell(row, "移交", on=today, actor=actor, now=now, paper=row.document)
    _notify(bureau, DECIDES, row, "sent", f"收到违诺信息移交 {row.number}，请签收", now=now)
    return row


@transaction.atomic
def acknowledge(*, row_id: int, expect: str, actor: User, now: datetime) -> RevocationHandoff:
    """The bureau has it. Raises CaseError and CaseMoved."""
    row = _of_bureau(row_id, expect, actor)
    if row.state != State.SENT:
        raise CaseError("已经签收。")
    today = local_date(now)
    row.state, row.acknowledged_on, row.acknowledged_by = State.ACKNOWLEDGED, today, actor
    parts.save(row, actor=actor, now=now)
    duties.meet_duty(rule_key=RULE, matter=matter_of(row), on=today, now=now, actor=actor)
    _tell(row, "签收", on=today, actor=actor, now=now)
    return row


@transaction.atomic
def decide(
    *,
    row_id: int,
    expect: str,
    revoked: bool,
    decision_no: str,
    decision: str,
    decided_on: date,
    actor: User,
    now: datetime,
) -> RevocationHandoff:
    """What the bureau has decided by its procedure: revoked, with the number of its decision, or not, with reasons. The
    determiner is told; a licence shown on the column goes from there. Raises CaseError and CaseMoved."""
    row = _of_bureau(row_id, expect, actor)
    if row.state not in (State.ACKNOWLEDGED, State.REVIEW):
        raise CaseError("请先签收。" if row.state == State.SENT else f"这件移交{row.get_state_display()}。")
    row.decided_on = check_day(
        decided_on, field="decided_on", label="决定日期", today=local_date(now),
        not_before=row.acknowledged_on or row.sent_on, what_before="签收日期",
    )  # fmt: skip
    row.decision = text_of(
        decision, field="decision", label="决定的内容" if revoked else "不予撤销的理由", least=2, most=2000
    )
    row.decision_no = (
        text_of(decision_no, field="decision_no", label="决定文书号", most=100) if revoked else ""
    )
    row.state = State.REVOKED if revoked else State.KEPT
    row.decided_by = actor
    parts.save(row, actor=actor, now=now)
    _tell(row, row.get_state_display(), on=row.decided_on, actor=actor, now=now)
    if revoked:
        hooks.run_after_licence_revoked(handoff=row, actor=actor, now=now)
    _notify(
        row.department,
        case_rules.DOES,
        row,
        f"decided:{row.decided_on}",
        f"移交 {row.number}：{row.get_state_display()}",
        now=now,
    )
    return row


def undo(row: RevocationHandoff, *, actor: User | None, now: datetime) -> None:
    """After the determination was revoked: what the bureau has not decided is taken back, what it has decided it is
    asked to look at again."""
    duties.cancel_duties(matter=matter_of(row), now=now, actor=actor, reason="认定已撤销")
    if row.state in (State.SENT, State.ACKNOWLEDGED):
        row.state = State.WITHDRAWN
    elif row.state == State.REVOKED:
        row.state = State.REVIEW
    else:
        return
    parts.save(row, actor=actor, now=now)
    _tell(row, row.get_state_display(), on=local_date(now), actor=actor, now=now)
    text = f"移交 {row.number} 所依据的违诺认定已撤销"
    _notify(
        row.bureau, DECIDES, row, f"undone:{row.state}",
        f"{text}，请复核撤销许可的决定" if row.state == State.REVIEW else f"{text}，移交已撤回", now=now,
    )  # fmt: skip


def to_revoke(case: BreachCase) -> bool:
    """Whether there is a licence to think of: had by a commitment that stood in the place of papers."""
    return case.commitment.commitment_type == "approval" or case.by_deceit


def _of_bureau(row_id: int, expect: str, actor: User) -> RevocationHandoff:
    known = RevocationHandoff.objects.only("bureau_id").get(pk=row_id)
    if not group_names(actor) & DECIDES or known.bureau_id != actor.department_id:
        raise CaseError(ERROR_BUREAU)
    return parts.taken(RevocationHandoff, row_id, expect=expect, department_id=known.bureau_id, actor=actor)


def _notify(
    department: Department,
    roles: frozenset[str],
    row: RevocationHandoff,
    which: str,
    title: str,
    *,
    now: datetime,
) -> None:
    notices.notify(
        users=User.objects.filter(
            department=department, groups__name__in=list(roles), is_active=True
        ).distinct(),
        key=f"handoff:{row.pk}:{which}",
        kind="handoff",
        title=title,
        body="",
        link=f"/desk/consequences/handoffs/{row.uuid}/",
        now=now,
    )


def _tell(
    row: RevocationHandoff,
    step: str,
    *,
    on: date,
    actor: User | None,
    now: datetime,
    paper: EvidenceFile | None = None,
) -> None:
    parts.tell(
        KIND, row, step, on=on, actor=actor, department_id=actor.department_id or row.department_id
        if actor else row.department_id, now=now, sha256=paper.sha256 if paper else "",
    )  # fmt: skip
