"""The desk's pages of what a breach brings with it."""

from django.urls import path

from . import views

app_name = "consequences"
urlpatterns = [
    path("", views.home, name="home"),
    path("handoffs/<uuid:uuid>/", views.handoff, name="handoff"),
    path("papers/<uuid:evidence>/", views.paper, name="paper"),
    path("<uuid:uuid>/", views.case, name="case"),
    path("<uuid:uuid>/do/<slug:deed>/", views.act, name="act"),
]
