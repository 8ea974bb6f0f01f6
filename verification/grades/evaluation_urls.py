"""The desk's pages of evaluations from above."""

from django.urls import path

from . import views_evaluations as views

app_name = "evaluations"
urlpatterns = [
    path("", views.home, name="home"),
    path("upload/", views.upload, name="upload"),
    path("template.xlsx", views.template, name="template"),
    path("recipients/", views.recipients, name="recipients"),
    path("recipients/<uuid:uuid>/", views.switch, name="switch"),
    path("pass/", views.give, name="pass"),
    path("passings/", views.passings, name="passings"),
    path("passings/<uuid:uuid>/", views.passing, name="passing"),
    path("passings/<uuid:uuid>/file/", views.file, name="file"),
    path("received/", views.received, name="received"),
    path("received/<uuid:uuid>/file/", views.received_file, name="received_file"),
]
