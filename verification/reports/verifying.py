"""What the QR code of a report opens: whether it is genuine, its number and hash, whether it still holds. Nothing of what it
says, and nothing of whom it is about. Once it holds no longer, or the consent that it was made by does not, nobody learns by
it whether the record has changed since. (R60, R113, R114.)"""

from datetime import datetime
from typing import Any

from credit_portal.audit.clock import local_date
from verification.checking.handling import CheckError
from verification.consent import gate
from verification.models import CreditReport

from . import contents


def find_report(token: str, *, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """The page of a token, or None where it is none of a report."""
    row = (
        CreditReport.objects.select_related("subject__region", "consent__department")
        .filter(verify_token=token)
        .first()
    )
    return ("disclosure/verify_report.html", about(row, now=now)) if row else None


def about(row: CreditReport, *, now: datetime) -> dict[str, Any]:
    """How a report stands now."""
    lapsed = row.consent is not None and gate.in_force(row.consent, now=now) is not None
    expired = row.valid_until < local_date(now)
    holds = not (lapsed or expired)
    return {
        "number": row.number,
        "issued_at": row.issued_at,
        "valid_until": row.valid_until,
        "sha256": row.sha256,
        "lapsed": lapsed,
        "expired": expired,
        "superseded": holds and _later(row),
        "changed": holds and changed(row, now=now),
    }


def _later(row: CreditReport) -> bool:
    """Whether the same was issued once more: by the same consent and of the same parts, or to the subject itself."""
    rows = CreditReport.objects.filter(
        subject=row.subject_id, own=row.own, consent=row.consent_id, parts=row.parts
    )
    return rows.filter(pk__gt=row.pk).exists()


def changed(row: CreditReport, *, now: datetime) -> bool:
    """Whether it would read otherwise if it were issued now, in whichever way."""
    try:
        sections = contents.gather(
            row.subject, parts=row.parts, own=row.own, on=local_date(now), begin=row.period_from
        )
    except CheckError:
        return True
    return contents.fingerprint(row.subject, sections) != row.fingerprint
