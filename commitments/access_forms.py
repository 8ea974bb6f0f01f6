"""The form by which a clerk opens a subject's own pages."""

from datetime import timedelta
from typing import Any

from django import forms

from credit_portal.audit import clock
from credit_portal.documents.fields import PaperField
from credit_portal.registry import access_rules
from credit_portal.registry.models import SubjectAccess

from .models import IdentityDocument


def _plain(**more: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"} | more)


class AccessForm(forms.Form):
    """Who stands there, for whom, shown which document; for an agent what it may do and until when."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    code = forms.CharField(
        label="主体的统一社会信用代码或者身份证号码",
        max_length=60,
        widget=_plain(autocapitalize="characters"),
        help_text="为哪个主体开通；可以扫营业执照。",
    )
    capacity = forms.ChoiceField(
        label="使用人身份", choices=SubjectAccess.Capacity.choices, widget=forms.RadioSelect
    )
    name = forms.CharField(label="使用人姓名", max_length=60, widget=_plain())
    identity_document = forms.ChoiceField(
        label="查验的证件", choices=IdentityDocument.choices, initial=IdentityDocument.ID_CARD
    )
    id_number = forms.CharField(
        label="证件号码", max_length=40, widget=_plain(), help_text="加密保存，只用来核对是不是同一人。"
    )
    identity_seen = forms.BooleanField(label="已查验身份证件，人证一致", required=False)
    scope = forms.ChoiceField(
        label="代理人的权限",
        choices=SubjectAccess.Scope.choices,
        initial=SubjectAccess.Scope.VIEW,
        required=False,
        help_text="按授权委托书；主体本人不受限。",
    )
    authorisation = PaperField(
        label="授权委托书",
        required=False,
        help_text="委托代理人必附。PNG、JPEG、PDF，10 MB 以内。",
    )
    valid_until = forms.DateField(
        label="有效至",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=f"一般 {access_rules.TERM_DAYS} 天，最长 {access_rules.MOST_TERM_DAYS} 天；代理人不超过授权的期限。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_until"].initial = clock.today() + timedelta(days=access_rules.TERM_DAYS)

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or SubjectAccess.Scope.VIEW


class EndAccessForm(forms.Form):
    reason = forms.CharField(label="终止的原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
