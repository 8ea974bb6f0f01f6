"""Where was looked, and with what proof: sources marked with their result, screenshots, reports of other issuers
(S0 二（二）, S3 一（二）, R11, R50–R52, R60)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import Region, User
from verification.models import Check, CheckLook, CheckSource, OutsideReport

from .handling import CheckError, noted, taken, text

MOST_ADDRESS = 1000
MOST_LOOKS = 60


@dataclass(frozen=True)
class File:
    """A file as it was sent: its content, what it says it is, what it was called."""

    content: bytes
    content_type: str
    name: str


@dataclass(frozen=True)
class Looked:
    """What somebody says of one source. `source_id` None: one that is not in the list, named by `source_name`."""

    result: str
    source_id: int | None = None
    source_name: str = ""
    address: str = ""
    note: str = ""
    screenshot: File | None = None
    # What the form calls it, so that an error finds its row.
    key: str = ""


def sources_for(region: Region) -> QuerySet[CheckSource]:
    """The sites where a region's departments look: its own, and those of the regions above."""
    return CheckSource.objects.filter(region__in=region.lineage, is_active=True).order_by("order", "pk")


@transaction.atomic
def save_source(
    *,
    source: CheckSource | None,
    region: Region,
    name: str,
    address: str,
    basis: str,
    order: int,
    is_active: bool,
    actor: User,
    now: datetime,
) -> CheckSource:
    """Enter or change a site where departments look. Raises CheckError by field; one that is not used stays on record."""
    row = source or CheckSource(region=region)
    row.region = region
    row.name = text(name, "name", "来源", 100)
    row.address, row.basis, row.order, row.is_active = address.strip(), basis.strip(), order, is_active
    try:
        row.full_clean()
    except ValidationError as error:
        found = error.message_dict
        field = next(iter(found))
        raise CheckError("".join(found[field]), field="" if field == "__all__" else field) from error
    note(row, actor=actor, now=now)
    row.save()
    events.check_source_saved(
        now=now, actor_id=actor.pk, department_id=actor.department_id, source_id=row.pk, name=row.name
    )
    return row


@transaction.atomic
def look(*, check_id: int, looked: Sequence[Looked], actor: User, now: datetime) -> list[CheckLook]:
    """Keep which sources were looked at, with result, address and screenshot; all or none of them.

    Raises CheckError (field `<what>-<key>`) and EvidenceRefused for a file that is not a picture or PDF. Looking again
    adds, it changes nothing.
    """
    check = taken(check_id, actor)
    if not looked:
        raise CheckError("请至少登记一个来源的查询结果。")
    if check.looks.count() + len(looked) > MOST_LOOKS:
        raise CheckError(f"一次核查最多登记 {MOST_LOOKS} 次查询。")
    known = {one.pk: one for one in sources_for(check.region)}
    rows = []
    for one in looked:
        source = known.get(one.source_id) if one.source_id is not None else None
        if one.source_id is not None and source is None:
            raise CheckError("没有这个来源。", field=f"result-{one.key}")
        if one.result not in CheckLook.Result.values:
            raise CheckError("请选择查询结果。", field=f"result-{one.key}")
        if one.address.strip() and not re.match(r"https?://", one.address.strip(), re.IGNORECASE):
            raise CheckError("网址应以 http:// 或者 https:// 开头。", field=f"address-{one.key}")
        rows.append(
            CheckLook(
                check_made=check,
                source=source,
                source_name=source.name
                if source
                else text(one.source_name, f"name-{one.key}", "来源名称", 100),
                address=text(one.address, f"address-{one.key}", "查询网址", MOST_ADDRESS, must=False)
                or (source.address if source else ""),
                result=one.result,
                note=text(one.note, f"note-{one.key}", "说明", 300, must=False),
                screenshot=_kept(one.screenshot, EvidenceFile.Kind.SCREENSHOT, check, actor, now),
                looked_at=now,
                looked_by=actor,
            )
        )
    made = CheckLook.objects.bulk_create(rows)
    for row in made:
        noted(
            check,
            f"查询{row.source_name}，{row.get_result_display()}",
            actor=actor,
            now=now,
            sha256=row.screenshot.sha256 if row.screenshot else "",
        )
    return made


@transaction.atomic
def take_report(
    *,
    check_id: int,
    number: str,
    issuer: str,
    issued_on: date,
    summary: str,
    actor: User,
    now: datetime,
    valid_until: date | None = None,
    document: File | None = None,
) -> OutsideReport:
    """Accept a credit report of another issuer with its number (R11, R60). Raises CheckError by field."""
    check = taken(check_id, actor)
    today = local_date(now)
    if issued_on > today:
        raise CheckError("出具日期不能晚于今天。", field="issued_on")
    if valid_until is not None and valid_until < today:
        raise CheckError("报告已过有效期，请申请人重新出具。", field="valid_until")
    row = OutsideReport(
        check_made=check,
        number=text(number, "number", "报告编号", 100),
        issuer=text(issuer, "issuer", "出具机构", 200),
        issued_on=issued_on,
        valid_until=valid_until,
        summary=text(summary, "summary", "报告结论", 300),
        taken_at=now,
        taken_by=actor,
    )
    row.document = _kept(document, EvidenceFile.Kind.DOCUMENT, check, actor, now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise CheckError("这份报告已登记。", field="number") from error
    noted(
        check,
        f"采用{row.issuer}的信用报告 {row.number}",
        actor=actor,
        now=now,
        sha256=row.document.sha256 if row.document else "",
    )
    return row


def _kept(file: File | None, kind: str, check: Check, actor: User, now: datetime) -> EvidenceFile | None:
    """Hashed and sealed as it came."""
    if file is None:
        return None
    return store_evidence(
        content=file.content,
        kind=kind,
        content_type=file.content_type,
        original_name=file.name,
        actor=actor,
        department=check.department,
        now=now,
    )
