"""The credit report in its one format: what it says to whom, whether it still holds, and where it counts as used (S4 3, S1 三, S3
三（三）)."""

import io
import random
import re
from datetime import date, timedelta
from uuid import uuid4

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.documents.services import read_evidence
from credit_portal.registry import groups, readers
from credit_portal.registry.models import CreditSubject
from tests import factories as make
from tests import partner_stage, subjects
from tests.blank_papers import Blank, printed
from tests.breach_stage import Stage as BreachStage
from tests.consent_stage import LAST, NOW, TODAY, Stage
from tests.counter import Counter
from tests.office import client_of
from tests.paper_reading import qr_texts, text_of
from tests.scenes import mine
from verification.checking import making
from verification.checking.handling import CheckError
from verification.consent import keeping
from verification.consent_models import Part
from verification.models import Consent, CreditReport, Release
from verification.reports import contents, issuing, verifying
from verification.reports.issuing import For
from verification.tax_credit import keeping as tax_credit
from verification.usage import lists

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
LOAN = For("loan", "栾城演示银行经营贷款")


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture(scope="module")
def built(scene) -> Stage:
    return scene(Stage)


@pytest.fixture
def stage(built, db) -> Stage:
    return mine(built)


def words_of(report: CreditReport) -> str:
    return text_of(read_evidence(report.document))


def printed_now() -> str:
    """What the last paper would have been printed from, white space taken out."""
    return re.sub(r"\s+", "", Blank.printed[-1])


ENTRIES = (
    # title, fields, in the own copy, for another
    ("有效处罚", {}, True, True),
    ("异议处罚", {"objection_under_way": True}, True, True),
    ("期满处罚", {"until_on": date(2026, 9, 1)}, True, False),
    ("修复处罚", {"state": "repaired", "repaired_on": date(2026, 9, 1)}, False, False),
    ("撤销处罚", {"state": "revoked", "ended_on": date(2026, 9, 1)}, False, False),
    ("移出名单", {"kind": "list", "state": "ended", "ended_on": date(2026, 9, 1)}, True, False),
    ("未核实处罚", {"verified": False}, True, False),
    ("未送达违约", {"kind": "breach"}, False, False),
    ("已送达违约", {"kind": "breach", "served_on": date(2026, 6, 2)}, True, True),
    ("有效许可", {"kind": "licence", "from_on": date(2019, 1, 1)}, True, True),
    ("到期许可", {"kind": "licence", "until_on": date(2026, 9, 1)}, True, False),
    ("今年奖励", {"kind": "award"}, True, True),
    ("多年前奖励", {"kind": "award", "from_on": date(2019, 1, 1)}, True, False),
    ("诚信典型称号", {"kind": "exemplary"}, True, True),
    ("核实的注册", {"kind": "registration"}, True, True),
    ("没核实的注册", {"kind": "registration", "verified": False}, True, False),
    ("预警提示", {"kind": "warning"}, True, False),
    ("群众投诉", {"kind": "complaint"}, True, False),
    ("约谈一次", {"kind": "interview"}, True, False),
    ("重点关注中", {"kind": "watch"}, True, False),
    ("以后才有效", {"from_on": date(2026, 12, 1)}, True, False),
)


@pytest.mark.req("R60", "R113", "R114")
def test_each_kind_of_entry_is_told_to_the_subject_and_to_others_as_the_table_says(stage):
    for title, fields, _, _ in ENTRIES:
        stage.entry(**{"title": title, "document_no": ""} | fields)
    own = issuing.give_online(access=stage.access, wanted=LOAN, now=NOW)
    said_own = printed_now()
    other = stage.fetch(stage.give())
    said = printed_now()
    for title, _, to_own, to_other in ENTRIES:
        assert ((title in said_own), (title in said)) == (to_own, to_other), title
    assert said.count("异议处理中") == 1
    assert own.lines > other.lines and (own.valid_until - TODAY).days == issuing.VALID_DAYS == 30
    for words in (
        "公共信用信息报告",
        own.number,
        "办理贷款（栾城演示银行经营贷款）",
        stage.subject.uscc,
        "主体本人",
    ):
        assert words in said_own
    for words in ("栾城区市场监督管理局", "经主体同意", "不得转给其他部门、机构或者个人"):
        assert words in said


@pytest.mark.req("R113")
def test_the_key_of_one_report_opens_no_other(stage):
    own = issuing.give_online(access=stage.access, wanted=LOAN, now=NOW)
    first, second = stage.give(), stage.give(purpose="loan")
    made = stage.fetch(first)
    for consent, key in ((first, own.uuid), (second, made.uuid)):
        with pytest.raises(CheckError, match="页面已经失效"):
            stage.fetch(consent, key=key)
    assert stage.fetch(first, key=made.uuid) == made


