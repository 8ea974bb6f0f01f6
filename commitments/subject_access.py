"""A clerk opens a subject's own pages for whoever stands at the window: identity seen, for an agent the authorisation,
then a code on a slip (S0 一（四）, S0 二（二）, R58)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry import access, groups
from credit_portal.registry.access import AccessError
from credit_portal.registry.models import CreditSubject, SubjectAccess, User
from credit_portal.registry.visibility import group_names
from verification.checking.looking import File

from .models import AccessGrounds, IdentityDocument, SignerCapacity
from .readings.offering import offered_at_registration

# Their numbers are those of GB 11643; other documents' follow rules of their own.
WITH_ID_NUMBER = frozenset({IdentityDocument.ID_CARD, IdentityDocument.TEMPORARY_ID})
CAPACITY = {
    SubjectAccess.Capacity.LEGAL_REPRESENTATIVE: SignerCapacity.LEGAL_REPRESENTATIVE,
    SubjectAccess.Capacity.OPERATOR: SignerCapacity.SELF,
    SubjectAccess.Capacity.SELF: SignerCapacity.SELF,
    SubjectAccess.Capacity.AGENT: SignerCapacity.AGENT,
}
ALREADY = "这次开通已经办过，代码只显示一次。需要代码的，请重新签发。"


@dataclass(frozen=True)
class Slip:
    """What the slip says; the code is here and nowhere else."""

    access: SubjectAccess
    code: str


@transaction.atomic
def open_at_window(
    *,
    key: uuid.UUID,
    subject: CreditSubject,
    name: str,
    capacity: str,
    identity_document: str,
    id_number: str,
    identity_seen: bool,
    valid_until: date,
    actor: User,
    now: datetime,
    scope: str = SubjectAccess.Scope.ACT,
    authorisation: File | None = None,
) -> Slip:
    """Open an access and issue its first code. Raises AccessError by field, EvidenceRefused for the authorisation.

    `key`, made with the form, has it happen once: sent again, nothing is opened and no code is shown.
    """
    if actor.department is None or groups.CLERK not in group_names(actor):
        raise AccessError("由窗口人员开通。")
    if SubjectAccess.objects.filter(uuid=key).exists():
        raise AccessError(ALREADY, field="key")
    if identity_document not in IdentityDocument.values:
        raise AccessError("请选择查验的证件。", field="identity_document")
    if not identity_seen:
        raise AccessError("请先查验使用人的身份证件，人证一致才能开通。", field="identity_seen")
    agent = capacity == SubjectAccess.Capacity.AGENT
    if agent and authorisation is None:
        raise AccessError("委托代理人使用须附授权委托书。", field="authorisation")
    paper = None
    if agent and authorisation is not None:
        paper = store_evidence(
            content=authorisation.content,
            kind=EvidenceFile.Kind.AUTHORISATION,
            content_type=authorisation.content_type,
            original_name=authorisation.name,
            actor=actor,
            department=actor.department,
            now=now,
        )
    held = access.open_access(
        subject=subject,
        name=name,
        capacity=capacity,
        id_number=id_number,
        checked_number=identity_document in WITH_ID_NUMBER,
        valid_until=valid_until,
        scope=scope,
        key=key,
        authorisation_sha256=paper.sha256 if paper else "",
        actor=actor,
        now=now,
    )
    AccessGrounds.objects.create(access=held, identity_document=identity_document, authorisation=paper)
    offered_at_registration(held, now=now)
    return Slip(held, access.issue_code(access_id=held.pk, actor=actor, now=now))


def capacity_of(access: SubjectAccess) -> SignerCapacity:
    """In which capacity whoever acts on a subject's own pages signs."""
    return CAPACITY[SubjectAccess.Capacity(access.capacity)]


def grounds_of(access: SubjectAccess) -> AccessGrounds | None:
    """What was seen when the access was opened. An agent who has come in by the national identity service stands on the
    authorisation that it has registered at the window."""
    rows = AccessGrounds.objects.select_related("authorisation")
    own = rows.filter(access=access).first()
    if own is not None or not access.as_agent:
        return own
    registered = rows.filter(
        access__subject=access.subject_id,
        access__capacity=SubjectAccess.Capacity.AGENT,
        access__scope=SubjectAccess.Scope.ACT,
        access__id_number_index=access.id_number_index,
        access__id_number_index__isnull=False,
        access__ended_at=None,
        authorisation__isnull=False,
    )
    return registered.order_by("-pk").first()
