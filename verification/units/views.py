"""The desk's page of who answers for a unit: its own for a unit, all units with those that have nobody for the office."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.registry import contacts, groups
from credit_portal.registry.contacts import ContactError
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import UnitContact
from credit_portal.registry.visibility import departments_visible_to, has_role

from . import chasing
from .forms import ContactForm, EndForm

PER_PAGE = 50
PAST_SHOWN = 50


@desk()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A unit sees and names its own; the office sees all units of its reach."""
    if has_role(request.user, groups.CREDIT_OFFICE):
        return _all_units(request)
    return _own(request)


def _all_units(request: HttpRequest) -> HttpResponse:
    reach = departments_visible_to(request.user)
    units = contacts.units_of(reach)
    lacking = contacts.lacking(reach)
    only = request.GET.get("show") == "lacking"
    rows = contacts.with_contacts(lacking if only else units).select_related("region")
    page = Paginator(rows.order_by("region_id", "name"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "desk/units/office.html",
        {
            "page": page,
            "only": only,
            "query": "show=lacking" if only else "",
            "number": units.count(),
            "lacking": lacking.count(),
        },
    )


def _own(
    request: HttpRequest,
    *,
    appointing: ContactForm | None = None,
    correcting: tuple[int, ContactForm] | None = None,
    ending: tuple[int, EndForm] | None = None,
) -> HttpResponse:
    user, today = request.user, clock.today()
    unit = user.department
    rows = list(
        contacts.contacts_visible_to(user).filter(department=unit).order_by("role", "-from_on", "-pk")
    )
    current = {row.role: row for row in rows if row.until_on is None}
    does = has_role(user, groups.HEAD)
    roles = []
    for role, label in UnitContact.Role.choices:
        row = current.get(role)
        forms = None
        if does and row is not None:
            forms = {
                "correct": correcting[1]
                if correcting and correcting[0] == row.pk
                else ContactForm(department=unit, contact=row, prefix=f"c{row.pk}"),
                "end": ending[1]
                if ending and ending[0] == row.pk
                else EndForm(initial={"until_on": today}, prefix=f"e{row.pk}"),
                "correcting": bool(correcting and correcting[0] == row.pk),
                "ending": bool(ending and ending[0] == row.pk),
            }
        roles.append((role, label, row, forms))
    failed = [form for form in (appointing, *(pair[1] for pair in (correcting, ending) if pair)) if form]
    return render(
        request,
        "desk/units/own.html",
        {
            "unit": unit,
            "asked": unit.kind in contacts.UNITS,
            "roles": roles,
            "past": [row for row in rows if row.until_on is not None][:PAST_SHOWN],
            "form": (appointing or ContactForm(department=unit, initial=_start(current, today)))
            if does
            else None,
            "missing": [label for role, label, row, _forms in roles if row is None],
        },
        status=422 if failed else 200,
    )


def _start(current: dict[str, UnitContact], today: Any) -> dict[str, Any]:
    open_roles = [role for role in UnitContact.Role.values if role not in current]
    return {"from_on": today, "role": open_roles[0] if open_roles else UnitContact.Role.CONTACT}


def _contact(request: HttpRequest, uuid: UUID) -> UnitContact:
    row = (
        contacts.contacts_visible_to(request.user)
        .filter(uuid=uuid, department=request.user.department_id)
        .first()
    )
    if row is None:
        raise Http404("没有这条登记，或者不是本单位的。")
    return row


@desk(groups.HEAD)
@require_POST
def appoint(request: HttpRequest) -> HttpResponse:
    """Name who it is now."""
    form = ContactForm(request.POST, department=request.user.department)
    if form.is_valid():
        try:
            row = contacts.appoint(
                department=request.user.department, actor=request.user, now=clock.now(), **form.cleaned_data
            )
        except ContactError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"已登记：{row}。")
            return redirect("units:home")
    return _own(request, appointing=form)


@desk(groups.HEAD)
@require_POST
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put the particulars of the present one right."""
    row = _contact(request, uuid)
    form = ContactForm(request.POST, department=row.department, contact=row, prefix=f"c{row.pk}")
    if form.is_valid():
        try:
            contacts.correct(contact_id=row.pk, actor=request.user, now=clock.now(), **form.cleaned_data)
        except ContactError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已更正。")
            return redirect("units:home")
    return _own(request, correcting=(row.pk, form))


@desk(groups.HEAD)
@require_POST
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Nobody is it any more."""
    row = _contact(request, uuid)
    form = EndForm(request.POST, prefix=f"e{row.pk}")
    if form.is_valid():
        try:
            contacts.end(
                contact_id=row.pk, on=form.cleaned_data["until_on"], actor=request.user, now=clock.now()
            )
        except ContactError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已登记任职结束。")
            return redirect("units:home")
    return _own(request, ending=(row.pk, form))


@desk(groups.CREDIT_OFFICE)
@require_POST
def chase(request: HttpRequest) -> HttpResponse:
    """Ask the units that were ticked to name somebody."""
    return chase_ticked(request, what=chasing.CONTACT, back="/desk/unit/?show=lacking")


def chase_ticked(request: HttpRequest, *, what: str, back: str) -> HttpResponse:
    """Ask the units that were ticked for what is missing, say how many, and go back."""
    wanted = [
        int(pk) for pk in request.POST.getlist("unit")[:500] if pk.isascii() and pk.isdigit() and len(pk) < 10
    ]
    number, silent = chasing.chase(what=what, unit_ids=wanted, actor=request.user, now=clock.now())
    if not number:
        messages.error(request, "请先勾选要催办的单位。")
    else:
        messages.success(request, f"已催办 {number} 个单位，每个单位一天提醒一次。")
    if silent:
        messages.warning(request, f"其中 {silent} 个单位没有经办人或者负责人账号，请电话联系。")
    return redirect(back)
