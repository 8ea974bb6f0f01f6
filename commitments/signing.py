"""Signing at the counter, voiding, correcting. What is signed is copied and frozen; a correction is a new document."""

import uuid
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.audit.hashing import keyed_hash
from credit_portal.registry.models import User
from verification.models import Check

from . import hooks, particulars
from .concluding import CAPACITIES as CAPACITIES
from .concluding import DuplicateToday as DuplicateToday
from .concluding import (
    Signed,
    SigningError,
    Upload,
    check_authorised,
    check_duplicate,
    check_record,
    check_signer,
    conclude,
    take_turns,
)
from .drafting import (
    DraftError,
    NotYours,
    clear_entered,
    locked,
    move,
    require_clerk,
)
from .models import Commitment, CommitmentEvent, Draft, ImmediateResult
from .paper_text import PaperText
from .presenting import MUST_BE_SHOWN, hash_of_part, paper_for
from .supplements import immediate

GIVEN_OUT = (
    "办理结果已于 {day} 登记为“{result}”（{number}），不能作废。填错了的，由登记结果以外的人更正；"
    "结果本身有误的，由{department}依法处理。"
)
BY_ANOTHER = "办理结果（{result}，{number}）由您登记，更正须由另一人办理。"


def check_ready(draft: Draft, now: datetime) -> PaperText:
    """Everything that was promised before signing still holds at the moment of signing."""
    if draft.step != Draft.Step.SIGN:
        raise SigningError(f"草稿现为“{draft.get_step_display()}”，请先完成阅读。")
    if draft.check_made.on_day != local_date(now):
        raise SigningError("信用核查不是今天作出的，请重新核查。", field="item")
    # The draft has them already.
    draft.check_made.subject, draft.check_made.item_version = draft.subject, draft.item_version
    check_record(draft.check_made)
    version, today = draft.text_version, local_date(now)
    begun = version.valid_from is not None and version.valid_from <= today
    if not begun or (version.valid_to is not None and version.valid_to < today):
        raise SigningError("承诺书文本已换版，请重新核查以取用现行文本。", field="item")
    errors = particulars.blank_errors(draft, today)
    if errors:
        key, message = next(iter(errors.items()))
        raise SigningError(message, field=f"blank-{key}")
    paper = paper_for(draft)
    shown = set(draft.presentations.values_list("part", "sha256"))
    if any((part, hash_of_part(draft, part, paper, None)) not in shown for part in MUST_BE_SHOWN):
        raise SigningError("申请人看到的内容与现在的文本不一致，请重新展示。")
    return paper


@transaction.atomic
def sign(
    *,
    draft_id: uuid.UUID,
    clerk: User,
    signer_name: str,
    capacity: str,
    identity_document: str,
    now: datetime,
    signature_png: bytes | None = None,
    paper_scan: Upload | None = None,
    authorisation: Upload | None = None,
    confirm_duplicate: bool = False,
) -> Commitment:
    """Sign: code, frozen text, evidence, PDF, publication by class, all in one transaction.

    The draft's row is locked and remembers its commitment, so a second click, a second tab or a repeat after a lost
    answer gets the same commitment. Raises SigningError with the field, DuplicateToday, EvidenceRefused.
    """
    draft = locked(draft_id, clerk)
    done = Commitment.objects.filter(draft=draft).first()
    if done is not None:
        return done
    # Locked before anything is read of it: a new name or another window's signing comes before or after, not between.
    draft.subject = take_turns(draft.subject_id)
    paper = check_ready(draft, now)
    signer_name = check_signer(draft.subject, signer_name, capacity, identity_document)
    if (signature_png is None) == (paper_scan is None):
        raise SigningError("请在签名板上签名，或上传纸质签名的扫描件（二选一）。", field="signature")
    made_on = local_date(now)
    if draft.corrects_id and Commitment.objects.filter(corrects_id=draft.corrects_id).exists():
        raise SigningError(f"承诺 {draft.corrects.code} 已由另一份承诺更正，请放弃这份草稿。")
    check_authorised(capacity, authorisation)
    if not confirm_duplicate:
        check_duplicate(draft, made_on)
    commitment = conclude(
        draft=draft,
        paper=paper,
        signed=Signed(
            signer_name, capacity, identity_document, made_on, now, signature_png, paper_scan, authorisation
        ),
        clerk=clerk,
        now=now,
    )
    move(draft, Draft.Step.DONE)
    clear_entered(draft)
    draft.saved_at = now
    draft.save()
    if draft.corrects_id is not None:
        _replace(
            old_id=draft.corrects_id, new=commitment, clerk=clerk, reason=draft.correction_reason, now=now
        )
    return commitment


def _replace(*, old_id: int, new: Commitment, clerk: User, reason: str, now: datetime) -> None:
    old = Commitment.objects.select_for_update().get(pk=old_id)
    if old.voided_at is not None:
        raise SigningError(f"被更正的承诺 {old.code} 已作废。")
    _check_another(old, clerk)
    CommitmentEvent.objects.create(
        commitment=old, kind=CommitmentEvent.Kind.CORRECTED, at=now, actor=clerk, reason=reason, note=new.code
    )
    events.commitment_corrected(
        now=now,
        actor_id=clerk.pk,
        department_id=old.department_id,
        commitment_id=old.pk,
        code=old.code,
        replacement=new.code,
    )
    hooks.run_after_correction(commitment=old, actor=clerk, now=now)


def _own(commitment_id: int, clerk: User) -> Commitment:
    require_clerk(clerk)
    found = (
        Commitment.objects.select_for_update(of=("self",))
        .filter(pk=commitment_id, department_id=clerk.department_id)
        .first()
    )
    if found is None:
        raise NotYours("没有找到这份承诺。")
    return found


def _check_reason(reason: str) -> str:
    reason = reason.strip()
    if not 4 <= len(reason) <= 300:
        raise DraftError(f"请写明理由（4 至 300 个字，现为 {len(reason)} 个字）。", field="reason")
    return reason


def _said(result: ImmediateResult) -> dict[str, object]:
    return {
        "day": result.recorded_on,
        "result": result.get_result_display(),
        "number": result.document_no,
        "department": result.department.name,
    }


def _check_another(commitment: Commitment, clerk: User) -> None:
    """After a result was given out on it, whoever recorded the result does not replace the commitment, too."""
    result = immediate.recorded(commitment)
    if result is not None and result.recorded_by_id == clerk.pk:
        raise DraftError(BY_ANOTHER.format(**_said(result)), field="reason")


@transaction.atomic
def void(*, commitment_id: int, clerk: User, reason: str, now: datetime) -> Commitment:
    """Void on the day of signing, with a reason. The code stays taken; publication ends in the same transaction.

    A second call finds it voided and changes nothing. Raises DraftError (`reason`, or the day is over).
    """
    commitment = _own(commitment_id, clerk)
    if commitment.voided_at is not None:
        return commitment
    reason = _check_reason(reason)
    if commitment.made_on != local_date(now):
        raise DraftError("只能在签署当日作废；以后请用更正。", field="reason")
    if Commitment.objects.filter(corrects=commitment).exists():
        raise DraftError("这份承诺已被更正，不再作废。", field="reason")
    if commitment.breach_cases.exclude(state__in=["dropped", "revoked"]).exists():
        raise DraftError("这份承诺有未办结的违诺认定，不能作废。", field="reason")
    if result := immediate.recorded(commitment):
        raise DraftError(GIVEN_OUT.format(**_said(result)), field="reason")
    commitment.voided_at = now
    commitment.save(update_fields=["voided_at"])
    CommitmentEvent.objects.create(
        commitment=commitment, kind=CommitmentEvent.Kind.VOIDED, at=now, actor=clerk, reason=reason
    )
    events.commitment_voided(
        now=now,
        actor_id=clerk.pk,
        department_id=commitment.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        reason_hash=keyed_hash(reason, purpose="void_reason"),
    )
    hooks.run_after_voiding(commitment=commitment, actor=clerk, now=now)
    return commitment


@transaction.atomic
def start_correction(*, commitment_id: int, clerk: User, reason: str, now: datetime) -> Draft:
    """Open a draft whose signing will replace the commitment. Asked twice, the same open draft is given again."""
    commitment = _own(commitment_id, clerk)
    if commitment.voided_at is not None:
        raise DraftError("这份承诺已作废。", field="reason")
    if Commitment.objects.filter(corrects=commitment).exists():
        raise DraftError("这份承诺已被更正。", field="reason")
    _check_another(commitment, clerk)
    reason = _check_reason(reason)
    unfinished = Draft.objects.filter(
        clerk=clerk, corrects=commitment, step__in=[Draft.Step.CHECK, Draft.Step.READ, Draft.Step.SIGN]
    ).first()
    if unfinished is not None:
        return unfinished
    draft = Draft.objects.filter(
        clerk=clerk, subject=commitment.subject, item_version=None, commitment_type="", step=Draft.Step.CHECK
    ).first()
    if draft is not None and draft.corrects_id is not None:
        raise DraftError("该主体有另一件更正还没有办完，请先在“草稿”中办完或放弃。", field="reason")
    if draft is None:
        draft = Draft(
            clerk=clerk, department=clerk.department, subject=commitment.subject, step=Draft.Step.CHECK
        )
        draft.opened_at = now
    draft.corrects, draft.correction_reason, draft.case_ref = commitment, reason, commitment.case_ref
    draft.saved_at = now
    draft.save()
    events.draft_opened(
        now=now,
        actor_id=clerk.pk,
        department_id=clerk.department_id,
        draft_id=str(draft.pk),
        subject_id=commitment.subject_id,
    )
    return draft


@transaction.atomic
def record_print(*, commitment_id: int, clerk: User, paper: str, now: datetime) -> Commitment:
    """A paper was printed again or for the first time: `paper` names it (承诺书, 回执)."""
    commitment = _own(commitment_id, clerk)
    CommitmentEvent.objects.create(
        commitment=commitment, kind=CommitmentEvent.Kind.PRINTED, at=now, actor=clerk, note=paper
    )
    events.commitment_printed(
        now=now,
        actor_id=clerk.pk,
        department_id=commitment.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        paper=paper,
    )
    return commitment


@transaction.atomic
def record_notice_print(*, check_id: int, clerk: User, now: datetime) -> Check:
    """The ordinary-route notice was printed (R40)."""
    require_clerk(clerk)
    check = Check.objects.filter(pk=check_id, department_id=clerk.department_id).first()
    if check is None:
        raise NotYours("没有找到这次核查。")
    events.notice_printed(
        now=now, actor_id=clerk.pk, department_id=check.department_id, check_id=check.pk, number=check.number
    )
    return check


def commitments_online(clerk: User) -> QuerySet[Commitment]:
    """What subjects signed on their own for the clerk's department, whatever the day."""
    return Commitment.objects.filter(department_id=clerk.department_id, channel=Commitment.Channel.ONLINE)


def commitments_today(clerk: User, today: date) -> QuerySet[Commitment]:
    """What the clerk's department signed today, newest first."""
    start = datetime.combine(today, time.min, SHANGHAI)
    return (
        Commitment.objects.filter(
            department_id=clerk.department_id, signed_at__gte=start, signed_at__lt=start + timedelta(days=1)
        )
        .select_related("clerk", "partner")
        .order_by("-signed_at")
    )
