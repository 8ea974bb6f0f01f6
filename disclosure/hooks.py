"""What rooms above have happen in the transaction that takes something off the site. They register by name in their
`AppConfig.ready()`."""

from collections.abc import Callable
from datetime import datetime

from .models import AdministrativeAct, BreachPublication

Hook = Callable[..., object]

_after_breach_ended: dict[str, Hook] = {}
_after_act_ended: dict[str, Hook] = {}


def register_after_breach_ended(name: str, hook: Hook) -> None:
    """`hook(*, publication, now)` runs when a breach has been taken off the site, whatever for (`publication.ending`)."""
    _after_breach_ended[name] = hook


def register_after_act_ended(name: str, hook: Hook) -> None:
    """`hook(*, act, now)` runs when an administrative act has been taken off the site (`act.ending`)."""
    _after_act_ended[name] = hook


def run_after_breach_ended(*, publication: BreachPublication, now: datetime) -> None:
    for hook in _after_breach_ended.values():
        hook(publication=publication, now=now)


def run_after_act_ended(*, act: AdministrativeAct, now: datetime) -> None:
    for hook in _after_act_ended.values():
        hook(act=act, now=now)
