"""The form that asks which materials follow later: the same at the counter and on a subject's own pages."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.http import QueryDict

from commitments import drafting
from commitments.draft_steps import Holder
from commitments.forms import BlanksForm
from commitments.models import Blank, Draft

from . import promising
from .forms import late_days


def own_to_fill(draft: Draft) -> list[Blank]:
    """The text's blanks without those that the promise of late materials fills."""
    blanks = list(draft.text_version.blanks.all())
    return [blank for blank in blanks if not (draft.late_materials and blank.key in promising.OWN_BLANKS)]


def form_of(draft: Draft, errors: dict[str, str], *, on: date) -> dict[str, Any] | None:
    """The materials that may be missing, for the form; None where nothing is late."""
    if not draft.late_materials:
        return None
    choices = promising.choices_of(draft, on=on, errors=errors)
    named = {choice.name for choice in choices}
    return {
        "choices": choices,
        "limits": promising.limits_for(
            draft.item_version, draft.department.region, on, corrects=draft.corrects
        ),
        # Of a material that has no field of its own.
        "problems": [message for name, message in errors.items() if name not in named],
    }


def keep(
    sent: QueryDict,
    draft: Draft,
    holder: Holder,
    *,
    again: Callable[[], Draft],
    now: datetime,
    on: date,
    order: int,
) -> tuple[dict[str, str], dict[str, str]]:
    """Store what was sent of the promise and of the blanks; `again` gives the draft as it is stored by then. What is wrong:
    by blank, and by material. Raises DraftError."""
    days = late_days(sent, draft.item_version) if draft.late_materials else None
    if days is not None:
        promising.keep(draft_id=draft.pk, clerk=holder, days=days, now=now, order=order)
    values = BlanksForm.values_of(sent, own_to_fill(draft))
    errors = drafting.save_blanks(draft_id=draft.pk, clerk=holder, values=values, now=now, order=order)
    if not draft.late_materials:
        return errors, {}
    own = {key: message for key, message in errors.items() if key not in promising.OWN_BLANKS}
    return own, promising.errors_of(again(), on=on)
