"""Searching the column, and the public record of one subject. What is found is search.py's to say, as for the API.

A number that may be a person's is looked up nowhere but among the codes of organisations, and goes no further: into no
page, no link and no address (R92).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry import codes
from credit_portal.registry.models import CommitmentType

from . import column, search
from .act_gate import acts_of_subject
from .breach_gate import breaches_of_subject
from .gate import SHOWN_FULFILMENT, find_public
from .person_gate import persons_of_firm
from .terms import FILTERS, Terms, TermsError, read_box, read_cursor, read_terms
from .views import unlisted

# The box stands for the name and the code; the others are named as in the API.
NARROWING = tuple(name for name in FILTERS if name not in ("name", "code"))
STATUSES = [(state.value, str(state.label)) for state in SHOWN_FULFILMENT]
TYPES = list(CommitmentType.choices)
NOTHING = "nothing"  # stands in the address for what is not repeated there
BOX_LENGTH = 200
BREACHES_SHOWN = 20
ACTS_SHOWN = 10

ERROR_CHOICE = "没有这个选项，请从列表中选择。"
ERROR_LENGTH = "统一社会信用代码应为 18 位，承诺编码应为 20 位，现为 {} 位，请核对。"
NO_SUBJECT = (
    "没有查到这个代码的公开信息：可能抄写有误，也可能它没有作出过承诺，或者承诺不在公示范围内。"
    "可以换用名称里的几个字再查。"
)
WRONG_CODE = "{}请核对营业执照上的代码，或者换用名称里的几个字再查。"

_DAY = r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_PRIVATE = re.compile(
    r"(?<![0-9A-Z])("
    rf"[1-9][0-9]{{5}}(18|19|20)[0-9]{{2}}{_DAY}[0-9]{{3}}[0-9X]"  # an ID number
    rf"|[1-9][0-9]{{7}}{_DAY}[0-9]{{3}}"  # an old one of 15 digits
    r"|1[3-9][0-9]{9}"  # a mobile phone
    r")(?![0-9A-Z])"
)
_LIKE_CODE = re.compile(r"(?=(?:[A-Z]*[0-9]){8})[0-9A-Z]{15,24}")


def may_be_private(text: str) -> bool:
    """Whether an ID number or a mobile phone may stand in what was typed, however it was spaced."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return any(_PRIVATE.search(form) for form in (folded, re.sub(r"[\s\-－—·.]", "", folded)))


@require_safe
@never_cache
def commitments(request: HttpRequest) -> HttpResponse:
    """Search by a part of a name, a code or filters; without any, everything that is public, newest first."""
    typed = request.GET.get("q", "").replace("\0", "")[:BOX_LENGTH].strip()
    private = may_be_private(typed)
    cleaned = codes.clean(typed)
    if re.fullmatch(r"[0-9]{20}", cleaned) and find_public(cleaned, now=clock.now()):
        return redirect("disclosure:commitment", cleaned)
    given = {name: request.GET[name].strip() for name in NARROWING if request.GET.get(name, "").strip()}
    terms, errors = _read(typed, given, request.GET.get("cursor", ""))
    page = None
    if private:
        # Some codes of organisations have the shape of an ID number: those alone are looked for.
        page = search.find(terms, now=clock.now()) if terms and terms.code else None
        if page is None or not page.rows:
            return redirect(_address({NOTHING: "1"}))
    elif terms and not request.GET.get(NOTHING):
        page = search.find(terms, now=clock.now())
    asked = ({"q": typed} if typed else {}) | given
    fields = _fields(given, errors)
    return render(
        request,
        "disclosure/commitments.html",
        {
            "typed": typed,
            "given": given,
            "errors": errors,
            "wrong": bool(errors),
            "fields": fields,
            "narrowed": bool(given),
            "asked": bool(asked or request.GET.get(NOTHING)),
            "in_words": _in_words(terms, given, fields) if terms else [],
            "page": page,
            "found": search.count(terms, page, now=clock.now()) if page and terms else None,
            "older": _address(asked | {"cursor": page.older}) if page and page.older else "",
            "newer": _address(asked | {"cursor": page.newer}) if page and page.newer else "",
            "first": _address(asked),
        },
    )


