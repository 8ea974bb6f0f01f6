"""A subject's whole record by day, on its own pages."""

from django.urls import path

from . import views

app_name = "my_record"
urlpatterns = [
    path("timeline/", views.own, name="timeline"),
    path("entries/<uuid:uuid>/", views.own_entry, name="entry"),
]
