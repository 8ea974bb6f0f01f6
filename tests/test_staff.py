"""Accounts: who opens them, how the first one comes about, and what is left of a leaver's."""

import io
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from credit_portal.audit import clock
from credit_portal.audit.events import sentence
from credit_portal.audit.models import AuditEvent
from credit_portal.registry import groups, staff
from credit_portal.registry.models import Department, Region, User
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture
def keeper() -> User:
    return factories.staff(groups.SECURITY_ADMIN)


def open_account(keeper: User | None, **fields) -> User:
    values = {
        "username": "wangfang",
        "display_name": "王芳",
        "groups": [groups.CLERK],
        "department": factories.department(),
        "actor": keeper,
        "now": NOW,
    }
    return staff.create_staff(**(values | fields))


def test_a_security_administrator_opens_an_account_and_the_log_tells_of_it(keeper):
    user = open_account(keeper)
    assert list(user.groups.values_list("name", flat=True)) == [groups.CLERK]
    assert not user.has_usable_password() and not user.is_staff and not user.is_superuser
    event = AuditEvent.objects.get(verb="staff.created")
    assert (event.actor_id, event.target_id) == (keeper.pk, str(user.pk))
    assert "王芳" not in bytes(event.canonical).decode()
    history = user.history.get()
    assert history.history_user == keeper and history.history_date == NOW


@pytest.mark.parametrize("role", sorted(set(groups.LABELS) - {groups.SECURITY_ADMIN}))
def test_nobody_else_opens_changes_or_closes_accounts(role):
    actor, other = factories.staff(role), factories.staff(groups.CLERK)
    with pytest.raises(staff.StaffError, match="安全管理员"):
        open_account(actor)
    with pytest.raises(staff.StaffError, match="安全管理员"):
        staff.change_staff(
            user=other,
            actor=actor,
            now=NOW,
            display_name="甲",
            department=other.department,
            groups=[groups.HEAD],
        )
    with pytest.raises(staff.StaffError, match="安全管理员"):
        staff.mark_left(user=other, on=NOW.date(), actor=actor, now=NOW)
    with pytest.raises(staff.StaffError, match="安全管理员"):
        staff.issue_link(user=other, actor=actor, now=NOW)
    other.refresh_from_db()
    assert other.is_active and list(other.groups.values_list("name", flat=True)) == [groups.CLERK]


