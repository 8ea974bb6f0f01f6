"""Rounds that follow grades: all subjects in reach are graded as their records stand before a round is drawn, so that what
was repaired this morning counts no more (S1 三（七）, S4 7; R65)."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from commitments.models import RecheckPlan
from credit_portal.audit.clock import local_date
from verification.grades import grading
from verification.models import GradingStandard


def bring_up_to_date(plan: RecheckPlan, *, now: datetime) -> list[GradingStandard]:
    """Grade anew by every confirmed standard in force that reaches into the region of a plan; gives these standards."""
    region = plan.region
    rows = grading.in_force(local_date(now)).filter(
        Q(region__in=region.lineage) | Q(region__path__startswith=f"{region.path}/")
    )
    found = [one for one in rows if one.confirmed]
    for one in found:
        grading.grade_all(standard_id=one.pk, now=now)
    return found


def named(standards: Sequence[GradingStandard]) -> str:
    """By which standards a round was layered, as its basis says it."""
    return f"；等级：{'、'.join(map(str, standards))}" if standards else ""
