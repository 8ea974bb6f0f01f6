"""The desk's pages of key occupational groups."""

from django.urls import path

from . import views

app_name = "positions"
urlpatterns = [
    path("", views.home, name="home"),
    path("<slug:code>/", views.group, name="group"),
]
