"""What a reader meets on a page: for tests that look for words which should not be there."""

import re
from html.parser import HTMLParser

# Words that Chinese pages use as they are.
KNOWN_WORDS = {"cookie", "chinesecalendar"}


class _Words(HTMLParser):
    """Collects what a reader sees or hears: text, labels, alternatives; not scripts, addresses or secrets."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._muted: list[str] = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag in ("script", "style") or "secret" in (named.get("class") or "").split():
            self._muted.append(tag)
        for name in ("alt", "title", "placeholder", "aria-label"):
            self.text.append(named.get(name) or "")

    def handle_endtag(self, tag):
        if self._muted and self._muted[-1] == tag:
            self._muted.pop()

    def handle_data(self, data):
        if not self._muted:
            self.text.append(data)


def english(html: str, *known: str) -> set[str]:
    """Latin words of three letters and more that a reader of the page would meet."""
    reader = _Words()
    reader.feed(html)
    words = {word.lower() for word in re.findall(r"[A-Za-z]{3,}", " ".join(reader.text))}
    return words - KNOWN_WORDS - {part.lower() for word in known for part in re.findall(r"[A-Za-z]+", word)}
