"""A subject's way to its own pages: the code from the window, the session apart from that of staff, its end."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.registry import access, access_rules, acting, codes
from credit_portal.registry.access import AccessError, TooManyWrong
from credit_portal.registry.models import AccessCode, AccessSession, SubjectAccess, WrongCode
from credit_portal.registry.services import set_responsible
from tests import factories as make
from tests import office
from tests.subjects import NOW, client_of, code_of, opened

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def at_ten(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


# ---- the rules (pure) --------------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 9, 10), datetime(2026, 9, 24)).map(
    lambda moment: moment.replace(tzinfo=clock.SHANGHAI)
)
TRIES = st.lists(
    st.tuples(MOMENTS, st.sampled_from([1, 2]), st.sampled_from(["right", "wrong"])), max_size=14
)


@pytest.mark.req("R58")
@given(TRIES, st.integers(0, 8), st.integers(0, 8), st.integers(0, 96))
def test_a_code_opens_once_in_its_term_and_for_its_own_subject_only(tries, begins, lasts, hours):
    first = date(2026, 9, 10) + timedelta(days=begins)
    code = access_rules.Code(
        subject_id=1,
        digest="right",
        expires_at=datetime(2026, 9, 12, tzinfo=clock.SHANGHAI) + timedelta(hours=hours),
        valid_from=first,
        valid_until=first + timedelta(days=lasts),
    )
    opened_by, wrong = [], 0
    for moment, subject_id, digest in sorted(tries):
        before = code
        code, opens = access_rules.attempt(
            code, subject_id=subject_id, digest=digest, now=moment, today=moment.date()
        )
        if opens:
            opened_by.append((moment, subject_id, digest))
            assert wrong < access_rules.MOST_TRIES
        else:
            assert code.used == before.used
            wrong = code.tries
    assert len(opened_by) <= 1
    for moment, subject_id, digest in opened_by:
        assert (subject_id, digest) == (1, "right")
        assert moment < code.expires_at and code.valid_from <= moment.date() <= code.valid_until
    assert code.tries <= access_rules.MOST_TRIES
    ended = access_rules.replace(code, ended=True, used=False, tries=0)
    assert not access_rules.attempt(ended, subject_id=1, digest="right", now=NOW, today=TODAY)[1]


def test_codes_have_no_character_that_is_taken_for_another():
    made = {access_rules.new_code() for _ in range(200)}
    assert len(made) == 200 and all(len(code) == 10 for code in made)
    assert not set("0OQD1IL2Z5S8BUV") & set(access_rules.LETTERS)
    code = made.pop()
    assert access_rules.cleaned(f" {access_rules.shown(code).lower()}-") == code


@given(st.integers(0, 60), st.integers(0, 60), st.booleans(), st.booleans())
def test_a_device_is_in_for_thirty_days_without_use_and_never_beyond_its_access(idle, _more, ended, runs):
    lives = access_rules.session_lives(
        seen_at=NOW - timedelta(days=idle), ended=ended, access_runs=runs, now=NOW
    )
    assert lives == (runs and not ended and idle < 30)


def test_the_term_has_an_end():
    assert access_rules.check_term(today=TODAY, valid_until=TODAY - timedelta(days=1))
    assert access_rules.check_term(today=TODAY, valid_until=TODAY + timedelta(days=366))
    assert not access_rules.check_term(today=TODAY, valid_until=TODAY + timedelta(days=365))


# ---- opened ------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.mark.req("R58")
def test_each_kind_of_subject_has_whoever_may_act_for_it():
    company, shop, person = make.subject(), make.subject(kind="sole_trader"), make.person()
    clerk = make.staff("clerk")
    for subject, wrong in (
        (company, "self"),
        (company, "operator"),
        (shop, "legal_representative"),
        (person, "operator"),
    ):
        with pytest.raises(AccessError, match="这类主体可以由") as refused:
            opened(subject, capacity=wrong)
        assert refused.value.field == "capacity"
    with pytest.raises(AccessError, match="不是这个主体的"):
        opened(person, id_number=make.id_number())
    with pytest.raises(AccessError, match="与登记的姓名不一致"):
        opened(person, name="另一人")
    number = make.id_number()
    set_responsible(
        subject=company, capacity="legal_representative", name="钱多多", source="licence", actor=None,
        department=None, now=NOW, id_number=number,
    )  # fmt: skip
    with pytest.raises(AccessError) as refused:
        opened(company, name="赵一")
    assert refused.value.field == "name"
    with pytest.raises(AccessError) as refused:
        opened(company, name="钱多多")
    assert refused.value.field == "id_number"
    held = opened(company, name="钱多多", id_number=number, actor=clerk)
    assert (
        held.may_act
        and not held.as_agent
        and held.id_number == number
        and number not in held.id_number_sealed
    )
    agent = opened(company, capacity="agent", name="孙三", scope="view", actor=clerk)
    assert agent.as_agent and not agent.may_act
    # A principal is never limited, and a key opens once.
    assert opened(shop, scope="view").may_act
    again = opened(company, capacity="agent", name="孙三", key=agent.uuid)
    assert again.pk == agent.pk and SubjectAccess.objects.filter(subject=company).count() == 2
    for days in (-1, 366):
        with pytest.raises(AccessError) as refused:
            opened(shop, days=days)
        assert refused.value.field == "valid_until"
    assert "钱多多" not in str(list(AuditEvent.objects.values_list("facts", flat=True)))
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectAccess.objects.filter(pk=agent.pk)._raw_delete("default")


def enter(subject, code: str, *, address: str = "10.0.0.1", now: datetime = NOW) -> access.Entered:
    return access.enter(subject_code=subject.uscc or subject.id_number, code=code, address=address, now=now)


@pytest.mark.req("R58")
def test_the_code_of_the_slip_opens_once_and_a_new_slip_makes_the_old_one_worthless():
    company = make.subject()
    held = opened(company)
    first = code_of(held)
    second = code_of(held)
    stored = str(list(AccessCode.objects.values())) + str(list(AuditEvent.objects.values_list("facts")))
    assert first not in stored and second not in stored
    with pytest.raises(AccessError, match="代码不正确"):
        enter(company, first)
    with pytest.raises(AccessError):
        enter(make.subject(), second)
    entered = enter(company, f" {second[:5].lower()}-{second[5:]}")
    assert entered.access.pk == held.pk and entered.token not in str(list(AccessSession.objects.values()))
    with pytest.raises(AccessError):
        enter(company, second)
    late = code_of(held)
    with pytest.raises(AccessError):
        enter(company, late, now=NOW + timedelta(hours=72))
    assert enter(company, late, now=NOW + timedelta(hours=71, minutes=59)).access.pk == held.pk
    verbs = list(
        AuditEvent.objects.filter(target_type="subject_access")
        .order_by("pk")
        .values_list("verb", "facts__deed")
    )
    assert (
        verbs[0][0] == "access.opened"
        and ("access.code", "used") in verbs
        and ("access.session", "entered") in verbs
    )


@pytest.mark.req("R58")
def test_five_wrong_tries_kill_a_code_and_strangers_who_cannot_name_its_beginning_do_not():
    company = make.subject()
    held = opened(company)
    code = code_of(held)
    other = "3" if code[-1] != "3" else "4"
    stranger = ("3" if code[0] != "3" else "4") + code[1:]
    for turn in range(8):
        with pytest.raises(AccessError):
            enter(company, stranger, address=f"10.0.1.{turn}")
    assert AccessCode.objects.get(access=held).tries == 0
    for turn in range(5):
        with pytest.raises(AccessError):
            enter(company, code[:-1] + other, address=f"10.0.2.{turn}")
    assert AccessCode.objects.get(access=held).tries == 5
    with pytest.raises(AccessError):
        enter(company, code)
    assert AuditEvent.objects.filter(verb="access.code", facts__deed="dead").count() == 1


@pytest.mark.req("R58")
def test_wrong_codes_are_slowed_down_by_address_and_by_subject_and_forgotten_after_a_while():
    company, neighbour = make.subject(), make.subject()
    held = opened(company)
    code = code_of(held)
    for _ in range(access_rules.MOST_WRONG_TOGETHER):
        with pytest.raises(AccessError, match="代码不正确"):
            enter(company, "AAAAAAAAAA")
    with pytest.raises(TooManyWrong, match="过 15 分钟"):
        enter(company, code)
    # From elsewhere, and for somebody else from here, it goes on.
    with pytest.raises(AccessError, match="代码不正确"):
        enter(neighbour, "AAAAAAAAAA")
    with pytest.raises(AccessError, match="代码不正确"):
        enter(company, "AAAAAAAAAA", address="10.9.9.9")
    WrongCode.objects.bulk_create(
        [
            WrongCode(at=NOW, address=WrongCode.objects.order_by("pk")[0].address, subject=f"{turn}")
            for turn in range(access_rules.MOST_WRONG_BY_ADDRESS)
        ]
    )
    with pytest.raises(TooManyWrong):
        enter(make.subject(), "AAAAAAAAAA")
    later = NOW + access_rules.WINDOW + timedelta(seconds=1)
    assert enter(company, code, now=later).access.pk == held.pk
    stored = str(list(WrongCode.objects.values()))
    assert company.uscc not in stored and "10.0.0.1" not in stored
    with pytest.raises(AccessError):
        enter(company, "AAAAAAAAAA", now=NOW + timedelta(days=2))
    assert WrongCode.objects.count() == 1


def test_a_wrong_code_costs_and_says_the_same_whether_the_subject_exists_or_not():
    known, unknown = make.subject(), make.organisation_code()
    code_of(opened(known))
    said, queries = [], []
    for code in (known.uscc, unknown):
        with (
            CaptureQueriesContext(
                connection,
            ) as counted,
            pytest.raises(AccessError) as refused,
        ):
            access.enter(subject_code=code, code="AAAAAAAAAA", address=code, now=NOW)
        said.append(str(refused.value))
        queries.append(len(counted))
    assert said[0] == said[1] and queries[0] == queries[1]


# ---- the session -------------------------------------------------------------------------------------------


@pytest.mark.req("R58")
def test_a_subject_comes_in_by_the_two_codes_and_goes_out_again(client):
    company = make.subject()
    code = code_of(opened(company))
    asked = client.get("/me/?tab=1")
    assert asked.status_code == 302 and asked.url == "/me/enter/?next=%2Fme%2F%3Ftab%3D1"
    page = client.get(asked.url)
    assert (
        page.status_code == 200 and "noindex" in page["X-Robots-Tag"] and "no-store" in page["Cache-Control"]
    )
    assert "统一身份认证" not in page.content.decode()
    wrong = client.post("/me/enter/", {"subject_code": company.uscc, "code": "AAAAAAAAAA"})
    assert wrong.status_code == 422 and "代码不正确" in wrong.content.decode()
    assert client.post("/me/enter/", {"subject_code": "12", "code": "A"}).status_code == 422
    answer = client.post("/me/enter/", {"subject_code": company.uscc, "code": code, "next": "/me/?tab=1"})
    assert answer.status_code == 302 and answer.url == "/me/?tab=1"
    cookie = answer.cookies[acting.COOKIE]
    assert cookie["path"] == "/me/" and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) == 91 * 24 * 3600
    home = client.get("/me/")
    assert home.status_code == 200 and company.name in home.content.decode()
    assert client.get("/me/enter/").url == "/me/"
    for elsewhere in (
        "https://evil.example/me/",
        "//evil.example/me/",
        "/window/",
        "/me/\\evil",
        "javascript:1",
    ):
        assert client.get("/me/enter/", {"next": elsewhere}).url == "/me/"
    assert client.post("/me/leave/").url == "/me/enter/"
    client.cookies[acting.COOKIE] = cookie.value
    assert client.get("/me/").status_code == 302


def test_a_member_of_staff_and_a_subject_never_share_a_browser():
    company, clerk = make.subject(), make.staff("clerk")
    held = opened(company)
    both = office.client_of(clerk)
    both.cookies[acting.COOKIE] = access.begin_session(access=held, now=NOW).token
    refused = both.get("/me/")
    assert refused.status_code == 403 and "工作人员账号" in refused.content.decode()
    assert AccessSession.objects.get(access=held).ended_at == NOW
    code = code_of(held)
    assert both.get("/me/enter/").status_code == 403
    assert both.post("/me/enter/", {"subject_code": company.uscc, "code": code}).status_code == 403
    assert AccessCode.objects.filter(used_at__isnull=True, withdrawn_at__isnull=True).count() == 1
    # The other way round: a subject is nobody to the pages of staff.
    subject = client_of(opened(company))
    for address in ("/window/", "/desk/", "/admin/"):
        assert subject.get(address).status_code == 302


def test_a_device_that_was_not_used_for_a_month_is_out_and_one_in_use_stays(monkeypatch):
    held = opened(make.subject())
    client = client_of(held)
    for days in (20, 45, 74):
        monkeypatch.setattr(clock, "now", lambda days=days: NOW + timedelta(days=days))
        assert client.get("/me/").status_code == 200, days
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=91))
    assert client.get("/me/").status_code == 302  # its term is over
    other = client_of(opened(make.subject(), days=300))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=31))
    assert other.get("/me/").status_code == 302


@acting.for_subjects(act=True)
def _acts(request):
    return request.acting


def test_an_agent_who_may_only_look_cannot_act(rf, django_user_model):
    from django.contrib.auth.models import AnonymousUser

    company = make.subject()
    for scope, may in (("view", False), ("act", True)):
        held = opened(company, capacity="agent", name="孙三", scope=scope)
        request = rf.get("/me/")
        request.user = AnonymousUser()
        request.COOKIES[acting.COOKIE] = access.begin_session(access=held, now=NOW).token
        found = acting.acting_of(request)
        assert (found.subject.pk, found.name, found.as_agent, found.may_act) == (
            company.pk,
            "孙三",
            True,
            may,
        )
        if not may:
            with pytest.raises(PermissionDenied, match="只能查看"):
                _acts(request)


# ---- ended -------------------------------------------------------------------------------------------------


def test_an_access_is_ended_by_the_subject_the_window_or_the_office_and_every_device_is_out():
    company, department = make.subject(), make.department()
    clerk, colleague = make.staff("clerk", department=department), make.staff("clerk", department=department)
    principal = opened(company, actor=clerk)
    agent = opened(company, capacity="agent", name="孙三", actor=clerk)
    stranger = opened(make.subject(), actor=clerk)
    code_of(agent)
    devices = [client_of(agent), client_of(agent)]
    for wrong, by in ((principal, agent), (agent, stranger)):
        with pytest.raises(AccessError, match="只能终止"):
            access.end_by_subject(access_id=wrong.pk, by=by, now=NOW)
    access.end_by_subject(access_id=agent.pk, by=principal, now=NOW)
    assert [device.get("/me/").status_code for device in devices] == [302, 302]
    assert not AccessCode.objects.filter(access=agent, withdrawn_at__isnull=True).exists()
    with pytest.raises(AccessError, match="已经终止"):
        access.end_by_subject(access_id=agent.pk, by=principal, now=NOW)
    with pytest.raises(AccessError, match="已经终止或者到期"):
        code_of(agent)
    for somebody in (make.staff("clerk"), make.staff("officer", department=department)):
        with pytest.raises(AccessError, match="由开通的单位"):
            access.end_by_staff(access_id=principal.pk, reason="丢失手机", actor=somebody, now=NOW)
    with pytest.raises(AccessError):
        access.end_by_staff(access_id=principal.pk, reason=" ", actor=colleague, now=NOW)
    access.end_by_staff(access_id=principal.pk, reason="丢失手机", actor=colleague, now=NOW)
    credit = make.staff("credit_office", department=make.department(kind="credit_office"))
    access.end_by_staff(access_id=stranger.pk, reason="冒用", actor=credit, now=NOW)
    assert not access.running(SubjectAccess.objects.all(), today=TODAY).exists()


def test_who_does_not_represent_the_subject_any_more_is_out_and_its_agents_are_not():
    company = make.subject()
    said = {"subject": company, "capacity": "legal_representative", "source": "licence", "actor": None,
            "department": None, "now": NOW}  # fmt: skip
    set_responsible(name="钱多多", **said)
    principal = opened(company, name="钱多多")
    agent = opened(company, capacity="agent", name="孙三")
    set_responsible(name="李四", **said)
    principal.refresh_from_db()
    agent.refresh_from_db()
    assert principal.ended_at == NOW and "不再是" in principal.end_reason and agent.ended_at is None
    assert codes.mask_person_name("钱多多") == "钱＊＊"
