"""Addresses of the API, below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from . import api
from .throttles import PublicThrottle

app_name = "api"
urlpatterns = [
    path("public/commitments", api.Commitments.as_view(), name="commitments"),
    path("public/commitments/<str:code>", api.Commitment.as_view(), name="commitment"),
    path("public/subjects/<str:uscc>", api.Subject.as_view(), name="subject"),
    path("public/catalogue", api.Catalogue.as_view(), name="catalogue"),
    path("public/texts", api.Texts.as_view(), name="texts"),
    path("public/export.csv", api.ExportCsv.as_view(), name="export-csv"),
    path("public/export.jsonl", api.ExportJsonLines.as_view(), name="export-jsonl"),
    path("schema/", SpectacularAPIView.as_view(throttle_classes=[PublicThrottle]), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="disclosure/api_docs.html"),
        name="docs",
    ),
]
