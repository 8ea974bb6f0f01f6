"""The desk's pages of obligations."""

from django.urls import path

from credit_portal.registry import addresses  # noqa: F401  (registers the converters)

from . import views

app_name = "obligations"
urlpatterns = [
    path("", views.due, name="due"),
    path("<commitment_code:code>/", views.commitment, name="commitment"),
    path("<commitment_code:code>/confirm/", views.confirm, name="confirm"),
    path("<commitment_code:code>/take-back/", views.take_back, name="take_back"),
    path("<commitment_code:code>/files/<uuid:evidence>/", views.file, name="file"),
]
