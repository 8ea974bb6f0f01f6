"""Templates under a strict content security policy: no inline script or style, nothing from another host."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("templates", "credit_portal", "commitments", "verification", "disclosure", "repair")
# Paper is laid out by WeasyPrint, which no policy governs; its styles stand in the page it prints.
PAPER = ("/paper/", "/pdf/")
# Unfold's own pages need inline styles and have a policy of their own.
ADMIN = ("/admin/", "/unfold/")
LOADS = {"src", "href", "action", "formaction", "srcset", "poster", "data", "hx-get", "hx-post"}
MAY_LINK = {("a", "href")}


class Reader(HTMLParser):
    """Collects what the policy would refuse, with its line."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "style":
            self._add("内联 <style>")
        if tag == "script" and "src" not in named and named.get("type") not in ("application/json",):
            self._add("内联 <script>")
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name == "style":
                self._add("style= 属性")
            elif name.startswith(("on", "hx-on", "x-on", "@")):
                self._add(f"{name}= 属性")
            elif text.startswith("javascript:"):
                self._add(f"{name} 中的 javascript:")
            elif name in LOADS and (tag, name) not in MAY_LINK and re.match(r"(https?:)?//", text):
                self._add(f"{name} 指向别的主机")

    def _add(self, what: str) -> None:
        self.found.append((self.getpos()[0], what))


def problems(text: str) -> list[tuple[int, str]]:
    """Line and reason of each thing in a template's text that the policy would refuse."""
    # Django's tags may hold quotes that end an attribute for an HTML reader; their lines are kept.
    plain = re.sub(
        r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|{%.*?%}|{{.*?}}",
        lambda found: " " + "\n" * found[0].count("\n"),
        text,
        flags=re.DOTALL,
    )
    reader = Reader()
    reader.feed(plain)
    reader.close()
    return reader.found


def main() -> int:
    """1 when a template has such a thing; each is printed."""
    bad = 0
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.html")):
            place = f"/{path.relative_to(ROOT)}"
            if any(part in place for part in PAPER + ADMIN):
                continue
            for line, what in problems(path.read_text(encoding="utf-8")):
                bad += 1
                print(f"{path.relative_to(ROOT)}:{line}: {what}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
