"""In by the identity service: there, back, and the choice for whom to act. Without OIDC_* there are no such pages."""

from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from credit_portal.audit import clock

from . import access, identity
from .acting import STAFF_HERE, acting_of, let_in, safe_next

LOGIN, PENDING = "me_login", "me_person"
PATH = "/me/identity/"
LASTS = 600
View = Callable[..., HttpResponse]


def _door(view: View) -> View:
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not identity.enabled():
            raise Http404("没有这一页。")
        if request.user.is_authenticated:
            raise PermissionDenied(STAFF_HERE)
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def _back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("me:identity-back"))


def _keep(response: HttpResponse, name: str, value: str) -> HttpResponse:
    response.set_cookie(
        name,
        value,
        max_age=LASTS,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _sorry(request: HttpRequest, message: str, status: int) -> HttpResponse:
    response = render(request, "me/identity_failed.html", {"message": message}, status=status)
    response.delete_cookie(LOGIN, path=PATH, samesite="Lax")
    response.delete_cookie(PENDING, path=PATH, samesite="Lax")
    return response


@_door
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the identity service. A link, not a form: the policy of our pages lets no form lead elsewhere."""
    try:
        begun = identity.begin(back=_back(request))
    except identity.IdentityError as wrong:
        return _sorry(request, str(wrong), 502)
    kept = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "next": safe_next(request, request.GET.get("next", "")),
    }
    return _keep(redirect(begun.address), LOGIN, signing.dumps(kept, salt=LOGIN))


@_door
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Back from the identity service, with a code that is worth something to us alone."""
    try:
        kept = signing.loads(request.COOKIES.get(LOGIN, ""), salt=LOGIN, max_age=LASTS)
    except signing.BadSignature:
        return _sorry(request, identity.REFUSED, 400)
    code, state = request.GET.get("code", "")[:2000], request.GET.get("state", "")
    if not code or not compare_digest(state.encode(), kept["state"].encode()):
        return _sorry(request, identity.REFUSED, 400)
    try:
        person = identity.person_of(
            code=code, back=_back(request), nonce=kept["nonce"], verifier=kept["verifier"], now=clock.now()
        )
    except identity.IdentityError as wrong:
        return _sorry(request, str(wrong), 502)
    pending = signing.dumps({"person": identity.sealed(person), "next": kept["next"]}, salt=PENDING)
    response = _keep(redirect("me:identity-choose"), PENDING, pending)
    response.delete_cookie(LOGIN, path=PATH, samesite="Lax")
    return response


@_door
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """For whom. The choices are found anew: what the page sends is only which of them."""
    try:
        kept = signing.loads(request.COOKIES.get(PENDING, ""), salt=PENDING, max_age=LASTS)
    except signing.BadSignature:
        return _sorry(request, identity.REFUSED, 400)
    person = identity.unsealed(kept["person"])
    if person is None:
        return _sorry(request, identity.REFUSED, 400)
    choices = identity.choices_for(person, today=clock.today())
    error = ""
    if request.method == "POST":
        chosen = next((one for one in choices if str(one.subject.uuid) == request.POST.get("subject")), None)
        if chosen is None:
            error = "请选择为哪个主体查看。"
        else:
            try:
                entered = identity.enter_as(person, chosen, now=clock.now())
            except access.AccessError as wrong:
                error = str(wrong)
            else:
                if (acting := acting_of(request)) is not None:
                    access.leave(session_id=acting.session_id, now=clock.now())
                response = let_in(redirect(safe_next(request, kept["next"])), entered)
                response.delete_cookie(PENDING, path=PATH, samesite="Lax")
                return response
    return render(
        request,
        "me/identity_choose.html",
        {"person": person, "choices": choices, "error": error},
        status=422 if error else 200,
    )
