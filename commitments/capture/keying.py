"""Scans come in, are keyed twice and become commitments, or are refused with a reason. Every step locks its sheet."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from commitments.concluding import Upload
from commitments.models import CaptureBatch, CaptureKeying, CaptureSheet, Commitment
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.hashing import keyed_hash
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import clean_name, store_evidence
from credit_portal.registry import crypto, groups
from credit_portal.registry.desk_access import AT_THE_DESK
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import rules, storing
from .rules import CaptureError

State, Turn = CaptureSheet.State, CaptureKeying.Turn
DOES = (*AT_THE_DESK, groups.CLERK)
MOST_FILES = 100
ANOTHER = "第二遍须由另一人录入：这一份您录入过第一遍，或者看过两遍对照。"


def batches_visible_to(user: User) -> QuerySet[CaptureBatch]:
    return limit_to_visible(CaptureBatch.objects.all(), user)


def sheets_visible_to(user: User) -> QuerySet[CaptureSheet]:
    return limit_to_visible(CaptureSheet.objects.all(), user)


def counted(rows: QuerySet[CaptureBatch]) -> QuerySet[CaptureBatch]:
    """With how many sheets each has in which state."""
    return rows.annotate(
        **{f"n_{state}": Count("sheets", filter=Q(sheets__state=state)) for state in State.values},
        n_all=Count("sheets"),
    )


def next_for(user: User, batch: CaptureBatch) -> CaptureSheet | None:
    """The next sheet of a batch that the person may key: first those to be seen a second time."""
    rows = batch.sheets.filter(department_id=user.department_id)
    # As `has_seen` has it, of all of them at once.
    keyed = CaptureKeying.objects.filter(by=user, sheet__batch=batch).exclude(turn=Turn.SECOND)
    second = (
        rows.filter(state=State.SECOND)
        .exclude(compared_by=user)
        .exclude(pk__in=keyed.values("sheet_id"))
        .order_by("pk")
        .first()
    )
    return second or rows.filter(state=State.WAITING).order_by("pk").first()


@transaction.atomic
def start(
    *, files: Sequence[Upload], name: str, actor: User, now: datetime, is_demo: bool = False
) -> tuple[CaptureBatch, list[str]]:
    """Take scans in, each a sheet of its own. What cannot be kept comes back by name with its reason; where nothing can be
    kept, CaptureError says why."""
    department = _own_unit(actor)
    if not files:
        raise CaptureError("请选择扫描件。", field="scans")
    if len(files) > MOST_FILES:
        raise CaptureError(f"一次最多 {MOST_FILES} 个文件，现为 {len(files)} 个。", field="scans")
    batch = CaptureBatch.objects.create(
        department=department, owner=actor, name=name.strip() or f"{local_date(now)} 上传", created_at=now, is_demo=is_demo
    )  # fmt: skip
    refused: list[str] = []
    kept: set[str] = set(
        CaptureSheet.objects.filter(
            department=department, sha256__in=[hashlib.sha256(one.content).hexdigest() for one in files]
        )
        .exclude(state=State.REFUSED)
        .values_list("sha256", flat=True)
    )
    sheets = 0
    for one in files:
        sha256 = hashlib.sha256(one.content).hexdigest()
        if sha256 in kept:
            refused.append(f"“{clean_name(one.name)}”：同样的扫描件已经上传过。")
            continue
        try:
            scan = store_evidence(
                content=one.content, kind=EvidenceFile.Kind.PAPER_SCAN, content_type=one.content_type,
                original_name=one.name, actor=actor, department=department, now=now,
            )  # fmt: skip
        except EvidenceRefused as error:
            refused.append(f"“{clean_name(one.name)}”：{error}")
            continue
        try:
            with transaction.atomic():
                CaptureSheet.objects.create(
                    batch=batch, number=sheets + 1, department=department, scan=scan, sha256=sha256
                )
        except IntegrityError as error:
            raise CaptureError("同样的扫描件刚刚由别人上传，请刷新以后再传。", field="scans") from error
        kept.add(sha256)
        sheets += 1
    if not sheets:
        raise CaptureError("没有可以收下的文件：" + "；".join(refused), field="scans")
    events.capture_batch(
        now=now, actor_id=actor.pk, department_id=department.pk, batch_id=batch.pk, sheets=sheets, refused=len(refused)
    )  # fmt: skip
    return batch, refused


def save_draft(*, sheet_id: int, typed: Mapping[str, str], actor: User) -> None:
    """What has been typed of the first keying, right or not, is there again after the session is lost."""
    with transaction.atomic():
        sheet = _locked(sheet_id, actor)
        if sheet.state != State.WAITING:
            raise CaptureError(
                f"没有暂存：这一份现为“{sheet.get_state_display()}”。输入的内容还在下面，离开本页就没有了。",
                field="draft",
            )
        drafts = {**_drafts(sheet), str(actor.pk): dict(typed)}
        sheet.draft_sealed = crypto.seal(json.dumps(drafts, ensure_ascii=False), aad=f"capture:{sheet.uuid}")
        sheet.save(update_fields=["draft_sealed"])


def draft_of(sheet: CaptureSheet, author: User) -> dict[str, str]:
    """What a person has typed; nobody sees another's, who may be the one to key it the second time."""
    return _drafts(sheet).get(str(author.pk), {})


