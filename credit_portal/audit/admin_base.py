"""What every back-office page stands on: a bounded list, a record page for reading, its history, and forms that end
in a service. Nothing here saves a model: whatever changes state goes through the rooms' services.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from .clock import SHANGHAI
from .events import sentence
from .models import AuditEvent

NOTHING = "（空）"


class CappedPaginator(Paginator):
    """Counts and shows the newest rows only: a list of millions costs what a list of ten thousand costs."""

    LIMIT = 10_000
    template_name = "admin/pagination_capped.html"

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[: self.LIMIT].count() if isinstance(rows, QuerySet) else len(rows)

    @property
    def is_cut(self) -> bool:
        return self.count >= self.LIMIT


@dataclass(frozen=True)
class Tool:
    """A button on a record page. `main` is the one thing to do first."""

    label: str
    url: str
    main: bool = False


@dataclass(frozen=True)
class Cell:
    """A value with more than its text: where it leads, whether it is a code, which state it is in
    (kept, broken, waiting, running)."""

    text: Any
    url: str = ""
    mono: bool = False
    state: str = ""


@dataclass(frozen=True)
class Step:
    """One entry of a course of events."""

    at: datetime
    text: str
    who: str = ""
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a record page: terms and values, a table, a course of events, clauses as on paper, or a form."""

    title: str
    rows: Sequence[tuple[str, Any]] = ()
    head: Sequence[str] = ()
    table: Sequence[Sequence[Any]] = ()
    course: Sequence[Step] = ()
    paper: Sequence[str] = ()
    paper_title: str = ""
    note: str = ""
    empty: str = ""
    form: forms.Form | None = None
    form_url: str = ""
    form_submit: str = ""
    form_target: str = ""

    @property
    def lines(self) -> list[list[tuple[str, Any]]]:
        """The table with each value beside its heading: on a phone a row reads as a list."""
        return [list(zip(self.head, row, strict=True)) for row in self.table]


@dataclass(frozen=True)
class Change:
    """A field's value before and after, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One line of a row's history."""

    at: datetime
    who: str
    what: str
    changes: list[Change] = field(default_factory=list)


