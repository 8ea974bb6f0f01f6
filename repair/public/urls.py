"""What everybody may read of repair."""

from django.urls import path

from . import views

app_name = "repair_help"
urlpatterns = [
    path("", views.guide, name="guide"),
    path("announcements/", views.announcements, name="announcements"),
]
