"""The pages of late materials: at the counter, at the desk, on the subject's telephone, in public; and what a system sends."""

import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commitments.models import Draft, Supplement
from commitments.supplements import ending, extending, receiving
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.registry import groups
from credit_portal.registry.models import ServiceItem
from tests import factories, office, subjects
from tests.counter import signature_data_url, signature_png
from tests.factories import NOW
from tests.late_stage import BLANKS, CLAUSES, DAY, FILE, HEALTH, PREMISES, Late, material, rule
from tests.partner_stage import Stage
from tests.scenes import mine
from tests.shares import Shares

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


ODD = (
    "",
    "栾\0城",
    "\U0010ffff",
    "9" * 5000,
    "inf",
    "²",
    "-1",
    "2026-13-45",
    "\ud800".encode("utf-8", "replace").decode(),
)


class Moment:
    now = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    """The clock of the pages, moved by the tests."""
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


class Place(Late):
    """A promise, somebody of every role, the subject's own access, and an item that is handled at once."""

    def __init__(self) -> None:
        super().__init__()
        self.one = self.supplement()
        self.holder = subjects.opened(self.one.commitment.subject, now=NOW)
        self.counter.subject = factories.subject()
        self.counter.item = factories.item_version(department=self.department, handled_at_once=True)
        self.at_once = self.counter.sign()
        self.people = {role: factories.staff(role, department=self.department) for role in groups.LABELS}


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


