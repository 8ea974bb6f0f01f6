"""Ten thousand persons are on record, and their numbers and telephones stand in as many public commitments of others: they are
nowhere that anybody without a login, a log line or the properties of a paper shows, and their indexes tell nothing of them
(R92, R114)."""

import copy
import io
import logging
import random
import re
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from commitments import papers
from commitments.models import Commitment
from credit_portal.documents.services import read_evidence
from credit_portal.logs import logging_config
from credit_portal.registry import codes, crypto
from credit_portal.registry.models import CreditSubject, SealedNumber, SubjectName
from disclosure import throttles
from disclosure.models import PublicityDecision
from tests import column, factories, listed
from tests.counter import Counter
from tests.scenes import mine
from verification.checking import own_record

PERSONS, SHOWN, ASKED = 10_000, 30, 20
PUBLIC = ("acts", "breaches", "catalogue", "changes", "commitments", "duties", "export.csv", "export.jsonl", "measures", "statistics", "texts")  # fmt: skip
# Each at every place where it could begin.
_NUMBERS = re.compile(r"(?=([0-9]{17}[0-9X]))|(?=(1[3-9][0-9]{9}))")


class Scene:
    """Persons with a commitment each, of which two people made some public; and an organisation in whose public commitments
    somebody has written each of the numbers and telephones."""

    def __init__(self) -> None:
        chance = random.Random(20260907)
        place = factories.region()
        self.numbers, self.phones = [], []
        persons = []
        for at in range(PERSONS):
            number = factories.id_number(at % 1000, born=date(1950, 1, 1) + timedelta(days=at // 1000 * 997))
            phone = f"1{chance.randint(30, 99)}{chance.randint(10_000_000, 99_999_999)}"
            one = CreditSubject(
                kind=CreditSubject.Kind.PERSON, name=f"泄{at:05d}", name_source="identity_card", region=place,
                registered_at=factories.NOW,
            )  # fmt: skip
            one.id_number, one.phone = number, phone
            self.numbers.append(number)
            self.phones.append(phone)
            persons.append(one)
        self.persons = CreditSubject.objects.bulk_create(persons)
        SubjectName.objects.bulk_create(
            SubjectName(
                subject=one,
                name=one.name,
                source=one.name_source,
                searchable=False,
                recorded_at=factories.NOW,
            )
            for one in self.persons
        )
        first = listed.commitment(subject=self.persons[0], signer_name=self.persons[0].name, public=False)
        of_persons = [
            again(first, 600_000 + at, subject=one, subject_name=one.name, signer_name=one.name)
            for at, one in enumerate(self.persons[1:], 1)
        ]
        told = listed.commitment()
        of_others = [
            again(told, 700_000 + at, content=[
                {"no": 1, "kind": "pledge", "clause": 1, "text": f"经办人身份证{number}，有事请打{phone}。"}, *listed.CLAUSES[1:]
            ])
            for at, (number, phone) in enumerate(zip(self.numbers, self.phones, strict=True))
        ]  # fmt: skip
        Commitment.objects.bulk_create([*of_persons, *of_others])
        self.shown = Commitment.objects.filter(code__in=[row.code for row in of_persons[:SHOWN]])
        office = factories.staff("credit_office"), factories.staff("credit_office")
        for row in self.shown:
            PublicityDecision.objects.create(
                commitment=row, publicity_class="public", reason="person_by_two", decided_by=office[0],
                second=office[1], decided_at=factories.NOW,
            )  # fmt: skip
        self.shown.update(publicity_class="public", public_from=factories.NOW)
        self.others = [row.code for row in of_others]
        self.counter = Counter.open()
        self.counter.subject = self.persons[1]
        self.signed = self.counter.sign()

    @property
    def secrets(self) -> set[str]:
        return {*self.numbers, *self.phones}


def again(row: Commitment, serial: int, **fields: Any) -> Commitment:
    made = copy.copy(row)
    made._state = copy.copy(row._state)
    made.pk, made._state.adding = None, True
    made.code, made.verify_token = f"{row.code[:14]}{serial:06d}", f"leak{serial}"
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.fixture(scope="module")
def built(scene) -> Scene:
    return scene(Scene)


@pytest.fixture
def place(built, db, monkeypatch) -> Any:
    for name in ("PUBLIC_REQUESTS_PER_MINUTE", "PUBLIC_EXPORTS_PER_MINUTE"):
        monkeypatch.setattr(settings, name, 0)
    throttles.counter.forget()
    with column.read_at(column.READ_AT, monkeypatch):
        yield mine(built)


@pytest.fixture
def lines() -> Any:
    """What the log would have written."""
    config = logging_config("INFO")["formatters"]["line"]
    formatter = config.pop("()")(**config)
    found: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(formatter.format(record))

    keeper, root = Keeper(), logging.getLogger()
    loggers = [root, logging.getLogger("django.request"), logging.getLogger("django.server")]
    for one in loggers:
        one.addHandler(keeper)
    yield found
    for one in loggers:
        one.removeHandler(keeper)


def told(text: str, secrets: set[str]) -> set[str]:
    return {a or b for a, b in _NUMBERS.findall(text.upper())} & secrets


def whole(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    heads = " ".join(f"{name}: {value}" for name, value in answer.items())
    return content.decode(errors="replace") + heads


def near(client: Client, *, most: int) -> dict[str, str]:
    """The pages that the home page leads to, the nearest first: all of them would take ten thousand."""
    seen: dict[str, str] = {}
    waiting = ["/"]
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen or address.startswith(("/static/", "/accounts/")):
            continue
        answer = client.get(address)
        assert answer.status_code in (200, 302), (address, answer.status_code)
        seen[address] = whole(answer)
        if answer["Content-Type"].startswith("text/html") and not address.startswith("/api/"):
            waiting += sorted(column.links(seen[address], address))
    return seen


@pytest.mark.req("R92", "R114")
def test_nobody_is_told_a_number_whatever_is_opened_or_asked(place, lines) -> None:
    client, secrets = Client(raise_request_exception=False), place.secrets
    assert len(secrets) == 2 * PERSONS and told(f"电话{place.phones[7]}，{place.numbers[9].lower()}", secrets)
    wrong: list[tuple[str, set[str]]] = []
    for address, page in near(client, most=150).items():
        wrong += [(address, found)] if (found := told(page, secrets)) else []
    for name in PUBLIC:
        answer = client.get(f"/api/v1/public/{name}")
        assert answer.status_code == 200, name
        text = whole(answer)
        # What hides them has much to hide.
        assert "export" not in name or text.count("经办人身份证") == PERSONS, name
        wrong += [(name, found)] if (found := told(text, secrets)) else []
    chance = random.Random(5)
    for code in [*place.shown.values_list("code", flat=True), *chance.sample(place.others, ASKED)]:
        for address in (f"/commitments/{code}/", f"/api/v1/public/commitments/{code}"):
            answer = client.get(address)
            assert answer.status_code == 200, address
            wrong += [(address, found)] if (found := told(whole(answer), secrets)) else []
    for at in chance.sample(range(PERSONS), ASKED):
        for secret in (place.numbers[at], place.phones[at]):
            for address in (
                f"/?q={secret}", f"/commitments/?q={secret}", f"/subjects/{secret}/", f"/api/v1/public/subjects/{secret}",
                f"/api/v1/public/commitments?q={secret}", f"/verify/{secret}/", f"/nowhere/{secret}/",
                f"/breaches/?q={secret}", f"/acts/?q={secret}", f"/objections/?q={secret}",
            ):  # fmt: skip
                answer = client.get(address)
                assert answer.status_code < 500, address
                wrong += [(address, found)] if (found := told(whole(answer), secrets)) else []
    assert not wrong, wrong[:5]
    assert any("Not Found" in line for line in lines)
    assert not told("\n".join(lines), secrets)


@pytest.mark.req("R92", "R114")
def test_the_properties_of_papers_hold_no_number(place) -> None:
    paper = own_record.give(
        subject=place.persons[1], asked_by=place.persons[1].name, capacity="self", identity_seen=True,
        actor=place.counter.clerk, now=factories.NOW,
    )  # fmt: skip
    for content in (
        papers.signed_pdf(place.signed),
        papers.receipt_pdf(place.signed),
        papers.notice_pdf(place.signed.check_made),
        read_evidence(paper.document),
    ):
        reader = pypdf.PdfReader(io.BytesIO(content))
        said = f"{dict(reader.metadata or {})} {reader.trailer.get('/ID')} {reader.outline}"
        more = reader.trailer["/Root"].get("/Metadata")  # type: ignore[union-attr]
        said += more.get_object().get_data().decode() if more else ""
        assert "/Title" in said and not told(said, place.secrets)


@pytest.mark.req("R92")
def test_an_index_tells_no_order_and_no_two_fields_have_one_for_a_number(place) -> None:
    # By rank: numbers that rise say nothing of their indexes. A thousandth of the range is the spread of chance here.
    by_number = sorted(range(PERSONS), key=lambda at: place.numbers[at])
    by_index = sorted(range(PERSONS), key=lambda at: place.persons[at].id_number_index)
    rank = {at: place_ for place_, at in enumerate(by_index)}
    apart = sum((at - rank[one]) ** 2 for at, one in enumerate(by_number))
    assert abs(1 - 6 * apart / (PERSONS * (PERSONS**2 - 1))) < 0.06
    # Nor does what is alike look alike: neighbours differ in as many places as strangers.
    first, second = place.persons[0].id_number_index, place.persons[1].id_number_index
    assert len(first) == 64 and sum(a != b for a, b in zip(first, second, strict=True)) > 40
    assert len({one.id_number_sealed for one in place.persons}) == PERSONS
    fields = [
        (model.__name__, name, field)
        for model in apps.get_models()
        for name, field in vars(model).items()
        if isinstance(field, SealedNumber) and field.index
    ]
    assert {"CreditSubject", "SubjectAccess", "ResponsiblePerson", "Draft", "AvoidedCode"} <= {
        one for one, *_ in fields
    }
    number = codes.check_id_number(place.numbers[3], today=factories.TODAY)
    indexes = [field.index_of(number) for *_, field in fields]
    assert len(set(indexes)) == len(fields)
    assert crypto.blind_index(number, purpose="another") not in indexes
