"""Evaluations that come from above (公共信用综合评价): a file is read as a whole, every fault by its row, then taken in as a
whole or not at all. Sent again, what is there stays as it is. (S1 三（六）, S4 6; R66)"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.documents.intake import IntakeRefused, List
from credit_portal.outbox import notices
from credit_portal.registry import codes, groups
from credit_portal.registry.in_sets import Named, find_subjects, register_subjects
from credit_portal.registry.models import CreditSubject, Department, User
from credit_portal.registry.visibility import has_role, limit_to_visible
from verification.memberships.reading import KIND_WORDS, Field, FieldErrors, check_subject, value_of
from verification.models import Evaluation, EvaluationPassing, EvaluationUpload

MOST_ROWS = 5_000
MOST_REASON = 300
MOST_TOLD = 200
FIRST_YEAR = 2015
NOT_OFFICE = "综合评价由信用办导入和提供。"
TWICE = "导入时另有人录入了同样的评价或者登记了同一主体，全部没有录入，请再导入一次。"
OTHERS = "{body}对这个主体 {period} 的评价已由{region}录入，与这一行不一致；只能更正本地区和下级地区录入的，请与{region}信用办核对。"
BUSINESSES = tuple(word for word, code in KIND_WORDS.items() if code != codes.PERSON)
FIELDS: tuple[Field, ...] = (
    Field("subject_kind", "主体类别", sort="one", among=BUSINESSES),
    Field("subject_name", "主体名称", 200),
    Field("subject_code", "主体代码", 40, help="统一社会信用代码"),
    Field("grade", "评价等级", 20, help="照评价机构的写法，例如 优、A、AA"),
    Field("period", "评价期间", 7, help="2026 或者 2026-06"),
    Field("body", "评价机构", 200, help="例如 河北省公共信用信息中心"),
)
HEADS = {one.key: one.head for one in FIELDS}
LIST = List({head: key for key, head in HEADS.items()}, needed=list(HEADS.values()), most_rows=MOST_ROWS)
_PERIOD = re.compile(r"^(\d{4})(?:-(\d{2}))?$")


class EvaluationRefused(ValueError):
    """It cannot be taken in or given so; `field` names the input."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RowsRefused(EvaluationRefused):
    """Nothing was taken in; `faults` say what is wrong with which row."""

    def __init__(self, faults: list[tuple[int, str]]) -> None:
        super().__init__(f"有 {len(faults)} 行需要改正，全部没有录入。", field="file")
        self.faults = faults


@dataclass(frozen=True)
class Row:
    """A checked row."""

    subject_kind: str
    subject_name: str
    subject_code: str
    grade: str
    period: str
    body: str

    @property
    def named(self) -> Named:
        return Named(self.subject_kind, self.subject_code, self.subject_name)

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.subject_code, self.body, self.period)


def keeps(user: User) -> bool:
    return user.department is not None and has_role(user, groups.CREDIT_OFFICE)


def uploads_visible_to(user: User) -> QuerySet[EvaluationUpload]:
    if not has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR):
        return EvaluationUpload.objects.none()
    return limit_to_visible(EvaluationUpload.objects.all(), user)


def template() -> bytes:
    """An empty xlsx with the head."""
    return writing.write("xlsx", list(HEADS.values()), [], title="综合评价", lists={0: BUSINESSES})


def read_period(text: str, today: date) -> str:
    """A period as it is kept: a year or a month, none that lies ahead. Raises ValueError in Chinese."""
    found = _PERIOD.match(text.strip())
    if found is None or not text.isascii() or (found[2] and not 1 <= int(found[2]) <= 12):
        raise ValueError("评价期间应写成 2026 或者 2026-06 的样子。")
    first = date(max(int(found[1]), 1), int(found[2] or 1), 1)
    if first.year < FIRST_YEAR or first > today:
        raise ValueError(f"评价期间应在 {FIRST_YEAR} 年至今天之间。")
    return text.strip()


def read(values: Mapping[str, str], *, today: date) -> Row:
    """Read a row by key. Raises FieldErrors with every field that is wrong."""
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for one in FIELDS:
        try:
            found[one.key] = value_of(one, values.get(one.key, ""), needed=True)
        except ValueError as error:
            errors[one.key] = str(error)
    check_subject(found, errors, today)
    if "period" in found:
        try:
            found["period"] = read_period(found["period"], today)
        except ValueError as error:
            errors["period"] = str(error)
    if errors:
        raise FieldErrors(errors)
    return Row(**found)


