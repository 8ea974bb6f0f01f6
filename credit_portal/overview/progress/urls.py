"""The desk's pages of half-year progress. Here, because its figures come from every room."""

from django.urls import path

from . import upward, views

app_name = "progress"
urlpatterns = [
    path("", views.home, name="home"),
    path("chase/", views.chase, name="chase"),
    path("regions/<str:code>/<str:half>.xlsx", views.region_xlsx, name="region"),
    path("summaries/new/", upward.new_summary, name="summary-new"),
    path("summaries/<uuid:uuid>/", upward.summary, name="summary"),
    path("summaries/<uuid:uuid>/paper.pdf", upward.summary_paper, name="summary-paper"),
    path("summaries/<uuid:uuid>/figures.xlsx", upward.summary_xlsx, name="summary-xlsx"),
    path("assessments/", upward.assessment_list, name="assessments"),
    path("assessments/new/", upward.new_assessment, name="assessment-new"),
    path("assessments/<uuid:uuid>/", upward.assessment, name="assessment"),
    path("assessments/<uuid:uuid>/<slug:which>/", upward.assessment_paper, name="assessment-paper"),
    path("<uuid:uuid>/", views.one, name="report"),
    path("<uuid:uuid>/submit/", views.submit, name="submit"),
    path("<uuid:uuid>/report.xlsx", views.as_xlsx, name="xlsx"),
    path("<uuid:uuid>/report.pdf", views.as_pdf, name="pdf"),
    path("<str:unit>/<str:half>/<str:figure>/", views.cases, name="cases"),
]
