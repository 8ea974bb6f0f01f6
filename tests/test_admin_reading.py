"""What people read in the back office: a case in words, evidence with a purpose, the log in sentences."""

import re

import pytest

from commitments.models import Commitment
from credit_portal.audit.events import SENTENCES, sentence
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.overview.log_words import VERBS
from credit_portal.registry import groups
from credit_portal.registry.services import register_subject, rename_subject
from tests import factories
from tests.office import Office, address, client_of
from tests.scenes import mine

pytestmark = pytest.mark.django_db
K, A, X = groups.CREDIT_OFFICE, groups.AUDITOR, groups.SECURITY_ADMIN


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db) -> Office:
    return mine(built)


# ---- reading ----


def test_the_page_of_a_commitment_tells_the_whole_case_in_words(office):
    page = (
        office.client(K).get(address("commitments.commitment", "change", office.commitment)).content.decode()
    )
    clerk = office.counter.clerk.display_name
    for words in (
        office.commitment.code, office.commitment.subject_name, office.check.number, office.check.one_line,
        "审批替代型", "法定代表人（负责人）", "赵一", clerk, "一、守法经营，履行法律规定的义务。", "【违诺责任】",
        f"签署承诺 {office.commitment.code}", "信用核查", "按规则自动确定", "可向社会公开", "公示中",
        "法人、非法人组织和个体工商户的承诺依法公开", "告知书", "公开类型 可向社会公开",
    ):  # fmt: skip
        assert words in page, words
    assert office.persons_commitment.subject.id_number not in page


def test_a_persons_page_shows_no_number_and_its_reading_is_logged(office):
    person, before = office.persons_commitment.subject, ReadLog.objects.count()
    page = office.client(A).get(address("commitments.commitment", "change", office.persons_commitment))
    assert person.id_number not in page.content.decode() and person.phone not in page.content.decode()
    read = ReadLog.objects.latest("pk")
    assert ReadLog.objects.count() == before + 1
    assert (read.actor_id, read.subject_id, read.purpose) == (office.people[A].pk, person.pk, "audit")


def test_a_list_shows_no_persons_name_in_full(office):
    name = office.persons_commitment.subject_name
    listed = office.client(K).get(address("commitments.commitment", "changelist")).content.decode()
    assert name not in listed and f"{name[0]}＊" in listed
    assert office.commitment.subject_name in listed


def test_a_persons_former_name_is_masked_in_the_history_too(office):
    person = office.persons_commitment.subject
    rename_subject(
        subject=person, name="欧阳新名", source="identity_card", actor=office.counter.clerk,
        department=office.department, now=factories.NOW,
    )  # fmt: skip
    page = office.client(K).get(address("registry.creditsubject", "history", person)).content.decode()
    assert "欧阳＊＊" in page and "欧阳新名" not in page
    assert "主体更名，新名称来源 居民身份证" in page


def test_an_unconfirmed_rule_says_so_in_the_list_and_on_its_page(office):
    words = "本地区文件未规定；参照其他地区的建议值，待确认"
    client = office.client(K)
    for page in (
        address("deadlines.policyrule", "changelist"),
        address("deadlines.policyrule", "change", office.rule),
    ):
        shown = client.get(page).content.decode()
        assert words in shown and "签署后上传市平台" in shown and "7 个工作日" in shown


def evidence_url(commitment: Commitment, uuid) -> str:
    return f"/admin/commitments/commitment/{commitment.pk}/evidence/{uuid}/"


def test_evidence_opens_only_with_a_purpose_and_every_opening_is_logged(office):
    client, commitment = office.client(K), office.commitment
    url = evidence_url(commitment, commitment.pdf.uuid)
    before = ReadLog.objects.count()
    assert client.get(url).status_code == 405
    assert client.post(url, {}).status_code == 403
    assert client.post(url, {"purpose": "curiosity"}).status_code == 403
    assert ReadLog.objects.count() == before
    answer = client.post(url, {"purpose": "supervision"})
    assert answer.content.startswith(b"%PDF") and answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    read = ReadLog.objects.latest("pk")
    assert (read.what, read.target_type, read.target_id, read.purpose) == (
        "已签文件", "evidence", str(commitment.pdf_id), "supervision",
    )  # fmt: skip


def test_evidence_of_another_case_or_department_does_not_open(office):
    other = office.persons_commitment.signature.uuid
    crossed = office.client(K).post(evidence_url(office.commitment, other), {"purpose": "supervision"})
    assert crossed.status_code == 404
    neighbour = client_of(factories.staff(groups.OFFICER, department=factories.department(region="130111")))
    url = evidence_url(office.commitment, office.commitment.signature.uuid)
    assert neighbour.post(url, {"purpose": "handling"}).status_code == 404


# ---- the log ----


def lines(client, **filters) -> list[AuditEvent]:
    return list(client.get(address("audit.auditevent", "changelist"), filters).context["cl"].result_list)


def test_the_credit_office_sees_who_did_what_when(office):
    client, clerk = office.client(K), office.counter.clerk
    page = client.get(
        address("audit.auditevent", "changelist"), {"verb": "commitment.signed"}
    ).content.decode()
    assert clerk.display_name in page and f"签署承诺 {office.commitment.code}" in page
    assert office.department.short_name in page and "2026-09-14 10:30:00" in page
    assert {row.verb for row in lines(client, verb="check.made")} == {"check.made"}
    assert {row.actor_id for row in lines(client, actor=clerk.username)} == {clerk.pk}
    assert lines(client, actor="没有这个人") == []
    assert {row.target_type for row in lines(client, target="evidence")} == {"evidence"}
    assert {row.department_id for row in lines(client, department=str(office.department.pk))} == {
        office.department.pk
    }
    assert lines(client, at_from="2026-09-14", at_to="2026-09-14")
    # The office's breach was handled in the week after.
    assert lines(client, at_from="2026-09-30") == [] and lines(client, at_to="2026-09-13") == []
    assert lines(client, at_from="坏日期")


def test_a_line_of_the_log_shows_its_sealed_bytes_and_leads_to_the_record(office):
    event = AuditEvent.objects.filter(verb="commitment.signed", target_id=str(office.commitment.pk)).get()
    page = office.client(A).get(address("audit.auditevent", "change", event)).content.decode()
    assert bytes(event.digest).hex() in page
    assert address("commitments.commitment", "change", office.commitment) in page


def test_the_security_administrator_reads_of_accounts_only(office):
    assert {row.target_type for row in lines(office.client(X))} == {"user"}


def test_every_event_of_the_log_has_a_name_and_a_sentence_without_codes():
    assert set(VERBS) == set(SENTENCES)


def test_sentences_say_codes_in_words(office):
    register_subject(
        kind="organisation", code=factories.organisation_code(), name="某厂", name_source="licence",
        region=factories.region(), actor=None, department=None, now=factories.NOW,
    )  # fmt: skip
    said = {sentence(event) for event in AuditEvent.objects.all()}
    for words in (
        "登记主体（法人及非法人组织）", "登记责任人员（法定代表人）", "公开自然人承诺的提议：提出，等待第二人决定",
        "公开类型 可向社会公开，理由 法人、非法人组织和个体工商户的承诺依法公开", "诚信教育读本（行政审批）：发布",
        "建立账号 lier，角色 窗口人员",
    ):  # fmt: skip
        assert words in said, words
    shown = "".join(said)
    assert not re.search(r"[0-9a-f]{40}", shown)
