"""A coming visit on the subject's own pages."""

from django.urls import path

from . import mine_views

app_name = "my_visits"
urlpatterns = [path("<uuid:uuid>/", mine_views.visit, name="visit")]
