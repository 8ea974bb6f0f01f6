"""What can be brought about from the outbox. Rooms register their effects by name in their `AppConfig.ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

# `handler(payload, *, key, now)`
Handler = Callable[..., None]

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Effect:
    """`external`: reaches outside of the database, so that it cannot be undone with its transaction."""

    name: str
    label: str
    handler: Handler
    external: bool
    max_attempts: int


_effects: dict[str, Effect] = {}


def register_effect(
    name: str, handler: Handler, *, label: str, external: bool = False, max_attempts: int = 8
) -> None:
    """Name an effect. An internal one runs in the transaction that marks its message done: exactly once. An external one
    is claimed first and marked after; its handler passes `key` on, so that the other side knows a repetition."""
    _effects[name] = Effect(name, label, handler, external, max_attempts)


def effect(name: str) -> Effect | None:
    return _effects.get(name)


def labels() -> dict[str, str]:
    """The effects that there are, by name, as people call them."""
    return {name: known.label for name, known in _effects.items()}


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubling up to an hour."""
    # Beyond the sixth doubling it is an hour anyway.
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 6), LONGEST_WAIT)


def failure_in_words(error: BaseException) -> str:
    """What went wrong, for the admin; the kind of the error and its first line."""
    first: Any = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}：{first}"[:500]
