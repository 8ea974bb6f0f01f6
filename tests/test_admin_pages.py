"""The pages of the back office: Chinese without remainder, its own content policy, bounded lists."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.admin import site

from credit_portal.audit.admin_base import CappedPaginator
from credit_portal.overview.admin_site import NAVIGATION
from credit_portal.registry import groups
from tests.office import Office, address, client_of, registered
from tests.scenes import mine
from tests.test_permissions import TABLE, allowed, pages_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db) -> Office:
    return mine(built)


def test_every_page_of_the_back_office_stands_in_its_sidebar():
    named = {label for _, labels in NAVIGATION for label in labels}
    assert {model._meta.label_lower for model in site._registry} == named


# Abbreviations that are the Chinese term, too.
HTML = "text/html; charset=utf-8"
KNOWN = {"chinesecalendar", "CSV", "Excel", "PDF", "SHA", "KB", "HTTP", "JSON", "xlsx"}
# What stands for a thing and not for a word: codes, numbers, hashes, user names, file types, e-mail signs.
# The address of a page, as somebody wrote it who pointed an error out on it.
ADDRESS = re.compile(r"^\s*/(?:[a-z-]+/)+\s*$")
CODE = re.compile(
    r"[0-9A-Za-z]*[0-9][0-9A-Za-z\-_./:]*|(?:image|application|text)/[a-z]+|[a-z]+_list|https?://\S+|lier|spjyxk|\.png|\{[^}]*\}"
)
WORD = re.compile(r"[A-Za-z]{2,}")
ATTRIBUTES = ("title", "placeholder", "aria-label", "alt", "data-label", "label")


class Reader(HTMLParser):
    """What a person reads or hears of a page, piece by piece."""

    SILENT = ("script", "style")
    VOID = {"br", "hr", "img", "input", "link", "meta", "path", "source", "wbr", "rect", "circle", "line"}

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        hidden = (
            tag in self.SILENT
            or "material-symbols" in (given.get("class") or "")
            or "rec-mono" in (given.get("class") or "")
        )
        if not self.silent:
            self.pieces += [value for name, value in attrs if name in ATTRIBUTES and value]
            if tag == "input" and given.get("type") in ("submit", "button"):
                self.pieces.append(given.get("value") or "")
        if tag not in self.VOID:
            self.open.append((tag, hidden))

    def handle_endtag(self, tag):
        while self.open:
            name, _hidden = self.open.pop()
            if name == tag:
                break

    def handle_data(self, data):
        if not self.silent and data.strip():
            self.pieces.append(data.strip())

    @property
    def silent(self) -> bool:
        return any(hidden for _tag, hidden in self.open)


def english_of(html: str) -> set[str]:
    reader = Reader()
    reader.feed(html)
    found = set()
    for piece in reader.pieces:
        for word in WORD.findall(CODE.sub(" ", ADDRESS.sub(" ", piece))):
            if word not in KNOWN:
                found.add(f"{word} ({piece[:60]})")
    return found


def test_the_reader_of_these_tests_sees_english_where_there_is_some():
    page = '<p title="Close">承诺 <b>Save</b> 91130111MA0000001X <script>var x</script></p>'
    assert {found.split()[0] for found in english_of(page)} == {"Close", "Save"}


def addresses(office: Office) -> list[tuple[str, str]]:
    """Every page once, each with a role that may open it."""
    rows = office.rows()
    found = []
    for label in TABLE:
        for name in sorted(pages_of(label)):
            for role in sorted(allowed(label, name), key=lambda role: role != groups.CREDIT_OFFICE)[:1]:
                found.append(
                    (role, address(label, name, None if name in ("changelist", "add") else rows[label]))
                )
    return found


def test_every_page_is_chinese_and_strict_about_what_it_loads(office):
    clients = {role: office.client(role) for role in groups.LABELS}
    wrong: dict[str, set[str]] = {}
    visited = addresses(office) + [(role, "/admin/") for role in groups.LABELS if role != groups.CLERK]
    visited += [
        (groups.CREDIT_OFFICE, "/admin/commitments/commitment/?q=没有这样的名称"),
        (
            groups.CREDIT_OFFICE,
            "/admin/commitments/commitment/?signed_at_from=2026-09-14&signed_at_to=2026-09-14",
        ),
        (groups.CREDIT_OFFICE, "/admin/audit/auditevent/?verb=commitment.signed&actor=nobody"),
        (groups.CREDIT_OFFICE, "/admin/commitments/commitment/999999/change/"),
        (groups.CREDIT_OFFICE, f"/admin/commitments/commitment/{office.commitment.pk}/delete/"),
        (groups.OFFICER, "/admin/registry/user/"),
        (groups.CLERK, "/admin/login/"),
    ]
    assert len(visited) > 80
    for role, url in visited:
        answer = clients[role].get(url)
        if answer.headers["Content-Type"] != HTML:
            # A file to keep, not a page.
            assert "attachment" in answer.headers["Content-Disposition"], url
            continue
        html = answer.content.decode()
        if english := english_of(html):
            wrong[f"{role} {url}"] = english
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "http" not in policy.replace("https:", ""), url
        if answer.status_code == 200:
            assert "script-src 'self' 'unsafe-eval'" in policy
            assert "style-src 'self' 'unsafe-inline'" in policy
        assert "<script>" not in html and " onclick=" not in html, url
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html), url
    assert not wrong, "\n".join(f"{page}: {sorted(words)}" for page, words in sorted(wrong.items()))


def test_the_forms_of_the_back_office_complain_in_chinese(office):
    rows = office.rows()
    wrong = {}
    for label, page in registered().items():
        for name in ["add", *getattr(page, "deeds", dict)()]:
            role = {
                "registry.user": groups.SECURITY_ADMIN,
                "registry.department": groups.SYSTEM_ADMIN,
            }.get(label, groups.CREDIT_OFFICE)
            answer = office.client(role).post(
                address(label, name, None if name == "add" else rows[label]),
                {"clauses-TOTAL_FORMS": "x", "blanks-TOTAL_FORMS": "", "measures-TOTAL_FORMS": "9999"},
            )
            if english := english_of(answer.content.decode()):
                wrong[f"{label} {name}"] = english
    assert not wrong


def test_the_door_leads_through_the_one_login_and_out_again(office):
    client = client_of(office.people[groups.CREDIT_OFFICE])
    assert client.get("/admin/login/").url == "/admin/"
    assert client.get("/admin/logout/").url == "/accounts/logout/"
    assert client.get("/admin/password_change/").url == "/accounts/password/change/"
    assert client.get("/admin/search/?s=x").status_code == 404
    assert client.get("/admin/registry/").url == "/admin/"


def test_a_list_asks_for_a_page_and_never_counts_everything(
    office, django_assert_max_num_queries, monkeypatch
):
    client = office.client(groups.CREDIT_OFFICE)
    for label in (
        "commitments.commitment",
        "audit.auditevent",
        "verification.check",
        "disclosure.publicitydecision",
        "documents.evidencefile",
    ):
        # Session, user, groups, permissions, one count, one page of rows, the filters' choices.
        with django_assert_max_num_queries(16):
            assert client.get(address(label, "changelist")).status_code == 200
    monkeypatch.setattr(CappedPaginator, "LIMIT", 3)
    page = client.get(address("audit.auditevent", "changelist"))
    assert page.context["cl"].result_count == 3
    assert "只列最新 3 条，更早的请用筛选缩小范围" in page.content.decode()


def test_what_the_first_page_says_is_counted(office):
    second = client_of(office.second).get("/admin/").content.decode()
    assert re.search(r"<b[^>]*>1</b> <span>件公开自然人承诺的提议等您作为第二人决定", second)
    assert re.search(r"<b[^>]*>1</b> <span>条规则未经确认", second)
    first = office.client(groups.CREDIT_OFFICE).get("/admin/").content.decode()
    assert "等您作为第二人决定" not in first
    keeper = office.client(groups.SECURITY_ADMIN).get("/admin/").content.decode()
    assert "个账号还没有登录过" in keeper and "份承诺今日签署" not in keeper
