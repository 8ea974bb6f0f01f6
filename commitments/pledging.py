"""The repair commitment signed in the course of an application (S0 一（一）: no new dishonesty within a time): by the subject
itself online, or before a clerk. The same checks, text and freezing as at the counter.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.hashing import keyed_hash
from credit_portal.registry import catalogue
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    ServiceItemVersion,
    User,
)
from verification import services as verification
from verification.vocabulary import Route

from . import drafting, hooks, text_rules
from .concluding import (
    Signed,
    SigningError,
    Upload,
    check_authorised,
    check_signer,
    conclude,
    take_turns,
)
from .models import Commitment, CommitmentEvent, Draft
from .paper_text import PaperText
from .presenting import paper_for

NO_ITEM = "本地区的事项目录中没有可作信用修复承诺的事项，请与{department}联系。"
DECLARED = "由主体在网上签署，签署前展示了告知书、个人信息处理告知和承诺书"
BEFORE_CLERK = "在办理修复申请时当面签署，签署前展示了告知书、个人信息处理告知和承诺书"
CHANGED = "承诺书的内容在您阅读以后有了变化，请重新阅读后签署。"


ENDED = "修复申请没有继续，随同作出的修复承诺不再有效"


@transaction.atomic
def end_pledge(commitment: Commitment, *, actor: User | None, now: datetime) -> None:
    """The application for which it was signed has ended without repair: nobody is held to it. Told twice, once done."""
    locked = Commitment.objects.select_for_update(of=("self",)).get(pk=commitment.pk)
    if locked.voided_at is not None:
        return
    locked.voided_at = now
    locked.save(update_fields=["voided_at"])
    CommitmentEvent.objects.create(
        commitment=locked, kind=CommitmentEvent.Kind.VOIDED, at=now, actor=actor, reason=ENDED
    )
    events.commitment_voided(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=locked.department_id,
        commitment_id=locked.pk,
        code=locked.code,
        reason_hash=keyed_hash(ENDED, purpose="void_reason"),
    )
    hooks.run_after_voiding(commitment=locked, actor=actor, now=now)


@dataclass(frozen=True)
class Pledge:
    """What a subject is shown before it signs. `draft` is not stored; `sha256` names what was shown."""

    draft: Draft
    paper: PaperText

    @property
    def sha256(self) -> str:
        return self.paper.sha256


def repair_item(department: Department, on: date) -> ServiceItemVersion | None:
    """The catalogue's item for repair commitments in a department's region, its own region's before the parents'."""
    lineage = department.region.lineage
    found = catalogue.current_items(lineage=lineage, on=on).filter(
        allowed_types__contains=[CommitmentType.REPAIR]
    )
    return min(found, key=lambda one: (lineage.index(one.item.region_id), one.pk), default=None)


def shown_to(
    *, subject: CreditSubject, department: Department, now: datetime, blanks: dict[str, str]
) -> Pledge:
    """The text that is put before the subject. Raises SigningError where the region has no item or no text for it, or
    where the subject's record makes the text untrue (S2 三（二）)."""
    item = repair_item(department, local_date(now))
    if item is None:
        raise SigningError(NO_ITEM.format(department=department.name))
    draft = Draft(
        department=department,
        subject=subject,
        item_version=item,
        commitment_type=CommitmentType.REPAIR,
        blanks=blanks,
    )
    if problem := drafting.offer_text(draft, now):
        raise SigningError(problem)
    return Pledge(draft, paper_for(draft))


@transaction.atomic
def pledge(
    *,
    subject: CreditSubject,
    department: Department,
    seen_sha256: str,
    blanks: dict[str, str],
    signer_name: str,
    capacity: str,
    identity_document: str,
    signature_png: bytes | None,
    valid_until: date | None,
    case_ref: str,
    now: datetime,
    scan: Upload | None = None,
    authorisation: Upload | None = None,
    clerk: User | None = None,
) -> Commitment:
    """Check, sign and freeze a repair commitment whose text (`seen_sha256`) the subject has read. `valid_until`: its last
    day by the region's rule, None where the region has not confirmed how long. `scan`: the signed paper, where nothing
    was written on the screen. `clerk`: who has seen the signing; None online. Raises SigningError with the field."""
    today = local_date(now)
    if (signature_png is None) == (scan is None):
        raise SigningError("请签名，或者上传已签字的纸质承诺书。", field="signature")
    subject = take_turns(subject.pk)
    offered = shown_to(subject=subject, department=department, now=now, blanks=blanks)
    if offered.sha256 != seen_sha256:
        raise SigningError(CHANGED, field="seen")
    draft = offered.draft
    errors = text_rules.blank_errors(list(draft.text_version.blanks.all()), blanks)
    if errors:
        key, message = next(iter(errors.items()))
        raise SigningError(message, field=f"blank-{key}")
    name = check_signer(subject, signer_name, capacity, identity_document, online=clerk is None)
    check_authorised(capacity, authorisation)
    try:
        draft.check_made = verification.check_subject(
            subject=subject,
            item_version=draft.item_version,
            commitment_type=CommitmentType.REPAIR,
            case_ref=case_ref,
            operator=clerk,
            department=department,
            now=now,
        )
    except verification.NotCheckable as error:
        raise SigningError(str(error)) from error
    if draft.check_made.route != Route.COMMITMENT:
        raise SigningError(draft.check_made.one_line)
    return conclude(
        draft=draft,
        paper=offered.paper,
        signed=Signed(
            name,
            capacity,
            identity_document,
            today,
            now,
            png=signature_png,
            scan=scan,
            authorisation=authorisation,
        ),
        clerk=clerk,
        online=clerk is None,
        valid_until=valid_until,
        note=BEFORE_CLERK if clerk else DECLARED,
        now=now,
    )