def test_a_security_administrator_cannot_touch_the_own_account(keeper):
    with pytest.raises(staff.StaffError, match="自己的账号"):
        staff.change_staff(
            user=keeper,
            actor=keeper,
            now=NOW,
            display_name="甲",
            department=None,
            groups=[groups.SECURITY_ADMIN],
        )
    with pytest.raises(staff.StaffError, match="自己的账号"):
        staff.issue_link(user=keeper, actor=keeper, now=NOW)


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ([groups.CLERK, groups.AUDITOR], "业务、审计"),
        ([groups.SECURITY_ADMIN, groups.SYSTEM_ADMIN], "系统管理、安全管理"),
        ([groups.SECURITY_ADMIN, groups.AUDITOR], "安全管理、审计"),
        ([groups.SYSTEM_ADMIN, groups.CREDIT_OFFICE], "业务、系统管理"),
        (["boss"], "没有这样的角色"),
        ([], "至少选择一个角色"),
    ],
)
def test_powers_that_must_stay_apart_never_meet_in_one_account(keeper, roles, told):
    with pytest.raises(staff.StaffError, match=told) as refusal:
        open_account(keeper, groups=roles)
    assert refusal.value.field == "groups"
    assert not User.objects.filter(username="wangfang").exists()
    user = open_account(keeper)
    with pytest.raises(staff.StaffError, match=told):
        staff.change_staff(
            user=user,
            actor=keeper,
            now=NOW,
            display_name=user.display_name,
            department=user.department,
            groups=roles,
        )
    assert list(user.groups.values_list("name", flat=True)) == [groups.CLERK]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "王 芳"}, "username"),
        ({"username": ""}, "username"),
        ({"display_name": "  "}, "display_name"),
        ({"display_name": "王" * 61}, "display_name"),
        ({"email": "nowhere"}, "email"),
        ({"department": None}, "department"),
        ({"groups": [groups.CREDIT_OFFICE]}, "groups"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(keeper, fields, field):
    with pytest.raises(staff.StaffError) as refusal:
        open_account(keeper, **fields)
    assert refusal.value.field == field
    assert not re.search(r"[A-Za-z]{3}", str(refusal.value))
    assert not AuditEvent.objects.exists()


def test_a_user_name_is_taken_once_whatever_its_case(keeper):
    open_account(keeper)
    with pytest.raises(staff.StaffError, match="已有人使用") as refusal:
        open_account(keeper, username="WangFang")
    assert refusal.value.field == "username"


def test_a_change_says_what_changed_and_no_change_writes_nothing(keeper):
    user = open_account(keeper)
    same = {"display_name": "王芳", "department": user.department, "groups": [groups.CLERK]}
    staff.change_staff(user=user, actor=keeper, now=NOW, **same)
    assert not AuditEvent.objects.filter(verb="staff.changed").exists() and user.history.count() == 1
    staff.change_staff(
        user=user, actor=keeper, now=NOW, **(same | {"groups": [groups.OFFICER, groups.CLERK]})
    )
    event = AuditEvent.objects.get(verb="staff.changed")
    assert sentence(event) == "变更账号 wangfang：角色（现为窗口人员、部门经办人）"
    user.refresh_from_db()
    assert user.is_staff


def test_the_link_sets_the_password_once_and_a_newer_one_voids_it(keeper):
    user = open_account(keeper)
    first = staff.issue_link(user=user, actor=keeper, now=NOW)
    second = staff.issue_link(user=user, actor=keeper, now=NOW)

    def form_of(link):
        client = Client()
        page = client.get(link, follow=True)
        return client, page

    _, page = form_of(first)
    assert page.context["token_fail"]
    client, page = form_of(second)
    assert "token_fail" not in page.context
    password = "a long enough sentence"
    address = page.redirect_chain[-1][0]
    client.post(address, {"password1": password, "password2": password})
    user.refresh_from_db()
    assert user.check_password(password)
    _, page = form_of(second)
    assert page.context["token_fail"]


def test_a_leaver_is_out_at_once(keeper):
    user = factories.staff(groups.OFFICER)
    link = staff.issue_link(user=user, actor=keeper, now=NOW)
    user.refresh_from_db()
    user.set_password("the old password")
    user.save()
    Authenticator.objects.create(user=user, type="totp", data={})
    session = Client()
    session.force_login(user, backend="credit_portal.registry.accounts.StaffBackend")
    assert session.get("/admin/").status_code == 200
    before = Session.objects.count()

    staff.mark_left(user=user, on=clock.today(), actor=keeper, now=clock.now())

    assert session.get("/admin/").status_code == 302
    assert Session.objects.count() == before - 1
    assert not Authenticator.objects.filter(user=user).exists()
    assert Client().get(link, follow=True).context["token_fail"]
    user.refresh_from_db()
    assert not user.is_active and not user.has_usable_password()
    assert AuditEvent.objects.filter(verb="staff.left", target_id=str(user.pk)).exists()
    with pytest.raises(staff.StaffError, match="已停用"):
        staff.issue_link(user=user, actor=keeper, now=NOW)


def test_nobody_leaves_tomorrow_or_twice(keeper):
    user = factories.staff(groups.CLERK)
    with pytest.raises(staff.StaffError, match="不能晚于今天"):
        staff.mark_left(user=user, on=NOW.date() + timedelta(days=1), actor=keeper, now=NOW)
    staff.mark_left(user=user, on=NOW.date(), actor=keeper, now=NOW)
    with pytest.raises(staff.StaffError, match="已办理离岗"):
        staff.mark_left(user=user, on=NOW.date(), actor=keeper, now=NOW)
    with pytest.raises(staff.StaffError, match="已离岗"):
        staff.change_staff(
            user=user,
            actor=keeper,
            now=NOW,
            display_name="甲",
            department=user.department,
            groups=[groups.CLERK],
        )
    staff.bring_back(user=user, actor=keeper, now=NOW)
    user.refresh_from_db()
    assert user.is_active and user.left_on is None and not user.has_usable_password()


def test_an_empty_deployment_comes_to_its_first_department_and_account():
    out = io.StringIO()
    code = factories.organisation_code(prefix="11")
    call_command(
        "create_department",
        "--uscc",
        code,
        "--name",
        "栾城区发展和改革局",
        "--kind",
        "credit_office",
        "--region",
        "130111",
        stdout=out,
    )
    department = Department.objects.get()
    assert (department.name, department.region_id) == ("栾城区发展和改革局", "130111")
    call_command(
        "create_staff",
        "--username",
        "xinyong",
        "--group",
        "credit_office",
        "--department",
        code.lower(),
        "--name",
        "赵敏",
        stdout=out,
    )
    user = User.objects.get(username="xinyong")
    assert (user.department, user.display_name) == (department, "赵敏")
    link = re.search(r"http://localhost:8000(/accounts/\S+)", out.getvalue())
    assert link and "token_fail" not in Client().get(link[1], follow=True).context


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("create_staff", ["--username", "a", "--group", "clerk", "--department", "1"], "create_department"),
        ("create_staff", ["--username", "a", "--group", "clerk"], "须有所属部门"),
        ("create_staff", ["--username", "a", "--group", "chief"], "没有这样的角色"),
        ("create_staff", ["--group", "clerk"], "缺少 --username。"),
        ("create_department", ["--uscc", "1", "--name", "甲"], "缺少 --kind、--region。"),
        (
            "create_department",
            ["--uscc", "1", "--name", "甲", "--kind", "other", "--region", "130111"],
            "应为 18 位",
        ),
        (
            "create_department",
            ["--uscc", "1", "--name", "甲", "--kind", "palace", "--region", "130111"],
            "没有部门类别",
        ),
        (
            "create_department",
            ["--uscc", "1", "--name", "甲", "--kind", "other", "--region", "999999"],
            "没有行政区划",
        ),
    ],
)
def test_a_command_says_in_chinese_why_it_did_nothing(command, options, told):
    factories.region("130111")
    with pytest.raises(CommandError, match=told):
        call_command(command, *options)
    assert not User.objects.exists() and not Department.objects.exists()


