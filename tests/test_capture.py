"""Paper commitments: scans in, keyed twice by two persons, registered only once stored (S0 三（二）; R20–R25, R35)."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from commitments.capture import keying, rules, storing
from commitments.models import (
    CaptureBatch,
    CaptureKeying,
    CaptureSheet,
    Commitment,
    CommitmentEvent,
    Obligation,
)
from credit_portal.audit.models import AuditEvent
from credit_portal.documents.models import EvidenceFile

from . import factories as make
from .office import client_of
from .scenes import mine

NOW = make.NOW
TYPED = {
    "kind": "organisation", "subject_name": "栾城区集市商贸有限公司", "commitment_type": "voluntary",
    "item_name": "明码标价承诺", "pledge": "明码标价，不缺斤短两。", "liability": "违反的，接受公示。",
    "signer_name": "王五", "made_on": "2026年9月5日",
}  # fmt: skip


def picture(shade: int) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (60, 80), (shade, 200, 200)).save(kept, "PNG")
    return kept.getvalue()


class Desk:
    def __init__(self) -> None:
        self.unit = make.department(name="栾城区测试市场监管局")
        self.first = make.staff("officer", department=self.unit)
        self.second = make.staff("clerk", department=self.unit)
        self.third = make.staff("head", department=self.unit)
        self.stranger = make.staff("officer", department=make.department(name="栾城区测试文旅局"))
        self.code = make.organisation_code(7)


@pytest.fixture(scope="module")
def built(scene):
    return scene(Desk)


@pytest.fixture
def desk(built, db):
    return mine(built)


def bring(desk, *shades: int, name: str = "集市") -> CaptureBatch:
    files = [SimpleUploadedFile(f"纸{shade}.png", picture(shade), "image/png") for shade in shades]
    answer = client_of(desk.first).post("/desk/capture/", {"name": name, "scans": files})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return CaptureBatch.objects.latest("pk")


def page(sheet: CaptureSheet) -> str:
    return f"/desk/capture/sheets/{sheet.uuid}/"


def key_first(desk, sheet: CaptureSheet, **changed: str):
    typed = {**TYPED, "subject_code": desk.code, **changed}
    return client_of(desk.first).post(page(sheet), {"deed": "first", **typed})


def key_second(desk, sheet: CaptureSheet, **changed: str):
    typed = {"subject_code": desk.code, "code": "", "made_on": "20260905", **changed}
    return client_of(desk.second).post(page(sheet), {"deed": "second", **typed})


@pytest.mark.req("R35")
def test_a_paper_is_keyed_by_two_and_registered_only_when_it_is_stored(desk, monkeypatch) -> None:
    batch = bring(desk, 1, 2)
    one, other = batch.sheets.order_by("pk")
    assert one.state == "waiting" and EvidenceFile.objects.filter(pk=one.scan_id, kind="paper_scan").exists()
    # What is wrong is said by field, and what was typed is there again.
    answer = key_first(desk, one, subject_code=desk.code[:-1])
    assert answer.status_code == 422 and "17 位" in answer.content.decode()
    assert "栾城区集市商贸有限公司" in client_of(desk.first).get(page(one)).content.decode()
    assert "栾城区集市商贸有限公司" not in client_of(desk.second).get(page(one)).content.decode()
    answer = key_first(desk, one)
    assert answer.status_code == 302 and answer["Location"] == page(other)
    one.refresh_from_db()
    assert one.state == "second" and not one.draft_sealed and not Commitment.objects.exists()
    # Blind, and by another person.
    own = client_of(desk.first).get(page(one)).content.decode()
    assert "第二遍须由另一人录入" in own and 'name="made_on"' not in own
    shown = client_of(desk.second).get(page(one)).content.decode()
    assert desk.code not in shown and "2026-09-05" not in shown and "已登记" not in shown
    assert 'autocomplete="off"' in shown and "本批还有 2 份" in shown
    with pytest.raises(rules.CaptureError, match="另一人"):
        keying.key_second(sheet_id=one.pk, values={}, actor=desk.first, now=NOW)
    # A failure in the middle leaves the sheet as it was.
    with monkeypatch.context() as broken:
        broken.setattr(storing.making, "make", lambda ids: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            key_second(desk, one)
    one.refresh_from_db()
    assert one.state == "second" and not Commitment.objects.exists() and one.keyings.count() == 1
    answer = key_second(desk, one)
    assert answer.status_code == 302
    one.refresh_from_db()
    made = Commitment.objects.get()
    assert one.state == "done" and one.commitment == made and made.signature == one.scan
    assert (made.channel, made.made_on, made.department) == ("paper", date(2026, 9, 5), desk.unit)
    assert made.code.startswith(f"{desk.unit.region_id}20260905") and made.publicity_class == "public"
    assert Obligation.objects.filter(commitment=made).exists()
    assert CommitmentEvent.objects.filter(commitment=made, kind="captured").exists()
    # Told again, by a second tab, it stays one.
    assert key_second(desk, one).status_code == 409
    keying.key_second(sheet_id=one.pk, values={}, actor=desk.second, now=NOW)
    assert Commitment.objects.count() == 1
    assert made.code in client_of(desk.second).get(f"/desk/capture/{batch.uuid}/").content.decode()
    # It is looked at, elsewhere, as every other commitment is; of a portal's own PDF there is none.
    clerk = client_of(desk.second)
    for address in (f"/window/c/{made.code}/", f"/commitments/{made.code}/", f"/verify/{made.verify_token}/"):
        assert clerk.get(address).status_code == 200, address
    assert clerk.get(f"/window/c/{made.code}/commitment.pdf").status_code == 404
    assert "commitment.pdf" not in clerk.get(f"/window/c/{made.code}/").content.decode()
    told = str(list(AuditEvent.objects.values()))
    assert "capture.sheet" in told and desk.code not in told
    # The same again is asked about, and the code on a paper is taken once.
    key_first(desk, other)
    answer = key_second(desk, other)
    assert (
        answer.status_code == 409
        and made.code in answer.content.decode()
        and 'name="confirm_duplicate"' in answer.content.decode()
    )
    # A clerk opens no page of the desk's: the code is text there, and a link for whoever may open it.
    link = f'href="/desk/obligations/{made.code}/"'
    assert link not in answer.content.decode()
    assert link not in client_of(desk.second).get(page(one)).content.decode()
    assert link in client_of(desk.third).get(page(one)).content.decode()
    third = {"deed": "second", "subject_code": desk.code, "code": "", "made_on": "20260905"}
    assert link in client_of(desk.third).post(page(other), third).content.decode()
    assert Commitment.objects.count() == 1
    assert key_second(desk, other, confirm_duplicate="on").status_code == 302
    assert Commitment.objects.count() == 2


@pytest.mark.req("R35")
def test_two_keyings_that_differ_are_set_side_by_side_and_settled(desk) -> None:
    sheet = bring(desk, 11).sheets.get()
    code = f"{desk.unit.region_id}20260905000777"
    key_first(desk, sheet, code=code)
    key_second(desk, sheet, code=code[:6] + "20260906" + code[14:], made_on="2026-09-06")
    sheet.refresh_from_db()
    assert sheet.state == "differs" and not Commitment.objects.exists()
    shown = client_of(desk.second).get(page(sheet)).content.decode()
    assert "2026-09-05" in shown and "2026-09-06" in shown and desk.code not in shown
    client = client_of(desk.second)
    assert client.post(page(sheet), {"deed": "settle", "code": "first"}).status_code == 409
    mixed = client.post(page(sheet), {"deed": "settle", "code": "first", "made_on": "second"})
    assert mixed.status_code == 409 and "与承诺作出日期" in mixed.content.decode()
    assert (
        client.post(page(sheet), {"deed": "settle", "code": "first", "made_on": "first"}).status_code == 302
    )
    assert Commitment.objects.get().code == code
    assert list(CaptureKeying.objects.values_list("turn", "by")) == [
        (1, desk.first.pk), (2, desk.second.pk), (3, desk.second.pk),
    ]  # fmt: skip
    again = bring(desk, 12).sheets.get()
    key_first(desk, again, code=code, item_name="另一事由")
    answer = key_second(desk, again, code=code)
    assert answer.status_code == 409 and "已有登记的承诺" in answer.content.decode()
    # Sent back it is keyed anew; what was keyed stays.
    client.post(page(again), {"deed": "back"})
    again.refresh_from_db()
    assert (again.state, again.round, again.keyings.count()) == ("waiting", 2, 1)
    assert client.post(page(again), {"deed": "refuse", "refusal": "x"}).status_code == 409
    client.post(page(again), {"deed": "refuse", "refusal": "double"})
    again.refresh_from_db()
    assert again.state == "refused" and again.scan is not None


def told(desk, sheet: CaptureSheet, person, **changed: str):
    """The second keying, by whom it may not be done."""
    values = {"subject_code": desk.code, "code": "", "made_on": "2026-09-05", **changed}
    with pytest.raises(rules.CaptureError) as refused:
        keying.key_second(sheet_id=sheet.pk, values=values, actor=person, now=NOW)
    assert str(refused.value) == keying.ANOTHER
    shown = client_of(person).get(page(sheet)).content.decode()
    assert keying.ANOTHER in shown and 'name="made_on"' not in shown


@pytest.mark.req("R35")
def test_whoever_is_not_blind_any_more_keys_no_second_time_in_any_round(desk) -> None:
    by_third = client_of(desk.third)
    sheet = bring(desk, 41).sheets.get()
    typed = {**TYPED, "subject_code": desk.code}
    key_first(desk, sheet)
    key_second(desk, sheet, made_on="2026-09-06")
    sheet.refresh_from_db()
    assert sheet.state == "differs" and not sheet.compared_by.exists()
    # An office that looks on is shown neither; a head of the unit is shown both, which is kept.
    overseer = make.staff("credit_office", department=make.department(name="栾城区测试信用办"))
    looked = client_of(overseer).get(page(sheet))
    assert looked.status_code == 200 and "2026-09-06" not in looked.content.decode()
    assert "2026-09-06" in by_third.get(page(sheet)).content.decode()
    assert list(sheet.compared_by.all()) == [desk.third]
    # What is on record stays: the database itself refuses.
    for statement in (
        "DELETE FROM commitments_capturesheet_compared_by",
        "UPDATE commitments_capturesheet_compared_by SET user_id = user_id",
        "DELETE FROM commitments_capturekeying",
        "UPDATE commitments_capturekeying SET sealed = ''",
        "DELETE FROM commitments_capturesheet",
        "DELETE FROM commitments_capturebatch",
    ):
        with (
            connection.cursor() as cursor,
            pytest.raises(IntegrityError, match="只能追加"),
            transaction.atomic(),
        ):
            cursor.execute(statement)
    by_third.post(page(sheet), {"deed": "back"})
    # The second of before, who never opened the comparison, keys the whole: the first of before is out, and who compared.
    assert client_of(desk.second).post(page(sheet), {"deed": "first", **typed}).status_code == 302
    sheet.refresh_from_db()
    assert (sheet.state, sheet.round, sheet.first_by) == ("second", 2, desk.second)
    for person in (desk.first, desk.second, desk.third):
        told(desk, sheet, person)
        assert keying.next_for(person, sheet.batch) is None
    fourth = make.staff("officer", department=desk.unit)
    assert keying.next_for(fourth, sheet.batch) == sheet
    values = {"subject_code": desk.code, "code": "", "made_on": "2026-09-05"}
    assert keying.key_second(sheet_id=sheet.pk, values=values, actor=fourth, now=NOW).state == "done"


@pytest.mark.req("R35")
def test_what_is_put_aside_too_late_is_not_said_to_be_kept_and_stays_on_the_page(desk) -> None:
    client = client_of(desk.third)
    sheet = bring(desk, 51).sheets.get()
    draft = {"deed": "draft", **TYPED, "subject_name": "没有存下的名称", "subject_code": desk.code[:-1]}
    assert client.post(page(sheet), draft).status_code == 302
    assert "没有存下的名称" in client.get(page(sheet)).content.decode()
    key_first(desk, sheet)
    for state in ("待复核", "不予录入"):
        answer = client.post(page(sheet), draft)
        shown = answer.content.decode()
        assert answer.status_code == 409 and f"没有暂存：这一份现为“{state}”" in shown
        assert "没有存下的名称" in shown and "已暂存" not in shown and TYPED["pledge"] in shown
        # It is no form of this state: nothing of it can be sent on by mistake.
        assert 'value="draft"' not in shown and 'value="first"' not in shown and 'value="second"' not in shown
        client.post(page(sheet), {"deed": "refuse", "refusal": "illegible"})
    sheet.refresh_from_db()
    assert sheet.state == "refused" and not sheet.draft_sealed


@pytest.mark.req("R35")
def test_what_is_no_scan_is_refused_by_name_and_strangers_see_nothing(
    desk, django_assert_max_num_queries
) -> None:
    client = client_of(desk.first)
    bad = SimpleUploadedFile("坏.png", b"MZ\x90\x00nothing", "image/png")
    answer = client.post("/desk/capture/", {"scans": [bad]})
    assert answer.status_code == 422 and "坏.png" in answer.content.decode()
    assert client.post("/desk/capture/", {}).status_code == 422 and not CaptureBatch.objects.exists()
    good = [SimpleUploadedFile(f"{n}.png", picture(n), "image/png") for n in (21, 21, 22)]
    bad.seek(0)
    answer = client.post("/desk/capture/", {"scans": [*good, bad]}, follow=True)
    shown = answer.content.decode()
    assert "坏.png" in shown and "已经上传过" in shown and CaptureSheet.objects.count() == 2
    batch = CaptureBatch.objects.get()
    sheet = batch.sheets.first()
    stranger = client_of(desk.stranger)
    for address in (f"/desk/capture/{batch.uuid}/", page(sheet), f"{page(sheet)}scan/"):
        assert stranger.get(address).status_code == 404
    scan = client.get(f"{page(sheet)}scan/")
    assert scan.content == picture(21) and scan["X-Frame-Options"] == "SAMEORIGIN"
    with django_assert_max_num_queries(30):
        client.get(f"/desk/capture/{batch.uuid}/")
    assert client.get(f"/desk/capture/{batch.uuid}/?state=%00&after=x").status_code == 200


WIDE = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(0x21, 0x7F)})


@pytest.mark.req("R35")
@given(st.text("0123456789", min_size=20, max_size=20), st.integers(0, 19), st.sampled_from("0123456789"))
def test_two_keyings_are_equal_exactly_where_their_folded_characters_are(code, place, digit) -> None:
    typed = f" {code[:6]} {code[6:]}".translate(WIDE)
    first, second = rules.commitment_code(typed), rules.commitment_code(code)
    assert first == second and rules.differences({"code": first}, {"code": second}) == []
    other = code[:place] + digit + code[place + 1 :]
    assert (rules.differences({"code": code}, {"code": other}) == ["code"]) == (code != other)


@pytest.mark.req("R35")
@given(st.dates(date(2015, 1, 1), date(2026, 9, 14)))
def test_a_day_is_the_same_in_every_way_of_writing_it(day) -> None:
    ways = (
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日".translate(WIDE),
    )
    assert {rules.day(one, today=date(2026, 9, 14)) for one in ways} == {day.isoformat()}
