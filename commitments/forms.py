"""What a clerk types at the counter. The forms take input apart and show it again; what is allowed, the services decide."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from commitments.models import Blank, IdentityDocument, SignerCapacity
from commitments.signing import CAPACITIES
from credit_portal.documents.inspection import MAX_BYTES
from credit_portal.registry import codes
from credit_portal.registry.forms import PhoneField
from credit_portal.registry.models import CommitmentType, CreditSubject

# A scanned licence carries the code inside a link or a whole sentence.
LONGEST_SCAN = 4000
ACCEPTED_SCANS = "image/png,image/jpeg,application/pdf"
DATE = re.compile(
    r"(\d{4})(?:(?=\d{4}$)|\s*[-./年]\s*)(\d{1,2})(?:(?<=\d{2})(?=\d{2}$)|\s*[-./月]\s*)(\d{1,2})日?"
)
VOID_REASONS = ("信息录入错误", "申请人当场撤回", "重复办理", "签名有误，需重新签署")
SOURCES_OF_ORGANISATIONS = ("licence", "registration", "gsxt", "platform", "department", "declared")
SOURCES_OF_PERSONS = ("identity_card", "platform", "department", "declared")


def iso_date(typed: str) -> str:
    """20261231, 2026.12.31, 2026/12/31, 2026年12月31日 → 2026-12-31; anything else comes back as it was typed."""
    text = unicodedata.normalize("NFKC", typed).strip()
    found = DATE.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else text


class CodeForm(forms.Form):
    code = forms.CharField(
        label="统一社会信用代码或身份证号码",
        max_length=LONGEST_SCAN,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "inputmode": "text",
                "data-scan": True,
                "data-first": True,
            }
        ),
    )


class SubjectForm(forms.Form):
    """A newcomer: which kind, what name, and who says so."""

    kind = forms.ChoiceField(label="主体类别", choices=CreditSubject.Kind.choices)
    name = forms.CharField(label="名称", required=False, max_length=400)
    name_source = forms.ChoiceField(label="名称来源", choices=CreditSubject.NameSource.choices)
    legal_representative = forms.CharField(label="法定代表人（负责人）", required=False, max_length=400)
    phone = PhoneField(label="联系电话", required=False)

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = tuple(kinds)
        self.fields["kind"].choices = [(k, label) for k, label in CreditSubject.Kind.choices if k in kinds]
        self.fields["kind"].initial = kinds[0]
        if len(kinds) == 1:
            self.fields["kind"].widget = forms.HiddenInput()
        sources: list[str] = []
        if set(kinds) - {codes.PERSON}:
            sources += SOURCES_OF_ORGANISATIONS
        if codes.PERSON in kinds:
            sources += [source for source in SOURCES_OF_PERSONS if source not in sources]
        labels = dict(CreditSubject.NameSource.choices)
        self.fields["name_source"].choices = [(source, labels[source]) for source in sources]
        if kinds == (codes.PERSON,):
            self.fields["name"].label = "姓名"
            self.fields["name_source"].label = "姓名来源"
            del self.fields["legal_representative"]
        for name, attributes in {
            "name": {"autocomplete": "off", "data-first": True},
            "legal_representative": {"autocomplete": "off"},
            "phone": {"autocomplete": "off", "inputmode": "tel"},
        }.items():
            if name in self.fields:
                self.fields[name].widget.attrs.update(attributes)


class NameForm(forms.Form):
    """The licence shows another name than the record."""

    name = forms.CharField(label="证照上的名称", required=False, max_length=400)
    name_source = forms.ChoiceField(label="名称来源")

    def __init__(self, *args: Any, person: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(CreditSubject.NameSource.choices)
        wanted = SOURCES_OF_PERSONS if person else SOURCES_OF_ORGANISATIONS
        self.fields["name_source"].choices = [(source, labels[source]) for source in wanted]
        self.fields["name"].widget.attrs.update({"autocomplete": "off", "data-first": True})


class CheckForm(forms.Form):
    """Item, type and the department's own file number."""

    item = forms.IntegerField(
        label="事项", error_messages={"required": "请选择事项。", "invalid": "请选择事项。"}
    )
    commitment_type = forms.CharField(
        label="承诺类型", max_length=20, error_messages={"required": "请选择承诺类型。"}
    )
    late_materials = forms.BooleanField(label="容缺受理", required=False)
    case_ref = forms.CharField(
        label="办件编号",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def types(self) -> list[tuple[str, str]]:
        return CommitmentType.choices

    @property
    def chosen_item(self) -> str:
        return str(self["item"].value() or "")

    @property
    def chosen_type(self) -> str:
        return str(self["commitment_type"].value() or "")


class BlanksForm(forms.Form):
    """The blanks of a text. Field names are `blank-<key>`; a blank left empty is kept as empty and named by the service."""

    def __init__(self, *args: Any, blanks: Iterable[Blank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for position, blank in enumerate(blanks):
            self.fields[f"blank-{blank.key}"] = self._field(blank, first=position == 0)

    def _field(self, blank: Blank, *, first: bool) -> forms.CharField:
        attributes: dict[str, Any] = {"autocomplete": "off", "data-blank": blank.key}
        if first:
            attributes["data-first"] = True
        widget: forms.Widget
        match blank.kind:
            case Blank.Kind.DATE:
                # The browser's own date field has its segments in the order of its own language; eight digits do not.
                widget = forms.TextInput(
                    attrs={**attributes, "inputmode": "numeric", "placeholder": "例如 20261231"}
                )
            case Blank.Kind.NUMBER:
                widget = forms.TextInput(attrs={**attributes, "inputmode": "decimal"})
            case Blank.Kind.CHOICE:
                choices = [("", "请选择"), *((choice, choice) for choice in blank.choices)]
                widget = forms.Select(attrs=attributes, choices=choices)
            case _:
                widget = forms.TextInput(attrs={**attributes, "maxlength": blank.max_length})
        return forms.CharField(
            label=blank.label if blank.required else f"{blank.label}（选填）",
            help_text=blank.help_text,
            required=False,
            widget=widget,
        )

    @classmethod
    def values_of(cls, data: Any, blanks: Iterable[Blank]) -> dict[str, str]:
        """What a request brought, by blank key; keys that it did not bring are left out."""
        values = {}
        for blank in blanks:
            typed = data.get(f"blank-{blank.key}")
            if typed is not None:
                values[blank.key] = iso_date(typed) if blank.kind == Blank.Kind.DATE else typed.strip()
        return values


class SignerForm(forms.Form):
    """Who signs, in which capacity, what was looked at; the signature by pad or as a scan."""

    capacity = forms.ChoiceField(label="签署身份", required=False, choices=SignerCapacity.choices)
    signer_name = forms.CharField(label="签署人姓名", required=False, max_length=400)
    identity_document = forms.ChoiceField(
        label="查验的证件", required=False, choices=IdentityDocument.choices, initial=IdentityDocument.ID_CARD
    )
    signed_by = forms.ChoiceField(
        label="签名方式", required=False, choices=[("pad", "签名板"), ("paper", "纸质签名扫描")]
    )
    signature = forms.CharField(required=False, widget=forms.HiddenInput())
    paper_scan = forms.FileField(label="已签字的纸质承诺书（扫描件）", required=False, allow_empty_file=True)
    authorisation = forms.FileField(label="授权委托书（扫描件）", required=False, allow_empty_file=True)
    confirm_duplicate = forms.BooleanField(label="已核对，确认再签一份", required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["capacity"].choices = [
            (value, label) for value, label in SignerCapacity.choices if value in CAPACITIES[kind]
        ]
        self.fields["signer_name"].widget.attrs.update({"autocomplete": "off"})
        for name in ("paper_scan", "authorisation"):
            self.fields[name].widget.attrs["accept"] = ACCEPTED_SCANS


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="理由",
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 300, "data-first": True}),
    )


class FindForm(forms.Form):
    """Look-up within today's list: commitment code or its end, subject's code, or the scanned address of a receipt."""

    code = forms.CharField(
        label="承诺编码（或末几位）、主体代码，或扫回执上的二维码",
        required=False,
        max_length=LONGEST_SCAN,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "data-scan": True, "data-first": True}
        ),
    )


def uploaded(file: UploadedFile | None) -> tuple[bytes, str, str] | None:
    """An uploaded scan as the services take it: content, claimed type, name."""
    if file is None:
        return None
    # One byte past the limit is enough to be refused; no need to hold the rest.
    return file.read(MAX_BYTES + 1), file.content_type or "", file.name or ""
