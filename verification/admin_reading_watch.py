"""Unusual reading before the security administrator, and the codes that staff keep away from. What was read stays closed: counts,
days and the reader are shown, no subject and no record."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, Section, ServiceAdmin, Tool, moment, posted
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import ReadLog
from credit_portal.registry import groups
from credit_portal.registry.admin_forms import DateInput, choices
from credit_portal.registry.models import User
from credit_portal.registry.visibility import departments_visible_to, has_role

from .models import AvoidedCode, ReaderDay, UnusualReading
from .reading_watch import deciding, rules

State = UnusualReading.State
OFF_HOURS = f"休息日，或者 {rules.OPENS:%H:%M} 以前、{rules.CLOSES:%H:%M} 以后"
STATES = {State.OPEN: "waiting", State.EXPLAINED: "kept", State.REFERRED: "broken"}


def _about_visible(user: User, rows: QuerySet, *fields: str) -> QuerySet:
    """Of everybody for the security administrator, of the own region for the auditor. `fields`: who it is about, by a
    department."""
    if has_role(user, groups.SECURITY_ADMIN):
        return rows
    if has_role(user, groups.AUDITOR):
        seen = departments_visible_to(user)
        return rows.filter(reduce(or_, (Q(**{f"{field}__department__in": seen}) for field in fields)))
    return rows.none()


class DecideForm(forms.Form):
    state = forms.ChoiceField(
        label="结果",
        choices=[(State.EXPLAINED, "已说明，属于工作需要"), (State.REFERRED, "移送处理")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label="核实情况",
        max_length=deciding.MOST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="向谁核实、怎样说明、有什么依据；移送的写明移送到哪里。不写主体的名称和号码。",
    )


class AvoidForm(forms.Form):
    username = forms.CharField(label="用户名", max_length=150)
    relation = forms.ChoiceField(label="关系", choices=choices(AvoidedCode.Relation))
    code = forms.CharField(
        label="代码",
        max_length=40,
        help_text="身份证号码；任职、持股的单位为统一社会信用代码。身份证号码加密保存，显示的只有首末字符。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    from_on = forms.DateField(label="自", widget=DateInput())

    def clean_username(self) -> User:
        found = User.objects.filter(username=self.cleaned_data["username"]).first()
        if found is None:
            raise forms.ValidationError("没有这个用户名的账号。")
        return found


class EndForm(forms.Form):
    until_on = forms.DateField(label="至", widget=DateInput(), initial=clock.today)


@admin.register(UnusualReading)
class UnusualReadingAdmin(ServiceAdmin):
    list_display = ["day", "who", "department", "kind", "readings", "subjects", "state"]
    list_filter = ["state", "kind", ("day", DayRangeFilter)]
    list_select_related = ["reader__department", "partner__department"]
    search_fields = ["=reader__username", "reader__display_name", "partner__name"]
    search_help_text = "用户名、姓名或者对接系统的名称"
    ordering = ["-day", "-pk"]
    audit_target = "unusual_reading"
    refusals = (deciding.WatchError,)

    def visible(self, request: HttpRequest, rows: QuerySet[UnusualReading]) -> QuerySet[UnusualReading]:
        return _about_visible(request.user, rows, "reader", "partner")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="查阅人", ordering="reader__username")
    def who(self, row: UnusualReading) -> str:
        return row.who

    @admin.display(description="部门")
    def department(self, row: UnusualReading) -> str:
        return str(row.department or "无")

    def record_title(self, obj: UnusualReading) -> str:
        return str(obj)

    def sections(self, request: HttpRequest, obj: UnusualReading) -> Iterable[Section]:
        yield Section(
            "异常查阅",
            rows=[
                _reader(obj),
                ("部门", str(obj.department or "无")),
                ("日期", Cell(str(obj.day), mono=True)),
                ("情形", obj.get_kind_display()),
                ("查阅", f"{obj.readings} 次，主体 {obj.subjects} 个"),
                ("依据", _why(obj)),
                ("发现", moment(obj.found_at)),
                ("状态", Cell(obj.get_state_display(), state=STATES[State(obj.state)])),
                *(
                    [("核实情况", obj.note), ("核实", f"{obj.decided_by}，{moment(obj.decided_at)}")]
                    if obj.decided_by
                    else []
                ),
            ],
            note="这里只有次数，没有所查的主体和内容。提示不等于违规，须向"
            f"{'系统所属的单位' if obj.partner_id else '本人和所在单位'}核实。",
        )
        yield Section(
            "这一天查阅的目的",
            head=["目的", "查阅内容", "次数"],
            table=[[ReadLog.Purpose(purpose).label, what, str(number)] for purpose, what, number in _of_day(obj)],
            empty="没有。",
        )  # fmt: skip
        before = ReaderDay.objects.filter(
            reader=obj.reader_id,
            partner=obj.partner_id,
            day__lte=obj.day,
            day__gt=obj.day - timedelta(days=rules.DAYS_BACK),
        )
        yield Section(
            "近四周",
            head=["日期", "查阅次数", "主体数", "工作时间以外"],
            table=[
                [str(one.day), str(one.readings), str(one.subjects), str(one.off_hours)]
                for one in before.order_by("-day")
            ],
            empty="没有。",
        )

    def tools(self, request: HttpRequest, obj: UnusualReading) -> Iterable[Tool]:
        if self.has_change_permission(request, obj) and obj.state == State.OPEN:
            yield Tool("记录核实结果", self.url("decide", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"decide": self.decide_view}

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"记录核实结果：{obj}",
            obj=obj,
            form=DecideForm(posted(request)),
            act=lambda typed: deciding.decide(
                reading_id=obj.pk, actor=request.user, now=clock.now(), **typed
            ),
            done=lambda row: f"已记录：{row.get_state_display()}。",
        )


def _reader(obj: UnusualReading) -> tuple[str, str]:
    if obj.reader is None:
        return "对接系统", str(obj.partner)
    return "查阅人", f"{obj.reader.display_name}（{obj.reader.username}）"


def _why(obj: UnusualReading) -> str:
    match obj.kind:
        case UnusualReading.Kind.VOLUME if obj.usual is not None:
            return f"平常每日 {obj.usual} 个主体，超过 {obj.limit} 个的提示"
        case UnusualReading.Kind.VOLUME:
            return f"查阅的天数还不足以知道平常，超过 {obj.limit} 个主体的提示"
        case UnusualReading.Kind.OFF_HOURS if obj.usual is not None:
            return f"{OFF_HOURS}，这个系统平常每日 {obj.usual} 次，超过 {obj.limit} 次的提示"
        case UnusualReading.Kind.OFF_HOURS if obj.limit is not None:
            return f"{OFF_HOURS}，查阅的天数还不足以知道平常，超过 {obj.limit} 次的提示"
        case UnusualReading.Kind.OFF_HOURS:
            return f"{OFF_HOURS}，{rules.LEAST_OFF_HOURS} 次以上的提示"
    return f"回避登记：{obj.avoided.get_relation_display()}" if obj.avoided else ""


def _of_day(obj: UnusualReading) -> list[tuple[str, str, int]]:
    """What the reader read on the day, by purpose and kind of thing: no subject among it."""
    begin = datetime.combine(obj.day, datetime.min.time(), clock.SHANGHAI)
    rows = ReadLog.objects.filter(
        actor_id=obj.reader_id, partner_id=obj.partner_id, at__gte=begin, at__lt=begin + timedelta(days=1)
    )
    return list(
        rows.order_by().values_list("purpose", "what").annotate(number=Count("pk")).order_by("-number")[:20]
    )


@admin.register(AvoidedCode)
class AvoidedCodeAdmin(ServiceAdmin):
    list_display = ["user", "department", "relation", "shown", "from_on", "until_on"]
    list_filter = ["relation"]
    list_select_related = ["user__department"]
    search_fields = ["=user__username", "user__display_name"]
    search_help_text = "用户名或者姓名"
    ordering = ["-pk"]
    audit_target = "avoided_code"
    refusals = (deciding.WatchError,)

    def visible(self, request: HttpRequest, rows: QuerySet[AvoidedCode]) -> QuerySet[AvoidedCode]:
        return _about_visible(request.user, rows, "user")

    @admin.display(description="部门")
    def department(self, row: AvoidedCode) -> str:
        return str(row.user.department or "无")

    def record_title(self, obj: AvoidedCode) -> str:
        return str(obj)

    def sections(self, request: HttpRequest, obj: AvoidedCode) -> Iterable[Section]:
        yield Section(
            "回避登记",
            rows=[
                ("工作人员", f"{obj.user.display_name}（{obj.user.username}）"),
                ("部门", str(obj.user.department or "无")),
                ("关系", obj.get_relation_display()),
                ("代码", Cell(obj.shown, mono=True)),
                ("期间", f"{obj.from_on} 至 {obj.until_on or '今'}"),
                ("登记", f"{obj.entered_by}，{moment(obj.entered_at)}"),
                ("发现的查阅", f"{obj.found.count()} 件"),
            ],
            note="查阅这个主体的记录，第二天列入异常查阅。登记不妨碍办理，是否回避由单位决定。",
        )

    def tools(self, request: HttpRequest, obj: AvoidedCode) -> Iterable[Tool]:
        if self.has_change_permission(request, obj) and obj.until_on is None:
            yield Tool("结束登记", self.url("end", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"end": self.end_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        start = {"username": request.GET.get("username", "")[:150], "from_on": clock.today()}

        def act(typed: dict[str, Any]) -> AvoidedCode:
            told = dict(typed)
            return deciding.avoid(user=told.pop("username"), actor=request.user, now=clock.now(), **told)

        return self.form_page(
            request,
            title="登记回避",
            form=AvoidForm(posted(request), initial=start),
            intro=["按工作人员书面申报登记。涉及本人的，由另一名安全管理员登记。"],
            act=act,
            done="已登记。",
        )

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"结束登记：{obj}",
            obj=obj,
            form=EndForm(posted(request)),
            submit="结束登记",
            act=lambda typed: deciding.end(
                avoided_id=obj.pk, on=typed["until_on"], actor=request.user, now=clock.now()
            ),
            done="已结束。",
        )
