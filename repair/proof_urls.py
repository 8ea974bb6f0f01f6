"""The desk's pages of proofs that a publication has ended."""

from django.urls import path

from . import proof_views

app_name = "proofs"
urlpatterns = [
    path("", proof_views.proofs, name="list"),
    path("<uuid:uuid>/", proof_views.proof, name="proof"),
    path("<uuid:uuid>/certificate.pdf", proof_views.certificate, name="certificate"),
    path("<uuid:uuid>/again/", proof_views.again, name="again"),
]
