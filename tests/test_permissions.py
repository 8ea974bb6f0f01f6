"""Every page of the back office × every role: allowed and denied, both asked. A page missing from the table fails."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from credit_portal.registry import groups, permissions
from tests import factories
from tests.office import Office, address, client_of, registered
from tests.scenes import mine
from tests.watching import known_at_once, refuse_in_words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]

C, F, H, B, S, K, A, X, Y = (
    groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.ASSOCIATION,
    groups.CREDIT_OFFICE, groups.AUDITOR, groups.SECURITY_ADMIN, groups.SYSTEM_ADMIN,
)  # fmt: skip
OWN = {F, H, B, K, A}
EVERYBODY = OWN | {S}
NOBODY: set[str] = set()

# model → page → who may. «change» is the record page, which only shows.
TABLE: dict[str, dict[str, set[str]]] = {
    "registry.region": {"changelist": OWN | {X, Y}, "add": NOBODY},
    "registry.department": {"changelist": OWN | {X, Y}, "add": {Y}, "edit": {Y}},
    "registry.user": {
        "changelist": {X, A}, "add": {X}, "edit": {X}, "leave": {X}, "return": {X}, "link": {X},
    },
    "registry.creditsubject": {"changelist": {K, A}, "add": NOBODY},
    "registry.subjectaccess": {"changelist": {K, A}, "add": NOBODY, "end": {K}},
    "registry.unitcontact": {"changelist": {K, A}, "add": {K}, "edit": {K}, "end": {K}},
    "verification.trainingsession": {"changelist": {K, A}, "add": NOBODY},
    "disclosure.typicalcase": {"changelist": {K, A}, "add": NOBODY},
    "disclosure.objection": {"changelist": {K, A}, "add": NOBODY},
    "disclosure.complaint": {"changelist": {K, A}, "add": NOBODY},
    "disclosure.errortip": {"changelist": {K, A}, "add": NOBODY},
    "registry.serviceitemversion": {
        "changelist": EVERYBODY, "change": OWN | {S}, "add": {B, K}, "edit": {B, K}, "publish": {B, K},
        "retire": {B, K}, "withdraw": {B, K},
    },
    "audit.auditevent": {"changelist": {H, K, A, X}, "change": {H, K, A}, "add": NOBODY},
    "audit.readlog": {"changelist": {A}, "add": NOBODY},
    "verification.unusualreading": {"changelist": {A, X}, "add": NOBODY, "decide": {X}},
    "verification.avoidedcode": {"changelist": {A, X}, "add": {X}, "end": {X}},
    "documents.evidencefile": {"changelist": {K, A}, "add": NOBODY},
    "commitments.bulkjob": {"changelist": {K, A}, "add": NOBODY},
    "commitments.handovermapping": {"changelist": {K, A}, "add": NOBODY},
    "commitments.handoverprotocol": {"changelist": {K, A}, "add": NOBODY},
    "commitments.capturebatch": {"changelist": {K, A}, "add": NOBODY},
    "commitments.capturesheet": {"changelist": {K, A}, "add": NOBODY},
    "deadlines.policyrule": {"changelist": OWN, "add": NOBODY, "impact": {K, A}},
    "deadlines.ruleproposal": {
        "changelist": {K, A}, "add": {K}, "approve": {K}, "reject": {K}, "cancel": {K}, "apply": {K},
        "impact": {K, A},
    },
    "deadlines.switchorder": {
        "changelist": {K, A}, "add": {K}, "approve": {K}, "reject": {K}, "cancel": {K}, "lines": {K, A},
    },
    "deadlines.duty": {"changelist": OWN, "add": NOBODY},
    "commitments.breachcase": {"changelist": OWN, "add": NOBODY},
    "disclosure.breachreport": {"changelist": OWN, "add": NOBODY},
    "disclosure.breachpublication": {"changelist": OWN, "add": NOBODY},
    "disclosure.exchangebatch": {"changelist": {K, A}, "add": NOBODY},
    "disclosure.exchangerecord": {"changelist": OWN, "add": NOBODY},
    "disclosure.administrativeact": {"changelist": OWN, "add": NOBODY},
    "disclosure.informationitem": {"changelist": OWN, "add": {K}, "edit": {K}},
    "disclosure.launchdate": {"changelist": {K, A}, "add": {K}, "edit": {K}},
    "outbox.partnersystem": {
        "changelist": {K, A, X}, "add": {X}, "edit": {X}, "token": {X}, "revoke": {X},
    },
    "outbox.message": {"changelist": {K, Y}, "add": NOBODY, "retry": {K, Y}},
    "deadlines.calendarnotice": {"changelist": OWN, "add": {K}, "edit": {K}},
    "verification.creditentry": {
        "changelist": {K, A}, "add": {K}, "repair": {K}, "end": {K}, "revoke": {K}, "correct": {K},
    },
    "verification.check": {"changelist": {K, A}, "add": NOBODY},
    "verification.creditlist": {"changelist": {K, A}, "add": {K}, "edit": {K}, "keepers": {K}},
    "verification.listedmeasure": {
        "changelist": {K, A}, "add": {K}, "approve": {K}, "replace": {K}, "end": {K}, "discard": {K},
    },
    "verification.appliedmeasure": {"changelist": {K, A}, "add": NOBODY},
    "verification.gradingstandard": {"changelist": {K, A}, "add": NOBODY},
    "verification.evaluationpassing": {"changelist": {K, A}, "add": NOBODY},
    "verification.listing": {"changelist": {K, A}, "add": NOBODY},
    "verification.listmethod": {"changelist": {K, A}, "add": NOBODY},
    "verification.checksource": {"changelist": {K, A}, "add": {K}, "edit": {K}},
    "commitments.recipient": {"changelist": {K, A}, "add": {K}, "edit": {K}},
    "repair.repairapplication": {"changelist": OWN, "add": NOBODY},
    "repair.helpservice": {"changelist": {K, A}, "add": {K}, "edit": {K}},
    "verification.usagelist": {"changelist": OWN, "add": NOBODY, "xlsx": OWN, "county": OWN},
    "disclosure.progressreport": {"changelist": OWN, "add": NOBODY, "xlsx": OWN, "region": {K, A}},
    "disclosure.progresssummary": {"changelist": {K, A}, "add": NOBODY, "xlsx": {K, A}},
    "disclosure.assessment": {"changelist": {K, A}, "add": NOBODY},
    "commitments.commitment": {"changelist": EVERYBODY, "add": NOBODY},
    "commitments.textversion": {
        "changelist": EVERYBODY, "change": OWN | {S}, "add": {B, K}, "edit": {B, K}, "publish": {B, K},
        "next": {B, K}, "withdraw": {B, K}, "issue": {B, K}, "adopt": {B, K}, "follow": {B, K},
    },
    "commitments.readingmaterial": {"changelist": EVERYBODY, "add": {B, K}, "withdraw": {B, K}},
    "verification.consumercomplaint": {"changelist": OWN, "add": NOBODY},
    "commitments.clausewarning": {"changelist": OWN, "add": NOBODY},
    "commitments.warningrule": {
        "changelist": {K, A}, "add": {K}, "approve": {K}, "replace": {K}, "end": {K}, "discard": {K}, "trial": {K, A},
    },
    "disclosure.pilot": {"changelist": {K, A}, "add": NOBODY},
    "disclosure.publicitydecision": {"changelist": OWN, "add": {K}},
    "disclosure.publicityproposal": {
        "changelist": {K, A}, "add": NOBODY, "confirm": {K}, "reject": {K}, "cancel": {K},
    },
    "disclosure.ruledocument": {"changelist": EVERYBODY, "add": {K}, "edit": {K}},
    "registry.occupationgroup": {"changelist": OWN, "add": {K}, "edit": {K}},
    "verification.taxcreditentry": {"changelist": {K, A}, "add": NOBODY},
    "verification.consent": {"changelist": {K, A}, "add": NOBODY},
    "verification.release": {"changelist": {K, A}, "add": NOBODY},
    "verification.creditreport": {"changelist": {K, A}, "add": NOBODY},
    "commitments.rosterentry": {"changelist": {K, A}, "add": NOBODY},
    "commitments.campaign": {"changelist": {K, A}, "add": NOBODY},
    "commitments.registration": {"changelist": {K, A}, "add": NOBODY},
    "commitments.registrationverifier": {"changelist": {K, A}, "add": {K}, "edit": {K}},
}  # fmt: skip

# Whose record opens beyond the department that it belongs to, for whoever may open it at all. All others open elsewhere for
# the credit office and the auditor only, of the same region and of the one above.
EVERYWHERE = {
    "registry.region", "registry.department", "registry.occupationgroup", "deadlines.policyrule",
    "deadlines.calendarnotice", "disclosure.informationitem", "disclosure.launchdate", "disclosure.ruledocument",
    "commitments.readingmaterial", "verification.creditlist", "outbox.message",
}  # fmt: skip
# Items and texts are those of a region, whichever of its departments wrote them; the city sees them, too.
OF_A_REGION = {"registry.serviceitemversion", "commitments.textversion"}


def opens_elsewhere(label: str, place: str) -> set[str]:
    """The roles for which a record opens `near` (another department), `away` (another region) or `above` (the city)."""
    may = allowed(label, "change")
    if label in EVERYWHERE or (label in OF_A_REGION and place != "away"):
        return may
    # Accounts, tokens and unusual readings have one keeper for the whole portal.
    return (may & {X}) | (may & {K, A} if place != "away" else NOBODY)


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db) -> Office:
    return mine(built)


def pages_of(label: str) -> set[str]:
    page = registered()[label]
    return {"changelist", "change", "history", "add", "delete"} | set(getattr(page, "deeds", dict)())


def allowed(label: str, name: str) -> set[str]:
    given = TABLE[label]
    if name == "delete":
        return NOBODY
    if name in ("change", "history"):
        return given.get("change", given["changelist"])
    return given[name]


def test_every_model_and_page_of_the_back_office_stands_in_the_table():
    assert set(registered()) == set(TABLE)
    for label, given in TABLE.items():
        assert set(given) <= pages_of(label)
        assert pages_of(label) - set(given) <= {"change", "history", "delete"}, label


@pytest.fixture
def words_only(monkeypatch) -> None:
    known_at_once(monkeypatch)
    refuse_in_words(monkeypatch)


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_a_role_opens_what_the_table_allows_and_nothing_else(office, role, words_only):
    client, rows = office.client(role), office.rows()
    wrong = []
    for label in TABLE:
        for name in sorted(pages_of(label)):
            row = None if name in ("changelist", "add") else rows[label]
            url = address(label, name, row)
            status = client.get(url).status_code
            may = role in allowed(label, name)
            # Whoever has no business in the back office at all is sent away at the door.
            refused = (302, 403) if role == C else (403, 404)
            if (status != 200) if may else (status not in refused):
                wrong.append((label, name, status, "allowed" if may else "denied"))
    assert not wrong


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_a_post_changes_nothing_where_the_table_denies(office, role, words_only):
    client, rows = office.client(role), office.rows()
    before = {label: type(row).objects.count() for label, row in rows.items() if label != "audit.readlog"}
    for label in TABLE:
        for name in sorted(pages_of(label) - {"changelist"}):
            if role in allowed(label, name):
                continue
            row = None if name == "add" else rows[label]
            answer = client.post(
                address(label, name, row), {"confirmed": "True", "note": "改", "on": "2026-09-14"}
            )
            assert answer.status_code in (302, 403, 404, 405), (label, name, answer.status_code)
            if answer.status_code == 302:
                assert "/admin/login/" in answer.url or "/accounts/login/" in answer.url, (label, name)
    after = {label: type(row).objects.count() for label, row in rows.items() if label != "audit.readlog"}
    assert after == before


def test_the_groups_in_the_database_hold_what_the_table_of_permissions_says():
    for name in groups.LABELS:
        held = set(
            Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        )
        wanted = {
            (label.split(".")[0], f"{permissions.ACTIONS[letter]}_{label.split('.')[1]}")
            for label, letters in permissions.TABLE[name].items()
            for letter in letters
        }
        assert held == wanted, name
        assert not any(codename.startswith("delete") for _app, codename in held)


def test_permissions_given_by_hand_do_not_outlive_the_next_migration():
    clerk = Group.objects.get(name=groups.CLERK)
    clerk.permissions.add(Permission.objects.get(codename="change_user"))
    permissions.sync_app(apps.get_app_config("registry"), "default")
    assert not clerk.permissions.exists()


def test_whoever_is_not_logged_in_goes_to_the_one_login_page(client):
    answer = client.get("/admin/registry/user/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    assert answer.status_code == 200


def test_a_clerk_is_told_that_the_back_office_is_not_the_counter(office):
    answer = office.client(groups.CLERK).get("/admin/", follow=True)
    assert answer.status_code == 403 and "窗口人员请到“办理”" in answer.content.decode()


@pytest.mark.parametrize("role", [K, A, F, H, B])
def test_another_region_is_out_of_sight(office, role):
    stranger = factories.staff(role, department=factories.department(region="130129", kind="credit_office"))
    client, rows = client_of(stranger), office.rows()
    for label in (
        "commitments.commitment", "verification.check", "verification.creditentry", "documents.evidencefile",
        "disclosure.publicitydecision", "disclosure.publicityproposal", "registry.creditsubject",
        "audit.auditevent",
    ):  # fmt: skip
        if role not in allowed(label, "changelist"):
            continue
        assert client.get(address(label, "change", rows[label])).status_code == 404, label
        assert client.get(address(label, "history", rows[label])).status_code == 404, label
        listed = client.get(address(label, "changelist")).context["cl"].result_list
        # What nobody did, in no department (the shell, the system), every auditor may see.
        assert not [row for row in listed if label != "audit.auditevent" or row.actor_id], label


def test_an_officer_sees_the_own_department_only_and_the_office_what_lies_below(office):
    neighbour = factories.staff(F, department=factories.department(region="130111"))
    assert (
        client_of(neighbour).get(address("commitments.commitment", "change", office.commitment)).status_code
        == 404
    )
    city = factories.staff(K, department=factories.department(region="130100", kind="credit_office"))
    assert (
        client_of(city).get(address("commitments.commitment", "change", office.commitment)).status_code == 200
    )
