"""Departments, and the accounts of their staff. Only a security administrator (or the shell of an empty deployment)
opens, changes or closes an account; nobody changes the own one."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from axes.utils import reset as forget_failures
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from credit_portal.audit import events
from credit_portal.audit.clock import local_date

from . import codes, contacts, groups
from .models import Department, Region, User
from .permissions import ADMITTED
from .visibility import has_role

# They keep the machine and its accounts, and handle nobody's business.
WITHOUT_DEPARTMENT = frozenset({groups.SECURITY_ADMIN, groups.SYSTEM_ADMIN})
FIELD_LABELS = {
    "display_name": "姓名",
    "department": "部门",
    "window_label": "窗口",
    "email": "电子邮件地址",
    "mobile": "手机号码",
    "groups": "角色",
}


class StaffError(ValueError):
    """An account or a department cannot be stored so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def _only_security_admin(actor: User | None, user: User | None = None) -> None:
    """`actor` None is the shell: whoever holds it holds the machine."""
    if actor is None:
        return
    if not has_role(actor, groups.SECURITY_ADMIN):
        raise StaffError("只有安全管理员可以管理账号。")
    if user is not None and user.pk == actor.pk:
        raise StaffError("不能变更自己的账号，请由另一名安全管理员办理。")


def _checked_mobile(mobile: str) -> str:
    try:
        return codes.check_mobile(mobile)
    except codes.CodeError as error:
        raise StaffError(str(error), field="mobile") from error


def _checked_groups(names: Iterable[str], department: Department | None) -> list[str]:
    wanted = [name for name in groups.LABELS if name in set(names)]
    try:
        groups.check_compatible(names)
    except groups.IncompatibleRoles as error:
        raise StaffError(str(error), field="groups") from error
    if not wanted:
        raise StaffError("请至少选择一个角色。", field="groups")
    if department is None and set(wanted) - WITHOUT_DEPARTMENT:
        raise StaffError("业务和审计角色须有所属部门。", field="department")
    if department is not None and not department.is_active:
        raise StaffError("该部门已停用。", field="department")
    if groups.CREDIT_OFFICE in wanted and department and department.kind != Department.Kind.CREDIT_OFFICE:
        raise StaffError("信用办角色只能授予信用主管部门的人员。", field="groups")
    return wanted


