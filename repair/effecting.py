"""What a repair brings, at once or not at all, in the transaction of its confirmation (R99, R101): publication ends on every
surface, the record says repaired, key review and measures end with it, the platform above gets the withdrawal, and it is
announced where the region's rules say so.
"""

from __future__ import annotations

from datetime import datetime

from commitments import way_back
from commitments.breaches import matter_of
from commitments.consequences import rectifying
from commitments.models import Rectification
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.registry.models import CreditSubject, User
from disclosure import breach_publishing
from disclosure.acts import publishing as act_publishing
from disclosure.exchange import noting
from disclosure.models import AdministrativeAct, BreachPublication
from verification import services as verification

from . import proving
from .models import RepairApplication

PERSON = CreditSubject.Kind.PERSON


def take_effect(application: RepairApplication, *, actor: User, now: datetime) -> None:
    """End everything that the entry has caused. The application is locked and confirmed by the caller."""
    today = local_date(now)
    publication = _end_breach(application, actor=actor, now=now)
    for rectification in Rectification.objects.select_for_update().filter(case=application.case_id):
        rectifying.cancel(rectification, actor=actor, now=now, reason="已修复")
    _end_act(application, actor=actor, now=now)
    verification.mark_repaired(entry_id=application.entry_id, repaired_on=today, operator=actor, now=now)
    rules = way_back.rules_of(application.region.lineage, today)
    announced = rules.get(way_back.ANNOUNCED_KEY)
    # A natural person is announced nowhere.
    if (
        announced is not None
        and announced.confirmed
        and announced.value
        and application.subject.kind != PERSON
    ):
        application.announced_on = today
    proving.want(application=application, publication=publication, now=now)


def _end_breach(application: RepairApplication, *, actor: User, now: datetime) -> BreachPublication | None:
    case = application.case
    if case is None:
        return None
    running = BreachPublication.objects.filter(case=case, ended_at__isnull=True).first()
    if running is not None:
        breach_publishing.end_publication(
            publication_id=running.pk, ending=BreachPublication.Ending.REPAIR, actor=actor, now=now
        )
    else:
        # Nobody need decide any more whether to publish it; the platform is told all the same.
        duties.cancel_duties(
            matter=matter_of(case), now=now, actor=actor, reason="已修复", rule_keys=("breach_publication",)
        )
        noting.note(commitment_id=case.commitment_id, now=now)
    return running or BreachPublication.objects.filter(case=case).order_by("-pk").first()


def _end_act(application: RepairApplication, *, actor: User, now: datetime) -> None:
    act = (
        AdministrativeAct.objects.select_for_update(of=("self",))
        .filter(entry=application.entry_id, ended_at__isnull=True)
        .first()
    )
    if act is not None:
        act_publishing.end(
            act=act,
            ending=AdministrativeAct.Ending.REPAIRED,
            note_text=f"信用修复决定 {application.number}",
            actor=actor,
            now=now,
        )
