"""A file of list rows: looked through and shown before anything is stored, then taken in as a whole in the background, once."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.documents.intake import IntakeRefused, List
from credit_portal.outbox import services as outbox
from credit_portal.registry import codes, crypto
from credit_portal.registry.models import User
from credit_portal.registry.visibility import limit_to_visible
from verification.models import CreditEntry, MembershipUpload

from .reading import BY_HEAD, FIELDS, HEADS, KIND_WORDS, FieldErrors, ListRow, read
from .taking import (
    Bans,
    Keeper,
    Matched,
    MembershipRefused,
    RowsRefused,
    Stale,
    keeper_of,
    known_lists,
    match,
    take,
)

State = MembershipUpload.State
EFFECT = "memberships.take"
MOST_ROWS = 5_000
# Columns of the workbook of faults: whoever mends it sends it back as it is.
ROW_HEAD, FAULT_HEAD = "行号", "问题"
Told = list[tuple[int, dict[str, str]]]
LIST = List(
    BY_HEAD,
    needed=[HEADS[key] for key in ("list", "subject_kind", "subject_name", "subject_code")],
    most_rows=MOST_ROWS,
    beside=(ROW_HEAD, FAULT_HEAD),
)


def template(user: User) -> bytes:
    """An empty xlsx: its head, text cells, and a choice where there is one."""
    words = {
        "list": tuple(
            dict.fromkeys(
                one.name for one in known_lists(keeper_of(user)).values() if not (one.refusal or one.closed)
            )
        )
    }
    # Excel takes no list of more than 255 characters; the words are in the help on the page, too.
    lists = {
        column: among
        for column, one in enumerate(FIELDS)
        if (among := words.get(one.key, one.among)) and len(",".join(among)) <= 255
    }
    return writing.write("xlsx", list(HEADS.values()), [], title="名单主体", lists=lists)


def uploads_visible_to(user: User) -> QuerySet[MembershipUpload]:
    """Of the own department, or of the own region and below."""
    return limit_to_visible(MembershipUpload.objects.all(), user)


# ---- looked through ----------------------------------------------------------------------------------------


def check_file(
    *, name: str, content: bytes, whole: bool, actor: User, now: datetime, is_demo: bool = False
) -> tuple[MembershipUpload, bool]:
    """Look through a file and keep what it says, sealed; nothing is taken in yet. Gives the upload and whether it is new: the
    same file again is the one that has been taken in. Raises MembershipRefused where the file as a whole cannot be read."""
    keeper = keeper_of(actor)
    sha256 = hashlib.sha256(content).hexdigest()
    known = _taken_before(keeper, sha256, whole)
    if known is not None:
        return known, False
    try:
        told = LIST.read(name, content)
    except IntakeRefused as error:
        raise MembershipRefused(str(error), field="file") from error
    found, faults = look_through(told, keeper, now)
    matched = match(found, keeper=keeper, whole=whole and not faults, today=local_date(now))
    by_row = _fault_list(faults | matched.faults)
    with transaction.atomic():
        MembershipUpload.objects.filter(
            department=keeper.department, sha256=sha256, whole=whole, state=State.CHECKED
        ).update(state=State.DISCARDED, sealed="", missing=[])
        upload = MembershipUpload(
            department=keeper.department,
            name=name[-200:],
            sha256=sha256,
            whole=whole,
            rows=len(told),
            faults=by_row,
            uploaded_at=now,
            uploaded_by=actor,
            is_demo=is_demo,
        )
        if not by_row:
            _note_plan(upload, matched)
        upload.sealed = crypto.seal(json.dumps(told, ensure_ascii=False), aad=_aad(upload))
        upload.save()
        _tell(upload, "检查", actor=actor, now=now)
    return upload, True


def _taken_before(keeper: Keeper, sha256: str, whole: bool) -> MembershipUpload | None:
    """The upload of the same file that has been taken in. A whole list that others have followed may hold again."""
    done = MembershipUpload.objects.filter(
        department=keeper.department, state__in=[State.ENTERING, State.DONE]
    ).order_by("-pk")
    known = done.filter(sha256=sha256, whole=whole).defer("sealed").first()
    if known is not None and whole and done.filter(pk__gt=known.pk).exists():
        return None
    return known


def _note_plan(upload: MembershipUpload, matched: Matched) -> None:
    upload.added, upload.same, upload.removed = len(matched.new), len(matched.same), len(matched.exits)
    upload.missing, upload.most = [entry.pk for entry in matched.missing], matched.most


def look_through(
    told: Sequence[tuple[int, Mapping[str, str]]], keeper: Keeper, now: datetime
) -> tuple[dict[int, ListRow], dict[int, list[tuple[str, str]]]]:
    """The rows that are right by themselves, and what is wrong with the others, by key."""
    lists, bans = known_lists(keeper), Bans(keeper.region)
    source = "" if keeper.office else keeper.department.name
    found: dict[int, ListRow] = {}
    faults: dict[int, list[tuple[str, str]]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for place, values in told:
        try:
            row = read(values, lists=lists, today=local_date(now), for_good=bans.for_good, source=source)
        except FieldErrors as error:
            faults[place] = list(error.errors.items())
            continue
        if row.key in seen:
            faults[place] = [("document_no", f"与第 {seen[row.key]} 行是同一名单、同一主体、同一文书。")]
            continue
        seen[row.key] = place
        found[place] = row
    return found, faults


def _fault_list(faults: Mapping[int, Sequence[tuple[str, str]]]) -> list[list[object]]:
    return [
        [place, [[HEADS.get(key, ""), text] for key, text in fault]]
        for place, fault in sorted(faults.items())
    ]


def rows_of(upload: MembershipUpload) -> dict[int, dict[str, str]]:
    """What the file says, by row and key; empty once it is taken in or given up."""
    if not upload.sealed:
        return {}
    return dict(json.loads(crypto.open_sealed(upload.sealed, aad=_aad(upload))))


def shown(values: Mapping[str, str]) -> dict[str, str]:
    """A row as a page shows it: a person's number masked."""
    code = codes.clean(values.get("subject_code", ""))
    person = KIND_WORDS.get(values.get("subject_kind", "").strip()) == codes.PERSON
    return dict(values) | ({"subject_code": codes.mask_id_number(code)} if person else {})


