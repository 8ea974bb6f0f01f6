"""The text as it is shown and signed: one shape for screen, hash and PDF. Pure but for the models it reads from."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from . import telling
from .models import Draft
from .supplements import rules as late_rules


@dataclass(frozen=True)
class PaperText:
    """What the applicant reads. `content` is what signing freezes: one dict a clause, in order."""

    title: str
    department_name: str
    subject_name: str
    item_name: str
    commitment_type: str
    version_label: str
    version_sha256: str
    content: list[dict[str, Any]]
    notice: list[str] = field(default_factory=list)
    privacy: list[str] = field(default_factory=list)

    @property
    def pledges(self) -> list[dict[str, Any]]:
        return [clause for clause in self.content if clause["kind"] == "pledge"]

    @property
    def liabilities(self) -> list[dict[str, Any]]:
        return [clause for clause in self.content if clause["kind"] == "liability"]

    @property
    def sha256(self) -> str:
        """Hash of what binds: title, to whom, who, about what, every clause, and the version it came from."""
        body = {
            "v": 1,
            "title": self.title,
            "department": self.department_name,
            "subject": self.subject_name,
            "item": self.item_name,
            "type": self.commitment_type,
            "version": self.version_sha256,
            "clauses": [[c["no"], c["kind"], c["text"]] for c in self.content],
        }
        return hashlib.sha256(
            json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        ).hexdigest()


def paragraphs(text: str) -> list[str]:
    """A stored text, one paragraph a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def hash_paragraphs(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def paper_of(draft: Draft, filled: list[dict[str, Any]]) -> PaperText:
    """The paper of a draft that has subject, item and text, its blanks filled in `filled` (see `texts.py`)."""
    version = draft.text_version
    content = list(filled)
    if draft.promised:
        # S4 1: what is missing and by when each comes is promised in writing, as the last of the pledges.
        pledges = [at for at, clause in enumerate(content, 1) if clause["kind"] == "pledge"]
        content.insert(
            pledges[-1] if pledges else 0,
            {"no": 0, "kind": "pledge", "clause": None, "text": late_rules.clause(draft.promised)},
        )
    if draft.must_state:
        # S2 三（二）: what the record holds is said truthfully, as a clause of its own.
        content.append(
            {
                "no": len(content) + 1,
                "kind": "pledge",
                "clause": None,
                "text": "如实说明：" + "；".join(draft.must_state) + "。",
            }
        )
    content = [{**clause, "no": number} for number, clause in enumerate(content, 1)]
    return PaperText(
        title=version.title,
        department_name=draft.department.name,
        subject_name=draft.subject.name,
        item_name=draft.item_version.name,
        commitment_type=draft.commitment_type,
        version_label=f"{version.text.code} 第 {version.number} 版",
        version_sha256=version.sha256,
        content=content,
        notice=[*paragraphs(version.notice), *telling.notice_lines(draft, version.notice)],
        privacy=telling.privacy_lines(draft, paragraphs(version.privacy_notice)),
    )
