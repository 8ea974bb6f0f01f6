"""The public column in tests: a moment at which it is read, commitments on it, and a reader that follows links."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from commitments.models import Commitment
from credit_portal.audit import clock
from credit_portal.registry import site
from disclosure import fragments, search
from disclosure.models import RuleDocument
from tests.counter import Counter
from tests.factories import NOW, region

READ_AT = NOW + timedelta(days=3)
_LINK = re.compile(r'<(?:a|link)\b[^>]*\bhref="([^"]*)"')


@contextmanager
def read_at(moment: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages see this moment; nothing that a process remembers comes from another test."""
    site.forget_place()
    fragments.forget()
    monkeypatch.setattr(clock, "now", lambda: moment)
    # A busy machine is no reason for an estimate here.
    for limit in ("FIRST_MS", "SECOND_MS", "COUNT_MS"):
        monkeypatch.setattr(search, limit, 10_000)
    yield
    site.forget_place()
    fragments.forget()


def copies(signed: Commitment, number: int, **fields: Any) -> list[Commitment]:
    """As many more like a signed commitment, each with its own code: quick rows for long lists."""
    made = []
    for _ in range(number):
        row = Commitment.objects.get(pk=signed.pk)
        row.pk, row.draft = None, None
        row._state.adding = True
        serial = 1000 + Commitment.objects.count()
        row.code = f"{signed.code[:14]}{serial:06d}"
        row.verify_token = f"copy-{row.code}"
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()
        made.append(row)
    return made


def sign(counter: Counter, *, subject: Any = None, item: Any = None, **given: Any) -> Commitment:
    """The counter signs once more, the same on the same day, too; for another subject or item where told so."""
    counter.subject = subject or counter.subject
    counter.item = item or counter.item
    return counter.sign(**({"confirm_duplicate": True} | given))


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def main_of(page: str) -> str:
    """What is between <main> and </main>: without the frame, whose links name the page's own address."""
    return page[page.index("<main") : page.index("</main>")]


def words(page: str) -> str:
    """The page as read: no tags, single spaces."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def links(page: str, at: str) -> set[str]:
    """The addresses on this site to which a page leads."""
    found = {html.unescape(href) for href in _LINK.findall(page)}
    own = {urljoin(at, href) for href in found if not urlsplit(href).netloc and not href.startswith("#")}
    return {urlsplit(address)._replace(fragment="").geturl() for address in own}


def walk(client: Client, start: str = "/", most: int = 400) -> dict[str, str]:
    """Every page of the column that links lead to, by address; a link that leads nowhere fails."""
    seen: dict[str, str] = {}
    waiting = [start]
    while waiting and len(seen) < most:
        address = waiting.pop()
        if address in seen or address.startswith(("/static/", "/elder/", "/accounts/", "/me/")):
            continue
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        is_page = answer["Content-Type"].startswith("text/html") and not address.startswith("/api/v1/")
        seen[address] = answer.content.decode() if is_page else ""
        if is_page:
            waiting += links(seen[address], address)
    assert not waiting or len(seen) < most
    return {address: page for address, page in seen.items() if page}


def rule_document(**fields: Any) -> RuleDocument:
    """A document of the district that comes into force after READ_AT."""
    values: dict[str, Any] = {
        "region": region(),
        "title": "信用承诺制度实施细则",
        "issuer": "栾城区社会信用体系建设领导小组办公室",
        "number": "栾信办〔2026〕3号",
        "issued_on": date(2026, 3, 5),
        "effective_from": date(2026, 10, 1),
        "summary": "规定承诺的类型。\n规定违约的认定。",
    }
    return RuleDocument.objects.create(**(values | fields))
