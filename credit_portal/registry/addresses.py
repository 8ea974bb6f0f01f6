"""How codes stand in addresses. Importing this module registers the converters."""

from django.urls import register_converter


class CommitmentCode:
    """20 digits; whether there is such a commitment is the page's to say."""

    regex = "[0-9]{20}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Uscc:
    """A 统一社会信用代码 as typed, in either case."""

    regex = "[0-9A-Za-z]{18}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value


register_converter(CommitmentCode, "commitment_code")
register_converter(Uscc, "uscc")
