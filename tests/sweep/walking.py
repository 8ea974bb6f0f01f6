"""Walking through the portal as somebody: page by page, link by link, and which forms stand on the pages."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from .reading import Field, Form, Page

# Where a walk does not go: out, and into what is no page.
AWAY = re.compile(r"^(?:$|#|mailto:|tel:|javascript:|https?:|data:)|logout|keepalive")


@dataclass
class Found:
    """A form on a page with one of its buttons, and who found it."""

    client: Client
    who: str
    page: str
    form: Form
    button: tuple[str, str]
    action: str
    route: str

    def key(self) -> tuple[object, ...]:
        """Alike for all pages of a kind: numbered fields and the numbers in a button are alike, too."""
        names = tuple(dict.fromkeys(re.sub(r"\d+|[0-9a-f-]{32,}", "#", name) for name in self.form.names()))
        return (
            self.form.method,
            self.route,
            names,
            (self.button[0], re.sub(r"\d+|[0-9a-f-]{32,}", "#", self.button[1])),
        )

    def texts(self) -> list[Field]:
        """What can be typed into, or forged."""
        return [one for one in self.form.fields if one.kind != "file" and one.name != "csrfmiddlewaretoken"]


def route_of(address: str) -> str | None:
    try:
        return "/" + str(resolve(urlsplit(address).path).route)
    except Resolver404:
        return None


def walk(
    client: Client, start: list[str], *, each: int, within: re.Pattern[str]
) -> Iterator[tuple[str, Page]]:
    """Address and page of what is found from `start` on `within` the addresses, at most `each` of a route with a
    query and as many without one."""
    todo = deque(start)
    seen, count = set(todo), Counter[str]()
    while todo:
        address = todo.popleft()
        route = route_of(address)
        if route is None:
            continue
        answer = client.get(address)
        assert answer.status_code < 500, (address, answer.status_code)
        links = []
        if answer.status_code in (301, 302):
            links = [answer.headers["Location"]]
        elif not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
            page = Page(answer.content.decode())
            yield address, page
            links = page.links
        for link in links:
            target = urljoin(address, link).split("#")[0]
            if AWAY.search(link) or not within.search(target):
                continue
            kind = f"{route_of(target)}{'?' * ('?' in target)}"
            if target not in seen and count[kind] < each:
                seen.add(target)
                count[kind] += 1
                todo.append(target)


def forms_of(
    client: Client, who: str, start: list[str], *, each: int, within: re.Pattern[str]
) -> Iterator[Found]:
    """Forms with something to fill in, each with each of its buttons; those that only ask (method get) once."""
    for address, page in walk(client, start, each=each, within=within):
        for form in page.forms:
            if set(form.names()) <= {"csrfmiddlewaretoken", "next"}:
                continue
            buttons = form.buttons if form.method == "post" else []
            for name, value, elsewhere in buttons or [("", "", "")]:
                action = urljoin(address, elsewhere or form.action or address)
                if not AWAY.search(action) and (goes := route_of(action)):
                    yield Found(client, who, address, form, (name, value), action, goes)
