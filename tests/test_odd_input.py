"""Whatever is typed, scanned or sent by a program gets an answer: no address of the portal breaks over its input."""

import re
from itertools import product
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commitments import drafting
from commitments.models import HandoverMapping
from credit_portal.audit import clock
from credit_portal.registry import groups
from disclosure.terms import FILTERS, PAGING

from . import factories, office, subjects
from .counter import Counter, signature_data_url
from .routes import routes
from .scenes import mine
from .shares import Shares
from .watching import Watched, broken_by_parameters, known_at_once, status_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]

# As they stand in an address: NUL, a lone surrogate, no UTF-8 at all, a noncharacter, too large, not quite a number,
# digits that are none for `int`, others that are.
IN_ADDRESS = [
    "%00", "%E6%A0%BE%00", "%ED%A0%80", "%FF%FE", "%F4%8F%BF%BF", "9" * 25, "9" * 5000, "-1", "1e400", "nan",
    "%C2%B2", "%D9%A3", "[", "%5C", "%25", "'\"--;", "2026-02-30", "0000-00-00", "__proto__", "%F0%A0%AE%B7",
]  # fmt: skip
AS_TYPED = [
    "", "\0", "栾\0城", "\ufffd", "\U0010ffff", "\0" * 18, "9" * 25, "9" * 5000, "-1", "1e400", "inf", "nan", "²", "٣", "[", "\\",
    "{}", "[[", '[{"part": "notice", "key": 1, "seconds": 1}]', "2026-02-30", "\u202e\u200b\u2028",
]  # fmt: skip
# Those of the above that broke something once; where everything would take too long, only these are tried.
SHARP_IN_ADDRESS = ["%00", "%ED%A0%80", "%C2%B2", "9" * 25, "1e400"]
SHARP = [
    "\0",
    "\0" * 18,
    "9" * 25,
    "1e400",
    "²",
    "[" * 100_000,
    '[{"part": "notice", "key": 1, "seconds": 1}]',
]
OF_PATH = {
    "int": ["0", "9" * 25],
    "uuid": ["00000000-0000-4000-8000-000000000000"],
    "commitment_code": ["0" * 20, "9" * 20],
    "uscc": ["0" * 18, "91130111MA0ZZZZZZ0", "130111198503071234"],
    "slug": ["x", "commitment"],
}
PARAMETERS = {
    "/": [*FILTERS, *PAGING, "q", "page", "domain", "next", "on", "nothing", "format"],
    "/window/": ["part", "change", "large"],
    "/admin/": ["q", "p", "o", "e", "all", "code", "item", "text", "_facets", "_popup", "_to_field", "next",
                "_changelist_filters", "nosuch__lookup"],
    "/cases/": ["kind", "page"],
    "/accounts/": ["next", "ended", "code"],
    # One description for everybody, long to make.
    "/api/v1/schema/": ["format", "lang", "version", "nothing"],
    # Whether the portal lives.
    "/healthz": ["format", "nothing"],
    "/readyz": ["format", "nothing"],
}  # fmt: skip
# What is sent to the addresses of the counter.
SENT = {
    "start": ["code"],
    "today": ["code"],
    "subject": ["kind", "name", "name_source", "legal_representative", "phone"],
    "check": ["item", "commitment_type", "case_ref"],
    "rename": ["name", "name_source"],
    "blanks": ["blank-完成日期"],
    "turn": ["blank-完成日期"],
    "present": ["part", "key", "seconds", "seal", "following"],
    "finish_reading": ["shown"],
    "signer": ["capacity", "signer_name", "identity_document", "signed_by"],
    "sign": ["capacity", "signer_name", "identity_document", "signed_by", "signature", "confirm_duplicate"],
    "void": ["reason"],
    "correct": ["reason"],
}
# What each address would take, so that the one odd value is what it has to deal with.
SOUND = {
    "name": "栾城区一家店", "name_source": "declared", "kind": "organisation", "phone": "", "commitment_type": "approval",
    "part": "notice", "key": "7e9a5b6c-1111-4222-8333-944444444444", "seconds": "5", "capacity": "legal_representative",
    "signer_name": "赵一", "identity_document": "id_card", "signed_by": "pad", "signature": signature_data_url(),
    "reason": "信息录入错误",
}  # fmt: skip
BROKEN = [
    (b"", "application/x-www-form-urlencoded"),
    (b"code=%00&name=%ED%A0%80&%FF=%FE", "application/x-www-form-urlencoded"),
    (b"--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n\xff\xfe\x00\r\n--x--", "multipart/form-data; boundary=x"),
    (b"nothing", "multipart/form-data"),
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"{\"code\": ", "application/json"),
    (b"\xff", "text/plain; charset=nosuch"),
]  # fmt: skip


