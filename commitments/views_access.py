"""Who stands at the counter: clerks of a department in use. Everything they open belongs to them or to that department."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from commitments.models import Commitment, Draft
from credit_portal.registry import groups
from credit_portal.registry.visibility import has_role

NOT_A_CLERK = "这个账号没有窗口办理权限。请用窗口人员账号登录，或请安全管理员开通。"
NO_DEPARTMENT = "这个账号还没有归属部门，不能办理。请安全管理员在账号中填上所属部门。"
DEPARTMENT_CLOSED = "所属部门已停用，不能办理。请联系系统管理员。"

View = Callable[..., HttpResponse]


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks and reads the answer itself."""
    return request.headers.get("accept", "").startswith("application/json")


def counter(view: View) -> View:
    """Only for clerks with a department in use; raises PermissionDenied that says what is missing.

    A script whose session has ended gets 401 instead of the login page, so that it never takes that page for success.
    """

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if wants_json(request) or request.headers.get("hx-request"):
                return JsonResponse({"login": True}, status=401)
            back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
            return redirect_to_login(back)
        if not has_role(request.user, groups.CLERK):
            raise PermissionDenied(NOT_A_CLERK)
        if request.user.department is None:
            raise PermissionDenied(NO_DEPARTMENT)
        if not request.user.department.is_active:
            raise PermissionDenied(DEPARTMENT_CLOSED)
        return view(request, *args, **kwargs)

    return guarded


def on_draft(view: View) -> View:
    """For an address below a draft that takes POST only: after a login in between, its GET leads back to the draft."""

    @counter
    @wraps(view)
    def guarded(request: HttpRequest, uuid: UUID, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("window:draft", uuid)
        return view(request, own_draft(request, uuid), **kwargs)

    return guarded


def own_draft(request: HttpRequest, uuid: UUID) -> Draft:
    """The clerk's own draft with all that its page shows, in one query. Raises Http404 for anybody else's."""
    draft = (
        Draft.objects.select_related(
            "subject",
            "department",
            "item_version__item",
            "check_made",
            "text_version__text",
            "corrects",
            "commitment",
        )
        .filter(pk=uuid, clerk=request.user, department_id=request.user.department_id)
        .first()
    )
    if draft is None:
        raise Http404("没有这份草稿，或者它不是您经办的。")
    return draft


def own_commitment(request: HttpRequest, code: str) -> Commitment:
    """A commitment taken by the clerk's department. Raises Http404 for other departments'."""
    commitment = (
        Commitment.objects.select_related("subject", "department", "clerk", "corrects", "corrected_by")
        .filter(code=code, department_id=request.user.department_id)
        .first()
    )
    if commitment is None:
        raise Http404("本部门没有这个编码的承诺。")
    return commitment
