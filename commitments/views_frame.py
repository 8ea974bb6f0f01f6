"""What every page of the counter shows around its own content."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from commitments import drafting, signing
from commitments.models import Draft
from credit_portal.audit import clock
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject, ResponsiblePerson
from verification.checking.handling import answer_of, decided_in, evidence_missing
from verification.vocabulary import Route, Scrutiny

CHECK, READ, SIGN, PRINT = 1, 2, 3, 4
STEPS = ("核查", "阅读", "签署", "打印")
TONES = {
    Route.COMMITMENT: "kept",
    Route.ORDINARY: "waiting",
    Route.REFUSED: "broken",
    Route.NOT_NEEDED: "info",
}


def steps(current: int) -> list[dict[str, str]]:
    """The steps on top of the page; `current` counts from 1."""
    return [
        {"label": label, "state": "done" if number < current else "current" if number == current else ""}
        for number, label in enumerate(STEPS, 1)
    ]


def frame(request: HttpRequest, step: int | None = None, **context: Any) -> dict[str, Any]:
    """The steps, and the figures in the navigation, together with the page's own `context`."""
    today = clock.today()
    return {
        "steps": steps(step) if step else None,
        "counts": {
            "today": signing.commitments_today(request.user, today).count(),
            "drafts": drafting.drafts_of(request.user).count(),
        },
        **context,
    }


def about_subject(subject: CreditSubject, request: HttpRequest) -> dict[str, Any]:
    """The subject as the right column names it: a person's number and other people's names are masked."""
    representative = (
        subject.responsible.filter(
            capacity=ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE, until_on__isnull=True
        )
        .values_list("name", flat=True)
        .first()
    )
    return {
        "subject": subject,
        "is_person": subject.kind == CreditSubject.Kind.PERSON,
        "representative": representative or "",
        "representative_shown": codes.mask_person_name(representative) if representative else "",
        "times": drafting.commitments_of_subject(subject, request.user) + 1,
    }


def named(drafts: Iterable[Draft]) -> list[Draft]:
    """The drafts with `shown_as`: the subject's name, or the code of one not registered yet; persons masked."""
    found = list(drafts)
    for draft in found:
        if draft.subject is not None:
            draft.shown_as = str(draft.subject)
        elif draft.code:
            person = codes.PERSON in drafting.kinds_for(draft)
            draft.shown_as = f"新主体 {codes.mask_id_number(draft.code) if person else draft.code}"
        else:
            draft.shown_as = "新主体"
    return found


def about_check(draft: Draft) -> dict[str, Any]:
    """The bar with the answer of the check: its colour, its line split after the first full stop, its details."""
    check = draft.check_made
    if check.item_version_id == draft.item_version_id:
        check.item_version = draft.item_version
    route, scrutiny = answer_of(check)
    tone = TONES[route]
    if route == Route.COMMITMENT and scrutiny == Scrutiny.KEY:
        tone = "waiting"
    head, stop, rest = check.one_line.partition("。")
    return {
        "check": check,
        "tone": tone,
        "head": head + stop,
        "rest": rest,
        "missing": evidence_missing(check),
        "decided": decided_in(check),
        "lifted": (route, scrutiny) != (check.route, check.scrutiny),
    }
