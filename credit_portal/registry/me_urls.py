"""The door of `/me/`, and what a subject is told of who has read its record."""

from django.urls import path

from . import me_views

app_name = "me"
urlpatterns = [
    path("enter/", me_views.enter, name="enter"),
    path("leave/", me_views.leave, name="leave"),
    path("readers/", me_views.read_by, name="readers"),
]
