"""What rooms above have put a QR code on. They register by name in their `AppConfig.ready()`; `/verify/<token>/` asks each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

# `find(token, *, now)` gives the template of the page and its context, or None where the token is none of its papers.
Find = Callable[..., tuple[str, dict[str, Any]] | None]

_papers: dict[str, Find] = {}


def register_paper(name: str, find: Find) -> None:
    """A kind of paper whose token opens a page. The page is for whoever holds the paper: nothing that only staff may see."""
    _papers[name] = find


def find_paper(token: str, *, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """The page of a token of any room above, or None."""
    for find in _papers.values():
        found = find(token, now=now)
        if found is not None:
            return found
    return None
