"""A light limit on anonymous requests by address. High, because a whole hall or office may share one address."""

import logging
import threading

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from credit_portal.audit import clock

MINUTE = 60
# A process tells the others of its requests in portions of this part of the limit: the shared count may lag by as
# much, and a request mostly costs no round to the cache.
PORTIONS = 100
log = logging.getLogger(__name__)


class _Counter:
    """What this process has counted in the present minute: key → (count of all processes, own not yet told)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, tuple[int, int]] = {}

    def add(self, key: str, minute: int, portion: int) -> int:
        """Count one request; all that are known of in this minute, this one included."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            shared, own = self._counts.get(key, (0, 0))
            own += 1
            if own < portion and shared:
                self._counts[key] = (shared, own)
                return shared + own
            self._counts[key] = (shared + own, 0)
        told = self._tell(f"{key}:{minute}", own)
        with self._lock:
            if minute == self._minute:
                _, since = self._counts.get(key, (0, 0))
                self._counts[key] = (told, since)
        return told

    @staticmethod
    def _tell(key: str, number: int) -> int:
        # The key is there but for once a minute, so this order is the short one.
        try:
            return cache.incr(key, number)
        except ValueError:
            cache.add(key, 0, 2 * MINUTE)
            return cache.incr(key, number)

    def forget(self) -> None:
        with self._lock:
            self._counts = {}


counter = _Counter()


class PublicThrottle(BaseThrottle):
    """So many requests a minute from one address (`PUBLIC_REQUESTS_PER_MINUTE`; 0: no limit)."""

    scope, setting = "public", "PUBLIC_REQUESTS_PER_MINUTE"

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = getattr(settings, self.setting)
        if not limit:
            return True
        minute, second = divmod(int(clock.now().timestamp()), MINUTE)
        self._wait = MINUTE - second
        key = f"rate:{self.scope}:{self.get_ident(request)}"
        try:
            return counter.add(key, minute, max(1, limit // PORTIONS)) <= limit
        except Exception as error:
            # Reading what is public does not depend on the cache being there.
            log.warning("throttle without cache: %s", type(error).__name__)
            return True

    def wait(self) -> float:
        return float(self._wait)


class ExportThrottle(PublicThrottle):
    """The same for whole files (`PUBLIC_EXPORTS_PER_MINUTE`)."""

    scope, setting = "export", "PUBLIC_EXPORTS_PER_MINUTE"


class PartnerThrottle(PublicThrottle):
    """The same for one partner system, wherever it asks from (`PARTNER_REQUESTS_PER_MINUTE`)."""

    scope, setting = "partner", "PARTNER_REQUESTS_PER_MINUTE"

    def get_ident(self, request: Request) -> str:
        return str(request.user.pk)
