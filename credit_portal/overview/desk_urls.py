"""The desk's own pages; rooms bring theirs below /desk/."""

from django.urls import path

from . import desk

app_name = "desk"
urlpatterns = [
    path("", desk.home, name="home"),
    path("duties/<int:pk>/", desk.duty, name="duty"),
    path("duties/<int:pk>/clock/", desk.suspend, name="clock"),
    path("notices/", desk.inbox, name="notices"),
    path("notices/read/", desk.read, name="read"),
]
