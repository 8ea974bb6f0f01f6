"""The desk's pages of consumers' complaints."""

from django.urls import path

from . import views

app_name = "consumer"
urlpatterns = [
    path("", views.complaints, name="list"),
    path("new/", views.new, name="new"),
    path("file/", views.file, name="file"),
    path("template.xlsx", views.template, name="template"),
    path("<uuid:uuid>/", views.one, name="complaint"),
    path("<uuid:uuid>/correct/", views.correct, name="correct"),
]
