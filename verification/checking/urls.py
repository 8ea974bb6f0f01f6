"""The desk's pages of checks."""

from django.urls import path

from . import own_views, views

app_name = "checks"
urlpatterns = [
    path("", views.home, name="list"),
    path("new/", views.new, name="new"),
    path("own/", own_views.own, name="own"),
    path("own/<uuid:uuid>.pdf", own_views.paper, name="own-paper"),
    path("<uuid:uuid>/", views.one, name="check"),
    path("<uuid:uuid>/notice.pdf", views.notice, name="notice"),
    path("<uuid:uuid>/files/<uuid:file>/", views.evidence, name="file"),
    path("<uuid:uuid>/<slug:deed>/", views.deed, name="deed"),
]
