"""Staff log in: no sign-up, lock-out, password reset, two steps, all of it in Chinese."""

import re

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client
from django.urls import reverse

from credit_portal.registry.accounts import client_address
from tests import factories
from tests.reading import english


@pytest.fixture
def clerk(db):
    return factories.staff(email="clerk@example.test")


@pytest.fixture
def at_work(client, clerk) -> Client:
    answer = client.post(reverse("account_login"), {"login": clerk.username, "password": factories.PASSWORD})
    assert answer.status_code == 302
    return client


def confirm(client: Client) -> None:
    """Give the password once more: changes of the account's own security ask for it."""
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "confirm-email/abc/", "login/code/confirm/"]
)
def test_nobody_signs_up_or_manages_addresses_here(at_work, path):
    assert at_work.get(f"/accounts/{path}").status_code == 404
    assert Client().get(f"/accounts/{path}").status_code == 404


@pytest.mark.django_db
def test_the_way_in_is_chinese_and_strict(client):
    for name in (
        "account_login",
        "account_reset_password",
        "account_reset_password_done",
        "account_inactive",
    ):
        answer = client.get(reverse(name))
        assert answer.status_code == 200, name
        assert english(answer.content.decode()) == set(), name
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy


def test_what_staff_manage_of_their_own_account_is_chinese(at_work, clerk):
    known = (clerk.username, clerk.display_name)
    assert (
        at_work.get(reverse("mfa_activate_totp"))
        .headers["Location"]
        .startswith(reverse("account_reauthenticate"))
    )
    asked = at_work.get(reverse("account_reauthenticate")).content.decode()
    assert "请再输一次密码" in asked and english(asked, *known) == set()
    confirm(at_work)
    for name in ("account_change_password", "account_logout", "mfa_index", "mfa_activate_totp"):
        answer = at_work.get(reverse(name))
        assert answer.status_code == 200, name
        assert english(answer.content.decode(), *known) == set(), name


def test_wrong_words_are_answered_next_to_the_form_without_saying_which_was_wrong(client, clerk):
    answers = [
        client.post(reverse("account_login"), {"login": login, "password": "wrong"}).content.decode()
        for login in (clerk.username, "nobody-at-all")
    ]
    assert all("用户名或密码不正确" in html for html in answers)
    assert english(answers[0], clerk.username) == set()


def test_five_failures_pause_that_name_at_that_address_and_nobody_else(client, clerk):
    other = factories.staff()
    for _ in range(5):
        answer = client.post(reverse("account_login"), {"login": clerk.username, "password": "wrong"})
    html = answer.content.decode()
    assert answer.status_code == 429
    assert "登录已暂停" in html and "请等 15 分钟后再试" in html and "安全管理员" in html
    assert english(html, clerk.username) == set()
    # The right password does not help before the time is over.
    right = {"login": clerk.username, "password": factories.PASSWORD}
    assert client.post(reverse("account_login"), right).status_code == 429
    # A hall shares one address: the next window goes on.
    answer = client.post(reverse("account_login"), {"login": other.username, "password": factories.PASSWORD})
    assert answer.status_code == 302


def test_a_leaver_does_not_get_in(client, db):
    left = factories.staff(is_active=False, left_on=factories.TODAY)
    answer = client.post(reverse("account_login"), {"login": left.username, "password": factories.PASSWORD})
    assert "_auth_user_id" not in client.session
    assert english(answer.content.decode(), left.username) == set()


def test_a_reset_letter_is_chinese_and_its_link_sets_a_new_password(client, clerk):
    client.post(reverse("account_reset_password"), {"email": clerk.email})
    (letter,) = mail.outbox
    assert letter.subject == "【信用承诺门户】重设密码"
    link = re.search(r"http://testserver(\S+)", letter.body)
    assert link
    assert english(letter.body.replace(link[0], ""), clerk.username) == set()
    page = client.get(link[1], follow=True)
    assert english(page.content.decode()) == set()
    new = "another long passphrase"
    done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
    assert english(done.content.decode(), clerk.username) == set()
    answer = Client().post(reverse("account_login"), {"login": clerk.username, "password": new})
    assert answer.status_code == 302


