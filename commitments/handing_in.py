"""Commitments signed in a department's own system and handed in by it (R85: embedded in the departments' systems).

What the counter demands is demanded here: the record was checked by the same system before (S2 四（四）1), the text is the
one in force and not untrue for this subject (S2 三（二）), it was read (R18, declared by the system), the signer is of the
right capacity. `concluding.py` then freezes it as it does at the counter.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox.models import PartnerSystem
from verification.models import Check

from . import drafting, particulars
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
from .models import Commitment, Draft
from .presenting import paper_for
from .supplements import promising

# Clocks of two houses differ by so much at most.
SKEW = timedelta(minutes=5)
# A system that could not reach us in the evening hands in on the next day; later, it is to be checked and signed anew.
DAYS_LATE = 1

DECLARED = "由部门系统递交，声明签署人已阅读告知书、个人信息处理告知和承诺书"


@dataclass(frozen=True)
class Told:
    """What a system says of a signing. `check` is the number of its own check, `text` code and version of the text."""

    check: str
    text: str
    version: int
    signer_name: str
    capacity: str
    identity_document: str
    signed_at: datetime
    scan: Upload
    case_ref: str = ""
    blanks: dict[str, str] = field(default_factory=dict)
    # Of late materials: the day by the material's name.
    late_materials: dict[str, str] = field(default_factory=dict)
    must_state: list[str] = field(default_factory=list)
    authorisation: Upload | None = None
    confirm_duplicate: bool = False


class BlanksWrong(SigningError):
    """`errors`: what is wrong with the blanks, by key."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(next(iter(errors.values())), field="blanks")
        self.errors = errors


@transaction.atomic
def hand_in(*, told: Told, system: PartnerSystem, now: datetime) -> Commitment:
    """The commitment, frozen and published by its class as one of the counter. Raises SigningError with the field of
    `Told` (DuplicateToday: `confirm_duplicate`), BlanksWrong, EvidenceRefused; then nothing is kept."""
    check = (
        Check.objects.select_related("item_version__item", "subject", "department__region", "region")
        .filter(number=told.check, partner=system, department_id=system.department_id)
        .first()
    )
    if check is None:
        raise SigningError("没有这次核查，或者它不是本系统作出的。请先核查，再签署。", field="check")
    signed_at = _moment(told.signed_at, check, now)
    # Locked before anything is read of it: a new name or another signing comes before or after, not between.
    subject = check.subject = take_turns(check.subject_id)
    if subject.name != check.subject_name:
        raise SigningError("核查以后主体更名，请重新核查。", field="check")
    if used := check.commitments.filter(voided_at=None).first():
        raise SigningError(f"这次核查已用于承诺 {used.code}，请重新核查。", field="check")
    try:
        check_record(check, on=local_date(now))
    except SigningError as error:
        raise SigningError(str(error), field="check") from error
    # Never stored: nobody goes on with it. The same rules read it as read the counter's.
    draft = Draft(
        department=system.department,
        subject=subject,
        item_version=check.item_version,
        commitment_type=check.commitment_type,
        late_materials=check.late_materials,
        case_ref=told.case_ref or check.case_ref,
        check_made=check,
        promised=promising.chosen(check.item_version, told.late_materials),
        blanks=told.blanks,
    )
    _check_text(draft, told, signed_at)
    name = check_signer(subject, told.signer_name, told.capacity, told.identity_document)
    check_authorised(told.capacity, told.authorisation)
    if not told.confirm_duplicate:
        check_duplicate(draft, check.on_day)
    commitment = conclude(
        draft=draft,
        paper=paper_for(draft),
        signed=Signed(
            name,
            told.capacity,
            told.identity_document,
            check.on_day,
            signed_at,
            scan=told.scan,
            authorisation=told.authorisation,
        ),
        partner=system,
        note=DECLARED,
        now=now,
    )
    events.partner_acted(
        now=now,
        department_id=system.department_id,
        system_id=system.pk,
        deed="递交承诺",
        number=commitment.code,
    )
    return commitment


def _moment(told: datetime, check: Check, now: datetime) -> datetime:
    """When it was signed: on the day of the check, after it, handed in by the next day."""
    if told > now + SKEW:
        raise SigningError("签署时间不能晚于现在。", field="signed_at")
    if told < check.checked_at - SKEW:
        raise SigningError("签署不能早于核查；应先核查信用记录，再签署。", field="signed_at")
    signed_at = min(max(told, check.checked_at), now)
    if local_date(signed_at) != check.on_day:
        raise SigningError(f"核查是 {check.on_day} 作出的，须在当天签署；请重新核查。", field="signed_at")
    if local_date(now) - check.on_day > timedelta(days=DAYS_LATE):
        raise SigningError("承诺最迟在签署的次日递交；请重新核查、重新签署。", field="signed_at")
    return signed_at


def _check_text(draft: Draft, told: Told, signed_at: datetime) -> None:
    """Put the text in force into the draft. Raises SigningError (`text`, `must_state`) and BlanksWrong."""
    if problem := drafting.offer_text(draft, signed_at):
        raise SigningError(problem, field="text")
    version = draft.text_version
    try:
        promising.check(draft, on=draft.check_made.on_day)
    except drafting.DraftError as error:
        raise SigningError(str(error), field=error.field) from error
    draft.blanks = {**told.blanks, **promising.own_blanks(draft)}
    if (told.text, told.version) != (version.text.code, version.number):
        raise SigningError(
            f"适用的现行文本是 {version.text.code} 第 {version.number} 版，请以它签署。", field="text"
        )
    if told.must_state != draft.must_state:
        words = "；".join(draft.must_state) or "无"
        raise SigningError(
            f"承诺书须如实写明的内容是：{words}。请让签署人看到后签署，并在 must_state 中原样列出。",
            field="must_state",
        )
    blanks = list(version.blanks.all())
    errors = dict(particulars.blank_errors(draft, local_date(signed_at)))
    known = {blank.key for blank in blanks}
    errors |= {key: f"这份文本没有填写项“{key}”。" for key in told.blanks if key not in known}
    if errors:
        raise BlanksWrong(errors)
