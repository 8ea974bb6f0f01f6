"""What is typed on the desk's pages of tax credit."""

from typing import Any

from django import forms

from credit_portal.audit.models import ReadLog
from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES
from verification.models import TaxCreditEntry

from .keeping import Told

PURPOSES = [
    (code, label)
    for code, label in ReadLog.Purpose.choices
    if code in ("handling", "supervision", "subject_request", "objection", "audit")
]


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class LookForm(forms.Form):
    id_number = forms.CharField(
        label="身份证号码",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    purpose = forms.ChoiceField(label="查询目的", choices=PURPOSES, help_text="写入查阅日志，本人看得到。")


class EntryForm(forms.Form):
    id_number = forms.CharField(
        label="身份证号码",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="姓名", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    tax_year = forms.CharField(
        label="纳税年度",
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="例如 2025",
    )
    kind = forms.ChoiceField(label="信息类型", choices=[("", "请选择"), *TaxCreditEntry.Kind.choices])
    facts = forms.CharField(label="事实", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    found_on = forms.DateField(label="认定日期", widget=_day())
    document_no = forms.CharField(label="文书号", max_length=200, required=False)
    commitment_code = forms.CharField(
        label="申报承诺编码", max_length=40, required=False, help_text="违背申报承诺的，填 20 位承诺编码。"
    )

    def told(self, **more: Any) -> Told:
        return Told(**(self.cleaned_data | more))


class CorrectForm(EntryForm):
    """The person stays the same; everything else may have been wrong."""

    reason = forms.CharField(label="更正理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["id_number"], self.fields["name"]


class RepairForm(forms.Form):
    on = forms.DateField(label="修复日期", widget=_day())
    reason = forms.CharField(label="修复情况", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class WithdrawForm(forms.Form):
    reason = forms.CharField(label="撤销理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class UploadForm(forms.Form):
    file = TableField(
        label="文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text="xlsx、csv 或 json，一次最多 1000 行、20 MB。有一行不对，全部不采集。",
    )