def has_seen(sheet: CaptureSheet, user: User) -> bool:
    """Whether a person keyed the whole or settled it in any round, or has looked at both values: no longer blind."""
    return (
        sheet.keyings.filter(by=user).exclude(turn=Turn.SECOND).exists()
        or sheet.compared_by.filter(pk=user.pk).exists()
    )


def compare(*, sheet: CaptureSheet, actor: User) -> list[tuple[str, str, str, str]]:
    """What differs, to be settled: input, its label, first, second. Whoever is shown it is on record before and keys no
    second time in a later round."""
    with transaction.atomic():
        sheet.compared_by.add(actor)
    first, second = (values_of(sheet, turn) for turn in (Turn.FIRST, Turn.SECOND))
    return [
        (key, rules.TWICE[key], first[key] or "没有", second[key] or "没有")
        for key in rules.differences(first, second)
    ]


def _drafts(sheet: CaptureSheet) -> dict[str, dict[str, str]]:
    if not sheet.draft_sealed:
        return {}
    opened = crypto.open_sealed(sheet.draft_sealed, aad=f"capture:{sheet.uuid}")
    return cast(dict[str, dict[str, str]], json.loads(opened))


@transaction.atomic
def key_first(*, sheet_id: int, values: Mapping[str, str], actor: User, now: datetime) -> CaptureSheet:
    """The whole paper. Raises CaptureError by field. Sent twice by the same person, it happened once."""
    sheet = _locked(sheet_id, actor)
    if (
        sheet.state == State.SECOND
        and sheet.first_by_id == actor.pk
        and values_of(sheet, Turn.FIRST) == values
    ):
        return sheet
    _in_state(sheet, State.WAITING)
    rules.check_code(
        values["code"], made_on=values["made_on"], region=sheet.department.region_id, today=local_date(now)
    )
    storing.check_name(values)
    storing.paper_of(values, sheet.department)
    _keep(sheet, Turn.FIRST, values, actor, now)
    sheet.state, sheet.first_by, sheet.draft_sealed = State.SECOND, actor, ""
    sheet.save(update_fields=["state", "first_by", "draft_sealed"])
    return sheet


@transaction.atomic
def key_second(
    *, sheet_id: int, values: Mapping[str, str], actor: User, now: datetime, confirm_duplicate: bool = False
) -> CaptureSheet:
    """Code and date once more, blind, by another person. Equal: the commitment is made. Different: a person settles it.
    Raises CaptureError; the sheet is then as it was."""
    sheet = _locked(sheet_id, actor)
    if sheet.state == State.DONE:
        return sheet
    _in_state(sheet, State.SECOND)
    if has_seen(sheet, actor):
        raise CaptureError(ANOTHER)
    first = values_of(sheet, Turn.FIRST)
    _keep(sheet, Turn.SECOND, values, actor, now)
    if rules.differences(first, values):
        sheet.state = State.DIFFERS
        sheet.save(update_fields=["state"])
        return sheet
    return _done(sheet, first, actor, confirm_duplicate, now)


@transaction.atomic
def settle(
    *, sheet_id: int, chosen: Mapping[str, str], actor: User, now: datetime, confirm_duplicate: bool = False
) -> CaptureSheet:
    """Of what differs, a person takes the first or the second after a look at the scan. Raises CaptureError."""
    sheet = _locked(sheet_id, actor)
    if sheet.state == State.DONE:
        return sheet
    _in_state(sheet, State.DIFFERS)
    first, second = values_of(sheet, Turn.FIRST), values_of(sheet, Turn.SECOND)
    values = dict(first)
    for key in rules.differences(first, second):
        if chosen.get(key) not in ("first", "second"):
            raise CaptureError(f"请选择{rules.TWICE[key]}以哪一遍为准。", field=key)
        values[key] = (first if chosen[key] == "first" else second)[key]
    rules.check_code(
        values["code"], made_on=values["made_on"], region=sheet.department.region_id, today=local_date(now)
    )
    if values["kind"] not in rules.kinds_of(values["subject_code"], today=local_date(now)):
        raise CaptureError("选定的代码与第一遍的承诺人类别不符，请退回重新录入。", field="subject_code")
    _keep(sheet, Turn.SETTLED, values, actor, now)
    return _done(sheet, values, actor, confirm_duplicate, now)


