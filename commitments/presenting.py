"""Reading before signing (R18): what is put before the applicant, what was shown of it and how long, and when that is enough."""

import hashlib
import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from credit_portal.audit import events
from credit_portal.audit.clock import local_date

from . import particulars, text_rules
from .draft_steps import DraftError, Holder, Step, actor_id, locked, move, save
from .models import Draft, Presentation, ReadingMaterial
from .paper_text import PaperText, hash_paragraphs, paper_of
from .reading import reading_in_use
from .readings.offering import offered_at_window
from .supplements import promising

Part = Presentation.Part
MUST_BE_SHOWN = (Part.NOTICE, Part.PRIVACY, Part.TEXT)


def paper_for(draft: Draft) -> PaperText:
    """The paper as it stands: blanks that are empty are shown as a line."""
    version = draft.text_version
    filled = text_rules.fill_for_display(
        list(version.clauses.all()), list(version.blanks.all()), draft.blanks
    )
    return paper_of(draft, filled)


def reading_for(draft: Draft) -> ReadingMaterial | None:
    """Reading material of the item's positions or field, offered and free (R15–R17, R19)."""
    if draft.item_version is None:
        return None
    item = draft.item_version
    return reading_in_use(
        domain=item.domain, lineage=draft.department.region.lineage, occupation_id=item.occupation_id
    )


def hash_of_part(draft: Draft, part: str, paper: PaperText, reading: ReadingMaterial | None) -> str:
    match part:
        case Part.NOTICE:
            return hash_paragraphs(paper.notice)
        case Part.PRIVACY:
            return hash_paragraphs(paper.privacy)
        case Part.TEXT:
            return paper.sha256
        case Part.EDUCATION if reading is not None:
            return hashlib.sha256(reading.body.encode()).hexdigest()
    raise DraftError("没有这项展示内容。")


@transaction.atomic
def record_presentation(
    *,
    draft_id: uuid.UUID,
    clerk: Holder,
    part: str,
    key: uuid.UUID,
    seconds: int,
    now: datetime,
    sha256: str = "",
) -> Presentation:
    """What was shown and how long (R18). The browser's `key` names one showing: told again, it only grows longer.

    `sha256` is the hash of what the page really showed, as the page was given it; without it, of what there is now.
    """
    draft = locked(draft_id, clerk)
    if draft.step not in (Step.READ, Step.SIGN):
        raise DraftError("现在没有可展示的文本。")
    if part not in Part.values:
        raise DraftError("没有这项展示内容。")
    paper = paper_for(draft)
    reading = reading_for(draft) if part == Part.EDUCATION else None
    sha256 = sha256 or hash_of_part(draft, part, paper, reading)
    seconds = max(0, min(seconds, 86_400))
    known = Presentation.objects.filter(key=key).first()
    if known is not None:
        if known.draft_id != draft.pk or known.part != part:
            raise DraftError("展示编号已用于其他内容。")
        if seconds > known.seconds and known.sha256 == sha256:
            known.seconds = seconds
            known.save(update_fields=["seconds"])
        return known
    shown = Presentation.objects.create(
        draft=draft,
        part=part,
        text_version=draft.text_version if part != Part.EDUCATION else None,
        reading=reading,
        sha256=sha256,
        shown_at=now,
        seconds=seconds,
        key=key,
    )
    save(draft, now)
    return shown


@transaction.atomic
def finish_reading(*, draft_id: uuid.UUID, clerk: Holder, now: datetime) -> Draft:
    """From reading to signing: everything was shown in its present form, every blank is filled. Education gates nothing.

    Raises DraftError naming what is missing.
    """
    draft = locked(draft_id, clerk)
    if draft.step == Step.SIGN:
        return draft
    if draft.step != Step.READ:
        raise DraftError("请先核查并选定文本。")
    promising.check(draft, on=local_date(now))
    errors = particulars.blank_errors(draft, local_date(now))
    if errors:
        key, message = next(iter(errors.items()))
        raise DraftError(message, field=f"blank-{key}")
    paper = paper_for(draft)
    shown = {
        (row["part"], row["sha256"]): row["total"]
        for row in draft.presentations.order_by().values("part", "sha256").annotate(total=Sum("seconds"))
    }
    missing = [part for part in MUST_BE_SHOWN if (part, hash_of_part(draft, part, paper, None)) not in shown]
    if missing:
        raise DraftError("申请人还没有看到：" + "、".join(str(part.label) for part in missing) + "。")
    for (part, sha256), total in sorted(shown.items()):
        events.draft_presented(
            now=now,
            actor_id=actor_id(clerk),
            department_id=draft.department_id,
            draft_id=str(draft.pk),
            part=part,
            sha256=sha256,
            seconds=total,
        )
    offered_at_window(draft, reading_for(draft), now=now)
    move(draft, Step.SIGN)
    return save(draft, now)


@transaction.atomic
def reopen_reading(*, draft_id: uuid.UUID, clerk: Holder, now: datetime) -> Draft:
    """Back from signing to reading, to change a blank or to read again."""
    draft = locked(draft_id, clerk)
    if draft.step == Step.SIGN:
        move(draft, Step.READ)
        save(draft, now)
    return draft
