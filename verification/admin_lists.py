"""Lists in the back office: the credit office says what each is called, how one leaves it and which departments keep it."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, posted
from credit_portal.registry.admin_forms import choices
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import departments_visible_to

from .memberships import credit_lists
from .models import CreditList


class ListForm(forms.Form):
    code = forms.SlugField(
        label="代码", max_length=40, help_text="文件和接口用，登记后不能更改。可用小写字母、数字和 _ -。"
    )
    name = forms.CharField(label="名单名称", max_length=100)
    sort = forms.ChoiceField(label="种类", choices=choices(CreditList.Sort))
    holder = forms.CharField(label="认定单位", max_length=200)
    exit_rule = forms.CharField(label="退出规定", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    region = forms.ModelChoiceField(Region.objects.all(), label="适用地区", empty_label="请选择")
    is_active = forms.BooleanField(label="使用中", required=False, initial=True)

    def __init__(self, *args: Any, credit_list: CreditList | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if credit_list is not None:
            del self.fields["code"]
            self.fields["exit_rule"].required = not credit_list.by_procedure
            self.initial = {name: getattr(credit_list, name) for name in self.fields if name != "region"} | {
                "region": credit_list.region_id
            }


class KeepersForm(forms.Form):
    keepers = forms.ModelMultipleChoiceField(
        Department.objects.none(),
        label="报送部门",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="这些部门的经办人、负责人和业务系统可以列入和移出自己报送的主体。信用办不用勾选。",
    )

    def __init__(self, *args: Any, user: User, credit_list: CreditList, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keepers"].queryset = (
            departments_visible_to(user)
            .filter(is_active=True)
            .exclude(kind__in=[Department.Kind.CREDIT_OFFICE, Department.Kind.ASSOCIATION])
        )
        self.initial = {"keepers": list(credit_list.keepers.values_list("pk", flat=True))}


@admin.register(CreditList)
class CreditListAdmin(HistoryAdmin):
    list_display = ["name", "sort", "holder", "region", "is_active"]
    list_filter = ["sort", "is_active"]
    list_select_related = ["region"]
    search_fields = ["name", "=code"]
    search_help_text = "名单名称或代码"
    ordering = ["sort", "pk"]
    audit_target = "credit_list"
    refusals = (ValidationError,)

    def visible(self, request: HttpRequest, rows: QuerySet[CreditList]) -> QuerySet[CreditList]:
        # Which lists there are is public.
        return rows

    def sections(self, request: HttpRequest, obj: CreditList) -> Iterable[Section]:
        own = obj.keepers.filter(pk__in=departments_visible_to(request.user)).order_by("region_id", "name")
        yield Section(
            "名单",
            rows=[
                ("名单名称", obj.name),
                ("代码", Cell(obj.code, mono=True)),
                ("种类", obj.get_sort_display()),
                ("认定单位", obj.holder),
                ("退出规定", obj.exit_rule or "由认定程序列入和移出"),
                ("适用地区", str(obj.region)),
                ("状态", "使用中" if obj.is_active else "停用"),
                ("报送部门", "、".join(["信用办", *(str(one) for one in own)])),
                ("名单主体", Cell("到工作台查看", url=reverse("memberships:list", args=[obj.code]))),
            ],
        )
        yield Section(
            "随名单而来的措施",
            head=["地区", "领域", "作用", "措施", "依据"],
            table=[
                [
                    str(one.region),
                    one.get_domain_display() if one.domain else "所有领域",
                    one.get_effect_display(),
                    one.text,
                    one.basis,
                ]
                for one in obj.measures.filter(approved_at__isnull=False).select_related("region")
            ],
            empty="措施清单里没有。",
        )

    def tools(self, request: HttpRequest, obj: CreditList) -> Iterable[Tool]:
        if not self.has_change_permission(request, obj):
            return
        if not obj.by_procedure:
            yield Tool("登记报送部门", self.url("keepers", obj), main=True)
        if credit_lists.in_reach(request.user, obj.region):
            yield Tool("修改", self.url("edit", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view, "keepers": self.keepers_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记名单",
            form=ListForm(posted(request)),
            act=lambda typed: credit_lists.save_list(
                credit_list=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记名单。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        if not credit_lists.in_reach(request.user, obj.region):
            raise PermissionDenied(credit_lists.ERROR_REACH)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=ListForm(posted(request), credit_list=obj),
            act=lambda typed: credit_lists.save_list(
                credit_list=obj, code=obj.code, actor=request.user, now=clock.now(), **typed
            ),
            done="已保存。",
        )

    def keepers_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"报送部门：{obj}",
            obj=obj,
            form=KeepersForm(posted(request), user=request.user, credit_list=obj),
            act=lambda typed: credit_lists.set_keepers(
                credit_list=obj, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记报送部门。",
        )
