"""Logging in: staff only, no sign-up, leavers out at once."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from . import groups
from .visibility import has_role


def client_address(request: HttpRequest) -> str:
    """Where a login comes from: past the deployment's own proxies (NUM_PROXIES), and no further than they vouch for."""
    proxies = settings.REST_FRAMEWORK["NUM_PROXIES"]
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return request.META.get("REMOTE_ADDR", "")


class StaffBackend(ModelBackend):
    """Django's own backend for permissions; `is_active` keeps leavers out (nobody is a superuser)."""


class StaffAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "用户名或密码不正确。忘记密码的，可以重设，或请安全管理员发一次性链接。",
        "enter_current_password": "现在的密码不正确。",
        "incorrect_password": "密码不正确。",
        "incorrect_code": "验证码不正确或已过期，请输入验证器现在显示的 6 位数字。",
        "invalid_password_reset": "重设链接已失效，请重新申请。",
        "too_many_login_attempts": "登录失败次数太多，请过几分钟再试。",
        "account_inactive": "这个账号已经停用。",
        "rate_limited": "操作太频繁，请过几分钟再试。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        """Wrong passwords are counted by axes, by name and address; a limit by name alone would let anybody shut out
        anybody. The limit of allauth stays for the codes of the second step."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Clerks go to the counter, the others to the admin."""
        if has_role(request.user, groups.CLERK):
            return "/window/"
        if has_role(request.user, groups.ASSOCIATION):
            return "/desk/associations/"
        return "/desk/" if has_role(request.user, groups.OFFICER, groups.HEAD) else "/admin/"


class StaffMFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": StaffAdapter.error_messages["incorrect_code"],
    }

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """The name under which the authenticator app lists the account."""
        return user.get_username()
