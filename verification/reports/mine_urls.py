"""A subject's own credit report."""

from django.urls import path

from . import mine_views

app_name = "my_credit_reports"
urlpatterns = [
    path("", mine_views.home, name="home"),
    path("<uuid:uuid>.pdf", mine_views.paper, name="paper"),
]
