"""The desk's pages of lists of joint sanctions."""

from django.urls import path

from . import listing_views as views

app_name = "lists"
urlpatterns = [
    path("", views.lists, name="list"),
    path("new/", views.new, name="new"),
    path("arrears/", views.arrears, name="arrears"),
    path("<uuid:uuid>/", views.one, name="listing"),
    path("<uuid:uuid>/do/<slug:deed>/", views.act, name="act"),
    path("<uuid:uuid>/papers/<uuid:evidence>/", views.paper, name="paper"),
]
