"""Forms of the desk for methods of lists; what may be, the service says."""

from typing import Any

from django import forms

from verification.models import ListMethod, MethodOpinion

from .keeping import MOST_OPINION, MOST_PART

_HELP = {
    "basis": "法律、法规、规章和文件的条款。",
    "standard": "什么样的行为、达到什么程度列入。",
    "procedure": "立案、告知、陈述申辩、决定、送达，由谁办理。",
    "objection": "对列入有异议的，向谁提出，多长时间答复；复议、诉讼。",
    "exit_rule": "期限多长，什么条件可以提前移出，由谁决定。",
    "measures": "列入以后采取什么措施，各有什么依据。",
}


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PartsForm(forms.Form):
    """What a method says, part by part."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in ListMethod.PARTS:
            self.fields[key] = forms.CharField(
                label=str(ListMethod._meta.get_field(key).verbose_name), max_length=MOST_PART, widget=_lines(3),
                help_text=_HELP[key],
            )  # fmt: skip

    def parts(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key in ListMethod.PARTS}


class DraftForm(PartsForm):
    kind = forms.ChoiceField(label="名单的种类", choices=[("", "请选择"), *ListMethod.Kind.choices])
    list_name = forms.CharField(
        label="名单名称", max_length=180, help_text="已有办法的名单，填写相同的名称，即为下一版。"
    )


class AskForm(forms.Form):
    first = forms.DateField(label="征求意见自", widget=_day())
    last = forms.DateField(label="征求意见至", widget=_day(), help_text="含当日。一般不少于 30 日。")
    address = forms.CharField(
        label="书面意见寄送", max_length=300, help_text="地址、单位、办公电话，公众可以看到。"
    )


class WrittenForm(forms.Form):
    """An opinion that came on paper, by post or at a meeting."""

    way = forms.ChoiceField(
        label="途径", choices=[one for one in MethodOpinion.Way.choices if one[0] != MethodOpinion.Way.ONLINE]
    )
    received_on = forms.DateField(label="收到日期", widget=_day())
    text = forms.CharField(label="意见", max_length=MOST_OPINION, widget=_lines(4))
    name = forms.CharField(label="姓名", max_length=60, required=False, help_text="加密保存，不公开。")
    contact = forms.CharField(
        label="联系方式", max_length=100, required=False, help_text="加密保存，不公开。"
    )


class AnswerForm(forms.Form):
    opinion = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31)
    taken = forms.ChoiceField(
        label="是否采纳", choices=[("yes", "采纳"), ("no", "不采纳")], widget=forms.RadioSelect
    )
    answer = forms.CharField(label="答复", max_length=1000, widget=_lines(2), help_text="随意见公开。")


class ProposeForm(forms.Form):
    considered = forms.CharField(
        label="意见采纳情况",
        max_length=MOST_PART,
        widget=_lines(3),
        help_text="收到多少条，采纳了什么，为什么；没有收到的写明没有收到。",
    )
    document_no = forms.CharField(label="发布文号", max_length=100)
    in_force_from = forms.DateField(label="施行日期", widget=_day())


class NothingForm(forms.Form):
    """A step that needs no more than its button."""
