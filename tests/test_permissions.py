"""Every page of the back office × every role: allowed and denied, both asked. A page missing from the table fails."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest, HttpResponse

from commitments.rechecks import drawing, planning
from credit_portal.deadlines.models import PolicyRule
from credit_portal.overview import errors
from credit_portal.registry import groups, permissions
from repair.models import UnpublicationProof
from tests import factories
from tests.office import Office, address, client_of, registered
from tests.scenes import mine

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
    """A refusal by its words: thousands are given here, and drawing the page around them takes most of the time."""

    def said(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        return HttpResponse(context["reason"], status=status)

    monkeypatch.setattr(errors, "render", said)


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


# Pages of one proof at the desk → who may, of its department and of the credit office; B has no part in it.
PROOF = {"": {F, H, K}, "certificate.pdf": {F, H, K}, "again/": {K}}


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_a_proof_that_publication_stopped_opens_for_its_department_and_the_credit_office(office, role):
    act = office.rows()["disclosure.administrativeact"]
    proof = UnpublicationProof.objects.create(
        act=act, subject=act.subject, department=act.department, region=act.region, wanted_at=factories.NOW
    )
    client = office.client(role)
    assert client.get("/desk/repair/proofs/").status_code == (200 if role in PROOF[""] else 403)
    for page, may in PROOF.items():
        address = f"/desk/repair/proofs/{proof.uuid}/{page}"
        answer = client.post(address) if page == "again/" else client.get(address)
        # There is no certificate yet.
        opened = {"": 200, "certificate.pdf": 404, "again/": 302}[page]
        assert answer.status_code == (opened if role in may else 403), (page, role)


# Pages of fulfilment at the desk → who may; what is done there is asked below.
FULFILMENT = {
    "/desk/obligations/": OWN,
    "/desk/obligations/{code}/": OWN,
    "/desk/rechecks/": OWN,
    "/desk/rechecks/plans/": OWN,
    "/desk/rechecks/plans/new/": {F, H, K},
    "/desk/rechecks/plans/{plan}/": OWN,
    "/desk/rechecks/rounds/{round}/": OWN,
    "/desk/rechecks/rounds/{round}/population.csv": OWN,
    "/desk/rechecks/{recheck}/": OWN,
}
# Whoever may is told what is missing.
SECOND = {
    "/desk/obligations/{code}/confirm/": {F, H, B, K},
    "/desk/obligations/{code}/take-back/": {F, H, B, K},
}
FULFILMENT_DEEDS = {
    "/desk/rechecks/plans/{plan}/approve/": {H, K},
    "/desk/rechecks/plans/{plan}/reject/": {H, K},
    "/desk/rechecks/plans/{plan}/draw/": {H, K},
    "/desk/rechecks/plans/{plan}/end/": {H, K},
}
# The desk's pages of warnings, complaints, readings and pilots → who may open them, of their department and of the office.
SEES, TAKES = {F, H, B, K, A}, {F, H, K}
DESK: dict[str, set[str]] = {
    "/desk/warnings/": SEES,
    "/desk/warnings/rules/": {K, A},
    "/desk/warnings/{warning.uuid}/": SEES,
    "/desk/consumer-complaints/": TAKES | {A},
    "/desk/consumer-complaints/new/": TAKES,
    "/desk/consumer-complaints/file/": TAKES,
    "/desk/consumer-complaints/template.xlsx": TAKES,
    "/desk/consumer-complaints/{consumer_complaint.uuid}/": TAKES | {A},
    "/desk/consumer-complaints/{consumer_complaint.uuid}/correct/": TAKES,
    "/desk/readings/": SEES,
    "/desk/readings/new/": {F, H, B},
    "/desk/pilots/": SEES,
    "/desk/pilots/new/": {K},
    "/desk/pilots/{pilot.uuid}/": SEES,
    "/desk/pilots/{pilot.uuid}/cases/signed/": SEES,
    "/desk/catalogue/": SEES,
    "/desk/catalogue/export/": SEES,
    "/desk/catalogue/changes/": SEES,
    "/desk/catalogue/coverage/": SEES,
    "/desk/catalogue/models/": SEES,
    "/desk/catalogue/items/{draft_item.item.code}/": SEES,
    "/desk/catalogue/items/{draft_item.item.code}/compare/": SEES,
    "/desk/catalogue/items/{draft_item.item.code}/rules/": {B, K},
    "/desk/catalogue/texts/{draft_text.text.code}/compare/": SEES,
    "/desk/catalogue/imports/": {B, K},
    "/desk/catalogue/filings/": {B, K, A},
    "/desk/catalogue/filings/new/": {B, K},
    "/desk/catalogue/filings/{catalogue_filing.uuid}/": {B, K, A},
    "/desk/catalogue/filings/{catalogue_filing.uuid}/package.zip": {B, K, A},
    "/window/changes/": {C},
    "/desk/capture/": {C, F, H, B, K},
    "/desk/capture/{capture.batch.uuid}/": {C, F, H, B, K},
    "/desk/capture/sheets/{capture.uuid}/": {C, F, H, B, K},
    "/desk/capture/sheets/{capture.uuid}/scan/": {C, F, H, B, K},
    "/desk/bulk/": {F, H, B, K},
    "/desk/bulk/template.xlsx": {F, H, B, K},
    "/desk/bulk/template.csv": {F, H, B, K},
    "/desk/bulk/breaches/": {F, H, B, K},
    "/desk/bulk/breaches/{imported.pk}/": {F, H, B, K},
    "/desk/bulk/{bulk_job.uuid}/": {F, H, B, K},
    "/desk/bulk/{bulk_job.uuid}/changes/": {F, H, B, K},
    "/desk/bulk/{bulk_job.uuid}/result.xlsx": {F, H, B, K},
    "/window/consents/": {C},
    "/window/consents/new/": {C},
    "/window/consents/{consent.uuid}/": {C},
    "/window/credit-reports/": {C},
    "/desk/credit-reports/": {C, F, H, B, K},
    "/desk/credit-reports/figures/": {K, A},
    "/desk/grades/": SEES,
    "/desk/grades/{grade.uuid}/": SEES,
    "/desk/grades/standards/": {K, A},
    "/desk/grades/standards/new/": {K},
    "/desk/grades/standards/{grading_standard.uuid}/": {K, A},
    "/desk/grades/standards/{grading_draft.uuid}/edit/": {K},
    "/desk/evaluations/": {K, A},
    "/desk/evaluations/upload/": {K},
    "/desk/evaluations/template.xlsx": {K},
    "/desk/evaluations/recipients/": {K, A},
    "/desk/evaluations/pass/": {K},
    "/desk/evaluations/passings/": {K, A},
    "/desk/evaluations/received/": {F, H, S},
    "/desk/evaluations/passings/{passing.uuid}/": {K, A},
    "/desk/visits/": SEES,
    "/desk/visits/{visit.uuid}/": SEES,
    "/desk/handover/": {F, H, B, K},
    "/desk/handover/mappings/{mapping.pk}/": {F, H, B, K},
    "/desk/handover/jobs/{handover_job.uuid}/": {F, H, B, K},
    "/desk/handover/jobs/{handover_job.uuid}/report.xlsx": {F, H, B, K},
    "/desk/handover/jobs/{handover_job.uuid}/protocol.pdf": {F, H, B, K},
    "/desk/record/": SEES,
    "/desk/list-methods/": {F, H, K, A},
    "/desk/list-methods/new/": {F, H, K},
    "/desk/list-methods/{list_method.uuid}/": {F, H, K, A},
    "/desk/record/{commitment.subject.uuid}/": SEES,
}
# What is sent empty or too late, so that whoever may gets a reason: address → (answer, who may).
HANDOVER_DEEDS: dict[str, tuple[int, set[str]]] = {
    "/desk/handover/": (422, {F, H, B, K}),
    "/desk/handover/mappings/{mapping.pk}/": (422, {F, H, B, K}),
    "/desk/handover/mappings/{mapping.pk}/trial/": (422, {F, H, B, K}),
    "/desk/handover/jobs/{handover_job.uuid}/receive/": (409, {F, H, B, K}),
    "/desk/handover/jobs/{handover_job.uuid}/keep/": (409, {F, H, B, K}),
    "/desk/handover/jobs/{handover_job.uuid}/protocol/": (422, {F, H, B, K}),
    "/desk/grades/run/": (302, {K}),
    "/desk/grades/standards/new/": (422, {K}),
    "/desk/grades/standards/{grading_standard.uuid}/approve/": (302, {K}),
    "/desk/grades/standards/{grading_standard.uuid}/discard/": (302, {K}),
    "/desk/grades/standards/{grading_standard.uuid}/end/": (422, {K}),
    "/desk/evaluations/upload/": (422, {K}),
    "/desk/evaluations/pass/": (422, {K}),
    "/desk/evaluations/recipients/{evaluation_recipient.uuid}/": (302, {K}),
    "/desk/evaluations/passings/{passing.uuid}/file/": (200, {K}),
    "/window/consents/sheet/": (422, {C}),
    "/desk/visits/bundle/": (302, {K}),
    "/desk/visits/{visit.uuid}/plan/": (422, {F, H, B, K}),
    "/desk/visits/{visit.uuid}/confirm/": (302, {F, H, B, K}),
    "/desk/visits/{visit.uuid}/decline/": (422, {F, H, B, K}),
    "/desk/visits/{visit.uuid}/cancel/": (422, {F, H, B, K}),
}


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_fulfilment_and_rechecks_open_for_the_desk_and_plans_are_decided_by_head_and_office(office, role):
    for key, value in (("recheck_interval", 6), ("recheck_share", 100)):
        PolicyRule.objects.create(
            region=factories.region(), key=key, value=value, basis="S4 1", confirmed=True,
            effective_from=date(2020, 1, 1),
            unit={"recheck_interval": "months", "recheck_share": "percent"}[key],
        )  # fmt: skip
    later = factories.NOW + timedelta(days=1)
    plan = planning.propose(
        told=planning.Told("定期复核", later.date()), actor=office.people[F], now=factories.NOW
    )
    planning.approve(plan_id=plan.pk, actor=office.people[H], now=factories.NOW)
    drawn = drawing.draw_due(plan_id=plan.pk, now=later)
    names = {
        "code": office.commitment.code,
        "plan": plan.uuid,
        "round": drawn.uuid,
        "recheck": drawn.rechecks.get(commitment=office.commitment).uuid,
    }
    client = office.client(role)
    for page, may in FULFILMENT.items():
        assert client.get(page.format(**names)).status_code == (200 if role in may else 403), (page, role)
    for deed, may in SECOND.items():
        assert client.post(deed.format(**names)).status_code == (422 if role in may else 403), (deed, role)
    for deed, may in FULFILMENT_DEEDS.items():
        answer = client.post(deed.format(**names), {"reason": "不再需要"})
        assert answer.status_code == (302 if role in may else 403), (deed, role)
    plan.refresh_from_db()
    assert plan.state == ("ended" if role in {H, K} else "approved")


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_the_desk_of_warnings_complaints_readings_and_pilots_opens_for_whoever_works_there(office, role):
    client, wrong = office.client(role), []
    for page, may in DESK.items():
        status = client.get(page.format(**vars(office))).status_code
        if status != (200 if role in may else 403):
            wrong.append((page, status))
    for deed, (told, may) in HANDOVER_DEEDS.items():
        status = client.post(deed.format(**vars(office))).status_code
        if status != (told if role in may else 403):
            wrong.append((deed, status))
    adopted = client.post("/desk/warnings/rules/adopt/").status_code
    assert adopted == (302 if role == K else 403) and not wrong


# Associations, rosters and registration → who may; S is of the association, the others as everywhere.
GUILD: dict[str, set[str]] = {
    "{home}": {S, K, A},
    "{home}coverage.xlsx": {S, K, A},
    "{home}text/": {S, K, A},
    "{home}text/edit/": {S},
    "{home}campaigns/new/": {S},
    "{home}campaigns/{campaign.uuid}/": {S, K, A},
    "{home}campaigns/{campaign.uuid}/members.xlsx": {S, K, A},
    "{home}campaigns/{campaign.uuid}/code.png": {S, K, A},
    "{home}members/": {S, K, A},
    "{home}members/{member.uuid}/": {S, K, A},
    "{home}notes/{note.uuid}/correct/": {S},
    "{home}notes/{note.uuid}/answer/": {S},
    "/desk/rosters/members/": {S},
    "/desk/rosters/members/template.xlsx": {S},
    "/desk/rosters/model/": {K},
    "/desk/rosters/above_scale/": {K},
    "/desk/registration/": SEES,
    "/desk/registration/{registration.uuid}/": SEES,
    "/desk/registration/{registration.uuid}/files/proof/": SEES,
    "/desk/registration/lists/": {K, A},
    "/desk/registration/lists/model/": {K, A},
    "/desk/registration/lists/model/list.xlsx": {K, A},
}
GUILD_DEEDS: dict[str, set[str]] = {
    "{home}text/ask/": {S},
    "{home}campaigns/{campaign.uuid}/remind/": {S},
    "{home}campaigns/{campaign.uuid}/end/": {S},
    "{home}members/{member.uuid}/note/": {S},
    "/desk/registration/lists/model/remind/": {K},
    "/desk/registration/adopt/": {K},
    "/desk/registration/{registration.uuid}/verify/": {F, H, B, K},
    "/desk/registration/{registration.uuid}/hand-over/": {F, H, B, K},
}


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_associations_rosters_and_registration_open_for_whoever_works_there(office, role):
    client = client_of(office.guildsman) if role == S else office.client(role)
    names = vars(office) | {"home": f"/desk/associations/{office.association.uscc}/"}
    wrong = []
    for page, may in GUILD.items():
        status = client.get(page.format(**names)).status_code
        if status != (200 if role in may else 403):
            wrong.append((page, status))
    for deed, may in GUILD_DEEDS.items():
        status = client.post(deed.format(**names)).status_code
        # Nothing was filled in: who may is told so, or sent back to the page.
        if (status not in (302, 422)) if role in may else status != 403:
            wrong.append((deed, status))
    assert not wrong
    assert client.get("/desk/associations/").status_code == {S: 302, K: 200, A: 200}.get(role, 403)


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
