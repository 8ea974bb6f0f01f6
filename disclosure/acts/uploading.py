"""A file of acts: looked through row by row before anything is stored, then entered a part at a time in the background,
from where it was if it is interrupted."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.documents.intake import IntakeRefused, List
from credit_portal.outbox import services as outbox
from credit_portal.registry import codes, crypto
from credit_portal.registry.models import CreditSubject, SubjectName, User
from credit_portal.registry.services import ERROR_NAME, ERROR_PERSON_NAME
from credit_portal.registry.visibility import group_names, limit_to_visible
from disclosure.models import ActKind, ActUpload, AdministrativeAct

from . import entering, rules
from .fields import GRADES, KIND_WORDS, ActData, FieldErrors, fields_of, head_of, read
from .rules import ActRefused

State, Ending = ActUpload.State, AdministrativeAct.Ending
EFFECT = "acts.enter"
MOST_ROWS = 2_000
PART = 100
Fault = list[list[str]]


def template(kind: str) -> bytes:
    """An empty xlsx of a kind: its head, text cells, and a choice where there is one."""
    # Excel takes no list of more than 255 characters; the words are in the help on the page, too.
    lists = {
        column: one.among
        for column, one in enumerate(fields_of(kind))
        if one.sort == "one" and len(",".join(one.among)) <= 255
    }
    return writing.write("xlsx", head_of(kind), [], title=str(ActKind(kind).label), lists=lists)


def uploads_visible_to(user: User) -> QuerySet[ActUpload]:
    return limit_to_visible(ActUpload.objects.all(), user)


# ---- looked through ----------------------------------------------------------------------------------------


def check_file(*, kind: str, name: str, content: bytes, actor: User, now: datetime) -> ActUpload:
    """Look through a file and keep what could be entered, sealed. Nothing is entered yet. Raises ActRefused where the
    file as a whole cannot be read."""
    department = actor.department
    if department is None or not rules.DOES & group_names(actor):
        raise ActRefused("行政行为信息由作出机关的经办人或者负责人上传。")
    if kind not in ActKind.values:
        raise ActRefused("请选择类别。", field="kind")
    entering.check_open(kind, department, on=local_date(now))
    try:
        told = list_of(kind).read(name, content)
    except IntakeRefused as error:
        raise ActRefused(str(error), field="file") from error
    found, faults = _look_through(kind, told, local_date(now))
    good = _against_stored(kind, found, faults, department.pk)
    with transaction.atomic():
        upload = ActUpload(
            department=department,
            kind=kind,
            name=name[-200:],
            sha256=hashlib.sha256(content).hexdigest(),
            rows=len(told),
            faults=[[row, fault] for row, fault in sorted(faults.items())],
            good=len(good),
            uploaded_at=now,
            uploaded_by=actor,
        )
        upload.sealed = crypto.seal(json.dumps(good, ensure_ascii=False), aad=_aad(upload))
        upload.save()
        _tell(upload, "检查", actor=actor, now=now)
    return upload


def list_of(kind: str) -> List:
    """What a file of a kind looks like."""
    fields = fields_of(kind)
    return List(
        {one.head: one.key for one in fields},
        needed=[one.head for one in fields if kind in one.must],
        most_rows=MOST_ROWS,
    )


def _look_through(
    kind: str, rows: Sequence[tuple[int, Mapping[str, str]]], today: date
) -> tuple[dict[int, tuple[ActData, Mapping[str, str]]], dict[int, Fault]]:
    heads = {one.key: one.head for one in fields_of(kind)}
    found: dict[int, tuple[ActData, Mapping[str, str]]] = {}
    faults: dict[int, Fault] = {}
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    for place, values in rows:
        try:
            data = read(kind, values, today=today)
        except FieldErrors as error:
            faults[place] = [[heads.get(key, ""), text] for key, text in error.errors.items()]
            continue
        key = (data.document_no, data.subject_code)
        if key in seen:
            first, sha256 = seen[key]
            same = "内容相同" if sha256 == data.sha256 else "内容不同"
            faults[place] = [["文书号", f"与第 {first} 行是同一主体的同一份文书，{same}。"]]
            continue
        seen[key] = (place, data.sha256)
        found[place] = (data, values)
    return found, faults


def _against_stored(
    kind: str,
    found: dict[int, tuple[ActData, Mapping[str, str]]],
    faults: dict[int, Fault],
    department_id: int,
) -> list[list[Any]]:
    """What can be entered, as [row, values]; the rest goes to the faults. Three queries."""
    indexes = {
        data.subject_code: CreditSubject.id_number.index_of(data.subject_code)
        for data, _ in found.values()
        if data.subject_kind == codes.PERSON
    }
    subjects = {
        subject.uscc or subject.id_number_index: subject
        for field, values in (
            ("uscc__in", {data.subject_code for data, _ in found.values()} - set(indexes)),
            ("id_number_index__in", set(indexes.values())),
        )
        for subject in CreditSubject.objects.filter(**{field: values})
    }
    names: dict[int, set[str]] = {}
    for subject_id, name in SubjectName.objects.filter(subject__in=subjects.values()).values_list(
        "subject_id", "name"
    ):
        names.setdefault(subject_id, set()).add(name)
    stored = {
        (document_no, subject_id): (sha256, number)
        for document_no, subject_id, sha256, number in AdministrativeAct.objects.filter(
            department=department_id,
            kind=kind,
            document_no__in=[data.document_no for data, _ in found.values()],
        )
        .exclude(ending__in=[Ending.CORRECTED, Ending.MISTAKE])
        .values_list("document_no", "subject_id", "sha256", "number")
    }
    good: list[list[Any]] = []
    for place, (data, values) in found.items():
        subject = subjects.get(indexes.get(data.subject_code, data.subject_code))
        if subject is not None and data.subject_name not in names.get(subject.pk, set()) | {subject.name}:
            text = ERROR_PERSON_NAME if subject.kind == codes.PERSON else ERROR_NAME.format(name=subject.name)
            faults[place] = [["主体名称", text]]
            continue
        known = stored.get((data.document_no, subject.pk)) if subject else None
        if known is not None and known[0] != data.sha256:
            text = entering.ERROR_KNOWN.format(document_no=data.document_no, number=known[1])
            faults[place] = [["文书号", text]]
            continue
        good.append([place, dict(values)])
    return good


# ---- entered -----------------------------------------------------------------------------------------------


@transaction.atomic
def start(*, upload_id: int, actor: User, now: datetime) -> ActUpload:
    """Enter what is right of a file, in the background. Asked again, nothing more happens. Raises ActRefused."""
    upload = _own(upload_id, actor)
    if upload.state in (State.ENTERING, State.DONE):
        return upload
    if upload.state == State.DISCARDED:
        raise ActRefused("这个文件已放弃，请重新上传。")
    if not upload.good:
        raise ActRefused("没有可以录入的行。")
    upload.state = State.ENTERING
    upload.save(update_fields=["state"])
    _tell(upload, "开始录入", actor=actor, now=now)
    outbox.enqueue(effect=EFFECT, key=f"{EFFECT}:{upload.pk}", payload={"upload": upload.pk}, now=now)
    return upload


@transaction.atomic
def discard(*, upload_id: int, actor: User, now: datetime) -> ActUpload:
    """Enter nothing of it. Raises ActRefused where entering has begun."""
    upload = _own(upload_id, actor)
    if upload.state == State.DISCARDED:
        return upload
    if upload.state != State.CHECKED:
        raise ActRefused("已经开始录入，不能放弃。录入有误的，请逐条停止或者更正。")
    upload.state, upload.sealed = State.DISCARDED, ""
    upload.save(update_fields=["state", "sealed"])
    _tell(upload, "放弃", actor=actor, now=now)
    return upload


def enter_all(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: part after part, each with its own commit."""
    while _enter_part(payload["upload"], now=now):
        pass


