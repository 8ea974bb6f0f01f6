"""What a breach brings with it, at the desk and in the back office: nothing is out of reach once it is over."""
# ruff: noqa: F811 - fixtures of the tests beside this one

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from commitments.models import Recipient, RevocationHandoff
from credit_portal.outbox.models import PartnerToken
from credit_portal.registry import groups
from tests import acts, factories
from tests.breach_stage import Stage
from tests.office import Office, address, client_of
from tests.test_consequences import bureau, hand_over, judge, order, served_case, stage  # noqa: F401 (fixtures)
from tests.test_exchange_pages import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
HOME = "/desk/consequences/"


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.req("R77")
def test_a_case_is_found_before_while_and_after_something_is_done_with_it(stage: Stage) -> None:
    desk, name = at(stage.officer), stage.case.commitment.subject_name
    assert name in page(desk, f"{HOME}?state=served") and name not in page(desk, HOME)
    row = order(stage)
    assert row.number in page(desk, HOME) and name not in page(desk, f"{HOME}?state=served")
    stage.now += timedelta(days=40)
    judge(stage, row, passed=True)
    assert row.number not in page(desk, HOME) and row.number in page(desk, f"{HOME}?state=done")


@pytest.mark.req("R76")
def test_the_bureau_finds_what_it_has_decided_and_is_told_whether_the_licence_is_shown(stage: Stage) -> None:
    place, person = bureau(stage)
    row = hand_over(stage)
    desk = at(person)
    path = f"{HOME}handoffs/{row.uuid}/"
    assert "公示中没有这个主体的这一文书号" in page(desk, path)
    subject, clerk = stage.case.subject, factories.staff(groups.APPROVAL_BUREAU, department=place)
    act = acts.entered(
        "licence", department=place, actor=clerk, now=stage.now, subject_name=subject.name,
        subject_code=subject.uscc, document_no=row.licence_no, decided_on="2026-09-01",
    )  # fmt: skip
    acts.published(act, actor=clerk, now=stage.now)
    assert "撤销后同时停止公示" in page(desk, path)
    assert row.licence_no in page(at(stage.officer), f"{HOME}{stage.case.uuid}/")
    RevocationHandoff.objects.filter(pk=row.pk).update(state="kept")
    assert row.number not in page(desk, HOME) and row.number in page(desk, f"{HOME}?state=done")


def test_an_address_that_takes_a_form_says_so_when_it_is_opened(stage: Stage) -> None:
    answer = at(stage.officer).get(f"{HOME}{stage.case.uuid}/do/order/")
    assert answer.status_code == 405 and "这个地址不能直接打开" in answer.content.decode()
    assert "POST" in answer.headers["Allow"]


@pytest.mark.req("R93")
def test_an_approval_bureau_handles_its_own_licences(stage: Stage) -> None:
    place, person = bureau(stage)
    act = acts.entered("licence", department=place, actor=person, now=factories.NOW)
    desk = at(person)
    assert act.document_no in page(desk, "/desk/acts/")
    assert desk.get("/desk/acts/new/?kind=licence").status_code == 200
    assert desk.get("/desk/reports/new/").status_code in (403, 404)


@pytest.mark.req("R13", "R81")
def test_the_office_registers_whom_letters_go_to() -> None:
    office = Office()
    client = client_of(office.people[groups.CREDIT_OFFICE])
    add = address("commitments.recipient", "add")
    told: dict[str, Any] = {
        "role": "discipline",
        "name": "栾城区纪委监委",
        "region": "130111",
        "is_active": "on",
    }
    answer = client.post(add, told | {"subject_code": "91130111MA0000000X"})
    assert "没有这个代码的主体" in answer.content.decode()
    assert client.post(add, told | {"name": ""}).status_code == 200
    assert client.post(add, told).status_code == 302
    row = Recipient.objects.get(role="discipline")
    assert (
        client.post(address("commitments.recipient", "edit", row), told | {"is_active": ""}).status_code
        == 302
    )
    row.refresh_from_db()
    assert not row.is_active and row.history.count() == 2
    assert "410103" not in page(client, add)


def test_a_token_page_loaded_again_issues_no_second_token() -> None:
    office = Office()
    client = client_of(office.people[groups.SECURITY_ADMIN])
    path = address("outbox.partnersystem", "token", office.partner)
    assert 'name="issued" value="0"' in client.get(path).content.decode()
    sent = {"expires_on": (factories.TODAY + timedelta(days=200)).isoformat(), "issued": "0"}
    assert "xy_" in client.post(path, sent).content.decode()
    again = client.post(path, sent).content.decode()
    assert PartnerToken.objects.count() == 1
    assert "没有再次签发" in again and "xy_" not in again
