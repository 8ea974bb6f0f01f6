"""The counter. A draft's address holds a random number; codes of subjects never stand in an address."""

from django.urls import path

from commitments import views_papers, views_reading, views_signing, views_subject_access, views_window
from commitments.supplements import views_window as supplements
from credit_portal.registry import addresses  # noqa: F401  (registers the converters)

app_name = "window"
urlpatterns = [
    path("", views_window.start, name="start"),
    path("drafts/", views_window.drafts, name="drafts"),
    path("d/<uuid:uuid>/", views_window.draft, name="draft"),
    path("d/<uuid:uuid>/subject/", views_window.register_subject, name="subject"),
    path("d/<uuid:uuid>/check/", views_window.check, name="check"),
    path("d/<uuid:uuid>/rename/", views_window.rename, name="rename"),
    path("d/<uuid:uuid>/recheck/", views_window.recheck, name="recheck"),
    path("d/<uuid:uuid>/another/", views_window.another, name="another"),
    path("d/<uuid:uuid>/discard/", views_window.discard, name="discard"),
    path("d/<uuid:uuid>/notice.pdf", views_papers.ordinary_notice, name="ordinary_notice"),
    path("d/<uuid:uuid>/blanks/", views_reading.blanks, name="blanks"),
    path("d/<uuid:uuid>/turn/", views_reading.turn, name="turn"),
    path("d/<uuid:uuid>/present/", views_reading.present, name="present"),
    path("d/<uuid:uuid>/read/", views_reading.finish, name="finish_reading"),
    path("d/<uuid:uuid>/reread/", views_reading.reread, name="reread"),
    path("d/<uuid:uuid>/signer/", views_signing.signer, name="signer"),
    path("d/<uuid:uuid>/sign/", views_signing.sign, name="sign"),
    path("d/<uuid:uuid>/state/", views_signing.state, name="state"),
    path("access/", views_subject_access.opened, name="access-list"),
    path("access/new/", views_subject_access.open_access, name="access-new"),
    path("access/<uuid:uuid>/", views_subject_access.one, name="access"),
    path("access/<uuid:uuid>/code/", views_subject_access.new_code, name="access-code"),
    path("access/<uuid:uuid>/end/", views_subject_access.end, name="access-end"),
    path("online/", views_papers.online, name="online"),
    path("changes/", views_papers.changes, name="changes"),
    path("today/", views_papers.today, name="today"),
    path("c/<commitment_code:code>/", views_papers.commitment, name="commitment"),
    path("c/<commitment_code:code>/print/<slug:paper>/", views_papers.print_paper, name="print"),
    path("c/<commitment_code:code>/<slug:paper>.pdf", views_papers.paper_pdf, name="paper_pdf"),
    path("c/<commitment_code:code>/photos/<int:pk>/", views_papers.photo, name="photo"),
    path("c/<commitment_code:code>/void/", views_papers.void, name="void"),
    path("c/<commitment_code:code>/correct/", views_papers.correct, name="correct"),
    path("c/<commitment_code:code>/result/", supplements.result, name="result"),
    path("supplements/", supplements.supplements, name="supplements"),
    path("supplements/<uuid:uuid>/", supplements.supplement, name="supplement"),
    path("supplements/<uuid:uuid>/do/<slug:deed>/", supplements.act, name="supplement-act"),
    path("supplements/<uuid:uuid>/files/<uuid:evidence>/", supplements.file, name="supplement-file"),
]
