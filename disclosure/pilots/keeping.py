"""Pilots are begun, noted, summed up or stopped, and shown: the only place where they change. (S1 二十, S4 20, R112.)"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, Domain, ServiceItem, User
from credit_portal.registry.visibility import departments_visible_to, group_names, limit_to_visible
from disclosure.models import Pilot, PilotNote

from .figures import as_data, measured

State = Pilot.State
MOST_TEXT, MOST_NOTE = 5_000, 2_000
# As many days before it are counted, too.
FIRST_YEAR = 2015


class PilotRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Plan:
    """What a pilot sets out with. Without a unit the whole region; without item and field everything."""

    title: str
    from_on: date
    until_on: date
    goals: str
    leader: str
    unit: Department | None = None
    domain: str = ""
    item: str = ""


def pilots_visible_to(user: User) -> QuerySet[Pilot]:
    """Of the own region and below for the office and the auditor; a unit's own for the unit."""
    rows = Pilot.objects.all()
    if group_names(user) & groups.REGIONAL:
        return limit_to_visible(rows, user, department_field="office")
    return limit_to_visible(rows, user, department_field="unit")


@transaction.atomic
def begin(*, plan: Plan, actor: User, now: datetime) -> Pilot:
    """Raises PilotRefused by field."""
    office = _office(actor)
    if plan.from_on.year < FIRST_YEAR:
        raise PilotRefused(f"开始日期不能早于 {FIRST_YEAR} 年。", field="from_on")
    if plan.until_on <= plan.from_on:
        raise PilotRefused("结束日期应晚于开始日期。", field="until_on")
    if plan.domain and plan.domain not in Domain.values:
        raise PilotRefused("没有这个领域。", field="domain")
    if plan.unit is not None and not departments_visible_to(actor).filter(pk=plan.unit.pk).exists():
        raise PilotRefused("试点单位不在您的管理范围内。", field="unit")
    item = None
    if code := plan.item.replace("\0", "").strip():
        item = ServiceItem.objects.filter(code=code).first()
        if item is None:
            raise PilotRefused(f"没有编码为“{code[:40]}”的事项。", field="item")
    region = plan.unit.region if plan.unit else office.region
    row = Pilot(
        number=numbering.document_number("O", office.region_id, local_date(now).year),
        office=office, region=region, unit=plan.unit, domain=plan.domain, item=item,
        title=_text(plan.title, "title", "试点名称", 100), from_on=plan.from_on, until_on=plan.until_on,
        goals=_text(plan.goals, "goals", "目标", MOST_TEXT), leader=_text(plan.leader, "leader", "负责人", 60),
        begun_by=actor, begun_at=now, is_demo=office.is_demo,
    )  # fmt: skip
    note(row, actor=actor, now=now)
    row.save(force_insert=True)
    _tell(row, "登记", actor=actor, now=now)
    return row


@transaction.atomic
def add_note(*, pilot_id: int, on: date, text: str, actor: User, now: datetime) -> PilotNote:
    """How it goes on: by the office, or by the unit where it is tried. Raises PilotRefused by field."""
    row = _locked(pilot_id)
    if actor.department_id not in (row.office_id, row.unit_id):
        raise PilotRefused("进展由组织机关或者试点单位登记。")
    if row.state != State.RUNNING:
        raise PilotRefused(f"这个试点{row.get_state_display()}。")
    if not row.from_on <= on <= local_date(now):
        raise PilotRefused(f"进展的日期应在开始日期 {row.from_on} 与今天之间。", field="on")
    made = PilotNote.objects.create(
        pilot=row, on=on, text=_text(text, "text", "进展", MOST_NOTE), at=now, by=actor
    )
    _tell(row, "登记进展", actor=actor, now=now)
    return made


@transaction.atomic
def close(
    *, pilot_id: int, verdict: str, summary: str, actor: User, now: datetime, stopped: bool = False
) -> Pilot:
    """Sum it up with the figures of the day, or stop it for a reason; neither is altered afterwards. Raises PilotRefused."""
    row = _own(pilot_id, actor)
    if row.state != State.RUNNING:
        raise PilotRefused(f"这个试点{row.get_state_display()}。")
    if not stopped and verdict not in Pilot.Verdict.values:
        raise PilotRefused("请选择结论。", field="verdict")
    today = local_date(now)
    if not stopped and today < row.from_on:
        raise PilotRefused(f"试点 {row.from_on} 开始，还不能总结。")
    row.summary = _text(summary, "summary", "总结" if not stopped else "终止的理由", MOST_TEXT)
    row.verdict = "" if stopped else verdict
    row.figures = as_data(measured(row, today))
    row.state, row.closed_on, row.closed_by = (
        (State.STOPPED if stopped else State.SUMMED_UP), today, actor,
    )  # fmt: skip
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, row.get_state_display(), actor=actor, now=now)
    return row


@transaction.atomic
def show(*, pilot_id: int, public: bool, actor: User, now: datetime) -> Pilot:
    """Put it before the public, or take it back. Raises PilotRefused."""
    row = _own(pilot_id, actor)
    if public == (row.public_at is not None):
        raise PilotRefused("已经公开。" if public else "没有公开。")
    row.public_at, row.public_by = (now, actor) if public else (None, None)
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, "公开" if public else "停止公开", actor=actor, now=now)
    return row


def _office(actor: User) -> Department:
    if groups.CREDIT_OFFICE not in group_names(actor) or actor.department is None:
        raise PilotRefused("试点由信用办办理。")
    return actor.department


def _locked(pilot_id: int) -> Pilot:
    return Pilot.objects.select_for_update(of=("self",)).select_related("office", "region").get(pk=pilot_id)


def _own(pilot_id: int, actor: User) -> Pilot:
    row = _locked(pilot_id)
    if _office(actor).pk != row.office_id:
        raise PilotRefused("由组织这个试点的信用办办理。")
    return row


def _text(value: str, field: str, label: str, most: int) -> str:
    text = value.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise PilotRefused(f"请填写{label}。", field=field)
    if len(text) > most:
        raise PilotRefused(f"{label}最多 {most} 个字，现为 {len(text)} 个字。", field=field)
    return text


def _tell(row: Pilot, step: str, *, actor: User, now: datetime) -> None:
    events.pilot_step(
        now=now, actor_id=actor.pk, department_id=actor.department_id or row.office_id, pilot_id=row.pk,
        number=row.number, step=step,
    )  # fmt: skip
