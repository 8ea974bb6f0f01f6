"""Every address of the portal × every role × own, near, far and above: allowed and denied, both asked. An address that
stands in no table fails; the back office has its own (test_permissions.py)."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve
from django.utils.safestring import SafeString

from commitments import case_views
from commitments.consequences import views as consequences
from commitments.rechecks import views as rechecks
from commitments.registrations import views_desk as registrations
from commitments.supplements import acts as supplements
from commitments.visits import views as visits
from credit_portal.audit import clock
from credit_portal.outbox.models import Scope
from disclosure.objections import desk_views as objections
from disclosure.typical import views as typical
from repair.desk import views as repairs
from tests import factories
from tests import test_permissions as back_office
from tests.office import address as admin_address
from tests.permitted import OUTSIDE, PLACES, STAFF, Row, desk, own, public, window
from tests.routes import as_written, routes
from tests.scenes import mine
from tests.watching import known_at_once, refuse_in_words, undone
from tests.wide_office import LETTERS, Wide
from verification import listing_views
from verification.checking import views as checking
from verification.grades import views_standards as standards
from verification.list_methods import views as list_methods

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers"), pytest.mark.req("R113")]

TABLES = {"desk": desk.TABLE, "window": window.TABLE, "own": own.TABLE, "public": public.TABLE}
DOORS = ("/accounts/login/", "/me/enter/")
# When somebody or a system was last seen.
USED = {"django_session", "registry_accesssession", "outbox_partnertoken"}
# Answers alike for everybody, or asked for elsewhere, and where.
APART = {
    "/accounts/": "logging in and out: test_login.py",
    "/me/leave/": "ends whatever session there is: test_mine.py",
    "/me/identity/": "closed where no identity service is connected: test_identity.py",
    "/session/keepalive/": "the session's own length: test_login.py",
    "/admin/": "the back office: test_permissions.py",
}
# Where the steps of a procedure are sent → the steps that there are.
STEPS: dict[str, Iterable[str]] = {
    "/desk/cases/{breach.case.uuid}/step/": case_views.FORMS,
    "/desk/checks/{check.uuid}/": checking.DEEDS,
    "/desk/consequences/{breach.case.uuid}/do/": consequences.ACTS,
    "/desk/grades/standards/{grading_standard.uuid}/": standards.DEEDS,
    "/desk/list-methods/{method_draft.uuid}/do/": list_methods.DEEDS,
    "/desk/lists/{listing.uuid}/do/": listing_views.FORMS,
    "/desk/objections/{accepted.uuid}/do/": objections.DEEDS,
    "/desk/rechecks/plans/{plan.uuid}/": rechecks.DEEDS,
    "/desk/registration/{registration.uuid}/": [*registrations.DEEDS, "hand-over"],
    "/desk/repair/{repair.uuid}/step/": repairs.FORMS,
    "/desk/supplements/{supplement.uuid}/do/": supplements.DEEDS,
    "/desk/typical/{case.uuid}/do/": set(typical.DEEDS) - set(typical.BY_WRITER),
    "/desk/typical/{case_draft.uuid}/do/": typical.BY_WRITER,
    "/desk/visits/{visit.uuid}/": visits.DEEDS,
}
# What a department's own system may do: (method, address) → the one scope that lets it.
MACHINES = {
    ("post", "/api/v1/checks"): Scope.CHECKS, ("get", "/api/v1/commitments"): Scope.READ,
    ("post", "/api/v1/commitments"): Scope.COMMITMENTS, ("post", "/api/v1/fulfilments"): Scope.FULFILMENTS,
    ("post", "/api/v1/breaches"): Scope.BREACHES, ("get", "/api/v1/duties"): Scope.READ,
    ("post", "/api/v1/credit-entries"): Scope.CREDIT_ENTRIES,
    ("post", "/api/v1/complaints"): Scope.COMPLAINTS, ("get", "/api/v1/reports"): Scope.CHECKS,
    ("post", "/api/v1/reports"): Scope.CHECKS,
    ("get", "/api/v1/reports/{fetched.number}/document"): Scope.CHECKS,
}  # fmt: skip


@pytest.fixture(scope="module")
def built(scene) -> Wide:
    return scene(Wide)


@pytest.fixture
def office(built, db) -> Wide:
    return mine(built)


@pytest.fixture
def bare(monkeypatch) -> None:
    """Whether a page opens, not what stands on it: thousands are asked for here. The clock stands where the samples are."""
    known_at_once(monkeypatch)
    refuse_in_words(monkeypatch)
    monkeypatch.setattr(
        "django.template.backends.django.Template.render",
        lambda self, context=None, request=None: SafeString(""),
    )
    set_clock(monkeypatch, timedelta(hours=1))


def set_clock(monkeypatch: Any, later: timedelta) -> None:
    now = factories.NOW + later
    monkeypatch.setattr(clock, "now", lambda: now)


def filled(address: str, office: Wide) -> str:
    return address.format(**vars(office))


class Asked:
    """What an address answered, and whether anything was written meanwhile."""

    def __init__(self, client: Client, method: str, path: str, data: dict[str, str]) -> None:
        self.wrote: list[str] = []
        kept = dict(client.cookies)
        with connection.execute_wrapper(self._see), undone():
            answer = getattr(client, method)(path, data if method == "post" else None)
            self.status, self.to = answer.status_code, answer.headers.get("Location", "")
        client.cookies.clear()
        client.cookies.update(kept)

    def _see(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = re.match(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql)
        if found and found[1] not in USED:
            self.wrote.append(found[1])
        return execute(sql, params, many, context)

    @property
    def at_the_door(self) -> bool:
        return self.status == 302 and any(door in self.to for door in DOORS)

    @property
    def opened(self) -> bool:
        """Let in: shown the page, told what is missing, or led on; not sent to a door."""
        return self.status < 500 and self.status not in (401, 403, 404, 405) and not self.at_the_door

    @property
    def refused(self) -> bool:
        return self.at_the_door or self.status in (401, 403, 404, 405)


def wrongs(
    address: str, row: Row, place: str, clients: dict[str, Client], office: Wide
) -> list[tuple[Any, ...]]:
    """Where an address answers otherwise than the table says."""
    path, found = filled(address, office), []
    for method, named in (("get", row.get), ("post", row.post)):
        if not named and place != "own":
            continue
        allowed = row.opens(method, place, address)
        # Who is named nowhere is refused by the role, before any method: elsewhere once is enough.
        first = method == ("get" if row.get else "post")
        for letter, client in clients.items():
            if place != "own" and not first and letter not in row.get + row.post:
                continue
            asked = Asked(client, method, path, row.data)
            if not named:
                # The method is not served: whoever may do the other thing is told so, or led to the page.
                known = row.opens("post" if method == "get" else "get", place, address)
                right = asked.refused or (letter in known and not asked.wrote)
                if method == "get":
                    right = asked.status != 200
            else:
                right = asked.opened if letter in allowed else asked.refused and not asked.wrote
            if not right:
                found.append((method, place, letter, address, asked.status, asked.to, asked.wrote))
    return found


def in_lines(wrong: list[tuple[Any, ...]]) -> str:
    """The first of them one below the other: pytest would show them in one line."""
    return "\n".join(" ".join(str(part) for part in one) for one in [(len(wrong),), *wrong[:200]])


def test_every_address_stands_in_a_table(office):
    known = {
        "/" + as_written(resolve(filled(address, office).partition("?")[0]).route)
        for table in TABLES.values()
        for address in table
    } | {"/" + resolve(filled(address, office)).route for _method, address in MACHINES}
    missing = [route for route in routes() if route not in known and not route.startswith(tuple(APART))]
    assert not missing
    for table in TABLES.values():
        # Denied is worth nothing where nobody is let in.
        assert all(row.get or row.post for row in table.values())


def test_whoever_is_refused_at_the_desk_is_told_why_and_stays_at_the_desk(office):
    answer = office.staff_clients("own")["F"].post(
        filled("/desk/cases/{breach.case.uuid}/step/determine/", office)
    )
    page = answer.content.decode()
    assert answer.status_code == 403 and "您的角色不办理这一项" in page and ">工作台<" in page


def test_every_step_of_a_procedure_stands_in_the_table():
    """One address takes all steps of a procedure: each has its own row."""
    for start, known in STEPS.items():
        rows = [address for address in TABLES["desk"] if re.fullmatch(re.escape(start) + r"[\w-]+/", address)]
        assert {address.rsplit("/", 2)[1] for address in rows} == set(known), start


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["desk", "window"])
def test_staff_open_what_the_table_names_and_nothing_else(office, bare, name, place):
    clients = office.staff_clients(place)
    if place == "own":
        clients |= {letter: client for letter, client in office.outside().items() if letter in "PM"}
    wrong = []
    for address, row in TABLES[name].items():
        asked = clients
        if "T" in row.get + row.post and place == "own":
            asked = clients | {"T": office.tax_client()}
        wrong += wrongs(address, row, place, asked, office)
    assert not wrong, in_lines(wrong)


@pytest.mark.parametrize("place", PLACES[1:])
def test_a_record_of_the_back_office_opens_within_its_reach_and_nowhere_else(office, bare, place):
    wrong = []
    clients = {LETTERS[letter]: client for letter, client in office.staff_clients(place).items()}
    for label, row in office.rows().items():
        # Whoever has no right to the model is refused wherever it is: test_permissions.py.
        for role in back_office.allowed(label, "change"):
            asked = Asked(clients[role], "get", admin_address(label, "change", row), {})
            if asked.opened != (role in back_office.opens_elsewhere(label, place)):
                wrong.append((label, place, role, asked.status))
    assert not wrong, in_lines(wrong)


def test_a_subject_opens_its_own_pages_and_nobody_else_does(office, bare):
    clients = office.staff_clients("own") | office.outside()
    assert set(clients) == set(STAFF + OUTSIDE)
    wrong = []
    for address, row in TABLES["own"].items():
        wrong += wrongs(address, row, "own", clients, office)
    assert not wrong, in_lines(wrong)


def test_what_is_public_opens_for_everybody(office, bare, monkeypatch):
    # By then the breach is published.
    set_clock(monkeypatch, timedelta(days=40))
    wrong = []
    for address, row in TABLES["public"].items():
        clients = office.staff_clients("own") | office.outside()
        wrong += wrongs(address, row, "own", clients, office)
    assert not wrong, in_lines(wrong)


def test_a_system_does_what_its_scope_says_and_has_nothing_of_another_department(office, bare):
    wrong = []
    for (method, address), scope in MACHINES.items():
        path = filled(address, office)
        for name, client in (office.staff_clients("own") | office.outside()).items():
            if not Asked(client, method, path, {}).refused:
                wrong.append((method, address, name))
        for held, client in office.machines().items():
            answer = Asked(client, method, path, {})
            if (answer.opened != (held == scope)) or (held != scope and answer.wrote):
                wrong.append((method, address, held, answer.status, answer.wrote))
        stranger = Asked(office.machine_away(scope), method, path, {})
        if "{" in address and not stranger.refused:
            wrong.append((method, address, "away", stranger.status))
    assert not wrong, in_lines(wrong)
