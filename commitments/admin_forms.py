"""Forms of texts and reading material in the back office, and of opening evidence."""

import re
from typing import Any

from django import forms

from credit_portal.audit.clock import today
from credit_portal.audit.models import ReadLog
from credit_portal.registry.admin_forms import DateInput, RowsFormSet, choices
from credit_portal.registry.models import CommitmentType, Department, Domain, OccupationGroup, ServiceItem

from . import model_texts
from .models import KEEPING, Blank, Clause, CommitmentText, RequiredContent, TextVersion
from .text_rules import BlankData, ClauseData

TALL = {"rows": 6}


class TextForm(forms.Form):
    code = forms.CharField(label="文本编码", max_length=40)
    department = forms.ModelChoiceField(Department.objects.none(), label="制定部门", empty_label="请选择")
    commitment_type = forms.ChoiceField(label="承诺类型", choices=choices(CommitmentType))
    late_materials = forms.BooleanField(label="容缺受理文本", required=False)
    item = forms.ModelChoiceField(
        ServiceItem.objects.none(), label="专用事项", required=False, empty_label="通用（不限事项）"
    )
    origin = forms.ChoiceField(
        label="来源", choices=CommitmentText.Origin.choices, initial=CommitmentText.Origin.OWN
    )
    title = forms.CharField(label="标题", max_length=100, required=False)
    scope = forms.CharField(
        label="适用范围", max_length=300, required=False, help_text="写明在什么情形下使用。"
    )
    notice = forms.CharField(
        label="告知书",
        required=False,
        widget=forms.Textarea(attrs=TALL),
        help_text="每段一行。接收单位、电话、是否公开、事项的依据和有效期由系统按事项写在后面，这里不用写。",
    )
    privacy_notice = forms.CharField(
        label="个人信息处理告知",
        required=False,
        widget=forms.Textarea(attrs=TALL),
        help_text="每段一行。由谁处理、怎样联系由系统按接收单位写在前后，这里不用写。",
    )

    def __init__(
        self,
        *args: Any,
        departments: Any = None,
        items: Any = None,
        version: TextVersion | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if version is None:
            self.fields["department"].queryset = departments
            self.fields["item"].queryset = items
            return
        for name in ("code", "department", "commitment_type", "late_materials", "item", "origin"):
            del self.fields[name]
        self.initial = {name: getattr(version, name) for name in self.fields}


class ClauseForm(forms.Form):
    kind = forms.ChoiceField(label="性质", choices=Clause.Kind.choices, initial=Clause.Kind.PLEDGE)
    body = forms.CharField(
        label="条文",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text="空白处写作 {键}，例如 {完成日期}。清空条文即删去这一条。",
    )
    covers = forms.MultipleChoiceField(
        label="对应的一般承诺内容",
        choices=RequiredContent.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    keeping = forms.ChoiceField(
        label="怎样履行",
        choices=[("", "按对应的一般承诺内容"), *KEEPING],
        required=False,
        help_text="填了日期的条款按那一天；“其他承诺”不选的，视为按期完成。",
    )


class BlankForm(forms.Form):
    key = forms.CharField(label="键", max_length=30, required=False, help_text="清空即删去这一项。")
    label = forms.CharField(label="名称", max_length=60, required=False)
    kind = forms.ChoiceField(label="类型", choices=Blank.Kind.choices, initial=Blank.Kind.TEXT)
    options = forms.CharField(
        label="选项", required=False, max_length=600, help_text="类型为选项时填写，用顿号分开。"
    )
    required = forms.BooleanField(label="必填", required=False, initial=True)
    max_length = forms.IntegerField(label="最多字数", min_value=1, max_value=1000, initial=100)
    help_text = forms.CharField(label="说明", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        # A new row, in which something was written: without its key it would go unseen.
        typed = any(data.get(name, "").strip() for name in ("label", "options", "help_text"))
        if self.empty_permitted and typed and not data.get("key", "").strip() and "key" not in self.errors:
            self.add_error("key", "请填写键；这一项不要的，请把名称、选项和说明也清空。")
        return data


# As many as a text has clauses at least: seven contents, and liability.
FIRST_CLAUSES = 8
ClauseFormSet = forms.formset_factory(ClauseForm, formset=RowsFormSet, extra=3, max_num=60)
BlankFormSet = forms.formset_factory(BlankForm, formset=RowsFormSet, extra=2, max_num=40)


def clauses_typed(formset: Any) -> list[ClauseData]:
    """The clauses with a body, numbered in their order, liability last: so they stand on paper."""
    filled = [row.cleaned_data for row in formset if row.cleaned_data.get("body", "").strip()]
    filled.sort(key=lambda row: row["kind"] == Clause.Kind.LIABILITY)
    return [
        ClauseData(number, row["kind"], row["body"].strip(), tuple(row["covers"]), keeping=row["keeping"])
        for number, row in enumerate(filled, 1)
    ]


def blanks_typed(formset: Any) -> list[BlankData]:
    filled = [row.cleaned_data for row in formset if row.cleaned_data.get("key", "").strip()]
    return [
        BlankData(
            key=row["key"].strip(),
            label=row["label"].strip() or row["key"].strip(),
            kind=row["kind"],
            choices=tuple(part.strip() for part in row["options"].split("、") if part.strip()),
            required=row["required"],
            max_length=row["max_length"],
            help_text=row["help_text"].strip(),
        )
        for row in filled
    ]


def clauses_initial(version: TextVersion) -> list[dict[str, Any]]:
    return [
        {"kind": row.kind, "body": row.body, "covers": row.covers, "keeping": row.keeping}
        for row in version.clauses.all()
    ]


def blanks_initial(version: TextVersion) -> list[dict[str, Any]]:
    return [
        {
            "key": row.key,
            "label": row.label,
            "kind": row.kind,
            "options": "、".join(row.choices),
            "required": row.required,
            "max_length": row.max_length,
            "help_text": row.help_text,
        }
        for row in version.blanks.all()
    ]


class IssueForm(forms.Form):
    """The document by which the province issued a model (S2 四（二）)."""

    document = forms.CharField(label="印发文件", max_length=200, help_text="文件的名称，不写书名号。")
    number = forms.CharField(label="文号", max_length=60)
    issued_on = forms.DateField(label="印发日期", widget=DateInput())
    file = forms.FileField(
        label="文件原件", required=False, help_text="只用来计算校验值，不保存。已有校验值的填在下面。"
    )
    file_sha256 = forms.CharField(label="印发文件的校验值", max_length=64, required=False)
    place_keys = forms.CharField(
        label="由采用地区填写的空白",
        max_length=300,
        required=False,
        help_text="文本中写作 {单位}、{电话} 的空白，用顿号分开；没有的不填。",
    )

    def __init__(self, *args: Any, version: TextVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (issue := model_texts.issue_of(version)) is not None:
            self.initial = {
                name: getattr(issue, name) for name in ("document", "number", "issued_on", "file_sha256")
            } | {"place_keys": "、".join(issue.place_keys)}

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if (file := typed.get("file")) is not None:
            typed["file_sha256"] = model_texts.hash_of(file.read())
        elif not typed.get("file_sha256"):
            self.add_error("file_sha256", "请选择文件原件，或者填写它的校验值。")
        return typed


def issued_typed(typed: dict[str, Any]) -> model_texts.Issued:
    return model_texts.Issued(
        typed["document"],
        typed["number"],
        typed["issued_on"],
        typed["file_sha256"],
        tuple(re.split(r"[、,，\s]+", typed["place_keys"])),
    )


class AdoptForm(forms.Form):
    """What a place says when it adopts a model; `filled`: it has done so before."""

    code = forms.CharField(label="文本编码", max_length=40, help_text="本地区自己的编码，例如 130111-SF01")
    department = forms.ModelChoiceField(Department.objects.none(), label="制定部门", empty_label="请选择")
    item = forms.ModelChoiceField(
        ServiceItem.objects.none(), label="专用事项", required=False, empty_label="通用（不限事项）"
    )
    valid_from = forms.DateField(label="生效日期", widget=DateInput(), initial=today)

    def __init__(
        self,
        *args: Any,
        model: TextVersion,
        departments: Any = None,
        items: Any = None,
        filled: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if departments is None:
            del self.fields["code"], self.fields["department"], self.fields["item"]
        else:
            self.fields["department"].queryset = departments
            self.fields["item"].queryset = items
        issue = model_texts.issue_of(model)
        self.keys = list(issue.place_keys) if issue else []
        for place, key in enumerate(self.keys):
            self.fields[f"place_{place}"] = forms.CharField(
                label=key, max_length=model_texts.MOST_VALUE, initial=(filled or {}).get(key, "")
            )

    def values(self) -> dict[str, str]:
        """What was filled in, by the model's own names of the blanks."""
        return {key: self.cleaned_data.get(f"place_{place}", "") for place, key in enumerate(self.keys)}


class ReadingForm(forms.Form):
    domain = forms.ChoiceField(label="领域", choices=choices(Domain))
    occupation = forms.ModelChoiceField(
        OccupationGroup.objects.all(),
        label="面向的职业人群",
        required=False,
        empty_label="不限，按领域提供",
        help_text="选了人群的，提供给签署该人群承诺的人。",
    )
    department = forms.ModelChoiceField(Department.objects.none(), label="编制部门", empty_label="请选择")
    title = forms.CharField(label="标题", max_length=100)
    body = forms.CharField(label="正文", widget=forms.Textarea(attrs={"rows": 12}), help_text="每段一行。")
    published_on = forms.DateField(label="发布日期", widget=DateInput(), initial=today)

    def __init__(self, *args: Any, departments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments


class OpenEvidenceForm(forms.Form):
    """Why somebody opens a signature or the signed paper; asked each time, and kept."""

    purpose = forms.ChoiceField(
        label="目的",
        choices=[
            (ReadLog.Purpose.SUPERVISION, ReadLog.Purpose.SUPERVISION.label),
            (ReadLog.Purpose.HANDLING, ReadLog.Purpose.HANDLING.label),
            (ReadLog.Purpose.SUBJECT_REQUEST, ReadLog.Purpose.SUBJECT_REQUEST.label),
            (ReadLog.Purpose.OBJECTION, ReadLog.Purpose.OBJECTION.label),
            (ReadLog.Purpose.AUDIT, ReadLog.Purpose.AUDIT.label),
        ],
    )
