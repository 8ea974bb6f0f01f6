"""A natural person opens its own pages by the identity service: a real provider on the loopback, signed tokens."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from credit_portal.audit import clock
from credit_portal.registry import access, acting, identity
from credit_portal.registry.models import SubjectAccess, User
from credit_portal.registry.services import set_responsible
from tests import factories as make
from tests import office, subjects
from tests.identity_server import CLIENT, SECRET, new_key, running

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture(autouse=True)
def at_ten(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def provider(monkeypatch):
    identity.forget()
    with running() as found:
        named = {"issuer": found.address, "client_id": CLIENT, "client_secret": SECRET}
        monkeypatch.setattr(settings, "OIDC", settings.OIDC | named)
        yield found
    identity.forget()


def claims(number: str, name: str, **more: object) -> dict[str, object]:
    moment = int(NOW.timestamp())
    return {"id_number": number, "name": name, "iat": moment, "exp": moment + 300} | more


def come_back(provider, client: Client, **given: object):
    """From our link to the provider and back, up to the page where one chooses."""
    there = client.get("/me/identity/?next=/me/record/")
    assert there.status_code == 302
    return client.get(provider.log_in(there.url, **given))


def represent(company, name: str, number: str) -> None:
    set_responsible(
        subject=company, capacity="legal_representative", name=name, source="licence", actor=None, department=None,
        now=NOW, id_number=number,
    )  # fmt: skip


def test_without_a_service_nothing_mentions_one():
    client = Client()
    assert not identity.enabled()
    assert "统一身份认证" not in client.get("/me/enter/").content.decode()
    for address in ("/me/identity/", "/me/identity/back/", "/me/identity/choose/"):
        assert client.get(address).status_code == 404


@pytest.mark.req("R58")
def test_a_person_chooses_for_whom_it_acts_among_its_own(provider):
    person, company, shop = make.person(), make.subject(), make.subject(kind="sole_trader")
    number = person.id_number
    represent(company, person.name, number)
    represent(shop, person.name, number)
    helped, over, stranger = make.subject(), make.subject(), make.subject()
    agent = subjects.opened(helped, capacity="agent", name=person.name, id_number=number, scope="view")
    gone = subjects.opened(over, capacity="agent", name=person.name, id_number=number)
    access.end_by_subject(access_id=gone.pk, by=gone, now=NOW)
    represent(stranger, "另一人", make.id_number())
    client, accounts = Client(), User.objects.count()
    assert "用统一身份认证进入" in client.get("/me/enter/").content.decode()
    answer = come_back(provider, client, **claims(number, person.name))
    assert answer.url == "/me/identity/choose/"
    page = client.get(answer.url).content.decode()
    assert number not in page and number not in str(client.cookies)
    for subject in (person, company, shop, helped):
        assert subject.name in page
    for subject in (over, stranger):
        assert subject.name not in page
    assert "法定代表人（负责人）" in page and "经营者" in page and "只能查看" in page
    refused = client.post(answer.url, {"subject": str(stranger.uuid)})
    assert refused.status_code == 422 and "请选择" in refused.content.decode()
    entered = client.post(answer.url, {"subject": str(company.uuid)})
    assert entered.url == "/me/record/" and acting.COOKIE in entered.cookies
    held = SubjectAccess.objects.get(subject=company)
    assert (held.channel, held.capacity, held.opened_by) == ("identity", "legal_representative", None)
    assert (
        held.valid_until == NOW.date() + timedelta(days=90)
        and company.name in client.get("/me/").content.decode()
    )
    # Again, on another device: the same access. As an agent: the one that the window has opened.
    for subject, by in ((company, held), (helped, agent)):
        device = Client()
        assert (
            device.post(
                come_back(provider, device, **claims(number, person.name)).url, {"subject": str(subject.uuid)}
            ).status_code
            == 302
        )
        assert by.sessions.count() and SubjectAccess.objects.filter(subject=subject).count() == 1
    assert User.objects.count() == accounts
    # Who is not known has nothing to see.
    nobody = Client()
    page = nobody.get(come_back(provider, nobody, **claims(make.id_number(), "生人")).url)
    assert "没有可以查看的内容" in page.content.decode()


@pytest.mark.req("R58")
def test_a_token_that_is_not_genuine_opens_nothing(provider):
    person = make.person()
    good = claims(person.id_number, person.name)
    moment = int(NOW.timestamp())
    for wrong in (
        {"iss": "https://other.example"}, {"aud": "another"}, {"nonce": "of another login"}, {"exp": moment - 600},
        {"iat": moment + 3600}, {"id_number": "123"}, {"id_number": None}, {"name": 5}, {"aud": [CLIENT, "x"], "azp": "x"},
    ):  # fmt: skip
        answer = come_back(provider, Client(), **good | wrong)
        assert answer.status_code == 502 and "身份认证没有完成" in answer.content.decode(), wrong
    for signing, algorithm in ((new_key(), "RS256"), (None, "none"), (None, "HS256")):
        provider.signing, provider.algorithm = signing, algorithm
        assert come_back(provider, Client(), **good).status_code == 502, algorithm
    provider.signing, provider.algorithm = None, "RS256"
    assert come_back(provider, Client(), **good).status_code == 302


def test_an_answer_that_nobody_asked_for_opens_nothing(provider):
    person = make.person()
    good = claims(person.id_number, person.name)
    client, victim = Client(), Client()
    there = client.get("/me/identity/")
    back = provider.log_in(there.url, **good)
    # Another browser, a state of another login, a code used twice, an error instead of a code.
    assert victim.get(back).status_code == 400
    victim.get("/me/identity/")
    assert victim.get(back).status_code == 400
    assert client.get(back).status_code == 302
    there = client.get("/me/identity/")
    address = provider.log_in(there.url, **good)
    provider.granted.clear()
    assert client.get(address).status_code == 502
    assert client.get("/me/identity/back/?error=access_denied&state=x").status_code == 400
    assert Client().get("/me/identity/choose/").status_code == 400
    staff = office.client_of(make.staff("clerk"))
    assert [staff.get(f"/me/identity/{page}").status_code for page in ("", "back/", "choose/")] == [403] * 3
    provider.down = True
    identity.forget()
    answer = Client().get("/me/identity/")
    assert answer.status_code == 502 and "一次性代码" in answer.content.decode()
