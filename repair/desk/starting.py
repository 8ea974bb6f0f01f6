"""The department begins an application for the subject: from one of its entries, filled in and handed in at the desk."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.registry import codes
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.services import find_subject
from repair import applying, filling, pledge_page, rules, showing
from repair.models import RepairApplication
from repair.rules import RepairError
from verification import services as record

from . import forms as shapes

State = RepairApplication.State
NOT_KNOWN = "没有这个主体的信用记录，请核对代码。"
NOT_YOURS = "这条记录不由您的单位作出，或者没有这条记录。"
NO_DRAFT = "没有这份修复申请草稿，或者它不是由您的单位代办的。"
DOES = sorted(rules.DOES)


@desk(*DOES)
def find(request: HttpRequest) -> HttpResponse:
    """Whose record: by its code, which stands in no address."""
    form = shapes.FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            parsed = codes.parse_subject_code(form.cleaned_data["code"], today=clock.today())
        except codes.CodeError as error:
            form.add_error("code", str(error))
        else:
            subject = find_subject(parsed.value)
            if subject is not None:
                return redirect("repair:positions", subject.uuid)
            form.add_error("code", NOT_KNOWN)
    return render(
        request, "repair/desk/find.html", {"form": form}, status=422 if form.is_bound and form.errors else 200
    )


@desk(*DOES)
@require_safe
def positions(request: HttpRequest, subject: UUID) -> HttpResponse:
    """The subject's adverse entries that the own department has made."""
    found = CreditSubject.objects.filter(uuid=subject).first()
    if found is None:
        raise Http404(NOT_KNOWN)
    rows = [
        row
        for row in filling.rows_of(found, on=clock.today())
        if row.position.department is not None and row.position.department.pk == request.user.department_id
    ]
    if not rows:
        messages.error(request, "这个主体没有由您的单位作出的失信记录。其他单位作出的，可以到任一窗口申请。")
        return redirect("repair:find")
    _log(request, found)
    return render(request, "repair/desk/positions.html", {"subject": found, "rows": rows, "space": "repair"})


@desk(*DOES)
def begin(request: HttpRequest, entry: int) -> HttpResponse:
    """How the entry stands, and who asks."""
    try:
        position = applying.position_of(entry, on=clock.today())
    except RepairError as error:
        raise Http404(NOT_YOURS) from error
    if position.department is None or position.department.pk != request.user.department_id:
        raise Http404(NOT_YOURS)
    subject = position.entry.subject
    running = RepairApplication.objects.filter(entry=entry, state__in=rules.OPEN).first()
    if running is not None:
        messages.info(request, f"这条记录已有正在办理的修复申请（{running.number}）。")
        return redirect("repair:application", running.uuid)
    form = shapes.ApplicantForm(
        request.POST or None, request.FILES or None, kind=subject.kind, own_name=filling.own_name(subject)
    )
    if request.method == "POST" and form.is_valid():
        begun = filling.begin_by_form(
            form, entry_id=entry, subject=subject, channel=RepairApplication.Channel.DEPARTMENT,
            actor=request.user, now=clock.now(),
        )  # fmt: skip
        if begun is not None:
            return redirect("repair:draft", begun.uuid)
    _log(request, subject)
    return render(
        request,
        "repair/desk/begin.html",
        {
            "position": position, "entry": position.entry, "way": position.way, "subject": subject, "form": form,
            "code_shown": subject.shown_code,
        },
        status=422 if form.is_bound and form.errors else 200,
    )  # fmt: skip


@desk(*DOES)
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Fill in and hand in what the department has begun."""
    found = _draft(request, uuid)
    if found.state != State.DRAFT:
        return redirect("repair:application", found.uuid)
    taken, status = None, 200
    if request.method == "POST":
        now = clock.now()
        if request.POST.get("deed") == "use":
            taken = filling.save(request, found, actor=request.user, now=now)
            if not taken.errors:
                code = request.POST.get("code", "")
                taken.note("pledge", pledge_page.use_code(found, code, actor=request.user, now=now))
        else:
            taken = filling.save(request, found, actor=request.user, now=now)
        if taken.handed_in is not None:
            messages.success(request, f"申请已提交，编号 {taken.handed_in.number}。")
            return redirect("repair:application", found.uuid)
        if not taken.errors:
            return redirect("repair:pledge" if request.POST.get("deed") == "pledge" else "repair:draft", uuid)
        status = 422
        found = _draft(request, uuid)
    context = filling.page_of(found, taken, now=clock.now())
    return render(
        request,
        "repair/desk/draft.html",
        context | {"space": "repair", "code_form": shapes.PledgeCodeForm()},
        status=status,
    )


@desk(*DOES)
def pledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _draft(request, uuid)
    if found.state != State.DRAFT:
        return redirect("repair:application", found.uuid)
    return pledge_page.answer(
        request,
        found,
        space="repair",
        template="repair/desk/pledge.html",
        clerk=request.user,
        now=clock.now(),
    )


@desk(*DOES)
@require_safe
def pledge_state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return pledge_page.state(_draft(request, uuid), space="repair")


def _draft(request: HttpRequest, uuid: UUID) -> RepairApplication:
    rows = RepairApplication.objects.filter(
        uuid=uuid,
        channel=RepairApplication.Channel.DEPARTMENT,
        taken_in=request.user.department_id,
    )
    found = showing.whole(rows).first()
    if found is None:
        raise Http404(NO_DRAFT)
    return found


def _log(request: HttpRequest, subject: CreditSubject) -> None:
    record.log_record_read(
        user=request.user, target_type="repair_positions", target_id=subject.pk, subject_id=subject.pk,
        purpose=ReadLog.Purpose.HANDLING, now=clock.now(),
    )  # fmt: skip
