"""The door of `/me/`, and what a subject is told of who has read its record."""

from django.urls import path

from . import identity_views, me_views

app_name = "me"
urlpatterns = [
    path("enter/", me_views.enter, name="enter"),
    path("identity/", identity_views.start, name="identity"),
    path("identity/back/", identity_views.back, name="identity-back"),
    path("identity/choose/", identity_views.choose, name="identity-choose"),
    path("leave/", me_views.leave, name="leave"),
    path("readers/", me_views.read_by, name="readers"),
]