@pytest.mark.req("R113")
def test_a_record_tells_the_parts_that_were_agreed_to_and_no_others(stage):
    stage.entry(kind="licence", title="食品经营许可")
    consent = stage.give(scope="record", parts=["acts"])
    made = stage.fetch(consent)
    said = words_of(made)
    assert made.parts == ["acts"] and made.lines == 1
    assert "食品经营许可" in said and "部分内容" in said
    assert "未按规定公示价格" not in said and "质量奖" not in said and "信用承诺和履行情况" not in said


@pytest.mark.req("R60")
def test_the_paper_reads_the_same_for_all_kinds_of_subjects_and_its_code_opens_the_check_page(stage):
    trader = make.subject(kind="sole_trader", name="栾城区演示小吃店")
    person = make.person(name="欧阳明日")
    for subject, label in ((trader, "统一社会信用代码"), (person, "身份证号码")):
        made = issuing.give_online(access=subjects.opened(subject), wanted=For("job"), now=NOW)
        said = words_of(made)
        assert label in said and subject.name in said and "一、报告说明" in said and "三、信用信息" in said
        # What there is nothing of is said in one sentence, by its names.
        assert said.count("没有应当列示的记录") == 1
        assert all(str(part.label) in said.split("没有记录的类别")[1] for part in Part)
    assert (
        person.id_number not in said
        and f"{person.id_number[0]}****************{person.id_number[-1]}" in said
    )
    content = read_evidence(made.document)
    (address,) = qr_texts(printed(content))
    assert address == issuing.verify_url(made)
    page = Client().get(f"/verify/{made.verify_token}/").content.decode()
    assert "核验通过" in page and made.number in page and "欧阳" not in page
    assert pypdf.PdfReader(io.BytesIO(printed(content))).metadata.title == f"公共信用信息报告 {made.number}"
    assert Client().get("/verify/" + "x" * 22 + "/").status_code == 404


@pytest.mark.req("R60", "R113")
def test_a_check_page_says_that_the_record_has_changed_and_not_what(stage):
    consent = stage.give()
    first = stage.fetch(consent)

    def page(row: CreditReport, now=NOW) -> str:
        name, context = verifying.find_report(row.verify_token, now=now)
        assert name == "disclosure/verify_report.html" and "subject" not in context
        return re.search(
            r"<main.*</main>", Client().get(f"/verify/{row.verify_token}/").content.decode(), re.S
        )[0]

    with CaptureQueriesContext(connection) as few:
        assert "核验通过" in page(first)
    for _ in range(20):
        stage.entry(title="又一件处罚")
    with CaptureQueriesContext(connection) as many:
        changed = page(first)
    assert len(many) == len(few), "as many questions for a long record"
    assert "出具后记录有变化，请重新出具" in changed and "处罚" not in changed
    second = stage.fetch(consent)
    assert "核验通过" in page(second) and verifying.about(first, now=NOW)["superseded"]
    assert verifying.about(second, now=NOW + timedelta(days=31))["expired"]
    # A repair is noticed and not named.
    stage.penalty.state, stage.penalty.repaired_on = "repaired", TODAY
    stage.penalty.save()
    repaired = page(second)
    assert "出具后记录有变化" in repaired and "修复" not in repaired and "未按规定" not in repaired


@pytest.mark.req("R113", "R114")
def test_of_two_hundred_persons_no_number_and_no_telephone_stands_in_any_report_of_others(stage):
    chance = random.Random(130111)
    consents, secrets = [], set()
    for number in range(200):
        phone = f"13{chance.randrange(10**9):09d}"
        person = make.person(id_number=make.id_number(700 + number), phone=phone)
        secrets |= {person.id_number, phone}
        make.credit_entry(
            subject=person, title=f"当事人{person.id_number}，电话{phone}", document_no=f"罚{number}号",
            source=f"来源 {phone}",
        )  # fmt: skip
        access = subjects.opened(person, actor=stage.clerk)
        consents.append(keeping.give_online(access=access, told=stage.told(), now=NOW))
    assert len(secrets) == 400
    for at, consent in enumerate(consents):
        made = stage.fetch(consent)
        said = printed_now()
        assert f"罚{at}号" in said and "＊＊＊＊＊＊" in said
        if at % 50 == 0:
            content = printed(read_evidence(made.document))
            said += text_of(content) + str(pypdf.PdfReader(io.BytesIO(content)).metadata)
            said += Client().get(f"/verify/{made.verify_token}/").content.decode()
            said += client_of(stage.officer).get(f"/desk/credit-reports/{consent.uuid}/").content.decode()
        digits = set(re.findall(r"\d{11,}[\dX]?", said)) | set(re.findall(r"(?=(\d{11}))", said))
        assert not digits & secrets and not any(one in said for one in list(secrets)[at : at + 4])


