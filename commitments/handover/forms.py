"""The forms of a hand-over. Everything is there without scripts: a choice beside each column, three empty lines below each
table of words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from commitments.models import HandoverMapping
from credit_portal.documents.fields import TableField
from credit_portal.registry.models import CommitmentType

from . import mapping as mappings
from .fields import CONSTANTS, NAMES, WANTED, WORDS
from .mapping import MOST_REASON, MOST_WORDS
from .protocol import MOST_NAME
from .running import MOST_NAME as MOST_REGISTER

NOT_TAKEN = "none"
EMPTY_LINES = 3
MOST_CONSTANT, MOST_WORD = 4000, 60


class SampleForm(forms.Form):
    name = forms.CharField(
        label="登记簿名称",
        max_length=MOST_REGISTER,
        help_text="同一名称再读一次样表，即为这份登记簿的新一版对照。",
        error_messages={"required": "请填写登记簿名称。"},
    )
    source = forms.ChoiceField(label="来源", choices=HandoverMapping.Source.choices)
    file = TableField(label="样表", help_text="xlsx 或 csv，有表头和至少一行。只读表头，不保存文件。")


class TrialForm(forms.Form):
    file = TableField(label="整份登记簿")
    other_as = forms.ChoiceField(
        label="“其他”类型归入", required=False, choices=[("", "退回这些行"), *CommitmentType.choices]
    )


class ProtocolForm(forms.Form):
    giver = forms.CharField(
        label="移交方", max_length=200, required=False, help_text="原来保管登记簿的单位；空着即为本单位。"
    )
    giver_person = forms.CharField(
        label="移交人", max_length=MOST_NAME, error_messages={"required": "请填写移交人。"}
    )
    receiver = forms.CharField(label="接收方", max_length=200, error_messages={"required": "请填写接收方。"})
    receiver_person = forms.CharField(
        label="接收人", max_length=MOST_NAME, error_messages={"required": "请填写接收人。"}
    )
    on = forms.DateField(
        label="移交日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请填写移交日期。", "invalid": "移交日期应为日期。"},
    )


class MappingForm(forms.Form):
    """One saved version to be confirmed or changed. `unknown`: words that a trial has found and no table names."""

    def __init__(
        self, saved: HandoverMapping, unknown: Mapping[int, Sequence[tuple[str, int]]], data: Any = None
    ) -> None:
        super().__init__(data)
        self.saved, self.unknown = saved, unknown
        choices = [
            ("", "请选择"),
            *(
                (f"{number}", f"{number}. {name}" if 0 < number <= 20 else name)
                for number, name in NAMES.items()
            ),
            (NOT_TAKEN, "不接收"),
        ]
        for place, label in enumerate(saved.head):
            one = saved.columns.get(label, {})
            chosen = str(one["field"]) if "field" in one else NOT_TAKEN if "reason" in one else ""
            self.fields[f"c{place}"] = forms.ChoiceField(
                label=label, choices=choices, initial=chosen, required=False,
                error_messages={"invalid_choice": mappings.NOT_CHOSEN},
            )  # fmt: skip
            self.fields[f"r{place}"] = forms.CharField(
                label=f"不接收“{label}”的原因", initial=one.get("reason", ""), required=False, max_length=MOST_REASON
            )  # fmt: skip
        for number in CONSTANTS:
            value = saved.constants.get(str(number), "")
            if number in WORDS:
                made: forms.Field = forms.ChoiceField(
                    choices=_choices(number, value), initial=value, required=False
                )
            else:
                made = forms.CharField(
                    initial=value, required=False, max_length=MOST_CONSTANT,
                    widget=forms.Textarea(attrs={"rows": 2}) if number in (7, 8, 12, 13) else None,
                )  # fmt: skip
            made.label = NAMES[number]
            self.fields[f"k{number}"] = made
        self.fields["day_order"] = forms.ChoiceField(
            label="日期里年、月、日的次序", choices=HandoverMapping.DayOrder.choices, initial=saved.day_order,
            help_text="写成 05/01/2023 的日期按这里读；年在前的都认得。",
        )  # fmt: skip
        for number in WORDS:
            for line, (theirs, ours) in enumerate(self._words(number)):
                self.fields[f"t{number}_{line}"] = forms.CharField(
                    label="原表中的", initial=theirs, required=False, max_length=MOST_WORD
                )
                self.fields[f"o{number}_{line}"] = forms.ChoiceField(
                    label="本系统的", choices=_choices(number, ours), initial=ours, required=False
                )

    def _words(self, number: int) -> list[tuple[str, str]]:
        known = dict(self.saved.words.get(str(number), {}))
        lines = list(known.items())
        lines += [(word, "") for word, _ in self.unknown.get(number, ()) if word not in known]
        return [*lines[:MOST_WORDS], *[("", "")] * EMPTY_LINES]

    # ---- shown ----

    @property
    def columns(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        return [(label, self[f"c{place}"], self[f"r{place}"]) for place, label in enumerate(self.saved.head)]

    @property
    def constants(self) -> list[tuple[forms.BoundField, bool]]:
        return [(self[f"k{number}"], number in WANTED) for number in CONSTANTS]

    @property
    def tables(self) -> list[dict[str, Any]]:
        found = []
        for number in WORDS:
            counts = dict(self.unknown.get(number, ()))
            lines = [
                (self[f"t{number}_{line}"], self[f"o{number}_{line}"], counts.get(theirs, 0))
                for line, (theirs, _) in enumerate(self._words(number))
            ]
            found.append({"name": NAMES[number], "lines": lines, "unknown": len(counts)})
        return found

    # ---- read ----

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        head = self.saved.head
        self.told_columns: dict[str, dict[str, object]] = {}
        for place, label in enumerate(head):
            chosen = told.get(f"c{place}", "")
            if chosen == NOT_TAKEN:
                self.told_columns[label] = {"reason": told.get(f"r{place}", "").strip()}
            elif chosen:
                self.told_columns[label] = {"field": int(chosen)}
        for label, text in mappings.column_problems(self.told_columns, head).items():
            place = head.index(label)
            name = f"r{place}" if text == mappings.NO_REASON else f"c{place}"
            if name not in self.errors:
                self.add_error(name, text)
        taken = {
            one["field"]: label
            for label, one in self.told_columns.items()
            if isinstance(one.get("field"), int)
        }
        if not {0, 1} & set(taken):
            self.add_error(None, mappings.NO_NUMBER)
        self.told_constants = {
            number: value for number in CONSTANTS if (value := str(told.get(f"k{number}") or "").strip())
        }
        for number, text in mappings.constant_problems(self.told_constants, taken).items():  # type: ignore[arg-type]
            self.add_error(f"k{number}" if number in CONSTANTS else None, text)
        self.told_words = {number: self._clean_words(number, told) for number in WORDS}
        return told

    def _clean_words(self, number: int, told: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for line, _ in enumerate(self._words(number)):
            theirs, ours = told.get(f"t{number}_{line}", "").strip(), told.get(f"o{number}_{line}", "")
            if ours and not theirs:
                self.add_error(f"t{number}_{line}", "请填写原表中的写法。")
            elif theirs and not ours and theirs in self.saved.words.get(str(number), {}):
                continue  # taken out of the table
            elif theirs and not ours and theirs not in dict(self.unknown.get(number, ())):
                self.add_error(f"o{number}_{line}", "请选择本系统的取值。")
            elif theirs and ours:
                if mappings.plain(theirs) in {mappings.plain(one) for one in found}:
                    self.add_error(f"t{number}_{line}", f"“{theirs}”已经对照过一次。")
                found[theirs] = ours
        return found


def _choices(number: int, value: str) -> list[tuple[str, str]]:
    words = [*WORDS[number]]
    if value and value not in words:
        words.append(value)
    return [("", "不填"), *((word, word) for word in words)]