@transaction.atomic
def take(
    *, name: str, content: bytes, actor: User, now: datetime, reason: str = "", is_demo: bool = False
) -> EvaluationUpload:
    """Take a file in. With a `reason` it may put right what the office or one below it has taken in before: a new row names
    the one that was wrong. Raises EvaluationRefused where it cannot be read, RowsRefused by row. A constant number of
    queries."""
    if not keeps(actor) or actor.department is None:
        raise EvaluationRefused(NOT_OFFICE)
    try:
        told = LIST.read(name, content)
    except IntakeRefused as error:
        raise EvaluationRefused(str(error), field="file") from error
    rows, faults = _look_through(told, local_date(now))
    known = find_subjects(row.named for row in rows.values())
    faults |= {place: problem for place, row in rows.items() if (problem := known.name_problem(row.named))}
    why = " ".join(reason.replace("\0", "").split())
    if len(why) > MOST_REASON:
        raise EvaluationRefused(f"更正的理由最多 {MOST_REASON} 个字，现为 {len(why)} 个字。", field="reason")
    standing = {
        (one.subject_id, one.body, one.period): one
        for one in Evaluation.standing()
        .filter(
            subject__in=[subject.pk for subject in known.by_code.values()],
            period__in={row.period for row in rows.values()},
        )
        .select_related("region")
    }
    fresh: list[tuple[Row, Evaluation | None]] = []
    for place, row in rows.items():
        subject = known.by_code.get(row.subject_code)
        before = standing.get((subject.pk, row.body, row.period)) if subject is not None else None
        if before is None:
            fresh.append((row, None))
        elif before.grade != row.grade and actor.department.region_id not in before.region.lineage:
            # Told where, never what: the grade is that office's to know.
            faults.setdefault(
                place, OTHERS.format(body=row.body, period=row.period, region=before.region.name)
            )
        elif before.grade != row.grade and why:
            fresh.append((row, before))
        elif before.grade != row.grade:
            faults.setdefault(
                place,
                f"{row.body}对这个主体 {row.period} 的评价已经录入为“{before.grade}”，不是“{row.grade}”；"
                "以前录入有误的，写明更正的理由再导入。",
            )
    if faults:
        raise RowsRefused(sorted(faults.items()))
    try:
        with transaction.atomic():
            upload = _written(
                name, content, rows=len(rows), fresh=fresh, known=known.by_code, department=actor.department,
                reason=why, actor=actor, now=now, is_demo=is_demo,
            )  # fmt: skip
    except IntegrityError as error:
        # Somebody else has taken the same in, or registered one of the subjects: read once more, it is known.
        raise EvaluationRefused(TWICE, field="file") from error
    events.evaluation_upload(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department.pk,
        upload_id=upload.pk,
        sha256=upload.sha256,
        rows=upload.rows,
        new=upload.new,
        corrected=upload.corrected,
    )
    return upload


def _written(
    name: str,
    content: bytes,
    *,
    rows: int,
    fresh: list[tuple[Row, Evaluation | None]],
    reason: str,
    known: Mapping[str, CreditSubject],
    department: Department,
    actor: User,
    now: datetime,
    is_demo: bool,
) -> EvaluationUpload:
    """The file, its new subjects and its new evaluations. Raises IntegrityError where somebody else was quicker."""
    subjects = dict(known) | register_subjects(
        [row.named for row, _ in fresh if row.subject_code not in known],
        department=department,
        actor=actor,
        now=now,
        is_demo=is_demo,
    )
    upload = EvaluationUpload.objects.create(
        department=department,
        region=department.region,
        name=name[-200:],
        sha256=hashlib.sha256(content).hexdigest(),
        rows=rows,
        new=sum(before is None for _, before in fresh),
        corrected=sum(before is not None for _, before in fresh),
        reason=reason,
        uploaded_at=now,
        uploaded_by=actor,
        is_demo=is_demo,
    )
    Evaluation.objects.bulk_create(
        [
            Evaluation(
                subject=subjects[row.subject_code],
                upload=upload,
                # Put right, it stays with those who had it.
                region=before.region if before else department.region,
                body=row.body,
                period=row.period,
                grade=row.grade,
                corrects=before,
                is_demo=is_demo,
            )
            for row, before in fresh
        ],
        batch_size=1_000,
    )
    _tell_other_offices(upload, [before.pk for _, before in fresh if before], now)
    return upload


def _tell_other_offices(upload: EvaluationUpload, corrected: list[int], now: datetime) -> None:
    """The offices of other regions that have given away what turns out to have been wrong: they give it anew."""
    if not corrected:
        return
    given = (
        EvaluationPassing.objects.filter(evaluations__overlap=corrected)
        .exclude(region=upload.region)
        .select_related("recipient")
        .order_by("pk")[:MOST_TOLD]
    )
    offices: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.filter(
        is_active=True,
        groups__name=groups.CREDIT_OFFICE,
        department__region__in={row.region_id for row in given},
    ).select_related("department"):
        if user.department is not None:
            offices[user.department.region_id].append(user)
    notices.notify_many(
        [
            notices.Told(
                users=offices[row.region_id],
                key=f"evaluation_corrected:{upload.pk}:{row.pk}",
                kind="evaluation",
                title=f"综合评价 {row.number} 中有评价已更正，请向{row.recipient.name}重新提供",
                body=f"由{upload.department.name}更正，理由：{upload.reason}",
                link=f"/desk/evaluations/passings/{row.uuid}/",
            )
            for row in given
        ],
        now=now,
    )


def _look_through(
    told: list[tuple[int, dict[str, str]]], today: date
) -> tuple[dict[int, Row], dict[int, str]]:
    rows: dict[int, Row] = {}
    faults: dict[int, str] = {}
    first: dict[tuple[str, str, str], int] = {}
    for place, values in told:
        try:
            row = read(values, today=today)
        except FieldErrors as wrong:
            faults[place] = " ".join(wrong.errors.values())
            continue
        if row.key in first:
            faults[place] = f"与第 {first[row.key]} 行是同一主体、同一机构、同一期间的评价。"
            continue
        first[row.key] = place
        rows[place] = row
    return rows, faults
