"""Forms of the credit office: a year's notice of holidays, and a rule in the shape of its key."""

import hashlib
import re
from datetime import date
from typing import Any

from django import forms

from credit_portal.audit.clock import today
from credit_portal.registry.admin_forms import DateInput, choices
from credit_portal.registry.models import CommitmentType, Domain, Region

from .holiday_notices import CalendarError, Entry, Notice, check_notice
from .loading import SHAPES, Shape
from .models import CalendarDay, CalendarNotice
from .wording import GRADES, PARTS, UNITS, WORDS

DAY = r"(\d{4}-\d{1,2}-\d{1,2})"
REST_LINE = re.compile(rf"(\S+)\s+{DAY}(?:\s*(?:至|到|~|～|—+|－)\s*{DAY})?")
WORK_LINE = re.compile(rf"{DAY}(?:\s+(\S+))?")
REST_EXAMPLE = "春节 2027-02-05 至 2027-02-13"
WORK_EXAMPLE = "2027-02-14 春节"


class NoticeForm(forms.Form):
    """A notice as lines of text. `seen` holds the digest of what was previewed: only that is loaded."""

    year = forms.IntegerField(label="年份", widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    number = forms.CharField(label="文号", max_length=60, help_text="国务院办公厅通知的文号，照原文填写。")
    issued_on = forms.DateField(label="发布日期", widget=DateInput())
    source = forms.CharField(label="来源", max_length=200, help_text="通知刊登在何处，例如：中国政府网")
    rest = forms.CharField(
        label="放假",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=f"每行一段：节日名称、起日、至、止日，含其中的周末。例如：{REST_EXAMPLE}",
    )
    work = forms.CharField(
        label="调休上班",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=f"每行一天：日期，可加节日名称。例如：{WORK_EXAMPLE}",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, notice: CalendarNotice | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notice: Notice | None = None
        self.fixed_year = notice.year if notice else None
        if notice is not None:
            del self.fields["year"]
            self.initial = {
                "number": notice.number,
                "issued_on": notice.issued_on,
                "source": notice.source,
                "rest": "\n".join(
                    f"{name} {start}" + (f" 至 {end}" if end != start else "")
                    for name, start, end in stretches(notice, CalendarDay.Kind.REST)
                ),
                "work": "\n".join(
                    f"{day.day} {day.name}".strip() for day in notice.days.filter(kind=CalendarDay.Kind.WORK)
                ),
            }

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        entries = self._entries("rest", REST_LINE, REST_EXAMPLE) + self._entries(
            "work", WORK_LINE, WORK_EXAMPLE
        )
        if self.errors:
            return typed
        try:
            self.notice = check_notice(
                year=self.fixed_year or typed["year"],
                number=typed["number"],
                issued_on=typed["issued_on"],
                source=typed["source"],
                entries=entries,
                names={"year": "“年份”", "issued_on": "“发布日期”"},
            )
        except CalendarError as error:
            for problem in error.problems:
                self.add_error(self._at(problem), problem)
        return typed

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.notice).encode()).hexdigest()

    def _entries(self, name: str, pattern: re.Pattern[str], example: str) -> list[Entry]:
        found: list[Entry] = []
        label = self.fields[name].label
        for number, line in enumerate((self.cleaned_data.get(name) or "").splitlines(), 1):
            if not line.strip():
                continue
            where = f"“{label}”第 {number} 行"
            read = pattern.fullmatch(line.strip())
            if read is None:
                self.add_error(name, f"{where}：认不出“{line.strip()[:40]}”，应写作：{example}")
                continue
            if name == "rest":
                festival, start, end = read[1], read[2], read[3] or read[2]
            else:
                festival, start, end = read[2] or "", read[1], read[1]
            try:
                found.append(Entry(name, _day(start), _day(end), festival, where))
            except ValueError:
                self.add_error(
                    name, f"{where}：没有这一天（{start}{' 至 ' + end if end != start else ''}）。"
                )
        return found

    def _at(self, problem: str) -> str | None:
        for name, column in self.fields.items():
            if column.label and problem.startswith(f"“{column.label}”"):
                return name
        # The remaining ones say which holiday is missing.
        return "rest"


def _day(text: str) -> date:
    year, month, day = map(int, text.split("-"))
    return date(year, month, day)


def stretches(notice: CalendarNotice, kind: str) -> list[tuple[str, date, date]]:
    """The days of a kind as unbroken stretches of one festival: name, first day, last day."""
    found: list[tuple[str, date, date]] = []
    for day in notice.days.filter(kind=kind):
        if found and found[-1][0] == day.name and (day.day - found[-1][2]).days == 1:
            found[-1] = (day.name, found[-1][1], day.day)
        else:
            found.append((day.name, day.day, day.day))
    return found


