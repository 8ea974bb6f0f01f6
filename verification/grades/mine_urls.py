"""A subject's own grade on its own pages."""

from django.urls import path

from . import mine_views

app_name = "mine_grade"
urlpatterns = [path("", mine_views.grade, name="grade")]
