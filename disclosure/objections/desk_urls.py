"""The desk's pages of objections, complaints and tips."""

from django.urls import path

from . import desk_views as views
from . import voices_views as voices

app_name = "objections_desk"
urlpatterns = [
    path("objections/", views.home, name="home"),
    path("objections/new/", views.new, name="new"),
    path("objections/recipients/", views.recipients, name="recipients"),
    path("objections/recipients/<int:pk>/", views.recipient, name="recipient"),
    path("objections/<uuid:uuid>/", views.objection, name="objection"),
    path("objections/<uuid:uuid>/do/<slug:deed>/", views.act, name="act"),
    path("objections/<uuid:uuid>/files/<uuid:file>/", views.evidence, name="evidence"),
    path("objections/<uuid:uuid>/<slug:what>.pdf", views.paper, name="paper"),
    path("complaints/", voices.complaints, name="complaints"),
    path("complaints/<uuid:uuid>/", voices.complaint, name="complaint"),
    path("complaints/<uuid:uuid>/take/", voices.take, name="take"),
    path("tips/", voices.tips, name="tips"),
    path("tips/<uuid:uuid>/", voices.tip, name="tip"),
]
