"""An association's one text: drafted by the association, published by whoever publishes the region's texts (R31)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from commitments import texts
from commitments.models import Clause, CommitmentText, TextRequest, TextVersion
from commitments.text_rules import LIABILITY, PLEDGE, ClauseData, Problem
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox import notices
from credit_portal.registry.models import CommitmentType, Department, User
from credit_portal.registry.reach import KEEPERS

from .membership import AssociationError, require_own

Status = TextVersion.Status
PUBLICATION, SUPERVISION, CONSEQUENCES = "agree_publication", "accept_supervision", "accept_consequences"
MOST_LINES = 30
NO_DRAFT = "没有草稿，请先起草。"


@dataclass(frozen=True)
class Words:
    """What an association writes; `pledges` and `liabilities` have a clause a line."""

    title: str
    scope: str
    notice: str
    privacy_notice: str
    pledges: str
    publication: str
    supervision: str
    liabilities: str


def text_of(association: Department) -> CommitmentText | None:
    """The association's own text; there is no second one."""
    return (
        CommitmentText.objects.filter(
            department=association,
            commitment_type=CommitmentType.INDUSTRY,
            origin=CommitmentText.Origin.ASSOCIATION,
        )
        .order_by("pk")
        .first()
    )


def versions_of(association: Department) -> list[TextVersion]:
    """Its versions, the newest first, with the request to publish where there was one."""
    text = text_of(association)
    if text is None:
        return []
    return list(text.versions.select_related("text", "request", "published_by").order_by("-number"))


def in_force(association: Department) -> TextVersion | None:
    """The version that members sign."""
    text = text_of(association)
    return text.versions.filter(status=Status.PUBLISHED).first() if text else None


def words_of(version: TextVersion) -> Words:
    """A version as the association's form shows it."""
    clauses = list(version.clauses.all())

    def lines(kind: str, covering: str = "") -> str:
        return "\n".join(
            row.body
            for row in clauses
            if row.kind == kind and (covering in row.covers if covering else not _is_particular(row))
        )

    return Words(
        version.title, version.scope, version.notice, version.privacy_notice,
        lines(PLEDGE), lines(PLEDGE, PUBLICATION), lines(PLEDGE, SUPERVISION),
        "\n".join(row.body for row in clauses if row.kind == LIABILITY),
    )  # fmt: skip


def _is_particular(row: Clause) -> bool:
    return PUBLICATION in row.covers or SUPERVISION in row.covers


def _clauses(words: Words, before: Sequence[ClauseData]) -> list[ClauseData]:
    """The clauses in their order. What somebody has said that a clause covers stays with its words."""
    known = {row.body: row.covers for row in before}

    def split(text: str) -> list[str]:
        return [line.strip() for line in text.replace("\r", "").split("\n") if line.strip()]

    found: list[tuple[str, str, tuple[str, ...]]] = [
        *((PLEDGE, body, known.get(body, ("other",))) for body in split(words.pledges)),
        *((PLEDGE, body, (PUBLICATION,)) for body in split(words.publication)),
        *((PLEDGE, body, (SUPERVISION,)) for body in split(words.supervision)),
        *((LIABILITY, body, (CONSEQUENCES,)) for body in split(words.liabilities)),
    ]
    if len(found) > MOST_LINES:
        raise AssociationError(f"最多 {MOST_LINES} 条，现为 {len(found)} 条。", field="pledges")
    return [ClauseData(number, kind, body, covers) for number, (kind, body, covers) in enumerate(found, 1)]


@transaction.atomic
def save_draft(*, association: Department, words: Words, actor: User, now: datetime) -> TextVersion:
    """Write the association's draft: the first one, the open one, or the next version of what is in force. Raises
    AssociationError, texts.TextError."""
    require_own(actor, association)
    plain = {name: getattr(words, name).replace("\0", "").strip() for name in texts.WORDS}
    text = text_of(association)
    newest = text.versions.order_by("-number").first() if text else None
    clauses = _clauses(words, texts.clauses_of(newest) if newest else ())
    if text is None:
        return texts.draft_text(
            code=f"{association.region_id}-HY-{association.uscc}",
            department=association,
            commitment_type=CommitmentType.INDUSTRY,
            words=plain,
            clauses=clauses,
            actor=actor,
            now=now,
            origin=CommitmentText.Origin.ASSOCIATION,
            is_demo=association.is_demo,
        )
    if newest is None or newest.status != Status.DRAFT:
        newest = texts.next_version(text=text, actor=actor, now=now)
    return texts.revise_draft(version=newest, words=plain, clauses=clauses, actor=actor, now=now)


@transaction.atomic
def hand_in(*, association: Department, actor: User, now: datetime) -> TextRequest:
    """Ask for the draft to be published. Handed in again after a change, whoever publishes is told again. Raises
    AssociationError naming what is missing."""
    require_own(actor, association)
    text = text_of(association)
    draft = text.versions.filter(status=Status.DRAFT).first() if text else None
    if draft is None:
        raise AssociationError(NO_DRAFT)
    problems = texts.problems_of(draft, on=local_date(now))
    if blocking := [problem.message for problem in problems if problem.blocks]:
        raise AssociationError("".join(blocking))
    request, _ = TextRequest.objects.update_or_create(version=draft, defaults={"at": now, "by": actor})
    notices.notify(
        users=User.objects.filter(
            is_active=True, department__region=association.region_id, groups__name__in=KEEPERS
        ).distinct(),
        key=f"association_text:{draft.pk}:{now.isoformat()}",
        kind="association_text",
        title=f"{association.short_name}请求发布会员自律承诺书第 {draft.number} 版",
        body="",
        link=f"/admin/commitments/textversion/{draft.pk}/change/",
        now=now,
    )
    events.association_text(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        text_id=draft.text_id,
        code=draft.text.code,
        number=draft.number,
    )
    return request


def problems(version: TextVersion, now: datetime) -> list[Problem]:
    return texts.problems_of(version, on=local_date(now))
