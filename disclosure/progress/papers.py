"""Reports on paper: a unit's as it was sent, a region's and an assessment's as they are signed."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import Department, User
from disclosure.models import Assessment, ProgressReport, ProgressSummary, ProgressVersion

from . import periods
from .parts import Figure, from_data

TITLE = "信用承诺和信用监管工作进展情况报告"
ASSESSMENT_TITLE = "关于第三方评估结果的报告"


def in_groups(figures: list[Figure]) -> list[tuple[str, list[Figure]]]:
    """Figures under the words of their groups, in their order."""
    found: dict[str, list[Figure]] = {}
    for one in figures:
        found.setdefault(one.group, []).append(one)
    return list(found.items())


def version_pdf(row: ProgressReport, sent: ProgressVersion) -> bytes:
    """A unit's report as it was sent, for signing and sealing by the unit."""
    return _pdf(
        "disclosure/paper/progress_report.html",
        f"{TITLE} {row.number}",
        row.number,
        {
            "title": TITLE,
            "half": periods.in_words(row.half),
            "report": row,
            "sent": sent,
            "groups": in_groups(from_data(sent.figures)),
            "demonstration": row.is_demo,
        },
    )


def summary_paper(row: ProgressSummary, *, actor: User, now: datetime) -> EvidenceFile:
    context = {
        "title": TITLE,
        "half": periods.in_words(row.half),
        "summary": row,
        "groups": in_groups(from_data(row.figures)),
        "demonstration": row.is_demo,
    }
    return _stored(
        "disclosure/paper/progress_summary.html", TITLE, row.number, context, row.office, actor, now
    )


def assessment_paper(row: Assessment, *, actor: User, now: datetime) -> EvidenceFile:
    context = {"title": ASSESSMENT_TITLE, "assessment": row, "demonstration": row.is_demo}
    return _stored(
        "disclosure/paper/assessment.html", ASSESSMENT_TITLE, row.number, context, row.office, actor, now
    )


def _pdf(template: str, title: str, number: str, context: dict[str, Any]) -> bytes:
    return render_pdf(render_to_string(template, context), identifier=number.encode(), title=title)


def _stored(
    template: str,
    title: str,
    number: str,
    context: dict[str, Any],
    office: Department,
    actor: User,
    now: datetime,
) -> EvidenceFile:
    return store_evidence(
        content=_pdf(template, f"{title} {number}", number, context),
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=f"{title} {number}.pdf",
        actor=actor,
        department=office,
        now=now,
    )
