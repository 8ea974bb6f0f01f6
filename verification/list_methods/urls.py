"""The desk's pages of methods of lists."""

from django.urls import path

from . import views

app_name = "list_methods"
urlpatterns = [
    path("", views.methods, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:uuid>/", views.method, name="method"),
    path("<uuid:uuid>/do/<slug:deed>/", views.act, name="act"),
]
