"""The desk's pages of who answers for a unit."""

from django.urls import path

from . import views

app_name = "units"
urlpatterns = [
    path("", views.home, name="home"),
    path("appoint/", views.appoint, name="appoint"),
    path("chase/", views.chase, name="chase"),
    path("<uuid:uuid>/correct/", views.correct, name="correct"),
    path("<uuid:uuid>/end/", views.end, name="end"),
]
