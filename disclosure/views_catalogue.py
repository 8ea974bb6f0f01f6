"""One item of the catalogue before the public, and two of its versions, or of a text's, side by side (R20, R33)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commitments.models import CommitmentText
from commitments.texts import content_of
from credit_portal.audit import clock

from . import column
from .catalogue import comparing
from .catalogue.public_item import find_item, rules_parts
from .catalogue.views import comparison, two_of
from .catalogue.views import versions_of_text as all_versions

NO_ITEM = "没有查到这个事项：可能编码抄写有误，也可能它不在本地目录里。"
NO_TEXT = "没有这份承诺书文本：可能抄写有误，也可能它不在本地使用。"


@require_safe
def item(request: HttpRequest, code: str) -> HttpResponse:
    found = find_item(code, clock.today())
    if found is None:
        raise Http404(NO_ITEM)
    rules = found.rules_in_force
    return render(
        request,
        "disclosure/item.html",
        {"found": found, "parts": rules_parts(rules) if rules else [], "today": clock.today()},
    )


@require_safe
def compare_items(request: HttpRequest, code: str) -> HttpResponse:
    today = clock.today()
    found = find_item(code, today)
    if found is None:
        raise Http404(NO_ITEM)
    versions = [one.version for one in found.comparable]
    a, b = two_of(request, versions)
    context = comparison(request, versions, comparing.items(a, b), a, b, today)
    return render(request, "disclosure/compare.html", {**context, "found": found, "name": found.version.name})


@require_safe
def compare_texts(request: HttpRequest, code: str) -> HttpResponse:
    today = clock.today()
    text = (
        CommitmentText.objects.filter(code=code.replace("\0", ""), region__in=column.served_regions())
        .select_related("region", "item")
        .first()
    )
    shown = column.published_versions(text).values("pk") if text else []
    versions = list(all_versions(text, drafts=False).filter(pk__in=shown)) if text else []
    if text is None or not versions:
        raise Http404(NO_TEXT)
    a, b = two_of(request, versions)
    rows = comparing.texts(content_of(a), content_of(b))
    context = comparison(request, versions, rows, a, b, today)
    return render(request, "disclosure/compare.html", {**context, "text": text, "name": b.title})
