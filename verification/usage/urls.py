"""The desk's pages of monthly lists."""

from django.urls import path

from . import views

app_name = "usage"
urlpatterns = [
    path("", views.home, name="home"),
    path("county.xlsx", views.county, name="county"),
    path("chase/", views.chase, name="chase"),
    path("notices/draft/", views.draft, name="draft"),
    path("notices/<uuid:uuid>/", views.notice, name="notice"),
    path("notices/<uuid:uuid>/paper.pdf", views.notice_paper, name="notice-paper"),
    path("<uuid:uuid>/", views.one, name="list"),
    path("<uuid:uuid>/submit/", views.submit, name="submit"),
    path("<uuid:uuid>/checks/<int:pk>/note/", views.add_note, name="note"),
    path("<uuid:uuid>/list.xlsx", views.as_xlsx, name="xlsx"),
    path("<uuid:uuid>/list.pdf", views.as_pdf, name="pdf"),
]
