"""What every page shows around its content: whose site it is, where one can go, and the footer."""

import time
from dataclasses import dataclass, field
from urllib.parse import unquote

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.utils.functional import cached_property

from credit_portal.registry import codes

from .models import Department, Region
from .visibility import group_names

ELDER_COOKIE = "elder"
REMEMBER_SECONDS = 60.0
# So many entries fit into the band of staff.
FEW = 8


@dataclass(frozen=True)
class NavItem:
    """One entry of a navigation. `prefixes` are the further paths under which it counts as the current one;
    `groups`, where named, are those whose members see it; `rare`: not of every day, and found under 更多."""

    key: str
    label: str
    url: str
    prefixes: tuple[str, ...] = ()
    groups: frozenset[str] = field(default_factory=frozenset)
    rare: bool = False

    def is_at(self, path: str) -> bool:
        """Whether a request path belongs to this entry; the front page only to itself."""
        if self.url == "/":
            return path == "/"
        return any(path.startswith(prefix) for prefix in (self.url, *self.prefixes))


AT_THE_DESK = frozenset({"officer", "head", "approval_bureau", "credit_office"})
COLUMN_NAV: list[NavItem] = [
    NavItem("home", "首页", "/"),
    NavItem("commitments", "承诺查询", "/commitments/", ("/subjects/",)),
    NavItem("breaches", "违诺公示", "/breaches/", ("/repair/",)),
    NavItem("acts", "许可处罚", "/acts/", ("/information/", "/consumer-complaints/")),
    NavItem("catalogue", "事项与文本", "/catalogue/", ("/texts/",)),
    NavItem("rules", "制度文件", "/rules/", ("/cases/", "/readings/", "/pilots/")),
    NavItem("measures", "奖惩措施", "/measures/", ("/grading/", "/list-methods/")),
    NavItem("supervision", "期限监督", "/supervision/"),
    NavItem("api", "接口与数据", "/api/", ("/open-data/",)),
]
STAFF_NAV: list[NavItem] = [
    NavItem("window", "办理", "/window/", groups=frozenset({"clerk"})),
    NavItem(
        "today",
        "今日",
        "/window/today/",
        ("/window/supplements/", "/window/changes/"),
        groups=frozenset({"clerk"}),
    ),
    NavItem("drafts", "草稿", "/window/drafts/", groups=frozenset({"clerk"})),
    NavItem("access", "网上开通", "/window/access/", groups=frozenset({"clerk"})),
    NavItem(
        "checks",
        "核查",
        "/desk/checks/",
        ("/desk/measures/", "/desk/tax-credit/"),
        groups=AT_THE_DESK | {"clerk"},
    ),
    NavItem(
        "window_credit_reports",
        "信用报告",
        "/window/credit-reports/",
        ("/window/consents/",),
        groups=frozenset({"clerk"}),
        rare=True,
    ),
    NavItem("desk", "期限", "/desk/", ("/desk/duties/", "/desk/supplements/"), groups=AT_THE_DESK),
    NavItem("bulk", "批量上传", "/desk/bulk/", groups=AT_THE_DESK, rare=True),
    NavItem("handover", "登记簿移交", "/desk/handover/", groups=AT_THE_DESK, rare=True),
    NavItem("capture", "纸质承诺", "/desk/capture/", groups=AT_THE_DESK | {"clerk"}, rare=True),
    NavItem(
        "fulfilment",
        "履行",
        "/desk/obligations/",
        ("/desk/rechecks/", "/desk/visits/"),
        groups=AT_THE_DESK,
    ),
    NavItem(
        "cases",
        "违诺认定",
        "/desk/cases/",
        ("/desk/warnings/", "/desk/consumer-complaints/"),
        groups=AT_THE_DESK,
    ),
    NavItem("consequences", "后果", "/desk/consequences/", groups=AT_THE_DESK, rare=True),
    NavItem(
        "grades",
        "信用等级",
        "/desk/grades/",
        ("/desk/evaluations/",),
        groups=AT_THE_DESK | {"auditor"},
        rare=True,
    ),
    NavItem(
        "lists",
        "名单",
        "/desk/lists/",
        ("/desk/memberships/", "/desk/list-methods/"),
        groups=frozenset({"officer", "head", "credit_office"}),
        rare=True,
    ),
    NavItem("reports", "上报", "/desk/reports/", groups=AT_THE_DESK),
    NavItem("publications", "公示", "/desk/publications/", groups=frozenset({"credit_office"})),
    NavItem("acts", "行政行为", "/desk/acts/", groups=AT_THE_DESK, rare=True),
    NavItem(
        "objections",
        "异议",
        "/desk/objections/",
        ("/desk/complaints/", "/desk/tips/"),
        groups=AT_THE_DESK | {"clerk"},
    ),
    NavItem(
        "exchange",
        "报送",
        "/desk/exchange/",
        groups=frozenset({"officer", "head", "credit_office"}),
        rare=True,
    ),
    NavItem("usage", "月报和进展", "/desk/usage/", ("/desk/progress/",), groups=AT_THE_DESK),
    NavItem(
        "units",
        "单位",
        "/desk/unit/",
        (
            "/desk/training/",
            "/desk/typical/",
            "/desk/readings/",
            "/desk/pilots/",
            "/desk/positions/",
        ),
        groups=AT_THE_DESK,
        rare=True,
    ),
    NavItem("catalogue", "目录", "/desk/catalogue/", groups=AT_THE_DESK, rare=True),
    NavItem(
        "associations",
        "协会",
        "/desk/associations/",
        ("/desk/rosters/members/",),
        groups=frozenset({"association", "credit_office", "auditor"}),
        rare=True,
    ),
    NavItem(
        "registration",
        "自愿注册",
        "/desk/registration/",
        ("/desk/rosters/",),
        groups=AT_THE_DESK | {"auditor"},
        rare=True,
    ),
    NavItem(
        "credit_reports",
        "信用报告",
        "/desk/credit-reports/",
        groups=AT_THE_DESK,
        rare=True,
    ),
    NavItem(
        "received",
        "收到的综合评价",
        "/desk/evaluations/received/",
        groups=frozenset({"officer", "head", "association"}),
        rare=True,
    ),
    NavItem(
        "releases", "信用信息提供", "/desk/credit-reports/figures/", groups=frozenset({"auditor"}), rare=True
    ),
    NavItem("notices", "通知", "/desk/notices/", groups=AT_THE_DESK),
]
# A subject's own pages, on its telephone.
ME_NAV: list[NavItem] = [
    NavItem("home", "首页", "/me/"),
    NavItem("commitments", "承诺", "/me/commitments/", ("/me/supplements/", "/me/visits/")),
    NavItem("record", "信用记录", "/me/record/", ("/me/report/", "/me/grade/", "/me/listings/")),
    NavItem("breaches", "违诺", "/me/breaches/", ("/me/statement/",)),
    NavItem("readers", "谁查过", "/me/readers/"),
    NavItem("consents", "同意", "/me/consents/"),
    NavItem("access", "开通", "/me/access/"),
]


