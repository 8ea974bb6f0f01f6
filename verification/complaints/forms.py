"""Forms of consumers' complaints, made from the one table of fields."""

from collections.abc import Iterable

from django import forms

from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES
from verification.memberships.reading import Field

from .reading import FIELDS, OF_RESULT
from .taking import Ending

_CHOOSE = ("", "请选择")


def _input(one: Field) -> forms.Field:
    common = {"label": one.head, "required": False, "help_text": one.help}
    if one.sort == "one":
        return forms.ChoiceField(choices=[_CHOOSE, *((word, word) for word in one.among)], **common)
    if one.sort == "date":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if one.sort == "long":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    return forms.CharField(**common)


class ComplaintForm(forms.Form):
    """A complaint, or only its result. What is wrong `reading.read` says: one place for form, file and interface."""

    def __init__(self, *args: object, only_result: bool = False, **more: object) -> None:
        super().__init__(*args, **more)
        for one in FIELDS:
            if only_result and one.key not in OF_RESULT:
                continue
            self.fields[one.key] = _input(one)
            self.fields[one.key].must = bool(one.must) or only_result  # for the template

    def told(self) -> dict[str, str]:
        """What was typed, by key."""
        return {key: str(self.data.get(key, "")) for key in self.fields}

    def refuse(self, errors: Iterable[tuple[str, str]]) -> None:
        for key, text in errors:
            self.add_error(key if key in self.fields else None, text)


class StopForm(forms.Form):
    ending = forms.ChoiceField(
        label="停止的原因",
        choices=[_CHOOSE, *((str(one), one.label) for one in (Ending.MISTAKE, Ending.OBJECTION))],
    )
    note = forms.CharField(label="说明", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class FileForm(forms.Form):
    file = TableField(
        label="文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text="xlsx、csv 或 json，一次最多 2000 行、20 MB。",
    )
    look = forms.BooleanField(label="只检查，不录入", required=False)
