"""Who answers for the use of credit records in each unit: named by the unit's head or by the credit office, replaced and
ended; and which units have nobody. (S3 三（四）, R117.)"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note

from . import codes, groups
from .models import Department, UnitContact, User
from .visibility import departments_visible_to, group_names, limit_to_visible

Role = UnitContact.Role
# Townships, development zones and departments (S3 三（四）); the credit office is who asks, associations are not named.
UNITS: tuple[str, ...] = (
    Department.Kind.COMPETENT, Department.Kind.APPROVAL_BUREAU, Department.Kind.TOWNSHIP, Department.Kind.OTHER,
    Department.Kind.TAX,
)  # fmt: skip
MOST_NAME, MOST_POST, MOST_PHONE = 60, 60, 40
ERROR_GONE = "这条登记已经结束，请刷新页面。"


class ContactError(ValueError):
    """It cannot be stored so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def contacts_visible_to(user: User) -> QuerySet[UnitContact]:
    """Of the own unit, or of the own region and below."""
    return limit_to_visible(UnitContact.objects.all(), user)


def current(rows: QuerySet[UnitContact]) -> QuerySet[UnitContact]:
    return rows.filter(until_on__isnull=True)


def units_of(departments: QuerySet[Department]) -> QuerySet[Department]:
    """Of some departments those in use that have to name somebody."""
    return departments.filter(kind__in=UNITS, is_active=True)


def with_contacts(departments: QuerySet[Department]) -> QuerySet[Department]:
    """Departments with `leader`, `leader_phone`, `contact`, `contact_phone` of whoever is it now; None where nobody is."""
    named = {}
    for role in Role.values:
        now = UnitContact.objects.filter(department=OuterRef("pk"), role=role, until_on__isnull=True)
        named[role] = Subquery(now.values("name")[:1], output_field=CharField())
        named[f"{role}_phone"] = Subquery(now.values("office_phone")[:1], output_field=TextField())
    return departments.annotate(**named)


def lacking(departments: QuerySet[Department]) -> QuerySet[Department]:
    """Units in which one of the roles is nobody's."""
    now = UnitContact.objects.filter(department=OuterRef("pk"), until_on__isnull=True)
    filled = Q()
    for role in Role.values:
        filled &= Q(Exists(now.filter(role=role)))
    return units_of(departments).exclude(filled)


def reporter_of(department_id: int | None) -> str:
    """The name of a unit's present contact, empty where it has none."""
    rows = current(UnitContact.objects.filter(department=department_id, role=Role.CONTACT))
    return rows.values_list("name", flat=True).first() or ""


# ---- changed -----------------------------------------------------------------------------------------------


@transaction.atomic
def appoint(
    *,
    department: Department,
    role: str,
    from_on: date,
    actor: User | None,
    now: datetime,
    person: User | None = None,
    name: str = "",
    post: str = "",
    office_phone: str = "",
    mobile: str = "",
    is_demo: bool = False,
) -> UnitContact:
    """Name who it is from a day on; whoever was it before was it until the day before. Raises ContactError by field."""
    _check_hand(actor, department)
    # The unit's row: of two at the same moment the second finds the first.
    unit = Department.objects.select_for_update(of=("self",)).get(pk=department.pk)
    if role not in Role.values:
        raise ContactError("请选择职责。", field="role")
    if unit.kind not in UNITS or not unit.is_active:
        raise ContactError("这个单位不需要登记责任人，或者已经停用。")
    if from_on > local_date(now):
        raise ContactError("任职起始日期不能晚于今天。", field="from_on")
    before = current(unit.contacts.select_for_update(of=("self",)).filter(role=role)).first()
    if before is not None:
        if from_on <= before.from_on:
            raise ContactError(
                f"任职起始日期应晚于现任{before.name}的 {before.from_on}。登记有误的，请用“更正”。",
                field="from_on",
            )
        _end(before, on=from_on - timedelta(days=1), actor=actor, now=now)
    row = UnitContact(
        department=unit, role=role, from_on=from_on, recorded_at=now, recorded_by=actor, is_demo=is_demo
    )
    _fill(row, person=person, name=name, post=post, office_phone=office_phone, mobile=mobile)
    _store(row, actor=actor, now=now)
    _tell(row, "登记", actor=actor, now=now)
    return row


