"""Signing on a subject's own pages: from the item to the receipt, by plain forms; one draft gives one commitment."""

import re
import threading
import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from commitments import drafting, presenting, subject_access
from commitments.concluding import DuplicateToday, SigningError, Upload
from commitments.models import Commitment, Draft, DraftPhoto, Presentation
from commitments.online import beginning, photos, signing
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry import access as accesses
from disclosure.models import PublicityDecision
from tests import factories as make
from tests import office, subjects
from tests.counter import signature_png
from tests.paper_reading import text_of
from tests.scenes import mine
from tests.self_service import SIGNED, Phone, photo, walk
from tests.shares import Shares
from tests.test_odd_input import SHARP
from verification.checking.looking import File

pytestmark = pytest.mark.django_db
NOW = make.NOW
BLANKS = ({"key": "答复天数", "label": "投诉答复天数", "kind": "number"},)
CLAUSES = (*make.CLAUSES[:-1], ("pledge", "投诉在{答复天数}日内答复。", ()), make.CLAUSES[-1])


class Moment:
    now = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    """The clock of the pages, moved by the tests."""
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


@pytest.fixture(scope="module")
def built(scene) -> Phone:
    return scene(lambda: Phone.on(clauses=CLAUSES, blanks=BLANKS))


@pytest.fixture
def phone(built, db) -> Phone:
    return mine(built)


@pytest.mark.req("R18", "R34", "R35")
def test_by_plain_forms_from_the_item_to_the_receipt(phone):
    client = phone.client()
    start = client.get("/me/sign/").content.decode()
    assert phone.item.name in start and phone.hall.item.name not in start
    assert phone.item.name in client.get("/me/sign/?q=cxjy").content.decode()
    assert "没有找到" in client.get("/me/sign/?q=没有的事项").content.decode()
    page = client.get(f"/me/sign/items/{phone.item.pk}/").content.decode()
    assert phone.hall.clerk.department.name in page and "不会因此被拒绝" in page
    address = walk(client, phone.item, blanks={"答复天数": "7"})
    draft = Draft.objects.get()
    assert (draft.clerk, draft.access, draft.step) == (None, phone.access, "sign")
    shown = Presentation.objects.filter(draft=draft)
    assert set(shown.values_list("part", flat=True)) == {"notice", "privacy", "text"}
    assert "没有签完" in client.get("/me/").content.decode()
    page = client.get(address).content.decode()
    assert "投诉在7日内答复" in page and "赵一，法定代表人" in page
    answer = client.post(f"{address}sign/", SIGNED)
    assert answer["Location"] == address
    one = Commitment.objects.get()
    assert (one.channel, one.clerk, one.department, one.made_on) == (
        "online", None, phone.hall.clerk.department, NOW.date(),
    )  # fmt: skip
    assert (one.signer_name, one.signer_capacity, one.signed_by, one.draft_id) == (
        "赵一", "legal_representative", "pad", draft.pk,
    )  # fmt: skip
    receipt = client.get(address).content.decode()
    assert one.code in receipt and "已经签署" in receipt and "data:image" in receipt
    for paper in ("receipt", "commitment"):
        content = client.get(f"/me/commitments/{one.code}/{paper}.pdf").content
        assert one.code in text_of(content)
    # Pressed again, sent again, asked for: the same one.
    assert client.post(f"{address}sign/", SIGNED)["Location"] == address
    state = client.get(f"{address}state/", headers={"accept": "application/json"}).json()
    assert state == {"step": "done", "code": one.code, "next": address}
    assert Commitment.objects.count() == 1
    assert one.publicity_class == "public" and one.public_from is not None
    today = office.client_of(phone.hall.clerk).get("/window/today/").content.decode()
    assert one.code in today and "网上" in today
    assert one.code in office.client_of(phone.hall.clerk).get("/window/online/").content.decode()
    assert one.code not in office.client_of(make.staff("clerk")).get("/window/online/").content.decode()
    verbs = set(AuditEvent.objects.filter(target_type="draft").values_list("verb", flat=True))
    assert verbs == {"draft.opened", "draft.presented"}
    assert ReadLog.objects.filter(what="信用记录", access_id=phone.access.pk).exists()


