"""The subject's own pages of repair."""

from django.urls import path

from . import views

app_name = "my_repair"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("e/<int:entry>/", views.begin, name="begin"),
    path("<uuid:uuid>/", views.application, name="application"),
    path("<uuid:uuid>/draft/", views.draft, name="draft"),
    path("<uuid:uuid>/pledge/", views.pledge, name="pledge"),
    path("<uuid:uuid>/pledge/state/", views.pledge_state, name="pledge_state"),
    path("<uuid:uuid>/receipt.pdf", views.receipt, name="receipt"),
    path("<uuid:uuid>/paper/<uuid:evidence>/", views.paper, name="paper"),
]
