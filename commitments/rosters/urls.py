"""The desk's pages of rosters."""

from django.urls import path

from . import views

app_name = "rosters"
urlpatterns = [
    path("<slug:sort>/", views.files, name="files"),
    path("<slug:sort>/template.xlsx", views.template, name="template"),
    path("<slug:sort>/<uuid:uuid>/", views.file, name="file"),
    path("<slug:sort>/<uuid:uuid>/faults.xlsx", views.faults, name="faults"),
]
