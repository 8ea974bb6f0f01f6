"""The signature on a subject's own pages. One draft gives one commitment, whatever the network does (R34)."""

import uuid
from datetime import datetime

from django.db import transaction

from commitments.concluding import (
    Signed,
    SigningError,
    check_authorised,
    check_duplicate,
    check_signer,
    conclude,
    take_turns,
)
from commitments.draft_steps import locked, move
from commitments.drafting import clear_entered
from commitments.models import Commitment, Draft, SignerCapacity
from commitments.pledging import DECLARED
from commitments.signing import check_ready
from commitments.subject_access import capacity_of, grounds_of
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import SubjectAccess

from . import photos

NO_AUTHORISATION = "这次开通没有留存授权委托书，代理人不能在网上签署。请由主体本人签署，或者到窗口登记授权。"
SIGN = "请在框内签名，或者上传已签字的承诺书照片。"


@transaction.atomic
def sign(
    *,
    draft_id: uuid.UUID,
    access: SubjectAccess,
    now: datetime,
    signature_png: bytes | None = None,
    by_paper: bool = False,
    confirm_duplicate: bool = False,
) -> Commitment:
    """Sign: by hand on the screen, or (`by_paper`) by the photograph of the signed paper in the draft. The day is that of
    signing by the clock of Shanghai; it goes to the department of the item.

    The draft's row is locked and remembers its commitment: a second press, a second tab, another device and a repeat
    after a lost answer get the same one. Raises SigningError with the field, DuplicateToday.
    """
    draft = locked(draft_id, access)
    done = Commitment.objects.filter(draft=draft).first()
    if done is not None:
        return done
    draft.subject = take_turns(draft.subject_id)
    paper = check_ready(draft, now)
    grounds = grounds_of(access)
    capacity = capacity_of(access)
    # Whoever has come in by the identity service has shown no document here.
    document = grounds.identity_document if grounds else ""
    name = check_signer(draft.subject, access.name, capacity, document, online=True)
    authorisation = grounds.authorisation if grounds and capacity == SignerCapacity.AGENT else None
    if capacity == SignerCapacity.AGENT and authorisation is None:
        raise SigningError(NO_AUTHORISATION)
    check_authorised(capacity, authorisation)
    photo = photos.paper_of(draft) if by_paper else None
    if by_paper and photo is None:
        raise SigningError("请先上传已签字的承诺书照片。", field="photo")
    if not by_paper and signature_png is None:
        raise SigningError(SIGN, field="signature")
    made_on = local_date(now)
    if not confirm_duplicate:
        check_duplicate(draft, made_on)
    commitment = conclude(
        draft=draft,
        paper=paper,
        signed=Signed(
            name,
            capacity,
            document,
            made_on,
            now,
            png=None if photo else signature_png,
            scan=photo.file if photo else None,
            authorisation=authorisation,
        ),
        online=True,
        note=DECLARED,
        now=now,
    )
    move(draft, Draft.Step.DONE)
    clear_entered(draft)
    draft.saved_at = now
    draft.save()
    return commitment
