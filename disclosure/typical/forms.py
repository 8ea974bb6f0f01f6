"""Forms of typical cases. What may be, the services say."""

from typing import Any

from django import forms

from credit_portal.registry.admin_forms import DateInput, choices
from disclosure.models import TypicalCase

from . import writing
from .sending import AT_LAST, MOST_NAME


class CaseForm(forms.Form):
    kind = forms.ChoiceField(label="类别", choices=choices(TypicalCase.Kind))
    title = forms.CharField(
        label="标题",
        max_length=writing.MOST["title"],
        help_text="不写主体名称，例如：某食品企业失信后主动修复。",
    )
    problem = forms.CharField(
        label="情况和问题", max_length=writing.MOST["problem"], widget=forms.Textarea(attrs={"rows": 5})
    )
    action = forms.CharField(
        label="主要做法", max_length=writing.MOST["action"], widget=forms.Textarea(attrs={"rows": 6})
    )
    effect = forms.CharField(
        label="成效", max_length=writing.MOST["effect"], widget=forms.Textarea(attrs={"rows": 4})
    )
    check_number = forms.CharField(
        label="来自信用核查", max_length=30, required=False, help_text="核查编号，只供核对，不公开。"
    )
    breach_number = forms.CharField(label="来自违诺认定", max_length=30, required=False, help_text="案号。")
    commitment_code = forms.CharField(
        label="来自信用承诺", max_length=30, required=False, help_text="20 位承诺编码。"
    )
    hidden_names = forms.CharField(
        label="须隐去的名称",
        max_length=writing.MOST["hidden_names"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="一行一个，只供核对，不公开。填了来源的，主体和责任人员的名称自动核对；不涉及具体主体的写“无”。",
    )

    @classmethod
    def of(cls, case: TypicalCase) -> "CaseForm":
        """The form as a case stands."""
        return cls(
            initial={name: getattr(case, name) for name in ("kind", *writing.TEXTS, "hidden_names")}
            | {
                "check_number": case.check_made.number if case.check_made else "",
                "breach_number": case.breach_case.number if case.breach_case else "",
                "commitment_code": case.commitment.code if case.commitment else "",
            }
        )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="理由", max_length=writing.MOST_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReportForm(forms.Form):
    """To whom is asked only where the office above is not of this deployment."""

    to_name = forms.CharField(label="报送对象", max_length=MOST_NAME, initial=AT_LAST)
    on = forms.DateField(label="上报日期", widget=DateInput())

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["to_name"]
