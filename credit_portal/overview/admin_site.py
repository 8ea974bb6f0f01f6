"""The back office itself: who is let in, what stands in its sidebar, what its first page says, and its own content
policy (the admin's scripts evaluate expressions, which the rest of the portal forbids)."""

from collections.abc import Callable
from functools import partial
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.contrib.admin import site
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Step, event_steps
from credit_portal.audit.models import AuditEvent
from credit_portal.registry import groups
from credit_portal.registry.permissions import ADMITTED
from credit_portal.registry.visibility import group_names

from .attention import figures, to_do

NOT_FOR_YOU = "您的角色不使用管理后台。窗口人员请到“办理”。"

POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

# Sidebar: room by room, in the order of the work.
NAVIGATION: list[tuple[str, list[str]]] = [
    (
        "信用承诺",
        [
            "commitments.commitment",
            "commitments.campaign",
            "disclosure.publicityproposal",
            "disclosure.publicitydecision",
        ],
    ),
    (
        "信用记录",
        [
            "verification.creditentry",
            "verification.check",
            "verification.checksource",
            "verification.listing",
            "verification.listmethod",
            "verification.creditlist",
            "verification.listedmeasure",
            "verification.appliedmeasure",
            "verification.gradingstandard",
            "verification.evaluationpassing",
            "verification.consumercomplaint",
            "verification.taxcreditentry",
            "verification.consent",
            "verification.release",
            "verification.creditreport",
            "commitments.registration",
            "commitments.registrationverifier",
            "commitments.rosterentry",
            "verification.usagelist",
            "verification.trainingsession",
            "disclosure.typicalcase",
            "registry.creditsubject",
            "registry.subjectaccess",
        ],
    ),
    (
        "违诺与期限",
        [
            "commitments.clausewarning",
            "commitments.breachcase",
            "commitments.recipient",
            "disclosure.breachreport",
            "disclosure.breachpublication",
            "repair.repairapplication",
            "repair.helpservice",
            "disclosure.objection",
            "disclosure.complaint",
            "disclosure.errortip",
            "disclosure.exchangebatch",
            "disclosure.exchangerecord",
            "disclosure.administrativeact",
            "disclosure.progressreport",
            "disclosure.progresssummary",
            "disclosure.assessment",
            "deadlines.duty",
            "outbox.message",
        ],
    ),
    (
        "事项与文本",
        [
            "registry.serviceitemversion",
            "registry.occupationgroup",
            "commitments.textversion",
            "commitments.readingmaterial",
        ],
    ),
    (
        "制度与规则",
        [
            "disclosure.ruledocument",
            "disclosure.informationitem",
            "disclosure.launchdate",
            "disclosure.pilot",
            "commitments.warningrule",
            "deadlines.policyrule",
            "deadlines.ruleproposal",
            "deadlines.switchorder",
            "deadlines.calendarnotice",
        ],
    ),
    (
        "机构与账号",
        [
            "registry.department",
            "registry.unitcontact",
            "registry.user",
            "outbox.partnersystem",
            "registry.region",
        ],
    ),
    (
        "日志与证据",
        [
            "audit.auditevent",
            "audit.readlog",
            "verification.unusualreading",
            "verification.avoidedcode",
            "documents.evidencefile",
            "commitments.bulkjob",
            "commitments.handovermapping",
            "commitments.handoverprotocol",
            "commitments.capturebatch",
            "commitments.capturesheet",
        ],
    ),
]


class PortalAdminSite(UnfoldAdminSite):
    empty_value_display = "—"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(group_names(request.user) & ADMITTED)

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Any:
        return csp(POLICY)(super().admin_view(view, cacheable))

    # Logging in, out and passwords have one place, with lock-out and second factor: /accounts/.

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(NOT_FOR_YOU)
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), settings.LOGIN_URL)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:index")

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:index"))

    def search(self, request: HttpRequest, extra_context: Any = None) -> Any:
        raise Http404("管理后台没有总搜索，请在各列表中查询。")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Django draws it up for every page, a tenth of the time that one takes; ours show `navigation` instead."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        now = clock.now()
        return super().index(
            request,
            {
                "title": "管理后台",
                "today": clock.today(),
                "to_do": to_do(request.user, now=now),
                "figures": figures(request.user, now=now),
                "latest": self._latest(request),
                "log_url": reverse("admin:audit_auditevent_changelist"),
                "roles": "、".join(
                    label for name, label in groups.LABELS.items() if name in group_names(request.user)
                ),
            },
        )

    def _latest(self, request: HttpRequest) -> list[Step]:
        """The last ten lines of the log that this user may read."""
        page = self._registry[AuditEvent]
        if not page.has_view_permission(request):
            return []
        return event_steps(page.get_queryset(request).order_by("-id")[:10])


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: only what the user may open."""
    by_label = {model._meta.label_lower: row for model, row in site._registry.items()}
    shown: list[dict[str, Any]] = [
        {"items": [{"title": "首页", "link": reverse("admin:index")}]},
    ]
    for title, labels in NAVIGATION:
        items = []
        for label in labels:
            row = by_label.get(label)
            if row is not None and row.has_view_permission(request):
                link = reverse(f"admin:{label.replace('.', '_')}_changelist")
                items.append({"title": str(row.opts.verbose_name_plural), "link": link})
        if items:
            shown.append({"title": title, "separator": True, "items": items})
    return shown


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """Under the user's name, at the foot of the sidebar."""
    links = [{"title": "修改密码", "link": reverse("account_change_password")}]
    links.append({"title": "两步验证", "link": reverse("mfa_index")})
    if groups.CLERK in group_names(request.user):
        links.append({"title": "窗口办理", "link": "/window/"})
    return links
