"""Forms of lists, made from the one table of fields."""

from typing import Any

from django import forms

from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES

from .reading import ADD, FIELDS, NO_END, Field, KnownList

_CHOOSE = ("", "请选择")


def _input(one: Field, lists: list[KnownList]) -> forms.Field:
    common = {"label": one.head, "required": False, "help_text": one.help}
    if one.sort == "list":
        common["help_text"] = ""
        return forms.ChoiceField(choices=[_CHOOSE, *((row.code, row.name) for row in lists)], **common)
    if one.sort == "one":
        return forms.ChoiceField(choices=[_CHOOSE, *((word, word) for word in one.among)], **common)
    if one.sort in ("date", "term"):
        common["help_text"] = "最后一日" if one.sort == "term" else one.help
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if one.sort == "long":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), **common)
    return forms.CharField(**common)


class RowForm(forms.Form):
    """A subject put on a list by hand. What is wrong `reading.read` says: one place for form, file and interface."""

    def __init__(self, lists: list[KnownList], *args: Any, office: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        for one in FIELDS[1:]:
            if ADD not in one.asked:
                continue
            self.fields[one.key] = _input(one, lists)
            needed = ADD in one.must or (office and one.key == "source")
            self.fields[one.key].must = needed and one.sort != "term"  # for the template
            if one.sort == "term":
                self.fields["no_end"] = forms.BooleanField(label="没有期限", required=False)

    def told(self) -> dict[str, str]:
        """What was typed, by key."""
        told = {key: str(self.data.get(key, "")) for key in self.fields if key != "no_end"}
        if self.data.get("no_end") and not told["until_on"].strip():
            told["until_on"] = NO_END
        return told


class LeaveForm(forms.Form):
    ended_on = forms.DateField(
        label="移出日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label="移出原因", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class UploadForm(forms.Form):
    file = TableField(
        label="文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text="xlsx、csv 或 json，一次最多 5000 行、20 MB。",
    )
    whole = forms.BooleanField(
        label="本文件是名单的全部",
        required=False,
        help_text="文件中列入机关此前报送、文件中没有的主体将移出；录入前先列出。",
    )
