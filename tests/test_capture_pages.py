"""Whatever is sent to the addresses of paper capture gets an answer, and nothing of it is stored by halves."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from commitments.capture import keying
from commitments.concluding import Upload
from commitments.models import CaptureBatch, CaptureSheet, Commitment

from . import factories, office
from .scenes import mine
from .shares import Shares
from .test_capture import TYPED, picture
from .test_odd_input import AS_TYPED, BROKEN, IN_ADDRESS, status_of

pytestmark = pytest.mark.django_db


class Desk:
    """Three sheets: one waits, one is keyed, one differs."""

    def __init__(self) -> None:
        unit = factories.department(name="栾城区测试市场监管局")
        self.officer, self.head = (factories.staff(role, department=unit) for role in ("officer", "head"))
        files = [Upload(picture(shade), "image/png", f"{shade}.png") for shade in (1, 2, 3)]
        self.batch, _ = keying.start(files=files, name="集市", actor=self.officer, now=factories.NOW)
        self.sheets = list(self.batch.sheets.order_by("pk"))
        self.code = factories.organisation_code(7)
        self.sound = {**TYPED, "subject_code": self.code, "code": "", "made_on": "2026-09-05"}
        values = {"item": "", "case_ref": "", "valid_until": "", **self.sound}
        for sheet in self.sheets[1:]:
            keying.key_first(sheet_id=sheet.pk, values=values, actor=self.officer, now=factories.NOW)
        keying.key_second(
            sheet_id=self.sheets[2].pk, values={**values, "made_on": "2026-09-04"}, actor=self.head, now=factories.NOW
        )  # fmt: skip


@pytest.fixture(scope="module")
def built(scene):
    return scene(Desk)


@pytest.fixture
def desk(built, db):
    return mine(built)


@pytest.mark.req("R35")
def test_every_address_of_paper_capture_survives_odd_input(desk) -> None:
    officer, head = office.client_of(desk.officer), office.client_of(desk.head)
    for client in (officer, head):
        client.raise_request_exception = False
    waiting, second, differs = (f"/desk/capture/sheets/{one.uuid}/" for one in desk.sheets)
    again = {"subject_code": desk.code, "code": "", "made_on": "20260905"}
    chosen = {"deed": "settle", "made_on": "first"}
    # It is sound: odd is only what is put into it.
    assert status_of(officer, "post", waiting, {"deed": "first", **desk.sound}) == 302
    assert status_of(head, "post", second, {"deed": "second", **again}) == 302
    assert status_of(head, "post", differs, chosen) == 302
    names = (*desk.sound, "item", "case_ref", "valid_until")
    sent = [(officer, waiting, {"deed": deed, **desk.sound}, names) for deed in ("first", "draft")]
    sent += [
        (head, second, {"deed": "second", **again}, (*again, "deed")),
        (head, differs, chosen, ("deed", "made_on", "subject_code", "code")),
        (officer, waiting, {"deed": "refuse", "refusal": "double"}, ("refusal",)),
    ]
    broken = []
    whole, alone = Shares(AS_TYPED), Shares((*AS_TYPED, "[" * 100_000, "0001-01-01"))
    for number, (client, address, sound, fields) in enumerate(sent):
        form = "abcde"[number]
        odd = [
            dict.fromkeys(fields, value) | {"deed": sound["deed"]} for value in whole.at("form", form, few=6)
        ]
        odd += [sound | {name: value} for name in fields for value in alone.at(form, name, few=4)]
        odd += [{key: value for key, value in sound.items() if key != name} for name in sound]
        broken += [
            (address, str(data)[:90]) for data in odd if status_of(client, "post", address, data) >= 500
        ]
    names_of_files = Shares(("纸.png", "纸.pdf", "x", "a\0b.png", "长" * 300 + ".png"))
    for number, content in enumerate(
        (
            b"",
            b"%PDF-1.4\n",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            picture(9)[:90],
            picture(9),
        )
    ):
        for name in names_of_files.at("scans", "abcdef"[number], few=2):
            data = {"name": "集市", "scans": [SimpleUploadedFile(name, content)] * 2}
            if status_of(officer, "post", "/desk/capture/", data) >= 500:
                broken.append((name, str(content[:20])))
    for value in (*AS_TYPED, "长" * 200):
        data = {"name": value, "scans": SimpleUploadedFile("纸.png", picture(9))}
        if status_of(officer, "post", "/desk/capture/", data) >= 500:
            broken.append(("name", value[:30]))
    batch = f"/desk/capture/{desk.batch.uuid}/"
    bodies = Shares(BROKEN)
    for address, form in zip(("/desk/capture/", batch, waiting, second, differs), "abcde", strict=True):
        for body, kind in bodies.at("body", form, few=3):
            if status_of(officer, "generic", "POST", address, body, kind) >= 500:
                broken.append((address, str(body[:30])))
    assert not any(one.untried for one in (whole, alone, names_of_files, bodies))
    for value in IN_ADDRESS:
        for address in (f"/desk/capture/?before={value}", f"{batch}?state={value}&after={value}"):
            if status_of(officer, "get", address) >= 500:
                broken.append((address[:60], ""))
    assert not broken
    assert (CaptureBatch.objects.count(), Commitment.objects.count()) == (1, 0)
    assert [one.state for one in CaptureSheet.objects.order_by("pk")] == ["waiting", "second", "differs"]


@pytest.mark.req("R35")
def test_the_lists_ask_as_many_questions_however_long_they_are(desk) -> None:
    client = office.client_of(desk.officer)
    addresses = (
        "/desk/capture/",
        f"/desk/capture/{desk.batch.uuid}/",
        f"/desk/capture/sheets/{desk.sheets[0].uuid}/",
    )

    def asked() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    asked()
    before = asked()
    files = [Upload(picture(60 + at), "image/png", f"{at}.png") for at in range(5)]
    more, _ = keying.start(files=files, name="更多", actor=desk.head, now=factories.NOW)
    CaptureSheet.objects.filter(batch=more).update(batch=desk.batch, number=F("number") + 3)
    assert asked() == before and max(before) < 30
