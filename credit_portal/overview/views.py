"""Two small switches of the frame: the elder mode, and keeping an idle session alive."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from credit_portal.registry.site import ELDER_COOKIE

YEAR_SECONDS = 365 * 24 * 3600


@never_cache
@require_GET
def elder(request: HttpRequest) -> HttpResponse:
    """Turn the elder mode on (`on=1`) or off and go back to `next`, a path of this site. Works without scripts.

    A link, not a form: a form would give every visitor of the public column a CSRF cookie. R97.
    """
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    if request.GET.get("on") == "1":
        response.set_cookie(
            ELDER_COOKIE, "1", max_age=YEAR_SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(ELDER_COOKIE, samesite="Lax")
    return response


@never_cache
@require_POST
def keepalive(request: HttpRequest) -> JsonResponse:
    """Extend the session: `{"seconds": n}`, how long it lasts from now. 401 when it has ended already."""
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0}, status=401)
    request.session.modified = True
    return JsonResponse({"seconds": request.session.get_expiry_age()})