@pytest.mark.req("R122", "R113")
def test_tax_credit_stands_in_a_persons_own_copy_and_in_no_other(stage):
    person = make.person(name="欧阳明日")
    officer = make.staff(groups.OFFICER, department=make.department(kind="tax"))
    tax_credit.record(
        told=tax_credit.Told(person.id_number, person.name, "2025", "late", "汇算逾期申报", date(2026, 7, 1), "税改1号"),
        actor=officer, now=NOW,
    )  # fmt: skip
    access = subjects.opened(person)
    issuing.give_online(access=access, wanted=LOAN, now=NOW)
    assert "汇算逾期申报" in printed_now() and "只供本人" in printed_now()
    stage.fetch(keeping.give_online(access=access, told=stage.told(), now=NOW))
    assert "汇算" not in printed_now() and "纳税" not in printed_now()


@pytest.mark.req("R60", "R113")
def test_commitments_stand_in_a_report_without_what_is_not_served_or_no_longer_holds(
    django_assert_max_num_queries,
):
    breach = BreachStage()
    case = breach.determined()
    commitment = case.commitment
    subject = commitment.subject
    begin = contents.since(TODAY)

    def told(own: bool, on: date = TODAY) -> str:
        sections = contents.gather(subject, parts=["commitments", "adverse"], own=own, on=on, begin=begin)
        return "".join(f"{line.title}{line.more}" for section in sections for line in section.lines)

    assert commitment.code in told(False) and "履行中" in told(False)
    assert "履行中" in told(True), "a determination is told by its service and by nothing else"
    breach_day = breach.served(case=case).served_on
    subject = CreditSubject.objects.get(pk=subject.pk)
    with django_assert_max_num_queries(3):
        assert "未履行" in told(False, breach_day) or "部分履行" in told(False, breach_day)
    entry = subject.entries.get(kind="breach")
    entry.state, entry.repaired_on = "repaired", breach_day
    entry.save()
    after = told(False, breach_day)
    assert commitment.code in after and "未履行" not in after and "部分履行" not in after
    commitment.publicity_class, commitment.public_from = "closed", None
    commitment.save(update_fields=["publicity_class", "public_from"])
    assert commitment.code not in told(False, breach_day) and commitment.code in told(True, breach_day)


@pytest.mark.req("R107", "R60")
def test_a_report_that_a_department_uses_in_a_procedure_stands_in_its_monthly_list(stage):
    version = make.item_version(department=stage.department)
    check = making.check_subject(
        subject=stage.subject,
        item_version=version,
        commitment_type="approval",
        operator=stage.officer,
        now=NOW,
    )
    consent = stage.give()
    with pytest.raises(CheckError, match="没有这个核查编号"):
        stage.fetch(consent, check_number="H1301112026999999")
    assert not CreditReport.objects.exists() and not Release.objects.exists()
    made = stage.fetch(consent, check_number=f" {check.number} ")
    with CaptureQueriesContext(connection) as counted:
        (line,) = lists.rows_of_checks([check])
    assert f"本门户信用报告 {made.number}" in line.usage and len(counted) == 6


@pytest.mark.req("R60", "R3")
def test_the_window_and_the_telephone_give_a_subject_its_own_report_once_a_click(stage):
    browser = subjects.client_of(stage.access)
    key = browser.get("/me/report/").context["form"].initial["key"]
    assert browser.post("/me/report/", {"key": key, "purpose": ""}).status_code == 422
    assert "请填写用途说明" in browser.post("/me/report/", {"key": key, "purpose": "other"}).content.decode()
    for _ in range(2):
        assert browser.post("/me/report/", {"key": key, "purpose": "loan"}).status_code == 302
    made = CreditReport.objects.get()
    assert made.own and made.releases.get().exception == "subject"
    assert browser.get(f"/me/report/{made.uuid}.pdf")["Content-Type"] == "application/pdf"
    assert subjects.client_for(make.subject()).get(f"/me/report/{made.uuid}.pdf").status_code == 404
    window = client_of(stage.clerk)
    typed = {
        "key": window.get("/window/credit-reports/").context["form"].initial["key"], "code": stage.subject.uscc,
        "asked_by": "赵一", "capacity": "legal_representative", "purpose": "bidding",
    }  # fmt: skip
    refused = window.post("/window/credit-reports/", typed)
    assert refused.status_code == 422 and "请先查验" in refused.content.decode()
    given = window.post("/window/credit-reports/", typed | {"identity_seen": "on"})
    assert given.status_code == 302
    page = window.get(given.url).content.decode()
    assert "打印信用报告" in page and "未按规定公示价格" not in page
    paper = re.search(r"/window/credit-reports/[0-9a-f-]+\.pdf", page)[0]
    assert window.get(paper)["Content-Type"] == "application/pdf"
    assert client_of(make.staff(groups.CLERK)).get(paper).status_code == 404
    for address in ("/window/credit-reports/?given=x", f"/window/credit-reports/{uuid4()}.pdf"):
        assert window.get(address).status_code in (200, 404)


