"""Checks by departments' systems: the same answer, log and monthly list as at the counter, once for one key."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import PolicyRule
from credit_portal.outbox import partners
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from tests import factories
from tests.factories import NOW, TODAY
from verification.models import Check
from verification.usage import lists

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
CHECKS = "/api/v1/checks"


class System:
    """A department's own system with a token."""

    def __init__(self, *scopes: str) -> None:
        self.department = factories.department(region="130111")
        self.admin = factories.staff(groups.SECURITY_ADMIN, department=self.department)
        self.row: PartnerSystem = partners.save_partner(
            system_id=None, name="审批业务系统", department=self.department,
            scopes=scopes or [Scope.CHECKS.value], contact="", is_active=True, actor=self.admin, now=NOW,
        )  # fmt: skip
        self.token = partners.issue_token(
            system_id=self.row.pk, expires_on=TODAY + timedelta(days=300), actor=self.admin, now=NOW
        )
        self.item = factories.item_version(department=self.department, name="食品经营许可")
        self.subject = factories.subject(name="栾城区演示面业有限公司")

    def asked(self, **changes: Any) -> dict[str, Any]:
        return {
            "subject": {
                "kind": "organisation", "name": self.subject.name, "code": self.subject.uscc
            } | changes.pop("subject", {}),
            "item": self.item.item.code,
            "type": "approval",
            "case_ref": "业务-2026-0001",
        } | changes  # fmt: skip

    def ask(self, told: object, key: str = "k1", token: str | None = None) -> Any:
        return Client().post(
            CHECKS, told, content_type="application/json",
            headers={"Authorization": f"Bearer {token or self.token}", "Idempotency-Key": key},
        )  # fmt: skip


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: NOW)
    for key, value in (("route.unrepaired", "ordinary"), ("scrutiny.in_publicity", True)):
        PolicyRule.objects.create(
            region=factories.region("130111"), key=key, value=value, basis="S2 四（四）1", confirmed=True,
            effective_from=date(2020, 1, 1),
        )  # fmt: skip
    return System()


@pytest.mark.req("R85", "R52")
def test_a_system_gets_the_answer_that_the_counter_would_and_it_is_kept_once(system: System) -> None:
    factories.credit_entry(subject=system.subject, title="未按规定公示价格")
    first = system.ask(system.asked())
    assert first.status_code == 201
    told = first.json()
    assert (told["route"], told["scrutiny"]) == ("ordinary", "normal")
    assert "未按规定公示价格" in told["reasons"][0]["text"] and told["reasons"][0]["article"]
    assert told["remedies"] and told["conclusion"]
    again = system.ask(system.asked())
    assert again.json() == told and again.headers["Idempotency-Replayed"] == "true"
    check = Check.objects.get()
    assert (check.number, check.partner, check.operator) == (told["number"], system.row, None)
    assert (check.department, check.case_ref) == (system.department, "业务-2026-0001")
    assert AuditEvent.objects.filter(verb="check.made", target_id=str(check.pk)).count() == 1
    read = ReadLog.objects.get(target_type="check", target_id=str(check.pk))
    assert (read.actor_id, read.access_id, read.partner_id) == (None, None, system.row.pk)
    other = system.ask(system.asked(case_ref="业务-2"))
    assert other.status_code == 422 and "另一个请求" in other.json()["detail"]


@pytest.mark.req("R85", "R107")
def test_it_stands_in_the_monthly_list(system: System) -> None:
    number = system.ask(system.asked()).json()["number"]
    row = factories.usage_list(department=system.department)
    (line,) = lists.live_rows(row)
    assert number in line.usage and line.item_name == "食品经营许可"


@pytest.mark.req("R85")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item": "130111-NONE"}, "item"),
        ({"item": ""}, "item"),
        ({"type": "other"}, "type"),
        ({"purpose": "curiosity"}, "purpose"),
        ({"case_ref": "长" * 61}, "case_ref"),
        ({"case_ref": "a\x00b"}, "case_ref"),
        ({"case_ref": 5}, "case_ref"),
        ({"late_materials": "yes"}, "late_materials"),
        ({"nothing": "x"}, "nothing"),
        ({"subject": {"code": "91130111MA0000000X"}}, "subject.code"),
        ({"subject": {"kind": "firm"}}, "subject.kind"),
        ({"subject": {"name": "另一家有限公司"}}, "subject.name"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    system: System, change: dict[str, Any], field: str
) -> None:
    answer = system.ask(system.asked(**change))
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert field in {one["field"] for one in answer.json()["errors"]}, answer.json()
    assert not Check.objects.exists()
    # The key is free again for the right request.
    assert system.ask(system.asked()).status_code == 201


@pytest.mark.parametrize("body", [[], "x", None, {}, {"subject": []}, {"subject": {"name": {}}}])
def test_odd_bodies_are_answered(system: System, body: object) -> None:
    assert system.ask(body).status_code in (400, 422)
    assert system.ask(system.asked(), key="").status_code == 400
    assert system.ask(system.asked(), key="键").status_code == 400


def test_a_newcomer_is_registered_by_the_department_and_a_person_leaves_no_number(system: System) -> None:
    code = factories.organisation_code(7_777_001)
    assert (
        system.ask(system.asked(subject={"name": "栾城区演示新来有限公司", "code": code})).status_code == 201
    )
    assert CreditSubject.objects.get(uscc=code).name_source == "department"
    number = factories.id_number(7)
    told = {"kind": "person", "name": "测试人甲", "code": number}
    answer = system.ask(system.asked(subject=told, type="supervisory"), key="k2")
    assert answer.status_code == 201 and number not in answer.content.decode()
    assert Check.objects.latest("pk").subject_code == ""
    wrong = system.ask(system.asked(subject=told | {"name": "别人"}), key="k3")
    assert wrong.status_code == 422 and "测试人甲" not in wrong.content.decode()


def test_without_token_or_scope_nothing_is_answered(system: System) -> None:
    assert system.ask(system.asked(), token="xy_00000000_x").status_code == 401
    partners.save_partner(
        system_id=system.row.pk, name="审批业务系统", department=system.department,
        scopes=[Scope.CREDIT_ENTRIES.value], contact="", is_active=True, actor=system.admin, now=NOW,
    )  # fmt: skip
    assert system.ask(system.asked()).status_code == 403
    assert Client().get(CHECKS).status_code in (401, 405)


def test_a_type_that_the_item_does_not_use_is_said(system: System) -> None:
    system.item = factories.item_version(department=system.department, allowed_types=["voluntary"])
    answer = system.ask(system.asked())
    assert answer.status_code == 409 and "不使用" in answer.json()["detail"]
    assert not Check.objects.exists()
