"""The desk's pages of hand-overs."""

from django.urls import path

from . import views

app_name = "handover"
urlpatterns = [
    path("", views.home, name="home"),
    path("mappings/<int:pk>/", views.mapping, name="mapping"),
    path("mappings/<int:pk>/trial/", views.trial, name="trial"),
    path("jobs/<uuid:uuid>/", views.job, name="job"),
    path("jobs/<uuid:uuid>/receive/", views.receive, name="receive"),
    path("jobs/<uuid:uuid>/keep/", views.keep, name="keep"),
    path("jobs/<uuid:uuid>/report.xlsx", views.report, name="report"),
    path("jobs/<uuid:uuid>/protocol/", views.protocol, name="protocol"),
    path("jobs/<uuid:uuid>/protocol.pdf", views.protocol_pdf, name="protocol_pdf"),
]
