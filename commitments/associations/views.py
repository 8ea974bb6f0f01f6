"""The desk's pages of associations: all of them with their figures for the credit office, its own for an association; its
one text."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments import texts
from commitments.models import Campaign
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers, writing
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import has_role

from . import campaigns, coverage, membership, texting
from .forms import TextForm, bound
from .membership import NO_ASSOCIATION, AssociationError

SEES = (groups.ASSOCIATION, groups.CREDIT_OFFICE, groups.AUDITOR)
DOES = (groups.ASSOCIATION,)
PER_PAGE = 50
CAMPAIGNS_SHOWN = 20


def association_of(request: HttpRequest, uscc: str) -> Department:
    """Raises Http404 for one out of the user's reach."""
    found = (
        membership.associations_visible_to(request.user).select_related("region").filter(uscc=uscc).first()
    )
    if found is None:
        raise Http404(NO_ASSOCIATION)
    return found


def own_of(request: HttpRequest, uscc: str) -> Department:
    """The association whose business the user does."""
    found = association_of(request, uscc)
    membership.require_own(request.user, found)
    return found


def purpose_of(user: User) -> str:
    """Why somebody of the staff reads what concerns members."""
    if has_role(user, groups.AUDITOR):
        return ReadLog.Purpose.AUDIT
    return ReadLog.Purpose.SUPERVISION if has_role(user, groups.CREDIT_OFFICE) else ReadLog.Purpose.HANDLING


def note_read(
    request: HttpRequest, *, target_type: str, target_id: int, subject_id: int | None = None
) -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="会员信用记录" if subject_id else "会员名单",
        target_type=target_type,
        target_id=target_id,
        subject_id=subject_id,
        purpose=purpose_of(request.user),
    )


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The associations of the user's reach with their coverage today; an association goes to its own page."""
    if has_role(request.user, groups.ASSOCIATION):
        if request.user.department.kind != Department.Kind.ASSOCIATION:
            raise PermissionDenied("这个账号所属的单位不是行业协会，请安全管理员更正。")
        return redirect("associations:overview", request.user.department.uscc)
    rows = membership.associations_visible_to(request.user).select_related("region")
    page = Paginator(rows.order_by("region_id", "name"), PER_PAGE).get_page(request.GET.get("page"))
    found = coverage.figures_of_all(list(page), clock.today())
    return render(
        request,
        "desk/associations/home.html",
        {
            "rows": [(one, found[one.pk]) for one in page],
            "page": page,
            "query": "",
            "today": clock.today(),
        },
    )


@desk(*SEES)
@require_safe
def overview(request: HttpRequest, uscc: str) -> HttpResponse:
    """Where an association stands: text, members, coverage, campaigns."""
    association, today = association_of(request, uscc), clock.today()
    rows = Campaign.objects.filter(department=association).select_related("text_version")
    shown = list(rows.order_by("-pk")[:CAMPAIGNS_SHOWN])
    weeks = coverage.by_week(association, today)
    figures = coverage.figures(association, today)
    return render(
        request,
        "desk/associations/overview.html",
        {
            "association": association,
            "own": membership.works_for(request.user, association),
            "figures": figures,
            "weeks": [(on, number, share_of(number, figures.members)) for on, number in weeks],
            "versions": texting.versions_of(association)[:10],
            "in_force": texting.in_force(association),
            "item": membership.item_of(association, today),
            "campaigns": [(one, campaigns.state_of(one, today)) for one in shown],
            "campaign_words": campaigns.STATES,
            "today": today,
        },
    )


def share_of(number: int, of: int) -> int:
    """The length of a bar out of 100."""
    return number * 100 // of if of else 0


@desk(*SEES)
@require_safe
def coverage_table(request: HttpRequest, uscc: str) -> HttpResponse:
    """Every member of today with how it stands, as a workbook."""
    association, today = association_of(request, uscc), clock.today()
    note_read(request, target_type="roster", target_id=association.pk)
    content = member_table(coverage.with_state(membership.members_of(association, today), today))
    return answers.download(content, f"承诺覆盖-{association.short_name}-{today}.xlsx")


def member_table(rows: Any, campaign: Campaign | None = None) -> bytes:
    """Members that have gone through `with_state`, as a workbook; numbers of persons masked."""
    table = [
        [
            str(entry.subject.name),
            entry.subject.shown_code,
            entry.number,
            entry.from_on.isoformat(),
            coverage.words_of(entry, campaign),
            "有" if entry.phone_sealed or entry.subject.phone_sealed else "没有",
        ]
        for entry in rows.select_related("subject").order_by("pk")
    ]
    head = ["会员名称", "代码", "会员编号", "入会日期", "承诺", "联系电话"]
    return writing.write("xlsx", head, table, title="会员承诺")


# ---- the text ----------------------------------------------------------------------------------------------


@desk(*DOES)
def text(request: HttpRequest, uscc: str) -> HttpResponse:
    """Write the draft; what is in force is the bottom that a next version is written on."""
    association = own_of(request, uscc)
    versions = texting.versions_of(association)
    newest = versions[0] if versions else None
    initial = (
        vars(texting.words_of(newest)) if newest else {"title": f"{association.short_name}会员自律承诺书"}
    )
    form = bound(TextForm, request, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            texting.save_draft(
                association=association, words=form.words(), actor=request.user, now=clock.now()
            )
        except AssociationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        except texts.TextError as wrong:
            for problem in wrong.problems:
                form.add_error(None, problem)
        else:
            messages.success(request, "草稿已保存。写好以后请求发布。")
            return redirect("associations:version", association.uscc)
    return render(
        request,
        "desk/associations/text.html",
        {"association": association, "form": form, "newest": newest},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*SEES)
@require_safe
def version(request: HttpRequest, uscc: str) -> HttpResponse:
    """The association's text, version by version: what it says, where it stands, what is missing."""
    association = association_of(request, uscc)
    found = texting.versions_of(association)[:20]
    number = request.GET.get("number", "")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else None
    one = next((row for row in found if row.number == wanted), found[0] if found else None)
    draft = one is not None and one.status == "draft"
    return render(
        request,
        "desk/associations/version.html",
        {
            "association": association,
            "own": membership.works_for(request.user, association),
            "one": one,
            "versions": found,
            "clauses": list(one.clauses.all()) if one else [],
            "problems": texting.problems(one, clock.now()) if one and draft else [],
            "asked": getattr(one, "request", None) if one else None,
        },
    )


@desk(*DOES)
@require_POST
def ask(request: HttpRequest, uscc: str) -> HttpResponse:
    """Ask for the draft to be published."""
    association = own_of(request, uscc)
    try:
        texting.hand_in(association=association, actor=request.user, now=clock.now())
    except AssociationError as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, "已请求发布，行政审批局和信用办已收到通知。")
    return redirect("associations:version", association.uscc)
