"""Errors that anybody points out: a list for the office, nothing more. Taken, they become a correction or a hint to the unit that
made the record; nothing is published by them. (S2「社会公众、新闻舆论」, R12.)"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import departments_visible_to, group_names, limit_to_visible
from disclosure.models import ErrorTip
from disclosure.offices import NoOffice, nearest_office

from .rules import ObjectionError, text_of

State, Became = ErrorTip.State, ErrorTip.Became


@dataclass(frozen=True)
class Said:
    page: str
    text: str
    contact: str = ""


@transaction.atomic
def file_tip(
    *, said: Said, now: datetime, key: UUID | None = None, low: bool = False, is_demo: bool = False
) -> ErrorTip:
    """Take a tip; the same words about the same page again are counted, not kept twice. Raises ObjectionError by field."""
    if key is not None and (known := ErrorTip.objects.filter(key=key).first()) is not None:
        return known
    page = text_of(said.page, field="page", label="页面", most=300)
    text = text_of(said.text, field="text", label="哪里有误", least=2, most=1000)
    contact = said.contact.replace("\0", "").strip()
    if len(contact) > 100:
        raise ObjectionError("联系方式最多 100 个字。", field="contact")
    sha256 = hashlib.sha256(f"{page}\n{text}".encode()).hexdigest()
    same = (
        ErrorTip.objects.select_for_update()
        .filter(text_sha256=sha256, state=State.OPEN)
        .order_by("pk")
        .first()
    )
    if same is not None:
        ErrorTip.objects.filter(pk=same.pk).update(times=F("times") + 1)
        same.refresh_from_db()
        return same
    office = _office()
    row = ErrorTip(
        number=numbering.document_number("G", office.region_id, local_date(now).year),
        key=key,
        page=page,
        text=text,
        text_sha256=sha256,
        low=low,
        office=office,
        filed_at=now,
        is_demo=is_demo,
    )
    row.contact = contact
    note(row, actor=None, now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        twin = ErrorTip.objects.filter(key=key).first() if key else None
        if twin is None:
            raise ObjectionError("请再提交一次。") from error
        return twin
    _tell(row, "收到报错", actor=None, now=now)
    return row


def _office() -> Department:
    region = Region.objects.filter(code=settings.REGION_CODE).first()
    if region is None:
        raise ObjectionError("本网站还没有登记所在地区，请直接联系信用主管部门。")
    try:
        return nearest_office(region)
    except NoOffice as error:
        raise ObjectionError(str(error)) from error


def tips_visible_to(user: User) -> QuerySet[ErrorTip]:
    if not group_names(user) & {groups.CREDIT_OFFICE, groups.AUDITOR}:
        return ErrorTip.objects.none()
    return limit_to_visible(ErrorTip.objects.all(), user, department_field="office")


@transaction.atomic
def answer(
    *,
    tip_id: int,
    taken: bool,
    text: str,
    actor: User,
    now: datetime,
    became: str = "",
    passed_to_id: int | None = None,
) -> ErrorTip:
    """Taken or not, with what was done. Passed on, the unit is told of it. Raises ObjectionError by field."""
    row = ErrorTip.objects.select_for_update(of=("self",)).get(pk=tip_id)
    if groups.CREDIT_OFFICE not in group_names(actor) or row.office_id != actor.department_id:
        raise ObjectionError("由处理的信用办办理。")
    if row.state != State.OPEN:
        raise ObjectionError(f"这条报错已处理（{row.get_state_display()}）。")
    row.answer = text_of(text, field="text", label="处理情况", least=2, most=500)
    if taken and became not in Became.values:
        raise ObjectionError("请选择怎样处理。", field="became")
    row.state, row.became = (State.TAKEN, became) if taken else (State.NOT_TAKEN, "")
    if row.became == Became.PASSED_ON:
        row.passed_to = departments_visible_to(actor).filter(pk=passed_to_id).first()
        if row.passed_to is None:
            raise ObjectionError("请选择转交的单位。", field="passed_to")
    row.answered_at, row.answered_by, row.low = now, actor, False
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, row.get_became_display() or "不采纳", actor=actor, now=now)
    if row.passed_to is not None:
        people = User.objects.filter(
            department=row.passed_to, groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
        ).distinct()
        notices.notify(
            users=people, key=f"tip:{row.pk}", kind="tip", title=f"公示信息可能有误，请核实（报错 {row.number}）",
            body=f"页面 {row.page}。信用办说明：{row.answer}", link="", now=now,
        )  # fmt: skip
    return row


def _tell(row: ErrorTip, step: str, *, actor: User | None, now: datetime) -> None:
    events.tip_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=row.office_id,
        tip_id=row.pk,
        number=row.number,
        step=step,
    )
