"""Evaluations from above as a credit report tells them: as they were told, of the report's period (R60, R66)."""

from datetime import date

from credit_portal.registry.models import CreditSubject
from verification.models import Evaluation
from verification.reports.sources import Line


def tell(subject: CreditSubject, *, own: bool, since: date, on: date, most: int) -> list[Line]:
    """One query; the newest period first. The same for the subject and for others."""
    rows = (
        Evaluation.standing().filter(subject=subject, period__gte=str(since.year)).order_by("-period", "-pk")
    )
    return [Line(f"{row.period} 期间：{row.grade}", f"评价机构：{row.body}") for row in rows[:most]]
