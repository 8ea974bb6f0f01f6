"""The desk's pages of who stands on which list."""

from django.urls import path

from . import views

app_name = "memberships"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("files/", views.files, name="files"),
    path("files/<uuid:uuid>/", views.file, name="file"),
    path("files/<uuid:uuid>/faults.xlsx", views.faults, name="faults"),
    path("files/<uuid:uuid>/missing.xlsx", views.missing, name="missing"),
    path("template.xlsx", views.template, name="template"),
    path("lists/<slug:code>/", views.one_list, name="list"),
    path("<uuid:uuid>/", views.one, name="entry"),
    path("<uuid:uuid>/leave/", views.leave, name="leave"),
]
