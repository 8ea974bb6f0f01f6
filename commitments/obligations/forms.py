"""The form in which clauses are recorded as kept, several at once, with what was found and the evidence."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from commitments.models import Obligation

from . import settling
from .rules import MOVES

MOST_FILES = 5
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _SeveralInput(forms.FileInput):
    allow_multiple_selected = True


class SeveralFiles(forms.FileField):
    """Up to five files in one field; each is looked at where it is stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            label="证据",
            help_text=f"现场照片、检查记录等，PDF、PNG 或 JPEG，每个 10 MB 以内，最多 {MOST_FILES} 个。",
            widget=_SeveralInput(attrs={"multiple": True}),
            **kwargs,
        )

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        files = [super(SeveralFiles, self).clean(one, initial) for one in given]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"最多 {MOST_FILES} 个文件，现为 {len(files)} 个。")
        return files


class RecordForm(forms.Form):
    """One choice a clause that may be recorded on the day; the fields below hold for all of them. Why others may not yet is
    said beside them (`why`)."""

    found_on = forms.DateField(label="核实日期", widget=DATE)
    note = forms.CharField(
        label="核实的情况",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        help_text="何人、何时、怎样核实，看到什么。",
    )
    done_on = forms.DateField(
        label="实际履行日期",
        widget=DATE,
        required=False,
        help_text="不是核实的那一天做完的，写明哪一天做完。",
    )
    proof = SeveralFiles()

    def __init__(
        self,
        *args: Any,
        obligations: Sequence[Obligation],
        today: date,
        doubts: Mapping[int, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.why: dict[int, str] = {}
        self.obligations = obligations
        self.clauses: list[tuple[Obligation, str]] = []
        for row in obligations:
            words = [(code, label) for code, label in Obligation.State.choices if code in MOVES[row.state]]
            if not words:
                continue
            if why := settling.why_not_kept_yet(row, today, doubts):
                self.why[row.clause_no] = why
                continue
            name = f"clause-{row.clause_no}"
            self.fields[name] = forms.ChoiceField(
                label=f"{row.clause}的履行", choices=[("", "不登记"), *words], required=False
            )
            self.clauses.append((row, name))
        if any(Obligation.State.KEPT_LATE in MOVES[row.state] for row, _ in self.clauses):
            self.fields["done_on"].help_text += "选逾期后履行的必填。"

    def found(self) -> list[tuple[int, str]]:
        """What was chosen: (clause number, state)."""
        return [
            (row.clause_no, self.cleaned_data[name]) for row, name in self.clauses if self.cleaned_data[name]
        ]

    def field_of(self, row: Obligation) -> forms.BoundField | None:
        name = f"clause-{row.clause_no}"
        return self[name] if name in self.fields else None

    def common(self) -> list[forms.BoundField]:
        return [self["found_on"], self["done_on"], self["note"], self["proof"]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for row in self.obligations:
            name = f"clause-{row.clause_no}"
            # Chosen on a page that another page or person has overtaken.
            if name not in self.fields and self.data.get(name):
                self.add_error(None, self._overtaken(row))
        if not self.errors and not any(data.get(name) for _, name in self.clauses):
            raise forms.ValidationError("请至少为一条选择履行的情况。")
        return data

    def _overtaken(self, row: Obligation) -> str:
        last = row.findings.select_related("finder", "partner").order_by("pk").last()
        if row.clause_no in self.why or last is None:
            return f"{row.clause}{self.why.get(row.clause_no, '现在不能登记')}。"
        who = last.finder or (f"系统“{last.partner.name}”" if last.partner else "")
        by = f"由{who}" if who else ""
        return f"{row.clause}已{by}登记为“{row.shown_state}”（{last.found_on}），没有再登记，请看最新情况。"


class ConfirmForm(forms.Form):
    note = forms.CharField(
        label="确认的意见",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        help_text="怎样看的（证据、现场），各条是否都已做到。",
    )
    early = forms.BooleanField(label="承诺的事已经办结，以后没有要继续做到的", required=False)

    def __init__(self, *args: Any, runs_on: Obligation | None, **kwargs: Any) -> None:
        # Three forms stand on one page, each with a note.
        super().__init__(*args, auto_id="confirm_%s", **kwargs)
        if runs_on is None:
            del self.fields["early"]
        else:
            self.fields[
                "early"
            ].help_text = f"{runs_on.clause}的期限是 {runs_on.due_on}，还没有届满。仍要做到的，先不确认。"


class TakeBackForm(forms.Form):
    """What was recorded by mistake, of the clauses that another person recorded."""

    clauses = forms.TypedMultipleChoiceField(
        label="登记有误的条款",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选择登记有误的条款。"},
    )
    note = forms.CharField(
        label="更正的理由",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=250,
        help_text="原来的登记和这次更正都保留，可以查看。",
    )

    def __init__(self, *args: Any, obligations: Sequence[Obligation], **kwargs: Any) -> None:
        super().__init__(*args, auto_id="take_back_%s", **kwargs)
        self.fields["clauses"].choices = [  # type: ignore[attr-defined]
            (row.clause_no, f"{row.clause}（{row.shown_state}）：{row.what[:60]}") for row in obligations
        ]


class DueForm(forms.Form):
    """Which of the dated obligations are listed."""

    due_from = forms.DateField(label="应当履行之日 自", widget=DATE, required=False)
    due_to = forms.DateField(label="至", widget=DATE, required=False)

    def days(self) -> tuple[date | None, date | None]:
        if not self.is_valid():
            return None, None
        return self.cleaned_data["due_from"], self.cleaned_data["due_to"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("due_from"), data.get("due_to")
        if first and last and last < first:
            self.add_error("due_to", f"不能早于 {first}。")
        return data
