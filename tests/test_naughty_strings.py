"""485 strings that programs have stumbled over, through the texts that people write: each is kept as it was written (ends
trimmed, line ends as one kind) or refused in Chinese, and nothing is half stored."""

import os
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from django.db import transaction
from django.test import Client
from django.utils.html import escape

from commitments import breaches, drafting, presenting, signing, statements
from commitments.models import SubjectStatement
from commitments.reading import publish_reading
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.registry.models import Region
from credit_portal.registry.services import register_subject
from disclosure.objections import complaints, tips
from repair import applying
from tests import factories, listed, subjects
from tests.counter import Counter
from tests.naughty import naughty_strings
from tests.objecting import filed, target
from tests.repair_stage import RepairStage
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
ALL = naughty_strings()
# In the suite each keeper takes its share, every string comes by twice; all by all: NAUGHTY_EACH=1.
EACH = int(os.environ.get("NAUGHTY_EACH", "5"))
CHINESE = re.compile("[\u4e00-\u9fff]")


class Scene:
    """Somebody at each of the places where people write."""

    def __init__(self) -> None:
        self.stage = RepairStage().published_and_open()
        self.now = self.stage.now
        PolicyRule.objects.create(
            region=factories.region("130111"), key="statement_review", value=3, unit="working_days", basis="S0 一（四）",
            confirmed=True, effective_from=date(2020, 1, 1),
        )  # fmt: skip
        publication = self.stage.commitment.breach_cases.get().publications.get()
        self.case, self.publication = publication.case, publication
        self.access = subjects.opened(self.stage.subject, now=self.now)
        self.application = self.stage.draft()
        self.hall = Counter.open(
            blanks=({"key": "情况", "label": "情况", "required": True, "max_length": 200},),
            clauses=(*factories.CLAUSES[:-1], ("pledge", "情况：{情况}。", ()), factories.CLAUSES[-1]),
        )
        self.draft = self.hall.checked()
        self.other = listed.commitment(department=self.stage.department)
        self.signed = listed.commitment(
            department=self.hall.clerk.department, clerk=self.hall.clerk, made_on=local_date(factories.NOW)
        )


def built() -> Scene:
    return Scene()


@pytest.fixture(scope="module")
def scenery(scene) -> Scene:
    return scene(built)


@pytest.fixture
def place(scenery, db, monkeypatch) -> Scene:
    made: Scene = mine(scenery)
    monkeypatch.setattr(clock, "now", lambda: made.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(made.now))
    return made


# ---- where people write: the text as it is stored ---------------------------------------------------------------


def facts(place: Scene, text: str) -> str:
    return breaches.open_case(
        commitment_id=place.other.pk,
        actor=place.stage.officer,
        now=place.now,
        source="inspection",
        facts=text,
    ).facts


def objection(place: Scene, text: str) -> str:
    row = filed(
        target(f"breach:{place.publication.uuid}", now=place.now), now=place.now, clerk=place.stage.officer,
        points=("document_no",), reasons=text,
    )  # fmt: skip
    return row.reasons


def complaint(place: Scene, text: str) -> str:
    return complaints.file_complaint(said=complaints.Said("manner", text), now=place.now).text


def tip(place: Scene, text: str) -> str:
    return tips.file_tip(said=tips.Said("/rules/", text), now=place.now).text


def statement(place: Scene, text: str) -> str:
    made = statements.submit(
        case_id=place.case.pk, access=place.access, text=text, now=place.now, confirmed=True
    )
    return SubjectStatement.objects.get(pk=made.pk).text


def explanation(place: Scene, text: str) -> str:
    return applying.save_draft(
        application_id=place.application.pk, methods=["check"], explanation=text, now=place.now
    ).explanation


