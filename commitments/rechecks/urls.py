"""The desk's pages of re-checks."""

from django.urls import path

from . import views

app_name = "rechecks"
urlpatterns = [
    path("", views.home, name="home"),
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.new, name="new"),
    path("plans/<uuid:uuid>/", views.plan, name="plan"),
    path("plans/<uuid:uuid>/<slug:deed>/", views.decide, name="decide"),
    path("rounds/<uuid:uuid>/", views.drawn, name="round"),
    path("rounds/<uuid:uuid>/population.csv", views.population, name="population"),
    path("<uuid:uuid>/", views.one, name="one"),
    path("<uuid:uuid>/files/<uuid:evidence>/", views.file, name="file"),
]
