"""Forms of acts, made from the one table of fields."""

from django import forms

from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES
from credit_portal.registry.models import PublicityClass
from disclosure.models import ActKind, AdministrativeAct

from . import rules
from .fields import Field, fields_of

_CHOOSE = ("", "请选择")


def _input(one: Field, kind: str) -> forms.Field:
    common = {"label": one.head, "required": False, "help_text": one.help}
    if one.sort == "one":
        return forms.ChoiceField(choices=[_CHOOSE, *((word, word) for word in one.among)], **common)
    if one.sort == "some":
        return forms.MultipleChoiceField(
            choices=[(word, word) for word in one.among],
            widget=forms.CheckboxSelectMultiple,
            label=one.head,
            required=False,
        )
    if one.sort == "date":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if one.sort == "long":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    if one.sort == "amount":
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **common)
    return forms.CharField(**common)


class ActForm(forms.Form):
    """What is told of an act of one kind. What is wrong `fields.read` says: one place for form, file and interface."""

    def __init__(self, kind: str, *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.kind = kind
        for one in fields_of(kind):
            self.fields[one.key] = _input(one, kind)
            self.fields[one.key].must = kind in one.must  # type: ignore[attr-defined]  # for the template

    def told(self) -> dict[str, str]:
        """What was typed, by key."""
        return {
            key: "；".join(self.data.getlist(key))
            if hasattr(self.data, "getlist")
            else str(self.data.get(key, ""))
            for key in self.fields
        }


class DecisionForm(forms.Form):
    publicity_class = forms.ChoiceField(label="公开类型")
    reason = forms.ChoiceField(label="不向社会公开的理由", required=False, help_text="向社会公开的不用选")
    note = forms.CharField(
        label="说明", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=300
    )

    def __init__(self, act: AdministrativeAct, *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.fields["publicity_class"].choices = [_CHOOSE, *PublicityClass.choices]
        reasons = rules.reasons_for(act.subject_kind, PublicityClass.LIMITED, grade=act.grade)
        self.fields["reason"].choices = [
            _CHOOSE, *((str(code), label) for code, label in AdministrativeAct.Reason.choices if code in reasons)
        ]  # fmt: skip


class EndForm(forms.Form):
    ending = forms.ChoiceField(
        label="原因", choices=[_CHOOSE, *((str(one), one.label) for one in rules.BY_HAND)]
    )
    note = forms.CharField(
        label="依据或者情况", widget=forms.Textarea(attrs={"rows": 2}), max_length=300, required=False
    )


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="类别")
    file = TableField(
        label="文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text="xlsx、csv 或 json，一次最多 2000 行、20 MB。",
    )

    def __init__(self, kinds: list[str], *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.fields["kind"].choices = [_CHOOSE, *((kind, ActKind(kind).label) for kind in kinds)]
