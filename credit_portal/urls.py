"""Every address of the portal. Each room brings its own list."""

from django.contrib import admin
from django.urls import include, path

from credit_portal.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("credit_portal.registry.account_urls")),
    path("me/repair/", include("repair.mine.urls")),
    path("me/sign/", include("commitments.online.urls")),
    path("me/registration/", include("commitments.registrations.mine_urls")),
    path("me/", include("commitments.associations.mine_urls")),
    path("me/", include("credit_portal.registry.me_urls")),
    path("me/", include("credit_portal.overview.me_urls")),
    path("me/", include("commitments.mine.urls")),
    path("me/record/", include("verification.mine_urls")),
    path("me/record/", include("credit_portal.overview.record.mine_urls")),
    path("me/objections/", include("disclosure.objections.me_urls")),
    path("window/repair/", include("repair.window.urls")),
    path("window/", include("commitments.urls")),
    path("desk/repair/", include("repair.desk.urls")),
    path("desk/cases/", include("commitments.case_urls")),
    path("desk/warnings/", include("commitments.warnings.urls")),
    path("desk/capture/", include("commitments.capture.urls")),
    path("desk/bulk/", include("commitments.bulk.urls")),
    path("desk/handover/", include("commitments.handover.urls")),
    path("desk/readings/", include("commitments.readings.urls")),
    path("desk/consumer-complaints/", include("verification.complaints.urls")),
    path("desk/pilots/", include("disclosure.pilots.urls")),
    path("desk/positions/", include("commitments.positions.urls")),
    path("desk/consequences/", include("commitments.consequences.urls")),
    path("desk/supplements/", include("commitments.supplements.urls")),
    path("desk/obligations/", include("commitments.obligations.urls")),
    path("desk/rechecks/", include("commitments.rechecks.urls")),
    path("desk/lists/", include("verification.listing_urls")),
    path("desk/list-methods/", include("verification.list_methods.urls")),
    path("desk/checks/", include("verification.checking.urls")),
    path("desk/unit/", include("verification.units.urls")),
    path("desk/training/", include("verification.units.training_urls")),
    path("desk/typical/", include("disclosure.typical.urls")),
    path("desk/memberships/", include("verification.memberships.urls")),
    path("desk/tax-credit/", include("verification.tax_credit.urls")),
    path("desk/measures/", include("verification.measures.urls")),
    path("desk/usage/", include("verification.usage.urls")),
    path("desk/associations/", include("commitments.associations.urls")),
    path("desk/rosters/", include("commitments.rosters.urls")),
    path("desk/registration/", include("commitments.registrations.urls")),
    path("desk/reports/", include("disclosure.report_urls")),
    path("desk/publications/", include("disclosure.publication_urls")),
    path("desk/acts/", include("disclosure.acts.urls")),
    path("desk/exchange/", include("disclosure.exchange.urls")),
    path("desk/repair/proofs/", include("repair.proof_urls")),
    path("desk/catalogue/", include("disclosure.catalogue.urls")),
    path("desk/progress/", include("credit_portal.overview.progress.urls")),
    path("desk/record/", include("credit_portal.overview.record.urls")),
    path("desk/", include("disclosure.objections.desk_urls")),
    path("desk/", include("credit_portal.overview.desk_urls")),
    path("api/v1/", include("disclosure.api_urls")),
    path("repair/", include("repair.public.urls")),
    path("", include("credit_portal.overview.urls")),
    path("", include("disclosure.objections.public_urls")),
    path("", include("disclosure.list_methods.urls")),
    path("", include("disclosure.urls")),
]

handler400 = "credit_portal.overview.errors.bad_request"
handler403 = "credit_portal.overview.errors.permission_denied"
handler404 = "credit_portal.overview.errors.page_not_found"
handler429 = "credit_portal.overview.errors.too_many_requests"  # allauth's limits ask for it
handler500 = "credit_portal.overview.errors.server_error"