# ---- rules -------------------------------------------------------------------------------------------------

YES_NO = [("True", "是"), ("False", "否")]
WHOLE = "value"


class KeyForm(forms.Form):
    key = forms.ChoiceField(
        label="规则", choices=[("", "请选择"), *((key, shape.label) for key, shape in SHAPES.items())]
    )


class RuleForm(forms.Form):
    """A proposal of a rule. The fields of the value follow the shape of the key; `value` puts them together again."""

    region = forms.ModelChoiceField(Region.objects.none(), label="行政区划", empty_label="请选择")
    domain = forms.ChoiceField(label="限于领域", choices=choices(Domain, blank="全部"), required=False)
    commitment_type = forms.ChoiceField(
        label="限于承诺类型", choices=choices(CommitmentType, blank="全部"), required=False
    )
    grade = forms.ChoiceField(label="限于程度", choices=[("", "全部"), *GRADES.items()], required=False)
    basis = forms.CharField(
        label="依据",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="文件名称、文号和条款。",
    )
    effective_from = forms.DateField(
        label="生效日期", widget=DateInput(), initial=today, help_text="早于今天的，须写明追溯的理由。"
    )
    effective_to = forms.DateField(
        label="失效日期", widget=DateInput(), required=False, help_text="不填则一直有效，直至下一条规则生效。"
    )
    reason = forms.CharField(
        label="理由", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, key: str, regions: Any, value: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shape = SHAPES[key]
        self.fields["region"].queryset = regions
        parts = value_fields(self.shape)
        self.parts = list(parts)
        # The value stands where people look first: after the region, before what it is limited to.
        fields = dict(self.fields)
        self.fields = {"region": fields.pop("region"), **parts, **fields}
        if value is not None:
            for name in self.parts:
                part = value if name == WHOLE else value.get(name.removeprefix(f"{WHOLE}_"))
                self.initial[name] = "、".join(part) if self._kind(name) == "month_days" and part else part

    def _kind(self, name: str) -> str:
        return self.shape.kind if name == WHOLE else self.shape.parts[name.removeprefix(f"{WHOLE}_")]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        read: dict[str, Any] = {}
        for name in self.parts:
            part = typed.pop(name, None)
            if part is None or part == "":
                continue
            match self._kind(name):
                case "switch":
                    part = part == "True"
                case "month_days":
                    part = [one for one in re.split(r"[、,，\s]+", part) if one]
            read[name.removeprefix(f"{WHOLE}_")] = part
        typed["value"] = read.get(WHOLE) if self.shape.kind != "table" else read
        return typed


def value_fields(shape: Shape) -> dict[str, forms.Field]:
    """The fields of a value: one called `value`, or `value_…` for each part of a table."""
    if shape.kind != "table":
        label = f"取值（{UNITS[shape.unit]}）" if shape.unit else "取值"
        return {WHOLE: _value_field(shape.kind, shape, label, required=shape.kind != "set")}
    return {
        f"{WHOLE}_{part}": _value_field(
            kind,
            shape,
            f"{PARTS[part]}（{UNITS[shape.unit]}）" if kind == "number" and shape.unit else PARTS[part],
            required=part not in shape.optional and kind != "set",
        )
        for part, kind in shape.parts.items()
    }


def _value_field(kind: str, shape: Shape, label: str, *, required: bool) -> forms.Field:
    match kind:
        case "number":
            return forms.IntegerField(
                label=label, required=required, widget=forms.TextInput(attrs={"inputmode": "numeric"})
            )
        case "switch":
            blank = [] if required else [("", "不规定")]
            return forms.ChoiceField(label=label, required=required, choices=[*blank, *YES_NO])
        case "choice":
            return forms.ChoiceField(
                label=label, required=required, choices=[(one, WORDS[one]) for one in shape.among]
            )
        case "set":
            return forms.MultipleChoiceField(
                label=label,
                required=required,
                choices=[(one, WORDS[one]) for one in shape.among],
                widget=forms.CheckboxSelectMultiple,
            )
    return forms.CharField(
        label=label, required=required, help_text="月日，几个之间用顿号隔开，例如：06-24、12-24"
    )


class ApproveForm(forms.Form):
    note = forms.CharField(
        label="说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class RejectForm(forms.Form):
    note = forms.CharField(label="不核准的理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
