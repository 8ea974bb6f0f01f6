"""Signing on a subject's own pages. A draft's address holds a random number."""

from django.urls import path

from . import paper_views, views

app_name = "me_sign"
urlpatterns = [
    path("", views.start, name="start"),
    path("items/<int:pk>/", views.item, name="item"),
    path("<uuid:uuid>/", views.draft, name="draft"),
    path("<uuid:uuid>/check/", views.check, name="check"),
    path("<uuid:uuid>/again/", views.again, name="again"),
    path("<uuid:uuid>/shown/", views.shown, name="shown"),
    path("<uuid:uuid>/blanks/", views.blanks, name="blanks"),
    path("<uuid:uuid>/finish/", views.finish, name="finish"),
    path("<uuid:uuid>/reread/", views.reread, name="reread"),
    path("<uuid:uuid>/sign/", views.sign, name="sign"),
    path("<uuid:uuid>/state/", views.state, name="state"),
    path("<uuid:uuid>/discard/", views.discard, name="discard"),
    path("<uuid:uuid>/photos/", paper_views.add_photo, name="photos"),
    path("<uuid:uuid>/photos/<int:pk>/", paper_views.photo, name="photo"),
    path("<uuid:uuid>/photos/<int:pk>/remove/", paper_views.remove_photo, name="remove-photo"),
    path("<uuid:uuid>/text.pdf", paper_views.text, name="text"),
    path("<uuid:uuid>/notice.pdf", paper_views.notice, name="notice"),
]
