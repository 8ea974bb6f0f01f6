"""The desk's pages of the catalogue: what there is, one item with its versions, rules and texts, two versions side by side,
what changes when, which areas are covered."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments.coming import coming
from commitments.models import CommitmentText, TextVersion
from commitments.texts import content_of
from credit_portal.audit import clock
from credit_portal.audit.admin_base import put_on_form
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import Department, Region, ServiceItem, ServiceItemVersion, User
from credit_portal.registry.reach import KEEPERS
from credit_portal.registry.version_models import stage_of
from credit_portal.registry.visibility import has_role
from disclosure.models import ItemRules

from . import comparing, own_rules
from .coverage import coverage
from .exporting import TooMany, regions_of, versions_of
from .filing import pending
from .forms import RulesForm
from .public_item import Stage

PER_PAGE = 50
SEES = (*AT_THE_DESK, groups.AUDITOR)
NO_ITEM = "没有这个事项，或者它不在您的管理范围内。"
NO_TEXT = "没有这份文本，或者它不在您的管理范围内。"
SPANS = (7, 30, 90)
Status = ServiceItemVersion.Status


def keeps(user: User) -> bool:
    return has_role(user, *KEEPERS)


def seen_regions(user: User) -> list[str]:
    """The own region with everything above it, whose items hold here, and everything below."""
    below = list(regions_of(user).values_list("code", flat=True))
    above = user.department.region.lineage if user.department else []
    return list(dict.fromkeys([*below, *above]))


def chosen_region(request: HttpRequest) -> Region | None:
    """The region named in the address, where it is in the user's reach."""
    code = request.GET.get("region", "").replace("\0", "")[:6]
    return regions_of(request.user).filter(code=code).first() if code else None


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The items of the own region and below, each as its newest version says."""
    today = clock.today()
    region, words = chosen_region(request), request.GET.get("q", "").replace("\0", "").strip()[:50]
    rows = ServiceItem.objects.filter(region__in=[region] if region else regions_of(request.user))
    if words:
        named = Q(versions__name__contains=words) | Q(versions__pinyin__startswith=words)
        rows = rows.filter(Q(code__contains=words) | named).distinct()
    page = Paginator(
        rows.select_related("region", "department").order_by("region_id", "code"), PER_PAGE
    ).get_page(request.GET.get("page"))
    items = list(page)
    versions: dict[int, list[ServiceItemVersion]] = {}
    for version in ServiceItemVersion.objects.filter(item__in=items).order_by("-number"):
        versions.setdefault(version.item_id, []).append(version)
    ruled = set(own_rules.in_force(today).filter(item__in=items).values_list("item_id", flat=True))
    texted = set(own_rules.own_texts(today).filter(text__item__in=items).values_list("text__item", flat=True))
    query = request.GET.copy()
    query.pop("page", None)
    own = request.user.department.region
    last, changes = pending(own, on=today) if keeps(request.user) else (None, [])
    return render(
        request,
        "desk/catalogue/home.html",
        {
            "page": page,
            "lines": [_line(item, versions.get(item.pk, []), today, ruled, texted) for item in items],
            "words": words,
            "region": region,
            "regions": list(regions_of(request.user)),
            "own": own,
            "today": today,
            "query": query.urlencode(),
            "keeps": keeps(request.user),
            "last": last,
            "changes": len(changes),
            "at": "home",
        },
    )


def _line(
    item: ServiceItem,
    versions: Sequence[ServiceItemVersion],
    today: date,
    ruled: set[int],
    texted: set[int | None],
) -> dict[str, Any]:
    shown = next((one for one in versions if one.status in (Status.PUBLISHED, Status.DRAFT)), None)
    shown = shown or (versions[0] if versions else None)
    stages = [
        Stage(one, *stage_of(one, today))
        for one in versions
        if one.status in (Status.DRAFT, Status.PUBLISHED)
        or (one.status == Status.FROZEN and one.valid_to is not None and one.valid_to >= today)
    ]
    return {
        "item": item,
        "name": shown.name if shown else item.code,
        "stages": stages,
        "rules": item.pk in ruled,
        "text": item.pk in texted,
        "retired": item.retired_on,
    }


def item_or_404(request: HttpRequest, code: str) -> ServiceItem:
    found = (
        ServiceItem.objects.filter(code=code.replace("\0", ""), region__in=seen_regions(request.user))
        .select_related("region", "department")
        .first()
    )
    if found is None:
        raise Http404(NO_ITEM)
    return found


def in_own_reach(user: User, region_id: str) -> bool:
    return regions_of(user).filter(code=region_id).exists()


def _versions(request: HttpRequest, found: ServiceItem) -> QuerySet[ServiceItemVersion]:
    rows = found.versions.select_related("occupation", "published_by", "withdrawn_by").order_by("-number")
    # A draft is for the own region only.
    return rows if in_own_reach(request.user, found.region_id) else rows.exclude(status=Status.DRAFT)


@desk(*SEES)
@require_safe
def item(request: HttpRequest, code: str) -> HttpResponse:
    found, today = item_or_404(request, code), clock.today()
    versions = list(_versions(request, found))
    draft = next((one for one in versions if one.status == Status.DRAFT), None)
    if draft is not None:
        draft.item = found
    texts = (
        CommitmentText.objects.filter(item=found, region__in=seen_regions(request.user))
        .prefetch_related("versions")
        .order_by("code")
    )
    return render(
        request,
        "desk/catalogue/item.html",
        {
            "found": found,
            "name": versions[0].name if versions else found.code,
            "versions": [Stage(one, *stage_of(one, today)) for one in versions],
            "missing": own_rules.found(draft, today) if draft else [],
            "draft": draft,
            "rules": list(ItemRules.objects.filter(item=found).select_related("entered_by")),
            "texts": list(texts),
            "keeps": keeps(request.user)
            and in_own_reach(request.user, found.region_id)
            and found.retired_on is None,
            "public": any(one.status in (Status.PUBLISHED, Status.FROZEN) for one in versions),
            "today": today,
        },
    )


@desk(*KEEPERS)
def issue_rules(request: HttpRequest, code: str) -> HttpResponse:
    """Put the implementation rules of an item in force; the next ones start from those in force."""
    found = item_or_404(request, code)
    if not in_own_reach(request.user, found.region_id):
        raise Http404(NO_ITEM)
    issuers = Department.objects.filter(region=found.region_id, is_active=True).order_by("name")
    last = ItemRules.objects.filter(item=found).order_by("-number").first()
    initial = {name: getattr(last, name) for name in (*own_rules.PARTS, "title")} if last else {}
    form = RulesForm(request.POST or None, issuers=issuers, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        try:
            own_rules.issue(
                item=found,
                parts={name: typed.pop(name) for name in own_rules.PARTS},
                actor=request.user,
                now=clock.now(),
                **typed,
            )
        except ValidationError as error:
            put_on_form(form, error)
        else:
            messages.success(request, f"实施细则已录入，自 {typed['effective_from']} 起施行。")
            return redirect("catalogue:item", found.code)
    status = 422 if form.is_bound and form.errors else 200
    return render(
        request, "desk/catalogue/rules.html", {"form": form, "found": found, "last": last}, status=status
    )


# ---- side by side ------------------------------------------------------------------------------------------


def two_of(request: HttpRequest, versions: Sequence[Any]) -> tuple[Any, Any]:
    """The two versions that the address names (`a` old, `b` new); else the newest and the one before it. Raises Http404
    for a number that there is not."""
    by_number = {str(one.number): one for one in versions}
    if not by_number:
        raise Http404("还没有可以比较的版本。")
    newest, older = versions[0], versions[min(1, len(versions) - 1)]
    chosen = []
    for name, usual in (("a", older), ("b", newest)):
        wanted = request.GET.get(name, "")
        if wanted and wanted not in by_number:
            raise Http404("没有这一版，或者它不向您公开。")
        chosen.append(by_number.get(wanted, usual))
    return chosen[0], chosen[1]


def comparison(
    request: HttpRequest, versions: Sequence[Any], rows: Sequence[comparing.Row], a: Any, b: Any, today: date
) -> dict[str, Any]:
    """What the page of two versions shows, at the desk and before the public."""
    every = request.GET.get("all") == "1"
    changed = [one for one in rows if one.state != comparing.SAME]
    return {
        "versions": [Stage(one, *stage_of(one, today)) for one in versions],
        "a": Stage(a, *stage_of(a, today)),
        "b": Stage(b, *stage_of(b, today)),
        "rows": list(rows) if every else changed,
        "changed": len(changed),
        "same": len(rows) - len(changed),
        "every": every,
    }


@desk(*SEES)
@require_safe
def compare_items(request: HttpRequest, code: str) -> HttpResponse:
    found, today = item_or_404(request, code), clock.today()
    versions = list(_versions(request, found))
    a, b = two_of(request, versions)
    context = comparison(request, versions, comparing.items(a, b), a, b, today)
    return render(request, "desk/catalogue/compare.html", {**context, "found": found, "name": b.name})


@desk(*SEES)
@require_safe
def compare_texts(request: HttpRequest, code: str) -> HttpResponse:
    today = clock.today()
    text = (
        CommitmentText.objects.filter(code=code.replace("\0", ""), region__in=seen_regions(request.user))
        .select_related("region", "item")
        .first()
    )
    if text is None:
        raise Http404(NO_TEXT)
    versions = list(versions_of_text(text, drafts=in_own_reach(request.user, text.region_id)))
    a, b = two_of(request, versions)
    rows = comparing.texts(content_of(a), content_of(b))
    context = comparison(request, versions, rows, a, b, today)
    return render(
        request, "desk/catalogue/compare.html", {**context, "text": text, "name": b.title or text.code}
    )


def versions_of_text(text: CommitmentText, *, drafts: bool) -> QuerySet[TextVersion]:
    rows = (
        text.versions.prefetch_related("clauses", "blanks").select_related("text__item").order_by("-number")
    )
    return rows if drafts else rows.exclude(status=TextVersion.Status.DRAFT)


# ---- what comes, and what is covered -----------------------------------------------------------------------


@desk(*SEES)
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted in map(str, SPANS) else 30
    today = clock.today()
    return render(
        request,
        "desk/catalogue/changes.html",
        {
            "rows": coming(regions=seen_regions(request.user), today=today, days=days),
            "days": days,
            "spans": SPANS,
            "today": today,
            "at": "changes",
            "keeps": keeps(request.user),
        },
    )


@desk(*SEES)
@require_safe
def areas(request: HttpRequest) -> HttpResponse:
    """Which areas of the supervisory type have an item (R23)."""
    region, today = chosen_region(request), clock.today()
    own = request.user.department.region
    try:
        versions = versions_of((region or own).lineage, on=today)
    except TooMany as error:
        raise Http404(str(error)) from error
    covered = coverage(versions)
    return render(
        request,
        "desk/catalogue/coverage.html",
        {
            "covered": covered,
            "none": len([one for one in covered if not one.items]),
            "region": region or own,
            "regions": list(regions_of(request.user)),
            "at": "coverage",
            "keeps": keeps(request.user),
        },
    )