@transaction.atomic
def _enter_part(upload_id: int, *, now: datetime) -> bool:
    """The next part; False where there is no more. What was entered and how far it is are one commit."""
    upload = (
        ActUpload.objects.select_for_update(of=("self",))
        .select_related("department__region", "uploaded_by")
        .get(pk=upload_id)
    )
    if upload.state != State.ENTERING:
        return False
    good = json.loads(crypto.open_sealed(upload.sealed, aad=_aad(upload)))
    heads = {one.key: one.head for one in fields_of(upload.kind)}
    for place, values in good[upload.done : upload.done + PART]:
        try:
            # A row that fails takes nothing with it.
            with transaction.atomic():
                _, new = entering.enter(
                    data=read(upload.kind, values, today=local_date(now)),
                    department=upload.department,
                    source=AdministrativeAct.Source.FILE,
                    now=now,
                    actor=upload.uploaded_by,
                    upload=upload,
                    is_demo=upload.is_demo,
                )
        except FieldErrors as error:
            upload.faults.append([place, [[heads.get(k, ""), text] for k, text in error.errors.items()]])
        except ActRefused as error:
            upload.faults.append([place, [[heads.get(error.field, ""), str(error)]]])
        else:
            upload.entered += new
            upload.same += not new
    upload.done = min(upload.done + PART, upload.good)
    if upload.done == upload.good:
        upload.state, upload.sealed, upload.finished_at = State.DONE, "", now
        _tell(upload, "录入", actor=upload.uploaded_by, now=now)
    upload.save()
    return upload.state == State.ENTERING


def faults_table(upload: ActUpload) -> bytes:
    """What is wrong, row by row, as an xlsx."""
    rows = [[str(place), head, text] for place, fault in upload.faults for head, text in fault]
    return writing.write("xlsx", ["行", "列", "问题"], rows, title="有误的行")


def values_of(act: AdministrativeAct) -> dict[str, str]:
    """What was told of an act, as it would be typed again: for its correction."""
    kinds = {code: word for word, code in KIND_WORDS.items()}
    grades = {code: word for word, code in GRADES.items()}
    told: dict[str, Any] = {
        one.key: act.details.get(one.key, "") if one.detail else getattr(act, one.key, "")
        for one in fields_of(act.kind)
    }
    told["subject_kind"] = kinds[act.subject_kind]
    told["subject_code"] = act.subject_code or act.subject.id_number
    if "grade" in told:
        told["grade"], told["domain"] = grades.get(act.grade, ""), act.get_domain_display()
    return {
        key: value.isoformat() if isinstance(value, date) else str(value or "") for key, value in told.items()
    }


def _own(upload_id: int, actor: User) -> ActUpload:
    upload = ActUpload.objects.select_for_update(of=("self",)).get(pk=upload_id)
    if upload.department_id != actor.department_id or not rules.DOES & group_names(actor):
        raise ActRefused("行政行为文件由上传的部门办理。")
    return upload


def _aad(upload: ActUpload) -> str:
    return f"act_upload:{upload.uuid}:rows"


def _tell(upload: ActUpload, deed: str, *, actor: User | None, now: datetime) -> None:
    events.act_upload(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=upload.department_id,
        upload_id=upload.pk,
        deed=deed,
        sha256=upload.sha256,
        rows=upload.rows,
    )
