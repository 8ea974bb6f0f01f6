"""Evaluations are given to named recipients: a file each, with the rows that it may get and no others; recorded with hash
and number, fetched once, each subject told who was given its own. (S1 三（六）, S4 6; R124)"""

from collections import Counter
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read, log_reads
from credit_portal.documents import writing
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_looked_at
from credit_portal.outbox import notices
from credit_portal.registry import codes, groups, numbering
from credit_portal.registry.below import within
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import departments_visible_to, has_role
from verification.consent import gate
from verification.models import (
    Evaluation,
    EvaluationFetch,
    EvaluationPassing,
    EvaluationRecipient,
    EvaluationUpload,
)

from .may_receive import PARTS, decide
from .receiving import NOT_OFFICE, EvaluationRefused, keeps, read_period

Kind = EvaluationRecipient.Kind
HEAD = ("主体名称", "统一社会信用代码", "评价期间", "评价等级", "评价机构")
MOST = 20_000
MOST_NAMED = 20
WHAT = "公共信用综合评价"
RECEIVES = (groups.OFFICER, groups.HEAD, groups.ASSOCIATION)
CORRECTED = "评价已更正"
NOT_KEPT = "没有记下是哪些评价"
TWIN = "已有同名的接收单位在使用。"
KINDS = {
    Kind.DEPARTMENT: tuple(kind for kind in Department.Kind if kind is not Department.Kind.ASSOCIATION),
    Kind.ASSOCIATION: (Department.Kind.ASSOCIATION,),
}


def recipients_visible_to(user: User) -> QuerySet[EvaluationRecipient]:
    return _of_region(EvaluationRecipient.objects.all(), user)


def passings_visible_to(user: User) -> QuerySet[EvaluationPassing]:
    return _of_region(EvaluationPassing.objects.all(), user)


def received_by(user: User) -> QuerySet[EvaluationPassing]:
    """What was made for the user's own unit."""
    if not has_role(user, *RECEIVES) or user.department_id is None:
        return EvaluationPassing.objects.none()
    return EvaluationPassing.objects.filter(recipient__department=user.department_id)


def evaluations_visible_to(user: User) -> QuerySet[Evaluation]:
    return _of_region(Evaluation.objects.all(), user)


def _of_region(rows: QuerySet, user: User) -> QuerySet:  # type: ignore[type-arg]
    if not has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) or user.department is None:
        return rows.none()
    path = user.department.region.path
    return rows.filter(within(path))


@transaction.atomic
def add_recipient(
    *,
    kind: str,
    name: str,
    department: Department | None,
    basis: str,
    actor: User,
    now: datetime,
    code: str = "",
    is_demo: bool = False,
) -> EvaluationRecipient:
    """Name a recipient with its basis. A department or association is named by its unit, a bank by its name and its code: by
    that subjects consent. Raises EvaluationRefused by field."""
    office, written_code = _office(actor), ""
    if kind not in Kind.values:
        raise EvaluationRefused("请选择类别。", field="kind")
    if kind == Kind.BANK:
        if department is not None:
            raise EvaluationRefused("金融机构请写名称，不选单位。", field="department")
        written = _text(name, "name", "名称", 200)
        written_code = _bank_code(code)
    else:
        if department is None or department.kind not in KINDS[Kind(kind)]:
            what = "一个协会" if kind == Kind.ASSOCIATION else "一个部门"
            raise EvaluationRefused(f"请选择{what}。", field="department")
        if not departments_visible_to(actor).filter(pk=department.pk, is_active=True).exists():
            raise EvaluationRefused("只能登记本地区及以下的单位。", field="department")
        for field, value, label in (("name", name, "名称"), ("code", code, "代码")):
            if value.strip():
                raise EvaluationRefused(f"部门和协会请选单位，不写{label}。", field=field)
        written = department.name
    row = EvaluationRecipient(
        kind=kind,
        name=written,
        department=department,
        code=written_code,
        region=office.region,
        basis=_text(basis, "basis", "依据", 300),
        entered_by=actor,
        entered_at=now,
        is_demo=is_demo,
    )
    # Two clicks at once: the second finds the first.
    Department.objects.select_for_update(no_key=True).get(pk=office.pk)
    if _twins(row).exists():
        raise EvaluationRefused(TWIN, field="name" if kind == Kind.BANK else "department")
    row.save()
    _tell(row, "added", actor, now)
    return row


