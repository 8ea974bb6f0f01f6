"""A subject's objections on its own pages."""

from django.urls import path

from . import me_views

app_name = "me_objections"
urlpatterns = [
    path("", me_views.objections, name="list"),
    path("new/", me_views.new, name="new"),
]
