"""What a file of commitments brings for the public: the decisions by rule, the course, the feed, in sets (R89, R92)."""

from collections.abc import Sequence
from datetime import datetime

from commitments.hooks import Imported
from commitments.models import Commitment, CommitmentEvent
from credit_portal.audit.copying import copy_models
from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import CreditSubject, PublicityClass, User

from . import rules
from .exchange import noting
from .gate import listed_commitments
from .models import ExchangePlatform, PublicityDecision


def class_by_rule(subject_kind: str, commitment_type: str) -> tuple[str, str]:
    """Class and reason of a commitment without an item, as at signing."""
    found, reason = rules.initial_class(subject_kind, None, commitment_type=commitment_type)
    return str(found), str(reason)


def on_imported(*, rows: Sequence[Imported], actor: User | None, now: datetime) -> None:
    """After a part of a file: the rule's decisions, what became public in course and feed, and the platform above looks
    through these commitments again however the ids lie."""
    decided = [row for row in rows if row.reason]
    copy_models(
        [
            PublicityDecision(
                commitment_id=row.id,
                publicity_class=row.publicity_class,
                reason=row.reason,
                decided_at=now,
            )
            for row in decided
        ]
    )
    public = [row for row in decided if row.publicity_class == PublicityClass.PUBLIC]
    copy_models(
        [
            CommitmentEvent(
                commitment_id=row.id,
                kind=CommitmentEvent.Kind.PUBLISHED,
                at=now,
                reason=PublicityDecision.Reason(row.reason).label,
            )
            for row in public
        ]
    )
    changes.record_published(
        resource="commitment",
        references=[row.code for row in public if row.subject_kind != CreditSubject.Kind.PERSON],
        now=now,
    )
    _look_again(min(row.id for row in rows))


def on_kept(*, rows: Sequence[tuple[int, str]], now: datetime) -> None:
    """After a part of a file was confirmed as kept in full: told where it can be seen, and to the platform above."""
    changes.record_changed(
        resource="commitment",
        references=list(
            listed_commitments(now).filter(pk__in=[pk for pk, _ in rows]).values_list("code", flat=True)
        ),
        now=now,
    )
    _look_again(min(pk for pk, _ in rows))


def _look_again(first: int) -> None:
    """Have the platforms above looked through from this commitment on."""
    # Held until these rows are there to be seen: a look-through of the platform's would pass them by, or has.
    for platform in ExchangePlatform.objects.select_for_update().filter(is_active=True).order_by("pk"):
        if platform.scanned_to >= first:
            platform.scanned_to = first - 1
            platform.save(update_fields=["scanned_to"])


def on_revised(*, commitment: Commitment, now: datetime) -> None:
    """After a correction by a later file: whoever keeps a copy is told, and the platform above gets what it should hold."""
    if listed_commitments(now).filter(pk=commitment.pk).exists():
        changes.record_change(
            kind=PublicChange.Kind.CHANGED,
            resource="commitment",
            reference=commitment.code,
            key=f"commitment:{commitment.code}:revised:{now.isoformat()}",
            now=now,
        )
    noting.note(commitment_id=commitment.pk, now=now)
