"""What the pages of consents and reports have in common, at the window, at the desk and on a subject's own pages."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from credit_portal.audit import clock
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.services import find_subject
from verification.checking.handling import CheckError
from verification.models import Consent

from . import keeping

TONES = {"running": "badge-kept", "expired": "", "withdrawn": ""}
UNKNOWN = "本系统没有登记这个主体。"


def subject_of(code: str) -> CreditSubject:
    """The subject of a typed code. Raises CheckError at `code`."""
    try:
        found = find_subject(codes.parse_subject_code(code.replace("\0", ""), today=clock.today()).value)
    except codes.CodeError as wrong:
        raise CheckError(str(wrong), field="code") from wrong
    if found is None:
        raise CheckError(UNKNOWN, field="code")
    return found


def shown(rows: list[Consent]) -> list[dict[str, Any]]:
    """Consents with what they are today."""
    today = clock.today()
    return [
        {"row": row, "state": state, "words": keeping.STATES[state], "tone": TONES[state]}
        for row in rows
        for state in [keeping.state_of(row, today)]
    ]


def put_errors(form: forms.Form, wrong: CheckError) -> None:
    """What a service found wrong, each at its field where the form has it."""
    for field, message in getattr(wrong, "all", {wrong.field: str(wrong)}).items():
        form.add_error(field if field in form.fields else None, message)


def whom(request: HttpRequest) -> str:
    """What kind of recipient a form is about: from the form that was sent, or from the address."""
    asked = request.POST.get("recipient", "") if request.method == "POST" else request.GET.get("to", "")
    return asked if asked in dict(keeping.RECIPIENTS) else ""


def ask_whom(request: HttpRequest, template: str) -> HttpResponse:
    """The first question: what kind of recipient."""
    wrong = request.method == "POST" or "to" in request.GET
    context = {"whom": keeping.RECIPIENTS, "wrong": wrong}
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def still(row: Consent) -> str:
    """After a withdrawal: that others of the subject let the same recipient go on."""
    number = keeping.to_the_same(row, clock.today()).count()
    return f"给这个接收方的同意还有 {number} 份有效，也要撤回的，请逐份撤回。" if number else ""
