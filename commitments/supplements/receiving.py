"""A missing material comes: over the counter, at the desk, or sent in by the subject and then looked at. The day on which
the subject sent it counts, so that a slow clerk harms nobody (R37)."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from commitments.models import MaterialFile, PromisedMaterial, Supplement
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.models import SubjectAccess, User
from credit_portal.registry.visibility import group_names

from . import course, rules
from .course import MaterialState, State, SupplementError, SupplementMoved

Upload = tuple[bytes, str, str]
# What came too late is taken all the same: the department judges it with the rest.
TAKES = (State.OPEN, State.OVERDUE)
GONE = "“{name}”{state}，请看最新情况再办。"
WAITS = "“{name}”已经在网上提交，请核收或者退回。"
ONCE = (
    "“{name}”已于 {day} 由{who}退回过一次，窗口不能再退回；确实不符合的，由部门的另一位经办人在工作台退回。"
)
NO_FILE = "请选择要提交的文件。"
# So many pages a material has at most, however they are sent.
MOST_FILES = 9
# What becomes of the files that wait to be looked at, when more are sent.
ADD, REPLACE = "add", "replace"
TOO_MANY = "每项材料最多 {most} 个文件，现有 {there} 个，这次选了 {more} 个。"
TWICE = "“{name}”已经提交过，请另选。"
OVER = "“{name}”的补交日期 {day} 已过，提交的文件不能再增换；请等受理单位核收或者退回。"


@transaction.atomic
def receive(
    *, supplement_id: int, number: int, actor: User, now: datetime, upload: Upload | None = None
) -> PromisedMaterial:
    """The paper itself was brought, today. `upload`: a scan, where one is kept. Raises SupplementError, EvidenceRefused."""
    supplement = course.taken(supplement_id, actor)
    course.refuse_moved(supplement, *TAKES)
    row = _row(supplement, number)
    if row.state == MaterialState.RECEIVED:
        raise SupplementMoved(GONE.format(name=row.name, state=row.get_state_display()))
    if row.state == MaterialState.SENT:
        raise SupplementMoved(WAITS.format(name=row.name))
    if upload is not None:
        _keep(supplement, row, [upload], actor=actor, access=None, now=now)
    _take(supplement, row, actor=actor, now=now)
    return row


@transaction.atomic
def send(
    *,
    supplement_id: int,
    number: int,
    access: SubjectAccess,
    uploads: Sequence[Upload],
    now: datetime,
    how: str = "",
) -> PromisedMaterial:
    """The subject sends a material in from its own pages, as one file or several pages; today is the day that counts.

    Until it is looked at, more can be added (`how` ADD) or all of it replaced (REPLACE), as long as its day is not over.
    Raises SupplementError, EvidenceRefused.
    """
    supplement = course.locked(supplement_id)
    if supplement.commitment.subject_id != access.subject_id or not access.may_act:
        raise SupplementError("只能提交本主体的容缺材料。")
    course.refuse_moved(supplement, *TAKES)
    row = _row(supplement, number)
    today = local_date(now)
    again = row.state == MaterialState.SENT and how in (ADD, REPLACE)
    if row.state != MaterialState.WAITING and not again:
        raise SupplementMoved(GONE.format(name=row.name, state=row.get_state_display()))
    if again and not may_send_again(row, today):
        # What came in time would become late: it waits as it is.
        raise SupplementError(OVER.format(name=row.name, day=row.due_on), field="pages")
    if not uploads:
        raise SupplementError(NO_FILE, field="pages")
    if again and how == REPLACE:
        _end(row, MaterialFile.Ending.REPLACED, now)
    _keep(supplement, row, uploads, actor=None, access=access, now=now)
    row.state, row.sent_on, row.sent_by = MaterialState.SENT, today, access
    row.late = _is_late(row, today)
    row.save()
    deed = ("补充" if how == ADD else "更换") if again else "提交"
    course.tell(
        supplement, f"主体网上{deed}“{row.name}”{'，已逾期' if row.late else ''}", actor=None, now=now,
        material=row.number, logged=f"主体网上{deed}第 {row.number} 项",
    )  # fmt: skip
    course.notify(
        supplement,
        key=f"sent:{row.number}:{row.file.pk if row.file else 0}",
        title=f"承诺 {supplement.commitment.code} 的容缺材料已在网上{deed}，请核收",
        now=now,
    )
    return row


def _keep(
    supplement: Supplement,
    row: PromisedMaterial,
    uploads: Sequence[Upload],
    *,
    actor: User | None,
    access: SubjectAccess | None,
    now: datetime,
) -> None:
    """Put the files behind those that the material has; the first of all is `row.file`. The caller saves the row."""
    there = list(files_of(row))
    if len(there) + len(uploads) > MOST_FILES:
        raise SupplementError(
            TOO_MANY.format(most=MOST_FILES, there=len(there), more=len(uploads)), field="pages"
        )
    known = {one.file.sha256 for one in there}
    for upload in uploads:
        sha256 = hashlib.sha256(upload[0]).hexdigest()
        if sha256 in known:
            raise SupplementError(TWICE.format(name=upload[2]), field="pages")
        known.add(sha256)
        file = course.keep_file(upload, actor=actor, department=supplement.department, now=now)
        one = MaterialFile.objects.create(material=row, file=file, added_at=now, access=access)
        there.append(one)
    row.file = there[0].file


def may_send_again(row: PromisedMaterial, today: date) -> bool:
    """Sent in and not looked at, and its day not over, or late anyway."""
    return row.state == MaterialState.SENT and (row.late or not _is_late(row, today))


def files_of(row: PromisedMaterial) -> QuerySet[MaterialFile]:
    """The files that the material now has, in their order."""
    return MaterialFile.objects.filter(material=row, ending="").select_related("file")


def _end(row: PromisedMaterial, ending: str, now: datetime) -> None:
    MaterialFile.objects.filter(material=row, ending="").update(ending=ending, ended_at=now)


@transaction.atomic
def accept(*, supplement_id: int, number: int, actor: User, now: datetime) -> PromisedMaterial:
    """What was sent in is as it should be; received on the day it was sent. Raises SupplementError."""
    supplement = course.taken(supplement_id, actor)
    course.refuse_moved(supplement, *TAKES)
    row = _sent(supplement, number)
    _take(supplement, row, actor=actor, now=now)
    return row


@transaction.atomic
def send_back(
    *, supplement_id: int, number: int, reason: str, actor: User, now: datetime
) -> PromisedMaterial:
    """What was sent in is not what was promised: returned with a reason. What was left of its time when it was sent runs
    from today. The counter returns a material once; a second time somebody else of the desk does. Raises SupplementError."""
    supplement = course.taken(supplement_id, actor)
    course.refuse_moved(supplement, *TAKES)
    row = _sent(supplement, number)
    if row.returned_on is not None and not (
        group_names(actor) & course.AT_THE_DESK and actor.pk != row.returned_by_id
    ):
        raise SupplementError(
            ONCE.format(name=row.name, day=row.returned_on, who=row.returned_by), field="reason"
        )
    why = course.reason_of(reason, field="reason", label="退回的理由")
    today = local_date(now)
    if not row.late and row.sent_on is not None:
        row.due_on = rules.after_return(
            current_calendar(), due_on=row.due_on, sent_on=row.sent_on, returned_on=today
        )
    row.state, row.returned_on, row.returned_by, row.return_reason = MaterialState.WAITING, today, actor, why
    _end(row, MaterialFile.Ending.RETURNED, now)
    row.returned_file, row.file, row.sent_on, row.sent_by, row.late = row.file, None, None, None, False
    row.save()
    course.tell(
        supplement, f"退回“{row.name}”，{row.due_on} 以前重新补交", actor=actor, now=now, reason=why,
        material=row.number, until=row.due_on, logged=f"退回第 {row.number} 项，{row.due_on} 以前重新补交",
    )  # fmt: skip
    course.settle(supplement, actor=actor, now=now)
    return row


def _take(supplement: Supplement, row: PromisedMaterial, *, actor: User, now: datetime) -> None:
    day = row.sent_on or local_date(now)
    row.late = _is_late(row, day)
    row.state, row.received_on, row.received_at, row.received_by = MaterialState.RECEIVED, day, now, actor
    row.save()
    late = "，晚于补交日期" if row.late else ""
    course.tell(
        supplement, f"收到“{row.name}”{late}", actor=actor, now=now, material=row.number,
        logged=f"收到第 {row.number} 项{late}",
    )  # fmt: skip
    course.settle(supplement, actor=actor, now=now)


def _is_late(row: PromisedMaterial, day: date) -> bool:
    return day > rules.last_day(current_calendar(), row.due_on)


def _row(supplement: Supplement, number: int) -> PromisedMaterial:
    row = (
        PromisedMaterial.objects.select_for_update(of=("self",))
        .select_related("returned_by")
        .filter(supplement=supplement, number=number)
        .first()
    )
    if row is None:
        raise SupplementError("没有这项材料。")
    return row


def _sent(supplement: Supplement, number: int) -> PromisedMaterial:
    row = _row(supplement, number)
    if row.state != MaterialState.SENT:
        raise SupplementMoved(GONE.format(name=row.name, state=row.get_state_display()))
    return row