def blank_of_a_text(place: Scene, text: str) -> str:
    errors = drafting.save_blanks(
        draft_id=place.draft.pk, clerk=place.hall.clerk, values={"情况": text}, now=factories.NOW
    )
    if errors:
        raise ValueError(errors["情况"])
    place.draft.refresh_from_db()
    shown = "\n".join(clause["text"] for clause in presenting.paper_for(place.draft).content)
    stored: str = place.draft.blanks["情况"]
    assert stored.strip() in shown
    return stored


def voiding(place: Scene, text: str) -> str:
    done = signing.void(commitment_id=place.signed.pk, clerk=place.hall.clerk, reason=text, now=factories.NOW)
    return done.events.get(kind="voided").reason


def name_of_a_firm(place: Scene, text: str) -> str:
    return register_subject(
        kind="organisation", code=factories.organisation_code(8_888), name=text, name_source="declared",
        region=Region.objects.get(code="130111"), actor=place.hall.clerk, department=place.hall.clerk.department,
        now=place.now,
    ).name  # fmt: skip


def reading(place: Scene, text: str) -> str:
    return publish_reading(
        domain="approval", title="诚信读本", body=text, department=place.stage.office,
        published_on=local_date(place.now), actor=place.stage.credit, now=place.now,
    ).body  # fmt: skip


KEEPERS: dict[str, Callable[[Scene, str], str]] = {
    one.__name__: one
    for one in (
        facts, objection, complaint, tip, statement, explanation, blank_of_a_text, voiding, name_of_a_firm, reading,
    )
}  # fmt: skip


def same(sent: str, kept: str, *, name: bool) -> bool:
    """Kept as it was written: the ends trimmed, line ends of one kind; of a name also runs of space and NFC."""
    lines = sent.replace("\r\n", "\n")
    if name:
        lines = re.sub(r"\s+", " ", unicodedata.normalize("NFC", lines))
        return re.sub("[•・‧∙⋅．·]", "·", kept) == re.sub("[•・‧∙⋅．·]", "·", lines.strip())
    return kept in {sent, sent.strip(), lines, lines.strip()}


@pytest.mark.req("R12")
@pytest.mark.parametrize("keeper", list(KEEPERS))
def test_what_people_write_is_kept_as_it_is_or_refused_in_words(place, keeper):
    write = partial(KEEPERS[keeper], place)
    at = list(KEEPERS).index(keeper)
    wrong, kept = [], 0
    for number, sent in enumerate(ALL):
        if EACH > 1 and (number + at) % EACH:
            continue
        try:
            with transaction.atomic():
                stored = write(sent)
                kept += 1
                if not same(sent, stored, name=keeper == "name_of_a_firm"):
                    wrong.append((number, sent, stored))
                transaction.set_rollback(True)
        except (ValueError, UnprintableText) as refused:
            said = str(refused)
            if not CHINESE.search(said):
                wrong.append((number, sent, said))
    assert not wrong
    # Most of them are texts like others: a keeper that refuses them all keeps none.
    assert kept > len(ALL) // EACH // 4


def test_the_column_finds_nothing_and_breaks_over_none(db):
    visitor = Client()
    wrong = []
    for sent in ALL[:: max(1, EACH // 2)]:
        for address in ("/commitments/", "/breaches/", "/api/v1/public/commitments"):
            answer = visitor.get(address, {"name" if "api" in address else "q": sent})
            if answer.status_code not in (200, 301, 302, 400) or (
                "<" in sent and "api" not in address and sent in answer.content.decode()
            ):
                wrong.append((address, sent, answer.status_code))
    assert not wrong


@pytest.mark.req("R34")
def test_paper_prints_them_or_names_the_characters_that_it_has_not(settings):
    named = 0
    for number, sent in enumerate(ALL):
        html = f"<html lang='zh'><body><p>{escape(sent)}</p></body></html>"
        try:
            paper = render_pdf(html, identifier=str(number).encode(), title="测试")
        except UnprintableText as refused:
            named += 1
            assert all(char in sent for char in refused.characters) and "纸面字体没有这些字" in str(refused)
        else:
            assert paper.startswith(b"%PDF")
    assert 0 < named < len(ALL) // 2
