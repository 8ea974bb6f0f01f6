"""A file that names all who are on a roster: looked through and shown before anything is stored, then taken in as a whole,
once. The same list again changes nothing."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from commitments.models import RosterEntry, RosterSort, RosterUpload
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.documents.intake import IntakeRefused, List
from credit_portal.documents.services import clean_name
from credit_portal.registry import codes, crypto, groups
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible

from .reading import BY_HEAD, HEADS, KIND_WORDS, NEEDED, Row, RowErrors, read
from .taking import TOO_EARLY, Faults, RosterRefused, keeper_of, match, take

State = RosterUpload.State
MOST_ROWS = 5_000
# Columns of the workbook of faults: whoever mends it sends it back as it is.
ROW_HEAD, FAULT_HEAD = "行号", "问题"
COLUMNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LIST = List(
    BY_HEAD,
    needed=[HEADS[key] for key in NEEDED],
    most_rows=MOST_ROWS,
    beside=(ROW_HEAD, FAULT_HEAD),
)


def template(sort: str) -> bytes:
    """An empty xlsx with its head and a choice of kinds."""
    return writing.write(
        "xlsx",
        list(HEADS.values()),
        [],
        title=f"{RosterSort(sort).label}名单",
        lists={list(HEADS).index("kind"): tuple(KIND_WORDS)},
    )


def uploads_visible_to(user: User, sort: str) -> QuerySet[RosterUpload]:
    rows = RosterUpload.objects.filter(sort=sort)
    if not group_names(user) & {groups.ASSOCIATION, *groups.REGIONAL}:
        return rows.none()
    return limit_to_visible(rows, user)


def check_file(
    *,
    sort: str,
    name: str,
    content: bytes,
    as_of: date,
    actor: User,
    now: datetime,
    is_demo: bool = False,
) -> RosterUpload:
    """Look through a file and keep what it says, sealed; nothing is taken in yet. Raises RosterRefused where the file as a
    whole cannot be read."""
    department = keeper_of(actor, sort)
    today = local_date(now)
    if not date(2000, 1, 1) <= as_of <= today:
        raise RosterRefused("名单日期应在 2000 年以后、今天以前。", field="as_of")
    latest = _latest(department, sort)
    if latest is not None and as_of < latest:
        raise RosterRefused(TOO_EARLY.format(day=as_of, known=latest), field="as_of")
    try:
        told = LIST.read(name, content)
    except IntakeRefused as error:
        raise RosterRefused(str(error), field="file") from error
    rows, faults = look_through(told, as_of=as_of, today=today)
    matched = match(rows, department=department, sort=sort, as_of=as_of)
    faults |= matched.faults
    upload = RosterUpload(
        department=department,
        sort=sort,
        as_of=as_of,
        name=clean_name(name),
        sha256=hashlib.sha256(content).hexdigest(),
        rows=len(told),
        faults=[
            [place, [[HEADS[key], words] for key, words in fault.items()]]
            for place, fault in sorted(faults.items())
        ],
        uploaded_at=now,
        uploaded_by=actor,
        is_demo=is_demo,
    )
    if not faults:
        upload.added, upload.same, upload.changed = len(matched.new), matched.same, len(matched.changed)
        upload.missing, upload.most = [entry.pk for entry in matched.missing], matched.most
    upload.sealed = crypto.seal(json.dumps(told, ensure_ascii=False), aad=_aad(upload))
    with transaction.atomic():
        upload.save()
        _tell(upload, "检查", actor, now)
    return upload


def _latest(department: Department, sort: str) -> date | None:
    done = RosterUpload.objects.filter(department=department, sort=sort, state=State.DONE)
    return done.order_by("-as_of").values_list("as_of", flat=True).first()


def look_through(
    told: Sequence[tuple[int, Mapping[str, str]]], *, as_of: date, today: date
) -> tuple[dict[int, Row], Faults]:
    """The rows that are right by themselves, and what is wrong with the others, by key."""
    found: dict[int, Row] = {}
    faults: Faults = {}
    seen: dict[str, int] = {}
    for place, values in told:
        try:
            row = read(values, as_of=as_of, today=today)
        except RowErrors as error:
            faults[place] = error.errors
            continue
        if row.named.code in seen:
            faults[place] = {"code": f"与第 {seen[row.named.code]} 行是同一主体。"}
            continue
        seen[row.named.code] = place
        found[place] = row
    return found, faults


def rows_of(upload: RosterUpload) -> dict[int, dict[str, str]]:
    """What the file says, by row and key; empty once it is taken in or given up."""
    if not upload.sealed:
        return {}
    return dict(json.loads(crypto.open_sealed(upload.sealed, aad=_aad(upload))))


def shown(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """A row as a page shows it: a person's number and every telephone masked, without what is empty."""
    said = dict(values)
    if KIND_WORDS.get(values.get("kind", "").strip()) == codes.PERSON:
        said["code"] = codes.mask_id_number(codes.clean(values.get("code", "")))
    if said.get("phone"):
        said["phone"] = codes.mask_id_number(said["phone"])
    return [(head, said[key]) for key, head in HEADS.items() if said.get(key, "").strip()]


