"""What the office has of grades, evaluations and visits, made by the services that make it in life."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from commitments.models import Visit
from credit_portal.registry import groups
from credit_portal.registry.models import User
from verification.grades import grading, passing
from verification.grades import keeping as grading_standards
from verification.models import Evaluation, EvaluationUpload, GradingStandard

from . import factories

NOW = factories.NOW


TOLD = grading_standards.Told(
    "信用分级标准", "栾信办〔2026〕9号", True, 100, 110, 85, 60, "lower", "ordinary", "ordinary", "higher",
    NOW.date(), None, [grading_standards.Line("penalty", "unrepaired", -20)],
)  # fmt: skip


def standard(first: User, second: User) -> GradingStandard:
    """One in force from today on, drafted by one and approved by another."""
    made = grading_standards.save_draft(told=TOLD, region=first.department.region, actor=first, now=NOW)
    return grading_standards.approve(standard_id=made.pk, actor=second, now=NOW)


def grades(office: Any) -> None:
    """A standard in force with a grade by it, a draft of the next, an evaluation that was given to the department."""
    first = office.people[groups.CREDIT_OFFICE]
    office.grading_standard = standard(first, office.second)
    run = grading.grade_all(standard_id=office.grading_standard.pk, now=NOW)
    office.grade = run.grades.get(subject=office.commitment.subject_id)
    office.grading_draft = grading_standards.save_draft(
        told=replace(TOLD, effective_from=NOW.date() + timedelta(days=30)), region=office.department.region, actor=first,
        now=NOW,
    )  # fmt: skip
    upload = EvaluationUpload.objects.create(
        department=office.credit_department, region=office.department.region, name="评价.xlsx", sha256="0" * 64,
        rows=1, new=1, uploaded_at=NOW, uploaded_by=first,
    )  # fmt: skip
    Evaluation.objects.create(
        subject=office.commitment.subject, upload=upload, region=office.department.region, body="评价中心",
        period="2026", grade="优",
    )  # fmt: skip
    office.evaluation_recipient = passing.add_recipient(
        kind="department", name="", department=office.department, basis="S4 6", actor=first, now=NOW
    )
    office.passing = passing.pass_on(
        recipient_id=office.evaluation_recipient.pk, period="2026", actor=first, now=NOW
    )
    office.visit = Visit.objects.create(
        number="JC1301112026000001", subject=office.commitment.subject, region=office.department.region,
        lead=office.department, until_on=NOW.date() + timedelta(days=60), proposed_at=NOW, proposed_by=first,
    )  # fmt: skip
    office.visit.parts.create(department=office.department)