def test_a_stranger_s_address_gets_no_letter_and_the_same_answer(client, clerk):
    known = client.post(reverse("account_reset_password"), {"email": clerk.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "stranger@example.test"})
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
    assert [letter.to for letter in mail.outbox] == [[clerk.email]]


def test_a_used_reset_link_says_so(client, db):
    user = factories.staff()
    url = reverse(
        "account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": "used-up"}
    )
    html = client.get(url).content.decode()
    assert "链接已失效" in html
    assert english(html) == set()


def test_a_new_password_must_be_good_and_the_fault_is_named_at_its_field(at_work, clerk):
    answer = at_work.post(
        reverse("account_change_password"),
        {"oldpassword": "wrong", "password1": "12345", "password2": "12345"},
    )
    html = answer.content.decode()
    assert "现在的密码不正确" in html
    assert 'id="id_oldpassword_error" role="alert"' in html
    assert 'id="id_password1_error" role="alert"' in html
    assert "密码太短：至少要有 10 个字符。" in html
    assert 'aria-invalid="true"' in html
    assert english(html, clerk.username) == set()


def _code(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_two_step_login_from_binding_to_recovery_codes(at_work, clerk):
    known = (clerk.username, clerk.display_name)
    confirm(at_work)
    page = at_work.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert page.context["totp_svg_data_uri"].startswith("data:image/svg+xml")
    wrong = at_work.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert "验证码不正确或已过期" in wrong
    bound = at_work.post(reverse("mfa_activate_totp"), {"code": _code(secret)}, follow=True)
    assert english(bound.content.decode(), *known) == set()
    for name in (
        "mfa_index",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_deactivate_totp",
    ):
        answer = at_work.get(reverse(name))
        assert answer.status_code == 200, name
        assert english(answer.content.decode(), *known) == set(), name
    codes = at_work.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]

    fresh = Client()
    answer = fresh.post(reverse("account_login"), {"login": clerk.username, "password": factories.PASSWORD})
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in fresh.session
    asked = fresh.get(reverse("mfa_authenticate")).content.decode()
    assert "输入验证码" in asked and english(asked) == set()
    fresh.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert fresh.session["_auth_user_id"] == str(clerk.pk)


def test_the_staff_band_shows_department_window_and_only_one_s_own_pages(at_work, clerk):
    html = at_work.get(reverse("account_change_password")).content.decode()
    assert f"{clerk.department.short_name} · {clerk.window_label}" in html
    assert 'href="/window/today/"' in html and "管理后台" not in html
    officer = factories.staff("officer", is_staff=True)
    desk = Client()
    desk.post(reverse("account_login"), {"login": officer.username, "password": factories.PASSWORD})
    html = desk.get(reverse("account_change_password")).content.decode()
    assert 'href="/window/today/"' not in html and "管理后台" in html


def test_codes_of_the_second_step_cannot_be_tried_without_end(at_work, clerk):
    confirm(at_work)
    secret = at_work.get(reverse("mfa_activate_totp")).context["form"].secret
    at_work.post(reverse("mfa_activate_totp"), {"code": _code(secret)})
    codes = at_work.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    guesser = Client()
    for _ in range(3):
        # Giving the right password again does not open a new round of guesses.
        guesser.post(reverse("account_login"), {"login": clerk.username, "password": factories.PASSWORD})
        for _ in range(4):
            answer = guesser.post(reverse("mfa_authenticate"), {"code": "abcdef"})
    assert "请过几分钟再试" in answer.content.decode()
    guesser.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert "_auth_user_id" not in guesser.session


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", "10.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_a_login_is_counted_where_it_comes_from_and_cannot_name_its_own_address(
    settings, rf, proxies, forwarded, address
):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address
