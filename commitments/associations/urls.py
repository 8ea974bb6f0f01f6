"""The desk's pages of associations. The address holds the association's code."""

from django.urls import path

from credit_portal.registry import addresses  # noqa: F401  (registers the converters)

from . import campaign_views, member_views, views

app_name = "associations"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uscc:uscc>/", views.overview, name="overview"),
    path("<uscc:uscc>/coverage.xlsx", views.coverage_table, name="coverage"),
    path("<uscc:uscc>/text/", views.version, name="version"),
    path("<uscc:uscc>/text/edit/", views.text, name="text"),
    path("<uscc:uscc>/text/ask/", views.ask, name="ask"),
    path("<uscc:uscc>/campaigns/new/", campaign_views.new, name="campaign-new"),
    path("<uscc:uscc>/campaigns/<uuid:uuid>/", campaign_views.campaign, name="campaign"),
    path("<uscc:uscc>/campaigns/<uuid:uuid>/members.xlsx", campaign_views.missing, name="missing"),
    path("<uscc:uscc>/campaigns/<uuid:uuid>/poster.pdf", campaign_views.poster, name="poster"),
    path("<uscc:uscc>/campaigns/<uuid:uuid>/code.png", campaign_views.code, name="code"),
    path("<uscc:uscc>/campaigns/<uuid:uuid>/remind/", campaign_views.remind, name="remind"),
    path("<uscc:uscc>/campaigns/<uuid:uuid>/end/", campaign_views.end, name="end"),
    path("<uscc:uscc>/members/", member_views.members, name="members"),
    path("<uscc:uscc>/members/<uuid:uuid>/", member_views.member, name="member"),
    path("<uscc:uscc>/members/<uuid:uuid>/note/", member_views.add_note, name="note"),
    path("<uscc:uscc>/notes/<uuid:uuid>/correct/", member_views.correct_note, name="correct"),
    path("<uscc:uscc>/notes/<uuid:uuid>/answer/", member_views.answer_note, name="answer"),
    path("<uscc:uscc>/notes/<uuid:uuid>/document/", member_views.document, name="document"),
]
