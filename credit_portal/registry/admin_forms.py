"""Forms of the back office. They read what was typed; what it may be, the services say."""

from datetime import timedelta
from typing import Any

from django import forms

from credit_portal.audit.clock import today

from . import catalogue, groups
from .models import (
    CommitmentType,
    CreditSubject,
    Department,
    Domain,
    OccupationGroup,
    PublicityClass,
    Region,
    ServiceItemVersion,
    User,
)


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class RowsFormSet(forms.BaseFormSet):
    default_error_messages = {
        "missing_management_form": "表单不完整，请返回后重新打开再填。",
    }


def choices(source: Any, *, blank: str = "请选择") -> list[tuple[str, str]]:
    return [("", blank), *source.choices]


class StaffForm(forms.Form):
    username = forms.CharField(
        label="用户名",
        max_length=150,
        help_text="登录用，开设后不能更改。可用字母、数字和 @ . + - _。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    display_name = forms.CharField(label="姓名", max_length=60)
    department = forms.ModelChoiceField(
        Department.objects.filter(is_active=True),
        label="部门",
        required=False,
        empty_label="无（只限安全管理员和系统管理员）",
    )
    groups = forms.MultipleChoiceField(
        label="角色",
        choices=list(groups.LABELS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="业务、系统管理、安全管理、审计四类权限不能集于一个账号。",
    )
    window_label = forms.CharField(label="窗口", max_length=20, required=False, help_text="例如：3 号窗口")
    email = forms.EmailField(label="电子邮件地址", required=False)
    mobile = forms.CharField(
        label="手机号码",
        max_length=20,
        required=False,
        help_text="接收期限提醒的短信；加密保存。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user is not None:
            del self.fields["username"]
            self.initial = {
                "display_name": user.display_name,
                "department": user.department_id,
                "groups": list(user.groups.values_list("name", flat=True)),
                "window_label": user.window_label,
                "email": user.email,
                "mobile": user.mobile,
            }


class LeaveForm(forms.Form):
    left_on = forms.DateField(label="离岗日期", widget=DateInput(), initial=today)


class LinkForm(forms.Form):
    forget_second_factor = forms.BooleanField(
        label="同时解除两步验证",
        required=False,
        help_text="本人丢失了验证设备时勾选；解除后须重新绑定。",
    )


class DepartmentForm(forms.Form):
    uscc = forms.CharField(
        label="统一社会信用代码", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(label="名称", max_length=200)
    short_name = forms.CharField(
        label="简称", max_length=40, required=False, help_text="不填则取名称的前 40 字。"
    )
    kind = forms.ChoiceField(label="类别", choices=choices(Department.Kind))
    region = forms.ModelChoiceField(Region.objects.all(), label="行政区划", empty_label="请选择")
    head = forms.ModelChoiceField(User.objects.none(), label="负责人", required=False, empty_label="未登记")
    address = forms.CharField(label="地址", max_length=200, required=False)
    phone = forms.CharField(label="公开电话", max_length=40, required=False)
    is_active = forms.BooleanField(label="在用", required=False, initial=True)

    def __init__(self, *args: Any, department: Department | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if department is None:
            del self.fields["head"], self.fields["is_active"]
            return
        del self.fields["uscc"]
        self.fields["head"].queryset = department.staff.filter(is_active=True)
        self.initial = {
            name: getattr(department, name)
            for name in ("name", "short_name", "kind", "address", "phone", "is_active")
        } | {"region": department.region_id, "head": department.head_id}


class ItemForm(forms.Form):
    code = forms.CharField(label="事项编码", max_length=40)
    department = forms.ModelChoiceField(Department.objects.none(), label="主管部门", empty_label="请选择")
    name = forms.CharField(label="事项名称", max_length=200)
    pinyin = forms.CharField(
        label="简拼", max_length=60, required=False, help_text="窗口快速选择用，例如 spjyxk"
    )
    domain = forms.ChoiceField(label="领域", choices=choices(Domain))
    allowed_types = forms.MultipleChoiceField(
        label="可用承诺类型", choices=CommitmentType.choices, widget=forms.CheckboxSelectMultiple
    )
    scope = forms.ChoiceField(
        label="适用要求", choices=ServiceItemVersion.Scope.choices, initial=ServiceItemVersion.Scope.MAY
    )
    in_hall = forms.BooleanField(label="政务服务大厅办理", required=False, initial=True)
    checkpoint = forms.ChoiceField(label="信用审查环节", choices=choices(ServiceItemVersion.Checkpoint))
    evidence_required = forms.BooleanField(
        label="须留存查询截屏", required=False, help_text="核查后须附网站查询情况的截屏，才能签署或者办结。"
    )
    allows_late_materials = forms.BooleanField(
        label="可容缺受理",
        required=False,
        help_text="信用状况良好的，可以先受理、后补下面标明可以后补的材料。",
    )
    handled_at_once = forms.BooleanField(
        label="即时办理", required=False, help_text="承诺符合条件并交齐材料的，当日出结果。"
    )
    online = forms.BooleanField(
        label="可网上承诺", required=False, help_text="主体可以在手机上自助签署，由主管部门接收。"
    )
    once_a_year = forms.BooleanField(
        label="每个年度一份",
        required=False,
        help_text="例如个人所得税申报。文本须有填写项“年度”；同一年度再签时会询问。",
    )
    occupation = forms.ModelChoiceField(
        OccupationGroup.objects.all(),
        label="重点职业人群",
        required=False,
        empty_label="不限",
        help_text="由这一人群的成员以个人名义承诺。文本须有填写项“单位”“岗位”。",
    )
    subject_kinds = forms.MultipleChoiceField(
        label="谁可以承诺",
        choices=CreditSubject.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="一个都不选的，不限；每个年度一份的，限自然人；重点职业人群的，只能是自然人。",
    )
    promised_working_days = forms.IntegerField(
        label="承诺办结时限（工作日）", min_value=1, max_value=1000, required=False
    )
    validity_months = forms.IntegerField(
        label="承诺有效期（月）", min_value=1, max_value=1200, required=False
    )
    materials_spared = forms.IntegerField(
        label="承诺可少交的材料（件）",
        min_value=0,
        max_value=1000,
        required=False,
        help_text="采用承诺制比一般程序少交几件；用于应用成效的统计，不知道的不填。",
    )
    days_spared = forms.IntegerField(
        label="承诺可少等的时间（工作日）",
        min_value=0,
        max_value=1000,
        required=False,
        help_text="采用承诺制比一般程序少几个工作日；不知道的不填。",
    )
    publicity_class = forms.ChoiceField(
        label="默认公开类型", choices=PublicityClass.choices, initial=PublicityClass.PUBLIC
    )
    legal_basis = forms.CharField(label="依据", max_length=300, required=False, help_text="发布前须写明。")

    def __init__(
        self, *args: Any, departments: Any = None, version: ServiceItemVersion | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if version is None:
            self.fields["department"].queryset = departments
            return
        del self.fields["code"], self.fields["department"]
        self.initial = {name: getattr(version, name) for name in self.fields}


class MaterialForm(forms.Form):
    name = forms.CharField(
        label="材料名称", max_length=catalogue.MOST_NAME, required=False, help_text="清空即删去这一项。"
    )
    source = forms.CharField(
        label="来源",
        max_length=catalogue.MOST_SOURCE,
        required=False,
        help_text="例如：申请人自备；公安机关核发。",
    )
    late = forms.BooleanField(label="可以后补", required=False)


MaterialFormSet = forms.formset_factory(
    MaterialForm, formset=RowsFormSet, extra=3, max_num=catalogue.MOST_MATERIALS
)


def materials_typed(formset: Any) -> list[dict[str, Any]]:
    """The materials with a name, in their order."""
    return [
        {"name": row["name"].strip(), "source": row["source"].strip(), "late": row["late"]}
        for row in (form.cleaned_data for form in formset)
        if row.get("name", "").strip()
    ]


class FromDayForm(forms.Form):
    """A first version may hold from today on; one that follows another begins a day later unless somebody says today."""

    valid_from = forms.DateField(label="生效日期", widget=DateInput(), initial=today)

    def __init__(self, *args: Any, follows: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if follows:
            self.initial.setdefault("valid_from", today() + timedelta(days=1))
            self.fields["valid_from"].help_text = "填今天的，今天已经按前一版签署的仍按前一版办理。"


class RetireForm(forms.Form):
    on = forms.DateField(label="停用日期", widget=DateInput(), initial=today)


class WithdrawForm(forms.Form):
    reason = forms.CharField(label="撤回理由", max_length=catalogue.MOST_REASON)


class ConfirmForm(forms.Form):
    """Nothing to fill: the button is the decision."""

    confirmed = forms.BooleanField(widget=forms.HiddenInput, initial=True)
