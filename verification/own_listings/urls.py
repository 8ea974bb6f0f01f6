"""A subject's own pages of lists."""

from django.urls import path

from . import views

app_name = "my_listings"
urlpatterns = [
    path("", views.listings, name="list"),
    path("<uuid:uuid>/", views.listing, name="listing"),
    path("<uuid:uuid>/statement/", views.statement, name="statement"),
    path("<uuid:uuid>/papers/<uuid:evidence>/", views.paper, name="paper"),
]
