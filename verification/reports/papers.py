"""A report as it is opened once more: by its subject, by the window on its day, by a recipient, or for one, as long as the
consent holds."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from credit_portal.audit.clock import local_date
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.models import User
from verification.consent import gate
from verification.models import CreditReport

from .issuing import TITLE

NONE = "没有这份报告，或者不是您的。"


def response_of(row: CreditReport) -> HttpResponse:
    """The paper, to be shown in the browser. Raises Http404 where it is damaged."""
    try:
        content = read_evidence(row.document)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请重新出具。") from error
    return answers.shown(content, f"{TITLE} {row.number}.pdf")


def given_at_window(
    rows: QuerySet[CreditReport], user: User, uuid: str, *, now: datetime
) -> CreditReport | None:
    """What this unit has issued today; on another day it is issued anew. What was handed over by a consent, as long as that
    holds."""
    try:
        wanted = UUID(uuid)
    except ValueError:
        return None
    row = (
        rows.select_related("document", "consent__subject", "consent__department")
        .filter(uuid=wanted, unit=user.department_id, by__isnull=False, issued_at__date=local_date(now))
        .first()
    )
    if row is not None and row.consent is not None and gate.in_force(row.consent, now=now) is not None:
        return None
    return row


def fetched(user: User, uuid: UUID, *, now: datetime) -> CreditReport:
    """What the user's department has fetched, as long as the consent holds. Raises Http404 and NotReleased."""
    row = (
        CreditReport.objects.select_related("consent__subject", "consent__department", "document", "subject")
        .filter(uuid=uuid, consent__department=user.department_id)
        .first()
    )
    if row is None or row.consent is None:
        raise Http404(NONE)
    why = gate.in_force(row.consent, now=now)
    if why is not None:
        raise gate.NotReleased(why)
    return row
