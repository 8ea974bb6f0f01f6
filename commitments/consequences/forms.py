"""Forms of what a breach brings with it."""

from collections.abc import Sequence
from typing import Any

from django import forms

from commitments.models import BreachCase, Interview, Letter, Recipient, Rectification
from credit_portal.documents.fields import PaperField
from credit_portal.registry import codes

from . import letters

_CHOOSE = ("", "请选择")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OrderForm(forms.Form):
    requirements = forms.CharField(
        label="整改要求", widget=_lines(4), help_text="每段一行，写入限期整改通知书。"
    )


class ReportForm(forms.Form):
    reported_on = forms.DateField(label="收到日期", widget=_day())
    report = forms.CharField(label="主体报告的整改情况", widget=_lines(3))


class JudgeForm(forms.Form):
    passed = forms.ChoiceField(
        label="核查结果", choices=[("1", "整改到位"), ("0", "整改不到位")], widget=forms.RadioSelect
    )
    judgement = forms.CharField(label="核查情况", widget=_lines(3))

    def clean_passed(self) -> bool:
        return self.cleaned_data["passed"] == "1"


class InviteForm(forms.Form):
    kind = forms.ChoiceField(label="种类", choices=[_CHOOSE, *Interview.Kind.choices])
    invited = forms.CharField(label="被约谈人", max_length=200, help_text="姓名和职务。")
    scheduled_at = forms.DateTimeField(
        label="约谈时间",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    place = forms.CharField(label="约谈地点", max_length=200)
    reasons = forms.CharField(label="约谈事由", widget=_lines(3))


class RecordForm(forms.Form):
    came = forms.ChoiceField(
        label="到场情况", choices=[("1", "已到场"), ("0", "未到场")], widget=forms.RadioSelect
    )
    held_on = forms.DateField(label="约谈日期", widget=_day())
    attendees = forms.CharField(label="参加人", max_length=300)
    minutes = forms.CharField(label="约谈记录", widget=_lines(6), help_text="未到场的写明催请情况。")
    undertakings = forms.CharField(label="主体表示的整改措施", widget=_lines(2), required=False)
    proof = PaperField(label="签字的记录", required=False, help_text="扫描件或照片。")

    def clean_came(self) -> bool:
        return self.cleaned_data["came"] == "1"


class CancelForm(forms.Form):
    reason = forms.CharField(label="取消的理由", max_length=300)


class HandOverForm(forms.Form):
    """`licences`: those of the subject that are published, offered for the number."""

    def __init__(self, *args: Any, licences: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.licences = licences
        if licences:
            self.fields["licence_no"].widget.attrs["list"] = "licences"

    licence_name = forms.CharField(label="许可名称", max_length=200)
    licence_no = forms.CharField(
        label="许可决定文书号", max_length=100, help_text="与公示的行政许可相同的，撤销后同时停止公示。"
    )
    reasons = forms.CharField(label="移交理由", widget=_lines(3))


class DecideForm(forms.Form):
    revoked = forms.ChoiceField(
        label="决定", choices=[("1", "撤销许可"), ("0", "不予撤销")], widget=forms.RadioSelect
    )
    decided_on = forms.DateField(label="决定日期", widget=_day())
    decision_no = forms.CharField(
        label="决定文书号", max_length=100, required=False, help_text="撤销许可的必填。"
    )
    decision = forms.CharField(label="决定的内容或者不予撤销的理由", widget=_lines(3))

    def clean_revoked(self) -> bool:
        return self.cleaned_data["revoked"] == "1"


class LetterForm(forms.Form):
    role = forms.ChoiceField(label="通报给")
    recipient = forms.CharField(label="收函单位", max_length=200)
    address = forms.CharField(label="通信地址", max_length=200, required=False)
    content = forms.CharField(label="通报内容", widget=_lines(4))

    def __init__(self, *args: Any, case: BreachCase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [
            _CHOOSE, *((str(role), Recipient.Role(role).label) for role in letters.roles_of(case))
        ]  # fmt: skip
        if case.commitment.subject_kind == codes.PERSON:
            self.fields["is_staff"] = forms.BooleanField(
                label="已核实当事人是机关事业单位或者国有企业的工作人员", required=False
            )


class SendForm(forms.Form):
    method = forms.ChoiceField(label="发出方式", choices=[_CHOOSE, *Letter.Method.choices])
    sent_on = forms.DateField(label="发出日期", widget=_day())


class ReceiveForm(forms.Form):
    received_on = forms.DateField(label="收到日期", widget=_day())
    receipt = forms.CharField(label="回执", max_length=200, help_text="签收人、邮件号或者回函文号。")


def initial_letter(case: BreachCase) -> dict[str, Any]:
    """What a letter begins with: the next one to be told, as registered, and what was determined."""
    wanted = letters.missing(case) or list(letters.roles_of(case))
    known = (
        next((one for one in letters.known_recipients(case) if one.role == wanted[0]), None)
        if wanted
        else None
    )
    commitment = case.commitment
    told = (
        f"{commitment.subject_name}没有履行于 {commitment.made_on} 就“{commitment.item_name}”作出的信用承诺，"
        f"经认定{case.get_outcome_display()}，程度{case.get_grade_display()}。责任追究：{case.liability}"
    )
    return {
        "role": str(wanted[0]) if wanted else "",
        "recipient": known.name if known else "",
        "address": known.address if known else "",
        "content": told[:2000],
    }


def initial_invitation(case: BreachCase, rectification: Rectification | None) -> dict[str, Any]:
    """What an invitation begins with: a first one reminds, after a failed rectification it warns."""
    failed = rectification is not None and rectification.state == Rectification.State.FAILED
    person = case.subject.responsible.filter(until_on__isnull=True).order_by("pk").first()
    return {
        "kind": "warning" if failed else "reminder",
        "invited": f"{person.name}，{person.get_capacity_display()}" if person else "",
        "reasons": f"限期整改 {rectification.number} 期满，整改不到位。" if failed and rectification else "",
        "place": case.department.address,
    }