@transaction.atomic
def send_back(*, sheet_id: int, actor: User, now: datetime) -> CaptureSheet:
    """Keyed anew from the beginning; what was keyed stays on record. Asked twice, it happens once."""
    sheet = _locked(sheet_id, actor)
    if sheet.state == State.WAITING:
        return sheet
    _in_state(sheet, State.SECOND, State.DIFFERS)
    sheet.state, sheet.first_by, sheet.round = State.WAITING, None, sheet.round + 1
    sheet.save(update_fields=["state", "first_by", "round"])
    _tell(sheet, "退回重新录入", "", actor, now)
    return sheet


@transaction.atomic
def refuse(*, sheet_id: int, refusal: str, actor: User, now: datetime) -> CaptureSheet:
    """Not to be captured: illegible, no commitment, double. The scan stays. Raises CaptureError (`refusal`)."""
    sheet = _locked(sheet_id, actor)
    if sheet.state == State.REFUSED:
        return sheet
    if refusal not in CaptureSheet.Refusal.values:
        raise CaptureError("请选择不予录入的原因。", field="refusal")
    _in_state(sheet, State.WAITING, State.SECOND, State.DIFFERS)
    sheet.state, sheet.refusal, sheet.ended_at, sheet.ended_by = State.REFUSED, refusal, now, actor
    sheet.draft_sealed = ""
    sheet.save(update_fields=["state", "refusal", "ended_at", "ended_by", "draft_sealed"])
    _tell(sheet, f"不予录入（{sheet.get_refusal_display()}）", "", actor, now)
    return sheet


def values_of(sheet: CaptureSheet, turn: int) -> dict[str, str]:
    """What was keyed at a turn of the present round."""
    row = sheet.keyings.get(round=sheet.round, turn=turn)
    return cast(
        dict[str, str], json.loads(crypto.open_sealed(row.sealed, aad=_sealed_for(sheet, row.round, turn)))
    )


def _done(
    sheet: CaptureSheet, values: Mapping[str, str], actor: User, confirm_duplicate: bool, now: datetime
) -> CaptureSheet:
    try:
        with transaction.atomic():
            made: Commitment = storing.store(
                sheet, values, actor=actor, confirm_duplicate=confirm_duplicate, now=now
            )
    except IntegrityError as error:
        raise CaptureError("同样的编码或者主体刚刚由别人登记，请再提交一次。", field="code") from error
    sheet.state, sheet.commitment, sheet.ended_at, sheet.ended_by = State.DONE, made, now, actor
    sheet.save(update_fields=["state", "commitment", "ended_at", "ended_by"])
    return sheet


def _keep(sheet: CaptureSheet, turn: int, values: Mapping[str, str], actor: User, now: datetime) -> None:
    CaptureKeying.objects.create(
        sheet=sheet,
        round=sheet.round,
        turn=turn,
        sealed=crypto.seal(
            json.dumps(dict(values), ensure_ascii=False), aad=_sealed_for(sheet, sheet.round, turn)
        ),
        by=actor,
        at=now,
    )
    told = "|".join(values.get(key, "") for key in rules.TWICE)
    _tell(sheet, str(Turn(turn).label), keyed_hash(told, purpose="capture_keying"), actor, now)


def _tell(sheet: CaptureSheet, step: str, told_hash: str, actor: User, now: datetime) -> None:
    events.capture_sheet(
        now=now, actor_id=actor.pk, department_id=sheet.department_id, sheet_id=sheet.pk, step=step,
        round=sheet.round, told_hash=told_hash,
    )  # fmt: skip


def _sealed_for(sheet: CaptureSheet, round_no: int, turn: int) -> str:
    return f"capture:{sheet.uuid}:{round_no}:{turn}"


def _own_unit(actor: User) -> Department:
    if actor.department is None or not has_role(actor, *DOES):
        raise CaptureError("纸质承诺由单位的窗口人员、经办人、负责人或者信用办录入。")
    return actor.department


def _locked(sheet_id: int, actor: User) -> CaptureSheet:
    department = _own_unit(actor)
    found = (
        CaptureSheet.objects.select_for_update(of=("self",))
        .select_related("department__region", "batch", "scan", "first_by")
        .filter(pk=sheet_id, department=department)
        .first()
    )
    if found is None:
        raise CaptureError("只能录入本单位的纸质承诺。")
    return found


def _in_state(sheet: CaptureSheet, *states: str) -> None:
    if sheet.state not in states:
        raise CaptureError(f"这一份现为“{sheet.get_state_display()}”，请刷新页面。")
