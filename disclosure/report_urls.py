"""The desk's pages of reports."""

from django.urls import path

from . import views_reports

app_name = "reports"
urlpatterns = [
    path("", views_reports.reports, name="list"),
    path("case/<uuid:uuid>/", views_reports.of_case, name="case"),
    path("<uuid:uuid>/", views_reports.report, name="report"),
    path("<uuid:uuid>/accept/", views_reports.accept, name="accept"),
    path("<uuid:uuid>/return/", views_reports.send_back, name="return"),
]