@transaction.atomic
def correct(
    *,
    contact_id: int,
    actor: User | None,
    now: datetime,
    person: User | None = None,
    name: str = "",
    post: str = "",
    office_phone: str = "",
    mobile: str = "",
) -> UnitContact:
    """Put the particulars of the present one right: the same person, the same term. Raises ContactError by field."""
    row = _taken(contact_id, actor)
    _fill(row, person=person, name=name, post=post, office_phone=office_phone, mobile=mobile)
    _store(row, actor=actor, now=now)
    _tell(row, "更正", actor=actor, now=now)
    return row


@transaction.atomic
def end(*, contact_id: int, on: date, actor: User | None, now: datetime) -> UnitContact:
    """Nobody is it any more after a day; the unit then stands among those that have nobody. Raises ContactError."""
    row = _taken(contact_id, actor)
    if not row.from_on <= on <= local_date(now):
        raise ContactError(f"任职结束日期应在 {row.from_on} 与今天之间。", field="until_on")
    return _end(row, on=on, actor=actor, now=now)


def end_of_person(*, user: User, on: date, actor: User | None, now: datetime) -> None:
    """Whoever has left, or works in another unit now, answers for nothing there any more. In the caller's transaction."""
    for row in current(user.contact_terms.select_for_update(of=("self",)).select_related("department")):
        if row.department_id != user.department_id or not user.is_active:
            _end(row, on=max(on, row.from_on), actor=actor, now=now)


def _check_hand(actor: User | None, department: Department) -> None:
    if actor is None:
        return
    held = group_names(actor)
    own = groups.HEAD in held and department.pk == actor.department_id
    office = groups.CREDIT_OFFICE in held and departments_visible_to(actor).filter(pk=department.pk).exists()
    if not own and not office:
        raise ContactError("责任人由本单位负责人或者信用办登记。")


def _taken(contact_id: int, actor: User | None) -> UnitContact:
    row = UnitContact.objects.select_for_update(of=("self",)).select_related("department").get(pk=contact_id)
    _check_hand(actor, row.department)
    if row.until_on is not None:
        raise ContactError(ERROR_GONE)
    return row


def _fill(
    row: UnitContact, *, person: User | None, name: str, post: str, office_phone: str, mobile: str
) -> None:
    if person is not None and (person.department_id != row.department_id or not person.is_active):
        raise ContactError("账号应是本单位在用的账号。", field="person")
    try:
        row.name = codes.normalise_name(person.display_name if person else name)
    except codes.CodeError as error:
        raise ContactError("请选择账号，或者填写姓名。" if not name else str(error), field="name") from error
    for value, most, field, label in (
        (row.name, MOST_NAME, "name", "姓名"),
        (post.strip(), MOST_POST, "post", "职务"),
        (office_phone.strip(), MOST_PHONE, "office_phone", "办公电话"),
    ):
        if len(value) > most:
            raise ContactError(f"{label}最多 {most} 个字。", field=field)
    try:
        row.mobile = codes.check_mobile(mobile)
    except codes.CodeError as error:
        raise ContactError(str(error), field="mobile") from error
    row.person, row.post, row.office_phone = person, post.strip(), office_phone.strip()
    if not row.office_phone and not row.mobile_sealed:
        raise ContactError("办公电话和手机号码至少填写一项。", field="office_phone")


def _store(row: UnitContact, *, actor: User | None, now: datetime) -> None:
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ContactError("这项职责刚刚已由他人登记，请刷新页面。") from error


def _end(row: UnitContact, *, on: date, actor: User | None, now: datetime) -> UnitContact:
    row.until_on = on
    _store(row, actor=actor, now=now)
    _tell(row, "结束", actor=actor, now=now)
    return row


def _tell(row: UnitContact, step: str, *, actor: User | None, now: datetime) -> None:
    events.unit_contact(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=row.department_id,
        contact_id=row.pk,
        role=row.role,
        step=step,
    )


def people_to_ask(departments: Sequence[int]) -> dict[int, list[User]]:
    """By unit whom to ask: its heads, where it has none whoever else works at the desk. One query."""
    found: dict[int, dict[str, list[User]]] = {}
    rows = (
        User.objects.filter(
            department__in=departments,
            is_active=True,
            groups__name__in=[groups.HEAD, groups.OFFICER, groups.APPROVAL_BUREAU],
        )
        .annotate(role=F("groups__name"))
        .order_by("pk")
    )
    for user in rows:
        found.setdefault(user.department_id or 0, {}).setdefault(user.role, []).append(user)  # type: ignore[attr-defined]
    return {
        unit: by.get(groups.HEAD) or by.get(groups.OFFICER) or by[groups.APPROVAL_BUREAU]
        for unit, by in found.items()
    }