@pytest.mark.req("R34")
def test_what_is_wrong_is_said_by_field_and_nothing_moves(phone):
    client = phone.client()
    address = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    answer = client.post(f"{address}check/", {"commitment_type": "repair"})
    assert answer.status_code == 422 and "请选择列出的承诺类型" in answer.content.decode()
    answer = client.post(f"{address}check/", {"commitment_type": "voluntary", "case_ref": "号" * 61})
    assert answer.status_code == 422 and "办件编号最多 60 个字，现为 61 个字" in answer.content.decode()
    assert "办件编号：办件编号" not in answer.content.decode() and "（选填）：" not in answer.content.decode()
    client.post(f"{address}check/", {"commitment_type": "voluntary"})
    answer = client.post(f"{address}blanks/", {"blank-答复天数": "七天"})
    assert answer.status_code == 422 and "“投诉答复天数”应为数字，现为“七天”" in answer.content.decode()
    assert client.post(f"{address}finish/", follow=True).status_code == 200
    assert Draft.objects.get().step == "read"
    phone.sign(phone.ready(blanks={"答复天数": "7"}))
    again = phone.ready(blanks={"答复天数": "7"})
    client = phone.client()
    answer = client.post(f"/me/sign/{again.pk}/sign/", {"signed_by": "pad", "signature": ""})
    assert answer.status_code == 422 and "签名为空" in answer.content.decode()
    answer = client.post(f"/me/sign/{again.pk}/sign/", {"signed_by": "paper"})
    assert answer.status_code == 422 and "请先上传已签字的承诺书照片" in answer.content.decode()
    answer = client.post(f"/me/sign/{again.pk}/sign/", SIGNED, headers={"accept": "application/json"})
    assert (
        answer.status_code == 422
        and "今天已就同一事项签署承诺" in answer.json()["errors"]["confirm_duplicate"]
    )
    assert answer.json()["duplicate"].startswith("/me/commitments/")
    client.post(f"/me/sign/{again.pk}/sign/", SIGNED | {"confirm_duplicate": "on"})
    assert Commitment.objects.count() == 2


def test_only_whoever_may_act_signs_and_only_for_its_own_subject(phone):
    draft = phone.ready(blanks={"答复天数": "7"})
    viewer = subjects.opened(phone.subject, capacity="agent", scope="view", authorisation_sha256="0" * 64)
    other = subjects.client_for(make.subject())
    agent = subjects.opened(phone.subject, capacity="agent", authorisation_sha256="0" * 64)
    looking = subjects.client_of(viewer)
    page = looking.get("/me/sign/")
    assert page.status_code == 200 and "您的授权只能查看，不能签署" in page.content.decode()
    for method, address in (
        ("get", f"/me/sign/items/{phone.item.pk}/"), ("get", f"/me/sign/{draft.pk}/"),
        ("post", f"/me/sign/{draft.pk}/sign/"), ("get", f"/me/sign/{draft.pk}/state/"),
        ("post", f"/me/sign/{draft.pk}/photos/"), ("get", f"/me/sign/{draft.pk}/discard/"),
    ):  # fmt: skip
        refused = getattr(looking, method)(address)
        assert refused.status_code == 403 and "您的授权只能查看，不能办理" in refused.content.decode(), (
            address
        )
        assert getattr(other, method)(address).status_code in (302, 404) or "items" in address, address
    with pytest.raises(drafting.DraftError, match="只能查看"):
        signing.sign(draft_id=draft.pk, access=viewer, signature_png=signature_png(), now=NOW)
    # The agent goes on with what the representative has begun; without an authorisation on file it cannot sign.
    with pytest.raises(SigningError, match="没有留存授权委托书"):
        signing.sign(draft_id=draft.pk, access=agent, signature_png=signature_png(), now=NOW)
    assert beginning.begin(access=agent, item_version_id=phone.item.pk, now=NOW).pk == draft.pk
    staff = office.client_of(phone.hall.clerk)
    assert staff.get("/me/sign/").status_code == 403
    assert staff.get(f"/window/d/{draft.pk}/").status_code == 404
    # A script whose device is out is told so, and is not given a page.
    phone.client()
    out = subjects.client_of(phone.access)
    accesses.end_by_subject(access_id=phone.access.pk, by=phone.access, now=NOW)
    assert out.get(f"/me/sign/{draft.pk}/state/", headers={"accept": "application/json"}).status_code == 401
    assert out.get(f"/me/sign/{draft.pk}/")["Location"].startswith("/me/enter/?next=%2Fme%2Fsign%2F")
    # Entered again by a new access, the same person stands at the same step.
    back = subjects.client_of(subjects.opened(phone.subject))
    assert "签名方式" in back.get(f"/me/sign/{draft.pk}/").content.decode()


