"""A hand-over from the sample to the list that both sides sign. The upload's engine carries it out; here is who may have it do
what, and after what."""

from collections.abc import Mapping
from datetime import datetime
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from commitments.bulk import jobs
from commitments.bulk.jobs import DOES, BulkRefused, Upload
from commitments.models import BulkJob, HandoverMapping
from credit_portal.audit import events
from credit_portal.documents.intake import IntakeRefused, open_table
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import mapping as mappings
from .fields import CONSTANTS
from .mapping import MOST_COLUMNS

State = BulkJob.State
MOST_NAME, MOST_LABEL = 60, 60

NOT_YOURS = "移交由移交单位的经办人、负责人或者信用办办理。"
UNCONFIRMED = "对照还没有由人确认，请先看过并保存。"
NOT_LATEST = "对照已有新的版本，请用新版本再试运行一次。"
NO_TRIAL = "请先用同一个文件、同一版对照试运行。"
NOT_TRIED = "试运行完成以后才能正式接收。"
SECOND = "正式接收须由试运行以外的第二个人办理。"
NOTHING = "试运行没有可以接收的行。"
RUNNING = "这次试运行已经在正式接收。"
JUST_SAVED = "这份对照刚刚由别人保存过，请刷新后再改。"


def mappings_visible_to(user: User) -> QuerySet[HandoverMapping]:
    """Of the own unit, or of the own region and below."""
    return limit_to_visible(HandoverMapping.objects.all(), user)


def latest(rows: QuerySet[HandoverMapping]) -> QuerySet[HandoverMapping]:
    """The newest version of each."""
    newest = HandoverMapping.objects.values("department", "name").annotate(newest=Max("pk")).values("newest")
    return rows.filter(pk__in=newest)


def is_latest(saved: HandoverMapping) -> bool:
    return not HandoverMapping.objects.filter(
        department=saved.department_id, name=saved.name, pk__gt=saved.pk
    ).exists()


def jobs_visible_to(user: User) -> QuerySet[BulkJob]:
    return jobs.jobs_visible_to(user).filter(mapping__isnull=False)


# ---- the mapping -------------------------------------------------------------------------------------------


def head_of(file: Upload) -> list[str]:
    """The columns of a register, from a sample of it; nothing of the file is kept. Raises BulkRefused (`file`)."""
    with TemporaryFile() as held:
        held.write(file.content)
        try:
            table = open_table(
                cast(BinaryIO, held), name=file.name, known=(), key="", most_rows=jobs.MOST_ROWS
            )
        except IntakeRefused as error:
            raise BulkRefused(str(error), field="file") from error
        # In the order of the file; an error workbook's own two columns belong to no register.
        head = [table.head.labels[place] for place in sorted(table.head.labels)]
    head = [label for label in head if label and label not in (jobs.results.ERROR, jobs.results.ROW)]
    if len(head) > MOST_COLUMNS:
        raise BulkRefused(f"登记簿有 {len(head)} 列，最多 {MOST_COLUMNS} 列。", field="file")
    if long := next((label for label in head if len(label) > MOST_LABEL), ""):
        raise BulkRefused(f"列名“{long[:20]}…”超过 {MOST_LABEL} 个字，请缩短。", field="file")
    return head


@transaction.atomic
def begin(
    *, name: str, source: str, file: Upload, actor: User, now: datetime, is_demo: bool = False
) -> HandoverMapping:
    """A first version, or a new one for a changed register: the head of the sample with what is suggested for it. Raises
    BulkRefused (`name`, `file`)."""
    department = _own_unit(actor)
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME:
        raise BulkRefused(f"登记簿名称须填写，最多 {MOST_NAME} 个字。", field="name")
    if source not in HandoverMapping.Source.values:
        raise BulkRefused("请选择来源。", field="source")
    head = head_of(file)
    before = _newest(department, name)
    suggested = mappings.suggest(head)
    old = before.columns if before is not None else {}
    columns = {
        label: old[label] if label in old else {"field": suggested[label]}
        for label in head
        if label in old or label in suggested
    }
    if mappings.column_problems(columns, [label for label in head if label in columns]):
        columns = {label: one for label, one in columns.items() if label in old}
    taken = {one.get("field") for one in columns.values()}
    ours = {17: department.name, 18: department.uscc}
    constants = {str(number): value for number, value in ours.items() if number not in taken}
    if before is not None:
        constants = {
            number: value for number, value in before.constants.items() if int(number) not in taken
        } | constants
    return _store(
        department, name, source=source, head=head, columns=columns, constants=constants,
        words=before.words if before else {}, day_order=before.day_order if before else "ymd",
        confirmed=False, actor=actor, now=now, is_demo=is_demo,
    )  # fmt: skip


@transaction.atomic
def save(
    *, mapping_id: int, columns: Mapping[str, Mapping[str, object]], constants: Mapping[int, str],
    words: Mapping[int, Mapping[str, str]], day_order: str, actor: User, now: datetime,
) -> HandoverMapping:  # fmt: skip
    """What a person has looked at and confirmed, as a new version. Raises BulkRefused; `field` is the column, or the number of
    the field that is filled in."""
    base = HandoverMapping.objects.select_for_update().select_related("department").get(pk=mapping_id)
    department = _own_unit(actor)
    if base.department_id != department.pk:
        raise BulkRefused(NOT_YOURS)
    if not is_latest(base):
        raise BulkRefused(JUST_SAVED)
    for problems in (
        mappings.column_problems(columns, base.head),
        {
            str(number): text
            for number, text in mappings.constant_problems(constants, _fields(columns)).items()
        },
    ):
        if problems:
            field, text = next(iter(problems.items()))
            raise BulkRefused(text, field=field)
    if not {0, 1} & set(_fields(columns)):
        raise BulkRefused(mappings.NO_NUMBER)
    for number, table in words.items():
        if wrong := next(
            (text for ours in table.values() if (text := mappings.word_problem(number, ours))), ""
        ):
            raise BulkRefused(wrong)
    if any(number not in CONSTANTS for number in constants):
        raise BulkRefused("这一项不能填入固定的内容。")
    return _store(
        department, base.name, source=base.source, head=base.head, columns=columns,
        constants={str(number): value for number, value in constants.items()},
        words={str(number): dict(table) for number, table in words.items() if table},
        day_order=day_order if day_order in HandoverMapping.DayOrder.values else "ymd",
        confirmed=True, actor=actor, now=now, is_demo=base.is_demo,
    )  # fmt: skip


