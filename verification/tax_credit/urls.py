"""The desk's pages of persons' tax credit."""

from django.urls import path

from . import views

app_name = "tax_credit"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("upload/", views.upload, name="upload"),
    path("template.xlsx", views.template, name="template"),
    path("<uuid:uuid>/", views.one, name="entry"),
    path("<uuid:uuid>/correct/", views.correct, name="correct"),
    path("<uuid:uuid>/repair/", views.repair, name="repair"),
    path("<uuid:uuid>/withdraw/", views.withdraw, name="withdraw"),
]
