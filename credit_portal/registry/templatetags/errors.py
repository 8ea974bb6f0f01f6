"""How a page says what is wrong with a field."""

from typing import Any

from django import template

register = template.Library()


@register.filter
def named(error: Any, label: Any) -> str:
    """An error with the name of its field before it, unless it begins with that name itself: a name is not said twice. What
    stands in brackets behind the name (选填) is no part of it."""
    text, name = str(error), str(label)
    if text.startswith(name.split("（")[0] or name):
        return text
    return f"{name}：{text}"
