"""The public column."""

from django.urls import path

from credit_portal.registry import addresses  # noqa: F401  (registers the converters)

from . import (
    views,
    views_acts,
    views_breaches,
    views_catalogue,
    views_consumer,
    views_grading,
    views_information,
    views_integration,
    views_measures,
    views_pilots,
    views_rechecks,
    views_search,
    views_supervision,
    views_typical,
)

app_name = "disclosure"
urlpatterns = [
    path("", views.home, name="home"),
    path("commitments/", views_search.commitments, name="commitments"),
    path("commitments/<commitment_code:code>/", views.commitment, name="commitment"),
    path("subjects/<uscc:uscc>/", views_search.subject, name="subject"),
    path("breaches/", views_breaches.breaches, name="breaches"),
    path("breaches/<uuid:uuid>/", views_breaches.breach, name="breach"),
    path("acts/", views_acts.acts, name="acts"),
    path("acts/<uuid:uuid>/", views_acts.act, name="act"),
    path("information/", views_information.catalogue, name="information"),
    path("supervision/", views_supervision.board, name="supervision"),
    path("supervision/rechecks/", views_rechecks.rechecks, name="rechecks"),
    path("catalogue/", views.catalogue, name="catalogue"),
    path("catalogue/<path:code>/compare/", views_catalogue.compare_items, name="compare-items"),
    path("catalogue/<path:code>/", views_catalogue.item, name="item"),
    path("texts/", views.texts, name="texts"),
    path("texts/<str:code>/compare/", views_catalogue.compare_texts, name="compare-texts"),
    path("texts/<str:code>/", views.text, name="text"),
    path("cases/", views_typical.cases, name="cases"),
    path("cases/<uuid:uuid>/", views_typical.case, name="case"),
    path("consumer-complaints/", views_consumer.complaints, name="consumer-complaints"),
    path("consumer-complaints/<uuid:uuid>/", views_consumer.complaint, name="consumer-complaint"),
    path("readings/", views_consumer.readings, name="readings"),
    path("readings/<int:pk>/", views_consumer.reading, name="reading"),
    path("pilots/", views_pilots.pilots, name="pilots"),
    path("pilots/<uuid:uuid>/", views_pilots.pilot, name="pilot"),
    path("rules/", views.rules, name="rules"),
    path("rules/<int:pk>/", views.rule, name="rule"),
    path("measures/", views_measures.measures, name="measures"),
    path("grading/", views_grading.standards, name="grading"),
    path("grading/<uuid:uuid>/", views_grading.standard, name="grading-standard"),
    path("verify/<str:token>/", views.verify, name="verify"),
    path("api/", views.api_guide, name="api"),
    path("api/integration/", views_integration.integration_guide, name="integration"),
    path("robots.txt", views.robots, name="robots"),
]
