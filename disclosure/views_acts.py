"""The public pages of administrative acts. None of them is kept: what has ended is gone by the next request."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry import codes

from . import act_search
from .act_gate import find_act
from .models import ActKind
from .terms import TermsError, read_box
from .views import unlisted
from .views_search import ERROR_CHOICE, NOTHING, may_be_private

NARROWING = ("kind", "department", "region", "document_no")
NO_ACT = "没有这条公示：可能已经停止公示，也可能地址有误。"


@require_safe
@never_cache
def acts(request: HttpRequest) -> HttpResponse:
    """The acts in publicity of organisations and sole traders, with a search."""
    typed = request.GET.get("q", "").replace("\0", "")[:200].strip()
    given = {
        key: request.GET[key].replace("\0", "").strip()[:200]
        for key in NARROWING
        if request.GET.get(key, "").replace("\0", "").strip()
    }
    if may_be_private(typed) and not _is_code(typed):
        # A person's number is looked up nowhere and goes into no address.
        return redirect(_address({NOTHING: "1"}))
    errors: dict[str, str] = {}
    page = None
    nothing = bool(request.GET.get(NOTHING))
    try:
        box = read_box(typed) if typed else {}
        question = act_search.read_question({**given, **box, "cursor": request.GET.get("cursor", "")})
        page = None if nothing else act_search.find(question, now=clock.now())
    except TermsError as error:
        for field, text in error.errors.items():
            if field in ("name", "code"):
                errors["q"] = text
            else:
                errors[field] = text if field in ("cursor", "document_no") else ERROR_CHOICE
    asked = ({"q": typed} if typed else {}) | given
    departments, regions = act_search.choices(clock.now())
    fields = {
        "kind": [("", list(ActKind.choices))],
        "department": [("", departments)],
        "region": [("", regions)],
    }
    return unlisted(
        render(
            request,
            "disclosure/acts.html",
            {
                "typed": typed,
                "errors": errors,
                "asked": bool(asked) or nothing,
                "nothing": nothing,
                "narrowed": bool(given),
                "document_no": given.get("document_no", ""),
                "fields": {
                    name: {"value": given.get(name, ""), "groups": groups, "error": errors.get(name, "")}
                    for name, groups in fields.items()
                },
                "page": page,
                "older": _address(asked | {"cursor": page.older}) if page and page.older else "",
                "newer": _address(asked | {"cursor": page.newer}) if page and page.newer else "",
            },
        )
    )


def _is_code(typed: str) -> bool:
    try:
        codes.check_uscc(typed)
    except codes.CodeError:
        return False
    return True


def _address(values: dict[str, Any]) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return f"{reverse('disclosure:acts')}?{query.urlencode()}"


@require_safe
@never_cache
def act(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One public act."""
    record = find_act(uuid, now=clock.now())
    if record is None:
        raise Http404(NO_ACT)
    return unlisted(render(request, "disclosure/act.html", {"record": record}))
