"""The column, the public interface and the ways in: everybody, whoever is logged in or not."""

from . import EVERYBODY, Row, deed, form, page

OPEN = (
    "/", "/acts/", "/acts/{public_act.uuid}/", "/api/", "/api/integration/", "/api/v1/docs/", "/api/v1/schema/",
    "/api/v1/public/acts", "/api/v1/public/acts/{public_act.uuid}", "/api/v1/public/breaches",
    "/api/v1/public/breaches/{breach.uuid}", "/api/v1/public/catalogue",
    "/api/v1/public/catalogue/{counter.item.item.code}", "/api/v1/public/changes", "/api/v1/public/commitments",
    "/api/v1/public/commitments/{commitment.code}", "/api/v1/public/duties", "/api/v1/public/export.csv",
    "/api/v1/public/export.jsonl", "/api/v1/public/measures", "/api/v1/public/statistics",
    "/api/v1/public/subjects/{commitment.subject_code}", "/api/v1/public/texts", "/breaches/",
    "/breaches/{breach.uuid}/", "/cases/", "/cases/{public_case.uuid}/", "/catalogue/",
    "/catalogue/{counter.item.item.code}/", "/catalogue/{counter.item.item.code}/compare/", "/commitments/",
    "/commitments/{commitment.code}/", "/complaints/{complaint.token}/", "/consumer-complaints/",
    "/consumer-complaints/{public_complaint.uuid}/", "/elder/", "/grading/", "/grading/{grading_standard.uuid}/",
    "/healthz", "/information/", "/list-methods/", "/measures/", "/objections/", "/objections/{objection.token}/",
    "/objections/{objection.token}/receipt.pdf", "/pilots/", "/pilots/{pilot.uuid}/", "/readings/",
    "/readings/{reading.pk}/", "/readyz", "/repair/", "/repair/announcements/", "/robots.txt", "/rules/",
    "/rules/{document.pk}/", "/subjects/{commitment.subject_code}/", "/supervision/", "/supervision/rechecks/",
    "/texts/", "/texts/{counter.text.text.code}/", "/texts/{counter.text.text.code}/compare/",
    "/verify/{commitment.verify_token}/",
)  # fmt: skip
# Anybody may object, complain and point out an error; a method's draft takes opinions.
SENT = (
    "/complaints/new/", "/list-methods/{method_asked.uuid}/", "/objections/new/", "/tips/new/",
)  # fmt: skip
# Whoever holds the code of an objection goes on with it.
CODED = ("/objections/{objection.token}/supply/", "/objections/{objection.token}/withdraw/")
TABLE: dict[str, Row] = {
    **dict.fromkeys(OPEN, page(EVERYBODY, anywhere=True)),
    **dict.fromkeys(SENT, form(EVERYBODY, anywhere=True)),
    **dict.fromkeys(CODED, deed(EVERYBODY, anywhere=True)),
}
