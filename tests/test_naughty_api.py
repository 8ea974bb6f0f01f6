"""The naughty strings through the interfaces: each text of each body, each parameter, each part of an address, each header
that is read, all found in the description (docs/openapi.yaml). Kept as the rule of posted text says, or refused by field in
Chinese with nothing stored; never a mistake of ours."""

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.db import transaction
from django.test import Client

from credit_portal.audit import clock
from disclosure import throttles
from tests import acts, factories
from tests.naughty import CHINESE, kept_as, naughty_strings
from tests.partner_stage import SCAN, Stage
from tests.scenes import mine
from tests.sweep.watching import watched

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
# Beside the common ones, what only JSON can say: halves of a character.
PENALTY = {
    name: acts.PENALTY[name]
    for name in ("document_name", "document_no", "content", "basis", "decided_on", "category", "violation", "facts", "fine", "grade", "domain")
}
LISTED = {
    "kind": "list", "list": "procurement_serious", "action": "add", "document_no": "栾财采罚〔2026〕1号", "source": "栾城区财政局",
    "from_on": "2026-09-01", "until_on": "2028-08-31", "basis": "《中华人民共和国政府采购法》第七十七条", "remark": "无",
}
ALL = [*naughty_strings(), "\ud800", "半个字\udfff"]
# In the suite each place takes its share, so that all places together take every string; all by all: NAUGHTY_EACH=1.
EACH = int(os.environ.get("NAUGHTY_EACH", "40"))
DESCRIPTION = yaml.safe_load((Path(settings.BASE_DIR) / "docs/openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = DESCRIPTION["components"]["schemas"]
POSTS = [path for path, ways in DESCRIPTION["paths"].items() if "post" in ways]


class Scene:
    def __init__(self) -> None:
        self.stage = Stage(
            blanks=({"key": "情况", "label": "情况", "required": False, "max_length": 200},),
            clauses=(*factories.CLAUSES[:-1], ("pledge", "情况：{情况}。", ()), factories.CLAUSES[-1]),
        )
        self.commitment = self.stage.hand_in()
        self.check = self.stage.check()
        self.bodies: dict[str, dict[str, Any]] = {
            "breaches": {"commitment": self.commitment, "source": "other", "facts": "数据比对发现不符。", "by_deceit": False},
            "checks": {
                "subject": {"kind": "organisation", "name": self.stage.subject.name, "code": self.stage.subject.uscc},
                "item": self.stage.item.item.code, "type": "approval", "case_ref": "业务-1", "purpose": "item",
                "step": "acceptance", "late_materials": False,
            },
            "commitments": self.stage.signed(
                check=self.check, confirm_duplicate=True, blanks={"情况": "属实"}, case_ref="业务-2026-0001",
                late_materials={}, must_state=[],
                authorisation=SCAN, signer={"capacity": "agent"},
            ),
            "complaints": {
                "hotline_no": "1130111002026000001",
                "subject": {"kind": "organisation", "name": self.stage.subject.name, "code": self.stage.subject.uscc},
                "received_on": "2026-09-01", "domain": "product_quality", "about": "商品与宣传不符", "result": "settled",
                "result_text": "已经退款。", "handled_on": "2026-09-10",
            },
            "credit-entries": {"kind": "penalty", "subject": {"kind": "organisation", "name": self.stage.subject.name, "code": self.stage.subject.uscc},
                **PENALTY},
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


@pytest.mark.req("R12")
@pytest.mark.parametrize("path", POSTS)
def test_every_text_of_every_posted_body_is_kept_or_refused_by_name(place, path):
    name = path.removeprefix("/api/v1/")
    body = place.bodies[name]
    wrong: list[Any] = []
    with transaction.atomic():
        sound = place.stage.post(name, body)
        assert sound.status_code in (200, 201), sound.json()
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
                elif not kept_as(text) & set(written.texts()):
                    wrong.append((*said, "not kept"))
                transaction.set_rollback(True)
    assert not wrong, "\n".join(map(str, wrong))
