"""Forms of plans of re-checks and of their answers."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django import forms

from commitments.models import Obligation, Recheck
from commitments.obligations import settling
from commitments.obligations.forms import DATE, SeveralFiles
from credit_portal.registry.models import CommitmentType, Department, Domain

from .answering import FINDINGS, problems
from .planning import Told


class PlanForm(forms.Form):
    name = forms.CharField(label="名称", max_length=100)
    starts_on = forms.DateField(
        label="首轮日期", widget=DATE, help_text="以后各轮按本地区规则的间隔（月）进行，仍在每月的这一天。"
    )
    department = forms.ModelChoiceField(
        Department.objects.none(),
        label="只复核这个部门的承诺",
        required=False,
        empty_label="本地区及以下各部门",
    )
    types = forms.MultipleChoiceField(
        label="承诺类型", choices=CommitmentType.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="不选即全部。",
    )  # fmt: skip
    domains = forms.MultipleChoiceField(
        label="领域", choices=Domain.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="不选即全部。",
    )  # fmt: skip
    item_codes = forms.CharField(
        label="事项编码", required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="每行一个，不填即全部事项。",
    )  # fmt: skip
    by_risk = forms.BooleanField(
        label="按信用状况分层抽取", required=False, help_text="不勾选则一律按本地区规则的比例。"
    )
    by_grade = forms.BooleanField(
        label="按信用等级分层抽取",
        required=False,
        help_text="等级按本地区公布的评级标准，各层的比例按本地区规则；没有确定的标准和规则不改变比例。",
    )
    higher_percent = forms.IntegerField(
        label="信用状况较差的比例（%）", required=False, min_value=1, max_value=100,
        help_text="有未修复的行政处罚、名单或者已送达的违诺认定的主体。",
    )  # fmt: skip
    lower_percent = forms.IntegerField(
        label="信用状况良好的比例（%）", required=False, min_value=1, max_value=100,
        help_text="诚信典型、信用状况良好的主体，没有上一种情形的。",
    )  # fmt: skip

    def __init__(self, *args: Any, departments: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if departments is None:
            del self.fields["department"]
        else:
            self.fields["department"].queryset = departments  # type: ignore[attr-defined]

    def told(self) -> Told:
        data = dict(self.cleaned_data)
        data["item_codes"] = data["item_codes"].split()
        return Told(**data)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由", max_length=300)


class AnswerForm(forms.Form):
    finding = forms.ChoiceField(
        label="复核结果",
        choices=[(one.value, one.label) for one in FINDINGS],
        widget=forms.RadioSelect,
        help_text="“疑似未履行”的随即立案，由本部门核实并听取陈述申辩。",
    )
    doubtful = forms.TypedMultipleChoiceField(
        label="疑似未履行的条款", coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="只在疑似未履行时选择。",
    )  # fmt: skip
    obstacle = forms.ChoiceField(
        label="未能核查的原因", choices=[("", "请选择"), *Recheck.Obstacle.choices], required=False,
        help_text="只在未能核查时选择。",
    )  # fmt: skip
    found_on = forms.DateField(label="核查日期", widget=DATE)
    note = forms.CharField(
        label="核查情况",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text="怎样核查，看到什么；疑似未履行的写明依据，未能核查的写明经过。",
    )
    kept = forms.TypedMultipleChoiceField(
        label="同时登记为已履行的条款", coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="只列可以登记的；要持续做到的，到最后一日才能登记。",
    )  # fmt: skip
    proof = SeveralFiles()

    def __init__(
        self,
        *args: Any,
        obligations: Collection[Obligation],
        drawn_on: date,
        today: date,
        doubts: Mapping[int, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.drawn_on, self.today = drawn_on, today
        self.known = {row.clause_no for row in obligations}
        rows = [row for row in obligations if row.state == "open"]
        for name, listed in (
            ("doubtful", rows),
            ("kept", [row for row in rows if not settling.why_not_kept_yet(row, today, doubts)]),
        ):
            self.fields[name].choices = [  # type: ignore[attr-defined]
                (row.clause_no, f"{row.clause}：{row.what}") for row in listed
            ]
            # A heading with nothing below it asks for nothing.
            if not listed:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """All that is wrong at once, whatever else could not be read."""
        data = super().clean() or {}
        if "finding" not in data:
            return data
        found = problems(
            finding=data["finding"], drawn_on=self.drawn_on, found_on=data.get("found_on"), note=data.get("note"),
            obstacle=data.get("obstacle", ""), doubtful=data.get("doubtful", []), kept=data.get("kept", []),
            known=self.known, today=self.today,
        )  # fmt: skip
        for field, problem in found.items():
            if field not in self.errors:
                self.add_error(field if field in self.fields else None, problem)
        return data

    def answer(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        del data["proof"]
        data["kept"] = [(number, Obligation.State.KEPT) for number in data.get("kept", [])]
        return data
