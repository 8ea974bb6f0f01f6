"""Consents at the window."""

from django.urls import path

from . import window_views

app_name = "window_consents"
urlpatterns = [
    path("", window_views.home, name="home"),
    path("new/", window_views.new, name="new"),
    path("sheet/", window_views.sheet, name="sheet"),
    path("<uuid:uuid>/", window_views.one, name="one"),
]
