"""A subject agrees and takes it back; by that, and by nothing else than a named exception, a record goes to somebody (S3 三（三）)."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.registry import readers
from credit_portal.registry.models import CreditSubject
from tests import factories as make
from tests import subjects
from tests.consent_stage import LAST, NOW, SCAN, TODAY, Stage
from tests.office import client_of
from tests.paper_reading import text_of
from tests.scenes import mine
from verification.checking import making, own_record
from verification.checking.handling import CheckError
from verification.consent import counting, gate, keeping
from verification.consent.rules import Why
from verification.models import Consent, CreditReport, Release
from verification.reports import issuing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture(scope="module")
def built(scene) -> Stage:
    return scene(Stage)


@pytest.fixture
def stage(built, db) -> Stage:
    return mine(built)


def refused(stage: Stage, consent: Consent, **fields) -> Why:
    with pytest.raises(gate.NotReleased) as told:
        stage.fetch(consent, **fields)
    return told.value.why


@pytest.mark.req("R113")
def test_a_department_fetches_by_consent_until_it_is_withdrawn_or_over_and_every_step_is_kept(stage):
    consent = stage.give()
    made = stage.fetch(consent)
    row = Release.objects.get(consent=consent)
    assert (row.report, row.sha256, row.exception) == (made, made.document.sha256, "")
    assert (row.recipient, row.by) == ("栾城区市场监督管理局", stage.officer)
    assert refused(stage, consent, now=NOW + timedelta(days=31)) == Why.EXPIRED
    assert stage.fetch(consent, now=NOW + timedelta(days=30)), "the last day counts"
    later = NOW + timedelta(hours=1)
    for _ in range(2):
        keeping.withdraw_online(consent=consent, access=stage.access, now=later)
    assert refused(stage, consent, now=later) == Why.WITHDRAWN
    with pytest.raises(CheckError, match="只能取得主体同意提供给本单位的"):
        stage.fetch(consent, actor=stage.other)
    verbs = [
        event.verb
        for event in AuditEvent.objects.order_by("pk")
        if event.verb.split(".")[0] in ("consent", "record", "credit_report")
    ]
    once = ["credit_report.issued", "record.released"]
    assert verbs == [
        "consent.given", *once, "record.refused", *once, "consent.withdrawn", "record.refused",
    ]  # fmt: skip
    assert Release.objects.count() == CreditReport.objects.count() == 2
    told = readers.told(readers.readings_of(stage.subject).filter(target_type="credit_report"))
    assert {(one.who, one.purpose, one.what) for one in told} == {
        ("栾城区市场监督管理局", "办理您的业务", "信用报告")
    }


@pytest.mark.req("R113")
def test_the_database_keeps_consents_releases_and_reports_as_they_were(stage):
    consent = stage.give()
    made = stage.fetch(consent)
    for change in ({"expires_on": LAST + timedelta(days=9)}, {"parts": ["good"]}, {"department": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Consent.objects.filter(pk=consent.pk).update(**change)
    keeping.withdraw_online(consent=consent, access=stage.access, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(
            withdrawn_at=None, withdrawn_by="", withdrawn_access=None
        )
    for rows, change in (
        (Consent.objects.filter(pk=consent.pk), None),
        (Release.objects.filter(report=made), {"recipient": "别人"}),
        (Release.objects.filter(report=made), None),
        (CreditReport.objects.filter(pk=made.pk), {"valid_until": LAST}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db) if change is None else rows.update(**change)
    values = {
        "subject": stage.subject, "region": stage.subject.region, "recipient": "某局", "purpose": "其他",
        "scope": "report", "parts": ["good"], "sha256": "0" * 64, "at": NOW,
    }  # fmt: skip
    for basis in ({}, {"consent": consent, "exception": "check", "article": "S3 二"}, {"exception": "check"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Release.objects.create(**values, **basis)


@pytest.mark.req("R113")
@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"purpose": "gift"}, "purpose", "请选择用途"),
        ({"purpose": "other"}, "purpose_note", "请填写用途说明"),
        ({"purpose_note": "字" * 101}, "purpose_note", "最多 100 个字"),
        ({"scope": "level"}, "scope", "请选择范围"),
        ({"scope": "record"}, "parts", "至少一类"),
        ({"scope": "record", "parts": ["warnings"]}, "parts", "至少一类"),
        ({"expires_on": None}, "expires_on", "最长 365 天"),
        ({"expires_on": TODAY - timedelta(days=1)}, "expires_on", "有效期应在今天至"),
        ({"expires_on": TODAY + timedelta(days=366)}, "expires_on", "有效期应在今天至"),
        ({"recipient": "all"}, "recipient", "请选择提供给谁"),
        ({"department": None}, "department", "请选择接收部门"),
        ({"recipient": "body", "body_name": ""}, "body_name", "请填写接收机构名称"),
        (
            {"recipient": "body", "body_name": "某银行", "body_code": "91130111MA0000001X"},
            "body_code",
            "第 18 位校验码",
        ),
        (
            {"recipient": "person", "person_name": "李四", "person_id": "130111198503071234"},
            "person_id",
            "校验码",
        ),
        ({"recipient": "person", "person_name": "李\x07四"}, "person_name", "无法打印的字：U.0007"),
    ],
)
def test_what_is_wrong_is_said_by_its_field_and_nothing_is_kept(stage, fields, field, words):
    with pytest.raises(CheckError, match=words) as wrong:
        stage.give(**fields)
    assert wrong.value.field == field and not Consent.objects.exists()


@pytest.mark.req("R113")
def test_a_recipient_is_a_department_a_body_by_its_code_or_a_person_whose_number_is_sealed(stage):
    known = stage.give(recipient="body", body_name="随便写的名称", body_code=stage.department.uscc)
    assert (known.department, known.body_code) == (stage.department, ""), "by its code it is the department"
    code, number = make.organisation_code(777_777), make.id_number(77)
    body = stage.give(recipient="body", body_name="栾城演示银行", body_code=code, purpose="loan")
    person = stage.give(
        recipient="person", person_name="欧阳明日", person_id=number, scope="record", parts=["good"]
    )
    person.refresh_from_db()
    assert (person.recipient, person.recipient_shown, person.person_id) == ("欧阳明日", "欧阳＊＊", number)
    assert number not in str(Consent.objects.filter(pk=person.pk).values().get())
    with pytest.raises(CheckError, match="接收人姓名不一致"):
        issuing.hand_over(
            consent=person, bearer="李四", code=number, identity_seen=True, actor=stage.clerk, now=NOW
        )
    for consent, right, who in ((body, code, "李四"), (person, number, "欧阳明日")):
        for typed, seen, words in (
            (make.organisation_code(1), True, "没有同意提供给这个接收方"),
            ("12345", True, "位"),
            (right, False, "请先查验领取人"),
        ):
            with pytest.raises(CheckError, match=words):
                issuing.hand_over(
                    consent=consent, bearer=who, code=typed, identity_seen=seen, actor=stage.clerk, now=NOW
                )
        made = issuing.hand_over(
            consent=consent, bearer=who, code=right, identity_seen=True, actor=stage.clerk, now=NOW
        )
        assert (made.asked_by, made.unit, made.recipient) == (
            who, stage.clerk.department, consent.recipient_shown
        )  # fmt: skip
    with pytest.raises(CheckError, match="由该部门在工作台取得"):
        issuing.hand_over(
            consent=known, bearer="李四", code=code, identity_seen=True, actor=stage.clerk, now=NOW
        )


@pytest.mark.req("R113", "R3")
def test_at_the_window_identity_is_seen_and_the_paper_signed_and_withdrawal_works_either_way(stage):
    for fields, field in (
        ({"identity_seen": False}, "identity_seen"),
        ({"paper": None}, "paper"),
        ({"capacity": "self"}, "capacity"),
        ({"capacity": "agent"}, "authorisation"),
        ({"actor": stage.officer}, ""),
    ):
        with pytest.raises(CheckError) as wrong:
            stage.at_window(**fields)
        assert wrong.value.field == field
    key = uuid4()
    row = stage.at_window(key=key)
    assert stage.at_window(key=key) == row, "sent twice it is one"
    assert (row.given_by, row.clerk, row.access) == ("赵一", stage.clerk, None)
    assert row.paper.original_name == "同意书.png"
    keeping.withdraw_online(consent=row, access=stage.access, now=NOW)
    online = stage.give()
    with pytest.raises(CheckError, match="请先查验"):
        keeping.withdraw_at_window(
            consent=online, asked_by="赵一", capacity="legal_representative", identity_seen=False,
            actor=stage.clerk, now=NOW,
        )  # fmt: skip
    gone = keeping.withdraw_at_window(
        consent=online, asked_by="钱二", capacity="agent", identity_seen=True, authorisation=SCAN,
        actor=stage.clerk, now=NOW,
    )  # fmt: skip
    assert (gone.withdrawn_by, gone.withdrawn_clerk, gone.withdrawn_access) == ("钱二", stage.clerk, None)
    stranger = subjects.opened(make.subject())
    with pytest.raises(CheckError, match="不是您的"):
        keeping.withdraw_online(consent=online, access=stranger, now=NOW)
    looker = subjects.opened(stage.subject, capacity="agent", scope="view")
    with pytest.raises(CheckError, match="只能查看"):
        keeping.give_online(access=looker, told=stage.told(), now=NOW)


@pytest.mark.req("R113")
def test_the_gate_takes_exactly_one_of_consent_and_exception_and_knows_only_exceptions_of_the_law(stage):
    subject = CreditSubject.objects.get(pk=stage.subject.pk)
    common = {
        "subject": subject, "recipient": "", "recipient_shown": "主体本人", "scope": "report", "parts": ["good"],
        "purpose": "其他", "sha256": "0" * 64, "now": NOW,
    }  # fmt: skip
    for basis in ({}, {"consent_id": 1, "exception": "subject"}):
        with pytest.raises(ValueError, match="Exactly one"):
            gate.release(**common, **basis)
    with pytest.raises(gate.NotReleased, match="没有文件允许"):
        gate.release(**common, exception="curiosity")
    with pytest.raises(gate.NotReleased, match="没有主体的同意"):
        gate.release(**common, consent_id=0)
    assert not Release.objects.exists()
    row = gate.release(**common, exception="subject")
    assert (row.article, row.consent) == ("S0 二（二）", None)


@pytest.mark.req("R113")
def test_releases_are_counted_by_basis_and_month_in_a_constant_number_of_queries(
    stage, django_assert_max_num_queries
):
    version = make.item_version(department=stage.department)
    making.check_subject(
        subject=stage.subject,
        item_version=version,
        commitment_type="approval",
        operator=stage.officer,
        now=NOW,
    )
    own_record.give_online(access=stage.access, now=NOW)
    consent = stage.give()
    for _ in range(3):
        stage.fetch(consent)
    issuing.give_online(access=stage.access, wanted=issuing.For("loan"), now=NOW)
    months = counting.months_before(TODAY)
    assert (len(months), months[-1]) == (6, TODAY.replace(day=1))
    with django_assert_max_num_queries(8):
        rows = {
            row.label: row.counts[-1] for row in counting.figures(stage.credit, months=months, today=TODAY)
        }
    assert rows == {
        "主体同意": 3,
        "部门依法核查": 1,
        "归集到信用信息共享平台": 0,
        "国家机关、国有企业及其工作人员违诺的通报": 0,
        "综合评价结果供参考": 0,
        "主体本人": 2,
    }
    assert all(row.total == 0 for row in counting.figures(stage.far, months=months, today=TODAY))
    page = client_of(stage.credit).get("/desk/credit-reports/figures/").content.decode()
    # By what documents of this region and those above it, and of no other.
    assert "《栾城区信用承诺和信用核查实施方案》二（一）" in page and "赞皇" not in page
    assert keeping.visible_to(stage.credit).count() == 1
    assert not keeping.visible_to(stage.far).exists() and not keeping.visible_to(stage.officer).exists()


@pytest.mark.req("R113")
def test_on_its_own_pages_a_subject_agrees_sees_what_was_told_and_takes_it_back(stage):
    browser = subjects.client_of(stage.access)
    form = browser.get("/me/consents/new/?to=department").context["form"]
    typed = {
        "key": form.initial["key"], "recipient": "department", "department": stage.department.pk, "purpose": "administration",
        "scope": "record", "parts": ["adverse"], "expires_on": LAST.isoformat(),
    }  # fmt: skip
    assert browser.post("/me/consents/new/", typed | {"expires_on": "2030-01-01"}).status_code == 422
    for _ in range(2):
        answer = browser.post("/me/consents/new/", typed)
        assert answer.status_code == 302
    consent = Consent.objects.get()
    desk = client_of(stage.officer)
    assert f"主体同意提供 {consent.number}" in desk.get("/desk/notices/").content.decode()
    home = desk.get("/desk/credit-reports/").content.decode()
    assert consent.number in home and "信用记录" in home
    page = f"/desk/credit-reports/{consent.uuid}/"
    fetched = desk.post(f"{page}fetch/", {"key": uuid4(), "check_number": ""})
    assert fetched.status_code == 302
    paper = f"/desk/credit-reports/papers/{CreditReport.objects.get().uuid}.pdf"
    assert paper in desk.get(page).content.decode()
    assert desk.get(paper)["Content-Type"] == "application/pdf"
    assert "栾城区市场监督管理局" in browser.get(f"/me/consents/{consent.uuid}/").content.decode()
    receipt = text_of(browser.get(f"/me/consents/{consent.uuid}/paper.pdf").content)
    assert consent.number in receipt and "网上" in receipt and "有效" in receipt and "签字" not in receipt
    assert client_of(stage.other).get(page).status_code == 404
    assert browser.post(f"/me/consents/{consent.uuid}/withdraw/").status_code == 302
    assert "已撤回" in browser.get("/me/consents/").content.decode()
    assert "已撤回" in text_of(browser.get(f"/me/consents/{consent.uuid}/paper.pdf").content)
    again = desk.post(f"{page}fetch/", {"key": uuid4(), "check_number": ""})
    assert again.status_code == 422 and "主体已经撤回同意，不能提供" in again.content.decode()
    # What was fetched is opened no more, and it is said why.
    assert "主体已经撤回同意，不能提供" in desk.get(paper, follow=True).content.decode()
    assert AuditEvent.objects.filter(verb="record.refused").exists()
    looker = subjects.client_of(subjects.opened(stage.subject, capacity="agent", scope="view"))
    assert looker.get("/me/consents/new/").status_code == 403
    assert looker.get("/me/consents/").status_code == 200
    stranger = subjects.client_for(make.subject())
    for address in ("", "paper.pdf"):
        assert stranger.get(f"/me/consents/{consent.uuid}/{address}").status_code == 404


@pytest.mark.req("R113")
def test_lists_cost_the_same_however_long_they_are(stage):
    browser, desk = subjects.client_of(stage.access), client_of(stage.officer)

    def cost(client, address: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert client.get(address).status_code == 200
        return len(counted)

    stage.fetch(stage.give())
    fresh = itertools.count()
    places = ((browser, "/me/consents/"), (desk, "/desk/credit-reports/"), (browser, "/me/report/"))
    before = [cost(*place) for place in places]
    for _ in range(8):
        stage.fetch(stage.give(purpose_note=f"第{next(fresh)}项"))
        issuing.give_online(access=stage.access, wanted=issuing.For("loan"), now=NOW)
    assert [cost(*place) for place in places] == before


@pytest.mark.req("R113", "R3")
def test_at_the_window_pages_take_find_and_withdraw_a_consent(stage):
    window = client_of(stage.clerk)
    key = window.get("/window/consents/new/?to=body").context["form"].initial["key"]
    code = make.organisation_code(777_777)
    typed = {
        "key": key, "code": stage.subject.uscc, "asked_by": "赵一", "capacity": "legal_representative",
        "identity_seen": "on", "recipient": "body", "body_name": "栾城演示银行", "body_code": code,
        "purpose": "loan", "scope": "report", "expires_on": LAST.isoformat(),
    }  # fmt: skip
    # Printed first, to be read and signed: nothing is kept of it.
    sheet = window.post("/window/consents/sheet/", typed)
    said = text_of(sheet.content)
    assert sheet["Content-Type"] == "application/pdf" and not Consent.objects.exists()
    for words in ("信用信息提供同意书", "栾城演示银行", code, "办理贷款", "签字或者盖章", stage.subject.uscc):
        assert words in said, words
    wrong = window.post("/window/consents/sheet/", typed | {"body_code": "1"})
    assert wrong.status_code == 422 and "统一社会信用代码" in wrong.content.decode()
    answer = window.post("/window/consents/new/", typed)
    assert answer.status_code == 422 and "请上传签字的同意书" in answer.content.decode()
    assert (
        window.post(
            "/window/consents/new/",
            typed | {"paper": SimpleUploadedFile("同意书.png", SCAN.content, "image/png")},
        ).status_code
        == 302
    )
    consent = Consent.objects.get()
    # The subject sees who gave it in its name, and on what paper.
    own = subjects.client_of(stage.access)
    assert "赵一，法定代表人" in own.get(f"/me/consents/{consent.uuid}/").content.decode()
    assert own.get(f"/me/consents/{consent.uuid}/scans/paper/").content == SCAN.content
    assert own.get(f"/me/consents/{consent.uuid}/scans/authorisation/").status_code == 404
    stranger = subjects.client_for(make.subject())
    assert stranger.get(f"/me/consents/{consent.uuid}/scans/paper/").status_code == 404
    found = window.post("/window/consents/", {"code": stage.subject.uscc}).content.decode()
    assert consent.number in found
    assert window.post("/window/consents/", {"code": make.organisation_code(5)}).status_code == 422
    page = f"/window/consents/{consent.uuid}/"
    handed = window.post(
        page, {"deed": "hand-over", "key": uuid4(), "code": code, "bearer": "李四", "identity_seen": "on"}
    )
    assert handed.status_code == 302 and f"{page}?given=" in handed.url
    assert "打印，交给领取人" in window.get(handed.url).content.decode()
    wrong = window.post(page, {"deed": "withdraw", "asked_by": "赵一", "capacity": "legal_representative"})
    assert wrong.status_code == 422
    paper = f"/window/credit-reports/{CreditReport.objects.get().uuid}.pdf"
    assert window.get(paper)["Content-Type"] == "application/pdf"
    gone = {"deed": "withdraw", "asked_by": "赵一", "capacity": "legal_representative", "identity_seen": "on"}
    assert window.post(page, gone).status_code == 302
    assert window.get(paper).status_code == 404, "what was handed over by it is printed no more"
    assert "打印信用报告" not in window.get(handed.url).content.decode()
    consent.refresh_from_db()
    assert consent.withdrawn_clerk == stage.clerk
    assert ReadLog.objects.filter(target_type="consent", actor_id=stage.clerk.pk).exists()


@pytest.mark.req("R113")
def test_whoever_waited_while_the_subject_withdrew_comes_after_that(stage):
    """The lock is waited for with the moment of the click: what was withdrawn since, is withdrawn."""
    consent = stage.give()
    keeping.withdraw_online(consent=consent, access=stage.access, now=NOW + timedelta(seconds=1))
    assert gate.refusal(
        Consent.objects.get(), subject=stage.subject, recipient=gate.key_of(consent), scope=consent.scope,
        parts=consent.parts, now=NOW,
    ) == Why.WITHDRAWN  # fmt: skip
    found, refused = gate.consents_among(
        subject_ids=[stage.subject.pk], code=consent.department.uscc, parts=("good",), now=NOW
    )
    assert (found, refused) == ({}, {stage.subject.pk: Why.WITHDRAWN})


@pytest.mark.req("R113")
def test_the_same_is_agreed_to_once_and_a_withdrawal_says_what_still_holds(stage):
    """Sent again from a page that the back button brought: one consent, so that one withdrawal ends it."""
    first = stage.give()
    with pytest.raises(keeping.ConsentError, match=f"同样的一份还有效（编号 {first.number}"):
        stage.give(expires_on=LAST - timedelta(days=1))
    stage.give(purpose="loan")
    browser = subjects.client_of(stage.access)
    said = browser.post(f"/me/consents/{first.uuid}/withdraw/", follow=True).content.decode()
    assert "给这个接收方的同意还有 1 份有效" in said
    stage.give()


@pytest.mark.req("R113")
def test_all_that_is_wrong_is_told_at_once(stage):
    """One look at the page is enough, and a scan is chosen once more at most."""
    browser, window = subjects.client_of(stage.access), client_of(stage.clerk)
    key = uuid4()
    sent = {
        "key": key,
        "recipient": "body",
        "body_code": stage.subject.uscc,
        "scope": "record",
        "purpose": "other",
    }
    form = browser.post("/me/consents/new/?to=body", sent).context["form"]
    assert set(form.errors) == {"body_name", "body_code", "parts", "purpose_note", "expires_on"}
    assert "不能是主体自己" in form.errors["body_code"][0]
    form = window.post("/window/consents/new/?to=body", sent | {"code": "1", "capacity": "agent"}).context[
        "form"
    ]
    assert set(form.errors) == {
        "code", "asked_by", "authorisation", "identity_seen", "paper", "body_name", "parts", "purpose_note",
        "expires_on",
    }  # fmt: skip
    other = make.subject()
    named = sent | {"body_code": other.uscc, "body_name": "另一个名称"}
    form = browser.post("/me/consents/new/?to=body", named).context["form"]
    assert other.name in form.errors["body_name"][0]
