"""Addresses of the API, below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from . import (
    api,
    api_acts,
    api_breaches,
    api_checks,
    api_commitments,
    api_complaints,
    api_keeping,
    api_measures,
    api_reports,
)
from .throttles import PublicThrottle

app_name = "api"
urlpatterns = [
    path("public/commitments", api.Commitments.as_view(), name="commitments"),
    path("public/commitments/<str:code>", api.Commitment.as_view(), name="commitment"),
    path("public/subjects/<str:uscc>", api.Subject.as_view(), name="subject"),
    path("public/catalogue", api.Catalogue.as_view(), name="catalogue"),
    path("public/catalogue/<str:code>", api.CatalogueItem.as_view(), name="catalogue-item"),
    path("public/texts", api.Texts.as_view(), name="texts"),
    path("public/breaches", api_breaches.Breaches.as_view(), name="breaches"),
    path("public/breaches/<str:id>", api_breaches.Breach.as_view(), name="breach"),
    path("public/acts", api_acts.Acts.as_view(), name="acts"),
    path("public/acts/<str:id>", api_acts.Act.as_view(), name="act"),
    path("public/measures", api_measures.Measures.as_view(), name="measures"),
    path("checks", api_checks.Checks.as_view(), name="checks"),
    path("commitments", api_commitments.Commitments.as_view(), name="own-commitments"),
    path("fulfilments", api_keeping.Fulfilments.as_view(), name="fulfilments"),
    path("breaches", api_keeping.Breaches.as_view(), name="breach-cases"),
    path("duties", api_keeping.Duties.as_view(), name="own-duties"),
    path("credit-entries", api_acts.CreditEntries.as_view(), name="credit-entries"),
    path("complaints", api_complaints.Complaints.as_view(), name="push-complaints"),
    path("reports", api_reports.Reports.as_view(), name="credit-reports"),
    path(
        "reports/<str:number>/document", api_reports.ReportDocument.as_view(), name="credit-report-document"
    ),
    path("public/changes", api_breaches.Changes.as_view(), name="changes"),
    path("public/duties", api_breaches.Duties.as_view(), name="duties"),
    path("public/statistics", api_breaches.Statistics.as_view(), name="statistics"),
    path("public/export.csv", api.ExportCsv.as_view(), name="export-csv"),
    path("public/export.jsonl", api.ExportJsonLines.as_view(), name="export-jsonl"),
    path("schema/", SpectacularAPIView.as_view(throttle_classes=[PublicThrottle]), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="disclosure/api_docs.html"),
        name="docs",
    ),
]
