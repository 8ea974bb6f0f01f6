"""The public pages of breaches. None of them is for search engines, and none may be kept: a breach that has ended is
gone by the next request."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.registry import codes
from credit_portal.registry.models import Domain

from . import breach_search, column
from .breach_gate import find_breach, next_dates
from .gate import public_commitments
from .terms import TermsError, read_box
from .views import unlisted
from .views_search import ERROR_CHOICE, NOTHING, may_be_private

GRADES = list(BreachCase.Grade.choices)
DOMAINS = list(Domain.choices)
NARROWING = ("department", "region", "domain", "grade")
NO_BREACH = "没有这条公示：可能已经停止公示，也可能地址有误。停止公示的原因不对外说明。"


@require_safe
@never_cache
def breaches(request: HttpRequest) -> HttpResponse:
    """The breaches in publicity of organisations and sole traders, with a search."""
    typed = request.GET.get("q", "").replace("\0", "")[:200].strip()
    given = {key: request.GET[key].strip() for key in NARROWING if request.GET.get(key, "").strip()}
    errors: dict[str, str] = {}
    page = None
    if may_be_private(typed) and not _is_code(typed):
        # A person's number is looked up nowhere and goes into no address.
        return redirect(_address({NOTHING: "1"}))
    nothing = bool(request.GET.get(NOTHING))
    try:
        box = read_box(typed) if typed else {}
        question = breach_search.read_question({**given, **box, "cursor": request.GET.get("cursor", "")})
        page = None if nothing else breach_search.find(question, now=clock.now())
    except TermsError as error:
        for field, text in error.errors.items():
            own = field in ("name", "code")
            errors["q" if own else field] = text if own or field == "cursor" else ERROR_CHOICE
    asked = ({"q": typed} if typed else {}) | given
    choices = column.search_choices(clock.today())
    fields = {
        "department": [("", choices.departments)],
        "region": [("", choices.regions)],
        "domain": [("", DOMAINS)],
        "grade": [("", GRADES)],
    }
    return unlisted(
        render(
            request,
            "disclosure/breaches.html",
            {
                "typed": typed,
                "errors": errors,
                "asked": bool(asked) or nothing,
                "nothing": nothing,
                "narrowed": bool(given),
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
    return f"{reverse('disclosure:breaches')}?{query.urlencode()}"


@require_safe
@never_cache
def breach(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One public breach: what was not kept, what follows from it and when it ends."""
    now, today = clock.now(), clock.today()
    record = find_breach(uuid, now=now)
    if record is None:
        raise Http404(NO_BREACH)
    # The commitment of a public breach is not public by that.
    linked = bool(record["commitment"]) and public_commitments(now).filter(code=record["commitment"]).exists()
    return unlisted(
        render(
            request,
            "disclosure/breach.html",
            {"record": record, "events": next_dates(record, today=today), "linked": linked, "today": today},
        )
    )
