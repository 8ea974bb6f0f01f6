"""Odd requests whose traces are undone, and which parameters of a request a page has read."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.test import Client

from .shares import Shares


class Undone(Exception):
    pass


class Watched(QueryDict):
    """The parameters of a request, which know which of them the page has read; None: all at once."""

    read: set[str | None] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

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
    """The addresses with one odd parameter that break. A page that did not read the parameter when it had the first value
    cannot tell the others from it: they are left out."""
    broken = []
    for name in names:
        for value in values.at(route, name, few=1):
            Watched.read.clear()
            if (status := status_of(client, "get", f"{path}?{name}={value}")) >= 500:
                broken.append((f"{path}?{name}={value}"[:120], status))
            if Watched.read.isdisjoint({name, None}):
                break
    return broken


def status_of(client: Client, method: str, *args: Any, **kwargs: Any) -> int:
    """What the portal answers; whatever the request changed is undone."""
    status = 0
    try:
        with transaction.atomic():
            answer = getattr(client, method)(*args, **kwargs)
            status = answer.status_code
            raise Undone
    except Undone:
        return status