# ---- taken in ----------------------------------------------------------------------------------------------


@transaction.atomic
def start(*, upload_id: int, confirmed: bool, actor: User, now: datetime) -> MembershipUpload:
    """Take a file in, in the background. Asked again, nothing more happens. Raises MembershipRefused."""
    upload = _own(upload_id, actor)
    if upload.state in (State.ENTERING, State.DONE):
        return upload
    if upload.state != State.CHECKED:
        raise MembershipRefused("这个文件不再录入，请重新上传。")
    if upload.faults:
        raise MembershipRefused("文件有误，一行也不录入。请改正后重新上传。")
    if upload.most and not confirmed:
        raise MembershipRefused(
            f"将移出名单上一半以上的主体（{len(upload.missing)} 个）。确认文件完整的，请勾选后再录入。",
            field="confirmed",
        )
    upload.state = State.ENTERING
    upload.save(update_fields=["state"])
    _tell(upload, "开始录入", actor=actor, now=now)
    outbox.enqueue(effect=EFFECT, key=f"{EFFECT}:{upload.pk}", payload={"upload": upload.pk}, now=now)
    return upload


@transaction.atomic
def discard(*, upload_id: int, actor: User, now: datetime) -> MembershipUpload:
    """Take nothing in. Raises MembershipRefused where that has begun."""
    upload = _own(upload_id, actor)
    if upload.state == State.DISCARDED:
        return upload
    if upload.state not in (State.CHECKED, State.STALE):
        raise MembershipRefused("已经开始录入，不能放弃。")
    upload.state, upload.sealed, upload.missing = State.DISCARDED, "", []
    upload.save(update_fields=["state", "sealed", "missing"])
    _tell(upload, "放弃", actor=actor, now=now)
    return upload


