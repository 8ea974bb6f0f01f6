"""Filters for paper templates."""

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from credit_portal.audit import clock

register = template.Library()

_DIGITS = "零一二三四五六七八九"


@register.filter
def chinese_number(value: Any) -> str:
    """1 to 99 in Chinese numerals (12 → 十二); anything else is printed as it came."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return str(value)
    if not 1 <= number <= 99:
        return str(value)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")


@register.filter
def unbroken(value: Any) -> SafeString:
    """A title in which what stands in brackets at its end is not torn over two lines, with `.whole` for it."""
    found = re.fullmatch(r"(.*?)(（[^（）]{1,8}）)", str(value), re.DOTALL)
    if found is None:
        return format_html("{}", value)
    return format_html('{}<span class="whole">{}</span>', found[1], found[2])


@register.filter
def grouped(value: Any, size: int = 8) -> str:
    """A long code or hash in groups with spaces between, so that it can be compared by eye and can wrap."""
    text = str(value)
    return " ".join(text[start : start + size] for start in range(0, len(text), size))


@register.filter
def day(value: Any) -> str:
    """A date as Chinese paper writes it (2026年2月4日). Takes a date, an aware datetime or ISO text; else empty."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return ""
    if isinstance(value, datetime):
        value = clock.local_date(value)
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, date) else ""


@register.filter
def moment(value: Any) -> str:
    """An aware datetime with its minutes, in Chinese time (2026年2月4日 09:05); else as `day`."""
    if isinstance(value, datetime):
        local = value.astimezone(clock.SHANGHAI)
        return f"{day(local.date())} {local:%H:%M}"
    return day(value)


@register.filter
def without_stop(value: Any) -> str:
    """A sentence without its final 。, so that the paper can put a reference before it."""
    return str(value).rstrip("。 ")
