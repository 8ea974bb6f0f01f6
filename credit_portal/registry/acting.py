"""Who acts for a subject on its own pages (`/me/`): the session apart from that of staff, and the guard of those pages.

The cookie `me` travels to `/me/` only. A member of staff who is logged in within the same browser is refused there, and
the subject's session, if there is one, ends: nobody holds both at once, and a clerk who has printed a code cannot enter
it at the counter's own screen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read

from . import access
from .models import CreditSubject, SubjectAccess

COOKIE, PATH = "me", "/me/"
STAFF_HERE = "这个浏览器登录着工作人员账号。主体查询自己的信息请先退出工作人员账号，或者换一台设备。"
ONLY_VIEW = "您的授权只能查看，不能办理。需要办理的，请由主体本人办理，或者请窗口重新登记授权的权限。"

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Acting:
    """Somebody on a subject's own pages: by which access, for whom, and how far it reaches."""

    access: SubjectAccess
    subject: CreditSubject
    name: str
    as_agent: bool
    may_act: bool
    session_id: int


def acting_of(request: HttpRequest) -> Acting | None:
    """Who acts for a subject by this request; None for everybody else, staff included. Read once a request."""
    if not hasattr(request, "_acting"):
        request._acting = _read(request)  # type: ignore[attr-defined]
    found: Acting | None = request._acting  # type: ignore[attr-defined]
    return found


def _read(request: HttpRequest) -> Acting | None:
    token = request.COOKIES.get(COOKIE, "")
    session = access.session_of(token, now=clock.now()) if token else None
    if session is None:
        return None
    if request.user.is_authenticated:
        access.leave(session_id=session.pk, now=clock.now(), deed="staff")
        return None
    held = session.access
    return Acting(held, held.subject, held.name, held.as_agent, held.may_act, session.pk)


def for_subjects(act: bool = False) -> Callable[[View], View]:
    """Only for whoever acts for a subject; `act` True: not for agents who may only look. Nothing is kept by caches and
    nothing is for search engines. The view finds `request.acting`."""

    def guard(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            found = acting_of(request)
            if request.user.is_authenticated:
                raise PermissionDenied(STAFF_HERE)
            if found is None and request.headers.get("accept", "").startswith("application/json"):
                # A script must never take the page that asks for the code for an answer of its own.
                return JsonResponse({"login": True}, status=401)
            if found is None:
                back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
                return redirect(f"{reverse('me:enter')}?{urlencode({'next': back})}")
            request.acting = found  # type: ignore[attr-defined]
            if act and not found.may_act:
                raise PermissionDenied(ONLY_VIEW)
            response = view(request, *args, **kwargs)
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return guarded

    return guard


def log_own_read(acting: Acting, *, what: str, target_type: str, target_id: int | str, now: datetime) -> None:
    """That a subject, or its agent, has read something of its own."""
    log_read(
        now=now, actor_id=None, access_id=acting.access.pk, what=what, target_type=target_type,
        target_id=target_id, subject_id=acting.subject.pk, purpose=ReadLog.Purpose.SUBJECT_REQUEST,
    )  # fmt: skip


def let_in(response: HttpResponse, entered: access.Entered) -> HttpResponse:
    """The cookie of a device that is in: for the access's term at most, out of reach of scripts and of other pages."""
    days = (entered.access.valid_until - local_date(clock.now())).days + 1
    response.set_cookie(
        COOKIE, entered.token, max_age=days * 24 * 3600, path=PATH, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def let_out(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return response


def safe_next(request: HttpRequest, asked: str) -> str:
    """Where to go on after entering: a page of the subject's own, nothing else."""
    wanted = asked[:500]
    own = wanted.startswith(PATH) and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if own and "\\" not in wanted and "\0" not in wanted else PATH
