"""What signing freezes, whoever took it: at the counter (`signing.py`) or in a department's own system (`handing_in.py`).

The same checks, the same copies of subject, clauses and check, the same PDF, event and consequences.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from credit_portal.audit import events
from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import UnprintableText
from credit_portal.documents.services import store_evidence
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import catalogue, codes, numbering
from credit_portal.registry.models import CreditSubject, PublicityClass, User
from verification import services as verification
from verification.checking import deciding
from verification.checking.handling import CheckError, answer_of, evidence_missing
from verification.models import Check, CheckOutcome
from verification.vocabulary import Route

from . import hooks, papers, particulars
from .drafting import DraftError
from .models import (
    Commitment,
    CommitmentEvent,
    Draft,
    IdentityDocument,
    RegistrationBatch,
    SignerCapacity,
)
from .paper_text import PaperText
from .supplements import promising

CAPACITIES: dict[str, frozenset[str]] = {
    codes.ORGANISATION: frozenset({SignerCapacity.LEGAL_REPRESENTATIVE, SignerCapacity.AGENT}),
    codes.SOLE_TRADER: frozenset(
        {SignerCapacity.SELF, SignerCapacity.LEGAL_REPRESENTATIVE, SignerCapacity.AGENT}
    ),
    codes.PERSON: frozenset({SignerCapacity.SELF, SignerCapacity.AGENT}),
}


class SigningError(DraftError):
    """The commitment cannot be signed so; message in Chinese, `field` names the input."""


class DuplicateToday(SigningError):
    """The same subject has signed for the same item on that day, or for the same year, of whatever type; ask whether a
    second one is meant."""

    def __init__(self, existing: Commitment, year: int | None = None) -> None:
        when = f"已就 {year} 年度" if year else "今天已就同一事项"
        kind = existing.get_commitment_type_display() + ("、容缺受理" if existing.late_materials else "")
        super().__init__(f"该主体{when}签署承诺 {existing.code}（{kind}）。", field="confirm_duplicate")
        self.existing = existing


@dataclass(frozen=True)
class Upload:
    """A file as it came from the counter or a system."""

    content: bytes
    content_type: str
    name: str


@dataclass(frozen=True)
class Signed:
    """Who signed, when and how, already checked. Of `png` (a signature pad) and `scan` (paper) exactly one is there. What
    has been stored before (a photograph of the draft, the authorisation of an access) is used as it is."""

    name: str
    capacity: str
    identity_document: str
    made_on: date
    at: datetime
    png: bytes | None = None
    scan: Upload | EvidenceFile | None = None
    authorisation: Upload | EvidenceFile | None = None


def check_signer(
    subject: CreditSubject, name: str, capacity: str, document: str, *, online: bool = False
) -> str:
    """The signer's name as it is written. `online`: whoever has entered by the identity service has shown no document
    here. Raises SigningError (`capacity`, `identity_document`, `signer_name`)."""
    if capacity not in CAPACITIES[subject.kind]:
        raise SigningError("请选择签署人的身份（与主体类别相符）。", field="capacity")
    if document not in IdentityDocument.values and not (online and not document):
        raise SigningError("请选择查验过的身份证件。", field="identity_document")
    if capacity == SignerCapacity.SELF and subject.kind == codes.PERSON:
        return subject.name
    try:
        return codes.normalise_name(name)
    except codes.CodeError as error:
        raise SigningError(f"签署人姓名：{error}", field="signer_name") from error


def check_authorised(capacity: str, authorisation: Upload | EvidenceFile | None) -> None:
    if capacity == SignerCapacity.AGENT and authorisation is None:
        raise SigningError("委托代理人签署须上传授权委托书。", field="authorisation")


def check_record(check: Check, *, on: date | None = None) -> None:
    """The check opened the commitment route, and the record says the same on the day `on` (None: the check's own)."""
    if answer_of(check)[0] != Route.COMMITMENT:
        raise SigningError("核查结论不适用承诺制。", field="item")
    if evidence_missing(check):
        raise SigningError(deciding.SCREENSHOT_FIRST, field="item")
    if not verification.still_holds(check, on=on or check.on_day):
        raise SigningError("核查以后信用记录有变化，请重新核查。", field="item")


def take_turns(subject_id: int) -> CreditSubject:
    """Two who sign for one subject at once wait for each other here, before duplicates are sought."""
    return CreditSubject.objects.select_for_update().get(pk=subject_id)


def duplicate(draft: Draft, made_on: date) -> Commitment | None:
    return (
        Commitment.objects.filter(
            subject=draft.subject,
            item=draft.item_version.item,
            made_on=made_on,
            voided_at=None,
            corrected_by=None,
        )
        .exclude(pk=draft.corrects_id)
        .first()
    )


def check_duplicate(draft: Draft, made_on: date) -> None:
    """Raises DuplicateToday where the same has been signed that day; for the same year, where it is signed once a year. A list
    of what is registered is signed for once, and another list is not the same (R42)."""
    if draft.item_version.once_a_year:
        existing, year = particulars.same_year(draft, made_on), particulars.year_of(draft, made_on)
    else:
        existing, year = duplicate(draft, made_on), None
    # Asked last: whoever signs for the first time, at the counter above all, is not kept waiting for it.
    if existing is not None and not RegistrationBatch.objects.filter(draft=draft.pk).exists():
        raise DuplicateToday(existing, year)


def conclude(
    *,
    draft: Draft,
    paper: PaperText,
    signed: Signed,
    now: datetime,
    clerk: User | None = None,
    partner: PartnerSystem | None = None,
    online: bool = False,
    valid_until: date | None = None,
    note: str = "",
) -> Commitment:
    """Freeze what was signed: code, text, evidence, PDF, event, and what follows from it. In the caller's transaction.

    By a clerk, who has the draft, by a system of the department, or by the subject itself (`online`): then `draft` need
    not be stored, and nobody is the clerk. `valid_until`: a last day of its own, instead of the item's. Raises SigningError, EvidenceRefused.
    """
    department, subject, item = draft.department, draft.subject, draft.item_version
    if refusal := catalogue.refusal_of(item, subject.kind):
        raise SigningError(refusal, field="item")
    try:
        promising.check(draft, on=signed.made_on)
    except DraftError as error:
        raise SigningError(str(error), field=error.field) from error

    def keep(upload: Upload | EvidenceFile, kind: str) -> EvidenceFile:
        if isinstance(upload, EvidenceFile):
            return upload
        return store_evidence(
            content=upload.content,
            kind=kind,
            content_type=upload.content_type,
            original_name=upload.name,
            actor=clerk,
            department=department,
            now=now,
        )

    if signed.png is not None:
        signature = keep(Upload(signed.png, "image/png", "签名.png"), EvidenceFile.Kind.SIGNATURE)
    elif signed.scan is not None:
        signature = keep(signed.scan, EvidenceFile.Kind.PAPER_SCAN)
    else:
        raise SigningError("没有签名。", field="signature")
    commitment = Commitment(
        code=numbering.commitment_code(department.region_id, signed.made_on),
        region=department.region,
        made_on=signed.made_on,
        signed_at=signed.at,
        commitment_type=draft.commitment_type,
        late_materials=draft.late_materials,
        channel=_channel(partner, online),
        subject=subject,
        subject_kind=subject.kind,
        subject_name=subject.name,
        subject_code=subject.uscc or "",
        item=item.item,
        item_version=item,
        item_name=item.name,
        department=department,
        department_name=department.name,
        department_uscc=department.uscc,
        case_ref=draft.case_ref,
        check_made=draft.check_made,
        text_version=draft.text_version,
        title=paper.title,
        content=paper.content,
        text_sha256=paper.sha256,
        valid_until=valid_until
        or (last_day_after_months(signed.made_on, item.validity_months) if item.validity_months else None),
        signer_name=signed.name,
        signer_capacity=signed.capacity,
        identity_document=signed.identity_document,
        signed_by=Commitment.SignedBy.PAD if signed.png is not None else Commitment.SignedBy.PAPER,
        signature=signature,
        authorisation=(
            keep(signed.authorisation, EvidenceFile.Kind.AUTHORISATION) if signed.authorisation else None
        ),
        verify_token=secrets.token_urlsafe(18),
        clerk=clerk,
        partner=partner,
        # One that was never stored only carried what was signed.
        draft=None if draft._state.adding else draft,
        corrects=draft.corrects,
        publicity_class=PublicityClass.CLOSED,
        is_demo=subject.is_demo or (partner is not None and partner.is_demo),
    )
    try:
        pdf = papers.commitment_pdf(commitment, signature_png=signed.png)
    except UnprintableText as error:
        raise SigningError(str(error), field=_where(error, signed, draft)) from error
    commitment.pdf = keep(Upload(pdf, "application/pdf", f"{commitment.code}.pdf"), EvidenceFile.Kind.PDF)
    commitment.pdf_sha256 = commitment.pdf.sha256
    commitment.save(force_insert=True)
    particulars.keep(commitment, draft)
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=CommitmentEvent.Kind.SIGNED,
        at=now,
        actor=clerk,
        partner=partner,
        note=note,
    )
    events.commitment_signed(
        now=now,
        actor_id=clerk.pk if clerk else None,
        department_id=department.pk,
        commitment_id=commitment.pk,
        code=commitment.code,
        subject_id=subject.pk,
        text_sha256=commitment.text_sha256,
        pdf_sha256=commitment.pdf_sha256,
        capacity=signed.capacity,
        check_id=draft.check_made.pk,
    )
    promising.store(commitment, draft, actor=clerk, now=now)
    try:
        # The same deed decides the check: from here on nothing shown against it counts, and its measures are applied.
        deciding.decide(
            check_id=draft.check_made.pk,
            result=CheckOutcome.Result.COMMITMENT,
            measures=None,
            actor=clerk,
            system=partner,
            now=now,
        )
    except CheckError as error:
        raise SigningError(str(error), field="item") from error
    hooks.run_after_signing(commitment=commitment, now=now)
    return commitment


def _where(error: UnprintableText, signed: Signed, draft: Draft) -> str:
    """The input that has the characters which cannot be printed; `item` where the text or the item has them."""
    if set(signed.name) & set(error.characters):
        return "signer_name"
    if set(draft.case_ref) & set(error.characters):
        return "case_ref"
    filled = (key for key, value in draft.blanks.items() if set(str(value)) & set(error.characters))
    return next((f"blanks.{key}" for key in filled), "item")


def _channel(partner: PartnerSystem | None, online: bool) -> str:
    if partner is not None:
        return Commitment.Channel.PARTNER
    return Commitment.Channel.ONLINE if online else Commitment.Channel.WINDOW
