"""Proof that publication stopped (R99): every surface on which a breach was is really fetched and looked at."""

from __future__ import annotations

from datetime import datetime

from credit_portal.outbox import services as outbox
from disclosure.models import BreachPublication

from .models import RepairApplication, UnpublicationProof

EFFECT = "repair.prove"


def want(
    *, application: RepairApplication, publication: BreachPublication | None, now: datetime
) -> UnpublicationProof:
    """Ask for the proof, in the transaction that ends the publication; it is looked at once that is committed."""
    proof = UnpublicationProof.objects.create(
        application=application,
        publication=publication,
        subject=application.subject,
        department=application.department,
        region=application.region,
        wanted_at=now,
        is_demo=application.is_demo,
    )
    outbox.enqueue(effect=EFFECT, key=f"{EFFECT}:{proof.pk}", payload={"proof": proof.pk}, now=now)
    return proof
