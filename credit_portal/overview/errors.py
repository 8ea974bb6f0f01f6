"""Pages and API answers for requests that cannot be served: in Chinese, saying what happened and what to do now."""

import re
from collections.abc import Callable

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from credit_portal.documents.pdf import UnprintableText

API_PREFIX = "/api/v1/"
ME_PREFIX, DESK_PREFIX = "/me/", "/desk/"
STAFF_PREFIXES = ("/window/", "/desk/", "/accounts/", "/admin/")
ASSETS = {"stylesheet": "css/house.css", "icon": "img/favicon.svg"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request is malformed. Nothing of it is used in the page: not even its host may be believed."""
    if _is_api(request):
        return _problem(400, "请求有误", "请求的格式或参数不正确。")
    return _standalone("400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: logged in, but not for this; or not logged in at all."""
    reason = _own_words(exception)
    if _is_api(request):
        return _problem(403, "没有权限", reason or "没有访问这项内容的权限。")
    context = {"frame": _frame(request), "reason": reason, "mine": request.path.startswith(ME_PREFIX)}
    return render(request, "403.html", context, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: on the column with the ways to search otherwise, for staff with the way back."""
    reason = _own_words(exception)
    if _is_api(request):
        return _problem(404, "没有找到", reason or "没有这个地址或这条记录。")
    context = {"frame": _frame(request), "reason": reason, "mine": request.path.startswith(ME_PREFIX)}
    return render(request, "404.html", context, status=404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429: allauth's limits on login, password reset and the like."""
    return _standalone("429.html", 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: standing alone, for whatever broke may be what other pages are built from."""
    if _is_api(request):
        return _problem(500, "系统出错", "系统出错，请稍后再试。")
    return _standalone("500.html", 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token does not fit: mostly a page left open through a login or logout in another tab."""
    if _is_api(request):
        return _problem(403, "页面已过期", "请求缺少有效的防伪标记。")
    return _standalone("403_csrf.html", 403, {"again": request.path})


def explain_wrong_method(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware. 405: an address that a form posts to was opened by itself, mostly from the address bar after an error."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        opened = request.method == "GET" and not _is_api(request)
        if response.status_code == 405 and opened and not response.content:
            page = render(request, "405.html", {"frame": _frame(request)}, status=405)
            page.headers["Allow"] = response.headers.get("Allow", "POST")
            return page
        return response

    return answer


class ExplainUnprintable:
    """Middleware. 422: a step prints its paper at once, and what was typed has characters that no paper font has. The
    step was one transaction, nothing of it is kept; the answer names the characters and where they were typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, UnprintableText):
            return None
        if _is_api(request):
            return _problem(422, "内容有误", str(exception))
        if request.headers.get("accept", "").startswith("application/json"):
            return JsonResponse({"error": str(exception)}, status=422)
        typed = [
            value
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken"
        ]
        found = [text for text in typed if set(text) & set(exception.characters)]
        context = {
            "frame": _frame(request),
            "reason": str(exception),
            "typed": [text if len(text) <= 60 else f"{text[:60]}…" for text in dict.fromkeys(found)],
        }
        return render(request, "422.html", context, status=422)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX)


def _frame(request: HttpRequest) -> str:
    if request.path.startswith(ME_PREFIX):
        return "me/base.html"
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not request.path.startswith(STAFF_PREFIXES):
        return "base.html"
    return "desk/base.html" if request.path.startswith(DESK_PREFIX) else "base_staff.html"


def _own_words(exception: Exception | None) -> str:
    """The exception's message where a room wrote it for people; a framework's English is not shown."""
    if exception is None or not exception.args or not isinstance(exception.args[0], str):
        return ""
    return exception.args[0] if CHINESE.search(exception.args[0]) else ""


def _problem(status: int, title: str, detail: str) -> JsonResponse:
    """An RFC 9457 problem, for addresses of the API that no view of it answers."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JsonResponse(
        body,
        status=status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def _standalone(template: str, status: int, context: dict[str, str] | None = None) -> HttpResponse:
    try:
        assets = {name: staticfiles_storage.url(path) for name, path in ASSETS.items()}
    except ValueError:
        # The manifest of static files is missing: the words are still readable without a style.
        assets = {}
    html = render_to_string(template, {**(context or {}), **assets})
    response = HttpResponse(html, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