def test_the_regions_of_the_shipped_rules_are_there_from_the_start():
    rows = {row.code: (row.name, row.path) for row in Region.objects.all()}
    assert rows["130111"] == ("栾城区", "000000/130000/130100/130111")
    assert rows["410103"] == ("二七区", "000000/410000/410100/410103")
    assert rows["130129"][0] == "赞皇县" and len(rows) == 8


def test_only_the_system_administrator_keeps_departments(keeper):
    fields = {
        "uscc": factories.organisation_code(prefix="11"),
        "name": "某局",
        "kind": Department.Kind.COMPETENT,
        "region": factories.region(),
        "now": NOW,
    }
    with pytest.raises(staff.StaffError, match="系统管理员"):
        staff.save_department(department=None, actor=keeper, **fields)
    made = staff.save_department(department=None, actor=factories.staff(groups.SYSTEM_ADMIN), **fields)
    with pytest.raises(staff.StaffError, match="已存在"):
        staff.save_department(department=None, actor=None, **fields)
    with pytest.raises(staff.StaffError, match="不能变更"):
        staff.save_department(
            department=made, actor=None, **(fields | {"uscc": factories.organisation_code(prefix="11")})
        )
    factories.staff(groups.CLERK, department=made)
    with pytest.raises(staff.StaffError, match="在用账号"):
        staff.save_department(department=made, actor=None, is_active=False, **fields)
    assert AuditEvent.objects.filter(verb="department.saved").count() == 1
