"""A form as somebody fills it in: what the page has in it stays, and the empty places get what fits there."""

import re
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from tests.counter import signature_data_url, signature_png

from .reading import Field, Form

# By the name of the field, the first that fits; `{today}` and others are filled in.
SAMPLES: list[tuple[str, str]] = [
    (r"phone|mobile|tel\b", "13800000000"),
    (r"email", "nobody@example.test"),
    (r"password", "qing-cheng-2026-gao-yuan"),
    (r"address$|^url|website_address", "https://example.test/"),
    (r"signature$", signature_data_url()),
    (r"month", "2026-08"),
    (r"half", "2026H2"),
    (r"hours|share|count|number$|order$|days$|months$|limit|length|points", "5"),
    (r"no$|case_ref|reference", "栾字〔2026〕5号"),
]
# Never filled in by a person: a trap for programs.
TRAPS = {"website"}


def sample_of(one: Field, today: date) -> str:
    if one.name in TRAPS:
        return ""
    match one.kind:
        case "date":
            past = re.search(r"_on$|from|made|received|noticed|held", one.name)
            return (today if past else today + timedelta(days=30)).isoformat()
        case "month":
            return f"{today:%Y-%m}"
        case "time":
            return "10:00"
        case "datetime-local":
            return f"{today.isoformat()}T10:00"
        case "number":
            return one.low or "5"
    for pattern, value in SAMPLES:
        if re.search(pattern, one.name):
            return value
    return "按规定办理，情况属实。" if one.kind == "textarea" else "栾城区一项情况"


def filled(form: Form, button: tuple[str, str], *, today: date, generous: bool) -> QueryDict:
    """What a browser would send. `generous`: every box ticked, optional fields filled in as well."""
    data = QueryDict(mutable=True)
    radios: dict[str, list[Field]] = {}
    for one in form.fields:
        if one.name == "csrfmiddlewaretoken" or one.kind == "file":
            continue
        if one.kind == "radio":
            radios.setdefault(one.name, []).append(one)
        elif one.kind == "checkbox":
            if one.ticked or one.required or generous:
                data.appendlist(one.name, one.value)
        elif one.kind == "select":
            offered = [value for value in one.options if value]
            chosen = one.value or (offered[0] if offered and (generous or one.required or one.options[0]) else "")
            if not chosen and offered:
                chosen = offered[0]
            data.appendlist(one.name, chosen)
        elif one.kind == "hidden" or one.value:
            data.appendlist(one.name, one.value or (signature_data_url() if one.name == "signature" else ""))
        else:
            data.appendlist(one.name, sample_of(one, today) if generous or one.required or one.kind == "textarea" or True else "")
    for name, ones in radios.items():
        data.appendlist(name, next((one.value for one in ones if one.ticked), ones[0].value))
    if button[0]:
        data[button[0]] = button[1]
    return data


def papers(form: Form) -> dict[str, Any]:
    """A picture for every place for a file."""
    return {
        one.name: SimpleUploadedFile("扫描件.png", signature_png(), "image/png")
        for one in form.fields
        if one.kind == "file"
    }
