"""The fields by which people hand in files: each is looked at with everything else that is typed, so that whatever is wrong is
said in one round. What is stored is looked at once more by the service that stores it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from .inspection import JPEG, MAX_BYTES, PDF, PNG, TOO_LARGE, EvidenceRefused, inspect, megabytes
from .intake import MOST_BYTES, IntakeRefused
from .intake.refusing import check_size

ACCEPTED = ",".join((PNG, JPEG, PDF))
PAPERS = frozenset({PNG, JPEG, PDF})


def look_at(file: UploadedFile, *, label: str, allowed: frozenset[str] = PAPERS) -> None:
    """Raise ValidationError where a file could not be kept as evidence; it can be read from its beginning afterwards."""
    if (file.size or 0) > MAX_BYTES:
        large = TOO_LARGE.format(size=f"文件有 {megabytes(file.size or 0)}，")
        raise ValidationError(f"{label}：{large}", code="evidence")
    # One byte past the limit is enough to be refused.
    content = file.read(MAX_BYTES + 1)
    file.seek(0)
    try:
        inspect(content, field=label, claimed_type=file.content_type or "", allowed=allowed)
    except EvidenceRefused as error:
        raise ValidationError(str(error), code="evidence") from error


class PaperField(forms.FileField):
    """One paper: PDF, PNG or JPEG."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": ACCEPTED}))
        # An empty file is refused by name, like any other that is no paper.
        super().__init__(**({"allow_empty_file": True} | kwargs))

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            look_at(file, label=str(self.label or "文件"))
        return file


class TableField(forms.FileField):
    """A table that `documents/intake` reads: xlsx, csv or, where `json`, json. What is wrong in it the service says that reads
    it; tests/test_hostile_uploads.py sends files that mean harm to every address with such a field."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, json: bool = False, **kwargs: Any) -> None:
        self.most_bytes = most_bytes
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": ".xlsx,.csv" + ",.json" * json}))
        kwargs["error_messages"] = {"required": "请选择文件。"} | kwargs.get("error_messages", {})
        # An empty file is refused by name, like any other that is no table.
        super().__init__(**({"allow_empty_file": True} | kwargs))

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            try:
                check_size(file.size or 0, self.most_bytes)
            except IntakeRefused as error:
                raise ValidationError(str(error), code="table") from error
        return file


class _ManyFiles(forms.FileInput):
    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"accept": ACCEPTED, "multiple": True})


class PapersField(forms.FileField):
    """Several papers, `most` of them at most; what is wrong with one is said under its own name."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        self.most = most
        super().__init__(required=False, allow_empty_file=True, widget=_ManyFiles(), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        files = [one for one in given if isinstance(one, UploadedFile)]
        wrong: list[ValidationError] = []
        if len(files) > self.most:
            wrong.append(ValidationError(f"{self.label}最多 {self.most} 个文件。", code="most"))
        for one in files[: self.most]:
            try:
                super().clean(one)
                look_at(one, label=f"“{one.name}”")
            except ValidationError as error:
                wrong.append(error)
        if wrong:
            raise ValidationError(wrong)
        return files
