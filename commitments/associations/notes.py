"""What an association has on record of a member (S1 十八, S4 18; R123): good and bad notes, each kept; the member sees them, says
its word or objects, the association answers. Nobody else but the credit office."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from commitments.concluding import Upload
from commitments.models import Commitment, MemberNote, NoteReply, RosterEntry, RosterSort
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import CommitmentType, CreditSubject, SubjectAccess, User

from .membership import AssociationError, require_own

Tone, Kind = MemberNote.Tone, NoteReply.Kind
LEAST, MOST = 4, 500
MOST_REPLIES = 20
CORRECTED = "这一条已经更正，请对更正后的一条办理。"
NOT_YOURS = "没有这一条记录，或者它不是本主体的。"


@dataclass(frozen=True)
class Told:
    """What a note says, as it was typed."""

    tone: str
    on: date
    text: str


@transaction.atomic
def add(
    *,
    entry: RosterEntry,
    told: Told,
    actor: User,
    now: datetime,
    document: Upload | None = None,
    corrects: MemberNote | None = None,
    reason: str = "",
    void: bool = False,
    is_demo: bool = False,
) -> MemberNote:
    """Put a note down; with `corrects` it takes the place of another one, `void` says that there should have been none.
    Raises AssociationError by field, EvidenceRefused."""
    require_own(actor, entry.department)
    if told.tone not in Tone.values:
        raise AssociationError("请选择性质。", field="tone")
    if not local_date(now) - timedelta(days=3660) <= told.on <= local_date(now):
        raise AssociationError("发生日期应在十年以内、今天以前。", field="on")
    if corrects is not None:
        why = _text(reason, "reason", "更正理由", most=300)
        if corrects.entry.department_id != entry.department_id:
            raise AssociationError(NOT_YOURS)
        if hasattr(corrects, "corrected_by"):
            raise AssociationError(CORRECTED)
    else:
        why = ""
    note = MemberNote(
        entry=corrects.entry if corrects is not None else entry,
        tone=told.tone,
        void=void,
        on=told.on,
        text=_text(told.text, "text", "内容"),
        document=_keep(document, actor, now),
        corrects=corrects,
        reason=why,
        at=now,
        by=actor,
        is_demo=is_demo or entry.is_demo,
    )
    try:
        with transaction.atomic():
            note.save(force_insert=True)
    except IntegrityError as error:
        # Two at once: the other one has corrected it.
        raise AssociationError(CORRECTED) from error
    deed = "登记" if corrects is None else "作废" if void else "更正"
    _tell(note, f"{deed}{note.get_tone_display()}记录", actor.pk, now)
    return note


def _keep(document: Upload | None, actor: User, now: datetime) -> EvidenceFile | None:
    if document is None:
        return None
    return store_evidence(
        content=document.content,
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type=document.content_type,
        original_name=document.name,
        actor=actor,
        department=actor.department,
        now=now,
    )


@transaction.atomic
def say(*, note_uuid: Any, access: SubjectAccess, kind: str, text: str, now: datetime) -> NoteReply:
    """The member's word on a note, or its objection. Raises AssociationError by field."""
    note = notes_of_subject(access.subject).select_for_update(of=("self",)).filter(uuid=note_uuid).first()
    if note is None or not access.may_act:
        raise AssociationError(NOT_YOURS)
    if kind not in (Kind.VIEW, Kind.OBJECTION):
        raise AssociationError("请选择说明或者异议。", field="kind")
    if hasattr(note, "corrected_by"):
        raise AssociationError(CORRECTED)
    return _reply(note, kind, text, now, access=access)


@transaction.atomic
def answer(*, note_id: int, text: str, actor: User, now: datetime) -> NoteReply:
    """The association's answer. Where the member is right, it corrects the note, too. Raises AssociationError by field."""
    note = (
        MemberNote.objects.select_for_update(of=("self",)).select_related("entry__department").get(pk=note_id)
    )
    require_own(actor, note.entry.department)
    if not note.replies.exclude(kind=Kind.ANSWER).exists():
        raise AssociationError("会员没有说明或者异议，不需要答复。")
    return _reply(note, Kind.ANSWER, text, now, by=actor)


def _reply(note: MemberNote, kind: str, text: str, now: datetime, **who: Any) -> NoteReply:
    if note.replies.count() >= MOST_REPLIES:
        raise AssociationError("这一条往来太多，请当面沟通后由协会更正或者答复。")
    reply = NoteReply.objects.create(note=note, kind=kind, text=_text(text, "text", "内容"), at=now, **who)
    _tell(note, str(reply.get_kind_display()), reply.by_id, now)
    return reply


def _text(typed: str, field: str, label: str, *, most: int = MOST) -> str:
    said = typed.replace("\0", "").strip()
    if not LEAST <= len(said) <= most:
        raise AssociationError(f"{label} {LEAST} 至 {most} 个字，现为 {len(said)} 个字。", field=field)
    return said


def notes_of(entry: RosterEntry) -> QuerySet[MemberNote]:
    """What an association has on record of a member, over every membership of it, the newest first."""
    return _whole(
        MemberNote.objects.filter(
            entry__department=entry.department_id, entry__sort=entry.sort, entry__subject=entry.subject_id
        )
    )


def notes_of_subject(subject: CreditSubject) -> QuerySet[MemberNote]:
    """What every association has on record of a subject: the subject sees all of it."""
    return _whole(MemberNote.objects.filter(entry__subject=subject, entry__sort=RosterSort.MEMBERS))


def _whole(rows: QuerySet[MemberNote]) -> QuerySet[MemberNote]:
    return (
        rows.select_related("entry__department", "corrects", "corrected_by", "document", "by")
        .prefetch_related("replies")
        .order_by("-on", "-pk")
    )


def commitments_of(entry: RosterEntry) -> QuerySet[Commitment]:
    """A member's commitments under its association: all that the association may see of it."""
    return (
        Commitment.objects.filter(
            subject=entry.subject_id,
            commitment_type=CommitmentType.INDUSTRY,
            item__department=entry.department_id,
        )
        .select_related("draft__campaign_draft__campaign", "corrected_by")
        .order_by("-pk")
    )


def _tell(note: MemberNote, deed: str, actor_id: int | None, now: datetime) -> None:
    events.member_note(
        now=now,
        actor_id=actor_id,
        department_id=note.entry.department_id,
        note_id=note.pk,
        subject_id=note.entry.subject_id,
        deed=deed,
    )
