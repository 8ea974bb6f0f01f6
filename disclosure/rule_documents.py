"""Rules and policy documents on the column (R90): entered and corrected by the credit office."""

from datetime import date, datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.registry import groups
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.reach import check_reach

from .models import RuleDocument


@transaction.atomic
def save_document(
    *,
    document: RuleDocument | None,
    region: Region,
    title: str,
    issuer: str,
    issued_on: date,
    summary: str,
    actor: User | None,
    now: datetime,
    number: str = "",
    effective_from: date | None = None,
    source_url: str = "",
    department: Department | None = None,
    is_public: bool = True,
    is_demo: bool = False,
) -> RuleDocument:
    """Enter a document, or (`document` given) correct it. Raises ValidationError (Chinese, by field)."""
    row = (
        RuleDocument(is_demo=is_demo)
        if document is None
        else RuleDocument.objects.select_for_update(of=("self",)).get(pk=document.pk)
    )
    if document is not None:
        check_reach(actor, row.region, groups.CREDIT_OFFICE)
    check_reach(actor, region, groups.CREDIT_OFFICE)
    row.region, row.title, row.issuer, row.number = region, title.strip(), issuer.strip(), number.strip()
    row.issued_on, row.effective_from = issued_on, effective_from
    row.summary, row.source_url = summary.strip(), source_url.strip()
    row.department, row.is_public = department, is_public
    row.full_clean()
    row.save()
    events.rule_document_saved(
        now=now,
        actor_id=actor.pk if actor else None,
        document_id=row.pk,
        shown="public" if row.is_public else "hidden",
    )
    return row
