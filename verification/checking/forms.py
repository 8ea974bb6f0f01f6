"""What is typed on the pages of a check. The forms take input apart and show it again; the services decide."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from credit_portal.documents.fields import ACCEPTED, PaperField
from credit_portal.documents.inspection import MAX_BYTES
from credit_portal.registry.models import CommitmentType, CreditSubject, ServiceItemVersion
from verification.models import (
    Check,
    CheckLook,
    CheckObjection,
    CheckOutcome,
    CheckSource,
    CreditEntry,
    OwnRecordRequest,
)
from verification.vocabulary import STEP_LABELS

from .deciding import Offered
from .looking import File, Looked


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _file(label: str, *, help_text: str = "") -> PaperField:
    return PaperField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "data-evidence": True}),
    )


def sent(file: UploadedFile | None) -> File | None:
    """A file as the services take it; one byte past the limit is enough to be refused."""
    if file is None:
        return None
    return File(file.read(MAX_BYTES + 1), file.content_type or "", file.name or "")


class DeedForm(forms.Form):
    """One of several forms of a page: the ids of its fields have its name in them."""

    deed = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{self.deed}_%s")
        super().__init__(*args, **kwargs)


class NewForm(forms.Form):
    """Whom, for which item, by which type; a newcomer's name and kind as well."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    code = forms.CharField(
        label="统一社会信用代码或身份证号码",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
    )
    name = forms.CharField(
        label="主体名称",
        max_length=200,
        required=False,
        help_text="本系统还没有登记的主体须填写。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label="主体类别", required=False, choices=[("", "按代码判断"), *CreditSubject.Kind.choices]
    )
    item = forms.ChoiceField(label="事项")
    commitment_type = forms.ChoiceField(
        label="承诺类型",
        choices=CommitmentType.choices,
        help_text="不作承诺的事项，选它在目录中使用的类型。",
    )
    late_materials = forms.BooleanField(label="容缺受理", required=False)
    step = forms.ChoiceField(
        label="环节",
        required=False,
        choices=[("", "不分环节"), *((str(code), label) for code, label in STEP_LABELS.items())],
        help_text="采购和招标投标可以按环节核查。",
    )
    purpose = forms.ChoiceField(label="目的", choices=Check.Purpose.choices, initial=Check.Purpose.APPROVAL)
    case_ref = forms.CharField(label="办件编号", required=False, max_length=60)

    def __init__(self, *args: Any, items: Iterable[ServiceItemVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_domain: dict[str, list[tuple[str, str]]] = {}
        for one in items:
            types = "、".join(str(CommitmentType(code).label) for code in one.allowed_types)
            by_domain.setdefault(one.get_domain_display(), []).append((str(one.pk), f"{one.name}（{types}）"))
        self.fields["item"].choices = [("", "请选择事项"), *by_domain.items()]


class LooksForm(DeedForm):
    """A row for each source, and one for a source that is not in the list. A row without a result was not looked at."""

    deed = "look"

    def __init__(self, *args: Any, sources: Sequence[CheckSource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = list(sources)
        results = [("", "没有查"), *CheckLook.Result.choices]
        for key in [*(str(one.pk) for one in self.sources), "other"]:
            if key == "other":
                self.fields["name-other"] = forms.CharField(label="来源名称", required=False, max_length=100)
            self.fields[f"result-{key}"] = forms.ChoiceField(
                label="查询结果", required=False, choices=results
            )
            self.fields[f"address-{key}"] = forms.CharField(
                label="查询网址",
                required=False,
                max_length=1000,
                widget=forms.TextInput(attrs={"inputmode": "url"}),
            )
            self.fields[f"note-{key}"] = forms.CharField(label="说明", required=False, max_length=300)
            self.fields[f"shot-{key}"] = _file("截屏")
            self.fields[f"camera-{key}"] = PaperField(
                label="拍照",
                required=False,
                widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
            )

    def rows(self) -> list[dict[str, Any]]:
        """For the page: each source with its fields."""
        found = []
        for one in [*self.sources, None]:
            key = str(one.pk) if one else "other"
            fields: dict[str, Any] = {
                name: self[f"{name}-{key}"] for name in ("result", "address", "note", "shot", "camera")
            }
            name = self["name-other"] if one is None else None
            wrong = any(field.errors for field in [*fields.values(), name] if field is not None)
            typed = self.is_bound and bool(self.data.get(f"address-{key}") or self.data.get(f"note-{key}"))
            found.append({"source": one, "key": key, "open": wrong or typed, "name": name} | fields)
        return found

    def clean(self) -> dict[str, Any]:
        for key in [*(str(one.pk) for one in self.sources), "other"]:
            given = [self.cleaned_data.get(f"{name}-{key}") for name in ("address", "note", "shot", "camera")]
            if key == "other":
                given.append(self.cleaned_data.get("name-other"))
            if (
                any(given)
                and not self.cleaned_data.get(f"result-{key}")
                and f"result-{key}" not in self.errors
            ):
                self.add_error(f"result-{key}", "请选择查询结果。")
        return self.cleaned_data

    def looked(self) -> list[Looked]:
        data = self.cleaned_data
        found = []
        for key in [*(str(one.pk) for one in self.sources), "other"]:
            if not data[f"result-{key}"]:
                continue
            found.append(
                Looked(
                    result=data[f"result-{key}"],
                    source_id=None if key == "other" else int(key),
                    source_name=data["name-other"] if key == "other" else "",
                    address=data[f"address-{key}"],
                    note=data[f"note-{key}"],
                    screenshot=sent(data[f"shot-{key}"] or data[f"camera-{key}"]),
                    key=key,
                )
            )
        return found


class ReportForm(DeedForm):
    deed = "report"

    number = forms.CharField(label="报告编号", max_length=100)
    issuer = forms.CharField(label="出具机构", max_length=200)
    issued_on = forms.DateField(label="出具日期", widget=_day())
    valid_until = forms.DateField(label="有效期至", required=False, widget=_day())
    summary = forms.CharField(label="报告结论", max_length=300)
    document = _file("报告文件")


class TellForm(DeedForm):
    deed = "tell"

    acknowledged_by = forms.CharField(label="知悉人", max_length=60, help_text="申请人或者其经办人的姓名。")


class ObjectionForm(DeedForm):
    deed = "object"

    entry = forms.TypedChoiceField(label="有异议的记录", coerce=int)
    proof = forms.ChoiceField(
        label="材料种类", choices=CheckObjection.Proof.choices, widget=forms.RadioSelect
    )
    document_no = forms.CharField(label="文书号", max_length=100)
    issuer = forms.CharField(label="出具机关", max_length=200)
    issued_on = forms.DateField(label="出具日期", widget=_day())
    document = _file("材料", help_text="扫描件或者照片，10 MB 以内。")

    def __init__(self, *args: Any, entries: Iterable[CreditEntry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry"].choices = [
            (
                one.pk,
                f"{one.get_kind_display()}：{one.title}{f'（{one.document_no}）' if one.document_no else ''}",
            )
            for one in entries
        ]


class AnswerForm(DeedForm):
    deed = "answer"

    objection = forms.IntegerField(widget=forms.HiddenInput)
    believe = forms.ChoiceField(
        label="核实结果", choices=[("yes", "采信"), ("no", "不予采信")], widget=forms.RadioSelect
    )
    answer = forms.CharField(label="核实意见", max_length=500, widget=_lines(2))


class AskForm(DeedForm):
    deed = "ask"

    reason = forms.CharField(label="申请理由", max_length=500, widget=_lines(2))


class AllowForm(DeedForm):
    deed = "allow"

    allow = forms.ChoiceField(
        label="决定", choices=[("yes", "同意"), ("no", "不同意")], widget=forms.RadioSelect
    )
    answer = forms.CharField(label="决定理由", max_length=500, widget=_lines(2))


class OutcomeForm(DeedForm):
    deed = "decide"

    result = forms.ChoiceField(label="办理结果", widget=forms.RadioSelect)
    measures = forms.TypedMultipleChoiceField(
        label="实施的激励或者惩戒措施", required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(label="说明", required=False, max_length=500)

    def __init__(
        self,
        *args: Any,
        results: Iterable[CheckOutcome.Result],
        measures: Sequence[Offered],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["result"].choices = [(str(one), one.label) for one in results]
        if len(self.fields["result"].choices) and not self.is_bound:
            self.initial.setdefault("result", self.fields["result"].choices[0][0])
        self.fields["measures"].choices = [
            (one.key, f"{one.effect_label}：{one.text}" if one.text != one.effect_label else one.text)
            for one in measures
        ]
        self.initial.setdefault("measures", [one.key for one in measures if one.ticked])
        if not measures:
            del self.fields["measures"]


class OwnRecordForm(forms.Form):
    """A subject asks for its own record."""

    code = forms.CharField(
        label="统一社会信用代码或身份证号码",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    asked_by = forms.CharField(label="查询人姓名", max_length=60)
    capacity = forms.ChoiceField(
        label="查询人身份", choices=OwnRecordRequest.Capacity.choices, widget=forms.RadioSelect
    )
    authorisation = _file("授权委托书", help_text="委托代理人查询时必附。")
    identity_seen = forms.BooleanField(label="已查验身份证件", required=False)
