"""What is keyed, in the one form in which two keyings are compared. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from commitments.bulk.reading import code_problem, uscc_problem
from credit_portal.registry import codes

# What the second person keys blind, by the labels of the page.
TWICE = {"subject_code": "承诺人代码", "code": "承诺编码", "made_on": "签署日期"}
EARLIEST = date(2014, 6, 14)  # the day of the national outline that begins the social credit system
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


class CaptureError(ValueError):
    """It cannot be done so; `field` names the input, the message says it in Chinese. `existing`: the code it collides with."""

    def __init__(self, message: str, *, field: str = "", existing: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.existing = existing


def subject_code(raw: str, *, today: date) -> str:
    """The code of the subject, folded as codes are everywhere. Raises CaptureError (`subject_code`)."""
    try:
        found = codes.parse_subject_code(raw, today=today)
    except codes.CodeError as error:
        raise CaptureError(str(error), field="subject_code") from error
    if codes.PERSON not in found.kinds and (problem := uscc_problem(found.value, "")):
        raise CaptureError(problem, field="subject_code")
    return found.value


def kinds_of(code: str, *, today: date) -> tuple[str, ...]:
    """What kinds of subject a right code can belong to."""
    return codes.parse_subject_code(code, today=today).kinds


def commitment_code(raw: str) -> str:
    """The code on the paper: width folded, blanks out; empty where it has none."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", raw))


def day(raw: str, *, today: date) -> str:
    """A day as people write it: 2026-01-05, 2026/1/5, 2026年1月5日, 20260105. Raises CaptureError (`made_on`)."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", raw))
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text) if text.isdigit() else _DAY.fullmatch(text)
    if found is None:
        raise CaptureError(f"应为日期（如 2026-11-24），现为“{raw[:30]}”。", field="made_on")
    try:
        told = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise CaptureError(f"没有“{raw[:30]}”这一天。", field="made_on") from error
    if told > today:
        raise CaptureError(f"签署日期不能晚于今天（{today}）。", field="made_on")
    if told < EARLIEST:
        raise CaptureError(f"签署日期不能早于 {EARLIEST}。", field="made_on")
    return told.isoformat()


def check_code(code: str, *, made_on: str, region: str, today: date) -> None:
    """The parts of a code that stands on the paper. Raises CaptureError (`code`)."""
    if not code:
        return
    if problem := code_problem(code, made_on, today):
        raise CaptureError(problem, field="code")
    if code[:6] != region:
        raise CaptureError(
            f"承诺编码第 1 至 6 位“{code[:6]}”应为受理地行政区划代码“{region}”。", field="code"
        )


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Which of what is keyed twice differs, character by character, after both have been folded."""
    return [key for key in TWICE if first.get(key, "") != second.get(key, "")]
