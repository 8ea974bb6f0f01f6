"""The desk's pages of applied measures."""

from django.urls import path

from . import views

app_name = "measures"
urlpatterns = [
    path("", views.home, name="home"),
    path("figures/", views.figures, name="figures"),
    path("figures.xlsx", views.figures_file, name="figures-file"),
    path("<uuid:uuid>/", views.one, name="measure"),
    path("<uuid:uuid>/lift/", views.lift, name="lift"),
    path("<uuid:uuid>/decide/", views.decide, name="decide"),
]
