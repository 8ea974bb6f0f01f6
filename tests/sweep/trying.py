"""One text in one field of a form, sent as a browser would, and what became of it. Whatever was changed is undone."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http.multipartparser import MultiPartParser

from credit_portal.documents.services import clean_name
from tests.blank_papers import Blank
from tests.counter import signature_png
from tests.naughty import CHINESE, is_kept

from .filling import filled, papers
from .reading import Field, Page
from .walking import Found
from .watching import watched

_DANGEROUS = re.compile(r"<\s*/?\s*[a-z!]", re.IGNORECASE)


@dataclass
class Sent:
    """What was answered. `stored`: every text of what was written; `said`: what stands in warnings of the page."""

    status: int = 0
    wrote: int = 0
    stored: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    said: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return self.status < 400 and self.wrote > 0 and not self.errors


class _Undone(Exception):
    pass


def send(
    found: Found,
    data: Mapping[str, list[str]],
    files: Mapping[str, Any],
    *,
    follow: bool = True,
    name: tuple[str, str] = ("", ""),
) -> Sent:
    """`name`: of the file of a field, as it is, without what a test's own upload would make of it."""
    sent = Sent()
    if name[0]:
        files[name[0]]._name = name[1]
    for one in files.values():
        one.seek(0)
    Blank.printed.clear()
    try:
        with transaction.atomic():
            with watched() as written:
                answer = found.client.post(found.action, {**data, **files})
            sent.status = answer.status_code
            sent.stored, sent.wrote = written.texts(), len(written.kept())
            sent.tables = [table for table, _ in written.kept()]
            sent.pages += Blank.printed
            _read(answer, sent)
            if follow and answer.status_code in (302, 303):
                _read(found.client.get(answer.headers["Location"]), sent)
            raise _Undone
    except _Undone:
        return sent


def _read(answer: Any, sent: Sent) -> None:
    sent.status = max(sent.status, answer.status_code) if answer.status_code >= 500 else sent.status
    if answer.streaming:
        return
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("application/json"):
        sent.said += answer.content.decode()
        return
    if not kind.startswith("text/html"):
        return
    html = answer.content.decode()
    sent.pages.append(html)
    sent.said += " ".join(Page(html).warnings)
    for context in answer.context or ():
        for value in context.flatten().values() if hasattr(context, "flatten") else ():
            for form in _forms(value):
                for name, errors in form.errors.items():
                    sent.errors[form.add_prefix(name) if name != "__all__" else name] = " ".join(errors)


def _forms(value: Any, depth: int = 0) -> list[Any]:
    if hasattr(value, "is_bound") and hasattr(value, "errors"):
        if not value.is_bound:
            return []
        return list(value.forms) if hasattr(value, "forms") else [value]
    if depth < 3 and isinstance(value, dict):
        return [form for one in value.values() for form in _forms(one, depth + 1)]
    if depth < 3 and isinstance(value, list | tuple):
        return [form for one in value for form in _forms(one, depth + 1)]
    return []


@dataclass
class Sound:
    """A form filled in so that it is taken; where nothing is taken as the page stands, the nearest to it."""

    found: Found
    data: dict[str, list[str]]
    files: dict[str, Any]
    accepted: bool
    sent: Sent


def soundly(candidates: list[Found], *, today: date, samples: Mapping[str, str]) -> Sound:
    best: Sound | None = None
    for found in candidates:
        for generous in (True, False):
            filled_in = filled(found.form, found.button, today=today, generous=generous, samples=samples)
            data = {name: filled_in.getlist(name) for name in filled_in}
            files = papers(found.form) if generous else {}
            sent = send(found, data, files, follow=False)
            made = Sound(found, data, files, sent.accepted, sent)
            if sent.accepted:
                return made
            if best is None or (sent.status, len(sent.errors)) < (best.sent.status, len(best.sent.errors)):
                best = made
    assert best is not None
    return best


# Where people write words; what is forged in any other place (a hidden number, a choice) may be passed over.
# A wrong code is counted, whatever it was; the blanks of a draft are kept as far as they are right;
# what is typed from a paper waits as its author's draft, right or not.
ATTEMPTS = {"registry_wrongcode", "commitments_draft", "commitments_capturesheet"}
WORDS = {"text", "search", "tel", "email", "url", "password", "textarea"}


def stands_in(text: str, page: str) -> bool:
    """Whether a text with a mark of HTML in it stands in a page as it is."""
    return len(text) > 8 and text in page and bool(_DANGEROUS.search(text))


def wrong_with(sound: Sound, one: Field, text: str, *, may_vanish: bool = False) -> str:
    """What is not as it should be with this text in this field; empty where all is well."""
    sent = send(sound.found, {**sound.data, one.name: [text]}, sound.files)
    return unlike(sound, sent, one, text, may_vanish=may_vanish)


def unlike(sound: Sound, sent: Sent, one: Field, text: str, *, may_vanish: bool = False) -> str:
    """What of an answer is not as the rule for this text in this field has it. `may_vanish`: nothing of it is stored."""
    if sent.status >= 500:
        return f"{sent.status}"
    if any(stands_in(text, page) for page in sent.pages):
        return "stands unescaped on the page"
    if sent.status >= 400 and sent.wrote and set(sent.tables) - ATTEMPTS:
        return f"refused with {sent.status}, yet {sent.tables[:3]} were written"
    if not sound.accepted or one.kind not in WORDS:
        return ""
    if sent.wrote:
        if sent.errors:
            return f"written to {sent.tables[:3]}, and errors: {sent.errors}"
        if may_vanish or not text.strip() or _is_number(text) or is_kept(text, sent.stored):
            return ""
        return "taken, and not kept as it was"
    if sent.errors:
        if any(
            CHINESE.search(said)
            for key, said in sent.errors.items()
            if key == one.name or key.endswith(f"-{one.name}")
        ):
            return ""
        if one.label and any(one.label in said for said in sent.errors.values()):
            return ""
        return f"refused under another name: {sent.errors}"
    return "" if CHINESE.search(sent.said) else f"{sent.status}, nothing written and no word of it"


def wrong_with_file(sound: Sound, one: Field, text: str) -> str:
    """The same for a file: a sound one whose name is the text, then two that have the text in them."""
    without = _papers(
        send(sound.found, sound.data, {name: file for name, file in sound.files.items() if name != one.name})
    )
    named = re.sub(r"[\r\n\0\"]", "_", text)[:250] + ".png"
    for name, content in (
        (named, signature_png()),
        ("扫描件.pdf", b"%PDF-" + text.encode()),
        ("表.csv", text.encode()),
    ):
        upload = SimpleUploadedFile("x", content, "image/png" if name is named else "")
        sent = send(sound.found, sound.data, {**sound.files, one.name: upload}, name=(one.name, name))
        if sent.status >= 500:
            return f"{sent.status} with a file {name[:20]!r}"
        # A paper that is not wanted as the form is filled in is passed over.
        if not sound.accepted or _papers(sent) <= without:
            continue
        if name is not named:
            return f"what is no paper was taken as {name}"
        # Django reads &#9; in a name as browsers write what their character set lacks, and drops what is not printable.
        kept = clean_name(MultiPartParser.sanitize_file_name(None, named) or "")  # type: ignore[arg-type]
        if not is_kept(kept, sent.stored):
            return f"taken, and the name of the file is not {kept!r}"
    return ""


def _papers(sent: Sent) -> int:
    return sum("evidence" in table for table in sent.tables)


def _is_number(text: str) -> bool:
    """A number is kept as one: 09 as 9."""
    try:
        float(unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", ""))
    except ValueError:
        return False
    return True
