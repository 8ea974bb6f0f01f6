"""Pages of the column. They read through the gate and `column.py` and decide nothing."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from commitments.model_texts import issue_of
from commitments.models import Clause, Commitment
from commitments.text_rules import show_blanks
from credit_portal.audit import clock
from credit_portal.registry.models import CommitmentType, Domain
from credit_portal.registry.version_models import stage_of

from . import column
from .breach_gate import breaches_of_commitment, find_determination, next_dates
from .catalogue.public_item import Stage
from .gate import (
    find_public,
    listed_commitments,
    public_commitments,
    public_course,
    public_late_promise,
    public_obligations,
    public_record,
)
from .verifying import find_paper

NEWEST = 8
PER_PAGE = 50
LIABILITY_TITLE = str(Clause.Kind.LIABILITY.label)

NO_COMMITMENT = "没有查到这个编码的承诺：可能抄写有误，也可能这份承诺不在公示范围内。承诺编码是 20 位数字，印在承诺书和回执上。"
NO_TEXT = "没有这份承诺书文本：可能抄写有误，也可能它已经停用。现行文本都列在“承诺书文本”里。"
NO_RULE = "没有这份制度文件：可能抄写有误，也可能它已经撤下。"


def unlisted(response: HttpResponse) -> HttpResponse:
    """Not for search engines, whatever the page's own words say."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    now, today = clock.now(), clock.today()
    return render(
        request,
        "disclosure/home.html",
        {
            "latest": column.latest(now, limit=NEWEST),
            "count": column.public_count(now),
            "items": column.current_items(today).count(),
            "texts": column.current_texts(today).count(),
            "rules": column.rules_in_figures(),
        },
    )


@require_safe
@never_cache
def commitment(request: HttpRequest, code: str) -> HttpResponse:
    """One commitment: what was promised, until when, whether it is kept, and its course."""
    found = find_public(code, now=clock.now())
    if found is None:
        raise Http404(NO_COMMITMENT)
    record, today = public_record(found), clock.today()
    events = course(public_course(found), record, today)
    breaches = breaches_of_commitment(code, now=clock.now())
    for breach in breaches:
        # Here alone, and as long as the breach is public, the commitment reads as it was determined.
        if record["status"] == Commitment.Fulfilment.RUNNING:
            record |= {"status": breach["outcome"], "status_label": breach["outcome_label"]}
        events = sorted(
            [*course(public_course(found), record, today), *next_dates(breach, today=today)],
            key=lambda event: event["on"],
        )
    response = render(
        request,
        "disclosure/commitment.html",
        {
            "record": record,
            "clauses": by_kind(record["clauses"]),
            "liability_title": LIABILITY_TITLE,
            "expired": record["valid_until"] is not None and record["valid_until"] < today,
            "events": events,
            "breaches": breaches,
            "late": public_late_promise(found),
            "obligations": public_obligations(found, breach_is_public=bool(breaches)),
        },
    )
    # A page that shows a breach is not for search engines as long as it does.
    return unlisted(response) if breaches else response


def by_kind(clauses: list[dict[str, Any]]) -> list[tuple[bool, list[dict[str, Any]]]]:
    """Clauses in the order signed, in runs of one kind: (liability or not, its clauses)."""
    runs: list[tuple[bool, list[dict[str, Any]]]] = []
    for clause in clauses:
        liability = clause["kind"] == Clause.Kind.LIABILITY
        if not runs or runs[-1][0] != liability:
            runs.append((liability, []))
        runs[-1][1].append(clause)
    return runs


