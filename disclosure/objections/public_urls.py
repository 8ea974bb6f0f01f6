"""What anybody sees of objections, complaints and tips."""

from django.urls import path

from . import public_views as views

app_name = "objections"
urlpatterns = [
    path("objections/", views.home, name="home"),
    path("objections/new/", views.new, name="new"),
    path("objections/<str:token>/", views.follow, name="follow"),
    path("objections/<str:token>/supply/", views.supply, name="supply"),
    path("objections/<str:token>/withdraw/", views.withdraw, name="withdraw"),
    path("objections/<str:token>/<slug:what>.pdf", views.paper, name="paper"),
    path("complaints/new/", views.complain, name="complain"),
    path("complaints/<str:token>/", views.complaint, name="complaint"),
    path("tips/new/", views.tip, name="tip"),
]
