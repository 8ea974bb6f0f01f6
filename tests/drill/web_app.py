"""The portal's web as the drill runs it: each of the three acts also writes an effect whose every happening is seen, and
a request may ask that its process dies between COMMIT and the hint to the queue.

`granian --interface=wsgi tests.drill.web_app:application`
"""

import os
import signal
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from . import queue_app  # sets Django up, with the waits of the drill

# isort: split
from django.core.wsgi import get_wsgi_application
from django.db import transaction

from credit_portal.audit import clock
from credit_portal.outbox import services
from credit_portal.registry.models import PublicityClass
from disclosure import breach_gate, breach_publishing, reporting
from disclosure.models import BreachPublication

DIES, TAKES = "HTTP_X_DRILL_DIES", "HTTP_X_DRILL_TAKES"
_asked: ContextVar[dict[str, Any]] = ContextVar("asked")


def _seen(act: str, function: Callable[..., Any], case_of: Callable[[Any], int]) -> Callable[..., Any]:
    def wrapped(**fields: Any) -> Any:
        asked = _asked.get()
        with transaction.atomic():
            if asked.get(DIES):
                # First of what follows the commit, so that no hint is ever given.
                transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
            result = function(**fields)
            services.enqueue(
                effect="drill.row",
                key=f"{act}:{case_of(result)}",
                payload={"takes": float(asked.get(TAKES, "0"))},
                now=clock.now(),
            )
        return result

    return wrapped


reporting.submit_report = _seen("report", reporting.submit_report, lambda report: report.case_id)
reporting.accept_report = _seen("accept", reporting.accept_report, lambda report: report.case_id)
breach_publishing.decide_publication = _seen(
    "decide", breach_publishing.decide_publication, lambda publication: publication.case_id
)
if "gate" in queue_app.OFF:
    # As if a page asked for what was once decided, and not for the days of it.
    breach_gate.public_breaches = lambda now: BreachPublication.objects.filter(  # type: ignore[assignment]
        publicity_class=PublicityClass.PUBLIC
    )
_portal = get_wsgi_application()
_kept: dict[tuple[str, str], tuple[float, Any, bytes]] = {}
# Longer than the rest of a repair's process takes after its COMMIT, on a slow machine too.
KEPT_SECONDS = 60.0


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """The portal, which knows what the drill asks of this request."""
    _asked.set({name: environ[name] for name in (DIES, TAKES) if name in environ})
    return (_from_cache if "cache" in queue_app.OFF else _portal)(environ, start_response)


def _from_cache(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """As if a cache stood in front that nobody tells anything: it goes on giving the same answer."""
    place = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
    known = _kept.get(place)
    if known is None or time.monotonic() - known[0] > KEPT_SECONDS:
        told: list[Any] = []
        began = time.monotonic()
        answer = _portal(environ, lambda *given: told.append(given))
        try:
            body = b"".join(answer)
        finally:
            answer.close()
        if told[0][0].startswith("304"):
            start_response(*told[0])
            return [body]
        known = _kept[place] = (began, told[0], body)
    start_response(*known[1])
    return [known[2]]
