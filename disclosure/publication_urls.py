"""The desk's pages of publications."""

from django.urls import path

from . import views_publications

app_name = "publications"
urlpatterns = [
    path("", views_publications.publications, name="list"),
    path("case/<uuid:uuid>/", views_publications.of_case, name="case"),
    path("case/<uuid:uuid>/decide/", views_publications.decide, name="decide"),
    path("case/<uuid:uuid>/propose/", views_publications.propose, name="propose"),
    path("proposals/<int:pk>/", views_publications.second, name="second"),
    path("<uuid:uuid>/end/", views_publications.end, name="end"),
]