def odd_paths(route: str) -> list[str]:
    """The addresses of a route with its parts filled oddly."""
    if "(?P" in route:
        return []
    parts = re.findall(r"<(?:(\w+):)?(\w+)>", route)
    if not parts:
        return [route]
    made = []
    turns = Shares(range(max(len(OF_PATH.get(kind, IN_ADDRESS)) for kind, _ in parts)))
    for turn in turns.at(route, few=4):
        path = route
        for kind, name in parts:
            samples = OF_PATH.get(kind, IN_ADDRESS)
            path = path.replace(f"<{kind}:{name}>" if kind else f"<{name}>", samples[turn % len(samples)])
        made.append(path)
    return made


@pytest.fixture
def watched(monkeypatch) -> None:
    monkeypatch.setattr("django.core.handlers.wsgi.QueryDict", Watched)


@pytest.fixture
def known(monkeypatch) -> None:
    known_at_once(monkeypatch)


@pytest.fixture(scope="module")
def built(scene) -> office.Office:
    return scene(office.Office)


@pytest.fixture
def place(built, db) -> office.Office:
    return mine(built)


def browsers(place: office.Office) -> dict[str, Client]:
    clients = {role: place.client(role) for role in place.people}
    clients["clerk"] = office.client_of(place.counter.clerk)
    clients["public"] = Client()
    for client in clients.values():
        client.raise_request_exception = False
    return clients


def known_addresses(place: office.Office) -> list[str]:
    """Addresses below which something is, in the back office."""
    made = []
    for label, row in place.rows().items():
        page = office.registered()[label]
        made += [page.url("changelist"), page.url("change", row), page.url("history", row)]
        made += [f"{page.url('changelist')}{row.pk}/{name}/" for name in getattr(page, "deeds", dict)()]
        if hasattr(page, "deeds"):
            made.append(page.url("add"))
    return made


def parameters_of(path: str) -> list[str]:
    for prefix, names in PARAMETERS.items():
        if prefix != "/" and path.startswith(prefix):
            return names
    return PARAMETERS["/"]


def filters_of(place: office.Office) -> dict[str, list[tuple[str, str, str]]]:
    """By the address of a list of the back office: the parameters of its filters, each as it may be spelt."""
    found = {}
    for label in place.rows():
        page = office.registered()[label]
        names = []
        for one in page.list_filter or ():
            name = one[0] if isinstance(one, tuple) else getattr(one, "parameter_name", one)
            names.append((name, f"{name}__exact", f"{name}_from"))
        found[page.url("changelist")] = names
    return found


def test_a_page_that_reads_a_parameter_is_told_from_one_that_does_not(watched):
    for path, names in (("/commitments/?q=x", {"q"}), ("/healthz?q=x", set())):
        Watched.read.clear()
        assert Client().get(path).status_code == 200
        assert Watched.read & {"q", None} >= names and bool(Watched.read) is bool(names)


def test_every_address_of_the_column_survives_odd_parts_and_parameters(place, known, watched):
    client = browsers(place)["public"]
    broken = []
    values = Shares(SHARP_IN_ADDRESS)
    for route in routes():
        if route.startswith(("/admin/", "/window/")) or "export" in route:
            continue
        for path in odd_paths(route):
            addresses = [path]
            if "<" not in route:
                broken += broken_by_parameters(client, path, parameters_of(path), values, route)
                addresses += [f"{path}?{IN_ADDRESS[2]}={IN_ADDRESS[3]}", f"{path}?&&==&%"]
            broken += [(a[:120], s) for a in addresses if (s := status_of(client, "get", a)) >= 500]
    code = place.commitment.code
    for base in (
        f"/commitments/{code}/",
        f"/subjects/{place.commitment.subject_code}/",
        f"/api/v1/public/subjects/{code[:18]}",
    ):
        broken += broken_by_parameters(client, base, PARAMETERS["/"], values, base)
    assert not broken and not values.untried


