"""What is typed on the pages of associations and their members."""

from datetime import date
from typing import Any

from django import forms

from commitments.models import MemberNote, NoteReply
from credit_portal.documents.fields import PaperField

from . import campaigns
from .texting import Words


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class TextForm(forms.Form):
    title = forms.CharField(label="标题", max_length=100, required=False)
    scope = forms.CharField(
        label="适用范围",
        max_length=300,
        required=False,
        help_text="在什么情形下使用，例如 会员加入协会或者每年续会时。",
    )
    notice = forms.CharField(label="告知书", required=False, widget=_lines(5), help_text="每段一行。")
    privacy_notice = forms.CharField(
        label="个人信息处理告知", required=False, widget=_lines(4), help_text="每段一行。"
    )
    pledges = forms.CharField(
        label="承诺内容", required=False, widget=_lines(8), help_text="每条一行，写本行业会员要做到的事。"
    )
    publication = forms.CharField(
        label="同意公示的一条",
        required=False,
        widget=_lines(2),
        help_text="同意把承诺和履行情况记入信用记录并公示。",
    )
    supervision = forms.CharField(
        label="接受监督的一条",
        required=False,
        widget=_lines(2),
        help_text="接受协会、行政机关和社会公众监督。",
    )
    liabilities = forms.CharField(
        label="违诺责任", required=False, widget=_lines(3), help_text="每条一行，没有做到的怎样处理。"
    )

    def words(self) -> Words:
        return Words(**self.cleaned_data)


class CampaignForm(forms.Form):
    name = forms.CharField(label="名称", max_length=120, help_text="例如 2026 年度会员自律承诺")
    from_on = forms.DateField(label="开始日期", widget=_day())
    until_on = forms.DateField(label="结束日期", widget=_day(), help_text="最后一日，当天仍可签署。")

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        wrong = campaigns.problems(
            name=told.get("name", ""), from_on=told.get("from_on"), until_on=told.get("until_on"), today=self.today,
        )  # fmt: skip
        for field, text in wrong.items():
            if field not in self.errors:
                self.add_error(field, text)
        return told


class NoteForm(forms.Form):
    tone = forms.ChoiceField(
        label="性质", choices=MemberNote.Tone.choices, widget=forms.RadioSelect,
        error_messages={"required": "请选择良好或者不良。"},
    )  # fmt: skip
    on = forms.DateField(label="发生日期", widget=_day())
    text = forms.CharField(
        label="内容", max_length=1000, widget=_lines(4), help_text="4 至 500 个字，会员看得到。"
    )
    document = PaperField(label="凭据", required=False, help_text="PDF、PNG 或者 JPEG，10 MB 以内。")


class CorrectForm(NoteForm):
    reason = forms.CharField(label="更正理由", max_length=600, widget=_lines(2))
    void = forms.BooleanField(
        label="这一条不应登记，作废", required=False, help_text="原来的一条仍然保留，标明作废。"
    )


class AnswerForm(forms.Form):
    text = forms.CharField(label="答复", max_length=1000, widget=_lines(3), help_text="4 至 500 个字。")


class ReplyForm(forms.Form):
    kind = forms.ChoiceField(
        label="种类",
        choices=[(NoteReply.Kind.VIEW, "说明我的看法"), (NoteReply.Kind.OBJECTION, "有异议，请协会核实更正")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择说明或者异议。"},
    )
    text = forms.CharField(
        label="内容", max_length=1000, widget=_lines(4), help_text="4 至 500 个字，只有协会和信用办看得到。"
    )


def bound(form: type[forms.Form], request: Any, **more: Any) -> forms.Form:
    """A form that is bound to what was sent, even nothing, and empty when the page is only opened."""
    sent = request.method == "POST"
    return form(request.POST if sent else None, request.FILES if sent else None, **more)
