"""The page where a subject's own record is printed for it."""

from uuid import UUID

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import codes
from credit_portal.registry.desk_access import desk
from credit_portal.registry.services import find_subject
from verification.models import OwnRecordRequest

from . import own_record
from .forms import OwnRecordForm, sent
from .handling import WORKS, CheckError

UNKNOWN = "本系统没有登记这个主体，没有可以打印的记录。"


def _asked(request: HttpRequest, uuid: str) -> OwnRecordRequest | None:
    """What this unit has printed today; older papers are asked for anew."""
    try:
        wanted = UUID(uuid)
    except ValueError:
        return None
    return OwnRecordRequest.objects.filter(
        uuid=wanted, department=request.user.department_id, at__date=clock.today()
    ).first()


@desk(*sorted(WORKS))
def own(request: HttpRequest) -> HttpResponse:
    """Who asks, for whom; then the paper."""
    form = OwnRecordForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        try:
            parsed = codes.parse_subject_code(typed.pop("code"), today=clock.today())
            subject = find_subject(parsed.value)
            if subject is None:
                raise CheckError(UNKNOWN, field="code")
            made = own_record.give(
                subject=subject,
                actor=request.user,
                now=clock.now(),
                **typed | {"authorisation": sent(typed["authorisation"])},
            )
        except codes.CodeError as wrong:
            form.add_error("code", str(wrong))
        except EvidenceRefused as refused:
            form.add_error("authorisation", str(refused))
        except CheckError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            return redirect(f"{reverse('checks:own')}?given={made.uuid}")
    context = {"form": form, "given": _asked(request, request.GET.get("given", ""))}
    return render(
        request, "desk/checks/own.html", context, status=422 if form.is_bound and form.errors else 200
    )


@desk(*sorted(WORKS))
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The paper, to be printed on the day on which it was asked for."""
    row = _asked(request, str(uuid))
    if row is None:
        raise Http404("没有这份查询结果，或者不是今天制作的。")
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=own_record.TITLE, target_type="own_record",
        target_id=row.pk, subject_id=row.subject_id, purpose=ReadLog.Purpose.PRINT,
    )  # fmt: skip
    try:
        content = read_evidence(row.document)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系系统管理员。") from error
    return answers.shown(content, f"{own_record.TITLE} {row.number}.pdf")
