"""The pages of repair, at the desk, at the window and on the subject's own pages: each a thin caller of the services."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commitments import pledging
from commitments.models import AccessGrounds, Commitment
from credit_portal.audit.models import ReadLog
from credit_portal.documents.services import read_evidence
from repair import applying, deciding, locking_out
from repair.desk.forms import ApplicantForm
from repair.models import BrokenPledge, RepairApplication
from tests import factories, subjects
from tests.counter import signature_data_url, signature_png
from tests.office import client_of
from tests.paper_reading import text_of as pdf_text
from tests.repair_stage import EXPLANATION, RepairStage
from verification.models import CreditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(monkeypatch) -> RepairStage:
    stage = RepairStage().published_and_open()
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: stage.now)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: stage.now.date())
    return stage


def photo(name: str = "检测报告.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, signature_png(), content_type="image/png")


def text_of(answer) -> str:
    return answer.content.decode()


def fill(client, address: str, deed: str = "apply", **more):
    return client.post(
        address,
        {
            "methods": ["commitment", "performance"], "explanation": EXPLANATION, "file-performance": photo(),
            "deed": deed, **more,
        },
    )  # fmt: skip


def sign(client, address: str, stage: RepairStage, draft: RepairApplication, **more):
    shown = pledging.shown_to(subject=stage.subject, department=draft.department, now=stage.now, blanks={})
    return client.post(
        address,
        {
            "seen": shown.sha256, "capacity": "legal_representative", "signer_name": "赵一",
            "identity_document": "id_card", "signed_by": "pad", "signature": signature_data_url(), **more,
        },
    )  # fmt: skip


# ---- the desk ----------------------------------------------------------------------------------------------


@pytest.mark.req("R98", "R101")
def test_the_desk_takes_an_application_from_accepting_to_its_effect_and_tells_who_was_slower(stage):
    application = stage.applied()
    officer, head, office = client_of(stage.officer), client_of(stage.head), client_of(stage.credit)
    page = f"/desk/repair/{application.uuid}/"
    assert application.number in text_of(officer.get("/desk/repair/"))
    assert application.number not in text_of(office.get("/desk/repair/"))
    assert application.number in text_of(office.get("/desk/repair/?tab=others"))
    assert "件信用修复申请等您办理" in text_of(officer.get("/desk/"))
    shown = text_of(officer.get(page))
    assert "下一步：受理" in shown and "检测报告.png" in shown and "校验值" in shown

    accepted = officer.post(f"{page}step/accept/", {"expect": "applied"}, follow=True)
    assert "受理：已登记" in text_of(accepted)
    slower = head.post(f"{page}step/accept/", {"expect": "applied"}, follow=True)
    assert "请看最新情况再办" in text_of(slower)

    wrong = officer.post(f"{page}step/propose/", {"expect": "accepted", "outcome": "", "reasons": "短"})
    assert (
        wrong.status_code == 422 and "请选择审查意见" in text_of(wrong) and "短</textarea>" in text_of(wrong)
    )
    officer.post(
        f"{page}step/propose/",
        {"expect": "accepted", "outcome": "granted", "reasons": "承诺的检测报告已经补交，复查合格。"},
    )
    assert "等候另一人批准" in text_of(officer.get(page))
    decided = head.post(f"{page}step/grant/", {"expect": "proposed"}, follow=True)
    assert "信用修复决定书" in text_of(decided)
    assert "确认信用修复" in text_of(office.get("/desk/"))
    assert "下一步：确认修复" in text_of(office.get(page))
    done = office.post(f"{page}step/confirm/", {"expect": "decided"}, follow=True)
    assert "已修复" in text_of(done)
    application.refresh_from_db()
    assert application.state == "effective"

    for address in ("receipt.pdf", f"paper/{application.decision.uuid}/"):
        paper = officer.get(page + address)
        assert paper.status_code == 200 and paper.content.startswith(b"%PDF")
    read = ReadLog.objects.filter(target_type="evidence", target_id=str(application.decision_id))
    assert read.filter(actor_id=stage.officer.pk).exists()
    assert client_of(factories.staff("officer")).get(page).status_code == 404


def test_what_is_missing_is_asked_for_once_and_completed_at_the_department_for_the_subject(stage):
    application = stage.applied()
    officer = client_of(stage.officer)
    page = f"/desk/repair/{application.uuid}/"
    empty = officer.post(f"{page}step/ask/", {"expect": "applied", "missing": " \n "})
    assert empty.status_code == 422 and "请逐项写明" in text_of(empty)
    officer.post(f"{page}step/ask/", {"expect": "applied", "missing": "检测报告盖章页\n整改照片"})
    application.refresh_from_db()
    assert application.missing == ["检测报告盖章页", "整改照片"]
    stage.now += timedelta(hours=1)
    nothing = officer.post(f"{page}step/complete/", {"expect": "asked", "method": "performance"})
    assert nothing.status_code == 422 and "还没有提交补正的材料" in text_of(nothing)
    refused = officer.post(
        f"{page}step/complete/",
        {"expect": "asked", "method": "performance", "proof": SimpleUploadedFile("a.exe", b"MZ")},
    )
    assert refused.status_code == 422 and application.materials.count() == 1
    officer.post(
        f"{page}step/complete/",
        {
            "expect": "asked", "method": "performance",
            "proof": SimpleUploadedFile("盖章页.png", signature_png(width=9), content_type="image/png"),
        },
    )  # fmt: skip
    application.refresh_from_db()
    assert application.state == "accepted" and application.materials.count() == 2
    taken_back = officer.post(f"{page}step/withdraw/", {"expect": "accepted"}, follow=True)
    assert "代申请人撤回：已登记" in text_of(taken_back)


def test_the_office_finds_formal_defects_and_the_department_sees_which(stage):
    application = stage.decided_repair()
    office = client_of(stage.credit)
    page = f"/desk/repair/{application.uuid}/"
    none = office.post(f"{page}step/defect/", {"expect": "decided"})
    assert none.status_code == 422 and "请选择形式缺陷" in text_of(none)
    office.post(f"{page}step/defect/", {"expect": "decided", "defects": ["wrong_record"]})
    assert "决定书上的文号与要修复的记录不一致" in text_of(client_of(stage.officer).get(page))


def test_the_department_begins_for_the_subject_from_the_breach_and_an_agent_shows_the_authorisation(stage):
    officer = client_of(stage.officer)
    entry = stage.commitment.breach_cases.get().entry_id
    case = stage.commitment.breach_cases.get()
    assert f"/desk/repair/new/e/{entry}/" in text_of(officer.get(f"/desk/cases/{case.uuid}/"))
    found = officer.post("/desk/repair/new/", {"code": stage.subject.uscc}, follow=True)
    assert "代为申请" in text_of(found) and stage.subject.uscc not in found.redirect_chain[-1][0]
    begin = f"/desk/repair/new/e/{entry}/"
    agent = {"capacity": "agent", "applicant": "钱二", "identity_document": "id_card"}
    refused = officer.post(begin, agent)
    assert refused.status_code == 422 and "须上传授权委托书" in text_of(refused)
    officer.post(begin, agent | {"authorisation": photo("委托书.png")})
    draft = RepairApplication.objects.get()
    assert (draft.channel, draft.applicant, draft.authorisation.original_name) == (
        "department", "钱二", "委托书.png",
    )  # fmt: skip
    page = f"/desk/repair/{draft.uuid}/draft/"
    lacking = fill(officer, page)
    assert lacking.status_code == 422 and "请阅读并签署修复承诺书" in text_of(lacking)
    assert "检测报告.png" in text_of(lacking) and EXPLANATION in text_of(lacking)
    sign(officer, f"/desk/repair/{draft.uuid}/pledge/", stage, draft, capacity="agent", signer_name="钱二")
    draft.refresh_from_db()
    assert draft.pledge is not None and draft.pledge.clerk == stage.officer
    handed = officer.post(
        page,
        {"methods": ["commitment", "performance"], "explanation": EXPLANATION, "deed": "apply"},
        follow=True,
    )
    assert "申请已提交" in text_of(handed)
    neighbour = client_of(factories.staff("officer", department=factories.department(region="130111")))
    assert neighbour.get(begin).status_code == 404 and neighbour.get(page).status_code == 404


def test_the_lists_ask_as_much_for_one_line_as_for_many_and_a_persons_number_stands_in_no_address(stage):
    application = stage.applied()
    officer = client_of(stage.officer)
    officer.get("/desk/repair/")

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert officer.get(address).status_code == 200
        return len(seen)

    before = queries("/desk/repair/?tab=mine"), queries("/desk/repair/?tab=others")
    for _ in range(3):
        entry = factories.credit_entry(
            subject=factories.subject(), department=stage.department, region=stage.department.region
        )
        for state in ("accepted", "asked"):
            factories.repair_application(
                case=application.case, now=stage.now, entry=entry, subject=entry.subject, state=state
            ) if state == "accepted" else None
    assert (queries("/desk/repair/?tab=mine"), queries("/desk/repair/?tab=others")) == before
    person = factories.person()
    answer = officer.post("/desk/repair/", {"q": person.id_number})
    assert answer.status_code == 302 and person.id_number not in answer.url
    assert "没有查到" in text_of(officer.get(answer.url))
    found = officer.post("/desk/repair/", {"q": application.number}, follow=True)
    assert application.number in text_of(found)


@pytest.mark.req("R45", "R46")
def test_a_sign_of_a_broken_commitment_is_answered_or_becomes_a_case(stage):
    done = stage.repaired()
    stage.now += timedelta(days=40)
    for number in range(2):
        factories.credit_entry(
            subject=stage.subject, kind="penalty", title=f"新的处罚{number}", region=stage.department.region,
            from_on=stage.now.date() - timedelta(days=1),
        )  # fmt: skip
    assert locking_out.look_for_broken(now=stage.now) == 2
    officer = client_of(stage.officer)
    assert "2 条修复承诺违约线索" in text_of(officer.get("/desk/repair/"))
    first, second = BrokenPledge.objects.order_by("pk")
    assert done.pledge.code in text_of(officer.get(f"/desk/repair/signs/{first.pk}/"))
    short = officer.post(f"/desk/repair/signs/{first.pk}/", {"deed": "false", "note": "无"})
    assert short.status_code == 422 and "4 至 300 个字" in text_of(short)
    officer.post(f"/desk/repair/signs/{first.pk}/", {"deed": "false", "note": "处罚的事实发生在承诺以前。"})
    opened = officer.post(
        f"/desk/repair/signs/{second.pk}/", {"deed": "case", "facts": "承诺期内又被处罚。"}, follow=True
    )
    assert "已立案" in text_of(opened)
    assert text_of(officer.get("/desk/repair/signs/?tab=answered")).count("/desk/repair/signs/") >= 2
    again = officer.post(f"/desk/repair/signs/{first.pk}/", {"deed": "false", "note": "再答复一次。"})
    assert again.status_code == 422 and "经核实不属于违反修复承诺" in text_of(again)


# ---- the window --------------------------------------------------------------------------------------------


@pytest.mark.req("R102")
def test_any_hall_takes_an_application_in_and_prints_the_receipt(stage):
    hall = factories.department(region="130129", kind="approval_bureau")
    clerk = client_of(factories.staff("clerk", department=hall))
    wrong = clerk.post("/window/repair/", {"code": "123"})
    assert wrong.status_code == 422
    listed = clerk.post("/window/repair/", {"code": stage.subject.uscc}, follow=True)
    assert "今天可以申请" in text_of(listed) and stage.subject.uscc not in listed.redirect_chain[-1][0]
    entry = stage.commitment.breach_cases.get().entry_id
    begin = f"/window/repair/s/{stage.subject.uuid}/e/{entry}/"
    clerk.get(begin)
    clerk.post(
        begin, {"capacity": "legal_representative", "applicant": "赵一", "identity_document": "id_card", "phone": "13900000000"}
    )  # fmt: skip
    draft = RepairApplication.objects.get()
    assert (draft.channel, draft.taken_in, draft.phone) == ("window", hall, "13900000000")
    page = f"/window/repair/{draft.uuid}/"
    on = fill(clerk, f"{page}draft/", deed="pledge")
    assert on.url.endswith("/pledge/")
    assert "个人信息处理告知" in text_of(clerk.get(f"{page}pledge/"))
    sign(clerk, f"{page}pledge/", stage, draft)
    handed = fill(clerk, f"{page}draft/")
    assert handed.url == page
    draft.refresh_from_db()
    shown = text_of(clerk.get(page))
    assert draft.number in shown and "最迟" in shown
    assert clerk.get(f"{page}receipt.pdf").content.startswith(b"%PDF")
    # Sent again because the answer was lost: the same application.
    assert fill(clerk, f"{page}draft/").url == page
    assert RepairApplication.objects.count() == 1 and draft.materials.count() == 1
    # The window says how it stands, by the number of the receipt; another hall that has nothing to do with it cannot.
    assert clerk.post("/window/repair/", {"code": draft.number}).url == page
    other = client_of(factories.staff("clerk", department=factories.department(region="130129")))
    assert other.get(page).status_code == 404


def test_the_window_says_from_which_day_and_what_is_missing(stage):
    stage.now -= timedelta(days=1)
    clerk = client_of(factories.staff("clerk", department=factories.department(kind="approval_bureau")))
    listed = text_of(clerk.get(f"/window/repair/s/{stage.subject.uuid}/"))
    assert f"{stage.open_day():%Y-%m-%d} 起可以申请" in listed and "最短公示期" in listed
    entry = stage.commitment.breach_cases.get().entry_id
    refused = clerk.post(
        f"/window/repair/s/{stage.subject.uuid}/e/{entry}/",
        {"capacity": "legal_representative", "applicant": "赵一", "identity_document": "id_card"},
    )
    assert refused.status_code == 422 and not RepairApplication.objects.exists()


def test_a_commitment_signed_before_is_used_by_its_code_and_one_of_another_is_not(stage):
    hall = factories.department(kind="approval_bureau")
    clerk = client_of(factories.staff("clerk", department=hall))
    entry = stage.commitment.breach_cases.get().entry_id
    clerk.post(
        f"/window/repair/s/{stage.subject.uuid}/e/{entry}/",
        {"capacity": "legal_representative", "applicant": "赵一", "identity_document": "id_card"},
    )
    draft = RepairApplication.objects.get()
    answer = fill(clerk, f"/window/repair/{draft.uuid}/draft/", deed="use", code=stage.commitment.code)
    assert answer.status_code == 422 and "没有这个主体的这份修复承诺" in text_of(answer)


# ---- the subject's own pages -------------------------------------------------------------------------------


@pytest.mark.req("R98", "R100")
def test_a_subject_asks_signs_and_follows_on_its_own_pages(stage):
    client = subjects.client_for(stage.subject, now=stage.now)
    entry = stage.commitment.breach_cases.get().entry_id
    assert "今天可以申请" in text_of(client.get("/me/repair/"))
    assert "要准备的材料" in text_of(client.get(f"/me/repair/e/{entry}/"))
    wrong = client.post(f"/me/repair/e/{entry}/", {"phone": "打我手机"})
    assert wrong.status_code == 422 and "联系电话应为 7 至 12 位数字" in wrong.content.decode()
    client.post(f"/me/repair/e/{entry}/", {"phone": "13900000000"})
    draft = RepairApplication.objects.get()
    page = f"/me/repair/{draft.uuid}/"
    kept = fill(client, f"{page}draft/", deed="save", explanation="写到一半")
    assert kept.status_code == 302
    assert "写到一半" in text_of(client.get(f"{page}draft/"))
    bad = client.post(
        f"{page}draft/",
        {"deed": "save", "explanation": "写到一半", "file-training": SimpleUploadedFile("x.exe", b"MZ")},
    )
    assert bad.status_code == 422 and "没有收下" in text_of(bad)
    blank = sign(client, f"{page}pledge/", stage, draft, signature="")
    assert blank.status_code == 422 and "签名为空" in text_of(blank)
    changed = sign(client, f"{page}pledge/", stage, draft, seen="0" * 64)
    assert changed.status_code == 422 and "重新阅读" in text_of(changed)
    sign(client, f"{page}pledge/", stage, draft)
    sign(client, f"{page}pledge/", stage, draft)
    assert Commitment.objects.filter(commitment_type="repair").count() == 1
    assert client.get(f"{page}pledge/state/").json()["next"] == f"{page}draft/"
    fill(client, f"{page}draft/")
    fill(client, f"{page}draft/")
    draft.refresh_from_db()
    assert draft.state == "applied" and draft.pledge.channel == "online" and draft.pledge.clerk is None
    assert draft.number in text_of(client.get(page))
    assert client.get(f"{page}receipt.pdf").content.startswith(b"%PDF")

    deciding.ask(
        application_id=draft.pk, expect="applied", missing=["盖章页"], actor=stage.officer, now=stage.now
    )
    stage.now += timedelta(hours=1)
    asked = text_of(client.get(page))
    assert "盖章页" in asked and "补正完毕" in asked
    none = client.post(page, {"deed": "complete"})
    assert none.status_code == 422 and "还没有提交补正的材料" in text_of(none)
    client.post(
        page,
        {
            "deed": "complete",
            "file-performance": SimpleUploadedFile("盖章页.png", signature_png(width=9), content_type="image/png"),
        },
    )  # fmt: skip
    draft.refresh_from_db()
    assert draft.state == "accepted"
    # Who is inside the department is not told.
    stage.proposed_repair(application=draft)
    assert str(stage.officer) not in text_of(client.get(page))
    client.post(page, {"deed": "withdraw"})
    draft.refresh_from_db()
    assert draft.state == "withdrawn"


@pytest.mark.req("R98", "R100", "R105")
def test_on_its_own_pages_nobody_signs_in_anothers_name_and_what_was_promised_ends_with_the_application(
    stage,
):
    held = subjects.opened(stage.subject, now=stage.now, capacity="agent", name="代理测试")
    paper = stage.file()
    AccessGrounds.objects.create(access=held, identity_document="passport", authorisation=paper)
    client = subjects.client_of(held, now=stage.now)
    entry = stage.commitment.breach_cases.get().entry_id
    client.post(f"/me/repair/e/{entry}/", {"phone": ""})
    draft = RepairApplication.objects.get()
    assert "代理测试，委托代理人" in text_of(client.get(f"/me/repair/{draft.uuid}/pledge/"))
    sign(client, f"/me/repair/{draft.uuid}/pledge/", stage, draft, signer_name="冒名者")
    draft.refresh_from_db()
    pledge = draft.pledge
    signed = (
        pledge.signer_name,
        pledge.signer_capacity,
        pledge.authorisation.sha256,
        pledge.identity_document,
    )
    assert signed == ("代理测试", "agent", paper.sha256, "passport")
    said = pdf_text(read_evidence(pledge.pdf)).replace("\n", "")
    assert "开通网上办理时在窗口查验护照" in said and "查验证件" not in said
    # It says that something had to be repaired: nobody finds it in the column, and it ends with the application.
    assert pledge.publicity_class == "limited"
    assert pledge.publicity_decisions.get().reason == "repair_pledge"
    assert Client().get(f"/commitments/{pledge.code}/").status_code == 404
    fill(client, f"/me/repair/{draft.uuid}/draft/")
    client.post(f"/me/repair/{draft.uuid}/", {"deed": "withdraw"})
    draft.refresh_from_db()
    pledge.refresh_from_db()
    assert draft.state == "withdrawn" and pledge.voided_at is not None
    assert pledge.events.filter(kind="voided", actor=None).count() == 1


@pytest.mark.req("R98", "R102")
def test_a_refusal_shuts_nobody_out_and_is_told_to_both_sides(stage):
    refused = stage.decided_repair("refused")
    RepairApplication.objects.filter(pk=refused.pk).update(again_from=stage.now.date() + timedelta(days=40))
    refused.pledge.refresh_from_db()
    assert refused.pledge.voided_at is not None
    client = subjects.client_for(stage.subject, now=stage.now)
    told = text_of(client.get(f"/me/repair/e/{refused.entry_id}/"))
    assert refused.number in told and "提前具备条件的，现在也可以申请" in told
    again = stage.accepted_repair()
    page = text_of(client_of(stage.officer).get(f"/desk/repair/{again.uuid}/"))
    assert f"上次申请（{refused.number}）" in page and "决定不予修复" in page
    # Whom the officer has before it: the signed paper, by whom, a click away.
    assert f"/paper/{again.pledge.pdf.uuid}/" in page and "赵一（法定代表人（负责人））" in page
    paper = client_of(stage.officer).get(f"/desk/repair/{again.uuid}/paper/{again.pledge.pdf.uuid}/")
    assert paper.content.startswith(b"%PDF")
    # What is asked for comes first on the subject's pages, and no day on which it could ask once more.
    assert "可以申请信用修复" not in text_of(client.get("/me/"))


def test_what_was_asked_for_stands_first_on_the_subjects_page(stage):
    application = stage.applied()
    deciding.ask(
        application_id=application.pk,
        expect="applied",
        missing=["盖章页"],
        actor=stage.officer,
        now=stage.now,
    )
    page = text_of(subjects.client_for(stage.subject, now=stage.now).get("/me/"))
    assert "告知补正，补正以后继续办理" in page and "可以申请信用修复" not in page


def test_whoever_comes_as_the_representative_is_the_one_on_record(stage):
    form = ApplicantForm(
        {"capacity": "legal_representative", "applicant": "另外一人", "identity_document": "id_card"},
        kind=stage.subject.kind, own_name="陈建国",
    )  # fmt: skip
    assert not form.is_valid() and "与登记的姓名（陈建国）不一致" in form.errors["applicant"][0]


def test_a_signature_on_paper_is_kept_as_a_scan(stage):
    client = subjects.client_for(stage.subject, now=stage.now)
    draft = stage.draft()
    address = f"/me/repair/{draft.uuid}/pledge/"
    without = sign(client, address, stage, draft, signed_by="paper")
    assert without.status_code == 422 and "上传已签字的纸质承诺书" in text_of(without)
    sign(client, address, stage, draft, signed_by="paper", paper_scan=photo("签字页.png"))
    draft.refresh_from_db()
    assert draft.pledge.signed_by == "paper"


def test_nobody_else_sees_an_application_and_an_agent_who_may_only_look_changes_nothing(stage):
    draft = stage.draft()
    stranger = subjects.client_for(factories.subject(), now=stage.now)
    for address in ("draft/", "pledge/", "", "receipt.pdf"):
        assert stranger.get(f"/me/repair/{draft.uuid}/{address}").status_code == 404
    entry = stage.commitment.breach_cases.get().entry_id
    assert stranger.get(f"/me/repair/e/{entry}/").status_code == 404
    looks = subjects.client_for(stage.subject, now=stage.now, capacity="agent", scope="view")
    assert looks.get("/me/repair/").status_code == 200
    assert looks.post(f"/me/repair/e/{entry}/", {}).status_code == 403
    application = stage.applied()
    assert looks.get(f"/me/repair/{application.uuid}/").status_code == 200
    assert looks.post(f"/me/repair/{application.uuid}/", {"deed": "withdraw"}).status_code == 403
    application.refresh_from_db()
    assert application.state == "applied"


def test_the_subjects_overview_asks_as_much_for_one_entry_as_for_many(stage):
    client = subjects.client_for(stage.subject, now=stage.now)
    client.get("/me/repair/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get("/me/repair/")
        return len(seen)

    before = queries()
    for number in range(4):
        factories.credit_entry(
            subject=stage.subject, kind="penalty", title=f"处罚{number}", region=stage.department.region,
            department=stage.department,
        )  # fmt: skip
    assert queries() == before
    assert applying.positions(stage.subject, on=stage.now.date()) and CreditEntry.objects.count() == 5
