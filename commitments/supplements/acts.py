"""What the pages at the counter and at the desk do alike: the forms of a procedure, the act that was posted, a file."""

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from commitments.forms import uploaded
from commitments.models import MaterialFile, PromisedMaterial, Supplement, SupplementExtension
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names

from . import ending, extending, forms, receiving, showing
from .course import AT_THE_DESK, SupplementError, SupplementMoved

State, MaterialState = Supplement.State, PromisedMaterial.State
Form = type[django_forms.Form]
# Deed → its form, what it is called when it is done, whether it names a material.
DEEDS: dict[str, tuple[Form, str, bool]] = {
    "receive": (forms.ReceiveForm, "已登记收到。", True),
    "accept": (forms.EmptyForm, "已核收，以网上提交的日期为收到日期。", True),
    "send_back": (forms.SendBackForm, "已退回，主体在网上看到理由和新的日期。", True),
    "ask": (forms.AskForm, "已提出延长，由另一人决定；决定以前不会因逾期终止。", False),
    "decide": (forms.DecideForm, "已登记决定。", False),
    "close": (forms.CloseForm, "已了结。", False),
}
NONE = "没有这件容缺受理，或者它不在您的管理范围内。"
NO_FILE = "没有这份文件。"
DAMAGED = "文件已损坏，请联系系统管理员。"

Bound = dict[tuple[str, int], django_forms.Form]


def take(request: HttpRequest, supplement: Supplement, deed: str) -> tuple[bool, Bound]:
    """The posted act. True: done, or somebody else was faster (the message says so). False with the form that came back."""
    if deed not in DEEDS:
        raise Http404("没有这个步骤。")
    made, done, named = DEEDS[deed]
    number = _number(request.POST.get("number", "")) if named else 0
    form = made(request.POST, request.FILES, prefix=prefix_of(deed, number))
    if form.is_valid():
        try:
            # A file that came with a step which is refused is not kept either.
            with transaction.atomic():
                _ACTS[deed](request.user, supplement, number, dict(form.cleaned_data), request)
        except SupplementMoved as moved:
            messages.error(request, str(moved))
            return True, {}
        except EvidenceRefused as refused:
            forms.errors_by_field(form, "evidence" if deed == "ask" else "file", refused.reason)
        except SupplementError as wrong:
            forms.errors_by_field(form, wrong.field, str(wrong))
        else:
            messages.success(request, done)
            return True, {}
    return False, {(deed, number): form}


def prefix_of(deed: str, number: int) -> str:
    return f"{deed}{number}" if number else deed


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else 0


def _receive(
    user: User, supplement: Supplement, number: int, data: dict[str, Any], request: HttpRequest
) -> None:
    receiving.receive(
        supplement_id=supplement.pk, number=number, actor=user, upload=uploaded(data["file"]), now=clock.now()
    )


def _accept(
    user: User, supplement: Supplement, number: int, data: dict[str, Any], request: HttpRequest
) -> None:
    receiving.accept(supplement_id=supplement.pk, number=number, actor=user, now=clock.now())


def _send_back(
    user: User, supplement: Supplement, number: int, data: dict[str, Any], request: HttpRequest
) -> None:
    receiving.send_back(
        supplement_id=supplement.pk, number=number, reason=data["reason"], actor=user, now=clock.now()
    )


def _ask(user: User, supplement: Supplement, number: int, data: dict[str, Any], request: HttpRequest) -> None:
    extending.ask(
        supplement_id=supplement.pk, working_days=data["working_days"], reason=data["reason"],
        upload=uploaded(data["evidence"]), actor=user, now=clock.now(),
    )  # fmt: skip


def _decide(
    user: User, supplement: Supplement, number: int, data: dict[str, Any], request: HttpRequest
) -> None:
    asked = supplement.extensions.filter(state=SupplementExtension.State.ASKED).first()
    if asked is None:
        raise SupplementMoved("没有等待决定的延长，请看最新情况。")
    extending.decide(
        extension_id=asked.pk, granted=data["granted"], note=data["note"], actor=user, now=clock.now()
    )


