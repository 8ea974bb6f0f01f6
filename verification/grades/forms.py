"""What is typed on the desk's pages of grades and evaluations; what it may be, the services say."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES
from credit_portal.registry.models import Department, Region
from verification.models import EvaluationRecipient, GradeIndicator, GradingStandard, Tier
from verification.vocabulary import ADVERSE, KIND_LABELS

from .keeping import Line, Told
from .receiving import MOST_REASON, MOST_ROWS
from .rules import RAISES

CHOOSE = ("", "请选择")
ROWS = 6
# In the order in which people read them: what lowers first.
KINDS = [
    (str(kind), label) for group in (ADVERSE, RAISES) for kind, label in KIND_LABELS.items() if kind in group
]


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StandardForm(forms.Form):
    region = forms.ModelChoiceField(Region.objects.none(), label="地区", empty_label="请选择")
    name = forms.CharField(label="名称", max_length=100)
    basis = forms.CharField(label="依据", max_length=300, help_text="文件的名称、文号和条款。")
    confirmed = forms.BooleanField(
        label="本地区文件已经确定这份标准", required=False, help_text="没有确定的只作提示，不影响抽查比例。"
    )
    base = forms.IntegerField(
        label="起评分", min_value=0, max_value=1000, initial=100, help_text="没有任何记录的主体的分数。"
    )
    a_from = forms.IntegerField(label="信用好的最低分", min_value=-1000, max_value=2000)
    b_from = forms.IntegerField(label="信用较好的最低分", min_value=-1000, max_value=2000)
    c_from = forms.IntegerField(label="信用一般的最低分", min_value=-1000, max_value=2000)
    a_tier = forms.ChoiceField(label="信用好的抽查", choices=Tier.choices, initial=Tier.LOWER)
    b_tier = forms.ChoiceField(label="信用较好的抽查", choices=Tier.choices, initial=Tier.ORDINARY)
    c_tier = forms.ChoiceField(label="信用一般的抽查", choices=Tier.choices, initial=Tier.ORDINARY)
    d_tier = forms.ChoiceField(label="信用较差的抽查", choices=Tier.choices, initial=Tier.HIGHER)
    effective_from = forms.DateField(label="生效日期", widget=_day())
    effective_to = forms.DateField(
        label="失效日期", widget=_day(), required=False, help_text="最后一日；空：没有期限。"
    )

    def __init__(self, *args: Any, regions: QuerySet[Region], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]

    def told(self, lines: Sequence[Line]) -> Told:
        values = {name: value for name, value in self.cleaned_data.items() if name != "region"}
        return Told(**values, lines=lines)


class LineForm(forms.Form):
    """An indicator; a row without a kind is none."""

    kind = forms.ChoiceField(label="信用记录", choices=[("", "不用这一项"), *KINDS], required=False)
    grade = forms.ChoiceField(
        label="程度",
        choices=[("", "各种程度"), *GradeIndicator._meta.get_field("grade").choices],
        required=False,
    )
    counts = forms.ChoiceField(
        label="哪些计入", choices=[CHOOSE, *GradeIndicator.Counts.choices], required=False
    )
    months = forms.IntegerField(
        label="计入几个月", min_value=1, max_value=120, required=False, help_text="空：不限"
    )
    points = forms.IntegerField(
        label="每条分数", min_value=-1000, max_value=1000, required=False, help_text="减分写负数"
    )
    most = forms.IntegerField(
        label="最多计几条", min_value=1, max_value=1000, required=False, help_text="空：不限"
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind"):
            if not data.get("counts") and "counts" not in self.errors:
                self.add_error("counts", "请选择哪些计入。")
            if data.get("points") is None and "points" not in self.errors:
                self.add_error("points", "请填写每条分数。")
        elif any(
            data.get(name) not in (None, "") for name in ("counts", "points", "months", "most", "grade")
        ):
            self.add_error("kind", "请选择信用记录的类别，或者把这一项都留空。")
        return data


class LinesFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    default_error_messages = {"missing_management_form": "表单不完整，请返回后重新打开再填。"}

    def lines(self) -> list[Line]:
        return [Line(**form.cleaned_data) for form in self.forms if form.cleaned_data.get("kind")]


Lines = forms.formset_factory(
    LineForm, formset=LinesFormSet, extra=2, min_num=ROWS, max_num=20, absolute_max=20
)


def begun_from(standard: GradingStandard | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a form begins with: an older version's words."""
    if standard is None:
        return {}, []
    names = [name for name in StandardForm.base_fields if name not in ("effective_from", "effective_to")]
    values = {name: getattr(standard, name) for name in names} | {"region": standard.region_id}
    lines = [{name: getattr(one, name) for name in LineForm.base_fields} for one in standard.indicators.all()]
    return values, lines


class LastDayForm(forms.Form):
    last_day = forms.DateField(label="失效日期", widget=_day(), help_text="最后一日，含当日；最早为昨天。")


class UploadForm(forms.Form):
    file = TableField(
        label="文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text=f"xlsx、csv 或 json，一次最多 {MOST_ROWS} 行、20 MB。有一行不对，全部不录入。",
    )
    reason = forms.CharField(
        label="更正的理由", max_length=MOST_REASON, required=False,
        help_text="只在更正以前录入的等级时填写。原来的一条留着，写明由新的一条更正。",
    )  # fmt: skip


class RecipientForm(forms.Form):
    kind = forms.ChoiceField(label="类别", choices=[CHOOSE, *EvaluationRecipient.Kind.choices])
    department = forms.ModelChoiceField(
        Department.objects.none(), label="单位", required=False, empty_label="金融机构不选",
        help_text="部门和协会在这里选定。",
    )  # fmt: skip
    name = forms.CharField(label="金融机构名称", max_length=200, required=False)
    code = forms.CharField(
        label="金融机构的统一社会信用代码", max_length=40, required=False,
        help_text="主体同意提供给谁，按这个代码核对。",
    )  # fmt: skip
    basis = forms.CharField(label="依据", max_length=300, help_text="文件的名称、文号和条款。")

    def __init__(self, *args: Any, departments: QuerySet[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]


class PassForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput)
    recipient = forms.ModelChoiceField(
        EvaluationRecipient.objects.none(), label="接收单位", empty_label="请选择"
    )
    period = forms.CharField(label="评价期间", max_length=7, help_text="2026 或者 2026-06")

    def __init__(self, *args: Any, recipients: QuerySet[EvaluationRecipient], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"].queryset = recipients  # type: ignore[attr-defined]
