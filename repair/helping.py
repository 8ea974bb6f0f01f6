"""The list of credit services that help with repair (R127): kept by the credit office, shown to everybody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import Region, User
from credit_portal.registry.reach import check_reach

from .models import HelpService


@transaction.atomic
def save_service(
    *,
    service: HelpService | None,
    region: Region,
    name: str,
    offers: str,
    contact: str,
    charges: str,
    actor: User | None,
    now: datetime,
    description: str = "",
    is_active: bool = True,
    is_demo: bool = False,
) -> HelpService:
    """Put a service on the list, change it or take it off. Raises ValidationError."""
    row = (
        HelpService(is_demo=is_demo)
        if service is None
        else HelpService.objects.select_for_update(of=("self",)).get(pk=service.pk)
    )
    check_reach(actor, region, groups.CREDIT_OFFICE)
    row.region, row.name, row.offers = region, name.strip(), offers
    row.description, row.contact, row.charges = description.strip(), contact.strip(), charges
    row.is_active = is_active
    row.full_clean()
    note(row, actor=actor, now=now)
    row.save()
    events.help_service_saved(
        now=now, actor_id=actor.pk if actor else None, service_id=row.pk, offers=row.offers
    )
    return row
