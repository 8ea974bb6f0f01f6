from django.urls import path

from . import views

app_name = "overview"
urlpatterns = [
    path("elder/", views.elder, name="elder"),
    path("session/keepalive/", views.keepalive, name="keepalive"),
]
