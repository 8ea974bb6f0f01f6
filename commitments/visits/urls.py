"""The desk's pages of bundled inspections."""

from django.urls import path

from . import views

app_name = "visits"
urlpatterns = [
    path("", views.home, name="home"),
    path("bundle/", views.bundle, name="bundle"),
    path("<uuid:uuid>/", views.one, name="visit"),
    path("<uuid:uuid>/<slug:deed>/", views.decide, name="decide"),
]
