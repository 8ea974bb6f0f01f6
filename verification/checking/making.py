"""Making a check: what is asked, the rules of the day, the record as it stands; the answer is kept as it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import catalogue, numbering
from credit_portal.registry.models import (
    CreditSubject,
    Department,
    Domain,
    Region,
    ServiceItemVersion,
    SubjectAccess,
    User,
)
from verification import registered
from verification.facts import Asked, entries_that_count
from verification.models import Check
from verification.offering import Offer, truthful_clause_conflicts
from verification.record import Entry, Switches, standing
from verification.remedies import remedies
from verification.rules import Decision, decide, one_line
from verification.switches import NotCheckable, rules_in_force
from verification.tax_credit import reference as tax_credit
from verification.vocabulary import STEP_LABELS, CommitmentType, Standing, Step, day_text

OWN_RECORD = "本门户信用记录"
# Tenders go by steps, and a subject may be limited at one of them (S3 二（二）).
TENDERS = frozenset({Domain.BIDDING, Domain.PUBLIC_WORKS, Domain.LAND, Domain.PROCUREMENT})
NEEDS_DEPARTMENT = "账号没有所属部门，不能进行信用核查。"
TYPE_NOT_ALLOWED = "事项“{item}”不使用{type}承诺。"
LATE_NOT_ALLOWED = "事项“{item}”不可容缺受理。"
LATE_UNLISTED = "事项“{item}”没有列出可以后补的材料，不能容缺受理；请行政审批局在事项目录中补上。"
ITEM_NOT_CURRENT = "事项“{item}”在 {day} 不是现行事项。"
NO_STEPS = "事项“{item}”不分资格审查、投标、中标环节。"
BAD_STEP = "没有环节“{step}”，可选：{known}。"


def still_holds(check: Check, *, on: date) -> bool:
    """Whether the record gives the same route and scrutiny on the day ``on`` as when the check was made."""
    in_force = rules_in_force(
        region=check.region, on=on, domain=check.domain, commitment_type=check.commitment_type
    )
    decision = decide(
        entries_that_count(
            check.subject,
            Asked(
                check.region.lineage,
                check.domain,
                check.item_version.item_id,
                on,
                check.follows_id or check.pk,
            ),
        ),
        commitment_type=CommitmentType(check.commitment_type),
        late_materials=check.late_materials,
        domain=check.domain,
        on=on,
        switches=in_force.switches,
        step=Step(check.step) if check.step else None,
    )
    return (decision.route, decision.scrutiny) == (check.route, check.scrutiny)


@transaction.atomic
def check_subject(
    *,
    subject: CreditSubject,
    item_version: ServiceItemVersion,
    commitment_type: str,
    late_materials: bool = False,
    case_ref: str = "",
    purpose: str = Check.Purpose.COMMITMENT,
    operator: User | None,
    now: datetime,
    sources: Sequence[str] = (OWN_RECORD,),
    partner: PartnerSystem | None = None,
    department: Department | None = None,
    step: str = "",
    follows: Check | None = None,
    key: UUID | None = None,
    access: SubjectAccess | None = None,
) -> Check:
    """Check a subject's record for an item and keep the answer as it was seen (R38–R41, R50, R52).

    By a person, by the system of a department (`partner`, R85), or, where the subject itself acts online, for the
    `department` that its matter is with: then nobody is the operator. The rules are those of
    the operator's region on the day of ``now``. `step`: of a tender. `follows`: an earlier check of the same procedure,
    whose believed objections count. `access`: by which the subject acts on its own pages. `key`: of the asking, so that one sent twice is one check. The reading of the record is logged. Raises
    NotCheckable (Chinese message) where the item does not use this type, allows no late materials, has no steps, is
    not in force or not for this kind of subject, or where the operator belongs to no department.
    """
    on = local_date(now)
    who = operator or partner
    department = who.department if who is not None else department
    if department is None:
        raise NotCheckable(NEEDS_DEPARTMENT)
    if key is not None and (known := Check.objects.filter(uuid=key, department=department).first()):
        return known
    asked = _allowed(item_version, commitment_type, late_materials, on)
    if purpose == Check.Purpose.COMMITMENT and (refusal := catalogue.refusal_of(item_version, subject.kind)):
        raise NotCheckable(refusal)
    at = _step_of(item_version, step)
    first = (follows.follows or follows) if follows is not None else None
    in_force = rules_in_force(
        region=department.region, on=on, domain=item_version.domain, commitment_type=commitment_type
    )
    entries = entries_that_count(
        subject,
        Asked(
            department.region.lineage,
            item_version.domain,
            item_version.item_id,
            on,
            first.pk if first else None,
        ),
    )
    decision = decide(
        entries,
        commitment_type=asked,
        late_materials=late_materials,
        domain=item_version.domain,
        on=on,
        switches=in_force.switches,
        step=at,
    )
    check = Check.objects.create(
        uuid=key or uuid4(),
        number=numbering.document_number("H", department.region_id, on.year),
        subject=subject,
        subject_name=subject.name,
        # A person's number stays sealed with the subject.
        subject_code=subject.uscc or "",
        item_version=item_version,
        commitment_type=commitment_type,
        late_materials=late_materials,
        domain=item_version.domain,
        step=step,
        follows=first,
        region_id=department.region_id,
        department=department,
        operator=operator,
        partner=partner,
        on_day=on,
        checked_at=now,
        purpose=purpose,
        case_ref=case_ref.strip(),
        sources=list(sources),
        route=decision.route,
        scrutiny=decision.scrutiny,
        one_line=one_line(decision),
        reasons=[
            *frozen_reasons(decision),
            # Private: never to the system of another department.
            *(
                tax_credit.reasons(subject=subject, region=department.region, on=on, decision=decision)
                if partner is None
                else []
            ),
            *registered.reasons(subject=subject, on=on, decision=decision),
        ],
        remedies=frozen_remedies(decision, entries, in_force.switches),
        entries_seen=sorted(
            entry.id
            for entry in entries
            if standing(entry, on) not in (Standing.NO_FACTOR, Standing.UNSERVED)
        ),
        switches=in_force.frozen(),
    )
    log_read(
        now=now,
        actor_id=operator.pk if operator else None,
        access_id=access.pk if access else None,
        partner_id=partner.pk if partner else None,
        what="信用记录",
        target_type="check",
        target_id=check.pk,
        subject_id=subject.pk,
        purpose=ReadLog.Purpose.CHECK,
    )
    events.check_made(
        now=now,
        actor_id=operator.pk if operator else None,
        department_id=department.pk,
        subject_id=subject.pk,
        check_id=check.pk,
        number=check.number,
        route=check.get_route_display(),
        scrutiny=check.get_scrutiny_display(),
        entries=check.entries_seen,
    )
    return check


def _step_of(version: ServiceItemVersion, step: str) -> Step | None:
    if not step:
        return None
    if version.domain not in TENDERS:
        raise NotCheckable(NO_STEPS.format(item=version.name))
    if step not in STEP_LABELS:
        raise NotCheckable(BAD_STEP.format(step=step, known="、".join(STEP_LABELS.values())))
    return Step(step)


def _allowed(version: ServiceItemVersion, commitment_type: str, late: bool, on: date) -> CommitmentType:
    known = {kind.value: kind for kind in CommitmentType}
    asked = known.get(commitment_type)
    if asked is None or commitment_type not in version.allowed_types:
        labels = dict(Check._meta.get_field("commitment_type").flatchoices)
        shown = labels.get(commitment_type, f"“{commitment_type}”")
        raise NotCheckable(TYPE_NOT_ALLOWED.format(item=version.name, type=shown))
    if late and not version.allows_late_materials:
        raise NotCheckable(LATE_NOT_ALLOWED.format(item=version.name))
    if late and not version.late_ones:
        raise NotCheckable(LATE_UNLISTED.format(item=version.name))
    retired = version.item.retired_on is not None and version.item.retired_on <= on
    early = version.valid_from is None or on < version.valid_from
    late_day = version.valid_to is not None and version.valid_to < on
    if version.status == ServiceItemVersion.Status.DRAFT or retired or early or late_day:
        raise NotCheckable(ITEM_NOT_CURRENT.format(item=version.name, day=day_text(on)))
    return asked


def frozen_reasons(decision: Decision) -> list[dict[str, Any]]:
    """The reasons as a check keeps them, most restrictive first; what the record is in this field stands last."""
    told = [*decision.reasons, *([decision.field_note] if decision.field_note else [])]
    return [
        {
            "code": reason.code,
            "text": reason.text,
            "article": reason.article,
            "article_code": reason.article_code,
            "entry_id": reason.entry_id,
            "route": str(reason.route),
            "scrutiny": str(reason.scrutiny),
            "harmful": reason.harmful,
            "effect": str(reason.effect or ""),
            "listed_id": reason.listed_id,
            "done": reason.done,
        }
        for reason in told
    ]


def frozen_remedies(decision: Decision, entries: Iterable[Entry], switches: Switches) -> list[dict[str, Any]]:
    """What can be done, as a check keeps it and the ordinary-route notice prints it; its reasons say against what."""
    return [
        {
            "code": way.code,
            "text": way.text,
            "article": way.article,
            "from_on": way.from_on.isoformat() if way.from_on else None,
        }
        for way in remedies(decision, entries, on=decision.on, switches=switches)
    ]


def offer_of_text(*, subject: CreditSubject, region: Region, contents: Iterable[str], on: date) -> Offer:
    """Whether a text with these required contents may be put before the subject on that day (S2 三（二）).

    For use within a handling whose check has already been made and logged.
    """
    in_force = rules_in_force(region=region, on=on)
    return truthful_clause_conflicts(
        entries_that_count(subject), contents=contents, on=on, switches=in_force.switches
    )
