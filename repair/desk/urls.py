"""The desk's pages of repair."""

from django.urls import path

from . import signs, starting, views

app_name = "repair"
urlpatterns = [
    path("", views.applications, name="list"),
    path("new/", starting.find, name="find"),
    path("new/s/<uuid:subject>/", starting.positions, name="positions"),
    path("new/e/<int:entry>/", starting.begin, name="begin"),
    path("signs/", signs.signs, name="signs"),
    path("signs/<int:pk>/", signs.sign, name="sign"),
    path("<uuid:uuid>/", views.application, name="application"),
    path("<uuid:uuid>/draft/", starting.draft, name="draft"),
    path("<uuid:uuid>/pledge/", starting.pledge, name="pledge"),
    path("<uuid:uuid>/pledge/state/", starting.pledge_state, name="pledge_state"),
    path("<uuid:uuid>/step/<slug:act>/", views.step, name="step"),
    path("<uuid:uuid>/receipt.pdf", views.receipt, name="receipt"),
    path("<uuid:uuid>/paper/<uuid:evidence>/", views.paper, name="paper"),
]
