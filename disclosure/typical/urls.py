"""The desk's pages of typical cases."""

from django.urls import path

from . import views

app_name = "typical"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("collection.pdf", views.collection, name="collection"),
    path("<uuid:uuid>/", views.one, name="case"),
    path("<uuid:uuid>/edit/", views.edit, name="edit"),
    path("<uuid:uuid>/do/<slug:deed>/", views.act, name="act"),
]