@transaction.atomic
def switch_recipient(*, recipient_id: int, active: bool, actor: User, now: datetime) -> EvaluationRecipient:
    """Take a recipient out of use, or back into it. Raises EvaluationRefused."""
    _office(actor)
    row = recipients_visible_to(actor).select_for_update(of=("self",)).get(pk=recipient_id)
    if row.is_active != active:
        if active and _twins(row).exists():
            raise EvaluationRefused(TWIN)
        row.is_active = active
        row.save(update_fields=["is_active"])
        _tell(row, "resumed" if active else "ended", actor, now)
    return row


@transaction.atomic
def pass_on(
    *,
    recipient_id: int,
    period: str,
    actor: User,
    now: datetime,
    key: UUID | None = None,
    is_demo: bool = False,
) -> EvaluationPassing:
    """Make the file of a period for a recipient: only what it may get. Sent twice by one `key`, it is one. Raises EvaluationRefused, naming why nothing of it
    may be given."""
    office = _office(actor)
    today = local_date(now)
    try:
        wanted = read_period(period, today)
    except ValueError as error:
        raise EvaluationRefused(str(error), field="period") from error
    recipient = (
        recipients_visible_to(actor)
        .select_for_update(of=("self",))
        .select_related("region", "department__region")
        .get(pk=recipient_id)
    )
    known = EvaluationPassing.objects.filter(uuid=key).first() if key else None
    if known is not None:
        if (known.recipient_id, known.period, known.passed_by_id) != (recipient.pk, wanted, actor.pk):
            raise EvaluationRefused("页面已经失效，请重新打开再填。")
        return known
    path = recipient.region.path
    rows = list(
        Evaluation.standing()
        .filter(within(path), period=wanted)
        .select_related("subject")
        .order_by("subject__uscc", "body")[: MOST + 1]
    )
    if not rows:
        raise EvaluationRefused(f"没有 {wanted} 的评价。", field="period")
    if len(rows) > MOST:
        raise EvaluationRefused(f"这个期间超过 {MOST} 行，请由下级信用办分别提供。", field="period")
    decision = decide(recipient, {row.subject_id for row in rows}, now=now)
    held_back = Counter(decision.held[row.subject_id] for row in rows if row.subject_id in decision.held)
    given = [row for row in rows if row.subject_id not in decision.held]
    if not given:
        why = "、".join(f"{reason} {number} 行" for reason, number in sorted(held_back.items()))
        raise EvaluationRefused(f"没有可以提供的：{why}。", field="recipient")
    content = writing.write(
        "xlsx",
        HEAD,
        [(row.subject.name, str(row.subject.uscc), row.period, row.grade, row.body) for row in given],
        title="综合评价",
    )
    number = numbering.document_number("ZP", office.region_id, today.year)
    document = store_looked_at(
        content=content,
        content_type="application/xlsx",
        original_name=f"{number}.xlsx",
        actor=actor,
        department=office,
        now=now,
    )
    made = EvaluationPassing.objects.create(
        uuid=key or uuid4(),
        number=number,
        recipient=recipient,
        region=recipient.region,
        period=wanted,
        basis=recipient.basis,
        rows=len(given),
        evaluations=[row.pk for row in given],
        by_consent=sum(row.subject_id in decision.consents for row in given),
        held_back=[[reason, number] for reason, number in sorted(held_back.items())],
        document=document,
        sha256=document.sha256,
        passed_at=now,
        passed_by=actor,
        is_demo=is_demo,
    )
    gate.release_together(
        consents=list(decision.consents.values()), passing=made, recipient=recipient.name, parts=PARTS,
        sha256=made.sha256, actor=actor, now=now,
    )  # fmt: skip
    log_reads(
        now=now, actor_id=actor.pk, what=f"{WHAT}，提供给{recipient.name}"[:60], target_type="evaluation_passing",
        target_id=made.pk, purpose=ReadLog.Purpose.SUPERVISION, subject_ids=sorted({row.subject_id for row in given}),
    )  # fmt: skip
    events.evaluation_passed(
        now=now,
        actor_id=actor.pk,
        department_id=office.pk,
        passing_id=made.pk,
        number=made.number,
        recipient_id=recipient.pk,
        rows=made.rows,
        by_consent=made.by_consent,
        held_back=sum(held_back.values()),
        sha256=made.sha256,
    )
    _notify(made, now)
    return made


def _notify(row: EvaluationPassing, now: datetime) -> None:
    """The unit that it was made for hears of it. One that has no people here is handed the file by the office."""
    unit = row.recipient.department_id
    if unit is None:
        return
    people = User.objects.filter(department=unit, groups__name__in=RECEIVES, is_active=True).distinct()
    notices.notify(
        users=people, key=f"evaluation_passing:{row.pk}", kind="evaluation", title=f"收到综合评价 {row.number}",
        body=f"{row.period} 期间，{row.rows} 行", link="/desk/evaluations/received/", now=now,
    )  # fmt: skip


