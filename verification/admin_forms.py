"""Forms of the record in the back office; what an entry may be, the service says."""

from typing import Any

from django import forms

from credit_portal.audit import clock
from credit_portal.registry import codes
from credit_portal.registry.admin_forms import DateInput, RowsFormSet, choices
from credit_portal.registry.models import Department, Domain, Region
from credit_portal.registry.services import find_subject

from .models import CreditEntry, EntryMeasure
from .rules import Measure
from .vocabulary import KIND_LABELS, Effect

SUBJECT_UNKNOWN = "没有登记过这个代码的主体，请先登记主体。"


class EntryForm(forms.Form):
    """The subject is found by its code; the rest goes to the service as typed."""

    subject_code = forms.CharField(
        label="主体代码",
        help_text="统一社会信用代码或身份证号码，可以扫描录入。",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(
        label="类别", choices=[("", "请选择"), *[(str(k), v) for k, v in KIND_LABELS.items()]]
    )
    title = forms.CharField(label="事由", max_length=300)
    grade = forms.ChoiceField(label="程度", choices=[("", "不适用"), *CreditEntry.GRADES], required=False)
    source = forms.CharField(label="来源", max_length=200, help_text="网站或机关名称，例如 信用中国（河北）")
    department = forms.ModelChoiceField(
        Department.objects.none(), label="作出机关", required=False, empty_label="不在本系统"
    )
    region = forms.ModelChoiceField(Region.objects.all(), label="行政区划", empty_label="请选择")
    document_no = forms.CharField(label="文书号", max_length=100, required=False)
    basis = forms.CharField(label="依据", max_length=300, required=False)
    verified = forms.BooleanField(
        label="已核实", required=False, initial=True, help_text="未核实的记录不影响核查。"
    )
    from_on = forms.DateField(label="自", widget=DateInput())
    until_on = forms.DateField(label="至", widget=DateInput(), required=False)
    served_on = forms.DateField(label="送达日期", widget=DateInput(), required=False)
    public_from = forms.DateField(label="公示首日", widget=DateInput(), required=False)
    public_until = forms.DateField(label="公示末日", widget=DateInput(), required=False)
    repairable_from = forms.DateField(label="可申请修复之日", widget=DateInput(), required=False)

    def __init__(self, *args: Any, departments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments

    def clean_subject_code(self) -> str:
        try:
            code = codes.parse_subject_code(self.cleaned_data["subject_code"], today=clock.today()).value
        except codes.CodeError as error:
            raise forms.ValidationError(str(error)) from error
        found = find_subject(code)
        if found is None:
            raise forms.ValidationError(SUBJECT_UNKNOWN)
        self.subject = found
        return code


class MeasureForm(forms.Form):
    domain = forms.ChoiceField(label="领域", choices=choices(Domain, blank="所有领域"), required=False)
    effect = forms.ChoiceField(label="措施", choices=[("", "请选择"), *EntryMeasure.EFFECTS])
    basis = forms.CharField(label="依据", max_length=300)

    def measure(self) -> Measure:
        data = self.cleaned_data
        return Measure(data["domain"] or None, Effect(data["effect"]), data["basis"])


MeasureFormSet = forms.formset_factory(MeasureForm, formset=RowsFormSet, extra=2)


class EndForm(forms.Form):
    ended_on = forms.DateField(label="终止日期", widget=DateInput(), initial=clock.today)
    reason = forms.CharField(
        label="终止原因", max_length=500, help_text="例如：履行义务后由执行法院删除、禁入解除"
    )


class CorrectForm(forms.Form):
    """What an entry says, to be put right; what is left as it is stays."""

    title = forms.CharField(label="事由", max_length=300)
    source = forms.CharField(label="来源", max_length=200)
    document_no = forms.CharField(label="文书号", max_length=100, required=False)
    basis = forms.CharField(label="依据", max_length=300, required=False)
    from_on = forms.DateField(label="自", widget=DateInput())
    until_on = forms.DateField(label="至", widget=DateInput(), required=False)
    reason = forms.CharField(
        label="更正的理由",
        max_length=450,
        help_text="例如：录入有误、作出机关来函更正（写明文号）。本人可以看到。",
    )


class RepairForm(forms.Form):
    repaired_on = forms.DateField(label="修复日期", widget=DateInput(), initial=clock.today)
