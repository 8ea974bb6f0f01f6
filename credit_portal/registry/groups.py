"""Roles, what each may do, and which never meet in one account (三权分立)."""

from collections.abc import Iterable

CLERK, OFFICER, HEAD = "clerk", "officer", "head"
APPROVAL_BUREAU, ASSOCIATION, CREDIT_OFFICE = "approval_bureau", "association", "credit_office"
AUDITOR, SECURITY_ADMIN, SYSTEM_ADMIN = "auditor", "security_admin", "system_admin"

LABELS = {
    CLERK: "窗口人员",
    OFFICER: "部门经办人",
    HEAD: "部门负责人",
    APPROVAL_BUREAU: "行政审批局",
    ASSOCIATION: "行业协会",
    CREDIT_OFFICE: "信用办",
    AUDITOR: "审计员",
    SECURITY_ADMIN: "安全管理员",
    SYSTEM_ADMIN: "系统管理员",
}
BUSINESS = frozenset({CLERK, OFFICER, HEAD, APPROVAL_BUREAU, ASSOCIATION, CREDIT_OFFICE})
POWERS = {
    "业务": BUSINESS,
    "系统管理": frozenset({SYSTEM_ADMIN}),
    "安全管理": frozenset({SECURITY_ADMIN}),
    "审计": frozenset({AUDITOR}),
}
# Who sees a whole region and what lies below it, not just the own department.
REGIONAL = frozenset({CREDIT_OFFICE, AUDITOR})


class IncompatibleRoles(ValueError):
    """An account would hold two of business, system administration, security administration, audit."""


def check_compatible(groups: Iterable[str]) -> None:
    """Raise IncompatibleRoles (Chinese message) where the groups join two powers or one is unknown."""
    wanted = set(groups)
    if unknown := wanted - set(LABELS):
        raise IncompatibleRoles(f"没有这样的角色：{'、'.join(sorted(unknown))}。")
    held = [power for power, members in POWERS.items() if wanted & members]
    if len(held) > 1:
        raise IncompatibleRoles(f"一个账号不能同时具有{'、'.join(held)}权限。")
