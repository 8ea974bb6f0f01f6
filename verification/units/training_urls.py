"""The desk's pages of training."""

from django.urls import path

from . import training_views as views

app_name = "training"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("units/", views.units, name="units"),
    path("chase/", views.chase, name="chase"),
    path("training.xlsx", views.as_xlsx, name="xlsx"),
    path("<uuid:uuid>/", views.one, name="session"),
    path("<uuid:uuid>/correct/", views.correct, name="correct"),
    path("<uuid:uuid>/void/", views.void, name="void"),
    path("<uuid:uuid>/material/", views.material, name="material"),
]
