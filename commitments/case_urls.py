"""The desk's pages of breach cases."""

from django.urls import path

from . import case_views

app_name = "cases"
urlpatterns = [
    path("", case_views.cases, name="list"),
    path("new/", case_views.new, name="new"),
    path("<uuid:uuid>/", case_views.case, name="case"),
    path("<uuid:uuid>/step/<slug:act>/", case_views.step, name="step"),
    path("<uuid:uuid>/statement/<uuid:statement>/<slug:deed>/", case_views.review, name="review"),
    path("<uuid:uuid>/paper/<uuid:evidence>/", case_views.paper, name="paper"),
]
