"""Forms of the credit office: publicity class, proposals, rule documents."""

from typing import Any

from django import forms

from commitments.models import Commitment
from credit_portal.registry.admin_forms import DateInput, choices
from credit_portal.registry.models import Department, PublicityClass, Region

from . import rules
from .models import PublicityDecision, RuleDocument

# What people may give as a reason, for whatever class; which fits which, `rules.reasons_for` says.
REASONS = [
    (code, label)
    for code, label in PublicityDecision.Reason.choices
    if code
    in rules.EXCEPTIONS
    | {
        PublicityDecision.Reason.DEFAULT_ORGANISATION,
        PublicityDecision.Reason.DEFAULT_PERSON,
        PublicityDecision.Reason.ITEM_RULE,
        PublicityDecision.Reason.PERSON_BY_TWO,
    }
]


class DecideForm(forms.Form):
    code = forms.CharField(
        label="承诺编码", max_length=20, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    publicity_class = forms.ChoiceField(label="公开类型", choices=choices(PublicityClass))
    reason = forms.ChoiceField(label="理由", choices=[("", "请选择"), *REASONS])
    note = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="公开自然人的承诺时必填：写明为何公开。",
    )

    def __init__(self, *args: Any, commitments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commitments = commitments

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip()
        self.commitment: Commitment | None = self.commitments.filter(code=code).first()
        if self.commitment is None:
            raise forms.ValidationError("没有这个编码的承诺，或者不在您的管理范围内。")
        return code


class NoteForm(forms.Form):
    note = forms.CharField(
        label="说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ReasonedForm(forms.Form):
    note = forms.CharField(label="不同意的理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class RuleDocumentForm(forms.Form):
    region = forms.ModelChoiceField(Region.objects.all(), label="行政区划", empty_label="请选择")
    title = forms.CharField(label="标题", max_length=200)
    issuer = forms.CharField(label="发文机关", max_length=200)
    number = forms.CharField(label="文号", max_length=60, required=False)
    issued_on = forms.DateField(label="发文日期", widget=DateInput())
    effective_from = forms.DateField(label="施行日期", widget=DateInput(), required=False)
    summary = forms.CharField(
        label="内容摘要", widget=forms.Textarea(attrs={"rows": 8}), help_text="每段一行。"
    )
    source_url = forms.URLField(label="原文地址", required=False, assume_scheme="https")
    department = forms.ModelChoiceField(
        Department.objects.none(), label="发布部门", required=False, empty_label="不在本系统"
    )
    is_public = forms.BooleanField(label="公开", required=False, initial=True)

    def __init__(
        self, *args: Any, departments: Any, document: RuleDocument | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments
        if document is not None:
            self.initial = {
                name: getattr(document, name) for name in self.fields if name not in ("region", "department")
            } | {"region": document.region_id, "department": document.department_id}
