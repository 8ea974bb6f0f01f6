"""Scans that come with a file, each named for its commitment: looked at as all evidence is, kept with the row that goes in."""

from collections.abc import Mapping
from datetime import datetime

from credit_portal.documents.inspection import MAX_BYTES, EvidenceRefused, inspect
from credit_portal.documents.intake import Entry, IntakeRefused, Scans
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import ALLOWED_TYPES, store_evidence
from credit_portal.registry.models import User

from .planning import Plan

KIND = EvidenceFile.Kind.PAPER_SCAN
Papers = dict[int, tuple[Entry, bytes]]


def match(found: Plan, scans: Scans | None) -> Papers:
    """The scans of the rows that would go in, by row. A row whose scan cannot be kept does not go in."""
    papers: Papers = {}
    if scans is None:
        return papers
    good = []
    for one in found.new:
        entry = scans.by_stem.get(one.line.code) or scans.by_stem.get(one.line.own_number)
        if entry is None:
            good.append(one)
            continue
        try:
            content = scans.content(entry, most=MAX_BYTES)
            inspect(content, field="扫描件", allowed=ALLOWED_TYPES[KIND])
        except (EvidenceRefused, IntakeRefused) as error:
            found.refuse(one.line, 1, f"扫描件“{entry.name[-60:]}”：{str(error).removeprefix('扫描件：')}")
            continue
        papers[one.line.row] = (entry, content)
        good.append(one)
    found.new[:] = good
    return papers


def keep(papers: Papers, found: Plan, *, actor: User | None, now: datetime) -> Mapping[int, EvidenceFile]:
    """Store them, by row."""
    kept = {}
    for one in found.new:
        if one.line.row in papers:
            entry, content = papers[one.line.row]
            kept[one.line.row] = store_evidence(
                content=content, kind=KIND, content_type="", original_name=entry.name, actor=actor,
                department=one.department, now=now,
            )  # fmt: skip
    return kept
