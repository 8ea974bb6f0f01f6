"""Credit subjects: registering, renaming, who is responsible. One record a code (R68)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from credit_portal.audit import events, history
from credit_portal.audit.clock import local_date
from credit_portal.audit.hashing import keyed_hash

from . import access, codes
from .models import CreditSubject, Department, Region, ResponsiblePerson, SubjectName, User


class SubjectError(ValueError):
    """A subject cannot be stored so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class SubjectExists(SubjectError):
    """The code is registered already; `subject` is its record."""

    def __init__(self, subject: CreditSubject) -> None:
        super().__init__("该代码已登记，请直接使用已有记录。", field="code")
        self.subject = subject


def find_subject(code: str) -> CreditSubject | None:
    """The subject of a checked code (统一社会信用代码 or ID number), or None. One query by unique index."""
    by_uscc = CreditSubject.objects.filter(uscc=code).first()
    if by_uscc is not None:
        return by_uscc
    index = CreditSubject.id_number.index_of(code)
    return CreditSubject.objects.filter(id_number_index=index).first()


def _check_phone(phone: str) -> str:
    if not codes.clean(phone):
        return ""
    try:
        return codes.check_phone(phone)
    except codes.CodeError as error:
        raise SubjectError(str(error), field="phone") from error


@transaction.atomic
def register_subject(
    *,
    kind: str,
    code: str,
    name: str,
    name_source: str,
    region: Region,
    actor: User | None,
    department: Department | None,
    now: datetime,
    phone: str = "",
    state_owned: bool = False,
    is_demo: bool = False,
) -> CreditSubject:
    """Register a subject of one of the three kinds.

    Raises CodeError (code or name wrong, naming the part), SubjectError (field), SubjectExists (with the record).
    """
    try:
        number = codes.check_id_number(code) if kind == codes.PERSON else codes.check_uscc(code)
    except codes.CodeError as error:
        raise SubjectError(str(error), field="code") from error
    if kind == codes.SOLE_TRADER and not number.startswith("92"):
        raise SubjectError("个体工商户的统一社会信用代码应以 92 开头。", field="kind")
    if kind == codes.ORGANISATION and number.startswith("92"):
        raise SubjectError("以 92 开头的代码属于个体工商户。", field="kind")
    try:
        name = codes.normalise_name(name)
    except codes.CodeError as error:
        raise SubjectError(str(error), field="name") from error
    if kind not in CreditSubject.Kind.values:
        raise SubjectError("请选择主体类别。", field="kind")
    if name_source not in CreditSubject.NameSource.values:
        raise SubjectError("请选择名称来源。", field="name_source")
    phone = _check_phone(phone)
    subject = CreditSubject(
        kind=kind,
        uscc=None if kind == codes.PERSON else number,
        name=name,
        name_source=name_source,
        region=region,
        state_owned=state_owned,
        registered_at=now,
        registered_by=actor,
        is_demo=is_demo,
    )
    if kind == codes.PERSON:
        subject.id_number = number
    subject.phone = phone
    history.note(subject, actor=actor, now=now)
    try:
        with transaction.atomic():
            subject.save()
    except IntegrityError:
        # Two windows met the same newcomer: the second gets the first one's record.
        existing = find_subject(number)
        if existing is None:
            raise
        raise SubjectExists(existing) from None
    SubjectName.objects.create(
        subject=subject,
        name=name,
        source=name_source,
        valid_from=None,
        searchable=kind != codes.PERSON,
        recorded_at=now,
        recorded_by=actor,
    )
    events.subject_registered(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=department.pk if department else None,
        subject_id=subject.pk,
        kind=kind,
        code_hash=keyed_hash(number, purpose="subject_code"),
    )
    return subject


ERROR_NAME = "这个代码登记的名称是“{name}”，与填写的不一致。名称已变更的，请先更正主体名称。"
ERROR_PERSON_NAME = "填写的姓名与这个身份证号码登记的姓名不一致，请核对。"


def name_problem(subject: CreditSubject, name: str) -> str:
    """Why a name does not fit the subject of a code; empty where it is its own or was. Of a person the registered name is
    not said."""
    if subject.name == name or subject.names.filter(name=name).exists():
        return ""
    return ERROR_PERSON_NAME if subject.kind == codes.PERSON else ERROR_NAME.format(name=subject.name)


