"""A subject's own consents."""

from django.urls import path

from . import mine_views

app_name = "my_consents"
urlpatterns = [
    path("", mine_views.home, name="home"),
    path("new/", mine_views.new, name="new"),
    path("<uuid:uuid>/", mine_views.one, name="one"),
    path("<uuid:uuid>/paper.pdf", mine_views.paper, name="paper"),
    path("<uuid:uuid>/scans/paper/", mine_views.scan, {"which": "paper"}, name="scan_paper"),
    path(
        "<uuid:uuid>/scans/authorisation/",
        mine_views.scan,
        {"which": "authorisation"},
        name="scan_authorisation",
    ),
    path("<uuid:uuid>/withdraw/", mine_views.withdraw, name="withdraw"),
]
