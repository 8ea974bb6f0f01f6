"""The desk's pages of the catalogue. Codes may hold whatever was entered once: the longer addresses stand first."""

from django.urls import path

from . import views, views_files, views_filing, views_models

app_name = "catalogue"
urlpatterns = [
    path("", views.home, name="home"),
    path("export/", views_files.export, name="export"),
    path("changes/", views.changes, name="changes"),
    path("coverage/", views.areas, name="coverage"),
    path("models/", views_models.models, name="models"),
    path("imports/", views_files.imports, name="imports"),
    path("imports/<uuid:uuid>/", views_files.one, name="import"),
    path("imports/<uuid:uuid>/faults.xlsx", views_files.faults, name="faults"),
    path("filings/", views_filing.filings, name="filings"),
    path("filings/new/", views_filing.new, name="filing-new"),
    path("filings/<uuid:uuid>/", views_filing.one, name="filing"),
    path("filings/<uuid:uuid>/package.zip", views_filing.package, name="package"),
    path("items/<path:code>/compare/", views.compare_items, name="compare"),
    path("items/<path:code>/rules/", views.issue_rules, name="rules"),
    path("items/<path:code>/", views.item, name="item"),
    path("texts/<path:code>/compare/", views.compare_texts, name="compare-texts"),
]