def _fields(columns: Mapping[str, Mapping[str, object]]) -> dict[int, str]:
    return {one["field"]: label for label, one in columns.items() if isinstance(one.get("field"), int)}  # type: ignore[misc]


def _newest(department: Department, name: str) -> HandoverMapping | None:
    rows = HandoverMapping.objects.select_for_update().filter(department=department, name=name)
    return rows.order_by("-version").first()


def _store(
    department: Department, name: str, *, actor: User, now: datetime, **content: object
) -> HandoverMapping:
    before = _newest(department, name)
    saved = HandoverMapping(
        department=department, name=name, version=before.version + 1 if before else 1, made_by=actor,
        made_at=now, **content,
    )  # fmt: skip
    try:
        with transaction.atomic():
            saved.save(force_insert=True)
    except IntegrityError as error:
        # Two have read the same register at the same moment: the second sees what the first has saved.
        raise BulkRefused(JUST_SAVED, field="name") from error
    events.handover_mapping(
        now=now, actor_id=actor.pk, department_id=department.pk, mapping_id=saved.pk, version=saved.version,
        columns=len(saved.head), deed="确认" if saved.confirmed else "读入表头",
    )  # fmt: skip
    return saved


def _own_unit(actor: User) -> Department:
    if actor.department is None or not has_role(actor, *DOES):
        raise BulkRefused(NOT_YOURS)
    return actor.department


# ---- tried, received ---------------------------------------------------------------------------------------


def try_out(
    *, mapping_id: int, file: Upload, department: Department, actor: User | None, now: datetime,
    other_as: str = "", queue: bool = True,
) -> BulkJob:  # fmt: skip
    """The whole register through mapping and plan, nothing stored. `actor` None: by the command. Raises BulkRefused."""
    saved = HandoverMapping.objects.select_related("department").get(pk=mapping_id)
    if saved.department_id != department.pk:
        raise BulkRefused(NOT_YOURS)
    if not saved.confirmed:
        raise BulkRefused(UNCONFIRMED)
    if not is_latest(saved):
        raise BulkRefused(NOT_LATEST)
    return jobs.start(
        file=file, department=department, actor=actor, now=now, dry_run=True, other_as=other_as,
        mapping=saved, queue=queue, is_demo=saved.is_demo,
    )  # fmt: skip


def why_not(trial: BulkJob, actor: User | None) -> str:
    """Why a trial cannot be followed by the reception now; empty where it can. `actor` None: by the command, which goes on
    only after a trial that a person has made at the desk, so that two have dealt with it in any case."""
    if trial.mapping is None or not trial.dry_run:
        return NO_TRIAL
    if trial.state != State.DONE:
        return NOT_TRIED
    if actor is not None and (actor.department_id != trial.department_id or not has_role(actor, *DOES)):
        return NOT_YOURS
    if not is_latest(trial.mapping):
        return NOT_LATEST
    if not trial.good:
        return NOTHING
    if (trial.owner_id is None) if actor is None else (trial.owner_id == actor.pk):
        return SECOND
    if trial.runs.filter(state__in=[State.WAITING, State.RUNNING]).exists():
        return RUNNING
    return ""


@transaction.atomic
def receive(*, trial_id: int, actor: User | None, now: datetime, queue: bool = True) -> BulkJob:
    """The reception: the trial's own file by the trial's own version, begun by a second person. Running it twice changes nothing.
    Raises BulkRefused."""
    trial = (
        BulkJob.objects.select_for_update(of=("self",))
        .select_related("mapping", "department", "file")
        .get(pk=trial_id)
    )
    if problem := why_not(trial, actor):
        raise BulkRefused(problem)
    job = BulkJob.objects.create(
        department=trial.department, owner=actor, kind=trial.kind, name=trial.name, sheet=trial.sheet,
        file=trial.file, other_as=trial.other_as, total=trial.total, created_at=now, beat_at=now,
        mapping=trial.mapping, trial=trial, is_demo=trial.is_demo,
    )  # fmt: skip
    jobs.tell(job, "移交接收", actor=actor, now=now)
    if queue:
        jobs.ask(job, now=now)
    return job


def trial_of(saved: HandoverMapping, sha256: str) -> BulkJob | None:
    """The last trial of this file by this version that a person has made."""
    rows = BulkJob.objects.filter(
        mapping=saved, dry_run=True, state=State.DONE, file__sha256=sha256, owner__isnull=False
    )
    return rows.order_by("-pk").first()


def confirmed_by_name(department: Department, name: str) -> HandoverMapping | None:
    """The newest version of a unit's mapping, where it is confirmed."""
    saved = HandoverMapping.objects.filter(department=department, name=name).order_by("-version").first()
    return saved if saved is not None and saved.confirmed else None
