"""The window's pages of repair."""

from django.urls import path

from . import views

app_name = "window_repair"
urlpatterns = [
    path("", views.start, name="start"),
    path("s/<uuid:subject>/", views.subject, name="subject"),
    path("s/<uuid:subject>/e/<int:entry>/", views.begin, name="begin"),
    path("<uuid:uuid>/", views.application, name="application"),
    path("<uuid:uuid>/draft/", views.draft, name="draft"),
    path("<uuid:uuid>/pledge/", views.pledge, name="pledge"),
    path("<uuid:uuid>/pledge/state/", views.pledge_state, name="pledge_state"),
    path("<uuid:uuid>/receipt.pdf", views.receipt, name="receipt"),
    path("<uuid:uuid>/paper/<uuid:evidence>/", views.paper, name="paper"),
]
