"""What is typed when a consent is given or withdrawn."""

from datetime import timedelta
from typing import Any

from django import forms

from credit_portal.audit import clock
from credit_portal.documents.fields import PaperField
from credit_portal.registry.models import CreditSubject, Department
from verification.checking.handling import CheckError
from verification.checking.own_record import NO_AUTHORISATION, NOT_SEEN
from verification.consent_models import Part, Purpose, Scope
from verification.models import OwnRecordRequest

from . import keeping
from .keeping import MOST_DAYS, NO_PAPER, USUAL_DAYS, Told
from .pages import subject_of

OF_RECIPIENT = {
    "department": ("department",),
    "body": ("body_name", "body_code"),
    "person": ("person_name", "person_id"),
}
CODE_LABEL = "统一社会信用代码或身份证号码"


def plain(**more: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"} | more)


def day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ConsentForm(forms.Form):
    """What a subject agrees to tell a recipient of one kind: the others' fields are not there."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    recipient = forms.CharField(widget=forms.HiddenInput)
    department = forms.ModelChoiceField(Department.objects.none(), label="接收部门", empty_label="请选择")
    body_name = forms.CharField(label="接收机构名称", max_length=200, widget=plain())
    body_code = forms.CharField(label="接收机构的统一社会信用代码", max_length=40, widget=plain())
    person_name = forms.CharField(label="接收人姓名", max_length=60, widget=plain())
    person_id = forms.CharField(
        label="接收人身份证号码",
        max_length=40,
        widget=plain(),
        help_text="加密保存，只用来核对领取的是不是这个人。",
    )
    purpose = forms.ChoiceField(label="用途", choices=[("", "请选择"), *Purpose.choices])
    purpose_note = forms.CharField(
        label="用途说明",
        max_length=100,
        required=False,
        help_text="选“其他”的写明；例如哪一家银行的哪一笔贷款。",
    )
    scope = forms.ChoiceField(
        label="提供什么",
        choices=[(Scope.REPORT, "信用报告（全部内容）"), (Scope.RECORD, "信用记录（只提供下面勾选的）")],
        widget=forms.RadioSelect,
    )
    parts = forms.MultipleChoiceField(
        label="同意提供的信用记录", choices=Part.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label="有效至", widget=day(), help_text=f"一般 {USUAL_DAYS} 天，最长 {MOST_DAYS} 天；随时可以撤回。"
    )

    def __init__(
        self, *args: Any, to: str, lineage: list[str], subject: CreditSubject | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.initial["recipient"] = to
        for kind, names in OF_RECIPIENT.items():
            for name in names if kind != to else ():
                del self.fields[name]
        if to == "department":
            # An association is a body like others; by its code it is known as the unit that it is.
            rows = Department.objects.filter(is_active=True, region__in=lineage).exclude(kind="association")
            self.fields["department"].queryset = rows.order_by("region_id", "name")
        self.fields["expires_on"].initial = clock.today() + timedelta(days=USUAL_DAYS)

    def clean(self) -> dict[str, Any]:
        """All that is wrong is told at once: what the service would find stands beside what is missing."""
        for field, message in keeping.problems(self.subject, self.told(), clock.today()).items():
            if field in self.fields and field not in self.errors:
                self.add_error(field, message)
        return self.cleaned_data

    def told(self) -> Told:
        nothing = {"purpose": "", "recipient": "", "scope": "", "expires_on": None}
        typed = {
            name: self.cleaned_data[name] for name in Told.__dataclass_fields__ if name in self.cleaned_data
        }
        return Told(**(nothing | typed))


class AskerForm(forms.Form):
    """Who stands at the window, for the subject."""

    asked_by = forms.CharField(label="办理人姓名", max_length=60, widget=plain())
    capacity = forms.ChoiceField(
        label="办理人身份", choices=OwnRecordRequest.Capacity.choices, widget=forms.RadioSelect
    )
    authorisation = PaperField(
        label="授权委托书", required=False, help_text="委托代理人必附。PNG、JPEG、PDF，10 MB 以内。"
    )
    identity_seen = forms.BooleanField(label="已查验身份证件，人证一致", required=False)


class WindowConsentForm(ConsentForm, AskerForm):
    """The same at the window: for whom, who stands there, and the signed paper."""

    code = forms.CharField(label=f"主体的{CODE_LABEL}", max_length=60, widget=plain())
    paper = PaperField(label="签字的同意书", required=False, help_text="扫描件或者照片，10 MB 以内。")
    field_order = ["key", "code", *AskerForm.base_fields, "paper", *ConsentForm.base_fields]

    def __init__(self, *args: Any, to_sign: bool = False, **kwargs: Any) -> None:
        """`to_sign`: it is to be printed first, whoever will sign it."""
        super().__init__(*args, **kwargs)
        self.to_sign = to_sign
        for name in ("asked_by", "capacity") if to_sign else ():
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if "code" in typed:
            try:
                self.subject = subject_of(typed["code"])
            except CheckError as wrong:
                self.add_error("code", str(wrong))
        if not self.to_sign:
            for name, message in (("paper", NO_PAPER), ("identity_seen", NOT_SEEN)):
                if not typed.get(name) and name not in self.errors:
                    self.add_error(name, message)
            if typed.get("capacity") == OwnRecordRequest.Capacity.AGENT and not typed.get("authorisation"):
                self.add_error("authorisation", NO_AUTHORISATION)
        return super().clean()


class LookForm(forms.Form):
    """Whose consents are looked for; the code never stands in an address."""

    code = forms.CharField(label=f"主体的{CODE_LABEL}", max_length=60, widget=plain())


class HandOverForm(forms.Form):
    """Who comes for what a subject has agreed to hand to it."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    code = forms.CharField(
        label=f"接收方的{CODE_LABEL}",
        max_length=60,
        widget=plain(),
        help_text="与主体在同意中写明的一致才能领取。",
    )
    bearer = forms.CharField(label="领取人姓名", max_length=60, widget=plain())
    identity_seen = forms.BooleanField(
        label="已查验领取人的身份证件；代表机构的，已查验介绍信", required=False
    )
