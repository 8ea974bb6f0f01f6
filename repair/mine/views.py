"""Repair on the subject's own pages: what is open and from when, a draft that waits on the server, the repair commitment
signed on the telephone, handed in once, followed to its end."""

from uuid import UUID

from csp.decorators import csp_exempt
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments import subject_access
from credit_portal.audit import clock
from credit_portal.registry.acting import Acting, for_subjects, log_own_read
from credit_portal.registry.forms import PhoneField
from repair import applying, filling, following, pledge_page, showing
from repair.models import RepairApplication
from repair.rules import NotEligible, RepairError

State = RepairApplication.State
MOST = 50
NO_APPLICATION = "没有这件修复申请。"


class PhoneForm(forms.Form):
    phone = PhoneField(
        label="联系电话（选填）", required=False,
        help_text="材料需要补正时，主管部门打这个电话。只有办理这件申请的人看得到。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel", "type": "tel"}),
    )  # fmt: skip


@for_subjects()
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What can be repaired today and what from which day, and the applications so far."""
    acting = _acting(request)
    rows = filling.rows_of(acting.subject, on=clock.today())
    log_own_read(
        acting, what="信用修复", target_type="repair_positions", target_id=acting.subject.pk, now=clock.now()
    )
    return render(
        request,
        "repair/mine/overview.html",
        {
            "rows": rows,
            "space": "my_repair",
            "applications": list(
                _own(acting).filter(number__isnull=False).select_related("entry").order_by("-pk")[:MOST]
            ),
            "may_act": acting.may_act,
        },
    )


@for_subjects(act=True)
def begin(request: HttpRequest, entry: int) -> HttpResponse:
    """How one entry stands; from here a draft is begun, or gone on with."""
    acting = _acting(request)
    try:
        position = applying.position_of(entry, on=clock.today())
    except RepairError as error:
        raise Http404(str(error)) from error
    if position.entry.subject_id != acting.subject.pk:
        raise Http404(applying.ERROR_OTHER)
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            begun = applying.open_draft(
                entry_id=entry,
                subject=acting.subject,
                channel=RepairApplication.Channel.ONLINE,
                applicant=_applicant(acting, phone=form.cleaned_data["phone"]),
                now=clock.now(),
            )
        except (NotEligible, RepairError) as error:
            form.add_error(None, str(error))
        else:
            return redirect("my_repair:draft", begun.uuid)
    running = (
        _own(acting)
        .filter(entry=entry)
        .exclude(state__in=[State.WITHDRAWN, State.CLOSED, State.REFUSED])
        .order_by("-pk")
        .first()
    )
    log_own_read(acting, what="信用修复", target_type="credit_entry", target_id=entry, now=clock.now())
    return render(
        request,
        "repair/mine/begin.html",
        {
            "position": position,
            "entry": position.entry,
            "way": position.way,
            "form": form,
            "running": running,
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _applicant(acting: Acting, *, phone: str = "") -> applying.Applicant:
    """Whoever has entered, by what was seen when the access was opened."""
    grounds = subject_access.grounds_of(acting.access)
    return applying.Applicant(
        name=acting.name,
        capacity=subject_access.capacity_of(acting.access),
        identity_document=grounds.identity_document if grounds else "",
        phone=phone,
        authorisation=grounds.authorisation if grounds and acting.as_agent else None,
    )


@for_subjects(act=True)
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The application as it is filled in: kept on the server, handed in from here."""
    found = _application(request, uuid)
    if found.state != State.DRAFT:
        return redirect("my_repair:application", found.uuid)
    taken, status = None, 200
    if request.method == "POST":
        deed = request.POST.get("deed", "")
        applying.continued_by(
            application_id=found.pk, applicant=_applicant(_acting(request)), now=clock.now()
        )
        if deed == "discard":
            applying.withdraw(application_id=found.pk, now=clock.now())
            messages.success(request, "草稿已放弃。")
            return redirect("my_repair:overview")
        taken = filling.save(request, found, actor=None, now=clock.now())
        if taken.handed_in is not None:
            messages.success(request, f"申请已提交，编号 {taken.handed_in.number}。")
            return redirect("my_repair:application", found.uuid)
        if not taken.errors:
            if deed == "pledge":
                return redirect("my_repair:pledge", found.uuid)
            messages.success(request, "已保存。")
            return redirect("my_repair:draft", found.uuid)
        status = 422
        found = _application(request, uuid)
    return render(
        request,
        "repair/mine/draft.html",
        filling.page_of(found, taken, now=clock.now()) | {"space": "my_repair"},
        status=status,
    )


@for_subjects(act=True)
def pledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The repair commitment, read and signed on the telephone."""
    found = _application(request, uuid)
    if found.state != State.DRAFT:
        return redirect("my_repair:application", found.uuid)
    applying.continued_by(application_id=found.pk, applicant=_applicant(_acting(request)), now=clock.now())
    found = _application(request, uuid)
    return pledge_page.answer(
        request, found, space="my_repair", template="repair/mine/pledge.html", clerk=None, now=clock.now()
    )


@for_subjects(act=True)
@require_safe
def pledge_state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return pledge_page.state(_application(request, uuid), space="my_repair")


@for_subjects()
def application(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How it stands, what is missing, the papers; what was asked for is brought here, or it is taken back."""
    acting = _acting(request)
    found = _application(request, uuid)
    if found.state == State.DRAFT:
        return redirect("my_repair:draft", found.uuid)
    taken = None
    if request.method == "POST":
        return _follow(request, found)
    log_own_read(
        acting, what="信用修复申请", target_type="repair_application", target_id=found.pk, now=clock.now()
    )
    return _application_page(request, found, taken)


@for_subjects(act=True)
def _follow(request: HttpRequest, found: RepairApplication) -> HttpResponse:
    taken = following.take(request, found, actor=None, now=clock.now())
    if not taken.errors:
        return redirect("my_repair:application", found.uuid)
    return _application_page(request, _application(request, found.uuid), taken)


def _application_page(
    request: HttpRequest, found: RepairApplication, taken: filling.Taken | None
) -> HttpResponse:
    return render(
        request,
        "repair/mine/application.html",
        showing.about(found, today=clock.today())
        | following.page_of(found, taken)
        | {"space": "my_repair", "may_act": _acting(request).may_act},
        status=422 if taken else 200,
    )


@for_subjects()
@csp_exempt()
@require_safe
def receipt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    acting = _acting(request)
    return showing.receipt(
        _application(request, uuid), actor_id=None, access_id=acting.access.pk, now=clock.now()
    )


@for_subjects()
@csp_exempt()
@require_safe
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    acting = _acting(request)
    found = _application(request, uuid)
    answer = showing.file(found, evidence, actor_id=None, access_id=acting.access.pk, now=clock.now())
    if isinstance(answer, str):
        messages.error(request, answer)
        return redirect("my_repair:application", found.uuid)
    return answer


def _acting(request: HttpRequest) -> Acting:
    found: Acting = request.acting  # type: ignore[attr-defined]
    return found


def _own(acting: Acting) -> QuerySet[RepairApplication]:
    return RepairApplication.objects.filter(subject=acting.subject)


def _application(request: HttpRequest, uuid: UUID) -> RepairApplication:
    found = showing.whole(_own(_acting(request))).filter(uuid=uuid).first()
    if found is None:
        raise Http404(NO_APPLICATION)
    return found
