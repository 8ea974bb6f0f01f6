"""Codes in the log, said in words. The log stores codes; the rooms that own them bring the labels (by `register`)."""

import re
from collections.abc import Mapping
from typing import Any

from .models import AuditEvent

_HASH = re.compile(r"[0-9a-f]{40,}")
_words: dict[tuple[str, str], Mapping[str, str]] = {}


def register(verb: str, **labels: Mapping[str, str]) -> None:
    """Say how facts of a verb read: `register("check.made", route={"ordinary": "按一般程序办理"})`."""
    for fact, words in labels.items():
        _words[verb, fact] = {str(code): str(label) for code, label in words.items()}


def facts_in_words(event: AuditEvent) -> dict[str, Any]:
    """The facts of an event for people: codes by their labels, lists joined, long hashes cut to twelve characters."""
    return {name: _said(event.verb, name, value) for name, value in event.facts.items()}


def _said(verb: str, fact: str, value: Any) -> Any:
    if value is None:
        return "（无）"
    if isinstance(value, list):
        return "、".join(str(_said(verb, fact, part)) for part in value) or "（无）"
    if not isinstance(value, str):
        return value
    words = _words.get((verb, fact), {})
    # Groups are stored as one string, joined.
    said = "、".join(words.get(part, part) for part in value.split("、"))
    return _HASH.sub(lambda found: f"{found[0][:12]}…", said)
