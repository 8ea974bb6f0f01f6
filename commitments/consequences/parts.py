"""What every consequence does alike: take the case, keep the paper, write the event."""

from datetime import date, datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.template.loader import render_to_string

from commitments import case_rules
from commitments.case_papers import frame as case_frame
from commitments.case_rules import CaseError, CaseMoved
from commitments.models import BreachCase
from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible

ERROR_NOT_SERVED = "认定书送达以后才能办理。"
ERROR_NOT_DETERMINER = "由作出认定的部门办理。"


def taken_case(case_id: int, actor: User) -> BreachCase:
    """The served case, locked, of the actor's own department: whoever determined does the rest. Raises CaseError."""
    case = (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("commitment__item_version", "subject", "department", "region")
        .get(pk=case_id)
    )
    if case.department_id != actor.department_id or not group_names(actor) & case_rules.DOES:
        raise CaseError(ERROR_NOT_DETERMINER)
    if case.state != BreachCase.State.SERVED:
        raise CaseError(ERROR_NOT_SERVED)
    return case


def taken(model: type[Any], row_id: int, *, expect: str, department_id: int | None, actor: User) -> Any:
    """A row of a consequence, locked, as the officer saw it. Raises CaseError and CaseMoved."""
    row = (
        model.objects.select_for_update(of=("self",))
        .select_related("case__commitment", "case__subject", "department", "region")
        .get(pk=row_id)
    )
    if actor.department_id != department_id:
        raise CaseError("不是本部门办理的，不能由您办理。")
    if row.state != expect:
        raise CaseMoved(f"{row} 已办到“{row.get_state_display()}”，请看最新情况再办。")
    return row


def visible(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Of the own department, or of the own region and below."""
    return limit_to_visible(rows, user)


def save(row: Model, *, actor: User | None, now: datetime) -> None:
    note(row, actor=actor, now=now)
    row.save()


def paper(
    case: BreachCase,
    *,
    template: str,
    title: str,
    number: str,
    actor: User | None,
    now: datetime,
    **context: Any,
) -> EvidenceFile:
    """Render a paper of the case and keep it."""
    html = render_to_string(
        f"commitments/paper/{template}.html", case_frame(case) | {"title": title, "number": number} | context
    )
    return store_evidence(
        content=render_pdf(html, identifier=number.encode(), title=f"{title} {number}"),
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=f"{title} {number}.pdf",
        actor=actor,
        department=case.department,
        now=now,
    )


def tell(
    kind: str,
    row: Any,
    step: str,
    *,
    on: date,
    actor: User | None,
    department_id: int,
    now: datetime,
    sha256: str = "",
) -> None:
    """The event of a step."""
    events.consequence_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=department_id,
        kind=kind,
        row_id=row.pk,
        number=row.number,
        step=step,
        on=on,
        sha256=sha256,
    )
