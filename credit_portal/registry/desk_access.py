"""Who works at the desk: officers and heads of departments, the approval bureau, the credit office. Each room guards its
own desk pages with this."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from . import groups
from .visibility import has_role

AT_THE_DESK = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)
NOT_AT_THE_DESK = "这个账号没有工作台权限。请用部门经办人、负责人或者信用办账号登录。"
NOT_FOR_THIS_ROLE = "您的角色不办理这一项。"
NOT_THIS_UNIT = "这一项由另一单位办理，您的单位只能查看。"
NO_DEPARTMENT = "这个账号还没有归属部门，不能办理。请安全管理员在账号中填上所属部门。"

View = Callable[..., HttpResponse]


def check_role(request: HttpRequest, roles: Collection[str]) -> None:
    """Raise PermissionDenied where the user has none of the roles that do this; whose the matter is, its service asks."""
    if not has_role(request.user, *roles):
        raise PermissionDenied(NOT_FOR_THIS_ROLE)


def check_own(request: HttpRequest, department_id: int | None) -> None:
    """Raise PermissionDenied where somebody of another unit, who may see the matter, would handle it."""
    if request.user.department_id != department_id:  # type: ignore[union-attr]
        raise PermissionDenied(NOT_THIS_UNIT)


def desk(*roles: str, sends: Collection[str] = ()) -> Callable[[View], View]:
    """Only for these roles (all of the desk where none is named) with a department in use; nothing is kept by caches.
    `sends`: which of them fill in the form of a page that the others only read; all where none is named."""
    wanted = roles or AT_THE_DESK

    def guard(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
                return redirect_to_login(back)
            if not has_role(request.user, *wanted):
                at_the_desk = has_role(request.user, *AT_THE_DESK)
                raise PermissionDenied(NOT_FOR_THIS_ROLE if at_the_desk else NOT_AT_THE_DESK)
            if sends and request.method not in ("GET", "HEAD"):
                check_role(request, sends)
            if request.user.department is None or not request.user.department.is_active:
                raise PermissionDenied(NO_DEPARTMENT)
            return view(request, *args, **kwargs)

        return guarded

    return guard