class ReadOnlyAdmin(ModelAdmin):
    """A bounded list and a record page. Subclasses say what is shown (`sections`), what can be done (`tools`), and
    what may be seen (`visible`)."""

    actions = None
    list_per_page = 50
    list_max_show_all = 0
    # Counts beside each filter's values would read the whole table for each of them.
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    show_full_result_count = False
    paginator = CappedPaginator
    sortable_by: Sequence[str] = ()
    list_filter_sheet = True
    audit_target = ""

    # ---- who may ----

    def visible(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows to what this user may see."""
        raise NotImplementedError(type(self).__name__)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.visible(request, super().get_queryset(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        if any("\0" in value for name, values in request.GET.lists() for value in (name, *values)):
            # The database would refuse it, and that would look like a fault of ours.
            raise BadRequest("查询条件中有无法识别的字符。")
        return super().get_changelist_instance(request)

    # ---- the record page ----

    def sections(self, request: HttpRequest, obj: Any) -> Iterable[Section]:
        """What the record page shows, from top to bottom. Without an own one: every field."""
        rows = [
            (str(column.verbose_name), Cell(value_in_words(column, column.value_from_object(obj))))
            for column in obj._meta.concrete_fields
            if column.editable and not column.primary_key
        ]
        return [Section("内容", rows=rows)]

    def tools(self, request: HttpRequest, obj: Any) -> Iterable[Tool]:
        """Buttons of the record page, those only that this user may press."""
        return []

    def history_tool(self, obj: Any) -> list[Tool]:
        return [Tool("变更历史", self.url("history", obj))]

    def opened(self, request: HttpRequest, obj: Any) -> None:
        """Called when somebody reads the record page; where personal data are on it, log the reading."""

    def record_title(self, obj: Any) -> str:
        return str(obj)

    def record_or_404(self, request: HttpRequest, object_id: str) -> Any:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404(f"没有找到这条{self.opts.verbose_name}，或者不在您的管理范围内。")
        if not self.has_view_permission(request, obj):
            raise PermissionDenied("您的角色不能查看这项内容。")
        return obj

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.record_or_404(request, object_id)
        self.opened(request, obj)
        return self.page(
            request,
            "admin/record.html",
            title=self.record_title(obj),
            obj=obj,
            sections=list(self.sections(request, obj)),
            tools=[*self.tools(request, obj), *self.history_tool(obj)],
        )

    def page(self, request: HttpRequest, template: str, *, title: str, **context: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        obj = context.get("obj")
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "model_admin": self,
                "media": self.media,
                "list_url": self.url("changelist"),
                "crumbs": self.crumbs(obj, title),
                **context,
            },
        )

    def crumbs(self, obj: Any, title: str) -> list[tuple[str, str]]:
        """The way here: list, record, page; the page itself without a link."""
        way = [(str(self.opts.verbose_name_plural), self.url("changelist"))]
        if obj is not None and title != self.record_title(obj):
            way.append((self.record_title(obj), self.url("change", obj)))
        return [*way, (title, "")]

    def url(self, name: str, obj: Any = None) -> str:
        args = [obj.pk] if obj is not None else []
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    # ---- history ----

    def audit_id(self, obj: Any) -> Any:
        """The id under which the log speaks of this row."""
        return obj.pk

    def events_of(self, obj: Any) -> list[AuditEvent]:
        """What the log says of this row, oldest first, at most 200."""
        if not self.audit_target:
            return []
        newest = AuditEvent.objects.filter(
            target_type=self.audit_target, target_id=str(self.audit_id(obj))
        ).order_by("-id")[:200]
        return list(newest)[::-1]

    def row_history(self, obj: Any) -> list[Entry]:
        return []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.record_or_404(request, object_id)
        self.opened(request, obj)
        return self.page(
            request,
            "admin/history.html",
            title="变更历史",
            obj=obj,
            record_url=self.url("change", obj),
            entries=self.row_history(obj),
            course=event_steps(self.events_of(obj)),
        )

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise PermissionDenied("本系统的记录不能删除；有误的请更正、终止或停用。")

    # Django's own log of the admin would say the same as the audit log, less well.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None


class EvidenceAdmin(ReadOnlyAdmin):
    """What may be looked at and never touched, whatever the permissions say."""


class ServiceAdmin(ReadOnlyAdmin):
    """Rows that people may enter or change: by forms whose end is a service."""

    # Errors of services: told at the field that they name, else on top of the form.
    refusals: tuple[type[Exception], ...] = (ValidationError,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_urls(self) -> list[Any]:
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{name}",
            )
            for name, view in self.deeds().items()
        ]
        return own + super().get_urls()

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        """Further pages of a record: name in the address → view(request, object_id)."""
        return {}

    def changeable_or_refused(self, request: HttpRequest, object_id: str) -> Any:
        obj = self.record_or_404(request, object_id)
        if not self.has_change_permission(request, obj):
            raise PermissionDenied("您的角色不能变更这项内容。")
        return obj

    def form_page(
        self,
        request: HttpRequest,
        *,
        title: str,
        form: forms.Form,
        act: Callable[[dict[str, Any]], Any],
        done: str | Callable[[Any], str],
        submit: str = "保存",
        intro: Sequence[str] = (),
        obj: Any = None,
        goto: Callable[[Any], str | HttpResponse] | None = None,
        formsets: Sequence[tuple[str, Any]] = (),
        warning: str = "",
        sections: Sequence[Section] = (),
    ) -> HttpResponse:
        """Show a form; on POST hand what was typed to `act` (a service). Its refusal goes to the field, and nothing
        has been stored: a service is one transaction."""
        if request.method == "POST" and form.is_valid() and all(part.is_valid() for _title, part in formsets):
            try:
                result = act(form.cleaned_data)
            except self.refusals as refusal:
                put_on_form(form, refusal)
            else:
                target = goto(result) if goto else self.url("change", result)
                if isinstance(target, HttpResponse):
                    return target
                messages.success(request, done(result) if callable(done) else done)
                return HttpResponseRedirect(target)
        return self.page(
            request,
            "admin/form_page.html",
            title=title,
            obj=obj,
            form=form,
            formsets=formsets,
            submit=submit,
            intro=intro,
            warning=warning,
            sections=sections,
            back=self.url("change", obj) if obj is not None else self.url("changelist"),
        )


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was posted, even nothing; None when the page is only opened."""
    return request.POST if request.method == "POST" else None


def put_on_form(form: forms.Form, refusal: Exception) -> None:
    """Put a service's refusal where the person can mend it."""
    if isinstance(refusal, ValidationError):
        if hasattr(refusal, "error_dict"):
            for name, problems in refusal.message_dict.items():
                for problem in problems:
                    form.add_error(name if name in form.fields else None, problem)
        else:
            for problem in refusal.messages:
                form.add_error(None, problem)
        return
    for problem in getattr(refusal, "problems", None) or [str(refusal)]:
        field = getattr(refusal, "field", None) or _named(form, problem)
        form.add_error(field if field in form.fields else None, problem)


def _named(form: forms.Form, problem: str) -> str | None:
    """The field whose label a sentence names in quotation marks («“依据”：…»)."""
    for name, column in form.fields.items():
        if column.label and problem.startswith(f"“{column.label}”"):
            return name
    return None


class HistoryAdmin(ServiceAdmin):
    """With the history of its rows (django-simple-history) readable: which field, from what, to what, by whom."""

    def row_history(self, obj: Any) -> list[Entry]:
        rows = list(obj.history.select_related("history_user").order_by("-history_date", "-history_id")[:200])
        entries = []
        for position, row in enumerate(rows):
            before = rows[position + 1] if position + 1 < len(rows) else None
            changes = changes_between(self.model, before, row) if before is not None else []
            what = {"+": "新建", "~": "变更", "-": "删除"}[row.history_type]
            if row.history_type == "~" and not changes and before is not None:
                what = "变更（内容不在历史中显示）"
            entries.append(
                Entry(row.history_date, str(row.history_user) if row.history_user else "系统", what, changes)
            )
        return entries


def changes_between(model: type[Model], before: Any, after: Any) -> list[Change]:
    """What differs between two rows of a history, in words. Sealed values are named, never shown."""
    changes = []
    for column in after.tracked_fields:
        old, new = getattr(before, column.attname), getattr(after, column.attname)
        if old == new or column.name.endswith("_index"):
            continue
        own = model._meta.get_field(column.name)
        if column.name.endswith("_sealed"):
            changes.append(Change(str(own.verbose_name), "（加密保存）", "（加密保存，已变更）"))
        else:
            changes.append(Change(str(own.verbose_name), value_in_words(own, old), value_in_words(own, new)))
    return changes


def value_in_words(column: Field, value: Any) -> str:
    """A stored value as people read it: labels for codes, 是 and 否, dates, the related row's name."""
    if value is None or value == "" or value == []:
        return NOTHING
    if column.remote_field is not None:
        related = column.related_model._base_manager.filter(pk=value).first()
        return str(related) if related is not None else f"编号 {value}"
    labels = dict(column.flatchoices) if getattr(column, "choices", None) else {}
    base = getattr(column, "base_field", None)
    if base is not None and isinstance(value, list):
        labels = dict(base.flatchoices) if base.choices else {}
        return "、".join(str(labels.get(part, part)) for part in value)
    if labels:
        return str(labels.get(value, value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def moment(value: datetime | None) -> str:
    """A moment as records show it, Asia/Shanghai."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if value else ""


def people_by_id(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of members of staff by their ids, one query."""
    wanted = {pk for pk in ids if pk is not None}
    return {row.pk: str(row) for row in get_user_model().objects.filter(pk__in=wanted)}


def event_steps(events: Iterable[AuditEvent]) -> list[Step]:
    """Audit events as a course: when, the sentence, who."""
    rows = list(events)
    names = people_by_id(row.actor_id for row in rows)
    return [
        Step(row.at, sentence(row), names.get(row.actor_id, "系统") if row.actor_id else "系统")
        for row in rows
    ]
