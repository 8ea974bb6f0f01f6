"""The desk's pages of grades and their standards."""

from django.urls import path

from . import views, views_standards

app_name = "grades"
urlpatterns = [
    path("", views.home, name="home"),
    path("run/", views_standards.run, name="run"),
    path("standards/", views_standards.standards, name="standards"),
    path("standards/new/", views_standards.new, name="new"),
    path("standards/<uuid:uuid>/", views_standards.one, name="standard"),
    path("standards/<uuid:uuid>/edit/", views_standards.edit, name="edit"),
    path("standards/<uuid:uuid>/<slug:deed>/", views_standards.decide, name="decide"),
    path("<uuid:uuid>/", views.one, name="grade"),
]
