"""Selected cases on paper, for sending up: without what they come from."""

from collections.abc import Sequence
from datetime import date

from django.template.loader import render_to_string

from credit_portal.documents.pdf import render_pdf
from credit_portal.registry.models import Department
from disclosure.models import TypicalCase

from .writing import TEXTS

TITLE = "信用工作典型案例汇编"
PARTS = [(field, label) for field, label in TEXTS.items() if field != "title"]


def collection(cases: Sequence[TypicalCase], *, office: Department, year: int, on: date) -> bytes:
    """The cases as one paper of the office, in their order. Raises UnprintableText."""
    html = render_to_string(
        "disclosure/paper/typical_cases.html",
        {
            "title": TITLE,
            "year": year,
            "office": office,
            "on": on,
            "cases": [
                {
                    "case": case,
                    "parts": [(label, _paragraphs(getattr(case, field))) for field, label in PARTS],
                }
                for case in cases
            ],
            "demonstration": any(case.is_demo for case in cases),
        },
    )
    numbers = "-".join(case.number for case in cases)
    return render_pdf(html, identifier=f"{office.pk}:{numbers}".encode(), title=f"{TITLE}（{year}年）")


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
