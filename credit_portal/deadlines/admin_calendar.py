"""The working calendar in the back office: each year's notice, entered with its number after a look at what it moves."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import (
    NOTHING,
    Change,
    Entry,
    HistoryAdmin,
    Section,
    Tool,
    moment,
    posted,
)
from credit_portal.registry.visibility import group_names

from .admin_forms import NoticeForm, stretches
from .holiday_notices import CalendarError
from .models import CalendarDay, CalendarNotice
from .switching.files import download
from .switching.notices import load_notice, preview_notice
from .switching.showing import sections_of

WEEKDAYS = "一二三四五六日"


@admin.register(CalendarNotice)
class CalendarNoticeAdmin(HistoryAdmin):
    list_display = ["name", "number", "issued_on", "rested", "worked", "source", "keeper"]
    list_select_related = ["loaded_by"]
    search_fields = ["=year", "number"]
    search_help_text = "年份或文号"
    ordering = ["-year"]
    audit_target = "calendar"
    refusals = (CalendarError,)

    def visible(self, request: HttpRequest, rows: QuerySet[CalendarNotice]) -> QuerySet[CalendarNotice]:
        # Everybody counts by it, and it is no secret.
        if not group_names(request.user):
            return rows.none()
        return rows.annotate(
            rest_days=Count("days", filter=Q(days__kind=CalendarDay.Kind.REST)),
            work_days=Count("days", filter=Q(days__kind=CalendarDay.Kind.WORK)),
        )

    @admin.display(description="年份")
    def name(self, row: CalendarNotice) -> str:
        return f"{row.year} 年"

    @admin.display(description="放假天数")
    def rested(self, row: Any) -> int:
        return row.rest_days

    @admin.display(description="调休上班天数")
    def worked(self, row: Any) -> int:
        return row.work_days

    @admin.display(description="录入人")
    def keeper(self, row: CalendarNotice) -> str:
        return str(row.loaded_by) if row.loaded_by else "随系统载入"

    def sections(self, request: HttpRequest, obj: CalendarNotice) -> Iterable[Section]:
        yield Section(
            "通知",
            rows=[
                ("年份", f"{obj.year} 年"),
                ("文号", obj.number),
                ("发布日期", obj.issued_on or "未登记"),
                ("来源", obj.source),
                ("录入人", self.keeper(obj)),
                ("载入时间", moment(obj.loaded_at)),
            ],
        )
        yield Section(
            "放假",
            head=["节日", "起日", "止日", "天数"],
            table=[
                [name or "—", _with_weekday(start), _with_weekday(end), (end - start).days + 1]
                for name, start, end in stretches(obj, CalendarDay.Kind.REST)
            ],
        )
        yield Section(
            "调休上班",
            head=["日期", "节日"],
            table=[
                [_with_weekday(day.day), day.name or "—"]
                for day in obj.days.filter(kind=CalendarDay.Kind.WORK)
            ],
            empty="没有调休上班的周末。",
        )

    def row_history(self, obj: CalendarNotice) -> list[Entry]:
        """The history of the notice, and with it the days that each correction arranged otherwise."""
        facts = {event.at: event.facts for event in self.events_of(obj)}
        return [
            replace(entry, changes=[*entry.changes, *_days_changed(facts[entry.at])])
            if facts.get(entry.at, {}).get("replaced")
            else entry
            for entry in super().row_history(obj)
        ]

    def tools(self, request: HttpRequest, obj: CalendarNotice) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("更正", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self._notice_page(request, title="录入放假安排", obj=None)

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self._notice_page(request, title=f"更正{obj}", obj=obj)

    def _notice_page(self, request: HttpRequest, *, title: str, obj: CalendarNotice | None) -> HttpResponse:
        """First a preview, then the loading of exactly what was previewed."""
        typed = posted(request)
        form = NoticeForm(typed, notice=obj)
        sections: list[Section] = []
        if typed is not None and form.is_valid() and form.notice is not None:
            if obj is None and CalendarNotice.objects.filter(year=form.notice.year).exists():
                form.add_error("year", f"{form.notice.year} 年已有放假安排，请在其页面更正。")
            elif typed.get("download") or typed.get("seen") != form.digest:
                try:
                    change = preview_notice(form.notice, actor=request.user, now=clock.now())
                except CalendarError as error:
                    for problem in error.problems:
                        form.add_error("rest", problem)
                else:
                    if typed.get("download") in ("xlsx", "csv"):
                        return download(
                            change,
                            typed["download"],
                            name=f"{form.notice.year}年放假安排影响",
                            user=request.user,
                        )
                    sections = sections_of(change, request.user)
                    form.data = typed.copy()
                    form.data["seen"] = form.digest
        if typed is not None and typed.get("seen") and not sections and not form.errors:
            return self.form_page(
                request,
                title=title,
                obj=obj,
                form=form,
                act=lambda _: load_notice(form.notice, actor=request.user, now=clock.now())[0],
                done=lambda change: (
                    "与原来相同，没有变化。"
                    if change.same
                    else f"已载入{change.notice}，有关期限已按此重算。"
                ),
                goto=lambda change: self.url("change", change.notice),
            )
        return self.page(
            request,
            "admin/form_page.html",
            title=title,
            obj=obj,
            form=form,
            sections=sections,
            submit="确认载入" if sections else "预览",
            downloads=bool(sections),
            intro=[
                "照国务院办公厅的通知录入。每年的通知一般在上年11月发布，载入后暂定的到期日随之确定。",
                "已履行的期限不受影响；未办结的期限按新的安排重算，逐项记入日志。",
            ]
            if not sections
            else ["还没有保存。请核对下面的变化，无误后点“确认载入”。"],
            back=self.url("change", obj) if obj is not None else self.url("changelist"),
        )


def _days_changed(facts: dict[str, Any]) -> list[Change]:
    labels = dict(CalendarDay.Kind.choices)
    before, after = (
        {day: labels[kind] for day, kind in map(str.split, facts.get(name, []))}
        for name in ("taken_out", "put")
    )
    return [Change(day, before.get(day, NOTHING), after.get(day, NOTHING)) for day in sorted(before | after)]


def _with_weekday(day: Any) -> str:
    return f"{day}（星期{WEEKDAYS[day.weekday()]}）"