@transaction.atomic
def known_or_registered(
    *,
    kind: str,
    code: str,
    name: str,
    department: Department,
    actor: User | None,
    now: datetime,
    is_demo: bool = False,
) -> CreditSubject:
    """The subject that a department names, registered by it where nobody has known of it. Raises SubjectError."""
    subject = find_subject(codes.clean(code))
    if subject is None:
        try:
            subject = register_subject(
                kind=kind,
                code=code,
                name=name,
                name_source=CreditSubject.NameSource.DEPARTMENT,
                region=department.region,
                actor=actor,
                department=department,
                now=now,
                is_demo=is_demo,
            )
        except SubjectExists as error:
            subject = error.subject
    if problem := name_problem(subject, name):
        raise SubjectError(problem, field="name")
    return subject


@transaction.atomic
def rename_subject(
    *,
    subject: CreditSubject,
    name: str,
    source: str,
    actor: User | None,
    department: Department | None,
    now: datetime,
    valid_from: date | None = None,
) -> CreditSubject:
    """Give a subject its new name; the old one is kept with its dates and stays searchable. Same name: no change."""
    subject = CreditSubject.objects.select_for_update().get(pk=subject.pk)
    try:
        name = codes.normalise_name(name)
    except codes.CodeError as error:
        raise SubjectError(str(error), field="name") from error
    if source not in CreditSubject.NameSource.values:
        raise SubjectError("请选择名称来源。", field="name_source")
    if name == subject.name:
        return subject
    since = valid_from or local_date(now)
    subject.names.filter(valid_to__isnull=True).update(valid_to=since)
    SubjectName.objects.create(
        subject=subject,
        name=name,
        source=source,
        valid_from=since,
        searchable=subject.kind != codes.PERSON,
        recorded_at=now,
        recorded_by=actor,
    )
    subject.name, subject.name_source = name, source
    history.note(subject, actor=actor, now=now)
    subject.save(update_fields=["name", "name_source"])
    events.subject_renamed(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=department.pk if department else None,
        subject_id=subject.pk,
        source=source,
        name_hash=keyed_hash(name, purpose="subject_name"),
    )
    return subject


@transaction.atomic
def change_phone(
    *, subject: CreditSubject, phone: str, actor: User | None, department: Department | None, now: datetime
) -> CreditSubject:
    """Set the contact number (sealed at rest). Raises SubjectError."""
    subject = CreditSubject.objects.select_for_update().get(pk=subject.pk)
    subject.phone = _check_phone(phone)
    history.note(subject, actor=actor, now=now)
    subject.save(update_fields=["phone_sealed"])
    events.subject_contact_changed(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=department.pk if department else None,
        subject_id=subject.pk,
    )
    return subject


@transaction.atomic
def set_responsible(
    *,
    subject: CreditSubject,
    capacity: str,
    name: str,
    source: str,
    actor: User | None,
    department: Department | None,
    now: datetime,
    from_on: date | None = None,
    id_number: str = "",
) -> ResponsiblePerson:
    """Name the person now responsible in a capacity (R8); a different one before has the term ended on that day."""
    CreditSubject.objects.select_for_update().get(pk=subject.pk)
    try:
        name = codes.normalise_name(name)
        number = codes.check_id_number(id_number) if id_number else ""
    except codes.CodeError as error:
        raise SubjectError(str(error), field="responsible") from error
    if capacity not in ResponsiblePerson.Capacity.values:
        raise SubjectError("请选择责任人员的身份。", field="capacity")
    actor_id = actor.pk if actor else None
    department_id = department.pk if department else None
    since = from_on or local_date(now)
    current = subject.responsible.filter(capacity=capacity, until_on__isnull=True).first()
    if current is not None:
        if current.name == name and (not number or current.id_number == number):
            return current
        current.until_on = max(since, current.from_on or since)
        history.note(current, actor=actor, now=now)
        current.save(update_fields=["until_on"])
        events.responsible_ended(
            now=now,
            actor_id=actor_id,
            department_id=department_id,
            subject_id=subject.pk,
            person_id=current.pk,
            capacity=capacity,
        )
    person = ResponsiblePerson(subject=subject, capacity=capacity, name=name, from_on=since, source=source)
    person.id_number = number
    history.note(person, actor=actor, now=now)
    person.save()
    if capacity == ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE:
        access.end_of_representative(subject=subject, now=now)
    events.responsible_set(
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        subject_id=subject.pk,
        person_id=person.pk,
        capacity=capacity,
    )
    return person
