"""The desk's pages of late materials and of what is handled at once."""

from django.urls import path

from credit_portal.registry import addresses  # noqa: F401  (registers the converters)

from . import views_desk

app_name = "supplements"
urlpatterns = [
    path("", views_desk.supplements, name="list"),
    path("immediate/<commitment_code:code>/", views_desk.result, name="result"),
    path("<uuid:uuid>/", views_desk.supplement, name="one"),
    path("<uuid:uuid>/do/<slug:deed>/", views_desk.act, name="act"),
    path("<uuid:uuid>/files/<uuid:evidence>/", views_desk.file, name="file"),
]
