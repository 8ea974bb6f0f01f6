"""The door of a subject's own pages: in by the code from the window, and out."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from credit_portal.audit import clock

from . import access, codes
from .accounts import client_address
from .acting import STAFF_HERE, acting_of, let_in, let_out, safe_next
from .me_forms import EnterForm


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """GET asks for the two codes, POST opens the pages. Whatever is wrong, the answer is the same."""
    acting = acting_of(request)
    if request.user.is_authenticated:
        raise PermissionDenied(STAFF_HERE)
    following = safe_next(request, request.POST.get("next") or request.GET.get("next", ""))
    if acting is not None and request.method != "POST":
        return redirect(following)
    form = EnterForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                entered = access.enter(
                    subject_code=form.cleaned_data["subject_code"],
                    code=form.cleaned_data["code"],
                    address=client_address(request),
                    now=clock.now(),
                )
            except codes.CodeError as wrong:
                form.add_error("subject_code", str(wrong))
            except access.TooManyWrong as wrong:
                form.add_error(None, str(wrong))
                status = 429
            except access.AccessError as wrong:
                form.add_error(None, str(wrong))
            else:
                if acting is not None:
                    # One device acts for one subject at a time.
                    access.leave(session_id=acting.session_id, now=clock.now())
                return let_in(redirect(following), entered)
    response = render(request, "me/enter.html", {"form": form, "next": following}, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """This device is out; the access runs on."""
    acting = acting_of(request)
    if acting is not None:
        access.leave(session_id=acting.session_id, now=clock.now())
    return let_out(redirect("me:enter"))
