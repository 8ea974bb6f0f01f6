"""Whoever keeps catalogue, texts, reading material and documents keeps those of the own region and below, no others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from commitments import reading, texts
from credit_portal.registry import catalogue, groups
from disclosure import rule_documents
from tests import factories
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db

# Where the thing is → who may change it, of these three offices. (130111 lies below 130100.)
OFFICES = {"130111": "own", "130100": "above", "410103": "elsewhere"}
MAY = {"own": True, "above": True, "elsewhere": False}


def acts(actor) -> dict[str, Callable[[], object]]:
    """Every act of keeping, on things of 130111."""
    department = factories.department(region="130111")
    draft = {"status": "draft", "valid_from": None, "published_at": None}
    item = factories.item_version(department=department)
    text = factories.text_version(department=department)
    material = reading.publish_reading(
        domain="health",
        title="读本",
        body="一段。",
        department=department,
        published_on=TODAY,
        actor=None,
        now=NOW,
    )
    document = rule_documents.save_document(
        document=None, region=factories.region("130111"), title="办法", issuer="政府", issued_on=TODAY,
        summary="一段。", actor=None, now=NOW,
    )  # fmt: skip
    return {
        "draft_item": lambda: catalogue.draft_item(item=item.item, fields={}, actor=actor, now=NOW),
        "publish_item": lambda: catalogue.publish_item(
            version=factories.item_version(department=department, **draft),
            valid_from=TODAY + timedelta(days=1), actor=actor, now=NOW,
        ),
        "retire_item": lambda: catalogue.retire_item(item=item.item, on=TODAY, actor=actor, now=NOW),
        "next_version": lambda: texts.next_version(text=text.text, actor=actor, now=NOW),
        "withdraw_reading": lambda: reading.withdraw_reading(reading=material, actor=actor, now=NOW),
        "save_document": lambda: rule_documents.save_document(
            document=document, region=document.region, title="新", issuer="政府", issued_on=TODAY, summary="一段。",
            actor=actor, now=NOW,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("region", OFFICES)
def test_an_office_reaches_its_region_and_below_and_no_other(region: str) -> None:
    office = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region=region, kind="credit_office")
    )
    for name, act in acts(office).items():
        if MAY[OFFICES[region]]:
            act()
        else:
            with pytest.raises(PermissionDenied, match="不在您的管理范围内"):
                act()
            assert name


@pytest.mark.parametrize("role", [groups.CLERK, groups.OFFICER, groups.HEAD, groups.AUDITOR])
def test_other_roles_keep_nothing(role: str) -> None:
    user = factories.staff(role, department=factories.department(region="130111"))
    for act in acts(user).values():
        with pytest.raises(PermissionDenied, match="您的角色"):
            act()


def test_documents_are_the_credit_offices_alone() -> None:
    bureau = factories.staff(groups.APPROVAL_BUREAU, department=factories.department(region="130111"))
    with pytest.raises(PermissionDenied, match="您的角色"):
        acts(bureau)["save_document"]()


def test_looking_at_a_commitment_and_at_today_at_the_counter_is_logged(client) -> None:
    from credit_portal.audit.models import ReadLog
    from tests import listed
    from tests.office import client_of

    clerk = factories.staff(groups.CLERK, department=factories.department())
    made = listed.commitment(department=clerk.department)
    browser = client_of(clerk)
    assert browser.get(f"/window/c/{made.code}/").status_code == 200
    assert browser.get("/window/today/").status_code == 200
    rows = list(ReadLog.objects.order_by("id").values_list("target_type", "subject_id", "purpose"))
    assert rows == [("commitment", made.subject_id, "handling"), ("commitment_list", None, "handling")]
