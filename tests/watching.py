"""Odd requests whose traces are undone, and which parameters of a request a page has read."""

import copy
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.test import Client

from credit_portal.overview import errors
from credit_portal.registry import visibility
from credit_portal.registry.models import User

from .shares import WHOLE, Shares


class Undone(Exception):
    pass


class Watched(QueryDict):
    """The parameters of a request, which know which of them the page has read; None: all at once."""

    read: set[str | None] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def getlist(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().getlist(key, default)

    def __iter__(self) -> Iterator[str]:
        self.read.add(None)
        return super().__iter__()

    def keys(self) -> Any:
        self.read.add(None)
        return super().keys()

    def lists(self) -> Any:
        self.read.add(None)
        return super().lists()

    def copy(self) -> Any:
        self.read.add(None)
        return super().copy()

    def urlencode(self, safe: str | None = None) -> str:
        self.read.add(None)
        return super().urlencode(safe)


def broken_by_parameters(
    client: Client, path: str, names: Sequence[str], values: Shares[str], route: str
) -> list[tuple[str, int]]:
    """The addresses with odd parameters that break: those that the page reads one at a time, those that it does not ask for
    by name all together. A page that reads whatever there is may have refused the first of many: it gets each alone."""
    broken = []

    def answer(*sent: tuple[str, str]) -> int:
        address = f"{path}?{'&'.join(f'{name}={value}' for name, value in sent)}" if sent else path
        Watched.read.clear()
        if (status := status_of(client, "get", address)) >= 500:
            broken.append((address[:120], status))
        return status

    answer()
    read = set(Watched.read)
    unread = [name for name in names if name not in read]
    together = answer(*((name, values.at(route, name, few=1)[0]) for name in unread)) if unread else 200
    # Some read a parameter only beside another one.
    alone = (
        names if WHOLE or (400 <= together < 500 and None in read) else sorted(read | Watched.read, key=str)
    )
    for name in alone:
        if name in names:
            for value in values.at(route, str(name), few=1):
                Watched.read.clear()
                answer((str(name), value))
                if Watched.read.isdisjoint({name, None}):
                    break
    return broken


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is changed within is taken back."""
    with suppress(Undone), transaction.atomic():
        yield
        raise Undone


def status_of(client: Client, method: str, *args: Any, **kwargs: Any) -> int:
    """What the portal answers; whatever the request changed is undone."""
    with undone():
        status: int = getattr(client, method)(*args, **kwargs).status_code
    return status


def known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks is looked up once for thousands of requests: sessions lie in memory, and an account is read with its roles
    and its department at the first one. How a session and an account are really found: test_login.py."""
    monkeypatch.setitem(
        settings.CACHES, "memory", {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
    monkeypatch.setattr(settings, "SESSION_ENGINE", "django.contrib.sessions.backends.cache")
    monkeypatch.setattr(settings, "SESSION_CACHE_ALIAS", "memory")
    # Thousands are refused, and none of it is read.
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    plain, kept = auth.get_user, dict[str, User]()

    def known(request: HttpRequest) -> User | AnonymousUser:
        number = request.session.get(auth.SESSION_KEY)
        if number is None:
            return AnonymousUser()
        if number not in kept:
            found = plain(request)
            if isinstance(found, AnonymousUser):
                return found
            visibility.group_names(found)
            if found.department is not None:
                str(found.department.region)
            kept[number] = found
        return copy.copy(kept[number])

    monkeypatch.setattr(auth, "get_user", known)


def refuse_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal by its words: where thousands are given, drawing the page around them takes most of the time."""

    def said(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        return HttpResponse(str(context.get("reason", "")), status=status)

    monkeypatch.setattr(errors, "render", said)