@pytest.mark.req("R34", "R40")
def test_where_the_record_closes_the_route_it_says_why_and_how_to_go_on(phone):
    make.credit_entry(subject=phone.subject, title="未按规定公示价格")
    item = make.item_version(
        department=phone.hall.clerk.department,
        online=True,
        allowed_types=["approval", "supervisory"],
        name="小店备案",
    )
    client = phone.client()
    address = client.post(f"/me/sign/items/{item.pk}/")["Location"]
    assert client.post(f"{address}check/", {"commitment_type": "approval"}).status_code == 302
    page = client.get(address).content.decode()
    assert "这不是拒绝受理" in page and "未按规定公示价格" in page and "可以怎么办" in page
    assert "告知书" in text_of(client.get(f"{address}notice.pdf").content)
    assert Draft.objects.get(item_version=item).step == "ordinary"
    assert client.post(f"{address}sign/", SIGNED)["Location"] == address
    assert not Commitment.objects.exists()
    # It was put right: checked once more, in the same procedure.
    phone.subject.entries.update(state="revoked")
    client.post(f"{address}check/", {"commitment_type": "approval"})
    assert Draft.objects.get(item_version=item).step == "read"


def test_another_day_asks_for_another_check_and_a_closed_item_cannot_be_signed(phone, moment):
    draft = phone.ready(blanks={"答复天数": "7"})
    moment.now = NOW + timedelta(days=1)
    client = phone.client()
    assert "签署以前要再核查一次" in client.get(f"/me/sign/{draft.pk}/").content.decode()
    answer = client.post(f"/me/sign/{draft.pk}/sign/", SIGNED)
    assert answer.status_code == 422 and "信用核查不是今天作出的" in answer.content.decode()
    client.post(f"/me/sign/{draft.pk}/check/", {"commitment_type": "voluntary"})
    page = client.get(f"/me/sign/{draft.pk}/").content.decode()
    assert "都看过了" in page, "what was read and filled in is the same"
    client.post(f"/me/sign/{draft.pk}/finish/")
    client.post(f"/me/sign/{draft.pk}/sign/", SIGNED)
    one = Commitment.objects.get()
    assert one.made_on == moment.now.date()
    closed = make.item_version(online=False)
    with pytest.raises(drafting.DraftError, match="不能在网上承诺"):
        beginning.begin(access=phone.access, item_version_id=closed.pk, now=NOW)


def test_a_draft_is_given_up_and_its_content_is_gone(phone):
    draft = phone.checked()
    drafting.save_blanks(draft_id=draft.pk, clerk=phone.access, values={"答复天数": "7"}, now=NOW)
    client = phone.client()
    assert "不能恢复" in client.get(f"/me/sign/{draft.pk}/discard/").content.decode()
    assert client.post(f"/me/sign/{draft.pk}/discard/")["Location"] == "/me/sign/"
    draft.refresh_from_db()
    assert (draft.step, draft.blanks) == ("discarded", {})
    assert client.get(f"/me/sign/{draft.pk}/")["Location"] == "/me/sign/"
    assert client.get(f"/me/sign/{draft.pk}/shown/")["Location"] == f"/me/sign/{draft.pk}/"
    assert client.get(f"/me/sign/{uuid.uuid4()}/").status_code == 404


