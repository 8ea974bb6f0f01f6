"""The desk's pages of voluntary registration."""

from django.urls import path

from . import views_desk as views

app_name = "registration"
urlpatterns = [
    path("", views.home, name="home"),
    path("adopt/", views.adopt, name="adopt"),
    path("lists/", views.lists, name="lists"),
    path("lists/<slug:sort>/", views.should, name="should"),
    path("lists/<slug:sort>/list.xlsx", views.should_table, name="should-table"),
    path("lists/<slug:sort>/remind/", views.remind, name="remind"),
    path("<uuid:uuid>/", views.one, name="one"),
    path("<uuid:uuid>/<slug:deed>/", views.decide, name="decide"),
    path("<uuid:uuid>/files/<slug:which>/", views.proof, name="file"),
]
