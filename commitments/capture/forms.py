"""What is keyed from a paper. The fields fold what is typed; what is wrong with it the rules say."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from commitments.models import CaptureSheet
from credit_portal.registry import catalogue, codes
from credit_portal.registry.legible import illegible
from credit_portal.registry.models import CommitmentType, CreditSubject, Department

from . import rules

_NO_MEMORY = {"autocomplete": "off", "spellcheck": "false"}


class SeveralFiles(forms.FileInput):
    """Lets several be chosen; the form looks at one of them, the view reads all."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.get(name)


class UploadForm(forms.Form):
    name = forms.CharField(
        label="批次名称", max_length=100, required=False, help_text="如 9 月集市、协会收集；不填写的用日期。"
    )
    scans = forms.FileField(
        label="扫描件",
        required=False,
        allow_empty_file=True,
        widget=SeveralFiles(attrs={"accept": ".pdf,.jpg,.jpeg,.png", "multiple": True}),
        help_text="PDF、JPEG 或 PNG，可以一次选多个，每个文件是一份承诺书；每个最多 10 MB，合计最多 30 MB。",
    )

    def clean_scans(self) -> None:
        # Several come at once: the view reads them; each is looked at by itself.
        return None


class TwiceForm(forms.Form):
    """What is keyed blind a second time: code and date."""

    subject_code = forms.CharField(
        label="承诺人代码",
        max_length=200,
        help_text="统一社会信用代码，自然人为身份证号码。",
        widget=forms.TextInput(attrs={**_NO_MEMORY, "class": "mono"}),
    )
    code = forms.CharField(
        label="纸上的承诺编码",
        max_length=60,
        required=False,
        help_text="20 位；纸上没有的不填写，由本系统发给。",
        widget=forms.TextInput(attrs={**_NO_MEMORY, "class": "mono", "inputmode": "numeric"}),
    )
    made_on = forms.CharField(
        label="签署日期",
        max_length=40,
        help_text="如 2026-01-05 或 20260105。",
        widget=forms.TextInput(attrs=_NO_MEMORY),
    )

    def __init__(self, *args: Any, today: date, region: str, **more: Any) -> None:
        super().__init__(*args, label_suffix="", **more)
        self.today, self.region = today, region
        if not self.is_bound:
            next(iter(self.fields.values())).widget.attrs["autofocus"] = True

    def _told(self, told: Callable[[], str]) -> str:
        try:
            return told()
        except rules.CaptureError as error:
            raise ValidationError(str(error)) from error

    def clean_subject_code(self) -> str:
        return self._told(lambda: rules.subject_code(self.cleaned_data["subject_code"], today=self.today))

    def clean_code(self) -> str:
        return rules.commitment_code(self.cleaned_data["code"])

    def clean_made_on(self) -> str:
        return self._told(lambda: rules.day(self.cleaned_data["made_on"], today=self.today))

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("code") and told.get("made_on"):
            try:
                rules.check_code(told["code"], made_on=told["made_on"], region=self.region, today=self.today)
            except rules.CaptureError as error:
                self.add_error("code", str(error))
        return told


class FirstForm(TwiceForm):
    """The whole paper."""

    kind = forms.ChoiceField(label="承诺人类别", choices=CreditSubject.Kind.choices)
    subject_name = forms.CharField(
        label="承诺人名称", max_length=200, widget=forms.TextInput(attrs=_NO_MEMORY)
    )
    commitment_type = forms.ChoiceField(label="承诺类型", choices=CommitmentType.choices)
    item = forms.ChoiceField(
        label="事项",
        required=False,
        help_text="选了事项的，用签署那天的现行文本；与纸质件不同的，照纸质件填写下面的内容。",
    )
    item_name = forms.CharField(
        label="承诺事由", max_length=512, required=False, help_text="没有选事项的填写。"
    )
    pledge = forms.CharField(
        label="承诺内容", max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    liability = forms.CharField(
        label="违诺责任", max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    signer_name = forms.CharField(
        label="签字人", max_length=100, required=False, help_text="法定代表人（负责人）、本人或者代理人。",
        widget=forms.TextInput(attrs=_NO_MEMORY),
    )  # fmt: skip
    valid_until = forms.CharField(
        label="有效期至", max_length=40, required=False, widget=forms.TextInput(attrs=_NO_MEMORY)
    )
    case_ref = forms.CharField(
        label="办件编号", max_length=60, required=False, widget=forms.TextInput(attrs=_NO_MEMORY)
    )

    def __init__(self, *args: Any, department: Department, **more: Any) -> None:
        super().__init__(*args, **more)
        items = (
            catalogue.current_items(lineage=department.region.lineage, on=self.today)
            .filter(item__department=department)
            .order_by("name", "item_id")
        )
        field = self.fields["item"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", "没有在清单中的事项"),
                *((str(pk), name) for pk, name in items.values_list("item_id", "name")[:500]),
            ]

    def clean_subject_name(self) -> str:
        try:
            return codes.normalise_name(self.cleaned_data["subject_name"])
        except codes.CodeError as error:
            raise ValidationError(str(error)) from error

    def clean_valid_until(self) -> str:
        raw = self.cleaned_data["valid_until"]
        return self._told(lambda: rules.day(raw, today=date.max)) if raw else ""

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        for key in ("item_name", "pledge", "liability", "signer_name", "case_ref"):
            if illegible(told.get(key, "").replace("\n", "").replace("\r", "")):
                self.add_error(key, "含有无法识别的字符，请重新输入。")
            elif key in told:
                told[key] = told[key].replace("\r\n", "\n").strip()
        if not told.get("item") and not told.get("item_name"):
            self.add_error("item_name", "没有选事项的，请填写承诺事由。")
        if bool(told.get("pledge")) != bool(told.get("liability")):
            missing = "liability" if told.get("pledge") else "pledge"
            self.add_error(missing, "承诺内容和违诺责任须一并填写。")
        if not told.get("item") and not told.get("pledge") and "pledge" not in self.errors:
            self.add_error("pledge", "没有选事项的，请照纸质件填写承诺内容和违诺责任。")
        if told.get("valid_until") and told.get("made_on") and told["valid_until"] < told["made_on"]:
            self.add_error("valid_until", "有效期不能早于签署日期。")
        code = told.get("subject_code")
        if code and told.get("kind") and told["kind"] not in rules.kinds_of(code, today=self.today):
            self.add_error("kind", "与承诺人代码不符。")
        return told


class RefuseForm(forms.Form):
    refusal = forms.ChoiceField(
        label="不予录入的原因", choices=[("", "请选择"), *CaptureSheet.Refusal.choices], required=False
    )
