"""Forms of the public list of measures in the back office; what fits, the service says."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from credit_portal.audit import clock
from credit_portal.registry.admin_forms import DateInput, choices
from credit_portal.registry.models import Domain, Region, ServiceItem

from .models import CreditList, ListedMeasure
from .vocabulary import EFFECT_LABELS, STEP_LABELS, Effect

ITEM_UNKNOWN = "没有编码为“{code}”的事项，请照事项清单填写。"


class MeasureRowForm(forms.Form):
    """One row of the list. `fixed`: the row that it changes, whose region stays."""

    region = forms.ModelChoiceField(Region.objects.none(), label="地区", empty_label="请选择")
    whom = forms.ModelChoiceField(CreditList.objects.none(), label="对象", empty_label="请选择")
    nature = forms.ChoiceField(label="类别", choices=choices(ListedMeasure.Nature))
    effect = forms.ChoiceField(
        label="作用",
        choices=[
            ("", "请选择"),
            *((str(code), label) for code, label in EFFECT_LABELS.items() if code is not Effect.EXIT_RULE),
        ],
        help_text="激励（加分、便利服务）只用于诚信典型和信用状况良好的主体；重点关注名单只能重点审查、作为参考。",
    )
    text = forms.CharField(label="措施", max_length=300, help_text="写明做什么，例如 评审环节给予加分")
    domain = forms.ChoiceField(label="领域", choices=choices(Domain, blank="所有领域"), required=False)
    item = forms.CharField(
        label="事项编码", max_length=40, required=False, help_text="只用于一个事项的填写；空：领域内所有事项"
    )
    step = forms.ChoiceField(
        label="环节",
        choices=[("", "所有环节"), *((str(code), label) for code, label in STEP_LABELS.items())],
        required=False,
    )
    basis = forms.CharField(
        label="法律依据", max_length=300, help_text="法律、法规或者文件的条款，没有依据的不能列入清单。"
    )
    effective_from = forms.DateField(label="生效日期", widget=DateInput(), initial=clock.today)
    effective_to = forms.DateField(
        label="失效日期", widget=DateInput(), required=False, help_text="最后一日；空：没有期限"
    )

    def __init__(
        self,
        *args: Any,
        regions: QuerySet[Region],
        lists: QuerySet[CreditList],
        row: ListedMeasure | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions
        self.fields["whom"].queryset = lists
        if row is not None:
            del self.fields["region"]
            self.initial = {name: getattr(row, name) for name in self.fields if name != "item"}
            self.initial |= {
                "item": row.item.code if row.item else "",
                "whom": row.whom_id,
                "effective_from": None,
            }

    def clean_item(self) -> ServiceItem | None:
        code = self.cleaned_data["item"].strip()
        if not code:
            return None
        found = ServiceItem.objects.filter(code=code).select_related("region").first()
        if found is None:
            raise forms.ValidationError(ITEM_UNKNOWN.format(code=code))
        return found


class LastDayForm(forms.Form):
    last_day = forms.DateField(
        label="失效日期", widget=DateInput(), help_text="最后一日，含当日；最早为昨天。", initial=clock.today
    )
