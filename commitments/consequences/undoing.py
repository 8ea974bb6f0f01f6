"""After a determination was revoked, all that it brought with it is undone, in the same transaction."""

from datetime import datetime

from commitments.models import BreachCase, Interview, Letter, Rectification, RevocationHandoff
from credit_portal.registry.models import User

from . import handing_over, interviewing, letters, rectifying


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    for rectification in Rectification.objects.select_for_update().filter(case=case):
        rectifying.cancel(rectification, actor=actor, now=now, reason="认定已撤销")
    for interview in Interview.objects.select_for_update().filter(case=case):
        interviewing.undo(interview, actor=actor, now=now)
    for handoff in RevocationHandoff.objects.select_for_update().filter(case=case):
        handing_over.undo(handoff, actor=actor, now=now)
    for letter in Letter.objects.select_for_update().filter(case=case).order_by("pk"):
        letters.undo(letter, actor=actor, now=now)
