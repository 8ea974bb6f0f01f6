"""Credit reports at the desk of the departments that may have them."""

from django.urls import path

from . import desk_views

app_name = "credit_reports"
urlpatterns = [
    path("", desk_views.home, name="home"),
    path("figures/", desk_views.figures, name="figures"),
    path("papers/<uuid:uuid>.pdf", desk_views.paper, name="paper"),
    path("<uuid:uuid>/", desk_views.one, name="one"),
    path("<uuid:uuid>/fetch/", desk_views.fetch, name="fetch"),
]