def _close(
    user: User, supplement: Supplement, number: int, data: dict[str, Any], request: HttpRequest
) -> None:
    ending.close(
        supplement_id=supplement.pk, reason=data["close_reason"], note=data["close_note"], actor=user,
        now=clock.now(),
    )  # fmt: skip


_ACTS: dict[str, Callable[[User, Supplement, int, dict[str, Any], HttpRequest], None]] = {
    "receive": _receive,
    "accept": _accept,
    "send_back": _send_back,
    "ask": _ask,
    "decide": _decide,
    "close": _close,
}


def about(request: HttpRequest, supplement: Supplement, bound: Bound) -> dict[str, Any]:
    """What the page of one procedure shows, with the forms that are open to this person. Reading it is logged."""
    user, today = request.user, clock.today()
    log_read(
        now=clock.now(), actor_id=user.pk, what="容缺材料", target_type="supplement", target_id=supplement.pk,
        subject_id=supplement.commitment.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    own = supplement.department_id == user.department_id
    at_the_desk = bool(group_names(user) & AT_THE_DESK)
    takes = own and supplement.state in receiving.TAKES
    extensions = list(supplement.extensions.select_related("asked_by", "decided_by", "evidence"))
    asked = next((one for one in extensions if one.state == SupplementExtension.State.ASKED), None)
    extended = next((one for one in extensions if one.state == SupplementExtension.State.GRANTED), None)

    def form(deed: str, number: int = 0) -> django_forms.Form:
        return bound.get((deed, number)) or DEEDS[deed][0](prefix=prefix_of(deed, number))

    def entry(material: showing.Material) -> dict[str, Any]:
        row = material.row
        sent = takes and row.state == MaterialState.SENT
        again = row.returned_on is None or (at_the_desk and row.returned_by_id != user.pk)
        return {
            "row": row,
            "countdown": material.countdown,
            "files": material.files,
            "returned": material.returned,
            "receive": form("receive", row.number) if takes and row.state == MaterialState.WAITING else None,
            "accept": sent,
            "send_back": form("send_back", row.number)
            if sent and (again or ("send_back", row.number) in bound)
            else None,
            "returned_once": sent and not again,
        }

    open_to_change = own and supplement.state == State.OPEN
    return {
        "one": supplement,
        "commitment": supplement.commitment,
        "materials": [entry(material) for material in showing.materials_of(supplement, today)],
        "extensions": extensions,
        "extended": extended,
        "asked": asked,
        "ask": form("ask") if open_to_change and not asked and not extended else None,
        "most_days": extending.most_days(supplement) if open_to_change else 0,
        "decide": form("decide")
        if asked and open_to_change and at_the_desk and asked.asked_by_id != user.pk
        else None,
        "close": form("close") if own and at_the_desk and supplement.state == State.OVERDUE else None,
        "events": supplement.commitment.events.filter(kind="supplement").select_related("actor"),
        "today": today,
        "non_field": [error for one in bound.values() for error in one.non_field_errors()],
    }


def file_response(supplement: Supplement, uuid: Any) -> tuple[EvidenceFile, HttpResponse]:
    """A file of the procedure: of a material, returned ones too, or the evidence of an extension. Raises Http404."""
    kept = MaterialFile.objects.filter(material__supplement=supplement)
    ids = list(kept.exclude(ending=MaterialFile.Ending.REPLACED).values_list("file", flat=True))
    ids += list(supplement.extensions.values_list("evidence", flat=True))
    file = EvidenceFile.objects.filter(uuid=uuid, pk__in=ids).first()
    if file is None:
        raise Http404(NO_FILE)
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        raise Http404(DAMAGED) from error
    response = answers.shown(content, file.original_name or "材料", file.content_type)
    return file, response
