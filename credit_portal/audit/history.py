"""Row history (django-simple-history) is kept beside the log. Services say who and when; the library would read a clock."""

from datetime import datetime
from typing import Any

from django.db.models import Model


def note(row: Model, *, actor: Any, now: datetime) -> None:
    """Say who changes a row and when, before it is saved: its history row will carry both."""
    row._history_user = actor  # type: ignore[attr-defined]
    row._history_date = now  # type: ignore[attr-defined]
