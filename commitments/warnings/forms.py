"""Forms of warnings and of their rules; whether it is allowed the services say."""

from typing import Any

from django import forms

from commitments.models import RequiredContent, WarningRule
from commitments.warning_models import COMPARED
from credit_portal.registry.models import CommitmentType, Domain
from verification.models import CreditEntry, CreditList

from .answering import MOST
from .keeping import Content


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label="核实结果",
        choices=[("true", "属实"), ("false", "误报")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择属实或者误报。"},
    )
    text = forms.CharField(
        label="核实情况",
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="怎样核实的、查明了什么；误报的写明为什么与承诺无关。",
    )


def _some(label: str, choices: Any, text: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, help_text=text
    )


class RuleForm(forms.Form):
    """A rule in the back office."""

    name = forms.CharField(label="规则名称", max_length=100)
    sort = forms.ChoiceField(
        label="种类",
        choices=WarningRule.Sort.choices,
        help_text="投诉集中的件数和月数在规则“消费投诉集中的预警”中设定",
    )
    entry_kinds = _some("信用记录的类别", list(COMPARED.items()))
    grades = _some("程度", CreditEntry.GRADES, "不选的为全部")
    list_codes = _some("名单", (), "只比对名单时选；不选的为全部")
    keywords = forms.CharField(
        label="事由含有的词",
        required=False,
        max_length=400,
        help_text="用顿号隔开，含有任何一个即可；不填的不限",
    )
    contents = _some("对应的承诺内容", RequiredContent.choices)
    domains = _some("承诺事项的领域", Domain.choices, "不选的为全部")
    types = _some("承诺类型", CommitmentType.choices, "不选的为全部")
    says = forms.CharField(label="预警内容", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    basis = forms.CharField(label="依据", max_length=300)
    effective_from = forms.DateField(
        label="生效日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, regions: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = CreditList.objects.filter(is_active=True).order_by("name").values_list("code", "name")
        self.fields["list_codes"].choices = list(lists)
        if regions is not None:
            self.fields["region"] = forms.ModelChoiceField(regions, label="行政区划", empty_label=None)
            self.order_fields(["region"])

    def content(self) -> Content:
        """What was typed; the keywords as a list."""
        data = self.cleaned_data
        words = data["keywords"].replace("，", "、").replace(",", "、").split("、")
        return Content(
            keywords=words,
            **{
                key: data[key]
                for key in (
                    "name", "sort", "entry_kinds", "grades", "list_codes", "contents", "domains", "types", "says", "basis",
                )
            },
        )  # fmt: skip


class TrialForm(forms.Form):
    since = forms.DateField(
        label="自哪一天以来的信用记录", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
