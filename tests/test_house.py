"""The frame of every page: colours, navigation, elder mode, error pages, the idle session."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from credit_portal.overview import errors
from credit_portal.registry import groups, site
from tests import factories
from tests.reading import english

BASE = Path(settings.BASE_DIR)
STYLESHEET = (BASE / "static/css/house.css").read_text(encoding="utf-8")
# Paper is printed by the PDF maker under a policy of its own; the admin has its own policy too.
TEMPLATES = [
    path
    for path in sorted((BASE / "templates").rglob("*.html"))
    if not {"paper", "admin", "unfold"} & set(path.relative_to(BASE / "templates").parts)
]


@pytest.fixture(autouse=True)
def region_read_anew():
    site.forget_place()
    yield
    site.forget_place()


@pytest.fixture
def clerk(db):
    return factories.staff(email="clerk@example.test")


@pytest.fixture
def at_work(client, clerk) -> Client:
    answer = client.post(reverse("account_login"), {"login": clerk.username, "password": factories.PASSWORD})
    assert answer.status_code == 302
    return client


# ---- colours and markup ----


def _tokens(selector: str) -> dict[str, str]:
    block = re.search(re.escape(selector) + r" \{(.*?)\n\}", STYLESHEET, re.S)
    assert block
    tokens = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", block[1]))
    return {name: "#" + "".join(2 * c for c in v[1:]) if len(v) == 4 else v for name, v in tokens.items()}


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = [
    *[
        (ink, ground)
        for ink in ("ink", "ink2", "brand", "brand-deep")
        for ground in ("paper", "wash", "brand-wash")
    ],
    *[(ink, f"{state}-wash") for ink in ("ink", "ink2") for state in ("kept", "waiting", "broken")],
    *[(state, f"{state}-wash") for state in ("kept", "waiting", "broken")],
    *[(state, "paper") for state in ("kept", "waiting", "broken")],
    ("placeholder", "paper"),
    ("paper", "brand"),
    ("paper", "broken"),
    ("band-ink", "band"),
    ("band-ink2", "band"),
]


@pytest.mark.req("R97")
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
@pytest.mark.parametrize(("mode", "least"), [("standard", 4.5), ("elder", 7.0)])
def test_text_stands_out_from_its_ground_and_more_so_in_elder_mode(mode, least, ink, ground):
    tokens = _tokens(":root")
    if mode == "elder":
        tokens |= _tokens("html.elder")
    assert _contrast(tokens[ink], tokens[ground]) >= least


@pytest.mark.parametrize("mode", [":root", "html.elder"])
def test_field_edges_and_the_focus_ring_are_seen(mode):
    tokens = _tokens(":root") | _tokens(mode)
    assert _contrast(tokens["edge"], tokens["paper"]) >= 3
    # The ring has two tones: on white the dark one is seen, on the band the yellow one.
    assert _contrast(tokens["ink"], tokens["paper"]) >= 3
    assert _contrast(tokens["focus"], tokens["band"]) >= 3
    assert _contrast(tokens["focus"], tokens["ink"]) >= 3


def test_the_stylesheet_keeps_to_what_old_engines_know():
    rules = re.sub(r"/\*.*?\*/", "", STYLESHEET, flags=re.S)
    for newer in (":has(", ":is(", ":where(", "@container", "@layer", "clamp(", "color-mix(", "inset:", "&"):
        assert newer not in rules
    assert rules.count("{") == rules.count("}")
    for block in re.findall(r"\{([^{}]*)\}", rules):
        if re.search(r"(?<!-)\bgap:", block):
            # Flex boxes learned `gap` ten years after grids.
            assert "grid-gap:" in block


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE / "templates")))
def test_a_template_brings_nothing_inline_and_nothing_from_elsewhere(path):
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle\s*=|javascript:|\son[a-z]+\s*=\s*[\"']", source)
    for opening in re.findall(r"<script\b[^>]*>", source):
        assert "src=" in opening or 'type="application/json"' in opening
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", source)


def test_every_vendored_package_has_its_licence_beside_it():
    packages = [path for path in (BASE / "static/vendor").iterdir() if path.is_dir()]
    assert packages
    for package in packages:
        assert re.fullmatch(r"[a-z_]+-\d+\.\d+\.\d+", package.name)
        assert (package / "LICENSE").read_text(encoding="utf-8").strip()


# ---- frame ----


def test_the_entry_with_the_longest_fitting_address_is_the_current_one(rf):
    items = [
        site.NavItem("home", "首页", "/"),
        site.NavItem("window", "办理", "/window/"),
        site.NavItem("today", "今日", "/window/today/"),
        site.NavItem("texts", "事项与文本", "/catalogue/", ("/texts/",)),
    ]

    def current(path: str) -> list[str]:
        entries = site.House(rf.get(path))._entries(items)
        return [entry["item"].key for entry in entries if entry["current"]]

    assert current("/") == ["home"]
    assert current("/window/") == ["window"]
    assert current("/window/today/") == ["today"]
    assert current("/texts/7/") == ["texts"]
    assert current("/elsewhere/") == []


def test_a_room_adds_its_page_once_and_behind_the_one_it_names():
    nav = [site.NavItem("home", "首页", "/"), site.NavItem("rules", "制度文件", "/rules/")]
    breaches = site.NavItem("breaches", "违约公示", "/breaches/")
    site.add_page(breaches, to=nav, after="home")
    site.add_page(breaches, to=nav, after="home")
    assert [item.key for item in nav] == ["home", "breaches", "rules"]
    with pytest.raises(LookupError):
        site.add_page(site.NavItem("x", "某页", "/x/"), to=nav, after="nowhere")


@pytest.mark.django_db
def test_pages_of_every_day_stand_in_the_band_and_the_others_under_one_word(client):
    client.force_login(factories.staff(groups.OFFICER))
    band, _, rest = client.get("/desk/").content.decode().partition("<summary>更多</summary>")
    assert 'href="/desk/cases/"' in band and 'href="/desk/acts/"' not in band
    assert 'href="/desk/acts/"' in rest.partition("</ul>")[0]
    band, _, rest = client.get("/desk/acts/").content.decode().partition("<summary>更多</summary>")
    assert (
        'href="/desk/acts/" aria-current="page"' in band and 'href="/desk/acts/" aria-current="page"' in rest
    )


@pytest.mark.django_db
def test_the_band_names_the_district_with_its_city_and_says_what_is_demonstration():
    factories.department(region="130111")
    assert site.place() == site.Place("石家庄市栾城区", False)
    factories.department(region="130111", is_demo=True)
    site.forget_place()
    assert site.place() == site.Place("石家庄市栾城区", True)


@pytest.mark.django_db
def test_a_city_is_named_with_its_province_and_the_nation_is_left_out(settings):
    factories.region("130100")
    settings.REGION_CODE = "130100"
    assert site.place().name == "河北省石家庄市"
    settings.REGION_CODE = "130000"
    assert site.place().name == "河北省"


@pytest.mark.django_db
def test_the_place_is_read_once_for_many_pages(django_assert_num_queries):
    factories.region()
    site.place()
    with django_assert_num_queries(0):
        site.place()


@pytest.mark.django_db
def test_the_footer_shows_only_what_the_deployment_has_set(client, settings):
    settings.SITE = {**settings.SITE, "organiser": "某区信用办", "icp": "", "identifier": ""}
    html = client.get("/nothing-here/").content.decode()
    assert "主办：某区信用办" in html
    assert "网站标识码" not in html
    settings.SITE = {**settings.SITE, "identifier": "1301110001"}
    assert "网站标识码 1301110001" in client.get("/nothing-here/").content.decode()


@pytest.mark.req("R97")
@pytest.mark.django_db
def test_elder_mode_is_switched_by_a_link_and_comes_back_to_the_page(client):
    answer = client.get(reverse("overview:elder"), {"on": "1", "next": "/nothing-here/?q=食品"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/nothing-here/?q=食品" or "%E9%A3%9F" in answer.headers["Location"]
    html = client.get("/nothing-here/").content.decode()
    assert '<html lang="zh-CN" class="elder">' in html
    client.get(reverse("overview:elder"), {"on": "0", "next": "/"})
    assert 'class="elder"' not in client.get("/nothing-here/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil"]
)
def test_the_elder_switch_leads_to_no_other_site(client, target):
    assert client.get(reverse("overview:elder"), {"on": "1", "next": target}).headers["Location"] == "/"


def test_the_public_frame_gives_a_visitor_no_cookie(client, db):
    assert not client.get("/nothing-here/").cookies


# ---- errors ----


def test_an_unknown_address_offers_other_ways_to_search(client, db):
    answer = client.get("/nothing-here/")
    html = answer.content.decode()
    assert answer.status_code == 404
    assert "换一种办法查" in html and 'action="/commitments/"' in html
    assert english(html) == set()


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (
            lambda request: errors.page_not_found(request, Http404("No Commitment matches the given query.")),
            404,
        ),
        (lambda request: errors.permission_denied(request, PermissionDenied("You shall not pass")), 403),
        (lambda request: errors.bad_request(request, ValueError("Invalid HTTP_HOST header")), 400),
        (errors.server_error, 500),
        (errors.too_many_requests, 429),
        (lambda request: errors.csrf_failure(request, "CSRF token missing."), 403),
    ],
)
def test_an_error_page_is_chinese_and_hides_the_framework_s_words(db, rf, view, status):
    answer = view(rf.get("/commitments/x/"))
    html = answer.content.decode()
    assert answer.status_code == status
    assert english(html) == set()
    assert '<html lang="zh-CN"' in html and "<h1" in html
    assert "house.css" in html


def test_an_error_page_tells_the_reason_that_a_room_wrote(db, rf):
    html = errors.permission_denied(rf.get("/x/"), PermissionDenied("只能作废当天的承诺。")).content.decode()
    assert "只能作废当天的承诺。" in html


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_below_the_api_every_error_is_a_problem_document(rf, status):
    view = {
        400: errors.bad_request,
        403: errors.permission_denied,
        404: errors.page_not_found,
        500: errors.server_error,
    }
    answer = view[status](rf.get("/api/v1/public/nothing"))
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == status
    assert f'"status": {status}' in answer.content.decode()


def test_the_500_page_needs_neither_database_nor_static_manifest(rf, monkeypatch):
    def missing(_path: str) -> str:
        raise ValueError("Missing staticfiles manifest entry")

    # No `db` fixture: a query here would be an error.
    monkeypatch.setattr(errors.staticfiles_storage, "url", missing)
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "系统出错了" in answer.content.decode()


def test_a_form_without_its_token_is_answered_in_chinese_with_the_way_back(db):
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x", "password": "y"})
    html = answer.content.decode()
    assert answer.status_code == 403
    assert "页面已过期" in html and f'href="{reverse("account_login")}"' in html


# ---- idle session ----


def test_keepalive_extends_only_a_session_that_still_lives(at_work, settings):
    row = Session.objects.get()
    row.expire_date -= timedelta(minutes=20)
    row.save()
    answer = at_work.post(reverse("overview:keepalive"))
    assert answer.json() == {"seconds": settings.SESSION_COOKIE_AGE}
    assert Session.objects.get().expire_date - row.expire_date >= timedelta(minutes=20)
    assert at_work.get(reverse("overview:keepalive")).status_code == 405
    row.expire_date -= timedelta(minutes=20)
    row.save()
    assert at_work.post(reverse("overview:keepalive")).status_code == 401
    assert Client().post(reverse("overview:keepalive")).status_code == 401


def test_staff_pages_keep_nothing_of_htmx_in_the_browser(at_work):
    html = at_work.get(reverse("account_change_password")).content.decode()
    for choice in ('"allowEval":false', '"includeIndicatorStyles":false', '"historyCacheSize":0'):
        assert choice in html


def test_parts_render_what_they_promise():
    badge = render_to_string("parts/state_badge.html", {"state": "unfulfilled"})
    assert "badge-broken" in badge and "全部未履行" in badge
    pager = render_to_string("parts/pagination.html", {"next_url": "?cursor=x", "count_text": "约 300 条"})
    assert "下一页" in pager and "上一页" not in pager and "约 300 条" in pager
    assert render_to_string("parts/pagination.html", {}).strip() == ""
    terms = render_to_string(
        "parts/term_list.html", {"terms": [{"term": "类型", "value": ""}, {"term": "份数", "value": 0}]}
    )
    assert "类型" not in terms and "<dd>0</dd>" in terms
