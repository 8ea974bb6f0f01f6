"""Looking at the portal's own pages within a test: the real pages by the real client, without a port between."""

import httpx
from django.core.wsgi import get_wsgi_application

from repair import looking


def inside(monkeypatch, *, front=None) -> None:
    """Have proofs look at this very portal. `front(request, answer)`: whatever stands before it, such as a cache."""
    portal = httpx.WSGITransport(app=get_wsgi_application())

    class Front(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = portal.handle_request(request)
            return front(request, answer) if front is not None else answer

    monkeypatch.setattr(
        looking, "opened", lambda: httpx.Client(base_url="http://localhost:8000", transport=Front())
    )
