"""The first of a subject's own pages."""

from django.urls import path

from . import me

app_name = "me_home"
urlpatterns = [path("", me.home, name="home")]