def _read(typed: str, given: Mapping[str, str], cursor: str) -> tuple[Terms | None, dict[str, str]]:
    """The question checked, or what is wrong with it by field of the page: `q`, `cursor` or a filter."""
    box = read_box(typed) if typed else {}
    if "code" in box and not re.search("[0-9]", box["code"]):
        box = {"name": typed}  # eighteen letters are a foreign name
    cleaned = codes.clean(typed)
    errors: dict[str, str] = {}
    if given.get("status", STATUSES[0][0]) not in dict(STATUSES):
        errors["status"] = ERROR_CHOICE
    if "name" in box and _LIKE_CODE.fullmatch(cleaned) and len(cleaned) != 20:
        errors["q"] = ERROR_LENGTH.format(len(cleaned))
    try:
        terms = read_terms({**given, **box, "cursor": cursor})
    except TermsError as error:
        for field, message in error.errors.items():
            if field in ("name", "code"):
                errors.setdefault("q", message)
            else:
                errors[field] = message if field.startswith(("made_", "cursor")) else ERROR_CHOICE
        return None, errors
    return (None if errors else terms), errors


def _fields(given: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The filters as the page shows them: what may be chosen, what is, and what is wrong with it."""
    choices = column.search_choices(clock.today())
    groups: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {
        "type": [("", TYPES)],
        "status": [("", STATUSES)],
        "department": [("", choices.departments)],
        "item": choices.items,
        "region": [("", choices.regions)],
        "made_from": [],
        "made_to": [],
    }
    fields = {}
    for name, offered in groups.items():
        value = given.get(name, "")
        known = {code: label for _, options in offered for code, label in options}
        if offered and value and value not in known and name not in errors:
            # Right, but of another place or no longer in use: it stays chosen.
            offered, known = [*offered, ("", [(value, value)])], {value: value}
        fields[name] = {
            "value": value,
            "label": known.get(value, value),
            "groups": offered,
            "error": errors.get(name, ""),
        }
    return fields


def _in_words(terms: Terms, given: Mapping[str, str], fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What was asked for, in words: the list can be read, and printed, without the form."""
    words = [f"名称含“{terms.name}”"] if terms.name else []
    words += [f"代码 {terms.code}"] if terms.code else []
    words += [fields[name]["label"] for name in given if not name.startswith("made_")]
    if terms.made_from and terms.made_to:
        words.append(f"{terms.made_from} 至 {terms.made_to} 作出")
    elif terms.made_from or terms.made_to:
        words.append(f"{terms.made_from} 起作出" if terms.made_from else f"{terms.made_to} 止作出")
    return words


def _address(values: Mapping[str, Any]) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    path = reverse("disclosure:commitments")
    return f"{path}?{query.urlencode()}" if query else path


@require_safe
@never_cache
def subject(request: HttpRequest, uscc: str) -> HttpResponse:
    """One organisation's or sole trader's public record: its name, its figures, its commitments."""
    now = clock.now()
    breaches = breaches_of_subject(uscc, now=now, limit=BREACHES_SHOWN)
    acts = acts_of_subject(uscc, now=now, limit=ACTS_SHOWN)
    persons = persons_of_firm(uscc, now=now)
    record = column.subject_record(uscc, now) or _known_otherwise(breaches or acts)
    if record is None:
        if may_be_private(uscc):
            return redirect(_address({NOTHING: "1"}))
        try:
            codes.check_uscc(uscc)
        except codes.CodeError as error:
            raise Http404(WRONG_CODE.format(error)) from None
        raise Http404(NO_SUBJECT)
    here = reverse("disclosure:subject", args=[record.code])
    try:
        cursor = read_cursor(request.GET["cursor"]) if request.GET.get("cursor") else None
    except ValueError:
        return redirect(here)
    page = search.find(Terms(code=record.code, cursor=cursor), now=now)
    response = render(
        request,
        "disclosure/subject.html",
        {
            "record": record,
            "statuses": [label for _, label in STATUSES],
            "page": page,
            "older": f"{here}?cursor={page.older}" if page.older else "",
            "newer": f"{here}?cursor={page.newer}" if page.newer else "",
            "further": cursor is not None,
            "canonical": here,
            "breaches": breaches,
            "more_breaches": len(breaches) == BREACHES_SHOWN,
            "acts": acts,
            "persons": persons,
            "more_acts": len(acts) == ACTS_SHOWN,
        },
    )
    return unlisted(response) if breaches or acts or persons else response


def _known_otherwise(lines: list[dict[str, Any]]) -> column.SubjectRecord | None:
    """The record of a subject of which no commitment is public but a breach or an act."""
    if not lines:
        return None
    subject = lines[0]["subject"]
    return column.SubjectRecord(
        code=subject["code"],
        kind_label=subject["kind_label"],
        names=(subject["name"],),
        total=0,
        since=None,
        latest=None,
        table=[],
        sums=[],
    )
