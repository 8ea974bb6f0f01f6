"""A department's own system of the demonstration: what was signed there and handed in, what it reports of its keeping, and
a breach that it puts to the officers. Its tokens are for whoever tries it to issue."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from commitments import case_opening, fulfilment, handing_in
from commitments.concluding import Upload
from commitments.models import Blank, BreachCase, Commitment
from commitments.obligations import confirming
from commitments.texts import text_for
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.outbox import partners
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.registry import catalogue
from credit_portal.registry.codes import ORGANISATION
from credit_portal.registry.models import CommitmentType, CreditSubject
from credit_portal.registry.services import known_or_registered
from verification import services as verification
from verification.models import Check
from verification.vocabulary import Route

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

REGION, NAME = "130111", "栾城区审批业务系统（演示）"
# Days before today on which the system was registered, something was handed in, the oldest reported as kept, and the
# next one put to the officers.
REGISTERED, HANDED_IN, KEPT, FOUND = 57, (50, 31, 13, 3), 17, 1
AT = time(11, 52)


def plan(timeline: Timeline) -> None:
    """Without chance: the rest of the year is the same with it and without."""
    timeline.at(_at(timeline, REGISTERED), lambda now: _register(timeline, now))
    for number, ago in enumerate(HANDED_IN):
        timeline.at(_at(timeline, ago), lambda now, number=number: _hand_in(timeline, number, now))  # type: ignore[misc]
    timeline.at(_at(timeline, KEPT), lambda now: _report(timeline, now))
    timeline.at(_at(timeline, FOUND), _find)


def _at(timeline: Timeline, ago: int) -> datetime:
    return datetime.combine(open_day(timeline.day(-ago)), AT, SHANGHAI)


def _register(timeline: Timeline, now: datetime) -> None:
    partners.save_partner(
        system_id=None,
        name=NAME,
        department=timeline.world.user(REGION, "clerk").department,
        scopes=Scope.values,
        contact="信息科（演示）",
        is_active=True,
        actor=timeline.world.user(REGION, "security"),
        now=now,
        is_demo=True,
    )


def _hand_in(timeline: Timeline, number: int, now: datetime) -> None:
    """The first organisation from the end of the list on whose record opens the route."""
    system = PartnerSystem.objects.select_related("department__region").get(name=NAME)
    known = [one for one in timeline.subjects[REGION] if one.kind == ORGANISATION and not one.renamed]
    for told in known[-1 - 2 * number :: -1]:
        subject = known_or_registered(
            kind=told.kind, code=told.code, name=told.name, department=system.department, actor=None,
            now=now, is_demo=True,
        )  # fmt: skip
        check = _check(system, subject, number, now)
        if check is not None and check.route == Route.COMMITMENT:
            timeline.signed.append(_handed_in(timeline, system, check, told.representative, now))
            return


def _check(system: PartnerSystem, subject: CreditSubject, number: int, now: datetime) -> Check | None:
    region, on = system.department.region, local_date(now)
    items = list(catalogue.current_items(lineage=region.lineage, on=on).filter(in_hall=True))
    if number < 2:
        # The one that is reported as kept has no term over which it would have to be kept up; a warning may stand against one.
        items.sort(key=lambda one: one.validity_months is not None)
    for item in items:
        if CommitmentType.APPROVAL in item.allowed_types and item.item.region_id == REGION:
            return verification.check_subject(
                subject=subject, item_version=item, commitment_type=CommitmentType.APPROVAL,
                case_ref=f"业务{on:%Y%m%d}-{number + 1:03d}", purpose=Check.Purpose.APPROVAL, operator=None,
                partner=system, now=now,
            )  # fmt: skip
    return None


def _handed_in(
    timeline: Timeline, system: PartnerSystem, check: Check, signer: str, now: datetime
) -> Commitment:
    version = text_for(
        item_version=check.item_version, commitment_type=check.commitment_type, late_materials=False,
        region=system.department.region, on=check.on_day,
    )  # fmt: skip
    return handing_in.hand_in(
        told=handing_in.Told(
            check=check.number,
            text=version.text.code if version else "",
            version=version.number if version else 0,
            signer_name=signer or "负责人（演示）",
            capacity="legal_representative",
            identity_document="id_card",
            signed_at=now + timedelta(minutes=4),
            scan=Upload(timeline.page, "image/png", "演示扫描件.png"),
            blanks={blank.key: _filled(blank, check.on_day) for blank in version.blanks.all()}
            if version
            else {},
            confirm_duplicate=True,
        ),
        system=system,
        now=now + timedelta(minutes=6),
    )


def _filled(blank: Blank, on: date) -> str:
    match blank.kind:
        case Blank.Kind.DATE:
            return (on + timedelta(days=20)).isoformat()
        case Blank.Kind.NUMBER:
            return "12"
        case Blank.Kind.CHOICE:
            return str(blank.choices[0])
    return "演示内容"


def _report(timeline: Timeline, now: datetime) -> None:
    """The system reports, and somebody of the office confirms."""
    # What speaks against one is answered first.
    rows = Commitment.objects.filter(partner__name=NAME, valid_until=None).exclude(warnings__state="open")
    first = rows.order_by("id").first()
    if first is not None and first.fulfilment == Commitment.Fulfilment.RUNNING:
        fulfilment.report_kept(
            code=first.code, status=Commitment.Fulfilment.FULFILLED,
            note=f"{local_date(now)} 业务系统比对检验结果，承诺的事项均已落实（演示）",
            system=first.partner, now=now,
        )  # fmt: skip
        confirming.confirm(
            commitment_id=first.pk, note="（演示）核对检验结果和现场照片，各条都已做到。",
            actor=timeline.world.user(REGION, "credit"), now=now + timedelta(hours=1),
        )  # fmt: skip


def _find(now: datetime) -> None:
    found = Commitment.objects.filter(partner__name=NAME, fulfilment=Commitment.Fulfilment.RUNNING)
    for one in found.order_by("id"):
        if not one.breach_cases.exists():
            case_opening.open_for_system(
                code=one.code, source=BreachCase.Source.INSPECTION,
                facts="业务系统比对检查记录，承诺的内容到期没有落实（演示）。", by_deceit=False,
                system=one.partner, now=now,
            )  # fmt: skip
            return
