"""The desk's pages of lists: what runs, opening a procedure, one procedure with its next step."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import CreditSubject, Domain
from credit_portal.registry.paging import newest_first
from credit_portal.registry.services import find_subject
from credit_portal.registry.visibility import group_names, has_role

from . import listing, listing_effects, listing_opening
from .list_methods import keeping as list_methods
from .listing import ACTS, ListingMoved, ListingRefused
from .models import CreditEntry, EntryMeasure, Listing
from .services import log_record_read

PER_PAGE = 50
SEES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR)
DOES = (groups.OFFICER, groups.HEAD)
TABS = {"running": "办理中", "in_force": "已列入", "ended": "已结束"}
_IN_TAB = {
    "running": listing.RUNNING,
    "in_force": (Listing.State.IN_FORCE,),
    "ended": (Listing.State.REFUSED, Listing.State.EXITED, Listing.State.REVOKED),
}
_CHOOSE = ("", "请选择")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MeasureForm(forms.Form):
    """One measure; several can be entered later on the record itself."""

    domain = forms.ChoiceField(
        label="措施的领域", required=False, choices=[("", "所有领域"), *Domain.choices]
    )
    effect = forms.ChoiceField(
        label="措施的效果", required=False, choices=[("", "没有措施"), *EntryMeasure.EFFECTS]
    )
    measure_basis = forms.CharField(
        label="措施的法律依据", required=False, max_length=300, help_text="有措施的必填；没有依据的不能录入。"
    )

    def measures(self) -> list[dict[str, str]]:
        data = self.cleaned_data
        if not data["effect"] and not data["measure_basis"]:
            return []
        return [{"domain": data["domain"], "effect": data["effect"], "basis": data["measure_basis"]}]


class OpenForm(MeasureForm):
    kind = forms.ChoiceField(
        label="名单的种类",
        choices=[(str(one), one.label) for one in (Listing.Kind.JOINT, Listing.Kind.WATCH)],
        help_text="没有达到联合惩戒标准的，列入重点关注名单，只能附重点审查的措施。",
    )
    list_name = forms.ChoiceField(
        label="名单名称",
        help_text="只列出认定办法已经发布并施行的名单。没有的，先起草认定办法、公开征求意见。",
        error_messages={"invalid_choice": "“%(value)s”没有已发布并施行的认定办法，不能列入。"},
    )
    basis = forms.CharField(label="认定依据", max_length=300, help_text="法律、法规或者名单管理办法的条款。")
    standard = forms.CharField(label="认定标准", max_length=500)
    facts = forms.CharField(label="事实", widget=_lines(4))
    grounds = forms.ModelMultipleChoiceField(
        CreditEntry.objects.none(), label="所依据的记录", widget=forms.CheckboxSelectMultiple, required=False,
        error_messages={"invalid_choice": listing_opening.ERROR_GROUNDS},
    )  # fmt: skip
    field_order = [
        "kind",
        "list_name",
        "basis",
        "standard",
        "facts",
        "grounds",
        "domain",
        "effect",
        "measure_basis",
    ]

    def __init__(self, *args: Any, subject: CreditSubject, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list_name"].choices = [_CHOOSE, *((name, name) for name in names)]
        counted = [row.pk for row in listing_opening.grounds_of(subject, on=clock.today())]
        self.fields["grounds"].queryset = CreditEntry.objects.filter(pk__in=counted).order_by("-from_on")


class PersonForm(MeasureForm):
    responsible = forms.ChoiceField(label="责任人员")
    id_number = forms.CharField(
        label="身份证号码", required=False, max_length=40, help_text="已登记的不用填写。"
    )
    facts = forms.CharField(label="事实", widget=_lines(3))
    field_order = ["responsible", "id_number", "facts", "domain", "effect", "measure_basis"]

    def __init__(self, *args: Any, firm: CreditSubject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = firm.responsible.filter(until_on__isnull=True).order_by("pk")
        self.fields["responsible"].choices = [
            _CHOOSE, *((str(one.pk), f"{one.name}，{one.get_capacity_display()}") for one in people)
        ]  # fmt: skip

    def clean_responsible(self) -> int:
        return int(self.cleaned_data["responsible"])


class ArrearsForm(PersonForm):
    basis = forms.CharField(label="追究依据", max_length=300)
    field_order = ["responsible", "id_number", "basis", "facts", "domain", "effect", "measure_basis"]


class NoticeForm(forms.Form):
    noticed_on = forms.DateField(label="告知书送达日期", widget=_day())


class StatementForm(forms.Form):
    received_on = forms.DateField(label="收到日期", widget=_day())
    text = forms.CharField(label="陈述申辩", widget=_lines(4), help_text="不公开。")


class ProposeForm(forms.Form):
    term_until = forms.DateField(label="列入期限（最后一日）", widget=_day())
    exit_rule = forms.CharField(label="移出条件", max_length=500)
    statement_considered = forms.CharField(
        label="对陈述申辩的采纳情况", widget=_lines(2), required=False, help_text="收到陈述申辩的必填。"
    )


class DecideForm(forms.Form):
    document_no = forms.CharField(
        label="决定书文号", max_length=100, required=False, help_text="留空时用本系统的编号。"
    )


class ServeForm(forms.Form):
    served_on = forms.DateField(label="送达日期", widget=_day())
    service = forms.CharField(label="送达方式和证明", max_length=200)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由", max_length=500, widget=_lines(2))


class PublishForm(forms.Form):
    """Nothing to fill in: it is pressed by two."""


FORMS: dict[str, type[forms.Form]] = {
    "notice": NoticeForm,
    "statement": StatementForm,
    "propose": ProposeForm,
    "decide": DecideForm,
    "return": ReasonForm,
    "serve": ServeForm,
    "refuse": ReasonForm,
    "exit": ReasonForm,
    "revoke": ReasonForm,
    "publish": PublishForm,
}
SERVICES: dict[str, Any] = {
    "notice": listing.give_notice,
    "statement": listing.record_statement,
    "propose": listing.propose,
    "decide": listing.decide,
    "return": listing.send_back,
    "serve": listing.serve,
    "refuse": listing.refuse,
    "exit": listing.leave,
    "revoke": listing.revoke,
    "publish": listing.publish,
}


@desk(*SEES)
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """The procedures of the user's reach, the newest first."""
    tab = request.GET.get("state", "running")
    tab = tab if tab in TABS else "running"
    rows = listing.listings_visible_to(request.user).select_related("subject", "department")
    rows = rows.filter(state__in=_IN_TAB[tab])
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/lists/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "rows": shown,
            "may_open": has_role(request.user, *DOES),
            "arrears": listing.arrears_pursued(request.user, on=clock.today()),
            "next": following,
        },
    )


