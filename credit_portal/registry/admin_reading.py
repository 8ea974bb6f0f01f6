"""Lists and records of the back office that say something of subjects: whoever reads one is written down, and the subject of a
record, or one that was looked up in a list, sees so (个人信息保护法 44; S3 三（三）)."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read

from . import groups
from .finding import looked_up
from .models import User
from .visibility import has_role


def purpose_of(user: User) -> str:
    """Why this role reads records in the back office."""
    return ReadLog.Purpose.AUDIT if has_role(user, groups.AUDITOR) else ReadLog.Purpose.SUPERVISION


class LoggedList:
    """Before the class of the back office from which a page is made."""

    list_target = ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        page = (getattr(answer, "context_data", None) or {}).get("cl")
        # A form that was sent, or whoever may see nothing, is shown no list.
        if page is not None:
            log_read(
                now=clock.now(),
                actor_id=request.user.pk,
                what=f"{self.opts.verbose_name_plural}列表"[:60],  # type: ignore[attr-defined]
                target_type=self.list_target or f"{self.audit_target}_list",  # type: ignore[attr-defined]
                target_id="list",
                subject_id=looked_up(
                    page.query.strip(), page.result_list, today=clock.today(), of=self.subject_id_of
                ),
                purpose=purpose_of(request.user),
            )
        return answer

    def opened(self, request: HttpRequest, obj: Any) -> None:
        log_read(
            now=clock.now(), actor_id=request.user.pk, what=str(self.opts.verbose_name)[:60],  # type: ignore[attr-defined]
            target_type=self.audit_target, target_id=obj.pk, subject_id=self.subject_id_of(obj),  # type: ignore[attr-defined]
            purpose=purpose_of(request.user),
        )  # fmt: skip

    def subject_id_of(self, row: Any) -> int | None:
        """Whom a row is about."""
        return row.subject_id  # type: ignore[no-any-return]
