"""The desk's pages of one subject's whole record."""

from django.urls import path

from . import views

app_name = "record"
urlpatterns = [
    path("", views.find, name="find"),
    path("<uuid:uuid>/", views.record, name="record"),
    path("entries/<uuid:uuid>/", views.entry, name="entry"),
]
