"""Reports on paper: a unit's as it was sent, a region's and an assessment's as they are signed."""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Crossed:
    """Figures of a group that cross two things: their keys have three parts, their labels two."""

    group: str
    columns: list[str]
    rows: list[tuple[str, list[int]]]


def crossed(figures: Iterable[Figure]) -> list[Crossed]:
    """The tables among figures, their sums in the last row."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for one in figures:
        if one.key.count(".") == 2:
            row, _, column = one.label.partition("：")
            found.setdefault(one.group, {}).setdefault(row, {})[column] = one.number
    tables = []
    for group, rows in found.items():
        columns = list(next(iter(rows.values())))
        lines = [(label, [numbers.get(column, 0) for column in columns]) for label, numbers in rows.items()]
        tables.append(Crossed(group, columns, [*lines[1:], lines[0]]))
    return tables


def in_groups(figures: Iterable[Figure]) -> list[tuple[str, list[Figure]]]:
    """The other figures under the words of their groups, in their order."""
    found: dict[str, list[Figure]] = {}
    for one in figures:
        if one.key.count(".") != 2:
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
            **_figures(from_data(sent.figures)),
            "demonstration": row.is_demo,
        },
    )


def summary_paper(row: ProgressSummary, *, actor: User, now: datetime) -> EvidenceFile:
    context = {
        "title": TITLE,
        "half": periods.in_words(row.half),
        "summary": row,
        **_figures(from_data(row.figures)),
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


def _figures(figures: list[Figure]) -> dict[str, Any]:
    return {"tables": crossed(figures), "groups": in_groups(figures)}


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