def test_the_database_keeps_a_draft_of_the_counter_apart_from_one_of_the_subject(phone):
    draft = phone.begun()
    for fields in ({"clerk": phone.hall.clerk}, {"access": None}):
        with pytest.raises(IntegrityError, match="draft_by_clerk_or_subject"), transaction.atomic():
            Draft.objects.filter(pk=draft.pk).update(**fields)
    twin = Draft.objects.get(pk=draft.pk)
    twin.pk, twin._state.adding = uuid.uuid4(), True
    with pytest.raises(IntegrityError, match="draft_one_open"), transaction.atomic():
        twin.save(force_insert=True)
    # The counter has its own draft of the same business beside it.
    assert (
        phone.hall.checked(item_version_id=phone.item.pk, commitment_type="voluntary").clerk
        == phone.hall.clerk
    )


# ---- photographs -------------------------------------------------------------------------------------------


@pytest.mark.req("R34")
def test_a_photograph_sent_again_is_one_and_is_taken_away_again(phone):
    draft, key = phone.ready(blanks={"答复天数": "7"}), uuid.uuid4()
    client, address = phone.client(), f"/me/sign/{draft.pk}/photos/"
    asked = {"headers": {"accept": "application/json"}}
    for _ in range(2):
        answer = client.post(
            address, {"kind": "material", "key": key, "name": "门头照片", "photo": photo()}, **asked
        )
        assert answer.status_code == 200 and "门头照片" in answer.json()["html"]
    # Chosen anew with another name: said, instead of a name that is silently not kept.
    again = {"kind": "material", "key": uuid.uuid4(), "name": "另一个名称"}
    told = client.post(address, again | {"photo": photo()}, **asked).json()["told"]
    assert "已经上传过（“门头照片”）" in told and "先移除，再上传" in told
    page = client.post(address, {"kind": "material", "photo": photo()}, follow=True).content.decode()
    assert "没有再存一张" in page
    row = DraftPhoto.objects.get()
    assert (row.draft, row.access, row.file.kind) == (draft, phone.access, "document")
    assert client.get(f"{address}{row.pk}/")["Content-Type"] == "image/png"
    assert subjects.client_for(make.subject()).get(f"{address}{row.pk}/").status_code == 404
    client.post(f"{address}{row.pk}/remove/")
    client.post(f"{address}{row.pk}/remove/")
    assert client.get(f"{address}{row.pk}/").status_code == 404
    # Brought again after all, with the name that it should have.
    answer = client.post(address, again | {"key": uuid.uuid4(), "photo": photo()}, **asked)
    assert answer.json()["told"] == "" and "另一个名称" in answer.json()["html"]
    anew = photos.shown(draft).get()
    assert (anew.name, anew.pk == row.pk) == ("另一个名称", False)
    deeds = [event.facts["deed"] for event in AuditEvent.objects.filter(verb="draft.photo").order_by("pk")]
    assert deeds == ["added", "removed", "added"]
    with pytest.raises(IntegrityError), transaction.atomic():
        DraftPhoto.objects.filter(pk=row.pk).update(name="另一个")
    with pytest.raises(Exception, match="draftphoto"), transaction.atomic():
        row.delete()


