"""Lists of the desk and the window that say something of subjects: that one was read."""

from django.http import HttpRequest

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read

from . import groups
from .visibility import has_role


def note_list(request: HttpRequest, *, what: str, target_type: str) -> None:
    """Write down that a list was read by whoever asks: an auditor's reading is an audit, anybody else's part of their work."""
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type=target_type, target_id="list",
        purpose=ReadLog.Purpose.AUDIT if has_role(request.user, groups.AUDITOR) else ReadLog.Purpose.HANDLING,
    )  # fmt: skip
