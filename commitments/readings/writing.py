"""A department writes its reading; another person of it puts it in use (S4「各行业主管部门编制经营者准入前诚信教育读本」, R15)."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from commitments import reading
from commitments.models import ReadingDraft, ReadingMaterial
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import Domain, User
from credit_portal.registry.visibility import group_names, limit_to_visible

State = ReadingDraft.State
DOES = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU})
MOST_TITLE, MOST_BODY = 100, 20_000
ERROR_ONE = "本部门在这个领域已有一份草稿，请在那一份上修改。"


class ReadingRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def drafts_visible_to(user: User) -> QuerySet[ReadingDraft]:
    return limit_to_visible(ReadingDraft.objects.all(), user)


@transaction.atomic
def write(
    *, draft_id: int | None, domain: str, title: str, body: str, actor: User, now: datetime
) -> ReadingDraft:
    """Write a draft, or write on: whoever wrote last is its writer, so that another one publishes. Raises ReadingRefused by
    field."""
    _check_actor(actor)
    if domain not in Domain.values:
        raise ReadingRefused("请选择领域。", field="domain")
    title, body = _text(title, "title", "标题", MOST_TITLE), _text(body, "body", "正文", MOST_BODY)
    if draft_id is None:
        department = actor.department
        row = ReadingDraft(department=department, is_demo=department.is_demo if department else False)
    else:
        row = _open(draft_id, actor)
    row.domain, row.title, row.body, row.written_by, row.written_at = domain, title, body, actor, now
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ReadingRefused(ERROR_ONE, field="domain") from error
    _tell(row, "撰写", actor=actor, now=now)
    return row


@transaction.atomic
def publish(*, draft_id: int, actor: User, now: datetime) -> ReadingMaterial:
    """Another person of the department puts it in use; the version before it stays on record. Raises ReadingRefused."""
    row = _open(draft_id, actor)
    if row.written_by_id == actor.pk:
        raise ReadingRefused("读本由撰写人以外的另一人发布。")
    made = reading.put_in_use(
        domain=row.domain, title=row.title, body=row.body, department=row.department,
        published_on=local_date(now), actor=actor, now=now,
    )  # fmt: skip
    row.state, row.reading, row.closed_by = State.PUBLISHED, made, actor
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "发布", actor=actor, now=now)
    return made


@transaction.atomic
def discard(*, draft_id: int, actor: User, now: datetime) -> ReadingDraft:
    row = _open(draft_id, actor)
    row.state, row.closed_by = State.DISCARDED, actor
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "放弃", actor=actor, now=now)
    return row


def _check_actor(actor: User) -> None:
    if actor.department is None or not group_names(actor) & DOES:
        raise ReadingRefused("读本由主管部门的经办人或者负责人编制。")


def _open(draft_id: int, actor: User) -> ReadingDraft:
    _check_actor(actor)
    row = (
        ReadingDraft.objects.select_for_update(of=("self",))
        .select_related("department__region")
        .get(pk=draft_id)
    )
    if row.department_id != actor.department_id:
        raise ReadingRefused("由编制这份读本的部门办理。")
    if row.state != State.OPEN:
        raise ReadingRefused(f"这份草稿{row.get_state_display()}。")
    return row


def _text(value: str, field: str, label: str, most: int) -> str:
    text = value.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise ReadingRefused(f"请填写{label}。", field=field)
    if len(text) > most:
        raise ReadingRefused(f"{label}最多 {most} 个字，现为 {len(text)} 个字。", field=field)
    return text


def _tell(row: ReadingDraft, deed: str, *, actor: User, now: datetime) -> None:
    events.reading_draft(
        now=now, actor_id=actor.pk, department_id=row.department_id, draft_id=row.pk, domain=row.domain,
        deed=deed,
    )  # fmt: skip
