"""What is typed at the desk's pages of the catalogue."""

from typing import Any

from django import forms

from credit_portal.documents.fields import TableField
from credit_portal.registry.models import Department, Region
from disclosure.models import ItemRules

from .filing import RECIPIENT
from .own_rules import MOST_PART, PARTS
from .planning import MOST_BYTES


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class UploadForm(forms.Form):
    file = TableField(
        label="目录文件",
        most_bytes=MOST_BYTES,
        help_text=f"本页导出的 xlsx 或者 csv，最大 {MOST_BYTES // 1024 // 1024} MB。",
        widget=forms.FileInput(
            attrs={
                "accept": ".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
    )


class RulesForm(forms.Form):
    """The implementation rules of an item, part by part (S2 四（二）)."""

    title = forms.CharField(label="名称", max_length=200)
    document_no = forms.CharField(label="文号", max_length=60, required=False)
    issuer = forms.ModelChoiceField(Department.objects.none(), label="印发单位", empty_label="请选择")
    issued_on = forms.DateField(label="印发日期", widget=_date())
    effective_from = forms.DateField(label="施行日期", widget=_date())

    def __init__(self, *args: Any, issuers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["issuer"].queryset = issuers
        for name in PARTS:
            self.fields[name] = forms.CharField(
                label=str(ItemRules._meta.get_field(name).verbose_name),
                max_length=MOST_PART,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text="每段一行。",
            )


class LetterForm(forms.Form):
    region = forms.ModelChoiceField(Region.objects.none(), label="地区", empty_label=None)
    letter_no = forms.CharField(label="报送函文号", max_length=60)
    recipient = forms.CharField(label="报送对象", max_length=200, initial=RECIPIENT)

    def __init__(self, *args: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions


class FiledForm(forms.Form):
    on = forms.DateField(label="报送日期", widget=_date())


class ReceiptForm(forms.Form):
    receipt_no = forms.CharField(label="回执编号", max_length=60)
    on = forms.DateField(label="回执日期", widget=_date())