def test_every_list_of_the_back_office_survives_odd_parameters(place, known):
    clients = browsers(place)
    broken = []
    sharp = Shares(SHARP_IN_ADDRESS[::2])
    ways = Shares(range(3))
    # Who reads nearly everything is asked first.
    readers = sorted(clients, key=lambda role: role not in (groups.CREDIT_OFFICE, groups.AUDITOR))
    for address, filters in filters_of(place).items():
        reader = next(clients[role] for role in readers if status_of(clients[role], "get", address) == 200)
        # What Django itself reads is read alike on every list.
        own = PARAMETERS["/admin/"] if address.endswith("/commitment/") else ["q"]
        # A filter is asked for in one of its ways here, in all of them by `make fuzz`.
        for name in [*own, *(spelt[way] for spelt in filters for way in ways.at(address, spelt[0], few=1))]:
            # Each kind of search of its own gets everything; the others what has broken something once.
            whole = name == "q" and address.endswith(("/commitment/", "/creditsubject/", "/auditevent/"))
            for value in IN_ADDRESS if whole else sharp.at(address, name, few=1):
                status = status_of(reader, "get", f"{address}?{name}={value}")
                if status >= 500:
                    broken.append((address, name, value[:30], status))
    assert not broken and not sharp.untried and not ways.untried


ENDINGS = ("", "change/", "history/", "delete/", "edit/", "confirm/", "evidence/x/")


def test_every_record_page_of_the_back_office_survives_odd_numbers(place, known):
    client = browsers(place)["credit_office"]
    broken = []
    values = [*SHARP_IN_ADDRESS, "_5F", "1_2F2", "add"]
    pages = Shares([(one, "change/") for one in values])
    others = Shares(list(product(SHARP_IN_ADDRESS[:3], [one for one in ENDINGS if one != "change/"])))
    for label in place.rows():
        base = office.registered()[label].url("changelist")
        for value, ending in (*pages.at(label, few=2), *others.at(label, few=3)):
            status = status_of(client, "get", f"{base}{value}/{ending}")
            if status >= 500:
                broken.append((base, value[:30], ending, status))
    assert not broken and not pages.untried and not others.untried