def take_in(payload: Mapping[str, int], *, key: str, now: datetime) -> None:
    """Effect, in the transaction that marks it done: the whole file, or nothing and the reason."""
    upload = (
        MembershipUpload.objects.select_for_update(of=("self",))
        .select_related("department__region", "uploaded_by__department__region")
        .get(pk=payload["upload"])
    )
    if upload.state != State.ENTERING:
        return
    keeper = Keeper(upload.department, upload.uploaded_by)
    found, faults = look_through(list(rows_of(upload).items()), keeper, now)
    try:
        if faults:
            raise RowsRefused(faults)
        with transaction.atomic():
            taken = take(
                found,
                keeper=keeper,
                now=now,
                missing=upload.missing if upload.whole else None,
                file=(upload.pk, upload.name),
                is_demo=upload.is_demo,
            )
    except (RowsRefused, Stale) as error:
        upload.faults = _fault_list(error.faults if isinstance(error, RowsRefused) else {})
        upload.state = State.STALE
        upload.missing = []
        deed = "未录入"
    else:
        upload.added, upload.same, upload.removed = len(taken.added), len(taken.same), len(taken.removed)
        upload.state, upload.finished_at, upload.sealed = State.DONE, now, ""
        deed = "录入"
    upload.save()
    _tell(upload, deed, actor=upload.uploaded_by, now=now)


# ---- as tables ---------------------------------------------------------------------------------------------


def faults_table(upload: MembershipUpload) -> bytes:
    """The rows that are wrong as they stand in the file, each with what is wrong: to be mended and sent again."""
    rows = rows_of(upload)
    table = [
        [
            str(place),
            *(rows.get(place, {}).get(one.key, "") for one in FIELDS),
            "；".join(f"{head}：{text}" if head else text for head, text in fault),
        ]
        for place, fault in upload.faults
    ]
    return writing.write("xlsx", [ROW_HEAD, *HEADS.values(), FAULT_HEAD], table, title="有误的行")


def missing_of(upload: MembershipUpload) -> QuerySet[CreditEntry]:
    """Those who leave because the file names them no more."""
    return (
        CreditEntry.objects.filter(pk__in=upload.missing)
        .select_related("subject", "credit_list")
        .order_by("credit_list_id", "pk")
    )


def missing_table(upload: MembershipUpload) -> bytes:
    table = [
        [
            str(entry.credit_list),
            str(entry.subject),
            entry.subject.shown_code,
            entry.document_no,
            entry.source,
            entry.from_on.isoformat(),
            entry.until_on.isoformat() if entry.until_on else "无期限",
        ]
        for entry in missing_of(upload)
    ]
    head = ["名单", "主体名称", "主体代码", "文书号", "列入机关", "列入日期", "期限至"]
    return writing.write("xlsx", head, table, title="移出的主体")


def _own(upload_id: int, actor: User) -> MembershipUpload:
    keeper = keeper_of(actor)
    upload = MembershipUpload.objects.select_for_update(of=("self",)).get(pk=upload_id)
    if upload.department_id != keeper.department.pk:
        raise MembershipRefused("名单文件由上传的部门办理。")
    return upload


def _aad(upload: MembershipUpload) -> str:
    return f"membership_upload:{upload.uuid}:rows"


def _tell(upload: MembershipUpload, deed: str, *, actor: User | None, now: datetime) -> None:
    events.list_upload(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=upload.department_id,
        upload_id=upload.pk,
        deed=deed,
        sha256=upload.sha256,
        rows=upload.rows,
        added=upload.added,
        removed=upload.removed + len(upload.missing),
    )
