"""Proofs that a publication has ended, at the desk: of the own department, for the credit office of the region and below;
what was seen in each round, the certificate, and looking once more."""

from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role

from . import certifying, proving, recipients
from .models import UnpublicationProof
from .rules import RepairError

PER_PAGE = 50
ROLES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
TABS = {"failed": "没有停止", "waiting": "待核对", "passed": "已停止"}
NO_CERTIFICATE = "还没有出具证明：全部位置都已停止以后出具。"


@desk(*ROLES)
@require_safe
def proofs(request: HttpRequest) -> HttpResponse:
    """The newest first, by how they stand."""
    tab = request.GET.get("state", "failed")
    tab = tab if tab in TABS else "failed"
    rows = (
        proving.proofs_visible_to(request.user)
        .filter(state=tab)
        .select_related("application__entry", "publication__case", "act", "department", "subject")
    )
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "repair/desk/proofs.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "rows": [(row, certifying.about(row)) for row in shown],
            "next": following,
        },
    )


@desk(*ROLES)
@require_safe
def proof(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One proof: how it stands, every place that was looked at, who had the record."""
    found = _visible(request, uuid)
    _note_reading(request, found)
    looks = certifying.last_looks(found)
    return render(
        request,
        "repair/desk/proof.html",
        {
            "proof": found,
            "about": certifying.about(found),
            "looks": looks,
            "failed": [one for one in looks if not one.ok],
            "recipients": recipients.recipients_of(found),
            "readers": recipients.READERS,
            "duties": duties.duties_of(proving.matter_of(found)),
            "may_again": has_role(request.user, groups.CREDIT_OFFICE),
        },
    )


@desk(*ROLES)
@require_safe
@csp_exempt()  # a browser's own viewer of PDF fails under the policy of our pages
def certificate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The certificate as it was issued; that somebody read it is logged."""
    found = _visible(request, uuid)
    if found.document is None:
        raise Http404(NO_CERTIFICATE)
    try:
        content = read_evidence(found.document)
    except EvidenceDamaged as error:
        messages.error(request, str(error))
        return redirect("proofs:proof", found.uuid)
    _note_reading(request, found, what="停止公示证明")
    return answers.shown(content, f"{found.number}.pdf")


@desk(groups.CREDIT_OFFICE)
@require_POST
def again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Have everything looked at once more."""
    found = _visible(request, uuid)
    try:
        proving.prove_again(proof_id=found.pk, actor=request.user, now=clock.now())
    except RepairError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已安排重新核对，稍后刷新本页查看结果。")
    return redirect("proofs:proof", found.uuid)


def _visible(request: HttpRequest, uuid: UUID) -> UnpublicationProof:
    found = (
        proving.proofs_visible_to(request.user)
        .select_related(
            "application__entry",
            "application__case",
            "publication__case",
            "act",
            "department",
            "region",
            "subject",
            "document",
        )
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(proving.ERROR_REACH)
    return found


def _note_reading(request: HttpRequest, found: UnpublicationProof, *, what: str = "停止公示核对") -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what=what,
        target_type="unpublication_proof",
        target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
