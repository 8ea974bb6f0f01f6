"""What is typed on the pages of voluntary registration."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from commitments.models import RegistrationKind
from credit_portal.documents.fields import PaperField
from credit_portal.registry.models import Department

from .rules import Told


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RegistrationForm(forms.Form):
    kind = forms.ChoiceField(
        label="信息种类", choices=RegistrationKind.choices, widget=forms.RadioSelect,
        error_messages={"required": "请选择信息种类。"},
    )  # fmt: skip
    title = forms.CharField(
        label="名称", max_length=200, help_text="例如 食品经营许可证、某项目竣工验收、2026 年助学捐赠。"
    )
    issuer = forms.CharField(label="出具单位", max_length=200, help_text="出具证明的机关、单位或者合同对方。")
    document_no = forms.CharField(
        label="证明编号", max_length=200, required=False, help_text="证书号、文号或者合同号。"
    )
    issued_on = forms.DateField(label="出具日期", widget=_day())
    valid_until = forms.DateField(
        label="有效期至",
        widget=_day(),
        required=False,
        help_text="最后一日；长期有效的不填。到期自动不再计入。",
    )
    facts = forms.CharField(
        label="内容", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="最多 500 个字；不要写他人的身份证号码、手机号码。",
    )  # fmt: skip
    proof = PaperField(
        label="证明文件", required=False, help_text="照片或者扫描件，JPEG、PNG、PDF，10 MB 以内。"
    )

    def told(self) -> Told:
        return Told(**{name: value for name, value in self.cleaned_data.items() if name != "proof"})


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="补正说明",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="4 至 500 个字。",
    )
    proof = PaperField(label="补充的证明", required=False, help_text="JPEG、PNG、PDF，10 MB 以内。")


class ReasonForm(forms.Form):
    """One text by which a department decides."""

    reason = forms.CharField(label="理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self, *args: Any, label: str, help_text: str = "4 至 500 个字，主体看得到。", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["reason"].help_text = label, help_text


class HandOverForm(ReasonForm):
    department = forms.ModelChoiceField(Department.objects.none(), label="转交部门", empty_label="请选择")
    field_order = ("department", "reason")

    def __init__(self, *args: Any, departments: QuerySet[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments
