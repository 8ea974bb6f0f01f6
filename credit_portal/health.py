"""`/healthz` and `/readyz` for supervisors and load balancers."""

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 `ok` as long as this process answers. Asks nobody else: a restart does not mend a database."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when work can be done here, else 503; each part by name: `ok`, `unavailable` or `pending`.

    The queue is named but decides nothing: without it everything is still stored, and done later by the sweep.
    """
    database = _database()
    parts = {
        "database": database,
        "migrations": _migrations() if database == "ok" else "unknown",
        "queue": _queue(),
    }
    ready = parts["database"] == parts["migrations"] == "ok"
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        # The reason may name hosts and users: it belongs in the log, not on a page anybody can open.
        logger.exception("readyz: database")
        return "unavailable"
    return "ok"


_migrated = False


def _migrations() -> str:
    global _migrated  # applied migrations stay applied; asking again at every probe would read every file
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _migrated else "pending"


def _queue() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except redis.RedisError:
        logger.exception("readyz: queue")
        return "unavailable"
    return "ok"
