"""What is typed when a report is asked for."""

from django import forms

from verification.consent.forms import CODE_LABEL, AskerForm, plain
from verification.consent_models import Purpose

from .issuing import For


class OwnReportForm(forms.Form):
    """What the subject wants its own report for."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    purpose = forms.ChoiceField(label="用途", choices=[("", "请选择"), *Purpose.choices])
    purpose_note = forms.CharField(
        label="用途说明", max_length=100, required=False, help_text="印在报告上；选“其他”的写明。"
    )

    def wanted(self) -> For:
        return For(self.cleaned_data["purpose"], self.cleaned_data["purpose_note"])


class WindowReportForm(OwnReportForm, AskerForm):
    """The same at the window."""

    code = forms.CharField(label=f"主体的{CODE_LABEL}", max_length=60, widget=plain())
    field_order = ["key", "code", *AskerForm.base_fields, *OwnReportForm.base_fields]


class FetchForm(forms.Form):
    """In which procedure the recipient department uses it."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    check_number = forms.CharField(
        label="核查编号",
        max_length=40,
        required=False,
        widget=plain(),
        help_text="用于哪一次办理；填写的，月报中这一条写明使用了信用报告。",
    )
