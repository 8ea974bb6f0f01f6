"""Credit reports at the window."""

from django.urls import path

from . import window_views

app_name = "window_credit_reports"
urlpatterns = [
    path("", window_views.home, name="home"),
    path("<uuid:uuid>.pdf", window_views.paper, name="paper"),
]
