"""What goes up, by dataset: its fields, what may be corrected by hand, and what files of it are called."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from commitments import collection_format
from commitments.collection_format import Field
from disclosure import interview_format, measure_format
from disclosure.models import ExchangeRecord


@dataclass(frozen=True)
class Format:
    """`problems(values, running=…)` gives (field number, Chinese)."""

    fields: tuple[Field, ...]
    may_correct: tuple[str, ...]
    file_word: str
    withdrawal_word: str
    problems: Callable[..., list[tuple[int, str]]]

    @property
    def head(self) -> tuple[str, ...]:
        return tuple(one.label for one in self.fields)

    def cells(self, values: dict[str, str]) -> list[str]:
        return [values.get(str(one.number), "") for one in self.fields]

    def in_words(self, reasons: Iterable[Sequence[str]]) -> str:
        """Reasons by field as one line."""
        return "；".join(f"{self.label_of(number)}：{text}" if number else text for number, text in reasons)

    def label_of(self, number: str) -> str:
        """The name of a field by its number; empty for what concerns the whole record."""
        return next((one.label for one in self.fields if str(one.number) == number), number)


# Of a commitment wording only. Who, when, how it was kept and the class are facts of signed papers and decisions: those
# are put right by their own acts, and go up by themselves.
FORMATS: dict[str, Format] = {
    ExchangeRecord.Dataset.COMMITMENT: Format(
        collection_format.FIELDS,
        ("6", "7", "8", "12", "13", "15", "16", "17", "18", "20"),
        "承诺信息",
        "撤回",
        collection_format.problems,
    ),
    ExchangeRecord.Dataset.INTERVIEW: Format(
        interview_format.FIELDS,
        interview_format.MAY_CORRECT,
        "约谈记录",
        "撤回约谈",
        interview_format.problems,
    ),
    ExchangeRecord.Dataset.MEASURE: Format(
        measure_format.FIELDS,
        measure_format.MAY_CORRECT,
        "激励惩戒措施",
        "撤回措施",
        measure_format.problems,
    ),
}


def format_of(record: ExchangeRecord) -> Format:
    return FORMATS[record.dataset]
