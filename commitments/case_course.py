"""Every change of a breach case is stored with its history, and every step with its day, document and event."""

from datetime import date, datetime

from credit_portal.audit import events
from credit_portal.audit.history import note as note_history
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import User

from .models import BreachCase, CaseStep


def save_case(case: BreachCase, actor: User | None, now: datetime) -> None:
    note_history(case, actor=actor, now=now)
    case.save()


def write_step(
    case: BreachCase,
    kind: str,
    *,
    on: date,
    actor: User | None,
    now: datetime,
    document: EvidenceFile | None = None,
    note: str = "",
) -> None:
    CaseStep.objects.create(case=case, kind=kind, on=on, at=now, actor=actor, document=document, note=note)
    events.case_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=case.department_id,
        case_id=case.pk,
        number=case.number,
        step=str(kind),
        on=on,
        sha256=document.sha256 if document else "",
    )
