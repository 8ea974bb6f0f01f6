"""The desk's pages of reading material."""

from django.urls import path

from . import views

app_name = "readings"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("<uuid:uuid>/", views.draft, name="draft"),
]