def png(name: str = "材料.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, signature_png(), "image/png")


def text_of(answer) -> str:
    return answer.content.decode()


# ---- the promise at the counter ----------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_the_clerk_ticks_what_is_missing_and_the_paper_follows():
    hall = Late()
    client = office.client_of(hall.clerk)
    client.post("/window/", {"code": hall.counter.code})
    draft = Draft.objects.get()
    client.post(
        reverse("window:check", args=[draft.pk]),
        {"item": hall.counter.item.pk, "commitment_type": "approval", "late_materials": "on"},
    )
    page = text_of(client.get(reverse("window:draft", args=[draft.pk])))
    assert "暂缺的材料" in page and "最迟 <span" in page and "体检机构出具" in page
    assert 'name="late-1-on" id="late-1-on" value="2026-09-28"' in page
    # What the promise fills is not typed twice; what may not be late is not offered.
    assert "blank-补交日期" not in page and "blank-缺少的材料" not in page and "late-3" not in page
    turn = reverse("window:turn", args=[draft.pk])
    answer = client.post(turn, {"late": "1"})
    assert answer.status_code == 422 and "容缺受理须至少选一项" in text_of(answer)
    answer = client.post(
        turn, {"late": "1", "late-2": "1", "late-2-on": "20260926", "late-1-on": "2026-09-28"}
    )
    assert answer.status_code == 422
    assert "“健康证明”的补交日期 2026-09-26 是休息日" in text_of(answer)
    assert 'id="late-2" value="1" checked' in text_of(answer)
    # While it is typed, the paper on the left follows.
    answer = client.post(
        reverse("window:blanks", args=[draft.pk]),
        {"late": "1", "late-2": "1", "late-2-on": "20260924", "order": "5"}, headers={"hx-request": "true"},
    )  # fmt: skip
    assert "（1）健康证明，2026年9月24日以前补交" in text_of(answer) and "field-error" not in text_of(answer)
    draft.refresh_from_db()
    assert draft.promised == [{"name": HEALTH, "source": "体检机构出具", "on": "2026-09-24"}]
    assert client.post(turn, {"late": "1", "late-2": "1", "late-2-on": "20260924"}).status_code == 302
    hall.counter.show(draft)
    client.post(reverse("window:finish_reading", args=[draft.pk]))
    signed = client.post(
        reverse("window:sign", args=[draft.pk]),
        {"capacity": "legal_representative", "signer_name": "王一", "identity_document": "id_card",
         "signed_by": "pad", "signature": signature_data_url()},
    )  # fmt: skip
    page = text_of(client.get(signed.url))
    assert "承诺补交 1 项，已收到 0 项" in page and "还剩 9 个工作日" in page and "逐项登记" in page
    assert "等候补交的容缺材料" in text_of(client.get("/window/today/"))


# ---- at the counter and at the desk ------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_from_the_list_to_the_last_material_at_the_counter(place, moment):
    client = office.client_of(place.clerk)
    listed = text_of(client.get("/window/supplements/"))
    address = f"/window/supplements/{place.one.uuid}/"
    assert address in listed and "0/2 项" in listed and "还剩 10 个工作日" in listed
    page = text_of(client.get(address))
    assert all(
        words in page for words in (PREMISES, HEALTH, "登记收到", "因不可抗力延长（一次，最多 10 个工作日）")
    )
    assert "立案" not in page and "决定延长" not in page
    do = f"{address}do/"
    wrong = client.post(
        f"{do}receive/",
        {"number": "1", "receive1-file": SimpleUploadedFile("a.pdf", b"MZ", "application/pdf")},
    )
    assert wrong.status_code == 422 and "field-error" in text_of(wrong)
    assert client.post(f"{do}receive/", {"number": "1", "receive1-file": png()}).status_code == 302
    row = material(place.one, 1)
    assert row.state == "received" and row.file is not None
    seen = client.get(f"{address}files/{row.file.uuid}/")
    assert seen.status_code == 200 and seen["Content-Type"] == "image/png"
    assert client.get(f"{address}files/{uuid.uuid4()}/").status_code == 404
    asked = client.post(f"{do}ask/", {"ask-working_days": "5", "ask-reason": "暴雨停诊，不能体检。"})
    assert asked.status_code == 422 and "请附不可抗力的证明" in text_of(asked)
    client.post(
        f"{do}ask/", {"ask-working_days": "5", "ask-reason": "暴雨停诊，不能体检。", "ask-evidence": png()}
    )
    assert "延长等待另一人决定" in text_of(client.get(address))
    # The counter closes nothing and decides nothing, whatever is posted.
    for deed, data in (
        ("decide", {"decide-granted": "1", "decide-note": "属实，同意。"}),
        ("close", {"close-close_reason": "withdrawn", "close-close_note": "撤回了申请。"}),
    ):
        answer = client.post(f"{do}{deed}/", data)
        assert answer.status_code == 422 and "由受理单位" in text_of(answer)
    assert client.post(f"{do}nothing/").status_code == 404
    again = client.post(f"{do}receive/", {"number": "1"}, follow=True)
    assert "“场所使用证明”已收到" in text_of(again)
    client.post(f"{do}receive/", {"number": "2"})
    place.one.refresh_from_db()
    assert place.one.state == "done" and "已补齐" in text_of(client.get(address))
    assert f"{address}" in text_of(client.get("/window/supplements/?state=ended"))
    assert office.client_of(factories.staff()).get(address).status_code == 404
    assert ReadLog.objects.filter(what="容缺材料", target_id=str(place.one.pk)).exists()


@pytest.mark.req("R37")
def test_the_desk_decides_an_extension_and_what_follows_from_what_is_overdue(place, moment):
    officer, head = office.client_of(place.officer), office.client_of(place.head)
    address = f"/desk/supplements/{place.one.uuid}/"
    moment.now = NOW + timedelta(days=14)
    extending.ask(
        supplement_id=place.one.pk, working_days=3, reason="暴雨停诊了。", upload=FILE, actor=place.officer,
        now=moment.now,
    )  # fmt: skip
    assert "决定延长" not in text_of(officer.get(address)) and "决定延长" in text_of(head.get(address))
    decide = {"decide-granted": "0", "decide-note": "与停诊无关。"}
    assert "另一人" in text_of(officer.post(f"{address}do/decide/", decide))
    assert head.post(f"{address}do/decide/", decide).status_code == 302
    moment.now += timedelta(days=1)
    ending.end_overdue(now=moment.now)
    page = text_of(officer.get(address))
    new = f"/desk/cases/new/?commitment={place.one.commitment.code}&amp;source=late_materials"
    assert new in page and "逾期没有补齐，2026-09-29 起终止办理" in page and "处理逾期未补" not in page
    assert 'value="late_materials" selected' in text_of(officer.get(new.replace("&amp;", "&")))
    assert address in text_of(officer.get("/desk/supplements/?state=overdue"))
    wrong = officer.post(
        f"{address}do/close/", {"close-close_reason": "came_late", "close-close_note": "补齐了。"}
    )
    assert wrong.status_code == 422 and "还有 2 项没有收到" in text_of(wrong)
    done = officer.post(
        f"{address}do/close/", {"close-close_reason": "withdrawn", "close-close_note": "申请人已经书面撤回。"}
    )
    assert done.status_code == 302
    assert "已了结：撤回申请" in text_of(officer.get(address))


@pytest.mark.req("R36")
def test_the_result_is_recorded_in_one_step_and_the_desk_sees_the_rate(place, moment):
    client, desk = office.client_of(place.clerk), office.client_of(place.officer)
    page = f"/window/c/{place.at_once.code}/"
    assert "登记办理结果" in text_of(client.get(page))
    tab = "/desk/supplements/?state=immediate"
    assert "今日应当出具" in text_of(desk.get(tab))
    wrong = client.post(f"{page}result/", {"result": "returned", "document_no": "栾退〔2026〕1号"})
    assert wrong.status_code == 422 and "请写明退回的理由" in text_of(wrong)
    assert (
        client.post(f"{page}result/", {"result": "granted", "document_no": "栾许〔2026〕1号"}).status_code
        == 302
    )
    shown = text_of(client.get(page))
    assert "栾许〔2026〕1号" in shown and "登记办理结果" not in shown
    again = client.post(
        f"{page}result/", {"result": "granted", "document_no": "栾许〔2026〕2号"}, follow=True
    )
    assert "已于 2026-09-14 登记为" in text_of(again)
    assert "100%" in text_of(desk.get(tab))
    assert "栾许〔2026〕1号" in text_of(desk.get(f"/desk/supplements/immediate/{place.at_once.code}/"))
    assert desk.get(f"/desk/supplements/immediate/{'9' * 20}/").status_code == 404


# ---- who may -----------------------------------------------------------------------------------------------

C, F, H, B, K, A = (
    groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE, groups.AUDITOR,
)  # fmt: skip
READ, ACT = {F, H, B, K, A}, {F, H}


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_a_role_opens_what_is_its_own_and_nothing_else(place, role):
    client = office.client_of(place.people[role])
    one, code = place.one.uuid, place.at_once.code
    for address, may in (
        ("/desk/supplements/", READ), ("/desk/supplements/?state=immediate", READ),
        (f"/desk/supplements/{one}/", READ), (f"/desk/supplements/immediate/{code}/", READ),
        ("/window/supplements/", {C}), (f"/window/supplements/{one}/", {C}),
    ):  # fmt: skip
        assert client.get(address).status_code == (200 if role in may else 403), (role, address)
    for address, may in (
        (f"/desk/supplements/{one}/do/close/", ACT), (f"/window/supplements/{one}/do/close/", {C}),
        (f"/window/c/{code}/result/", {C}),
    ):  # fmt: skip
        assert client.post(address).status_code == (422 if role in may else 403), (role, address)
    result = client.post(f"/desk/supplements/immediate/{code}/", {"result": "granted", "document_no": "一号"})
    assert result.status_code == (302 if role in ACT else 403)
    assert Client().get(f"/desk/supplements/{one}/").status_code == 302


def test_another_department_and_another_subject_find_nothing(place):
    stranger = factories.staff(F)
    assert office.client_of(stranger).get(f"/desk/supplements/{place.one.uuid}/").status_code == 404
    empty = text_of(office.client_of(stranger).get("/desk/supplements/"))
    assert "0/2" not in empty and "<h2>没有补交中的容缺材料</h2>" in empty
    assert empty.count("容缺材料和即时办理") == 2  # in the title and above the list
    other = subjects.client_for(factories.subject(), now=NOW)
    for address in (
        f"/me/supplements/{place.one.uuid}/",
        f"/me/supplements/{place.one.uuid}/files/{uuid.uuid4()}/",
    ):
        assert other.get(address).status_code == 404
    assert other.post(f"/me/supplements/{place.one.uuid}/send/1/", {"send1-pages": png()}).status_code == 404


@pytest.mark.req("R37", "R62")
def test_who_answers_for_the_item_is_told_who_registers_the_materials_and_led_nowhere(place, moment):
    """The bureau took it, another department is the competent one."""
    moment.now = place.now
    one = place.one.commitment
    competent = factories.staff(groups.OFFICER, department=factories.department(region=one.region))
    one.obligations.update(department=competent.department)
    ServiceItem.objects.filter(pk=one.item_id).update(department=competent.department)
    way, unit = f"/desk/supplements/{place.one.uuid}/", f"由{place.department.short_name}登记收到"
    for user, opens in ((competent, False), (place.officer, True)):
        client = office.client_of(user)
        rows = [
            text_of(client.get(f"/desk/obligations/{one.code}/")),
            *([] if opens else [text_of(client.get("/desk/obligations/"))]),
        ]
        for page in rows:
            assert (way in page, unit in page) == (opens, not opens)
        assert "由受理单位在“容缺受理”中登记收到" in rows[0]
        assert client.get(way).status_code == (200 if opens else 404)


# ---- the subject -------------------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_the_subject_sees_which_till_when_and_what_follows_and_sends_one_in(place, moment):
    client = subjects.client_of(place.holder, now=NOW)
    address = f"/me/supplements/{place.one.uuid}/"
    home = text_of(client.get("/me/"))
    assert address in home and "以前补交容缺材料，还有 2 项" in home
    assert address in text_of(client.get(f"/me/commitments/{place.one.commitment.code}/"))
    assert address in text_of(client.get("/me/supplements/"))
    page = text_of(client.get(address))
    for words in (
        PREMISES,
        HEALTH,
        "还剩 10 个工作日",
        "2026-09-28",
        "逾期没有补齐的，办理终止",
        "可以延长一次",
    ):
        assert words in page, words
    send = f"{address}send/2/"
    for data, words in (
        ({}, "请选择要提交的文件"),
        ({"send2-pages": SimpleUploadedFile("a.txt", b"x", "text/plain")}, "field-error"),
    ):
        answer = client.post(send, data)
        assert answer.status_code == 422 and words in text_of(answer)
    moment.now = NOW + timedelta(days=14)
    assert "今天为最后一日" in text_of(client.get(address))
    assert client.post(send, {"send2-pages": png()}).status_code == 302
    row = material(place.one, 2)
    assert (row.state, row.sent_on, row.sent_by) == ("sent", DAY, place.holder)
    assert client.get(f"{address}files/{row.file.uuid}/").status_code == 200
    assert "已提交，等候核收" in text_of(client.get(address))
    # Sent again without a look at the page: told, nothing is stored twice.
    assert "网上已提交" in text_of(client.post(send, {"send2-pages": png()}, follow=True))
    moment.now += timedelta(days=2)
    window = office.client_of(place.clerk)
    back = {"number": "2", "send_back2-reason": "照片看不清，请重新拍。"}
    assert window.post(f"/window/supplements/{place.one.uuid}/do/send_back/", back).status_code == 302
    page = text_of(client.get(address))
    assert "照片看不清，请重新拍。" in page and "2026-10-08</span> 以前重新提交" in page
    client.post(send, {"send2-pages": png()})
    again = window.post(f"/window/supplements/{place.one.uuid}/do/send_back/", back)
    assert again.status_code == 422 and "退回过一次" in text_of(again)
    assert "不能再退回" in text_of(window.get(f"/window/supplements/{place.one.uuid}/"))
    window.post(f"/window/supplements/{place.one.uuid}/do/accept/", {"number": "2"})
    assert material(place.one, 2).received_on == moment.now.date()


@pytest.mark.req("R37")
def test_after_the_end_the_subject_is_told_and_hears_of_no_case_before_its_notice(place, moment):
    moment.now = NOW + timedelta(days=15)
    ending.end_overdue(now=moment.now)
    client = subjects.client_of(place.holder, now=NOW)
    address = f"/me/supplements/{place.one.uuid}/"
    page = text_of(client.get(address))
    assert "2026-09-29 起办理终止" in page and "听取您的陈述申辩" in page and "登记为逾期" in page
    receiving.send(supplement_id=place.one.pk, number=1, access=place.holder, uploads=[FILE], now=moment.now)
    assert "已过补交日期" in text_of(client.get(address))
    code = place.one.commitment.code
    office.client_of(place.officer).post(
        "/desk/cases/new/", {"code": code, "source": "late_materials", "facts": "到期没有补交健康证明。"}
    )
    place.one.refresh_from_db()
    assert place.one.state == "case"
    course = text_of(client.get(f"/me/commitments/{code}/"))
    for words in (
        "承诺补交 2 项，最迟 2026-09-28",
        "逾期未补交 2 项，终止办理",
        "主体网上提交“场所使用证明”",
    ):
        assert words in course
    for page in (address, f"/me/commitments/{code}/", "/me/supplements/"):
        assert "立案" not in text_of(client.get(page)) and place.one.case.number not in text_of(
            client.get(page)
        )


# ---- the public, and systems -------------------------------------------------------------------------------


@pytest.mark.req("R37")
def test_the_public_sees_what_was_promised_and_nothing_of_what_came(place, client, moment):
    code = place.one.commitment.code
    before = text_of(client.get(f"/commitments/{code}/"))
    assert "容缺受理" in before and "承诺补交 2 项，最迟" in before and "2026-09-28" in before
    receiving.receive(supplement_id=place.one.pk, number=1, actor=place.clerk, upload=FILE, now=NOW)
    ending.end_overdue(now=NOW + timedelta(days=15))
    assert text_of(client.get(f"/commitments/{code}/")) == before
    answer = client.get(f"/api/v1/public/commitments/{code}").json()
    assert answer["status"] == "running" and "supplement" not in str(answer)


@pytest.mark.req("R36", "R37")
def test_the_catalogue_says_what_to_bring_and_what_may_come_later(place, client):
    page = text_of(client.get("/catalogue/"))
    assert "申请材料 3 项" in page and "健康证明" in page and "可以后补" in page and "即时办理；" in page
    rows = client.get("/api/v1/public/catalogue").json()["results"]
    assert {"name": HEALTH, "source": "体检机构出具", "late": True} in rows[0]["materials"]
    assert {row["handled_at_once"] for row in rows} == {True, False}


@pytest.mark.req("R37", "R85")
def test_a_system_promises_by_the_same_rules(monkeypatch):
    rule("late_materials", 10)
    stage = Stage()
    stage.text = factories.text_version(
        department=stage.department, late_materials=True, clauses=CLAUSES, blanks=BLANKS
    )
    check = stage.check(late_materials=True)
    for promise, words in (
        ({}, "至少选一项"), ({HEALTH: "2026-12-01"}, "太晚，最迟 2026-09-28"), ({"申请书": "2026-09-21"}, "当场交齐"),
    ):  # fmt: skip
        answer = stage.post("commitments", stage.signed(check=check, late_materials=promise))
        assert answer.status_code == 409 and words in str(answer.json()["errors"])
    code = stage.hand_in(check=check, late_materials={HEALTH: "2026-09-28"})
    found = Supplement.objects.get(commitment__code=code)
    assert (
        found.last_on == DAY
        and "（1）健康证明，2026年9月28日以前补交" in found.commitment.content[-2]["text"]
    )
    plain = stage.post("commitments", stage.signed(late_materials={HEALTH: "2026-09-28"}))
    assert plain.status_code == 409 and "没有选容缺受理" in str(plain.json()["errors"])


def test_a_list_of_many_costs_as_many_queries_as_a_list_of_few(place, django_assert_max_num_queries):
    clerk, desk = office.client_of(place.clerk), office.client_of(place.officer)
    # What a process remembers (the name of the place) is asked for once.
    clerk.get("/window/supplements/")
    counted = []
    for _ in range(2):
        for client, address in ((clerk, "/window/supplements/"), (desk, "/desk/supplements/")):
            with django_assert_max_num_queries(60) as seen:
                client.get(address)
            counted.append(len(seen))
        for _ in range(3):
            place.counter.subject, place.counter.item = (
                factories.subject(),
                factories.item_version(department=place.department),
            )
            place.supplement(**{PREMISES: "2026-09-21"})
    assert counted[:2] == counted[2:]


@pytest.mark.parametrize(
    "mark", ["x", "2026-09-28.x", "2026-13-01.1", "2026-09-28.99999999999999999999", "%00"]
)
def test_a_mark_that_leads_nowhere_is_answered_with_400(place, mark):
    for client, room in (
        (office.client_of(place.clerk), "window"),
        (office.client_of(place.officer), "desk"),
    ):
        assert client.get(f"/{room}/supplements/?after={mark}").status_code == 400


def test_every_address_of_late_materials_survives_odd_input(place):
    one, code = place.one.uuid, place.at_once.code
    clerk, desk = office.client_of(place.clerk), office.client_of(place.officer)
    own = subjects.client_of(place.holder, now=NOW)
    draft = Late().draft()
    turn = reverse("window:turn", args=[draft.pk])
    fields = ("number", "receive1-file", "send_back1-reason", "ask-working_days", "ask-reason", "decide-granted",
              "decide-note", "close-close_reason", "close-close_note", "result", "document_no", "note", "late",
              "late-1", "late-1-on", "order", "send1-pages")  # fmt: skip
    broken = []
    odd = Shares(list(product(ODD, (False, True))))
    bodies = Shares((
        ("{", "application/json"), ("--x", "multipart/form-data; boundary=x"), ("\xff", "text/plain"),
    ))  # fmt: skip
    for client, address in (
        *((room, f"/{name}/supplements/{one}/do/{deed}/")
          for room, name in ((clerk, "window"), (desk, "desk"))
          for deed in ("receive", "accept", "send_back", "ask", "decide", "close", "x")),
        (clerk, f"/window/c/{code}/result/"), (desk, f"/desk/supplements/immediate/{code}/"),
        (own, f"/me/supplements/{one}/send/1/"), (own, f"/me/supplements/{one}/send/{'9' * 40}/"),
        (office.client_of(draft.clerk), turn), (office.client_of(draft.clerk), turn.replace("turn", "blanks")),
    ):  # fmt: skip
        client.raise_request_exception = False
        for value, marked in odd.at(address, few=4):
            sent = dict.fromkeys(fields, value) | (
                {"late": "1", "late-1": "1", "number": "1"} if marked else {}
            )
            if (status := client.post(address, sent).status_code) >= 500:
                broken.append((address, value[:20], status))
        for body, kind in bodies.at(address, few=2):
            if client.generic("POST", address, body, content_type=kind).status_code >= 500:
                broken.append((address, body))
    for client, address in (
        (clerk, "/window/supplements/"),
        (desk, "/desk/supplements/"),
        (own, "/me/supplements/"),
    ):
        for query in (
            "state=%00",
            "state=ended&after=x",
            "before=²",
            "before=" + "9" * 500,
            "state=immediate&after=1",
        ):
            if (status := client.get(f"{address}?{query}").status_code) >= 500:
                broken.append((address, query, status))
    assert not broken and not odd.untried and not bodies.untried
