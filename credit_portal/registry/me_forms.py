"""What a subject types to open its own pages."""

from django import forms


class EnterForm(forms.Form):
    subject_code = forms.CharField(
        label="统一社会信用代码或者身份证号码",
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        help_text="凭条上主体的代码；自然人为本人的身份证号码。",
    )
    code = forms.CharField(
        label="一次性代码",
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        help_text="凭条上的 10 位代码，大小写、空格不限。",
        error_messages={"required": "请输入凭条上的一次性代码。"},
    )
