"""485 strings that programs have stumbled over, through the texts that people write: each is kept as it was written (ends
trimmed, line ends as one kind) or refused in Chinese, and nothing is half stored."""

import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import cycle, islice
from typing import Any

import pytest
import weasyprint
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client
from django.utils.html import escape

from commitments import breaches, drafting, presenting, signing, statements
from commitments.models import SubjectStatement
from commitments.reading import publish_reading
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents.fonts import unprintable
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.overview.errors import ExplainUnprintable
from credit_portal.registry.models import Region
from credit_portal.registry.services import register_subject
from disclosure.objections import complaints, tips
from repair import applying
from tests import blank_papers, factories, listed, paper_samples, subjects
from tests.counter import Counter
from tests.naughty import CHINESE, kept_as, naughty_strings
from tests.objecting import filed, target
from tests.paper_reading import page_count, text_of
from tests.repair_stage import RepairStage
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
ALL = naughty_strings()
# In the suite each keeper takes its share, every string comes by twice; all by all: NAUGHTY_EACH=1.
EACH = int(os.environ.get("NAUGHTY_EACH", "5"))


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
    # In a clause, composed and with one blank for several.
    assert any(one in shown for one in kept_as(stored))
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
        except (ValueError, ValidationError, UnprintableText) as refused:
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


PAPERS: dict[str, Callable[[], dict[str, Any]]] = {
    "commitment": paper_samples.commitment, "receipt": paper_samples.receipt, "ordinary_notice": paper_samples.notice,
    "refusal_notice": paper_samples.notice,
}  # fmt: skip
# Not what somebody has typed: pictures, and the code that a picture was made of.
DRAWN = re.compile(r"^data:|^https?:")


def with_texts(sample: Any, texts: Iterator[str]) -> Any:
    """The sample with several of the texts in the place of each of its own."""
    if isinstance(sample, dict):
        return {key: with_texts(value, texts) for key, value in sample.items()}
    if isinstance(sample, list):
        return [with_texts(value, texts) for value in sample]
    if isinstance(sample, str) and sample and not DRAWN.search(sample):
        return " ｜ ".join(islice(texts, 12))
    return sample


@pytest.mark.req("R34")
@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_that_holds_them_all_is_laid_out_with_every_letter(paper, monkeypatch):
    monkeypatch.setattr(weasyprint, "HTML", blank_papers.PRESS)
    fit = [text for text in ALL if not unprintable(text) and len(text) < 400]
    assert len(fit) > len(ALL) // 2
    # Again and again, until each has had its place; what a sample has no room for comes on the next paper.
    texts, seen, html_of_all, breaks = cycle(fit), "", "", 0
    for _ in range(40 if EACH == 1 else 1):
        html = render_to_string(f"commitments/paper/{paper}.html", with_texts(PAPERS[paper](), texts))
        printed = render_pdf(html, identifier=b"all", title="测试")
        html_of_all += html
        seen += text_of(printed)
        breaks += page_count(printed)
    read, lost = re.sub(r"\W", "", seen), []
    for text in fit:
        if len(text) > 8 and "<" in text:
            assert text not in html_of_all
        # Letters of one direction, in their order; ligatures and marks are drawn as one.
        plain = re.sub(r"\W", "", text)
        joined = "fi" in plain or "fl" in plain or not plain.isascii()
        if escape(text) in html_of_all and not joined and plain not in read:
            lost.append(text)
    # Where a page ends, its foot stands within a text.
    assert len(lost) <= 2 * breaks, lost


@pytest.mark.req("R34")
def test_a_step_whose_paper_cannot_be_printed_names_the_characters_and_where_they_were_typed(rf):
    def view(_: Any) -> None:
        raise UnprintableText(["\U0001f600"])

    request = rf.post("/desk/checks/x/tell/", {"note": "笑脸\U0001f600", "other": "好"})
    request.user = AnonymousUser()
    explaining = ExplainUnprintable(view)
    answer = explaining.process_exception(request, UnprintableText(["\U0001f600"]))
    page = answer.content.decode()
    assert (
        answer.status_code == 422
        and "U+1F600" in page
        and "“<bdi>笑脸\U0001f600</bdi>”" in page
        and "好”" not in page
    )
    script = rf.post("/me/sign/x/", {}, headers={"accept": "application/json"})
    assert (
        "U+1F600"
        in json.loads(explaining.process_exception(script, UnprintableText(["\U0001f600"])).content)["error"]
    )
    api = rf.post("/api/v1/commitments", {})
    assert (
        "U+1F600"
        in json.loads(explaining.process_exception(api, UnprintableText(["\U0001f600"])).content)["detail"]
    )
    assert explaining.process_exception(request, ValueError()) is None


@pytest.mark.req("R12")
def test_a_character_that_nobody_can_read_is_refused_by_the_field_and_its_place():
    class Form(forms.Form):
        reason = forms.CharField(label="理由", widget=forms.Textarea)

    for typed, said in (
        ("一\x0b二", "理由的第 2 个字符无法识别（U+000B），请删去或者改用常用的字。"),
        ("栾\ue5e5", "理由的第 2 个字符无法识别（U+E5E5），请删去或者改用常用的字。"),
        ("\ud800", "理由的第 1 个字符无法识别（U+D800），请删去或者改用常用的字。"),
        ("一\0", "理由里有空字符（U+0000），请删去以后重新填写。"),
    ):
        form = Form({"reason": typed})
        assert list(form["reason"].errors) == [said], typed
    assert Form({"reason": "一\t二\r\n三\u200b\u202e𠮷👨‍👩‍👧"}).is_valid()
