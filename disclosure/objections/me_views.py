"""A subject's own objections, on its own pages: what it can object to, filing, how far each is."""

import uuid as uuids

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry.acting import Acting, for_subjects, log_own_read
from credit_portal.registry.paging import newest_first
from disclosure.models import Objection

from . import filing
from .forms import OwnObjectionForm
from .handling import entries_of
from .records import Target, own_target, public_target
from .rules import ObjectionError

PER_PAGE = 20


@for_subjects()
@require_safe
def objections(request: HttpRequest) -> HttpResponse:
    """The own objections, the newest first, and the entries that can be objected to."""
    acting: Acting = request.acting  # type: ignore[attr-defined]
    now = clock.now()
    rows = Objection.objects.filter(subject=acting.subject).select_related("department")
    shown, following = newest_first(rows, request, size=PER_PAGE)
    log_own_read(acting, what="本人的异议", target_type="objection_list", target_id=0, now=now)
    return render(
        request,
        "me/objections.html",
        {
            "acting": acting,
            "rows": shown,
            "next": following,
            "entries": [] if "before" in request.GET else entries_of(str(acting.subject.uuid), now=now),
        },
    )


@for_subjects(act=True)
def new(request: HttpRequest) -> HttpResponse:
    """Object to a record of one's own: the identity is known, the mark travels at once."""
    acting: Acting = request.acting  # type: ignore[attr-defined]
    now = clock.now()
    target = _own(acting, request.GET.get("of", "").replace("\0", "")[:80])
    form = OwnObjectionForm(
        request.POST or None, request.FILES or None, target=target, initial={"key": uuids.uuid4()}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        capacity = Objection.Capacity.AGENT if acting.as_agent else Objection.Capacity.SELF
        try:
            row = filing.file_objection(
                target=target,
                by=filing.Objector(
                    acting.name, data["phone"], capacity=capacity, identity=Objection.Identity.SESSION
                ),
                said=filing.Said(data["points"], data["wanted"], data["reasons"], data["papers"]),
                way=Objection.Way.ME,
                subject=acting.subject,
                key=data["key"],
                now=now,
            )
        except ObjectionError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except EvidenceRefused as error:
            form.add_error("papers", str(error))
        else:
            messages.success(request, f"已提出，编号 {row.number}，公示已标注“异议处理中”。")
            return redirect("me_objections:list")
    return render(
        request,
        "me/objection_new.html",
        {"acting": acting, "form": form, "target": target},
        status=422 if form.is_bound and form.errors else 200,
    )


def _own(acting: Acting, of: str) -> Target:
    """A record of the subject's own; anything else is not there."""
    kind, _, key = of.partition(":")
    now = clock.now()
    found = own_target(acting.subject, key, now=now) if kind == "entry" else public_target(of, now=now)
    if found is None or found.subject is None or found.subject.pk != acting.subject.pk:
        raise Http404("没有这条记录，或者它不是本主体的。")
    return found
