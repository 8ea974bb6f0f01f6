"""Complaints about how something was handled: to the credit office, never to the unit complained of. (S1 十七, S4 17; R116,
R133.)"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from disclosure.models import Complaint
from disclosure.offices import NoOffice, nearest_office

from .filing import phone_of
from .rules import ObjectionError, text_of

State, Kind = Complaint.State, Complaint.Kind
SAME_WITHIN = timedelta(days=30)
MOVES = {"take": (State.RECEIVED, State.LOOKING), "answer": (State.LOOKING, State.ANSWERED)}


@dataclass(frozen=True)
class Said:
    """What is complained of. Name and phone may be left out: the address on the receipt tells the answer."""

    kind: str
    text: str
    about_id: int | None = None
    matter_no: str = ""
    name: str = ""
    phone: str = ""


def units_to_name() -> QuerySet[Department]:
    """The units that a complaint may be about: those of this deployment's region and below."""
    here = Region.objects.filter(code=settings.REGION_CODE).first()
    rows = Department.objects.filter(is_active=True).order_by("region__path", "name")
    return rows.filter(region__path__startswith=here.path) if here else rows.none()


@transaction.atomic
def file_complaint(
    *, said: Said, now: datetime, key: UUID | None = None, low: bool = False, is_demo: bool = False
) -> Complaint:
    """Take a complaint. Raises ObjectionError by field."""
    if key is not None and (known := Complaint.objects.filter(key=key).first()) is not None:
        return known
    if said.kind not in Kind.values:
        raise ObjectionError("请选择投诉的类别。", field="kind")
    text = text_of(said.text, field="text", label="投诉的内容", least=5)
    about = units_to_name().select_related("region").filter(pk=said.about_id).first()
    if said.about_id is not None and about is None:
        raise ObjectionError("没有这个单位，请从列表中选择。", field="about")
    office = _office(about)
    sha256 = hashlib.sha256(f"{said.kind}:{said.about_id}:{text}".encode()).hexdigest()
    first = (
        Complaint.objects.filter(text_sha256=sha256, filed_at__gt=now - SAME_WITHIN).order_by("pk").first()
    )
    row = Complaint(
        number=numbering.document_number("M", office.region_id, local_date(now).year),
        token=secrets.token_urlsafe(32),
        key=key,
        kind=said.kind,
        about=about,
        matter_no=said.matter_no.replace("\0", "").strip()[:60],
        text=text,
        text_sha256=sha256,
        by_name=said.name.replace("\0", "").strip()[:60],
        low=low or first is not None,
        same_as=first,
        office=office,
        region=office.region,
        filed_at=now,
        is_demo=is_demo,
    )
    if said.phone.strip():
        row.phone = phone_of(said.phone)
    note(row, actor=None, now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        twin = Complaint.objects.filter(key=key).first() if key else None
        if twin is None:
            raise ObjectionError("请再提交一次。") from error
        return twin
    _tell(row, "收到投诉", actor=None, now=now)
    if not row.low:
        people = User.objects.filter(
            department=office, groups__name=groups.CREDIT_OFFICE, is_active=True
        ).distinct()
        urgent = "（反映泄露或者篡改，请立即核查）" if row.kind == Kind.LEAK else ""
        notices.notify(
            users=people, key=f"complaint:{row.pk}:received", kind="complaint",
            title=f"收到投诉 {row.number}{urgent}", body="", link=f"/desk/complaints/{row.uuid}/", now=now,
        )  # fmt: skip
    return row


def _office(about: Department | None) -> Department:
    """The office of the place; of a complaint about that office itself, the one above."""
    region = about.region if about else Region.objects.filter(code=settings.REGION_CODE).first()
    if region is None:
        raise ObjectionError("本网站还没有登记所在地区，请直接联系信用主管部门。")
    try:
        office = nearest_office(region)
        if about is not None and office.pk == about.pk:
            if office.region.parent is None:
                raise NoOffice("没有上级信用主管部门。")
            office = nearest_office(office.region.parent)
    except NoOffice as error:
        raise ObjectionError(
            "投诉的是信用主管部门，上级信用主管部门没有在本网站登记，请直接向其反映。"
            if about
            else str(error),
            field="about" if about else "",
        ) from error
    return office


def complaints_visible_to(user: User) -> QuerySet[Complaint]:
    """Of the own office and below; of nobody else, the unit complained of least of all."""
    if not group_names(user) & {groups.CREDIT_OFFICE, groups.AUDITOR}:
        return Complaint.objects.none()
    rows = limit_to_visible(Complaint.objects.all(), user, department_field="office")
    return rows.exclude(about=user.department_id)


@transaction.atomic
def take(*, complaint_id: int, actor: User, now: datetime) -> Complaint:
    """Somebody of the office looks into it. Raises ObjectionError."""
    row = _moved("take", complaint_id, actor)
    row.taken_at, row.taken_by, row.low = now, actor, False
    return _save(row, "开始调查", actor=actor, now=now)


@transaction.atomic
def answer(*, complaint_id: int, text: str, actor: User, now: datetime) -> Complaint:
    """What was found and done; whoever holds the receipt reads it. Raises ObjectionError by field."""
    row = _moved("answer", complaint_id, actor)
    row.answer = text_of(text, field="text", label="答复", least=5)
    row.answered_at, row.answered_by = now, actor
    return _save(row, "答复投诉", actor=actor, now=now)


def _moved(act: str, complaint_id: int, actor: User) -> Complaint:
    row = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
    if groups.CREDIT_OFFICE not in group_names(actor) or row.office_id != actor.department_id:
        raise ObjectionError("由办理的信用办处理。")
    before, after = MOVES[act]
    if row.state != before:
        raise ObjectionError(f"这件投诉{row.get_state_display()}，请看最新情况再办。")
    row.state = after
    return row


def _save(row: Complaint, step: str, *, actor: User, now: datetime) -> Complaint:
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, step, actor=actor, now=now)
    return row


def _tell(row: Complaint, step: str, *, actor: User | None, now: datetime) -> None:
    events.complaint_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=row.office_id,
        complaint_id=row.pk,
        number=row.number,
        step=step,
    )