def _cleaned(user: User) -> None:
    try:
        user.clean_fields(exclude=["password", "department"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise StaffError(messages[0], field=field) from error


def _locked(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).select_related("department").get(pk=user.pk)


def _store(user: User, actor: User | None, now: datetime) -> None:
    user._history_user = actor
    user._history_date = now
    user.save()


def _end_sessions(user: User, now: datetime) -> None:
    for session in Session.objects.filter(expire_date__gt=now):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


@transaction.atomic
def create_staff(
    *,
    username: str,
    display_name: str,
    groups: Iterable[str],
    department: Department | None,
    actor: User | None,
    now: datetime,
    window_label: str = "",
    email: str = "",
    mobile: str = "",
    is_demo: bool = False,
) -> User:
    """Open an account without a password; `issue_link` lets its owner set one. Raises StaffError."""
    _only_security_admin(actor)
    names = _checked_groups(groups, department)
    user = User(
        username=User.normalize_username(username.strip()),
        display_name=display_name.strip(),
        department=department,
        window_label=window_label.strip(),
        email=email.strip(),
        is_staff=bool(ADMITTED & set(names)),
        is_demo=is_demo,
        date_joined=now,
    )
    user.set_unusable_password()
    _cleaned(user)
    if User.objects.filter(username__iexact=user.username).exists():
        raise StaffError("这个用户名已有人使用。", field="username")
    try:
        with transaction.atomic():
            _store(user, actor, now)
    except IntegrityError as error:
        raise StaffError("这个用户名已有人使用。", field="username") from error
    if number := _checked_mobile(mobile):
        # Sealed under the account's id, which it has only now.
        user.mobile = number
        _store(user, actor, now)
    user.groups.set(Group.objects.filter(name__in=names))
    events.staff_created(
        now=now,
        actor_id=actor.pk if actor else None,
        user_id=user.pk,
        username=user.username,
        groups="、".join(names),
    )
    return user


@transaction.atomic
def change_staff(
    *,
    user: User,
    actor: User | None,
    now: datetime,
    display_name: str,
    department: Department | None,
    groups: Iterable[str],
    window_label: str = "",
    email: str = "",
    mobile: str = "",
) -> User:
    """Give an account these particulars and roles. Nothing is written where nothing differs. Raises StaffError."""
    _only_security_admin(actor, user)
    user = _locked(user)
    if user.left_on is not None:
        raise StaffError("该账号已离岗，不能变更。")
    names = _checked_groups(groups, department)
    had = set(user.groups.values_list("name", flat=True))
    wanted: dict[str, Any] = {
        "display_name": display_name.strip(),
        "department": department,
        "window_label": window_label.strip(),
        "email": email.strip(),
        "mobile": _checked_mobile(mobile),
    }
    changed = [FIELD_LABELS[name] for name, value in wanted.items() if getattr(user, name) != value]
    if had != set(names):
        changed.append(FIELD_LABELS["groups"])
    if not changed:
        return user
    for name, value in wanted.items():
        setattr(user, name, value)
    user.is_staff = bool(ADMITTED & set(names))
    _cleaned(user)
    _store(user, actor, now)
    if FIELD_LABELS["department"] in changed:
        contacts.end_of_person(user=user, on=local_date(now), actor=actor, now=now)
    user.groups.set(Group.objects.filter(name__in=names))
    told = "、".join(changed)
    if had != set(names):
        told += f"（现为{_labels(names)}）"
    events.staff_changed(
        now=now, actor_id=actor.pk if actor else None, user_id=user.pk, username=user.username, changed=told
    )
    return user


def _labels(names: Iterable[str]) -> str:
    return "、".join(groups.LABELS[name] for name in names)


@transaction.atomic
def mark_left(*, user: User, on: date, actor: User | None, now: datetime) -> User:
    """Close a leaver's account at once: no password, no second factor, no session, no link that still opens.

    `on` is the last day at work, today or earlier. Raises StaffError.
    """
    _only_security_admin(actor, user)
    user = _locked(user)
    if user.left_on is not None:
        raise StaffError("该账号已办理离岗。")
    if on > local_date(now):
        raise StaffError("离岗日期不能晚于今天。", field="left_on")
    user.left_on, user.is_active = on, False
    # Links and sessions are bound to the password: with it they end.
    user.set_unusable_password()
    _store(user, actor, now)
    Authenticator.objects.filter(user=user).delete()
    _end_sessions(user, now)
    contacts.end_of_person(user=user, on=on, actor=actor, now=now)
    events.staff_left(now=now, actor_id=actor.pk if actor else None, user_id=user.pk, username=user.username)
    return user


@transaction.atomic
def bring_back(*, user: User, actor: User | None, now: datetime) -> User:
    """Open a leaver's account again (left by mistake, or came back); a link then sets the password."""
    _only_security_admin(actor, user)
    user = _locked(user)
    if user.left_on is None:
        raise StaffError("该账号在用，不需要恢复。")
    user.left_on, user.is_active = None, True
    _store(user, actor, now)
    events.staff_changed(
        now=now,
        actor_id=actor.pk if actor else None,
        user_id=user.pk,
        username=user.username,
        changed="恢复使用",
    )
    return user


@transaction.atomic
def issue_link(*, user: User, actor: User | None, now: datetime, forget_second_factor: bool = False) -> str:
    """A one-time link (path) with which the account's owner sets a password.

    What was before ends: the old password, earlier links, open sessions and a lock after failed logins; with
    `forget_second_factor` the lost telephone too. Raises StaffError.
    """
    _only_security_admin(actor, user)
    user = _locked(user)
    if user.left_on is not None or not user.is_active:
        raise StaffError("该账号已停用，请先恢复使用。")
    user.set_unusable_password()
    _store(user, actor, now)
    _end_sessions(user, now)
    forget_failures(username=user.username)
    if forget_second_factor:
        Authenticator.objects.filter(user=user).delete()
    events.staff_link_issued(
        now=now, actor_id=actor.pk if actor else None, user_id=user.pk, username=user.username
    )
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )


@transaction.atomic
def save_department(
    *,
    department: Department | None,
    uscc: str,
    name: str,
    kind: str,
    region: Region,
    actor: User | None,
    now: datetime,
    short_name: str = "",
    head: User | None = None,
    address: str = "",
    phone: str = "",
    is_active: bool = True,
    is_demo: bool = False,
) -> Department:
    """Enter a department, or (`department` given) change it; its code stays. Raises StaffError."""
    if actor is not None and not has_role(actor, groups.SYSTEM_ADMIN):
        raise StaffError("只有系统管理员可以维护部门。")
    try:
        code, name = codes.check_uscc(uscc), codes.normalise_name(name)
    except codes.CodeError as error:
        field = "uscc" if "信用代码" in str(error) else "name"
        raise StaffError(str(error), field=field) from error
    if department is None:
        row = Department(uscc=code, is_demo=is_demo)
        if Department.objects.filter(uscc=code).exists():
            raise StaffError("该统一社会信用代码的部门已存在。", field="uscc")
    else:
        row = Department.objects.select_for_update(of=("self",)).get(pk=department.pk)
        if row.uscc != code:
            raise StaffError("统一社会信用代码不能变更；代码变了的是另一个部门。", field="uscc")
        if row.is_active and not is_active and row.staff.filter(is_active=True).exists():
            raise StaffError("该部门还有在用账号，不能停用。", field="is_active")
    row.name, row.kind, row.region = name, kind, region
    row.short_name = short_name.strip() or name[:40]
    row.head, row.address, row.phone, row.is_active = head, address.strip(), phone.strip(), is_active
    try:
        row.clean_fields(exclude=["head"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise StaffError(messages[0], field=field) from error
    if head is not None and head.department_id != row.pk:
        raise StaffError("负责人须是本部门人员。", field="head")
    row._history_user, row._history_date = actor, now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise StaffError("该统一社会信用代码的部门已存在。", field="uscc") from error
    events.department_saved(
        now=now, actor_id=actor.pk if actor else None, department_id=row.pk, uscc=row.uscc
    )
    return row
