"""The desk's pages of pilots."""

from django.urls import path

from . import views

app_name = "pilots"
urlpatterns = [
    path("", views.pilots, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:uuid>/", views.one, name="pilot"),
    path("<uuid:uuid>/cases/<slug:figure>/", views.cases, name="cases"),
]
