"""The forms and links of a page, as a browser reads them."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

TYPED = {
    "text",
    "search",
    "tel",
    "email",
    "url",
    "password",
    "number",
    "date",
    "month",
    "time",
    "datetime-local",
    "hidden",
}

_EMPTY = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_WARNING = re.compile(r"error|notice-broken|message|rec-warning")


@dataclass
class Field:
    name: str
    kind: str  # an input's type, "textarea", "select"
    value: str = ""
    options: list[str] = field(default_factory=list)
    ticked: bool = False
    required: bool = False
    id: str = ""
    label: str = ""
    several: bool = False
    low: str = ""
    accept: str = ""


@dataclass
class Form:
    method: str
    action: str
    id: str = ""
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, formaction

    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.name for one in self.fields))


class Page(HTMLParser):
    """`forms` in order with their fields (those outside that name their form by id as well), `links` as written,
    `warnings`: what a page says of what is wrong."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.warnings: list[str] = []
        self._depth, self._warned = 0, 0
        self._form: Form | None = None
        self._loose: list[tuple[str, Field | tuple[str, str, str]]] = []
        self._text: Field | None = None
        self._select: Field | None = None
        self._label: list[str] | None = None
        self._label_for = ""
        self._labels: dict[str, str] = {}
        self.feed(html)
        self.close()
        by_id = {one.id: one for one in self.forms if one.id}
        for owner, part in self._loose:
            if owner in by_id:
                (by_id[owner].fields if isinstance(part, Field) else by_id[owner].buttons).append(part)  # type: ignore[arg-type]
        for form in self.forms:
            for one in form.fields:
                one.label = one.label or self._labels.get(one.id, "")

    def _put(self, owner: str, part: Field | tuple[str, str, str]) -> None:
        if owner:
            self._loose.append((owner, part))
        elif self._form is not None:
            (self._form.fields if isinstance(part, Field) else self._form.buttons).append(part)  # type: ignore[arg-type]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag not in _EMPTY:
            self._depth += 1
            if not self._warned and (given.get("role") == "alert" or _WARNING.search(given.get("class", ""))):
                self._warned = self._depth
        if tag == "form":
            self._form = Form(
                given.get("method", "get").lower(), given.get("action", ""), given.get("id", "")
            )
            self.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "label":
            self._label, self._label_for = [], given.get("for", "")
        elif tag == "option" and self._select is not None:
            self._select.options.append(given.get("value", ""))
            if "selected" in given:
                self._select.value = given.get("value", "")
        elif (tag == "button" and given.get("type", "submit") == "submit") or (
            tag == "input" and given.get("type") in ("submit", "image")
        ):
            if "disabled" not in given:
                self._put(
                    given.get("form", ""),
                    (given.get("name", ""), given.get("value", ""), given.get("formaction", "")),
                )
        elif tag in ("input", "textarea", "select"):
            if "name" not in given or "disabled" in given:
                return
            kind = given.get("type", "text").lower() if tag == "input" else tag
            if kind in ("button", "reset"):
                return
            one = Field(
                given["name"], kind, given.get("value", "on" if kind in ("checkbox", "radio") else ""), [],
                "checked" in given, "required" in given, given.get("id", ""), given.get("aria-label", ""),
                "multiple" in given, given.get("min", ""), given.get("accept", ""),
            )  # fmt: skip
            self._put(given.get("form", ""), one)
            if tag == "textarea":
                self._text = one
            elif tag == "select":
                self._select = one

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            if self._warned == self._depth:
                self._warned = 0
            self._depth -= 1
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            if self._text is not None:
                # A browser drops the first line end of a text area.
                self._text.value = self._text.value.removeprefix("\n")
            self._text = None
        elif tag == "select":
            self._select = None
        elif tag == "label" and self._label is not None:
            if self._label_for:
                self._labels.setdefault(self._label_for, re.sub(r"\s+", " ", "".join(self._label)).strip())
            self._label = None

    def handle_data(self, data: str) -> None:
        if self._warned and data.strip():
            self.warnings.append(data.strip())
        if self._text is not None:
            self._text.value += data
        elif self._label is not None:
            self._label.append(data)