def course(
    happened: list[dict[str, Any]], record: dict[str, Any], today: date
) -> list[dict[str, date | str | bool]]:
    """The course day by day, and at its end the day on which the term is over, with what that means."""
    days: list[dict[str, Any]] = []
    for event in happened:
        if days and days[-1]["on"] == event["on"]:
            days[-1]["text"] += f"，同日{event['label']}"
        else:
            days.append({"on": event["on"], "text": event["label"]})
    ends = record["valid_until"]
    # Of what was kept in full before its term ends, the end says nothing more.
    if ends is not None and not (ends >= today and record["status"] == Commitment.Fulfilment.FULFILLED):
        ahead = ends >= today
        text = "承诺有效期届满"
        if record["status"] == Commitment.Fulfilment.RUNNING:
            text += "，此前应当持续履行" if ahead else "，履行情况尚待认定"
        days.append({"on": ends, "text": text, "ahead": ahead})
    return days


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The catalogue of items that use commitments (R20), by field, with a filter."""
    items = column.current_items(clock.today())
    labels = dict(Domain.choices)
    used = [labels[code] for code in items.order_by("domain").values_list("domain", flat=True).distinct()]
    words = request.GET.get("q", "").replace("\0", "").strip()[:50]
    domain = request.GET.get("domain", "")
    if words:
        items = items.filter(name__contains=words)
    if domain in labels:
        items = items.filter(domain=domain)
    page = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
    types = dict(CommitmentType.choices)
    for version in page:
        allowed = [label for code, label in types.items() if code in version.allowed_types]
        version.type_labels = "各类型均可" if len(allowed) == len(types) else "、".join(allowed)
    return render(
        request,
        "disclosure/catalogue.html",
        {
            "page": page,
            "words": words,
            "domain": domain,
            "domains": [(code, label) for code, label in Domain.choices if label in used],
            "filtered": bool(words or domain in labels),
            "query": _without_page(request),
            "canonical": _canonical(request, page),
        },
    )


def _without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def _canonical(request: HttpRequest, page: Page) -> str:
    """The address by which search engines know a page of a list: filters make no page of their own."""
    return request.path if page.number == 1 else f"{request.path}?page={page.number}"


@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """All texts in force (R33), by type, with the scope of each (R22)."""
    by_type: dict[str, list] = {code: [] for code in CommitmentType.values}
    for version in column.current_texts(clock.today()).prefetch_related(None):
        by_type[version.text.commitment_type].append(version)
    labels = dict(CommitmentType.choices)
    return render(
        request,
        "disclosure/texts.html",
        {"groups": [(code, labels[code], found) for code, found in by_type.items() if found]},
    )


@require_safe
def text(request: HttpRequest, code: str) -> HttpResponse:
    """One text in force, as it is put before an applicant; of a provincial model how it was issued (R24)."""
    today = clock.today()
    version = (
        column.current_texts(today)
        .select_related("text__department", "text__region", "text__item", "adopts__text")
        .filter(text__code=code.replace("\0", ""))
        .first()
    )
    if version is None:
        raise Http404(NO_TEXT)
    blanks = {blank.key: blank.label for blank in version.blanks.all()}
    clauses = [
        {"no": clause.number, "kind": clause.kind, "text": show_blanks(clause.body, blanks)}
        for clause in version.clauses.all()
    ]
    issue = issue_of(version.adopts or version)
    # A model's own blanks for places stand in its notices, too; of any other text braces are just braces.
    as_issued = issue is not None and bool(issue.place_keys) and version.adopts_id is None
    notice, privacy = (
        show_blanks(words, {}) if as_issued else words for words in (version.notice, version.privacy_notice)
    )
    return render(
        request,
        "disclosure/text.html",
        {
            "version": version,
            "clauses": by_kind(clauses),
            "liability_title": LIABILITY_TITLE,
            "notice": _paragraphs(notice),
            "privacy": _paragraphs(privacy),
            "issue": issue,
            "versions": [
                Stage(one, *stage_of(one, today))
                for one in column.published_versions(version.text).only(
                    "number", "status", "valid_from", "valid_to"
                )
            ],
        },
    )


def _paragraphs(lines: str) -> list[str]:
    return [line.strip() for line in lines.splitlines() if line.strip()]


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    page = Paginator(column.public_rules(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "disclosure/rules.html", {"page": page, "canonical": _canonical(request, page)})


@require_safe
@never_cache
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    document = column.public_rules().filter(pk=pk).first()
    if document is None:
        raise Http404(NO_RULE)
    return render(
        request,
        "disclosure/rule.html",
        {
            "document": document,
            "summary": _paragraphs(document.summary),
            "ahead": document.effective_from is not None and document.effective_from > clock.today(),
        },
    )


@require_safe
@never_cache
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """What a QR code opens: genuine or not, number and hash; what is public is shown further, nothing else."""
    token, now = token.replace("\0", ""), clock.now()
    found = (
        Commitment.objects.filter(verify_token=token)
        .annotate(
            is_public=Exists(public_commitments(now).filter(pk=OuterRef("pk"))),
            corrected=Exists(Commitment.objects.filter(corrects=OuterRef("pk"))),
        )
        .values(
            "code", "made_on", "region__name", "text_sha256", "pdf_sha256", "voided_at", "is_public", "corrected"
        )
        .first()
    )  # fmt: skip
    determination = None if found else find_determination(token, now=now)
    if determination:
        return render(request, "disclosure/verify_determination.html", {"found": determination})
    paper = None if found else find_paper(token, now=now)
    if paper:
        return render(request, *paper)
    return render(request, "disclosure/verify.html", {"found": found}, status=200 if found else 404)


@require_safe
@never_cache
def api_guide(request: HttpRequest) -> HttpResponse:
    example = listed_commitments(clock.now()).order_by("-id").values_list("code", flat=True).first()
    return render(request, "disclosure/api.html", {"example": example, "address": settings.SITE["address"]})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may have the column; not the counter, the admin, QR pages or endless filter combinations."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /accounts/",
        "Disallow: /window/",
        "Disallow: /desk/",
        "Disallow: /me/",
        "Disallow: /verify/",
        "Disallow: /breaches/",
        "Disallow: /acts/",
        "Disallow: /objections/",
        "Disallow: /complaints/",
        "Disallow: /tips/",
        "Disallow: /api/v1/",
        "Disallow: /elder/",
        "Disallow: /commitments/?*",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
