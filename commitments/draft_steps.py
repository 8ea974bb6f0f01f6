"""Whose a draft is, and which steps it may take: the same for a clerk at the counter and for a subject on its own pages."""

import uuid
from datetime import datetime

from django.db.models import QuerySet

from credit_portal.registry import groups
from credit_portal.registry.models import SubjectAccess, User
from credit_portal.registry.visibility import has_role

from .models import Draft

Step = Draft.Step
WITH_SUBJECT = (Step.CHECK, Step.READ, Step.SIGN)
# Who works on a draft: a clerk, whose own it is, or somebody on the subject's own pages: then it is the subject's, and
# whoever may act for it goes on with it on any device.
Holder = User | SubjectAccess

# From each step, the steps that one act may lead to.
MOVES: dict[str, frozenset[str]] = {
    Step.SUBJECT: frozenset({Step.CHECK, Step.DISCARDED}),
    Step.CHECK: frozenset({Step.READ, Step.ORDINARY, Step.DISCARDED}),
    Step.READ: frozenset({Step.READ, Step.SIGN, Step.ORDINARY, Step.DISCARDED}),
    Step.SIGN: frozenset({Step.READ, Step.SIGN, Step.ORDINARY, Step.DONE, Step.DISCARDED}),
    Step.DONE: frozenset(),
    Step.ORDINARY: frozenset({Step.CHECK, Step.READ, Step.DISCARDED}),
    Step.DISCARDED: frozenset(),
}


class DraftError(ValueError):
    """A step cannot be taken; the message says in Chinese what to do, `field` names the input it is about."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotYours(DraftError):
    """The draft belongs to another clerk or does not exist: both look the same."""


def require_clerk(clerk: User) -> None:
    if clerk.department_id is None or not has_role(clerk, groups.CLERK):
        raise DraftError("账号没有窗口办理权限，请联系安全管理员。")


def require_acting(access: SubjectAccess) -> None:
    if not access.may_act:
        raise DraftError("您的授权只能查看，不能办理。请由主体本人办理，或者请窗口重新登记授权的权限。")


def drafts_held(holder: Holder) -> QuerySet[Draft]:
    """The drafts that somebody may work on. Raises DraftError for whoever may work on none."""
    if isinstance(holder, SubjectAccess):
        require_acting(holder)
        return Draft.objects.filter(clerk=None, subject=holder.subject_id)
    require_clerk(holder)
    return Draft.objects.filter(clerk=holder)


def actor_id(holder: Holder) -> int | None:
    """The member of staff that an event names; nobody for a subject on its own pages."""
    return None if isinstance(holder, SubjectAccess) else holder.pk


def locked(draft_id: uuid.UUID, holder: Holder) -> Draft:
    """The holder's own draft, its row locked until the transaction ends."""
    draft = (
        drafts_held(holder)
        .select_for_update(of=("self",))
        .select_related(
            "subject",
            "item_version__item",
            "text_version__text",
            "check_made",
            "department__region",
            "corrects",
        )
        .filter(pk=draft_id)
        .first()
    )
    if draft is None:
        raise NotYours("没有找到这份草稿。")
    if isinstance(holder, SubjectAccess):
        draft.access = holder
    return draft


def move(draft: Draft, step: str) -> None:
    """Change the step, if the table allows it."""
    if step not in MOVES[draft.step]:
        raise DraftError(f"草稿现为“{draft.get_step_display()}”，不能转到“{Step(step).label}”。")
    draft.step = step


def save(draft: Draft, now: datetime) -> Draft:
    draft.saved_at = now
    draft.save()
    return draft
