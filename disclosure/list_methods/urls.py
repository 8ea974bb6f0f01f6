"""What anybody sees of methods of lists."""

from django.urls import path

from . import views

app_name = "list_methods_public"
urlpatterns = [
    path("list-methods/", views.methods, name="list"),
    path("list-methods/<uuid:uuid>/", views.method, name="method"),
]
