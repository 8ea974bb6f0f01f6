"""Forms of late materials and of results handed out at once. They read what was typed; what it may be, the services say."""

from typing import Any

from django import forms
from django.http import QueryDict

from commitments.forms import ACCEPTED_SCANS, iso_date
from commitments.models import ImmediateResult, ServiceItemVersion, Supplement
from credit_portal.documents.fields import PapersField

from .receiving import ADD, MOST_FILES, REPLACE


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _file() -> forms.ClearableFileInput:
    return forms.ClearableFileInput(attrs={"accept": ACCEPTED_SCANS})


class ReceiveForm(forms.Form):
    file = forms.FileField(
        label="扫描件", required=False, widget=_file(), allow_empty_file=True,
        help_text="可以不附。PNG、JPEG 或 PDF，10 MB 以内。",
    )  # fmt: skip


class SendForm(forms.Form):
    pages = PapersField(
        label="照片或扫描件",
        most=MOST_FILES,
        help_text=f"PNG、JPEG 或 PDF，每个 10 MB 以内；可以一次选几个，一项材料最多 {MOST_FILES} 个。",
    )


class SendAgainForm(SendForm):
    """Until a material is looked at, it can be completed or replaced."""

    how = forms.ChoiceField(
        label="这次的文件",
        choices=[(ADD, "补在已提交的后面"), (REPLACE, "换掉已提交的")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择补在后面，还是换掉已提交的。"},
    )
    field_order = ("how", "pages")


class EmptyForm(forms.Form):
    """Nothing to fill: the button is the act."""


class SendBackForm(forms.Form):
    reason = forms.CharField(
        label="退回的理由",
        required=False,
        max_length=400,
        widget=_lines(2),
        help_text="写明缺什么、怎样改，主体在网上看到。",
    )


class AskForm(forms.Form):
    working_days = forms.IntegerField(label="延长的工作日", min_value=1, max_value=1000)
    reason = forms.CharField(
        label="不可抗力的情形",
        required=False,
        max_length=400,
        widget=_lines(2),
        help_text="何时发生、怎样影响补交。",
    )
    evidence = forms.FileField(
        label="证明",
        required=False,
        widget=_file(),
        allow_empty_file=True,
        help_text="PNG、JPEG 或 PDF，10 MB 以内。",
    )


class DecideForm(forms.Form):
    granted = forms.ChoiceField(
        label="决定", choices=[("1", "同意延长"), ("0", "不同意")], widget=forms.RadioSelect
    )
    note = forms.CharField(label="决定的理由", required=False, max_length=400, widget=_lines(2))

    def clean_granted(self) -> bool:
        return bool(self.cleaned_data["granted"] == "1")


class CloseForm(forms.Form):
    close_reason = forms.ChoiceField(label="了结的理由", choices=[("", "请选择"), *Supplement.Reason.choices])
    close_note = forms.CharField(
        label="了结的情况",
        required=False,
        max_length=400,
        widget=_lines(3),
        help_text="查明了什么，为什么不立案。",
    )


class ResultForm(forms.Form):
    result = forms.ChoiceField(
        label="办理结果", choices=ImmediateResult.Result.choices, widget=forms.RadioSelect, required=False
    )
    document_no = forms.CharField(label="文书号", required=False, max_length=200)
    note = forms.CharField(label="退回的理由", required=False, max_length=400, help_text="结果为退回的必填。")


def late_days(data: QueryDict, item: ServiceItemVersion) -> dict[str, str] | None:
    """Which materials a request ticked as missing, with the day typed for each. None: the form was not on the page."""
    if "late" not in data:
        return None
    return {
        one["name"]: iso_date(data.get(f"late-{number}-on", ""))
        for number, one in enumerate(item.late_ones, 1)
        if f"late-{number}" in data
    }


def errors_by_field(form: forms.Form, field: str, message: str) -> Any:
    """Put a service's refusal where the person can mend it."""
    form.add_error(field if field in form.fields else None, message)