def _sought(request: HttpRequest) -> tuple[str, CreditSubject | None, str]:
    """The code asked for, its subject, and what is wrong."""
    code = codes.clean(request.POST.get("code", request.GET.get("code", "")).replace("\0", ""))[:40]
    if not code:
        return "", None, ""
    try:
        subject = find_subject(codes.check_uscc(code))
    except codes.CodeError as error:
        return code, None, str(error)
    if subject is None:
        return code, None, "没有这个代码的主体。"
    return code, subject, ""


@desk(*DOES)
def new(request: HttpRequest) -> HttpResponse:
    """Open a procedure: first the code, then what it stands on."""
    code, subject, wrong = _sought(request)
    typed = None
    if subject is not None:
        log_record_read(
            user=request.user, target_type="subject", target_id=subject.pk, subject_id=subject.pk,
            purpose=ReadLog.Purpose.HANDLING, now=clock.now(),
        )  # fmt: skip
        bound = request.POST if request.method == "POST" else None
        methods = list_methods.in_force(lineage=request.user.department.region.lineage, on=clock.today())
        names = list(dict.fromkeys(methods.values_list("list_name", flat=True)))
        typed = OpenForm(bound, subject=subject, names=names)
        if bound is not None and typed.is_valid():
            data = typed.cleaned_data
            try:
                row = listing_opening.open_listing(
                    subject=subject,
                    kind=data["kind"],
                    list_name=data["list_name"],
                    basis=data["basis"],
                    standard=data["standard"],
                    facts=data["facts"],
                    grounds=[entry.pk for entry in data["grounds"]],
                    measures=typed.measures(),
                    actor=request.user,
                    now=clock.now(),
                )
            except ListingRefused as error:
                _put(typed, error)
            else:
                messages.success(request, f"已立案，编号 {row.number}。")
                return redirect("lists:listing", row.uuid)
    return _new_page(request, "列入名单", code, subject, wrong, typed)


@desk(*DOES)
@sensitive_post_parameters("id_number")
def arrears(request: HttpRequest) -> HttpResponse:
    """Pursue who is responsible for a state firm's arrears: first the firm's code."""
    code, subject, wrong = _sought(request)
    typed = None
    if subject is not None:
        bound = request.POST if request.method == "POST" else None
        typed = ArrearsForm(bound, firm=subject)
        if bound is not None and typed.is_valid():
            data = typed.cleaned_data
            try:
                row = listing_opening.open_arrears(
                    firm=subject,
                    responsible_id=data["responsible"],
                    basis=data["basis"],
                    facts=data["facts"],
                    id_number=data["id_number"],
                    measures=typed.measures(),
                    actor=request.user,
                    now=clock.now(),
                )
            except ListingRefused as error:
                _put(typed, error)
            else:
                messages.success(request, f"已立案，编号 {row.number}。")
                return redirect("lists:listing", row.uuid)
    return _new_page(request, "国有企业拖欠账款责任追究", code, subject, wrong, typed)


