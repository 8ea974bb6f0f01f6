"""A subject speaks in its own defence on its own pages before it is put on a list (S4 8; the same right as the paper that it may
bring): once, within the time of the notice, its last day included. Never published."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.outbox import notices
from credit_portal.registry.models import SubjectAccess, User
from verification.checking.looking import File
from verification.listing import DOES, HEARD_STEP, ListingRefused, ListingState, save, text_of
from verification.models import Listing, ListingStatement, ListingStatementFile, ListingStep

MOST, MOST_FILES = 2000, 3
NOT_YOURS = "没有这件列入，或者它不是本主体的。"
NO_MORE = "现在不能在网上陈述申辩：已经收到过，或者已经在办理。有补充的，请直接向认定部门提出。"
OVER = "陈述申辩的期限到 {day} 为止，已经过了。有情况要说明的，请直接向认定部门提出。"


def takes(row: Listing, *, today: date) -> bool:
    """Whether the subject can still speak online: told, not heard yet, and its last day not over."""
    return (
        row.state == ListingState.NOTICED
        and row.statement_on is None
        and row.statement_until is not None
        and today <= row.statement_until
    )


def days_left(row: Listing, *, today: date) -> int:
    """How many of the counted working days are left, today's among them."""
    return sum(day >= today for day in row.statement_days)


@transaction.atomic
def send(
    *,
    listing_id: int,
    access: SubjectAccess,
    text: str,
    files: Sequence[File],
    key: UUID,
    now: datetime,
) -> ListingStatement:
    """The subject's statement and what shows it; the department is told. One that is sent twice by one `key` is one.

    Raises ListingRefused by field, and EvidenceRefused.
    """
    row = (
        Listing.objects.select_for_update(of=("self",))
        .select_related("department", "region")
        .filter(pk=listing_id, subject=access.subject_id, noticed_on__isnull=False)
        .first()
    )
    if row is None or not access.may_act:
        raise ListingRefused(NOT_YOURS)
    known = ListingStatement.objects.filter(listing=row).first()
    if known is not None and known.key == key:
        return known
    today = local_date(now)
    if not takes(row, today=today):
        late = row.state == ListingState.NOTICED and row.statement_on is None
        raise ListingRefused(OVER.format(day=row.statement_until) if late else NO_MORE)
    said = text_of(text, "text", "陈述申辩", MOST, least=4)
    if len(files) > MOST_FILES:
        raise ListingRefused(f"附件最多 {MOST_FILES} 个文件。", field="papers")
    row.statement_on, row.state = today, ListingState.HEARD
    save(row, None, now)
    sent = ListingStatement.objects.create(listing=row, access=access, key=key, text=said, sent_at=now)
    kept = [
        store_evidence(
            content=one.content,
            kind=EvidenceFile.Kind.DOCUMENT,
            content_type=one.content_type,
            original_name=one.name,
            actor=None,
            department=row.department,
            now=now,
        )
        for one in files
    ]
    ListingStatementFile.objects.bulk_create(ListingStatementFile(statement=sent, file=one) for one in kept)
    ListingStep.objects.create(listing=row, label=HEARD_STEP, on=today, at=now)
    events.listing_stated(
        now=now,
        access_id=access.pk,
        department_id=row.department_id,
        listing_id=row.pk,
        number=row.number,
        on=today,
        files=len(kept),
    )
    notices.notify(
        users=User.objects.filter(
            department=row.department, is_active=True, groups__name__in=sorted(DOES)
        ).distinct(),
        key=f"listing:{row.pk}:stated",
        kind="listing",
        title=f"拟列入 {row.number}：收到主体在网上的陈述申辩",
        body="请核实，并在提出列入意见时写明采纳情况。",
        link=f"/desk/lists/{row.uuid}/",
        now=now,
    )
    return sent
