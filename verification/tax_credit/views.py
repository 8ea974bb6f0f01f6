"""The desk's pages of persons' tax credit: looked up by number and purpose, recorded one by one or by file, corrected,
repaired, withdrawn. Numbers of persons never stand in an address."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.registry import codes, groups
from credit_portal.registry import services as registry
from credit_portal.registry.desk_access import desk
from credit_portal.registry.visibility import has_role
from verification.models import TaxCreditEntry

from . import keeping, uploading
from .forms import CorrectForm, EntryForm, LookForm, RepairForm, UploadForm, WithdrawForm
from .keeping import TaxCreditError

PER_PAGE = 50
SEES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR)
View = Callable[..., HttpResponse]


def tax_desk(keeper: bool = False) -> Callable[[View], View]:
    """Only for tax authorities, who keep it, and the offices that supervise (not where `keeper`)."""

    def guard(view: View) -> View:
        @desk(*SEES)
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not (keeping.keeps if keeper else keeping.may_look)(request.user):
                raise PermissionDenied(keeping.NOT_TAX)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def _posted(request: HttpRequest) -> QueryDict | None:
    """An empty form that was sent is wrong, not new."""
    return request.POST if request.method == "POST" else None


@tax_desk()
def home(request: HttpRequest) -> HttpResponse:
    """The newest entries of the user's reach; POST looks one person up, for a purpose."""
    form, found, person = LookForm(_posted(request)), None, None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                parsed = codes.parse_subject_code(form.cleaned_data["id_number"], today=clock.today())
            except codes.CodeError as wrong:
                form.add_error("id_number", str(wrong))
            else:
                status = 200
                person = registry.find_subject(parsed.value) if codes.PERSON in parsed.kinds else None
                found = (
                    keeping.record_of(
                        user=request.user,
                        subject=person,
                        purpose=form.cleaned_data["purpose"],
                        now=clock.now(),
                    )
                    if person is not None
                    else []
                )
    rows = keeping.visible_to(request.user).select_related("subject", "department").order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    if found is None:
        _log(request, target_id="list", subject_id=None)
    return render(
        request,
        "desk/tax_credit/home.html",
        {
            "form": form, "found": found, "person": person, "page": page, "query": "",
            "keeps": keeping.keeps(request.user),
        },
        status=status,
    )  # fmt: skip


def _log(request: HttpRequest, *, target_id: int | str, subject_id: int | None) -> None:
    audits = has_role(request.user, groups.AUDITOR)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="纳税信用信息",
        target_type="tax_credit_list" if subject_id is None else "tax_credit",
        target_id=target_id,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.AUDIT if audits else ReadLog.Purpose.SUPERVISION,
    )


def _entry(request: HttpRequest, uuid: UUID) -> TaxCreditEntry:
    row = (
        keeping.visible_to(request.user)
        .select_related("subject", "department", "recorded_by", "replaces", "replaced_by")
        .filter(uuid=uuid)
        .first()
    )
    if row is None:
        raise Http404(keeping.NOT_FOUND)
    return row


@tax_desk()
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One entry with where it stands; that it was read is logged."""
    row = _entry(request, uuid)
    _log(request, target_id=row.pk, subject_id=row.subject_id)
    mine = keeping.keeps(request.user) and row.department_id == request.user.department_id
    stands = row.state in (TaxCreditEntry.State.EFFECTIVE, TaxCreditEntry.State.REPAIRED)
    return render(
        request,
        "desk/tax_credit/entry.html",
        {
            "row": row,
            "replaced_by": getattr(row, "replaced_by", None),
            "may_change": mine and stands,
            "may_repair": mine and row.state == "effective" and row.kind != "kept",
        },
    )


@tax_desk(keeper=True)
def new(request: HttpRequest) -> HttpResponse:
    form = EntryForm(_posted(request))
    return _answer(
        request, form, title="采集纳税信用信息", submit="采集",
        act=lambda: keeping.record(told=form.told(), actor=request.user, now=clock.now()),
        done="已采集。",
    )  # fmt: skip


@tax_desk(keeper=True)
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _entry(request, uuid)
    begun = {name: getattr(row, name) for name in CorrectForm.base_fields if hasattr(row, name)}
    form = CorrectForm(_posted(request), initial=begun | {"reason": ""})

    def act() -> TaxCreditEntry:
        entered = dict(form.cleaned_data)
        reason = entered.pop("reason")
        told = keeping.Told(id_number=row.subject.id_number, name=row.subject.name, **entered)
        return keeping.correct(entry_id=row.pk, told=told, reason=reason, actor=request.user, now=clock.now())

    return _answer(
        request,
        form,
        title="更正纳税信用信息",
        submit="更正",
        act=act,
        done="已更正，原来的一条保留备查。",
        row=row,
    )


@tax_desk(keeper=True)
def repair(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _entry(request, uuid)
    form = RepairForm(_posted(request), initial={"on": clock.today()})
    return _answer(
        request, form, title="修复纳税信用信息", submit="修复", row=row, done="已修复。",
        act=lambda: keeping.repair(
            entry_id=row.pk, actor=request.user, now=clock.now(), **form.cleaned_data
        ),
    )  # fmt: skip


@tax_desk(keeper=True)
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _entry(request, uuid)
    form = WithdrawForm(_posted(request))
    return _answer(
        request, form, title="撤销纳税信用信息", submit="撤销", row=row, done="已撤销，本人和核查都不再看到。",
        act=lambda: keeping.withdraw(
            entry_id=row.pk, actor=request.user, now=clock.now(), **form.cleaned_data
        ),
    )  # fmt: skip


def _answer(
    request: HttpRequest,
    form: forms.Form,
    *,
    title: str,
    submit: str,
    act: Callable[[], TaxCreditEntry],
    done: str,
    row: TaxCreditEntry | None = None,
) -> HttpResponse:
    """A form of one deed: done, it leads to the entry; what is wrong stands by its field."""
    if request.method == "POST" and form.is_valid():
        try:
            made = act()
        except TaxCreditError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, done)
            return redirect("tax_credit:entry", made.uuid)
    return render(
        request,
        "desk/tax_credit/form.html",
        {"form": form, "title": title, "submit": submit, "row": row},
        status=422 if form.is_bound and form.errors else 200,
    )


@tax_desk(keeper=True)
def upload(request: HttpRequest) -> HttpResponse:
    """A file, taken in as a whole or not at all."""
    form = UploadForm(_posted(request), request.FILES if request.method == "POST" else None)
    faults: list[tuple[int, str]] = []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = uploading.take(name=file.name, content=file.read(), actor=request.user, now=clock.now())
        except uploading.RowsRefused as refused:
            faults = refused.faults
            form.add_error("file", str(refused))
        except TaxCreditError as wrong:
            form.add_error("file", str(wrong))
        else:
            messages.success(request, f"文件 {taken.rows} 行，新采集 {taken.new} 条，其余以前已经采集。")
            return redirect("tax_credit:home")
    return render(
        request,
        "desk/tax_credit/upload.html",
        {
            "form": form,
            "faults": faults[:200],
            "heads": list(uploading.HEADS.values()),
            "kinds": list(uploading.KINDS),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@tax_desk(keeper=True)
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    return answers.download(uploading.template(), "纳税信用名单模板.xlsx")
