"""Figures that are counted once in a while, not for each visitor."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache

T = TypeVar("T")
log = logging.getLogger(__name__)


def kept(key: str, seconds: int, count: Callable[[], T]) -> T:
    """What was counted under `key` in the last `seconds`, or a new count. Without the cache every visitor counts."""
    try:
        found: Any = cache.get(key)
    except Exception as error:
        log.warning("figures without cache: %s", type(error).__name__)
        return count()
    if found is not None:
        return found
    counted = count()
    try:
        cache.set(key, counted, seconds)
    except Exception as error:
        log.warning("figures without cache: %s", type(error).__name__)
    return counted
