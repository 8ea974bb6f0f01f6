"""Answers for requests that cannot be served: RFC 9457 problem details in Chinese, the wrong fields named."""

import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from .terms import TermsError

CONTENT_TYPE = "application/problem+json"

# status: title, and what to do where the exception has no words of its own
WORDS: dict[int, tuple[str, str]] = {
    400: ("请求有误", "请求的格式或参数不正确。"),
    401: ("需要登录", "访问这项内容需要有效的访问令牌。"),
    403: ("没有权限", "没有访问这项内容的权限。"),
    404: ("没有找到", "没有这个地址或这条记录。"),
    405: ("不支持这种请求方式", "请使用这个地址支持的请求方式。"),
    406: ("没有所要的格式", "这个地址返回 JSON，请在 Accept 中接受 application/json。"),
    409: ("现在不能办理", "与已有的内容不符，没有办理。"),
    413: ("内容太大", "请求最大 12 MB；扫描件请降低分辨率后再提交。"),
    415: ("不支持这种内容格式", "请使用 application/json。"),
    422: ("内容有误", "内容有误，没有办理，逐项指出。"),
    429: ("请求过于频繁", "请求过于频繁，请稍后再试。"),
}


def problem(
    status: int,
    *,
    detail: str = "",
    errors: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem answer; `errors` are fields and what is wrong with each."""
    title, usual = WORDS[status]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or usual,
    }
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors.items()]
    return Response(
        body,
        status=status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def problem_handler(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None for what is nobody's mistake but ours: Django answers it with a 500 problem."""
    if isinstance(exception, TermsError):
        return problem(400, detail=str(exception), errors=exception.errors)
    if isinstance(exception, Http404):
        return problem(404)
    if isinstance(exception, PermissionDenied):
        return problem(403)
    if not isinstance(exception, exceptions.APIException):
        return None
    headers: dict[str, str] = {}
    # What our own code says of a request is in Chinese; the framework's words are not for people here.
    detail = str(exception.detail) if isinstance(exception, exceptions.ParseError) else ""
    if not any("\u4e00" <= char <= "\u9fff" for char in detail):
        detail = ""
    if isinstance(exception, exceptions.Throttled) and exception.wait is not None:
        seconds = max(1, math.ceil(exception.wait))
        headers["Retry-After"] = str(seconds)
        detail = f"请求过于频繁，请在 {seconds} 秒后再试。"
    if isinstance(exception, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    if isinstance(exception, exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = "Bearer"
    status = exception.status_code if exception.status_code in WORDS else 400
    return problem(status, detail=detail, headers=headers)
