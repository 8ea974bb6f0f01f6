"""The desk's pages of warnings."""

from django.urls import path

from . import views

app_name = "warnings"
urlpatterns = [
    path("", views.warnings, name="list"),
    path("rules/", views.rules, name="rules"),
    path("rules/adopt/", views.adopt, name="adopt"),
    path("<uuid:uuid>/", views.one, name="warning"),
]
