"""A subject's own pages of this room."""

from django.urls import path

from commitments.supplements import views_mine as supplements
from credit_portal.registry import addresses  # noqa: F401  (registers the converters)

from . import access_views, breach_views, reading_views, views

app_name = "mine"
urlpatterns = [
    path("commitments/", views.commitments, name="commitments"),
    path("commitments/<commitment_code:code>/", views.commitment, name="commitment"),
    path("commitments/<commitment_code:code>/<slug:paper>.pdf", views.paper, name="paper"),
    path("breaches/", breach_views.breaches, name="breaches"),
    path("breaches/<uuid:uuid>/", breach_views.breach, name="breach"),
    path("breaches/<uuid:uuid>/paper/<uuid:evidence>/", breach_views.paper, name="breach-paper"),
    path("statement/<uuid:uuid>/", breach_views.statement, name="statement"),
    path("statement/<uuid:uuid>/take-back/", breach_views.take_back, name="take-back"),
    path("supplements/", supplements.supplements, name="supplements"),
    path("supplements/<uuid:uuid>/", supplements.supplement, name="supplement"),
    path("supplements/<uuid:uuid>/send/<int:number>/", supplements.send, name="supplement-send"),
    path("supplements/<uuid:uuid>/files/<uuid:evidence>/", supplements.file, name="supplement-file"),
    path("readings/", reading_views.readings, name="readings"),
    path("readings/<int:pk>/", reading_views.reading, name="reading"),
    path("access/", access_views.accesses, name="access"),
    path("access/<uuid:uuid>/end/", access_views.end, name="access-end"),
    path("access/<uuid:uuid>/authorisation/", access_views.authorisation, name="authorisation"),
]
