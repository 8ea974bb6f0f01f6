"""A member's own pages of its associations; `join/` is what the code of a poster holds."""

from django.urls import path

from . import mine_views

app_name = "my_associations"
urlpatterns = [
    path("join/<slug:token>/", mine_views.join, name="join"),
    path("associations/", mine_views.home, name="home"),
    path("associations/notes/<uuid:uuid>/", mine_views.reply, name="reply"),
    path("associations/notes/<uuid:uuid>/document/", mine_views.document, name="document"),
]
