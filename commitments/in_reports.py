"""A subject's commitments as a credit report tells them (R60). A commitment that nobody may see (不可公开) goes to nobody else; how
it was not kept is told to others only as long as the determination stands there, too: served, not repaired, not over."""

from datetime import date

from django.db.models import Exists, OuterRef, Q

from commitments.mine import showing
from commitments.models import BreachCase, Commitment
from credit_portal.registry.models import CreditSubject, PublicityClass
from verification.reports.sources import Line
from verification.vocabulary import State, day_text

BROKEN = (Commitment.Fulfilment.PARTIAL, Commitment.Fulfilment.UNFULFILLED)


def tell(subject: CreditSubject, *, own: bool, since: date, on: date, most: int) -> list[Line]:
    """One query: what was made within the period, and what still runs; not what was voided or corrected."""
    standing = BreachCase.objects.filter(
        Q(entry__public_until=None) | Q(entry__public_until__gte=on),
        commitment=OuterRef("pk"),
        state=BreachCase.State.SERVED,
        entry__state=State.EFFECTIVE,
    )
    rows = (
        showing.commitments_of(subject)
        .annotate(
            broken=Exists(standing), corrected=Exists(Commitment.objects.filter(corrects=OuterRef("pk")))
        )
        .filter(Q(made_on__gte=since) | Q(valid_until__gte=on), voided_at=None, corrected=False)
    )
    if not own:
        rows = rows.exclude(publicity_class=PublicityClass.CLOSED)
    return [_line(row, own) for row in rows.order_by("-made_on", "-pk")[:most]]


def _line(row: Commitment, own: bool) -> Line:
    code, label = showing.fulfilment_of(row)
    more = [f"受理单位：{row.department_name}", f"{day_text(row.made_on)}作出"]
    if row.valid_until is not None:
        more.append(f"有效期至{day_text(row.valid_until)}")
    if own or code not in BROKEN or row.broken:  # type: ignore[attr-defined]
        more.append(label)
    return Line(f"{row.get_commitment_type_display()}承诺：{row.item_name}（{row.code}）", "；".join(more))
