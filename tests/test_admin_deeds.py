"""What people do in the back office goes through the rooms' services: told at the field, nothing half-stored."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from commitments.models import CommitmentText, ReadingMaterial, TextVersion
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.registry import groups
from credit_portal.registry.models import Department, ServiceItem, ServiceItemVersion, User
from disclosure.models import PublicityDecision, PublicityProposal, RuleDocument
from tests import factories
from tests.office import Office, address, client_of
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
K, B = groups.CREDIT_OFFICE, groups.APPROVAL_BUREAU
X, Y = groups.SECURITY_ADMIN, groups.SYSTEM_ADMIN


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db) -> Office:
    return mine(built)


def person(role: str, **fields) -> User:
    return factories.staff(role, department=factories.department(region="130111", **fields))


# ---- accounts and departments ----


def account(where, **fields):
    return {
        "username": "zhaomin", "display_name": "赵敏", "department": where.pk, "groups": ["clerk"],
        "window_label": "3 号窗口", "email": "",
    } | fields  # fmt: skip


def test_the_security_administrator_opens_an_account_and_hands_over_a_link_shown_once():
    keeper = person(X)
    client, department = client_of(keeper), factories.department()
    client.post(address("registry.user", "add"), account(department))
    user = User.objects.get(username="zhaomin")
    assert AuditEvent.objects.get(verb="staff.created").actor_id == keeper.pk
    assert not LogEntry.objects.exists()
    shown = client.post(address("registry.user", "link", user), {}).content.decode()
    link = re.search(r"http://testserver(/accounts/password/reset/key/[^<]+)", shown)
    assert link and "只显示这一次" in shown
    again = client.get(address("registry.user", "change", user)).content.decode()
    assert link[1] not in again
    assert link[1] not in str(dict(client.session))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"groups": ["clerk", "auditor"]}, "groups", "不能同时具有业务、审计权限"),
        ({"groups": []}, "groups", "必填"),
        ({"department": ""}, "department", "须有所属部门"),
        ({"username": "赵 敏"}, "username", "用户名"),
        ({"display_name": ""}, "display_name", "必填"),
    ],
)
def test_a_wrong_account_is_told_at_its_field_and_not_stored(fields, field, words):
    client, department = client_of(person(X)), factories.department()
    before = User.objects.count()
    answer = client.post(address("registry.user", "add"), account(department, **fields))
    assert answer.status_code == 200
    assert words in "".join(answer.context["form"].errors[field])
    assert User.objects.count() == before and not AuditEvent.objects.exists()


def test_nobody_finds_a_button_for_the_own_account_and_posting_is_refused():
    keeper = person(X)
    client = client_of(keeper)
    assert "办理离岗" not in client.get(address("registry.user", "change", keeper)).content.decode()
    answer = client.post(
        address("registry.user", "edit", keeper),
        account(keeper.department, groups=["security_admin"], display_name="改名"),
    )
    assert "不能变更自己的账号" in answer.content.decode()
    keeper.refresh_from_db()
    assert keeper.display_name != "改名"


def test_a_leaver_is_marked_and_brought_back_with_both_in_the_history():
    client, user = client_of(person(X)), factories.staff()
    client.post(address("registry.user", "leave", user), {"left_on": "2026-09-14"})
    user.refresh_from_db()
    assert not user.is_active and user.left_on.isoformat() == "2026-09-14"
    client.post(address("registry.user", "return", user), {"confirmed": "True"})
    user.refresh_from_db()
    assert user.is_active
    page = client.get(address("registry.user", "history", user)).content.decode()
    assert re.search(r"离岗日期</td><td[^>]*>（空）</td><td[^>]*>2026-09-14</td>", page)
    assert "停用离岗账号" in page and "恢复使用" in page


def test_the_system_administrator_keeps_departments_by_the_service():
    client = client_of(person(Y))
    typed = {
        "uscc": factories.organisation_code(prefix="11"), "name": "栾城区行政审批局", "short_name": "审批局",
        "kind": "approval_bureau", "region": "130111", "address": "", "phone": "",
    }  # fmt: skip
    client.post(address("registry.department", "add"), typed)
    row = Department.objects.get(name="栾城区行政审批局")
    wrong = client.post(address("registry.department", "add"), typed | {"uscc": "11130111X"})
    assert wrong.context["form"].errors["uscc"] == ["统一社会信用代码应为 18 位，现为 9 位。"]
    client.post(address("registry.department", "edit", row), typed | {"kind": "competent", "is_active": "on"})
    page = client.get(address("registry.department", "history", row)).content.decode()
    assert re.search(r"类别</td><td[^>]*>行政审批局</td><td[^>]*>行业主管部门</td>", page)


# ---- catalogue and texts ----


ITEM = {
    "name": "食品经营许可", "pinyin": "spjyxk", "domain": "approval", "allowed_types": ["approval"],
    "scope": "may", "in_hall": "on", "checkpoint": "acceptance", "promised_working_days": "10",
    "validity_months": "12", "publicity_class": "public", "legal_basis": "食品安全法",
    "allows_late_materials": "on", "materials-TOTAL_FORMS": "3", "materials-INITIAL_FORMS": "0",
    "materials-0-name": "申请书", "materials-0-source": "申请人填写", "materials-1-name": "健康证明",
    "materials-1-late": "on", "materials-2-name": "",
}  # fmt: skip


def test_the_approval_bureau_drafts_publishes_and_retires_an_item():
    bureau = person(B)
    client = client_of(bureau)
    client.post(
        address("registry.serviceitemversion", "add"),
        ITEM | {"code": "LC-001", "department": bureau.department_id},
    )
    draft = ServiceItemVersion.objects.get()
    assert (draft.status, draft.item.region_id) == ("draft", "130111")
    assert draft.materials == [
        {"name": "申请书", "source": "申请人填写", "late": False},
        {"name": "健康证明", "source": "", "late": True},
    ]
    client.post(address("registry.serviceitemversion", "publish", draft), {"valid_from": "2026-09-14"})
    draft.refresh_from_db()
    assert (draft.status, draft.published_by) == ("published", bureau)
    client.post(
        address("registry.serviceitemversion", "edit", draft), ITEM | {"name": "食品经营许可（新办）"}
    )
    second = ServiceItemVersion.objects.get(number=2)
    page = client.get(address("registry.serviceitemversion", "publish", second))
    # One that follows another begins tomorrow unless somebody says today.
    assert page.context["form"]["valid_from"].value() == clock.today() + timedelta(days=1)
    assert "今天已经按前一版签署的仍按前一版办理" in page.content.decode()
    overlap = client.post(
        address("registry.serviceitemversion", "publish", second), {"valid_from": "2026-09-14"}
    )
    assert "重叠" in overlap.context["form"].errors["valid_from"][0]
    draft.refresh_from_db()
    second.refresh_from_db()
    assert (draft.status, second.status) == ("published", "draft")
    client.post(address("registry.serviceitemversion", "retire", draft), {"on": "2026-12-31"})
    assert ServiceItem.objects.get().retired_on.isoformat() == "2026-12-31"
    assert set(AuditEvent.objects.values_list("verb", flat=True)) == {
        "item.drafted", "item.published", "item.retired",
    }  # fmt: skip


def test_a_rule_of_the_catalogue_is_told_at_the_field_that_it_names():
    bureau = person(B)
    answer = client_of(bureau).post(
        address("registry.serviceitemversion", "add"),
        ITEM | {"code": "LC-001", "department": bureau.department_id, "checkpoint": "none"},
    )
    assert "须设信用审查环节" in answer.context["form"].errors["checkpoint"][0]
    assert not ServiceItem.objects.exists() and not ServiceItemVersion.objects.exists()


def test_another_regions_item_can_be_read_and_not_written(office):
    stranger = factories.staff(B, department=factories.department(region="130129"))
    client, version = client_of(stranger), office.counter.item
    page = client.get(address("registry.serviceitemversion", "change", version))
    assert page.status_code == 200 and "起草下一版" not in page.content.decode()
    assert client.post(address("registry.serviceitemversion", "edit", version), ITEM).status_code == 403
    foreign = client.post(
        address("registry.serviceitemversion", "add"),
        ITEM | {"code": "X-1", "department": office.department.pk},
    )
    assert "department" in foreign.context["form"].errors


def text_form(clauses=(), **fields):
    rows = {"clauses-TOTAL_FORMS": str(len(clauses)), "clauses-INITIAL_FORMS": "0"}
    for number, (kind, body, covers) in enumerate(clauses):
        rows |= {
            f"clauses-{number}-kind": kind,
            f"clauses-{number}-body": body,
            f"clauses-{number}-covers": covers,
        }
    return {
        "title": "信用承诺书", "scope": "新办许可", "notice": "为什么承诺。", "privacy_notice": "由谁处理。",
        "blanks-TOTAL_FORMS": "1", "blanks-INITIAL_FORMS": "0", "blanks-0-key": "完成日期",
        "blanks-0-label": "完成日期", "blanks-0-kind": "date", "blanks-0-required": "on",
        "blanks-0-max_length": "100",
    } | rows | fields  # fmt: skip


def test_a_text_is_drafted_checked_published_and_followed_by_a_clone():
    bureau = person(B)
    client = client_of(bureau)
    head = {
        "code": "LC-T1", "department": bureau.department_id, "commitment_type": "approval", "item": "",
        "origin": "own",
    }  # fmt: skip
    pledge = ("pledge", "在 {完成日期} 前完成。", ["obey_law"])
    client.post(address("commitments.textversion", "add"), text_form([pledge], **head))
    draft = TextVersion.objects.get()
    page = client.get(address("commitments.textversion", "change", draft)).content.decode()
    assert "缺少违诺责任" in page
    refused = client.post(address("commitments.textversion", "publish", draft), {"valid_from": "2026-09-14"})
    assert "缺少违诺责任" in str(refused.context["form"].errors)
    draft.refresh_from_db()
    assert draft.status == "draft"
    liability = ("liability", "违诺的，承担责任。", ["accept_consequences"])
    client.post(address("commitments.textversion", "edit", draft), text_form([liability, pledge]))
    assert [row.number for row in draft.clauses.all()] == [1, 2]
    assert draft.blanks.get().key == "完成日期"
    client.post(address("commitments.textversion", "publish", draft), {"valid_from": "2026-09-14"})
    draft.refresh_from_db()
    assert (draft.status, len(draft.sha256)) == ("published", 64)
    edited = client.post(address("commitments.textversion", "edit", draft), text_form([pledge]))
    assert "已发布，不能再改" in edited.content.decode() and draft.clauses.count() == 2
    client.post(address("commitments.textversion", "next", draft), {"confirmed": "True"})
    clone = TextVersion.objects.get(number=2)
    assert [row.body for row in clone.clauses.all()] == [pledge[1], liability[1]]


def test_a_text_with_a_taken_code_stores_nothing(office):
    bureau = office.people[B]
    client = client_of(bureau)
    before = CommitmentText.objects.count(), TextVersion.objects.count()
    answer = client.post(
        address("commitments.textversion", "add"),
        text_form(
            [("pledge", "守法。", [])], code=office.draft_text.text.code, department=bureau.department_id,
            commitment_type="voluntary", item="", origin="own",
        ),
    )  # fmt: skip
    assert "文本编码" in str(answer.context["form"].errors)
    assert (CommitmentText.objects.count(), TextVersion.objects.count()) == before


def test_one_reading_of_a_sector_is_in_use(office):
    client = office.client(B)
    client.post(
        address("commitments.readingmaterial", "add"),
        {
            "domain": "approval", "title": "新读本", "body": "一段", "department": office.department.pk,
            "published_on": "2026-09-14",
        },
    )  # fmt: skip
    assert ReadingMaterial.objects.get(is_current=True).title == "新读本"
    assert ReadingMaterial.objects.filter(is_current=False).get() == office.reading
    gone = client.post(
        address("commitments.readingmaterial", "withdraw", office.reading), {"confirmed": "True"}
    )
    assert "已经停用" in gone.content.decode()


def test_a_rule_document_is_entered_and_corrected(office):
    client = office.client(K)
    typed = {
        "region": "130111", "title": "信用承诺实施办法", "issuer": "区政府", "issued_on": "2026-01-05",
        "summary": "一段。", "is_public": "on",
    }  # fmt: skip
    client.post(address("disclosure.ruledocument", "add"), typed)
    row = RuleDocument.objects.get(title="信用承诺实施办法")
    client.post(address("disclosure.ruledocument", "edit", row), typed | {"is_public": ""})
    row.refresh_from_db()
    assert not row.is_public
    wrong = client.post(address("disclosure.ruledocument", "add"), typed | {"source_url": "不是地址"})
    assert "source_url" in wrong.context["form"].errors
    said = [event.facts["shown"] for event in AuditEvent.objects.filter(verb="rule_document.saved")]
    assert said[-2:] == ["hidden", "public"] or sorted(said)[-2:] == ["public", "public"]


# ---- publicity ----


@pytest.mark.req("R92")
def test_the_credit_office_takes_an_organisations_commitment_back_with_a_reason(office):
    client = office.client(K)
    page = client.get(address("commitments.commitment", "change", office.commitment)).content.decode()
    assert f"?code={office.commitment.code}" in page
    answer = client.post(
        address("disclosure.publicitydecision", "add"),
        {
            "code": office.commitment.code,
            "publicity_class": "limited",
            "reason": "trade_secret",
            "note": "配方",
        },
    )
    assert answer.status_code == 302
    office.commitment.refresh_from_db()
    assert (office.commitment.publicity_class, office.commitment.public_from) == ("limited", None)
    decision = PublicityDecision.objects.filter(commitment=office.commitment).latest("pk")
    assert (decision.decided_by, decision.second) == (office.people[K], None)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"publicity_class": "closed", "reason": "default_organisation"}, "reason"),
        ({"publicity_class": "", "reason": "privacy"}, "publicity_class"),
        ({"code": "13011120260914999999", "publicity_class": "closed", "reason": "privacy"}, "code"),
    ],
)
def test_a_wrong_decision_is_told_at_its_field(office, typed, field):
    before = PublicityDecision.objects.count()
    answer = office.client(K).post(
        address("disclosure.publicitydecision", "add"), {"code": office.commitment.code, "note": ""} | typed
    )
    assert field in answer.context["form"].errors
    assert PublicityDecision.objects.count() == before


@pytest.mark.req("R92")
def test_a_persons_commitment_becomes_public_only_when_another_agrees(office):
    first, second = office.client(K), client_of(office.second)
    confirm = address("disclosure.publicityproposal", "confirm", office.proposal)
    own = first.post(confirm, {"note": ""})
    assert "不能决定自己的提议" in own.content.decode()
    office.persons_commitment.refresh_from_db()
    assert office.persons_commitment.public_from is None
    assert second.post(confirm, {"note": "已核对"}).status_code == 302
    office.persons_commitment.refresh_from_db()
    assert office.persons_commitment.public_from is not None
    decision = PublicityDecision.objects.filter(commitment=office.persons_commitment).latest("pk")
    assert (decision.decided_by, decision.second) == (office.people[K], office.second)
    assert "已经办结" in second.post(confirm, {"note": ""}).content.decode()


def test_a_second_proposal_for_the_same_commitment_waits_for_the_first(office):
    typed = {
        "code": office.persons_commitment.code, "publicity_class": "public", "reason": "person_by_two",
        "note": "再提一次",
    }  # fmt: skip
    answer = client_of(office.second).post(address("disclosure.publicitydecision", "add"), typed)
    assert "已有待决定的公开提议" in str(answer.context["form"].errors)
    assert PublicityProposal.objects.count() == 1


def test_a_rejected_or_cancelled_proposal_publishes_nothing(office):
    second = client_of(office.second)
    url = address("disclosure.publicityproposal", "reject", office.proposal)
    assert "note" in second.post(url, {"note": ""}).context["form"].errors
    second.post(url, {"note": "理由不足"})
    office.proposal.refresh_from_db()
    assert (office.proposal.state, office.proposal.closed_by) == ("rejected", office.second)
    cancel = address("disclosure.publicityproposal", "cancel", office.proposal)
    assert "已经办结" in office.client(K).post(cancel, {"confirmed": "True"}).content.decode()
    office.persons_commitment.refresh_from_db()
    assert office.persons_commitment.public_from is None


def test_a_proposal_without_a_reason_is_refused(office):
    office.proposal.commitment.publicity_proposals.all().delete()
    typed = {
        "code": office.persons_commitment.code, "publicity_class": "public", "reason": "person_by_two",
        "note": " ",
    }  # fmt: skip
    answer = office.client(K).post(address("disclosure.publicitydecision", "add"), typed)
    assert answer.context["form"].errors["note"] == ["请写明公开的理由。"]
    assert not PublicityProposal.objects.exists()
