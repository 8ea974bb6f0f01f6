"""Looking at the portal's own pages within a test: the real pages by the real client, without a port between."""

import httpx
from django.core.wsgi import get_wsgi_application
from django.db import connection

from repair import looking


def inside(monkeypatch, *, front=None) -> None:
    """Have proofs look at this very portal. `front(request, answer)`: whatever stands before it, such as a cache."""
    # The pages read within the test's own transaction; the end of a request must not end that.
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    portal = httpx.WSGITransport(app=get_wsgi_application())

    class Front(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = portal.handle_request(request)
            return front(request, answer) if front is not None else answer

    monkeypatch.setattr(
        looking, "opened", lambda: httpx.Client(base_url="http://localhost:8000", transport=Front())
    )