def add_page(item: NavItem, *, to: list[NavItem], after: str | None = None) -> None:
    """Put a room's page into COLUMN_NAV, STAFF_NAV or ME_NAV, once; called from its AppConfig.ready().

    `after` is the key of the entry it follows; without it the page comes last. Raises LookupError for an unknown key.
    """
    if any(known.key == item.key for known in to):
        return
    if after is None:
        to.append(item)
        return
    for position, known in enumerate(to):
        if known.key == after:
            to.insert(position + 1, item)
            return
    raise LookupError(after)


@dataclass(frozen=True)
class Place:
    """The deployment's region in words, and whether demonstration data lie in the database."""

    name: str
    demo: bool


_remembered: dict[str, tuple[float, Place]] = {}


def forget_place() -> None:
    """Read the region anew with the next page (after loading regions or demonstration data)."""
    _remembered.clear()


def place() -> Place:
    """The deployment's region, read from the database at most once a minute in each process."""
    code = settings.REGION_CODE
    known = _remembered.get(code)
    if known and time.monotonic() - known[0] < REMEMBER_SECONDS:
        return known[1]
    row = (
        Region.objects.filter(code=code)
        .annotate(demo=Exists(Department.objects.filter(is_demo=True)))
        .values_list("name", "parent__name", "parent__parent__name", "demo")
        .first()
    )
    if row is None:
        return Place("", False)
    name, parent, grandparent, demo = row
    # A district is named with its city, a city with its province; the nation is left out.
    found = Place(f"{parent}{name}" if parent and grandparent else name, demo)
    _remembered[code] = (time.monotonic(), found)
    return found


class House:
    """Read lazily by the templates as `house`: a page that shows less asks for less."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        for key, value in settings.SITE.items():
            setattr(self, key, value)

    @cached_property
    def place(self) -> Place:
        return place()

    @cached_property
    def elder(self) -> bool:
        return self._request.COOKIES.get(ELDER_COOKIE) == "1"

    @cached_property
    def here(self) -> str:
        """Where to come back to: this page, unless somebody has put a person's number into its address."""
        address: str = self._request.get_full_path()
        return "/" if codes.PERSONAL.search(unquote(address)) else address

    @cached_property
    def nav(self) -> list[dict[str, object]]:
        return self._entries(COLUMN_NAV)

    @cached_property
    def me_nav(self) -> list[dict[str, object]]:
        return self._entries(ME_NAV)

    @cached_property
    def staff_nav(self) -> list[dict[str, object]]:
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        groups = group_names(user)
        return self._entries([item for item in STAFF_NAV if not item.groups or item.groups & groups])

    @cached_property
    def staff_daily(self) -> list[dict[str, object]]:
        """What stands in the band: the pages of every day, and where one is."""
        return [one for one in self.staff_nav if not self._folded(one["item"]) or one["current"]]

    @cached_property
    def staff_rare(self) -> list[dict[str, object]]:
        return [one for one in self.staff_nav if self._folded(one["item"])]

    def _folded(self, item: NavItem) -> bool:
        """Whoever has few pages sees all of them."""
        return item.rare and len(self.staff_nav) > FEW

    @cached_property
    def session_seconds(self) -> int:
        """Seconds that an idle session lasts: what the page counts down from."""
        return self._request.session.get_expiry_age()

    def _entries(self, items: list[NavItem]) -> list[dict[str, object]]:
        path = self._request.path
        # The longest address that fits is the current one: /window/today/ is not /window/.
        fitting = [item for item in items if item.is_at(path)]
        current = max(fitting, key=lambda item: len(item.url), default=None)
        return [{"item": item, "current": item is current} for item in items]


def site_context(request: HttpRequest) -> dict[str, object]:
    """Context processor: `house`, what the frame of a page needs."""
    return {"house": House(request)}