@transaction.atomic
def fetch(*, passing_id: int, actor: User, now: datetime) -> bytes:
    """The file, once, by the unit that it was made for, or by the office to hand it over: whoever needs it again has a new one
    made, which is recorded anew. Raises EvaluationRefused."""
    row = (
        (passings_visible_to(actor) if keeps(actor) else received_by(actor))
        .select_for_update(of=("self", "recipient"))
        .select_related("document", "recipient__department__region")
        .get(pk=passing_id)
    )
    if EvaluationFetch.objects.filter(passing=row).exists():
        raise EvaluationRefused("这份文件已经下载过。需要再次提供的，请重新生成，另行记录。")
    if gone := gate.no_longer(row, now=now):
        raise EvaluationRefused(f"生成以后有 {gone} 个主体撤回了同意或者同意已到期，不能再下载，请重新生成。")
    if why := _no_more(row, now):
        raise EvaluationRefused(f"生成以后情况有变化：{why}，不能再下载。仍然可以提供的，由信用办重新生成。")
    try:
        content = read_evidence(row.document)
    except EvidenceDamaged as error:
        raise EvaluationRefused("文件已损坏，请重新生成。") from error
    EvaluationFetch.objects.create(passing=row, fetched_at=now, fetched_by=actor)
    log_read(
        now=now, actor_id=actor.pk, what=WHAT, target_type="evaluation_passing", target_id=row.pk,
        purpose=ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    events.evaluation_fetched(
        now=now, actor_id=actor.pk, department_id=actor.department_id, passing_id=row.pk, number=row.number
    )
    return content


def _no_more(row: EvaluationPassing, now: datetime) -> str:
    """Why rows of a file that was not fetched yet would not be given today, or not so, in words. A constant number of queries."""
    told = dict(
        Evaluation.standing().filter(pk__in=row.evaluations).order_by("pk").values_list("pk", "subject_id")
    )
    held = decide(row.recipient, sorted(set(told.values())), now=now).held
    why = Counter(held[subject] for subject in told.values() if subject in held)
    if gone := row.rows - len(told):
        # Of files from before their rows were kept nobody can tell: they are made anew.
        why[CORRECTED if row.evaluations else NOT_KEPT] = gone
    return "、".join(f"{reason} {number} 行" for reason, number in sorted(why.items()))


def to_be_told_again(upload: EvaluationUpload) -> str:
    """After a correction: who of the office's recipients was given what it concerns before, in words."""
    path = upload.region.path
    corrected = list(
        Evaluation.objects.filter(upload=upload, corrects__isnull=False).values_list("corrects", flat=True)
    )
    names = list(
        EvaluationPassing.objects.filter(within(path), evaluations__overlap=corrected)
        .order_by("recipient__name")
        .values_list("recipient__name", flat=True)
        .distinct()[:MOST_NAMED]
    )
    return f"以前提供过这些期间的，请重新提供：{'、'.join(names)}。" if names else ""


def _office(actor: User) -> Department:
    if not keeps(actor) or actor.department is None:
        raise EvaluationRefused(NOT_OFFICE)
    return actor.department


def _text(value: str, field: str, label: str, most: int) -> str:
    written = value.strip()
    if not 2 <= len(written) <= most:
        raise EvaluationRefused(f"{label}应为 2 至 {most} 个字，现为 {len(written)} 个字。", field=field)
    return written


def _bank_code(value: str) -> str:
    if not value.strip():
        raise EvaluationRefused("请填写统一社会信用代码：主体的同意按它核对。", field="code")
    try:
        return codes.check_uscc(value)
    except codes.CodeError as wrong:
        raise EvaluationRefused(str(wrong), field="code") from wrong


def _twins(row: EvaluationRecipient) -> QuerySet[EvaluationRecipient]:
    """Others in use that are named the same."""
    return EvaluationRecipient.objects.filter(
        region=row.region, kind=row.kind, name=row.name, is_active=True
    ).exclude(pk=row.pk)


def _tell(row: EvaluationRecipient, deed: str, actor: User, now: datetime) -> None:
    events.evaluation_recipient(
        now=now,
        actor_id=actor.pk,
        department_id=_office(actor).pk,
        recipient_id=row.pk,
        kind=row.kind,
        deed=deed,
    )
