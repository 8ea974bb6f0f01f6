"""A subject's own pages: what three kinds of subject see of theirs and of nobody else's, what it may say, who has read."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from commitments import breaches, statements
from commitments.case_rules import CaseError
from commitments.consequences import rectifying
from commitments.models import AccessGrounds, Commitment, SubjectStatement
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.registry.models import SubjectAccess
from credit_portal.registry.services import set_responsible
from tests import factories as make
from tests import listed, office, subjects
from tests.breach_stage import Stage
from tests.counter import Counter, signature_png
from tests.paper_reading import text_of
from verification import services as verification

pytestmark = pytest.mark.django_db
NOW = make.NOW
PAGES = ("/me/", "/me/commitments/", "/me/record/", "/me/breaches/", "/me/readers/?own=1", "/me/access/")


class Moment:
    now = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    """The clock of the pages, moved by the tests."""
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


def seen(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def rules() -> None:
    for key, value, unit in (("statement_review", 3, "working_days"), ("rectification", 30, "days")):
        PolicyRule.objects.get_or_create(
            region=make.region(), key=key, effective_from=NOW.date().replace(year=2020),
            defaults={"value": value, "unit": unit, "basis": "测试依据", "confirmed": True},
        )  # fmt: skip


@pytest.fixture
def stage(moment) -> Stage:
    rules()
    return Stage()


# ---- three kinds of subject --------------------------------------------------------------------------------


@pytest.mark.req("R58", "R127")
@pytest.mark.parametrize("kind", ["organisation", "sole_trader", "person"])
def test_each_kind_of_subject_sees_all_of_its_own_and_nothing_of_others(kind):
    hall = Counter.open()
    other = hall.sign()
    hall.subject = make.person() if kind == "person" else make.subject(kind=kind)
    own = hall.sign()
    entry = make.credit_entry(subject=hall.subject, title="未按规定公示价格")
    foreign = make.credit_entry(subject=other.subject, title="别人的处罚")
    client = subjects.client_for(hall.subject)
    shown = {address: seen(client, address) for address in PAGES}
    assert hall.subject.name in shown["/me/"] and "需要您办的" in shown["/me/"]
    assert own.code in shown["/me/commitments/"] and other.code not in shown["/me/commitments/"]
    assert entry.title in shown["/me/record/"] and foreign.title not in shown["/me/record/"]
    assert "没有修复：用承诺代替材料、容缺受理的按一般程序办理，不是拒绝受理" in shown["/me/record/"]
    page = seen(client, f"/me/commitments/{own.code}/")
    assert "交来的材料都是真的" in page
    assert ("不在专栏公示" if kind == "person" else "在信用承诺专栏公示") in page
    for paper in ("commitment", "receipt"):
        answer = client.get(f"/me/commitments/{own.code}/{paper}.pdf")
        assert answer["Content-Type"] == "application/pdf" and own.code in text_of(answer.content)
        seen(client, f"/me/commitments/{other.code}/{paper}.pdf", 404)
    seen(client, f"/me/commitments/{own.code}/evidence.pdf", 404)
    assert "回到首页" in seen(client, f"/me/commitments/{other.code}/", 404)
    for page in shown.values():
        assert 'content="noindex,nofollow"' in page and len(page.encode()) < 100_000
    # Nobody of the staff stands on these pages.
    assert not [page for page in shown.values() if hall.clerk.display_name in page]
    own_reads = ReadLog.objects.filter(access_id__isnull=False)
    assert set(own_reads.values_list("subject_id", flat=True)) == {hall.subject.pk}
    assert {"信用记录", "信用承诺", "回执", "承诺书"} <= set(own_reads.values_list("what", flat=True))


@pytest.mark.req("R58")
def test_the_record_says_of_each_entry_what_it_means_on_the_day_and_from_when_it_can_be_put_right(moment):
    Counter.open()
    subject = make.subject()
    day = NOW.date()
    make.credit_entry(
        subject=subject, kind="breach", title="没有履行承诺", served_on=day, from_on=day, public_from=day,
        public_until=day + timedelta(days=300), repairable_from=day + timedelta(days=100),
    )  # fmt: skip
    make.credit_entry(subject=subject, kind="breach", title="还没有送达的认定", from_on=day)
    make.credit_entry(subject=subject, title="已经修复的处罚", state="repaired", repaired_on=day)
    make.credit_entry(subject=subject, kind="exemplary", title="诚信经营示范店")
    make.credit_entry(subject=subject, title="撤销的处罚", state="revoked")
    make.credit_entry(subject=subject, title="期满的处罚", until_on=day - timedelta(days=1))
    make.credit_entry(
        subject=subject, kind="lockout", title="限制", basis="依据", until_on=day + timedelta(days=9)
    )
    client = subjects.client_for(subject)
    page = seen(client, "/me/record/")
    assert "还没有送达的认定" not in page
    for text in (
        "公示期内：办理事项时重点审查", "起可以向作出认定的单位（记录来自信用中国（河北））申请信用修复，不收费", "已经修复，办理事项时与没有",
        "诚信记录，办理事项时供参考", "已经撤销，如同没有过", "期限已满，办理事项时视同已经修复", "不能用修复承诺申请信用修复",
    ):  # fmt: skip
        assert text in page, text
    assert "撤销的处罚" not in seen(client, "/me/record/?only=effective")
    # The paper is the counter's.
    seen(client, "/me/record/paper.pdf", 404)
    assert client.post("/me/record/paper/").status_code == 302
    paper = client.get("/me/record/paper.pdf")
    words = text_of(paper.content)
    assert "没有履行承诺" in words and "还没有送达的认定" not in words and "由主体在网上查询" in words
    moment.now = NOW + timedelta(days=101)
    client = subjects.client_for(subject, now=moment.now)
    assert "现在可以向作出认定的单位（记录来自信用中国（河北））申请信用修复" in seen(client, "/me/record/")


def test_lists_cost_the_same_however_long_and_go_on_page_by_page(stage, moment):
    subject = stage.commitment.subject
    entries = [make.credit_entry(subject=subject, title=f"第{turn}条处罚") for turn in range(3)]
    published = stage.published()
    moment.now = stage.now
    client = subjects.client_for(subject, now=stage.now)
    for one in range(3):
        listed.commitment(
            department=stage.department, subject=subject, made_on=NOW.date() - timedelta(days=one + 40)
        )

    log_read(
        now=NOW, actor_id=stage.officer.pk, what="信用记录", target_type="check", target_id=0,
        subject_id=subject.pk, purpose="check",
    )  # fmt: skip

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            seen(client, address)
        return len(counted)

    addresses = (*PAGES, f"/me/breaches/{published.case.uuid}/")
    for address in addresses:
        cost(address)
    before = {address: cost(address) for address in addresses}
    for turn in range(22):
        make.credit_entry(subject=subject, title=f"第{turn + 3}条处罚")
        listed.commitment(
            department=stage.department, subject=subject, made_on=NOW.date() - timedelta(days=turn + 60)
        )
        subjects.opened(subject, capacity="agent", name="孙三")
        log_read(
            now=NOW, actor_id=make.staff("officer").pk, what="信用记录", target_type="check", target_id=turn,
            subject_id=subject.pk, purpose="check",
        )  # fmt: skip
    assert {address: cost(address) for address in addresses} == before
    for address, texts in (
        ("/me/record/", [entry.title for entry in entries]),
        ("/me/commitments/", [stage.commitment.item_name]),
    ):
        found, page, turns = "", seen(client, address), 0
        while older := re.search(r'href="(\?before=\d+[^"]*)" rel="next', page):
            found += page
            turns += 1
            page = seen(client, address + older[1].replace("&amp;", "&"))
        found += page
        assert turns >= 1 and all(escape(text) in found for text in texts)


# ---- breaches ----------------------------------------------------------------------------------------------


@pytest.mark.req("R58", "R98")
def test_a_breach_is_told_from_its_notice_on_and_its_determination_only_once_served(stage, moment):
    subject = stage.commitment.subject
    client = subjects.client_for(subject)
    stage.opened()
    assert "没有违诺认定" in seen(client, "/me/breaches/")
    case = stage.noticed(case=breaches.BreachCase.objects.get())
    assert "可以陈述申辩" in seen(client, "/me/breaches/") and "拟认定违诺" in seen(client, "/me/")
    assert "还没有认定" in seen(client, f"/me/breaches/{case.uuid}/")
    case = stage.determined(case=stage.proposed(case=case))
    moment.now = stage.now
    page = seen(client, f"/me/breaches/{case.uuid}/")
    assert "办理中" in page and "责令限期改正" not in page and "没有履行的内容" not in page
    commitment = seen(client, f"/me/commitments/{case.commitment.code}/")
    assert "履行中" in commitment and "全部未履行" not in commitment
    assert "全部未履行" not in seen(client, "/me/commitments/")
    determination = f"/me/breaches/{case.uuid}/paper/{case.document.uuid}/"
    seen(client, determination, 404)
    case = stage.served(case=case)
    page = seen(client, f"/me/breaches/{case.uuid}/")
    for text in (
        "责令限期改正",
        "检测报告",
        "栾城区人民政府",
        "石家庄市栾城区人民法院",
        "没有公示",
        "信用修复",
        "异议",
    ):
        assert text in page, text
    assert "全部未履行" in seen(client, f"/me/commitments/{case.commitment.code}/")
    assert client.get(determination)["Content-Type"] == "application/pdf"
    seen(client, f"/me/breaches/{case.uuid}/paper/{case.service_proof.uuid}/", 404)
    published = stage.published(case=case)
    moment.now = stage.now
    page = seen(client, f"/me/breaches/{case.uuid}/")
    assert f"{published.public_until:%Y-%m-%d}" in page and "起可以申请信用修复" in seen(client, "/me/")
    other = subjects.client_for(make.subject())
    for address in (f"/me/breaches/{case.uuid}/", determination, f"/me/statement/{case.uuid}/"):
        seen(other, address, 404)


@pytest.mark.req("R12", "R98")
def test_a_statement_is_reviewed_for_law_only_and_then_stands_beside_the_breach_everywhere(stage, moment):
    publication = stage.published()
    moment.now = stage.now = stage.now + timedelta(days=5)
    case, subject = publication.case, stage.commitment.subject
    held = subjects.opened(subject, now=stage.now)
    client = subjects.client_of(held, now=stage.now)
    officer, stranger = office.client_of(stage.officer), office.client_of(make.staff("officer"))
    address, desk = f"/me/statement/{case.uuid}/", f"/desk/cases/{case.uuid}/"
    assert client.post(address, {"text": " 短 "}).status_code == 422
    said = "检测机构延误，报告已于十日取得；邻居王小二可以证明。"
    assert client.post(address, {"text": said}).status_code == 302
    statement = SubjectStatement.objects.get()
    duty = Duty.objects.get(rule_key="statement_review")
    assert duty.department == stage.department and len(duty.counted) == 3 and duty.state == "open"
    again = client.post(address, {"text": "再说一次，请看。"})
    assert again.status_code == 422 and "已有一份说明在审查" in again.content.decode()
    page = seen(client, f"/me/breaches/{case.uuid}/")
    assert "有一份说明在审查" in page and f"{duty.due_on:%Y-%m-%d} 以前办结" in page
    for surface in (f"/breaches/{publication.uuid}/", f"/api/v1/public/breaches/{publication.uuid}"):
        assert "检测机构延误" not in seen(Client(), surface)
    # The officer who determines sees it; others have nothing to do with it.
    assert "检测机构延误" in seen(officer, desk) and "采用并公示" in seen(officer, desk)
    refuse = f"{desk}statement/{statement.uuid}/refuse/"
    for role in (stranger, office.client_of(stage.credit), subjects.client_of(held, now=stage.now), Client()):
        assert role.post(refuse, {"refusal": "insult", "passage": "王小二"}).status_code in (302, 403, 404)
    assert officer.post(refuse, {"refusal": "disagree", "passage": "王小二"}).status_code == 422
    assert "照抄" in officer.post(refuse, {"refusal": "personal_data", "passage": "李四"}).content.decode()
    assert officer.post(refuse, {"refusal": "personal_data", "passage": "王小二"}).status_code == 302
    duty.refresh_from_db()
    assert duty.state == "met"
    page = seen(client, f"/me/breaches/{case.uuid}/")
    assert "含有他人的个人信息" in page and "王小二" in page and "说明没有采用" in seen(client, "/me/")
    better = "检测机构延误，报告已于十日取得。"
    assert client.post(address, {"text": better}).status_code == 302
    second = SubjectStatement.objects.get(state="waiting")
    assert officer.post(f"{desk}statement/{second.uuid}/accept/").status_code == 302
    for surface in (
        f"/breaches/{publication.uuid}/", f"/api/v1/public/breaches/{publication.uuid}",
        f"/commitments/{case.commitment.code}/", f"/me/breaches/{case.uuid}/",
    ):  # fmt: skip
        assert better in seen(Client() if not surface.startswith("/me/") else client, surface), surface
    officer.post(f"{desk}statement/{second.uuid}/refuse/", {"refusal": "insult", "passage": "延误"})
    second.refresh_from_db()
    assert second.state == "accepted"
    with pytest.raises(DatabaseError), transaction.atomic():
        SubjectStatement.objects.filter(pk=second.pk).update(text="改了")
    assert client.post(f"{address}take-back/").status_code == 302
    assert better not in seen(Client(), f"/breaches/{publication.uuid}/")
    client.post(f"{address}take-back/", follow=True)
    assert better not in str(list(AuditEvent.objects.values_list("facts", flat=True)))


@pytest.mark.req("R12")
def test_a_statement_ends_with_the_determination_and_nobody_else_hands_one_in(stage, moment):
    case = stage.served()
    moment.now = stage.now
    held = subjects.opened(stage.commitment.subject, now=stage.now)
    looking = subjects.opened(
        stage.commitment.subject, capacity="agent", name="孙三", scope="view", now=stage.now
    )
    for wrong in (subjects.opened(make.subject(), now=stage.now), looking):
        with pytest.raises(CaseError, match="只能对本主体"):
            statements.submit(case_id=case.pk, access=wrong, text="我要说明情况。", now=stage.now)
    client = subjects.client_of(looking, now=stage.now)
    refused = client.post(f"/me/statement/{case.uuid}/", {"text": "我要说明情况。"})
    assert refused.status_code == 403 and "只能查看" in refused.content.decode()
    assert "作说明" not in seen(client, f"/me/breaches/{case.uuid}/")
    assert client.post(f"/me/statement/{case.uuid}/take-back/").status_code == 403
    statement = statements.submit(case_id=case.pk, access=held, text="我要说明情况。", now=stage.now)
    breaches.revoke(
        case_id=case.pk,
        expect="served",
        reason="own_error",
        explanation="事实有误。",
        actor=stage.head,
        now=stage.now,
    )
    statement.refresh_from_db()
    assert (
        statement.state == "withdrawn" and Duty.objects.get(rule_key="statement_review").state == "cancelled"
    )
    with pytest.raises(CaseError):
        statements.submit(case_id=case.pk, access=held, text="再说明情况。", now=stage.now)
    assert "认定已撤销" in seen(client, "/me/breaches/")


def test_what_needs_the_subject_stands_on_its_first_page(stage, moment):
    case = stage.served()
    rectifying.order(case_id=case.pk, requirements="补齐检测报告。", actor=stage.officer, now=stage.now)
    moment.now = stage.now
    soon = listed.commitment(
        department=stage.department, subject=stage.commitment.subject, made_on=NOW.date() - timedelta(days=50),
        valid_until=stage.now.date() + timedelta(days=10),
    )  # fmt: skip
    page = seen(subjects.client_for(stage.commitment.subject, now=stage.now, days=5), "/me/")
    assert (
        "以前完成整改并报告" in page
        and "承诺有效期届满" in page
        and soon.code in page
        and "开通将到期" in page
    )


# ---- who has read ------------------------------------------------------------------------------------------


@pytest.mark.req("R58")
def test_who_read_the_record_is_told_by_department_and_purpose_without_names():
    hall = Counter.open()
    own = hall.sign()
    subject = own.subject
    officer = make.staff("officer", display_name="查阅人甲")
    then = officer.department.name
    log_read(
        now=NOW, actor_id=officer.pk, what="信用记录", target_type="check", target_id=1, subject_id=subject.pk,
        purpose="supervision",
    )  # fmt: skip
    # Who moves to another department afterwards has still read for the one before.
    type(officer).history.filter(id=officer.pk).update(history_date=NOW - timedelta(days=1))
    officer.department = make.department()
    officer._history_date = NOW + timedelta(days=1)
    officer.save()
    held = subjects.opened(subject)
    agent = subjects.opened(subject, capacity="agent", name="孙三")
    seen(subjects.client_of(agent), "/me/record/")
    client = subjects.client_of(held)
    page = seen(client, "/me/readers/?own=1")
    assert then in page and "监督管理：信用记录" in page and officer.department.name not in page
    assert hall.clerk.department.name in page and "办理事项时核查信用" in page
    assert "委托代理人 孙三" in page and "在网上查看自己的信息：信用记录" in page
    assert "查阅人甲" not in page and hall.clerk.display_name not in page
    others = seen(client, "/me/readers/")
    assert then in others and "孙三" not in others
    assert "谁查过" in seen(client, "/me/")
    # The auditor finds the subject's own readings, too, by the access.
    log = seen(office.client_of(make.staff("auditor")), "/admin/audit/readlog/")
    assert f"第 {agent.pk} 号" in log


# ---- opened at the window ----------------------------------------------------------------------------------


def slip(client: Client, subject, **fields):
    values = {
        "key": str(uuid.uuid4()), "code": subject.uscc or subject.id_number, "capacity": "legal_representative",
        "name": "钱多多", "identity_document": "id_card", "id_number": make.id_number(), "identity_seen": "on",
        "scope": "view", "valid_until": (NOW + timedelta(days=90)).date().isoformat(),
    }  # fmt: skip
    return client.post("/window/access/new/", values | fields)


def code_on(page) -> str:
    return re.search(r'slip-code">([^<]+)<', page.content.decode())[1]


@pytest.mark.req("R58")
def test_the_window_opens_for_whoever_stands_there_and_shows_the_code_once():
    clerk, company = make.staff("clerk"), make.subject()
    client = office.client_of(clerk)
    set_responsible(
        subject=company, capacity="legal_representative", name="钱多多", source="licence", actor=None,
        department=None, now=NOW,
    )  # fmt: skip
    for wrong, text in (
        ({"identity_seen": ""}, "请先查验"), ({"name": "赵一"}, "与登记的姓名不一致"), ({"code": "12"}, "应为 18 位"),
        ({"code": make.organisation_code()}, "没有登记这个主体"), ({"valid_until": "2028-01-01"}, "最长 365 天"),
        ({"id_number": "123"}, "身份证号码应为 18 位"), ({"capacity": "agent"}, "须附授权委托书"),
        ({"identity_document": "passport", "id_number": "!"}, "5 至 20 位"), ({"capacity": "self"}, "可以由"),
    ):  # fmt: skip
        answer = slip(client, company, **wrong)
        assert answer.status_code == 422 and text in answer.content.decode(), wrong
    assert not SubjectAccess.objects.exists()
    key = str(uuid.uuid4())
    page = slip(client, company, key=key)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    code = code_on(page)
    held = SubjectAccess.objects.get()
    assert AccessGrounds.objects.get(access=held).identity_document == "id_card"
    again = slip(client, company, key=key)
    assert again.status_code == 302 and SubjectAccess.objects.count() == 1
    for address in ("/window/access/", f"/window/access/{held.uuid}/"):
        assert code not in seen(client, address)
    phone = Client()
    assert phone.post("/me/enter/", {"subject_code": company.uscc, "code": code}).url == "/me/"
    seen(phone, "/me/")
    # An agent, with its paper; the principal sees it and ends it by one press.
    paper = SimpleUploadedFile("委托书.png", signature_png(), "image/png")
    page = slip(client, company, capacity="agent", name="孙三", authorisation=paper)
    agent = SubjectAccess.objects.get(capacity="agent")
    assert agent.scope == "view" and agent.grounds.authorisation.sha256
    helper = Client()
    helper.post("/me/enter/", {"subject_code": company.uscc, "code": code_on(page)})
    assert "钱多多" not in seen(helper, "/me/access/")
    shown = seen(phone, "/me/access/")
    assert "孙三" in shown and "授权委托书" in shown and "只能查看" in shown
    assert phone.get(f"/me/access/{agent.uuid}/authorisation/")["Content-Type"] == "image/png"
    seen(helper, f"/me/access/{held.uuid}/authorisation/", 404)
    assert helper.post(f"/me/access/{held.uuid}/end/").status_code == 404
    assert phone.post(f"/me/access/{agent.uuid}/end/").url == "/me/access/"
    assert helper.get("/me/").status_code == 302
    # A new code, and the end, at the window of that department only.
    assert "请先查验" in client.post(f"/window/access/{held.uuid}/code/", follow=True).content.decode()
    fresh = code_on(client.post(f"/window/access/{held.uuid}/code/", {"identity_seen": "1"}))
    assert fresh != code
    neighbour = office.client_of(make.staff("clerk"))
    for address in (f"/window/access/{held.uuid}/", f"/window/access/{held.uuid}/end/"):
        seen(neighbour, address, 404)
    assert company.name in client.post("/window/access/", {"code": company.uscc}).content.decode()
    assert client.post(f"/window/access/{held.uuid}/end/", {"reason": ""}).status_code == 422
    assert client.post(f"/window/access/{held.uuid}/end/", {"reason": "手机丢失"}).status_code == 302
    assert phone.get("/me/").status_code == 302
    for role in ("officer", "head", "credit_office", "auditor"):
        assert office.client_of(make.staff(role)).get("/window/access/").status_code == 403
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessGrounds.objects.update(identity_document="passport")


def test_ending_the_own_access_is_one_press_and_leads_out():
    held = subjects.opened(make.subject())
    devices = [subjects.client_of(held), subjects.client_of(held)]
    answer = devices[0].post(f"/me/access/{held.uuid}/end/")
    assert answer.url == "/me/enter/" and answer.cookies["me"]["max-age"] == 0
    assert [device.get("/me/").status_code for device in devices] == [302, 302]


def test_a_commitment_that_was_never_public_or_is_voided_is_still_its_subjects_to_see():
    subject = make.subject()
    hidden = listed.commitment(subject=subject, public=False)
    Commitment.objects.filter(pk=hidden.pk).update(voided_at=NOW)
    client = subjects.client_for(subject)
    assert "已作废" in seen(client, "/me/commitments/") and "已作废" in seen(
        client, f"/me/commitments/{hidden.code}/"
    )


def test_the_record_marks_an_objection(stage):
    entry = make.credit_entry(subject=stage.commitment.subject)
    verification.mark_objection(entry_id=entry.pk, under_way=True, actor=None, now=NOW)
    assert "异议处理中" in seen(subjects.client_for(stage.commitment.subject), "/me/record/")