# ---- departments' systems ----------------------------------------------------------------------------------


@pytest.fixture
def partner(db, monkeypatch) -> partner_stage.Stage:
    return partner_stage.Stage()


def agreed(partner: partner_stage.Stage, **fields) -> tuple[subjects.SubjectAccess, Consent]:
    access = subjects.opened(partner.subject)
    told = keeping.Told(
        **({
            "purpose": "administration", "recipient": "department", "scope": "report", "expires_on": LAST,
            "department": partner.department,
        } | fields)
    )  # fmt: skip
    return access, keeping.give_online(access=access, told=told, now=NOW)


@pytest.mark.req("R113", "R85")
def test_a_system_fetches_by_consent_once_a_key_and_is_told_why_not(partner):
    wanted = {"subject": {"kind": "organisation", "code": partner.subject.uscc}, "scope": "report"}
    refused = partner.post("reports", wanted)
    assert refused.status_code == 409 and "没有主体的同意，不能提供" in refused.json()["detail"]
    event = AuditEvent.objects.get(verb="record.refused")
    assert (event.department_id, event.facts["why"]) == (partner.department.pk, "none")
    access, consent = agreed(partner)
    answer = partner.post("reports", wanted, key="one")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["consent"] == consent.number and "document_url" in body
    assert partner.post("reports", wanted, key="one").json() == body
    made = CreditReport.objects.get()
    assert (made.partner, made.unit, made.by) == (partner.system, partner.department, None)
    path = body["document_url"].split("/api/v1/")[1]
    assert partner.get(path)["Content-Type"] == "application/pdf"
    assert partner.get("reports").json()["results"] == [body]
    read = ReadLog.objects.filter(target_type="credit_report", partner_id=partner.system.pk)
    assert [(row.actor_id, row.subject_id) for row in read] == [(None, partner.subject.pk)] * 2
    (reading,) = {one.who for one in readers.told(readers.readings_of(partner.subject)) if not one.own}
    assert reading == f"{partner.department.name}的业务系统"
    _, other = partner.another(make.department(), "checks.write")
    assert partner.get(path, token=other).status_code == 404
    assert partner.post("reports", wanted, token=other).status_code == 409
    keeping.withdraw_online(consent=consent, access=access, now=NOW)
    gone = partner.post("reports", wanted)
    assert gone.status_code == 409 and "主体已经撤回同意" in gone.json()["detail"]
    assert partner.get(path).status_code == 409
    assert CreditReport.objects.count() == Release.objects.count() == 1


@pytest.mark.req("R113")
def test_a_system_that_asks_wrongly_is_told_field_by_field(partner):
    agreed(partner, scope="record", parts=["acts"])
    code = partner.subject.uscc
    for told, field in (
        ({"subject": {"kind": "organisation", "code": code}}, "scope"),
        ({"subject": {"kind": "organisation", "code": "1"}, "scope": "report"}, "subject.code"),
        ({"subject": {"kind": "person", "code": code}, "scope": "report"}, "subject.kind"),
        ({"subject": {"kind": "organisation", "code": code}, "scope": "level"}, "scope"),
        ({"subject": code, "scope": "report"}, "subject"),
    ):
        answer = partner.post("reports", told)
        assert answer.status_code == 422 and field in [one["field"] for one in answer.json()["errors"]], told
    wanted = {"subject": {"kind": "organisation", "code": code}}
    assert "范围不包括" in partner.post("reports", wanted | {"scope": "report"}).json()["detail"]
    wrong = partner.post("reports", wanted | {"scope": "record", "check": "H1"})
    assert wrong.status_code == 409 and wrong.json()["errors"][0]["field"] == "check"
    assert partner.post("reports", wanted | {"scope": "record"}).status_code == 201
    _, reader = partner.another(partner.department, "commitments.read")
    assert partner.get("reports", token=reader).status_code == 403


@pytest.mark.req("R60")
def test_a_commitment_signed_at_the_counter_stands_in_the_report(stage):
    counter = Counter.open()
    commitment = counter.sign()
    made = issuing.give_online(access=subjects.opened(counter.subject), wanted=LOAN, now=NOW)
    assert commitment.code in words_of(made)