def _new_page(
    request: HttpRequest,
    title: str,
    code: str,
    subject: CreditSubject | None,
    wrong: str,
    typed: forms.Form | None,
) -> HttpResponse:
    failed = bool(wrong) or (typed is not None and typed.is_bound and bool(typed.errors))
    return render(
        request,
        "desk/lists/new.html",
        {"title": title, "code": code, "subject": subject, "wrong": wrong, "form": typed},
        status=422 if failed else 200,
    )


def _put(typed: forms.Form, error: ListingRefused) -> None:
    field = "measure_basis" if error.field == "measures" else error.field
    typed.add_error(field if field in typed.fields else None, str(error))


# ---- one procedure -----------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> Listing:
    found = (
        listing.listings_visible_to(request.user)
        .select_related(
            "subject", "department", "region", "parent", "firm", "responsible", "proposed_by", "decided_by",
            "ended_by", "public_proposed_by", "public_second", "method",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404("没有这件列入，或者它不在您的管理范围内。")
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _visible(request, uuid), {})


def _page(
    request: HttpRequest, found: Listing, bound: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="名单办理",
        target_type="listing",
        target_id=found.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    own = found.department_id == request.user.department_id and has_role(request.user, *DOES)
    acts = listing.acts_open(found, group_names(request.user)) if own else []
    today = clock.today()
    start: dict[str, Any] = {"noticed_on": today, "received_on": today, "served_on": today}
    if found.parent is not None:
        start |= {"term_until": found.parent.term_until}
    if found.proposed_by_id == request.user.pk:
        # One's own proposal is approved or returned by another.
        acts = [act for act in acts if act not in ("decide", "return")]
    steps = [
        {
            "act": act,
            "label": ACTS[act].label,
            "form": bound.get(act) or FORMS[act](initial=start, auto_id=f"{act}_%s"),
            "open": act in bound or place == 0,
        }
        for place, act in enumerate(acts)
    ]
    opens_person = own and found.kind == Listing.Kind.JOINT and found.state == Listing.State.IN_FORCE
    return render(
        request,
        "desk/lists/listing.html",
        {
            "listing": found,
            "code": found.subject.shown_code,
            "grounds": list(found.grounds.order_by("pk")),
            **listing_effects.shown(found, today),
            "steps": steps,
            "course": list(found.steps.select_related("actor", "document").order_by("id")),
            "persons": list(found.persons.select_related("subject", "responsible")),
            "person": (bound.get("person") or PersonForm(firm=found.subject, auto_id="person_%s"))
            if opens_person
            else None,
            "today": today,
        },
        status=status,
    )


@desk(*DOES)
@require_POST
@sensitive_post_parameters("id_number")
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Take a step. What is wrong comes back with the page; who was slower is told."""
    found = _visible(request, uuid)
    if deed == "person":
        return _open_person(request, found)
    if deed not in FORMS:
        raise Http404("没有这个步骤。")
    typed = FORMS[deed](request.POST, auto_id=f"{deed}_%s")
    if typed.is_valid():
        try:
            SERVICES[deed](
                listing_id=found.pk,
                expect=request.POST.get("expect", ""),
                actor=request.user,
                now=clock.now(),
                **typed.cleaned_data,
            )
        except ListingMoved as error:
            messages.error(request, str(error))
            return redirect("lists:listing", found.uuid)
        except ListingRefused as error:
            _put(typed, error)
        else:
            messages.success(request, f"{ACTS[deed].label}：已登记。")
            return redirect("lists:listing", found.uuid)
    return _page(request, _visible(request, uuid), {deed: typed}, status=422)


def _open_person(request: HttpRequest, found: Listing) -> HttpResponse:
    typed = PersonForm(request.POST, firm=found.subject, auto_id="person_%s")
    if typed.is_valid():
        try:
            row = listing_opening.open_person(
                parent_id=found.pk,
                responsible_id=typed.cleaned_data["responsible"],
                id_number=typed.cleaned_data["id_number"],
                facts=typed.cleaned_data["facts"],
                measures=typed.measures(),
                actor=request.user,
                now=clock.now(),
            )
        except ListingRefused as error:
            _put(typed, error)
        else:
            messages.success(request, f"已对责任人员立案，编号 {row.number}。")
            return redirect("lists:listing", row.uuid)
    return _page(request, found, {"person": typed}, status=422)


@desk(*SEES)
@require_safe
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    """A paper of the procedure; the reading is logged."""
    found = _visible(request, uuid)
    file = EvidenceFile.objects.filter(
        Q(pk__in=found.steps.filter(document__isnull=False).values("document")), uuid=evidence
    ).first()
    if file is None:
        raise Http404("这件列入没有这份文书。")
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        messages.error(request, str(error))
        return redirect("lists:listing", found.uuid)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="名单文书",
        target_type="evidence",
        target_id=file.pk,
        subject_id=found.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return answers.shown(content, file.original_name or "文书", file.content_type)
