"""A subject's own record on its own pages."""

from django.urls import path

from . import mine_views

app_name = "mine_record"
urlpatterns = [
    path("", mine_views.record, name="record"),
    path("paper/", mine_views.make_paper, name="make-paper"),
    path("paper.pdf", mine_views.paper, name="paper"),
]
