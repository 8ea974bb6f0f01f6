"""A form as somebody fills it in: what the page has in it stays, and the empty places get what fits there."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from tests.counter import signature_data_url, signature_png

from .reading import Field, Form

# By the name of a field, the first that fits; a sweep brings those that name something of its scene.
SAMPLES = {
    r"phone|mobile|(?:^|_)tel$": "13800000000",
    r"email": "nobody@example.test",
    r"password|^login$": "qing-cheng-2026-gao-yuan",
    r"address$|^url": "https://example.test/",
    r"signature$": signature_data_url(),
    r"month$": "2026-08",
    r"half$": "2026H2",
    r"(?:hours|share|count|number|order|days|months|limit|points|fine|confiscated|persons|people)$|^others-": "5",
    r"(?:document_no|case_ref|reference)$": "栾字〔2026〕5号",
    r"confirm|seen$|agree|^read$": "on",
    r"pinyin": "yixiang",
}
# Never filled in by a person: a trap for programs.
TRAPS = {"website"}
AHEAD = re.compile(r"until|due|expires|_by$|effective|term|end")


def sample_of(one: Field, today: date, samples: Mapping[str, str]) -> str:
    if one.name in TRAPS:
        return ""
    day = today + timedelta(days=30) if AHEAD.search(one.name) else today
    match one.kind:
        case "date":
            return day.isoformat()
        case "month":
            return f"{day:%Y-%m}"
        case "time":
            return "10:00"
        case "datetime-local":
            return f"{day.isoformat()}T10:00"
    for pattern, value in (dict(samples) | SAMPLES).items():
        if re.search(pattern, one.name):
            return value
    if one.kind == "number":
        return one.low or "5"
    return "按规定办理，情况属实。" if one.kind == "textarea" else "栾城区一项情况"


def filled(
    form: Form, button: tuple[str, str], *, today: date, generous: bool, samples: Mapping[str, str]
) -> QueryDict:
    """What a browser would send. `generous`: every box ticked, optional fields filled in as well."""
    data = QueryDict(mutable=True)
    radios: dict[str, list[Field]] = {}
    for one in form.fields:
        if one.name == "csrfmiddlewaretoken" or one.kind == "file":
            continue
        if one.kind == "radio":
            radios.setdefault(one.name, []).append(one)
        elif one.kind == "checkbox":
            if one.ticked or one.required or (generous and not one.name.endswith("-DELETE")):
                data.appendlist(one.name, one.value)
        elif one.kind == "select":
            offered = [value for value in one.options if value]
            data.appendlist(one.name, one.value or (offered[0] if offered else ""))
        elif one.kind == "hidden" or one.value:
            data.appendlist(one.name, one.value or (signature_data_url() if one.name == "signature" else ""))
        else:
            data.appendlist(one.name, sample_of(one, today, samples) if generous or one.required else "")
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
