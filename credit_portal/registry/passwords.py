"""Rules for passwords whose words the framework has not translated."""

from django.contrib.auth.password_validation import MinimumLengthValidator


class LongEnough(MinimumLengthValidator):
    """At least `min_length` characters. Django 5.2 split its message, and the Chinese catalogue has only the old one."""

    def get_error_message(self) -> str:
        return f"密码太短：至少要有 {self.min_length} 个字符。"
