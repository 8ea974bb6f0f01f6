"""Voluntary registration on a subject's own pages."""

from django.urls import path

from . import views_mine as views

app_name = "my_registration"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("sign/", views.sign, name="sign"),
    path("<uuid:uuid>/", views.one, name="one"),
    path("<uuid:uuid>/edit/", views.edit, name="edit"),
    path("<uuid:uuid>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:uuid>/answer/", views.answer, name="answer"),
    path("<uuid:uuid>/files/<slug:which>/", views.proof, name="file"),
]
