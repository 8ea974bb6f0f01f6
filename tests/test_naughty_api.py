"""The naughty strings through the interfaces: each text of each body, each parameter, each part of an address, each header
that is read, all found in the description (docs/openapi.yaml). Kept as the rule of posted text says, or refused by field in
Chinese with nothing stored; never a mistake of ours."""

import base64
import copy
import json
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.db import transaction
from django.test import Client

from credit_portal.audit import clock
from credit_portal.documents.services import clean_name
from disclosure import throttles
from tests import acts, factories, subjects
from tests.naughty import CHINESE, is_kept, kept_as, naughty_strings
from tests.partner_stage import SCAN, Stage
from tests.scenes import mine
from tests.sweep.watching import watched
from verification.consent import keeping

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
# Beside the common ones, what only JSON can say: halves of a character.
PENALTY = {
    name: acts.PENALTY[name]
    for name in (
        "document_name",
        "document_no",
        "content",
        "basis",
        "decided_on",
        "category",
        "violation",
        "facts",
        "fine",
        "grade",
        "domain",
    )
}
LISTED = {
    "kind": "list",
    "list": "procurement_serious",
    "action": "add",
    "document_no": "栾财采罚〔2026〕1号",
    "source": "栾城区财政局",
    "from_on": "2026-09-01",
    "until_on": "2028-08-31",
    "basis": "《中华人民共和国政府采购法》第七十七条",
    "remark": "无",
}
ALL = [*naughty_strings(), "\ud800", "半个字\udfff"]
# In the suite each place takes its share, so that all places together take every string; all by all: NAUGHTY_EACH=1.
EACH = int(os.environ.get("NAUGHTY_EACH", "160"))
DESCRIPTION = yaml.safe_load((Path(settings.BASE_DIR) / "docs/openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = DESCRIPTION["components"]["schemas"]
# Free names within, and what belongs to acts, lists and checks of another kind than those below.
FREE = {"blanks", "late_materials", "must_state"}
OF_OTHER_ACTS = {
    "step",
    "valid_from",
    "valid_until",
    "certificate_name",
    "certificate_no",
    "confiscated",
    "remarks",
    "exit_on",
    "exit_reason",
}
POSTS = [path for path, ways in DESCRIPTION["paths"].items() if "post" in ways]


class Scene:
    def __init__(self) -> None:
        self.stage = Stage(
            to_do=True,
            blanks=({"key": "情况", "label": "情况", "required": False, "max_length": 200},),
            clauses=(*factories.CLAUSES[:-1], ("pledge", "情况：{情况}。", ()), factories.CLAUSES[-1]),
        )
        self.commitment = self.stage.hand_in()
        self.check = self.stage.check()
        consent = keeping.give_online(
            access=subjects.opened(self.stage.subject), now=factories.NOW,
            told=keeping.Told(
                "administration", "department", "report", factories.TODAY, department=self.stage.department
            ),
        )  # fmt: skip
        self.bodies: dict[str, dict[str, Any]] = {
            "breaches": {"commitment": self.commitment, "source": "other", "facts": "数据比对发现不符。", "by_deceit": False},
            "checks": {
                "subject": {"kind": "organisation", "name": self.stage.subject.name, "code": self.stage.subject.uscc},
                "item": self.stage.item.item.code, "type": "approval", "case_ref": "业务-1", "purpose": "commitment",
                "late_materials": False,
            },
            "commitments": self.stage.signed(
                check=self.check, confirm_duplicate=True, blanks={"情况": "属实"}, case_ref="业务-2026-0001",
                late_materials={}, must_state=[],
                authorisation=dict(SCAN), file=dict(SCAN), signer={"capacity": "agent"},
            ),
            "complaints": {
                "hotline_no": "1130111002026000001",
                "subject": {"kind": "organisation", "name": self.stage.subject.name, "code": self.stage.subject.uscc},
                "received_on": "2026-09-01", "domain": "product_quality", "about": "商品与宣传不符", "result": "settled",
                "result_text": "已经退款。", "handled_on": "2026-09-10",
            },
            "credit-entries": {"kind": "penalty", "subject": {"kind": "organisation", "name": self.stage.subject.name, "code": self.stage.subject.uscc},
                **PENALTY},
            "reports": {
                "subject": {"kind": "organisation", "code": self.stage.subject.uscc}, "scope": "report", "check": self.check,
                "purpose": "administration", "consent": consent.number,
            },
            "fulfilments": {"commitment": self.commitment, "status": "fulfilled", "note": "现场核实，均已落实"},
        }  # fmt: skip


@pytest.fixture(scope="module")
def built(scene) -> Scene:
    def on_the_day() -> Scene:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(clock, "now", lambda: factories.NOW)
            patched.setattr(clock, "today", lambda: factories.TODAY)
            return Scene()

    return scene(on_the_day)


@pytest.fixture
def place(built, db, monkeypatch) -> Scene:
    for name in ("PUBLIC_REQUESTS_PER_MINUTE", "PUBLIC_EXPORTS_PER_MINUTE", "PARTNER_REQUESTS_PER_MINUTE"):
        monkeypatch.setattr(settings, name, 0)
    monkeypatch.setattr(clock, "now", lambda: factories.NOW)
    monkeypatch.setattr(clock, "today", lambda: factories.TODAY)
    throttles.counter.forget()
    return mine(built)


def texts_of(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every text of a body."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield from texts_of(value, (*path, key))
    elif isinstance(body, str):
        yield path


def at_way(body: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        body = body[step]
    return body


def described_texts(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The ways to every text that the description of a body knows; of an object with free names, the object."""
    while "$ref" in schema or "allOf" in schema:
        schema = SCHEMAS[(schema.get("$ref") or schema["allOf"][0]["$ref"]).rpartition("/")[2]]
    if parts := schema.get("oneOf"):
        for part in parts:
            yield from described_texts(part, path)
    elif "properties" in schema:
        for name, part in schema["properties"].items():
            yield from described_texts(part, (*path, name))
    elif schema.get("type") in ("string", "object"):
        yield path


def with_text(body: dict[str, Any], path: tuple[Any, ...], text: str) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = text
    return changed


def share(number: int) -> Iterator[tuple[int, str]]:
    """The strings of the place with this number."""
    for at, text in enumerate(ALL):
        if (at + number * 7) % EACH == 0:
            yield at, text


def refused_by_name(answer: Any, path: tuple[Any, ...]) -> bool:
    """Whether a refusal says in Chinese what is wrong, at the field itself or what it stands in."""
    told = answer.json()
    if answer.status_code == 400 and not told.get("errors"):
        return bool(CHINESE.search(told.get("detail", "")))  # no JSON that can be read
    names = {".".join(map(str, path[: end + 1])) for end in range(len(path))} | {str(path[-1])}
    return any(one["field"] in names and CHINESE.search(one["message"]) for one in told.get("errors") or [])


def in_its_clause(way: Any, text: str, stored: list[str]) -> bool:
    """What is filled into a blank stands in the clause after its label: one or two characters are looked for there only."""
    return way[0] == "blanks" and any(f"：{one}。" in clause for one in kept_as(text) for clause in stored)


def as_amount(way: Any, text: str, stored: list[str]) -> bool:
    """An amount is kept as the number that it is."""
    return (
        way == ("fine",)
        and bool(re.fullmatch(r"[0-9,.]+", text))
        and f"{Decimal(text.replace(',', '')):.2f}" in stored
    )


@pytest.mark.req("R12")
@pytest.mark.parametrize("path", POSTS)
def test_every_text_of_every_posted_body_is_kept_or_refused_by_name(place, path):
    name = path.removeprefix("/api/v1/")
    body = place.bodies[name]
    wrong: list[Any] = []
    with transaction.atomic():
        sound = place.stage.post(name, body)
        assert sound.status_code in (200, 201), sound.content.decode()
        transaction.set_rollback(True)
    for number, way in enumerate(texts_of(body)):
        for at, text in share(number):
            sent = with_text(body, way, text)
            with transaction.atomic(), watched() as written:
                answer = place.stage.post(name, json.dumps(sent))
                said = (way, at, text[:40], answer.status_code)
                if answer.status_code >= 500:
                    wrong.append(said)
                elif answer.status_code >= 400:
                    if not refused_by_name(answer, way) or written.kept():
                        wrong.append((*said, answer.json(), written.kept()[:1]))
                elif not is_kept(
                    clean_name(text) if way[-1] == "name" and "content" in at_way(body, way[:-1]) else text,
                    written.texts(),
                ) and not (
                    in_its_clause(way, text, written.texts()) or as_amount(way, text, written.texts())
                ):
                    wrong.append((*said, "not kept"))
                transaction.set_rollback(True)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.req("R12")
def test_every_text_that_the_description_knows_is_sent(place):
    """Whoever adds a field to a body is told here to give it a sound value above."""
    missing = []
    for path in POSTS:
        schema = DESCRIPTION["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        name = path.removeprefix("/api/v1/")
        ways = {
            way
            for body in (place.bodies[name], LISTED if name == "credit-entries" else {})
            for way in texts_of(body)
        }
        for way in described_texts(schema):
            if not any(one[: len(way)] == way for one in ways) and way[-1] not in FREE | OF_OTHER_ACTS:
                missing.append((name, way))
    assert not missing


def test_every_parameter_and_every_part_of_an_address_is_read_or_refused_in_words(place):
    headers = {"Authorization": f"Bearer {place.stage.token}"}
    client = Client(raise_request_exception=False)
    wrong: list[Any] = []
    number = 0
    for path, ways in DESCRIPTION["paths"].items():
        if "get" not in ways or "export" in path:
            continue
        told = {} if "/public/" in path else headers
        for one in [*ways["get"].get("parameters", ()), {"name": "nothing", "in": "query"}]:
            number += 1
            for at, text in share(number):
                sent = text.encode("utf-8", "surrogatepass")
                if one["in"] == "query":
                    address = f"{path}?{one['name']}={quote(sent)}"
                elif one["in"] == "path":
                    address = path.replace("{" + one["name"] + "}", quote(sent, safe=""))
                else:
                    continue
                answer = client.get(address, headers=told)
                if answer.status_code not in (200, 301, 302, 304, 400, 404) or (
                    answer.status_code in (400, 404) and not CHINESE.search(answer.content.decode())
                ):
                    wrong.append((address[:120], at, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


# Headers that the portal reads, and where.
HEADERS = {
    "Authorization": "/api/v1/duties",
    "Accept": "/api/v1/public/commitments",
    "If-None-Match": "/api/v1/public/commitments",
    "X-Forwarded-For": "/me/enter/",
    "Referer": "/tips/new/",
    "HX-Request": "/window/",
    "Accept-Language": "/",
    "Cookie": "/me/",
    "User-Agent": "/",
}


def test_every_header_that_is_read_may_hold_anything(place):
    client = Client(raise_request_exception=False)
    wrong = []
    for number, (name, path) in enumerate(HEADERS.items()):
        for at, text in share(number):
            # A server gives header fields as Latin letters, whatever was sent, and none has a line end.
            value = re.sub("[\r\n\0]", " ", text.encode("utf-8", "surrogatepass").decode("latin-1"))
            if (status := client.get(path, headers={name: value}).status_code) >= 500:
                wrong.append((name, at, status))
            if name == "Authorization":
                status = client.get(path, headers={name: f"Bearer {value}"}).status_code
                if status not in (400, 401, 403):
                    wrong.append((name, at, status))
    for at, text in share(3):
        body = json.dumps(place.bodies["fulfilments"])
        value = re.sub("[\r\n\0]", " ", text.encode("utf-8", "surrogatepass").decode("latin-1"))
        answer = place.stage.post("fulfilments", body, key=value)
        if answer.status_code not in (200, 201) and not (
            answer.status_code in (400, 422) and CHINESE.search(answer.content.decode())
        ):
            wrong.append(("Idempotency-Key", at, answer.status_code))
    assert not wrong


@pytest.mark.req("R36")
def test_every_name_of_a_file_is_kept_without_its_folder_and_every_content_is_looked_at(place):
    """Names as browsers and systems send them; contents that begin like a paper and go on as anything."""
    wrong: list[Any] = []
    for at, text in share(5):
        for content in (
            text.encode("utf-8", "surrogatepass"),
            b"%PDF-" + text.encode("utf-8", "surrogatepass"),
        ):
            body = with_text(
                place.bodies["commitments"], ("file", "content"), base64.b64encode(content).decode()
            )
            with transaction.atomic(), watched() as written:
                answer = place.stage.post("commitments", json.dumps(body))
                transaction.set_rollback(True)
            if (
                answer.status_code != 422
                or not refused_by_name(answer, ("file", "content"))
                or written.kept()
            ):
                wrong.append((at, answer.status_code, answer.content.decode()[:200]))
    assert not wrong, "\n".join(map(str, wrong))
