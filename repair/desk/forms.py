"""What an officer types for a step; whether it may be done so, the services decide."""

from django import forms

from commitments import way_back
from commitments.forms import ACCEPTED_SCANS
from commitments.models import IdentityDocument, SignerCapacity
from commitments.signing import CAPACITIES
from credit_portal.registry.forms import PhoneField
from repair import rules
from repair.filling import OTHER_NAME
from repair.models import RepairApplication

DATE = forms.DateInput(attrs={"type": "date", "placeholder": "2026-01-31"}, format="%Y-%m-%d")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class NothingForm(forms.Form):
    """A step that asks for nothing."""


class AskForm(forms.Form):
    missing = forms.CharField(
        label="需要补正的内容",
        widget=_lines(5),
        required=False,
        help_text="每行一项，一次写全：告知以后不能再次要求补正。最多 20 项。",
    )


class CompleteForm(forms.Form):
    method = forms.ChoiceField(label="补正哪一种方式的材料", required=False)
    proof = forms.FileField(
        label="补正的材料", required=False, help_text="扫描件或图片，10 MB 以内。", allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPTED_SCANS}),
    )  # fmt: skip
    note = forms.CharField(label="说明（选填）", required=False, max_length=200)

    def __init__(self, *args: object, methods: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        labels = way_back.METHOD_LABELS
        self.fields["method"].choices = [(code, labels[code]) for code in methods]  # type: ignore[attr-defined]


class ProposalForm(forms.Form):
    outcome = forms.ChoiceField(
        label="审查意见", required=False, choices=[("", "请选择"), *RepairApplication.Outcome.choices]
    )
    reasons = forms.CharField(
        label="理由", widget=_lines(5), required=False, help_text="写进决定书，10 至 2000 个字。"
    )
    again_from = forms.DateField(
        label="不予修复的，预计具备条件之日（选填）", widget=DATE, required=False,
        help_text="写进决定书，供申请人参考；提前具备条件的，随时可以再次申请。",
    )  # fmt: skip


class ReasonForm(forms.Form):
    reason = forms.CharField(label="退回的理由", widget=_lines(3), required=False)


class DefectForm(forms.Form):
    defects = forms.MultipleChoiceField(
        label="形式缺陷",
        required=False,
        choices=list(rules.DEFECTS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="信用办只审查形式，不对应否修复作出判断。",
    )


class ApplicantForm(forms.Form):
    """Who asks for repair, and as what."""

    capacity = forms.ChoiceField(label="办理身份", required=False)
    applicant = forms.CharField(label="办理人姓名", required=False, max_length=100)
    identity_document = forms.ChoiceField(
        label="查验的证件", required=False, choices=IdentityDocument.choices, initial=IdentityDocument.ID_CARD,
        help_text="只记种类，不记号码。",
    )  # fmt: skip
    phone = PhoneField(
        label="联系电话（选填）", required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    authorisation = forms.FileField(
        label="授权委托书（扫描件）", required=False, allow_empty_file=True,
        help_text="委托代理人必须上传。PNG、JPEG 或 PDF，不超过 10 MB。",
        widget=forms.FileInput(attrs={"accept": ACCEPTED_SCANS}),
    )  # fmt: skip

    def __init__(self, *args: object, kind: str, own_name: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.kind, self.own_name = kind, own_name
        capacity = self.fields["capacity"]
        choices = [(value, label) for value, label in SignerCapacity.choices if value in CAPACITIES[kind]]
        capacity.choices = choices  # type: ignore[attr-defined]
        capacity.initial = choices[0][0]
        self.fields["applicant"].initial = own_name
        self.fields["applicant"].widget.attrs["autocomplete"] = "off"
        self.fields["capacity"].widget.attrs["data-first"] = True

    def clean(self) -> dict[str, object]:
        data = super().clean() or self.cleaned_data
        capacity = data.get("capacity")
        if not capacity:
            self.add_error("capacity", "请选择办理身份。")
        name = str(data.get("applicant") or "").replace("\0", "").strip()
        if not name and capacity == SignerCapacity.SELF:
            name = self.own_name
        if not name:
            self.add_error("applicant", "请填写办理人姓名。")
        elif capacity != SignerCapacity.AGENT and self.own_name and name != self.own_name:
            self.add_error("applicant", OTHER_NAME.format(name=self.own_name))
        data["applicant"] = name
        if not data.get("identity_document"):
            self.add_error("identity_document", "请选择查验过的身份证件。")
        if capacity == SignerCapacity.AGENT and not data.get("authorisation"):
            self.add_error("authorisation", "委托代理人办理，须上传授权委托书。")
        return data


class FindForm(forms.Form):
    code = forms.CharField(
        label="统一社会信用代码或身份证号码", max_length=4000, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip


class PledgeCodeForm(forms.Form):
    code = forms.CharField(
        label="承诺编码", max_length=60, required=False, help_text="20 位数字，印在承诺书和回执上。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class NotBrokenForm(forms.Form):
    note = forms.CharField(label="核实情况", widget=_lines(3), required=False, help_text="4 至 300 个字。")


class OpenCaseForm(forms.Form):
    facts = forms.CharField(
        label="查明的事实", widget=_lines(5), required=False,
        help_text="时间、地点、经过和证据，每段一行。立案以后照违诺认定的程序告知、听取陈述申辩、由另一人批准。",
    )  # fmt: skip
