"""The door of a subject's own pages: in by the code from the window, and out."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from credit_portal.audit import clock

from . import access, codes, identity, readers
from .accounts import client_address
from .acting import STAFF_HERE, acting_of, for_subjects, let_in, let_out, log_own_read, safe_next
from .me_forms import EnterForm
from .paging import newest_first


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
    context = {
        "form": form,
        "next": following,
        "identity": settings.OIDC["label"] if identity.enabled() else "",
    }
    response = render(request, "me/enter.html", context, status=status)
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


@for_subjects()
@require_safe
def read_by(request: HttpRequest) -> HttpResponse:
    """Who read the subject's record and why, the newest first; with `?own=1` the subject's own readings, too."""
    others = request.GET.get("own") != "1"
    rows = readers.readings_of(request.acting.subject)
    if others:
        rows = rows.filter(access_id__isnull=True)
    shown, following = newest_first(rows, request)
    log_own_read(request.acting, what="查阅情况", target_type="read_log", target_id=0, now=clock.now())
    return render(
        request,
        "me/readers.html",
        {
            "readings": readers.folded(readers.told(shown)),
            "others": others,
            "next": following,
        },
    )
