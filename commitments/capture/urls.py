"""The desk's pages of paper commitments."""

from django.urls import path

from . import views

app_name = "capture"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:uuid>/", views.batch, name="batch"),
    path("sheets/<uuid:uuid>/", views.sheet, name="sheet"),
    path("sheets/<uuid:uuid>/scan/", views.scan, name="scan"),
]
