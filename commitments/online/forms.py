"""What is typed when a subject signs online. The forms take input apart; what is allowed, the services decide."""

from typing import Any

from django import forms


class CheckForm(forms.Form):
    """Which of the item's types, and the number of the matter where there is one."""

    commitment_type = forms.ChoiceField(
        label="承诺类型",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择承诺类型。", "invalid_choice": "请选择列出的承诺类型。"},
    )
    case_ref = forms.CharField(
        label="办件编号（选填）",
        required=False,
        max_length=200,
        help_text="已经在窗口或者网上申报的，填受理时给的编号。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    late_materials = forms.BooleanField(
        label="有的材料暂缺，承诺以后补交（容缺受理）",
        required=False,
        help_text="下一步勾选暂缺的材料，写明补交的日期。",
    )

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], late: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["commitment_type"].choices = kinds
        if not late:
            del self.fields["late_materials"]


class SignForm(forms.Form):
    signed_by = forms.ChoiceField(required=False, choices=[("pad", "在屏幕上签名"), ("paper", "用照片")])
    signature = forms.CharField(required=False, widget=forms.HiddenInput())
    confirm_duplicate = forms.BooleanField(label="已核对，确认再签一份", required=False)