def fields_of(client: Client, address: str) -> set[str]:
    page = client.get(address)
    if page.status_code != 200 or page.streaming:
        return set()
    return set(
        re.findall(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"', page.content.decode(errors="replace"))
    )


def test_every_form_of_the_back_office_survives_odd_input(place, known):
    clients = browsers(place)
    broken = []
    values, bodies = Shares(("", "栾\0城", "\U0010ffff", "9" * 5000, "inf", "²")), Shares(BROKEN)
    for address in known_addresses(place):
        for role in ("credit_office", "security_admin", "system_admin", "approval_bureau"):
            client = clients[role]
            # Whether anything is taken there at all is answered quicker than the page is drawn.
            answers = [
                (body[:30], status_of(client, "generic", "POST", address, body, kind))
                for body, kind in bodies.at(address, few=1)
            ]
            if answers[0][1] in (403, 404, 405):
                continue
            names = fields_of(client, address) - {"csrfmiddlewaretoken"}
            # All fields at once.
            for value in values.at(address, few=1) if names else ():
                answers.append((value[:30], status_of(client, "post", address, dict.fromkeys(names, value))))
            broken += [(role, address, sent, status) for sent, status in answers if status >= 500]
            if names:
                break
    assert not broken and not values.untried and not bodies.untried


@pytest.mark.parametrize("step", ["newcomer", "read", "sign"])
def test_every_address_of_the_counter_survives_odd_input(place, known, step):
    now = clock.now()
    hall = Counter.open(blanks=({"key": "完成日期", "kind": "date", "required": False},))
    client = office.client_of(hall.clerk)
    client.raise_request_exception = False
    code = place.commitment.code
    match step:
        case "newcomer":
            draft = drafting.open_draft(clerk=hall.clerk, code=factories.organisation_code(9_999), now=now)
        case "read":
            draft = hall.checked(now=now)
        case _:
            draft = hall.ready(now=now)
    on_draft = ("draft", "subject", "check", "rename", "another", "discard", "ordinary_notice", "blanks", "turn",
                "present", "finish_reading", "reread", "signer", "sign", "state")  # fmt: skip
    addresses = {name: reverse(f"window:{name}") for name in ("start", "drafts", "today")}
    addresses |= {name: reverse(f"window:{name}", args=[draft.pk]) for name in on_draft}
    addresses |= {
        name: reverse(f"window:{name}", args=[code]) for name in ("commitment", "void", "correct", "result")
    }
    addresses |= {name: reverse(f"window:{name}", args=[code, "x"]) for name in ("print", "paper_pdf")}
    sound = SOUND | {"item": str(hall.item.pk)}
    broken = []
    # By the page and by its script.
    sharp = Shares(list(product(SHARP, ({}, {"accept": "application/json", "hx-request": "true"}))))
    bodies = Shares(BROKEN)
    for address, path in addresses.items():
        for name, value in (("part", "%00"), ("change", "%ED%A0%80"), ("large", "9" * 5000)):
            if status_of(client, "get", f"{path}?{name}={value}") >= 500:
                broken.append((address, "get", name))
        for name in SENT.get(address, []):
            for value, headers in sharp.at(step, address, name, few=3):
                if status_of(client, "post", path, sound | {name: value}, headers=headers) >= 500:
                    broken.append((address, name, value[:60]))
        for body, kind in bodies.at(step, address, few=2):
            if status_of(client, "generic", "POST", path, body, kind) >= 500:
                broken.append((address, body[:60]))
    assert not broken and not sharp.untried and not bodies.untried


def test_every_own_page_of_a_subject_survives_odd_input(place, known, watched):
    now = clock.now()
    subject = place.breach.case.subject
    client = subjects.client_of(subjects.opened(subject, now=now), now=now)
    client.raise_request_exception = False
    case = place.breach.case
    broken = []
    values, bodies, typed = Shares(SHARP_IN_ADDRESS), Shares(BROKEN), Shares(AS_TYPED)
    for route in routes():
        if not route.startswith("/me/"):
            continue
        own = route.replace("<uuid:uuid>", str(case.uuid)).replace(
            "<commitment_code:code>", case.commitment.code
        )
        for path in {*odd_paths(route), *odd_paths(own)}:
            if (status := status_of(client, "get", path)) >= 500:
                broken.append((path[:120], status))
            broken += broken_by_parameters(client, path, ("before", "next", "own", "only"), values, route)
            for body, kind in bodies.at(route, few=2):
                if (status := status_of(client, "generic", "POST", path, body, kind)) >= 500:
                    broken.append((path, body[:30], status))
    public = Client()
    public.raise_request_exception = False
    for address, names in (
        ("/me/enter/", ("subject_code", "code", "next")),
        (f"/me/statement/{case.uuid}/", ("text",)),
    ):
        browser = public if address == "/me/enter/" else client
        sound = {"subject_code": subject.uscc, "code": "AAAAAAAAAA", "next": "/me/"}
        for name in names:
            for value in typed.at(address, name, few=10):
                if (status := status_of(browser, "post", address, sound | {name: value})) >= 500:
                    broken.append((address, name, value[:30], status))
    assert not broken and not values.untried and not bodies.untried and not typed.untried


def test_logging_in_survives_odd_input(place):
    client = browsers(place)["public"]
    broken = []
    for address in (
        "/accounts/login/",
        "/accounts/password/reset/",
        "/session/keepalive/",
        "/accounts/reauthenticate/",
    ):
        for name in ("login", "password", "email", "next"):
            for value in AS_TYPED:
                if (
                    status_of(
                        client,
                        "post",
                        address,
                        {"login": "x", "password": "y", "email": "a@b.cn"} | {name: value},
                    )
                    >= 500
                ):
                    broken.append((address, name, value[:30]))
        for body, kind in BROKEN:
            if status_of(client, "generic", "POST", address, body, kind) >= 500:
                broken.append((address, body[:30]))
    assert not broken


def test_every_address_of_a_handover_survives_odd_input(place, known):
    client = browsers(place)["officer"]
    mapping = f"/desk/handover/mappings/{place.mapping.pk}/"
    job = f"/desk/handover/jobs/{place.handover_job.uuid}/"
    form = client.get(mapping).context["form"]
    sound = {name: form[name].value() or "" for name in form.fields}
    before = HandoverMapping.objects.count()
    # It is sound: odd is only what is put into it.
    assert status_of(client, "post", mapping, sound) == 302
    broken = []
    # The whole form at once, then one field of each kind in an otherwise sound form.
    kinds = [
        name for name in sound if re.fullmatch(r"c0|r15|k3|k8|k17|day_order|t11_0|o11_0|t11_6|o11_6", name)
    ]
    assert len(kinds) >= 8
    odd = (*AS_TYPED, "[" * 100_000, "none", "101")
    ways, alone = Shares((True, False)), Shares(odd)
    for value in odd:
        sent: list[dict[str, Any]] = [
            {key: [value, value] if twice else value for key in sound} for twice in ways.at(value[:30], few=1)
        ]
        broken += [
            ("mapping", value[:30]) for data in sent if status_of(client, "post", mapping, data) >= 500
        ]
    for name in kinds:
        for value in alone.at(name, few=4):
            if status_of(client, "post", mapping, sound | {name: value}) >= 500:
                broken.append((name, value[:30]))
    for name in sound:
        if status_of(client, "post", mapping, {k: v for k, v in sound.items() if k != name}) >= 500:
            broken.append(("missing", name))
    sides = {"giver_person": "赵一", "receiver": "信用办", "receiver_person": "钱二", "on": "2026-11-30"}
    typed = Shares((*AS_TYPED, "0001-01-01", "9999-12-31"))
    for name in sides:
        for value in typed.at(name, few=8):
            if status_of(client, "post", f"{job}protocol/", sides | {name: value}) >= 500:
                broken.append((name, value[:30]))
    files = (b"", b"\xff\xfe\x00", b"PK\x03\x04", "编号\n\0\n".encode(), ",".join(["甲"] * 20_000).encode() + b"\n1\n",
             f"{'甲' * 5000}\n1\n".encode(), "编号,编号\n1,2\n".encode())  # fmt: skip
    names = Shares(("样表.xlsx", "样表.csv", "x", "a\0b.csv", "长" * 300 + ".csv"))
    for number, content in enumerate(files):
        for address, more in (
            ("/desk/handover/", {"name": "别的", "source": "workbook"}),
            (f"{mapping}trial/", {"other_as": ""}),
        ):
            for name in names.at(address, "abcdefg"[number], few=2):
                data = more | {"file": SimpleUploadedFile(name, content)}
                if status_of(client, "post", address, data) >= 500:
                    broken.append((address, name, content[:30]))
    beside = Shares(AS_TYPED)
    for name, address in product(("name", "source", "other_as"), ("/desk/handover/", f"{mapping}trial/")):
        for value in beside.at(name, address, few=6):
            data = {"name": "别的", "source": "workbook", "other_as": ""} | {name: value}
            file = SimpleUploadedFile("样表.csv", "编号,名称\n1,甲\n".encode())
            if status_of(client, "post", address, data | {"file": file}) >= 500:
                broken.append((address, name, value[:30]))
    bodies = Shares(BROKEN)
    for address in ("/desk/handover/", mapping, f"{mapping}trial/", f"{job}receive/", f"{job}protocol/"):
        for body, kind in bodies.at(address, few=3):
            if status_of(client, "generic", "POST", address, body, kind) >= 500:
                broken.append((address, body[:30]))
    values = Shares(IN_ADDRESS)
    for name in ("before", "mappings_before"):
        for value in values.at(name, few=12):
            if status_of(client, "get", f"/desk/handover/?{name}={value}") >= 500:
                broken.append((name, value[:30]))
    assert not broken and HandoverMapping.objects.count() == before
    assert not any(one.untried for one in (ways, alone, typed, names, beside, bodies, values))
