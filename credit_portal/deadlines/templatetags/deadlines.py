"""Rules and their bases as pages show them."""

from django import template

from credit_portal.deadlines.articles import article_text
from credit_portal.deadlines.wording import key_in_words

register = template.Library()


@register.filter
def article(basis: str) -> str:
    """``S0 一（三）`` → 《栾城区…实施方案》一（三）."""
    return article_text(basis)


@register.filter
def rule_label(key: str) -> str:
    """What a rule is called: ``breach_report`` → 违诺认定后上报信用办."""
    return key_in_words(key)
