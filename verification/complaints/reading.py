"""What is told of a consumer's complaint, field by field: one table for the form, the file and the interface. Pure.

Nothing of the consumer belongs here: a text with a number of a telephone or of an identity card is sent back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from credit_portal.registry import codes
from credit_portal.registry.in_sets import Named
from credit_portal.registry.models import Domain
from verification.complaint_models import ERROR_PERSONAL, PERSONAL, ConsumerComplaint
from verification.memberships.reading import KIND_WORDS, NEVER, Field, FieldErrors, check_subject, value_of

Result = ConsumerComplaint.Result
DOMAIN_WORDS = {str(label): str(code) for code, label in Domain.choices}
RESULT_WORDS = {str(label): str(code) for code, label in Result.choices}
BUSINESSES = tuple(word for word, code in KIND_WORDS.items() if code != codes.PERSON)
ALWAYS = frozenset({"add"})
FIRST_YEAR = 2000

FIELDS: tuple[Field, ...] = (
    Field("hotline_no", "12315 编号", 40, must=ALWAYS, help="全国 12315 平台的登记编号"),
    Field("subject_kind", "主体类别", sort="one", must=ALWAYS, among=BUSINESSES),
    Field("subject_name", "主体名称", 200, must=ALWAYS),
    Field("subject_code", "主体代码", 40, must=ALWAYS, help="统一社会信用代码"),
    Field("received_on", "投诉日期", sort="date", must=ALWAYS),
    Field("domain", "领域", sort="one", must=ALWAYS, among=tuple(DOMAIN_WORDS)),
    Field("about", "投诉内容", 500, sort="long", must=ALWAYS, help="只写事情，不写投诉人的姓名、电话、证件号码"),
    Field("result", "处理结果", sort="one", must=NEVER, among=tuple(RESULT_WORDS), help="没有办结的不填"),
    Field("result_text", "处理情况", 500, sort="long", must=NEVER, help="办结的必填，不写投诉人的信息"),
    Field("handled_on", "办结日期", sort="date", must=NEVER, help="办结的必填"),
)  # fmt: skip
ERROR_HANDLED = "办结日期不能早于投诉日期。"
HEADS = {one.key: one.head for one in FIELDS}
OF_RESULT = ("result", "result_text", "handled_on")


@dataclass(frozen=True)
class Told:
    """A checked complaint; without `result` it is still being handled."""

    hotline_no: str
    subject_kind: str
    subject_name: str
    subject_code: str
    received_on: date
    domain: str
    about: str
    result: str = ""
    result_text: str = ""
    handled_on: date | None = None

    @property
    def named(self) -> Named:
        return Named(self.subject_kind, self.subject_code, self.subject_name)


def read(values: Mapping[str, str], *, today: date) -> Told:
    """Read what was typed, uploaded or pushed, by key. Raises FieldErrors with every field that is wrong."""
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for one in FIELDS:
        try:
            value = value_of(one, values.get(one.key, ""), needed=bool(one.must))
        except ValueError as error:
            errors[one.key] = str(error)
        else:
            if value not in (None, ""):
                found[one.key] = value
    errors |= {key: "没有这个字段。" for key in set(values) - set(HEADS) if values[key].strip()}
    check_subject(found, errors, today)
    _check_result(found, errors, today)
    for key in ("about", "result_text"):
        if PERSONAL.search(found.get(key, "")):
            errors.setdefault(key, ERROR_PERSONAL.format(head=HEADS[key]))
    if (day := found.get("received_on")) is not None and day > today:
        errors["received_on"] = "投诉日期不能晚于今天。"
    elif day is not None and day.year < FIRST_YEAR:
        errors["received_on"] = f"投诉日期不能早于 {FIRST_YEAR} 年。"
    if errors:
        raise FieldErrors(errors)
    return Told(
        **found
        | {"domain": DOMAIN_WORDS[found["domain"]], "result": RESULT_WORDS.get(found.get("result", ""), "")}
    )


def _check_result(found: dict[str, Any], errors: dict[str, str], today: date) -> None:
    """A result is told as a whole: which, what was done, when."""
    told = [key for key in OF_RESULT if key in found]
    if not told:
        return
    for key in OF_RESULT:
        if key not in found and key not in errors:
            errors[key] = (
                f"办结的投诉，请填写{HEADS[key]}；没有办结的，{'、'.join(HEADS[one] for one in told)}都不填。"
            )
    day, first = found.get("handled_on"), found.get("received_on")
    if day is not None and day > today:
        errors["handled_on"] = "办结日期不能晚于今天。"
    elif day is not None and first is not None and day < first:
        errors["handled_on"] = ERROR_HANDLED