def cell(place: int, head: str) -> str:
    """Where a cell stands in the template, as a spreadsheet names it: C7."""
    return f"{COLUMNS[list(HEADS.values()).index(head)]}{place}" if head in BY_HEAD else f"第 {place} 行"


def faults_table(upload: RosterUpload) -> bytes:
    """Every row of the file as it stands, those that are wrong with what is wrong and in which cell: mended in the same
    workbook and sent again."""
    wrong = dict(upload.faults)
    table = []
    for place, values in rows_of(upload).items():
        said = "；".join(f"{cell(place, head)} {head}：{text}" for head, text in wrong.get(place, []))
        table.append([str(place), *(values.get(key, "") for key in HEADS), said])
    return writing.write("xlsx", [ROW_HEAD, *HEADS.values(), FAULT_HEAD], table, title="检查结果")


def missing_of(upload: RosterUpload) -> QuerySet[RosterEntry]:
    """Those who leave because the list names them no more."""
    return RosterEntry.objects.filter(pk__in=upload.missing).select_related("subject").order_by("pk")


@transaction.atomic
def confirm(*, upload_id: int, confirmed: bool, actor: User, now: datetime) -> RosterUpload:
    """Take a checked file in. Asked again, nothing more happens. Raises RosterRefused."""
    upload = _own(upload_id, actor)
    if upload.state == State.DONE:
        return upload
    if upload.state != State.CHECKED:
        raise RosterRefused("这个文件不再录入，请重新上传。")
    if upload.faults:
        raise RosterRefused("文件有误，一行也不录入。请改正后重新上传。")
    if upload.most and not confirmed:
        raise RosterRefused(
            f"将移出一半以上（{len(upload.missing)} 个）。确认文件完整的，请勾选后再录入。", field="confirmed"
        )
    latest = _latest(upload.department, upload.sort)
    rows, faults = look_through(list(rows_of(upload).items()), as_of=upload.as_of, today=local_date(now))
    try:
        if faults or (latest is not None and upload.as_of < latest):
            raise RosterRefused("检查以后名单有变动，没有录入。请重新上传。")
        with transaction.atomic():
            done = take(rows, upload=upload, missing=upload.missing, actor=actor, now=now)
    except IntegrityError as error:
        # Somebody else has registered one of them meanwhile: looked for again, it is known.
        raise RosterRefused("录入时另有人登记了同一主体，没有录入，请再按一次“录入”。") from error
    except RosterRefused:
        upload.state, upload.sealed, upload.missing = State.STALE, "", []
        upload.save()
        _tell(upload, "未录入", actor, now)
        return upload
    upload.added, upload.same, upload.changed = len(done.new), done.same, len(done.changed)
    upload.state, upload.finished_at, upload.sealed = State.DONE, now, ""
    upload.save()
    _tell(upload, "录入", actor, now)
    return upload


@transaction.atomic
def discard(*, upload_id: int, actor: User, now: datetime) -> RosterUpload:
    """Take nothing in. Raises RosterRefused where it has been taken in."""
    upload = _own(upload_id, actor)
    if upload.state == State.DONE:
        raise RosterRefused("已经录入，不能放弃。名单有变动的，上传新的名单。")
    if upload.state == State.CHECKED:
        upload.state, upload.sealed, upload.missing = State.DISCARDED, "", []
        upload.save(update_fields=["state", "sealed", "missing"])
        _tell(upload, "放弃", actor, now)
    return upload


def _own(upload_id: int, actor: User) -> RosterUpload:
    upload = (
        RosterUpload.objects.select_for_update(of=("self",)).select_related("department").get(pk=upload_id)
    )
    if upload.department_id != keeper_of(actor, upload.sort).pk:
        raise RosterRefused("名单由上传的单位办理。")
    return upload


def _aad(upload: RosterUpload) -> str:
    return f"roster_upload:{upload.uuid}:rows"


def _tell(upload: RosterUpload, deed: str, actor: User, now: datetime) -> None:
    events.roster_upload(
        now=now,
        actor_id=actor.pk,
        department_id=upload.department_id,
        upload_id=upload.pk,
        sort=str(RosterSort(upload.sort).label),
        deed=deed,
        sha256=upload.sha256,
        rows=upload.rows,
        added=upload.added,
        removed=len(upload.missing),
    )
