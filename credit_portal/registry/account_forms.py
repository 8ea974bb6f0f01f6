"""allauth's forms with plain labels: no placeholder that repeats a label, no link inside a help text."""

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp

LABELS = {
    "login": "用户名",
    "password": "密码",
    "oldpassword": "现在的密码",
    "password1": "新密码",
    "password2": "再输一次新密码",
    "email": "电子邮件地址",
    "code": "验证码",
}
HELP = {"password1": "至少 10 个字符，不要全是数字，不要用姓名、用户名或常见密码。"}


class Plain:
    """Put our words on the fields; the fields themselves stay allauth's."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            field.help_text = HELP.get(name, "")
            if name == "code":
                # A recovery code has letters on some settings, so the keyboard is only suggested.
                field.widget.attrs.update(inputmode="numeric", autocapitalize="off", spellcheck="false")
            if name == "login":
                field.widget.attrs.update(autocapitalize="off", spellcheck="false", autofocus=True)


class LoginForm(Plain, account.LoginForm):
    pass


class ReauthenticateForm(Plain, account.ReauthenticateForm):
    pass


class ChangePasswordForm(Plain, account.ChangePasswordForm):
    pass


class SetPasswordForm(Plain, account.SetPasswordForm):
    pass


class ResetPasswordForm(Plain, account.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(Plain, account.ResetPasswordKeyForm):
    pass


class AuthenticateForm(Plain, mfa.AuthenticateForm):
    pass


class ReauthenticateCodeForm(Plain, mfa.ReauthenticateForm):
    pass


class ActivateTOTPForm(Plain, totp.ActivateTOTPForm):
    pass
