"""What keeps the public forms usable when somebody floods them, and shuts nobody out: addresses are shared by halls and
offices, so none is ever refused. Beyond so many an hour from one address the form asks a small sum in words; whoever does
not solve it is still taken, after the others and without files. (R12, R133.)"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.cache import cache

from credit_portal.audit import clock
from credit_portal.audit.hashing import keyed_hash

HOUR = 3600
# A hall's computer serves many; a person files one or two.
PER_HOUR = 10
VALID = timedelta(hours=2)
SALT = "disclosure.objections.intake"
DIGITS = "零一二三四五六七八九"
log = logging.getLogger(__name__)


def _key(address: str, now: datetime) -> str:
    # The address itself is kept nowhere.
    return f"intake:{keyed_hash(address, purpose='intake')}:{int(now.timestamp()) // HOUR}"


def crowded(address: str) -> bool:
    """Whether so many have come from this address within the hour that the sum is asked for."""
    try:
        return int(cache.get(_key(address, clock.now()), 0)) >= PER_HOUR
    except Exception as error:
        # Being heard does not depend on the cache being there.
        log.warning("intake without cache: %s", type(error).__name__)
        return False


def count(address: str) -> None:
    """One more has been taken from this address."""
    key = _key(address, clock.now())
    try:
        cache.add(key, 0, 2 * HOUR)
        cache.incr(key)
    except Exception as error:
        log.warning("intake without cache: %s", type(error).__name__)


@dataclass(frozen=True)
class Sum:
    """A small sum: its words, and the signed token that the form carries."""

    words: str
    token: str


def ask_sum() -> Sum:
    """A sum of two digits in words; a screen reader reads it like any other label."""
    first, second = secrets.randbelow(8) + 2, secrets.randbelow(8) + 2
    body = {"a": first + second, "t": int(clock.now().timestamp()), "n": secrets.token_hex(8)}
    return Sum(f"{DIGITS[first]}加{DIGITS[second]}等于几？请写数字", signing.dumps(body, salt=SALT))


def solved(token: str, answer: str) -> bool:
    """Whether the answer is right, in time and given for the first time."""
    try:
        body: dict[str, Any] = signing.loads(token, salt=SALT)
        asked, right, once = int(body["t"]), int(body["a"]), str(body["n"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return False
    if not 0 <= clock.now().timestamp() - asked <= VALID.total_seconds():
        return False
    if not (answer.isascii() and answer.isdigit() and len(answer) <= 2 and int(answer) == right):
        return False
    try:
        return bool(cache.add(f"intake:sum:{once}", 1, int(VALID.total_seconds())))
    except Exception as error:
        log.warning("intake without cache: %s", type(error).__name__)
        return True