def test_a_photograph_that_cannot_be_used_is_refused_by_name(phone):
    draft = phone.ready(blanks={"答复天数": "7"})
    client, address = phone.client(), f"/me/sign/{draft.pk}/photos/"
    heic = b"\0\0\0\x18ftypheic" + b"\0" * 100
    for content, words in (
        (heic, "HEIC"), (b"GIF89a" + b"\0" * 20, "只接受 PNG、JPEG 图片或 PDF 文件"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "图片"),
    ):  # fmt: skip
        answer = client.post(
            address, {"kind": "paper", "photo": photo(name="我的 照片.heic", content=content)},
            headers={"accept": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 422 and "“我的 照片.heic”没有收下" in answer.json()["error"]
        assert words in answer.json()["error"]
    assert "兼容性最佳" in photos.HEIC
    page = client.post(address, {"kind": "paper"}, follow=True).content.decode()
    assert "请先选择照片" in page
    assert client.post(address, {"kind": "selfie", "photo": photo()}, follow=True).status_code == 200
    assert not DraftPhoto.objects.exists()
    with pytest.raises(EvidenceRefused):
        photos.add(
            draft_id=draft.pk, access=phone.access, kind="paper", key=uuid.uuid4(), now=NOW,
            upload=Upload(b"", "image/png", "空.png"),
        )  # fmt: skip
    for at in range(photos.MOST):
        photos.add(
            draft_id=draft.pk, access=phone.access, kind="material", key=uuid.uuid4(), now=NOW,
            upload=Upload(signature_png(width=3 + at), "image/png", f"{at}.png"),
        )  # fmt: skip
    page = client.post(address, {"kind": "paper", "photo": photo(width=30)}, follow=True).content.decode()
    assert "最多 9 张照片" in page


@pytest.mark.req("R34")
def test_without_a_pad_the_photograph_of_the_signed_paper_is_the_signature(phone):
    draft = phone.ready(blanks={"答复天数": "7"})
    client = phone.client()
    client.post(f"/me/sign/{draft.pk}/photos/", {"kind": "paper", "photo": photo()})
    client.post(
        f"/me/sign/{draft.pk}/photos/", {"kind": "material", "name": "门头照片", "photo": photo(width=9)}
    )
    client.post(f"/me/sign/{draft.pk}/sign/", {"signed_by": "paper"})
    one = Commitment.objects.get()
    assert one.signed_by == "paper" and one.signature == DraftPhoto.objects.get(kind="paper").file
    material = DraftPhoto.objects.get(kind="material")
    with pytest.raises(drafting.DraftError, match="照片不能再移除"):
        photos.remove(draft_id=draft.pk, access=phone.access, photo_id=material.pk, now=NOW)
    assert not DraftPhoto.objects.exclude(removed_at=None).exists()
    clerk = office.client_of(phone.hall.clerk)
    page = clerk.get(f"/window/c/{one.code}/").content.decode()
    assert "门头照片" in page
    assert clerk.get(f"/window/c/{one.code}/photos/{material.pk}/").status_code == 200
    stranger = office.client_of(make.staff("clerk"))
    assert stranger.get(f"/window/c/{one.code}/photos/{material.pk}/").status_code == 404


# ---- once --------------------------------------------------------------------------------------------------


@pytest.mark.req("R34")
def test_the_agents_authorisation_stands_behind_its_signature(phone):
    slip = subject_access.open_at_window(
        key=uuid.uuid4(), subject=phone.subject, name="钱二", capacity="agent", identity_document="id_card",
        id_number=make.id_number(), identity_seen=True, valid_until=NOW.date() + timedelta(days=30),
        actor=phone.hall.clerk, now=NOW, authorisation=File(signature_png(), "image/png", "授权.png"),
    )  # fmt: skip
    draft = phone.ready(blanks={"答复天数": "7"})
    one = signing.sign(draft_id=draft.pk, access=slip.access, signature_png=signature_png(), now=NOW)
    assert (one.signer_name, one.signer_capacity) == ("钱二", "agent")
    assert one.authorisation == slip.access.grounds.authorisation


@pytest.mark.req("R34")
def test_items_of_other_regions_stand_apart_and_say_where(phone):
    far = make.department(region="410103", name="二七区测试局")
    make.item_version(department=far, online=True, allowed_types=["voluntary"], name="远处的事项")
    page = phone.client().get("/me/sign/").content.decode()
    near, _, elsewhere = page.partition("其他地区的事项")
    assert phone.item.name in near and "远处的事项" not in near
    assert re.search(r"远处的事项</a></p><p class=\"second\"><b>[^<]+</b>，二七区测试局", elsewhere)


def test_lists_cost_the_same_however_long(phone):
    client = phone.client()
    client.get("/me/sign/")
    with CaptureQueriesContext(connection) as few:
        client.get("/me/sign/")
    for at in range(12):
        make.item_version(
            department=phone.hall.clerk.department, online=True, allowed_types=["voluntary"], name=f"事项{at}"
        )
    beginning.begin(access=phone.access, item_version_id=phone.item.pk, now=NOW)
    with CaptureQueriesContext(connection) as many:
        client.get("/me/sign/")
    assert len(many) == len(few)


def test_a_person_signs_and_stays_out_of_the_column(built, phone):
    person = make.person()
    held = subjects.opened(person, actor=phone.hall.clerk)
    other = Phone(phone.hall, person, held, phone.item, phone.text)
    one = other.sign(other.ready(blanks={"答复天数": "7"}))
    assert (one.publicity_class, one.public_from, one.subject_code) == ("limited", None, "")
    assert PublicityDecision.objects.filter(commitment=one).exists()
    page = subjects.client_of(held).get(f"/me/sign/{one.draft_id}/").content.decode()
    assert "不向社会公开" in page and escape(one.code) in page


@pytest.mark.req("R34")
@pytest.mark.django_db(transaction=True)
def test_two_who_sign_one_draft_at_once_get_one_commitment(monkeypatch):
    phone = Phone.on()
    draft = phone.ready()
    codes: list[str] = []
    begin = threading.Barrier(2)

    def press() -> None:
        try:
            begin.wait(10)
            codes.append(phone.sign(draft).code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(codes) == 2 and len(set(codes)) == 1
    assert Commitment.objects.count() == 1


@pytest.mark.req("R34")
@pytest.mark.django_db(transaction=True)
def test_two_devices_that_begin_and_upload_at_once_have_one_draft_and_one_photograph():
    phone = Phone.on()
    agent = subjects.opened(phone.subject, capacity="agent", authorisation_sha256="0" * 64)
    found: list[tuple[object, object]] = []
    begin, content = threading.Barrier(2), signature_png()

    def start(held) -> None:
        try:
            begin.wait(10)
            draft = beginning.begin(access=held, item_version_id=phone.item.pk, now=NOW)
            one = photos.add(
                draft_id=draft.pk, access=held, kind="paper", key=uuid.uuid4(), now=NOW,
                upload=Upload(content, "image/png", "x.png"),
            )  # fmt: skip
            found.append((draft.pk, one.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=[held]) for held in (phone.access, agent)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(found) == 2 and len(set(found)) == 1
    assert (Draft.objects.count(), DraftPhoto.objects.count()) == (1, 1)


def test_a_draft_nobody_touches_is_cleared_as_the_counters_are(phone):
    draft = phone.checked()
    presenting.record_presentation(
        draft_id=draft.pk, clerk=phone.access, part="notice", key=uuid.uuid4(), seconds=3, now=NOW
    )
    assert drafting.purge_stale(older_than=NOW + timedelta(days=30), now=NOW + timedelta(days=31)) == 1
    assert not beginning.drafts_of(phone.subject).exists()


def test_a_second_on_the_same_day_asks(phone):
    phone.sign(phone.ready(blanks={"答复天数": "7"}))
    with pytest.raises(DuplicateToday):
        phone.sign(phone.ready(blanks={"答复天数": "7"}))


def test_whatever_is_sent_to_a_draft_gets_an_answer(phone):
    draft = phone.checked()
    client, base = phone.client(), f"/me/sign/{draft.pk}/"
    client.raise_request_exception = False
    sent = {
        "check": ["commitment_type", "case_ref"], "shown": ["part", "key", "seal", "seconds"],
        "blanks": ["blank-答复天数", "order", "auto"], "sign": ["signed_by", "signature", "confirm_duplicate"],
        "photos": ["kind", "key", "name", "photo"], "finish": ["x"], "reread": ["x"], "again": ["x"],
    }  # fmt: skip
    broken = []
    sharp = Shares(list(product(SHARP, ({}, {"headers": {"accept": "application/json"}}))))
    for step in ("read", "sign"):
        Draft.objects.filter(pk=draft.pk).update(step=step)
        for name, fields in sent.items():
            for field in fields:
                for value, more in sharp.at(step, name, field, few=3):
                    with transaction.atomic():
                        status = client.post(f"{base}{name}/", {field: value}, **more).status_code
                        transaction.set_rollback(True)
                    if status >= 500:
                        broken.append((name, field, value[:20], status))
        for query in ("?part=%00", "?part=education", "?part=fill", "?part=9", "?q=%ED%A0%80"):
            broken += [(query, s) for s in [client.get(base + query).status_code] if s >= 500]
    for address in (
        "/me/sign/?q=%00",
        "/me/sign/?q=" + "9" * 3000,
        "/me/sign/items/99999999999999999999999/",
    ):
        assert client.get(address).status_code < 500
    assert not broken and not sharp.untried
