"""The forms of half-year reports, of the region's report and of assessments; whether it is allowed the services say."""

from collections.abc import Iterable
from typing import Any

from django import forms

from credit_portal.documents.fields import PaperField
from credit_portal.registry.models import Department
from disclosure.models import Assessment
from disclosure.progress.parts import MOST_NAME, MOST_REASON, MOST_TEXT, MOST_TO

NOTHING = "没有的写“无”。"


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class _Again(forms.Form):
    """With a reason where something has been sent or written before."""

    reason = forms.CharField(label="更正的理由", max_length=MOST_REASON, widget=_lines(2))

    def __init__(self, *args: Any, again: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not again:
            del self.fields["reason"]


class SubmitForm(_Again):
    done = forms.CharField(
        label="工作开展情况", max_length=MOST_TEXT, widget=_lines(6), help_text="每段一行。"
    )
    problems = forms.CharField(label="存在的问题", max_length=MOST_TEXT, widget=_lines(3), help_text=NOTHING)
    plans = forms.CharField(label="下一步打算", max_length=MOST_TEXT, widget=_lines(3), help_text=NOTHING)
    reporter = forms.CharField(label="报送人", max_length=MOST_NAME)
    field_order = ("done", "problems", "plans", "reporter", "reason")


class SummaryForm(_Again):
    reason = forms.CharField(label="重写的理由", max_length=MOST_REASON, widget=_lines(2))
    effects = forms.CharField(
        label="应用成效",
        max_length=MOST_TEXT,
        widget=_lines(6),
        help_text="信用承诺应用的情况和成效，每段一行。",
    )
    problems = forms.CharField(label="存在的问题", max_length=MOST_TEXT, widget=_lines(3), help_text=NOTHING)
    plans = forms.CharField(label="下一步打算", max_length=MOST_TEXT, widget=_lines(3), help_text=NOTHING)
    field_order = ("effects", "problems", "plans", "reason")


class SendUpForm(forms.Form):
    on = forms.DateField(label="上报日期", widget=_date())
    to = forms.CharField(label="上报对象", max_length=MOST_TO, help_text="例如 区政府、市发展改革委")


class CommissionForm(forms.Form):
    body_name = forms.CharField(label="第三方机构", max_length=200)
    body_code = forms.CharField(label="机构的统一社会信用代码", max_length=40)
    subject_matter = forms.CharField(
        label="评估内容", max_length=500, widget=_lines(3), help_text="评估哪些工作、按什么标准。"
    )
    period_from = forms.DateField(label="评估期间自", widget=_date())
    period_to = forms.DateField(label="评估期间至", widget=_date())
    commissioned_on = forms.DateField(label="委托日期", widget=_date())


class ResultForm(forms.Form):
    """With a field of its own for each unit: why the government is asked to name it; empty where it is not."""

    received_on = forms.DateField(label="收到日期", widget=_date())
    grade = forms.ChoiceField(label="评定", choices=[("", "请选择"), *Assessment.Grade.choices])
    result = forms.CharField(label="评估结果", max_length=MOST_TEXT, widget=_lines(6), help_text="每段一行。")
    report_file = PaperField(
        label="评估报告", required=False, help_text="第三方机构盖章的报告，PDF、扫描件或照片，10 MB 以内。"
    )

    def __init__(self, *args: Any, units: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_fields: dict[str, int] = {}
        for unit in units:
            name = f"unit-{unit.pk}"
            self.unit_fields[name] = unit.pk
            self.fields[name] = forms.CharField(label=unit.name, max_length=MOST_REASON, required=False)

    @property
    def own(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in self.unit_fields]

    @property
    def of_units(self) -> list[forms.BoundField]:
        return [field for field in self if field.name in self.unit_fields]

    def named(self) -> dict[int, str]:
        """Units with a reason."""
        return {
            pk: self.cleaned_data[name]
            for name, pk in self.unit_fields.items()
            if self.cleaned_data.get(name, "").strip()
        }


class NamingForm(forms.Form):
    on = forms.DateField(label="通报日期", widget=_date())
    by = forms.CharField(label="通报机关", max_length=200, help_text="例如 区人民政府")
    document_no = forms.CharField(label="通报文号", max_length=100)
    file = PaperField(label="通报文件", required=False, help_text="扫描件或 PDF，10 MB 以内。")


class CancelForm(forms.Form):
    reason = forms.CharField(label="终止的理由", max_length=MOST_REASON, widget=_lines(2))
