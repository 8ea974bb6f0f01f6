"""The two columns that disclosure writes down into a commitment, so that the gate reads one table."""

from datetime import datetime

from .models import Commitment


def set_publicity(*, commitment: Commitment, publicity_class: str, public_from: datetime | None) -> None:
    """Set class and the moment from which it is public (None: not public). The caller holds the row's lock or has just
    created it, and has written the decision and its event."""
    commitment.publicity_class = publicity_class
    commitment.public_from = public_from
    commitment.withdrawn_at = None
    commitment.save(update_fields=["publicity_class", "public_from", "withdrawn_at"])


def set_withdrawn(*, commitment: Commitment, withdrawn_at: datetime) -> None:
    """Take a commitment off every public surface from the next request on."""
    commitment.withdrawn_at = withdrawn_at
    commitment.save(update_fields=["withdrawn_at"])
