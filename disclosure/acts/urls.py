"""The desk's pages of administrative acts."""

from django.urls import path

from disclosure import views_information

from . import views

app_name = "acts"
urlpatterns = [
    path("", views.acts, name="list"),
    path("new/", views.new, name="new"),
    path("publish/", views.publish, name="publish"),
    path("coverage/", views_information.coverage, name="coverage"),
    path("files/", views.files, name="files"),
    path("files/<uuid:uuid>/", views.file, name="file"),
    path("files/<uuid:uuid>/faults.xlsx", views.faults, name="faults"),
    path("template/<str:kind>.xlsx", views.template, name="template"),
    path("<uuid:uuid>/", views.act, name="act"),
    path("<uuid:uuid>/decide/", views.decide, name="decide"),
    path("<uuid:uuid>/end/", views.end, name="end"),
    path("<uuid:uuid>/correct/", views.correct, name="correct"),
]
