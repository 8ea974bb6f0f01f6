"""The desk's pages of uploads."""

from django.urls import path

from . import views

app_name = "bulk"
urlpatterns = [
    path("", views.home, name="home"),
    path("template.<str:kind>", views.template, name="template"),
    path("breaches/", views.breaches, name="breaches"),
    path("breaches/<int:pk>/", views.breach, name="breach"),
    path("<uuid:uuid>/", views.job, name="job"),
    path("<uuid:uuid>/deed/", views.deed, name="deed"),
    path("<uuid:uuid>/changes/", views.changes, name="changes"),
    path("<uuid:uuid>/result.<str:kind>", views.result, name="result"),
]
