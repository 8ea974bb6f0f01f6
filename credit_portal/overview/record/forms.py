"""What is asked of the timeline: whose, what for, which part of it, on which days."""

from datetime import date
from typing import Any

from django import forms

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.registry import codes
from credit_portal.registry.admin_forms import DateInput
from credit_portal.registry.services import find_subject

from .gathering import Asked, Choice

Purpose = ReadLog.Purpose
# What a member of staff reads a record for; an auditor has a purpose of its own.
PURPOSES = [
    (one.value, one.label)
    for one in (Purpose.SUPERVISION, Purpose.CHECK, Purpose.HANDLING, Purpose.OBJECTION)
]
FIRST = date(1949, 10, 1)
UNKNOWN = "没有登记过这个代码的主体。请核对代码；没有办理过任何事项的主体在本系统没有记录。"
ERROR_DAY = "日期应在 1949-10-01 至 2099-12-31 之间。"
ERROR_KNOWN = "“当时所知”不能晚于今天：还没有到的那一天会知道什么，现在不知道。"


class FindForm(forms.Form):
    """Whose record, and why it is read."""

    code = forms.CharField(
        label="主体代码", max_length=60, help_text="统一社会信用代码；自然人为身份证号码。可以扫描。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    purpose = forms.ChoiceField(label="查阅目的", choices=PURPOSES)

    def clean_code(self) -> str:
        try:
            code = codes.parse_subject_code(self.cleaned_data["code"], today=clock.today()).value
        except codes.CodeError as error:
            raise forms.ValidationError(str(error)) from error
        self.subject = find_subject(code)
        if self.subject is None:
            raise forms.ValidationError(UNKNOWN)
        return code


class AskForm(forms.Form):
    """Which part of a record, and on which days. `on` 效力日, `known` 当时所知."""

    kind = forms.ChoiceField(label="种类", required=False)
    by = forms.ChoiceField(label="来源", required=False)
    year = forms.ChoiceField(label="年份", required=False)
    on = forms.DateField(label="效力日", required=False, widget=DateInput())
    known = forms.DateField(label="当时所知", required=False, widget=DateInput())

    def __init__(self, *args: Any, choice: Choice, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["kind"].choices = [("", "全部种类"), *choice.kinds]
        self.fields["by"].choices = [("", "全部来源"), *((one, one) for one in choice.sources)]
        self.fields["year"].choices = [("", "全部年份"), *((str(one), f"{one} 年") for one in choice.years)]

    def clean_on(self) -> date | None:
        day: date | None = self.cleaned_data["on"]
        if day is not None and not FIRST <= day < date(2100, 1, 1):
            raise forms.ValidationError(ERROR_DAY)
        return day

    def clean_known(self) -> date | None:
        day: date | None = self.cleaned_data["known"]
        if day is not None and not FIRST <= day < date(2100, 1, 1):
            raise forms.ValidationError(ERROR_DAY)
        if day is not None and day > self.today:
            raise forms.ValidationError(ERROR_KNOWN)
        return day

    def asked(self, after: str) -> Asked:
        """What was asked for and is something; what is wrong is left out, and its error stands at its field."""
        said = getattr(self, "cleaned_data", {})
        return Asked(
            kind=said.get("kind") or "",
            by=said.get("by") or "",
            year=int(said["year"]) if said.get("year") else None,
            valid_on=said.get("on"),
            known_on=said.get("known"),
            after=after,
        )
