"""Reading what a department's system has posted, field by field. Pure: an object in, values by dotted key out."""

import base64
import binascii
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework import exceptions

from commitments.concluding import Upload

from .acts.fields import FieldErrors

MISSING = "请填写这一项。"
UNKNOWN = "没有这个字段。"
# More than the most that any text of ours has.
BLANKS_MOST, BLANK_LENGTH, KEY_LENGTH = 50, 1000, 30


@dataclass(frozen=True)
class Field:
    """`key` with dots where it stands in an object. `sort`: line, long (lines of text), flag, number, moment, texts
    (a list of lines), values (an object of lines), file (an object of name and base64 content)."""

    key: str
    sort: str = "line"
    most: int = 200
    must: bool = True
    among: tuple[str, ...] = ()


def read_posted(data: object, fields: Sequence[Field]) -> dict[str, Any]:
    """The values by key; what was not given is not among them. Raises FieldErrors naming everything that is wrong."""
    if not isinstance(data, dict):
        raise exceptions.ParseError("请求应为一个 JSON 对象。")
    known = {one.key: one for one in fields}
    errors: dict[str, str] = {}
    told: dict[str, Any] = {}
    for name in dict.fromkeys(key.partition(".")[0] for key in known):
        value = data.get(name)
        if name in known:
            told[name] = value
        elif isinstance(value, dict):
            told |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            errors[name] = MISSING if value is None else f"{name} 应为一个对象。"
    told |= {name: value for name, value in data.items() if name not in told and not _is_object(name, known)}
    found: dict[str, Any] = {}
    for key, value in told.items():
        if key not in known:
            errors[_shown(key)] = UNKNOWN
        elif value is not None and value != "":
            try:
                found[key] = _value(known[key], value)
            except FieldErrors as wrong:
                errors |= wrong.errors
            except ValueError as wrong:
                errors[key] = str(wrong)
    for key, one in known.items():
        if one.must and told.get(key) in (None, "") and key.partition(".")[0] not in errors:
            errors.setdefault(key, MISSING)
    if errors:
        raise FieldErrors(errors)
    return found


def _is_object(name: str, known: dict[str, Field]) -> bool:
    return any(key.startswith(f"{name}.") for key in known)


def _shown(key: object) -> str:
    """A key that somebody else has made up, short enough to be said."""
    return str(key)[:60]


def _value(one: Field, value: object) -> Any:
    match one.sort:
        case "flag":
            if not isinstance(value, bool):
                raise ValueError("应为 true 或 false。")
            return value
        case "number":
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 32_767:
                raise ValueError("应为 1 至 32767 的整数。")
            return value
        case "moment":
            return _moment(value)
        case "texts":
            if not isinstance(value, list) or len(value) > BLANKS_MOST:
                raise ValueError(f"应为一个列表，最多 {BLANKS_MOST} 项。")
            return [_text(part, one.most) for part in value]
        case "values":
            return _values(one.key, value)
        case "file":
            return _file(one.key, value)
    text = _text(value, one.most, lines=one.sort == "long")
    if one.among and text not in one.among:
        raise ValueError(f"没有“{text[:30]}”，可用：{'、'.join(one.among)}。")
    return text


def _text(value: object, most: int, *, lines: bool = False) -> str:
    if not isinstance(value, str):
        raise ValueError("应为文字。")
    text = unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()
    if any(unicodedata.category(char)[0] == "C" and not (lines and char in "\n\t") for char in text):
        raise ValueError("含有无法识别的字符或控制字符。")
    if len(text) > most:
        raise ValueError(f"最多 {most} 个字，现为 {len(text)} 个字。")
    return text


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, 40))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("应为带时区的时间，如 2026-01-31T09:30:00+08:00。")
    return moment


def _values(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > BLANKS_MOST:
        raise ValueError(f"应为一个对象，最多 {BLANKS_MOST} 项，值为文字。")
    errors: dict[str, str] = {}
    found: dict[str, str] = {}
    for key, part in value.items():
        try:
            found[_text(key, KEY_LENGTH)] = _text(part, BLANK_LENGTH)
        except ValueError as wrong:
            errors[f"{name}.{_shown(key)}"] = str(wrong)
    if errors:
        raise FieldErrors(errors)
    return found


def _file(name: str, value: object) -> Upload:
    """What the file really is, `documents.inspection` says when it is stored."""
    if not isinstance(value, dict):
        raise ValueError("应为一个对象：name 是文件名，content 是 Base64 编码的内容。")
    errors = {f"{name}.{_shown(key)}": UNKNOWN for key in value if key not in ("name", "content")}
    title, content = "", b""
    try:
        title = _text(value.get("name"), 200)
    except ValueError as wrong:
        errors[f"{name}.name"] = str(wrong)
    try:
        content = base64.b64decode(value.get("content") or "", validate=True)
    except (TypeError, ValueError, binascii.Error):
        errors[f"{name}.content"] = "应为 Base64 编码的文件内容。"
    if not content:
        errors.setdefault(f"{name}.content", MISSING)
    if errors:
        raise FieldErrors(errors)
    return Upload(content, "", title)
