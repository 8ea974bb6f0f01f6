"""What a subject is shown of the procedures of lists that run against it: from the notice on, and of a decision nothing before it
has been served (process: determination). What was not told is not told by a page either."""

from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject
from verification.listing import DECISION_STEP, NOTICE_STEP, ListingState
from verification.models import Listing, ListingStatement, ListingStatementFile

from . import stating

NOT_LISTED = "没有列入"
OVER = "办理已经终止"


def listings_of(subject: CreditSubject) -> QuerySet[Listing]:
    """The procedures of which the subject has been told. A responsible person's are that person's, not the firm's."""
    return Listing.objects.filter(subject=subject, noticed_on__isnull=False)


def standing_of(row: Listing, *, today: date) -> tuple[str, str]:
    """What a procedure is today, as a tone for the badge and in words."""
    if row.state == ListingState.REFUSED or (row.ended_on is not None and row.served_on is None):
        # A decision that was revoked before it was served has never been told.
        return "kept", NOT_LISTED
    if row.state == ListingState.EXITED:
        return "kept", "已移出"
    if row.state == ListingState.REVOKED:
        return "kept", "列入决定已撤销"
    if row.state == ListingState.IN_FORCE and row.term_until is not None:
        if row.term_until < today:
            return "waiting", "列入期限已满"
        return "broken", f"已列入，{row.term_until:%Y-%m-%d} 为止"
    if stating.takes(row, today=today):
        return "waiting", f"可以陈述申辩，{row.statement_until:%Y-%m-%d} 为止"
    return "waiting", "办理中"


def end_of(row: Listing) -> str:
    """Why it is over, as the subject may know."""
    if row.ended_on is None:
        return ""
    if row.state == ListingState.REFUSED or row.served_on is not None:
        return row.end_reason
    return OVER


def days_of(row: Listing, *, today: date) -> list[dict[str, Any]]:
    """The days of a procedure, with those still to come: `on`, `text`, `ahead`."""
    days: list[tuple[date | None, str]] = [
        (row.noticed_on, "送达拟列入名单告知书"),
        (row.statement_on, "收到陈述申辩"),
    ]
    if stating.takes(row, today=today):
        days.append((row.statement_until, "陈述申辩的最后一日"))
    if row.served_on is not None:
        days += [
            (row.decided_on, f"作出列入决定（{row.document_no}）"),
            (row.served_on, "决定书送达，列入生效"),
            (row.public_from, "公示责任人员"),
        ]
        if row.ended_on is None:
            days.append((row.term_until, "列入的最后一日"))
    days.append((row.ended_on, standing_of(row, today=today)[1]))
    found = [{"on": on, "text": text, "ahead": on > today} for on, text in days if on is not None]
    return sorted(found, key=lambda day: day["on"])


def papers_of(row: Listing) -> QuerySet[Any]:
    """The papers that were served on the subject: the notice, and the decision once it was."""
    told = [NOTICE_STEP] + ([DECISION_STEP] if row.served_on else [])
    return row.steps.filter(label__in=told, document__isnull=False).select_related("document").order_by("id")


def sent_of(row: Listing) -> ListingStatement | None:
    """What the subject has sent in, with its files. Two queries."""
    files = ListingStatementFile.objects.select_related("file").order_by("id")
    return (
        ListingStatement.objects.filter(listing=row)
        .select_related("access")
        .prefetch_related(Prefetch("files", queryset=files))
        .first()
    )


def file_of(row: Listing, uuid: object) -> EvidenceFile | None:
    """One of the papers or of the files that the subject has sent itself."""
    return EvidenceFile.objects.filter(
        Q(pk__in=papers_of(row).values("document"))
        | Q(pk__in=ListingStatementFile.objects.filter(statement__listing=row).values("file")),
        uuid=uuid,
    ).first()
