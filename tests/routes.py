"""Every address of the portal as it is written down."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def as_written(route: str) -> str:
    """Without the marks of a regular expression for begin and end."""
    return re.sub(r"^\^|\\?Z?\$$", "", route)


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    for one in (resolver or get_resolver()).url_patterns:
        route = as_written(str(one.pattern))
        if isinstance(one, URLResolver):
            yield from routes(one, prefix + route)
        elif isinstance(one, URLPattern):
            yield prefix + route
