"""Codes of subjects, checked part by part (GB 32100-2015, GB 11643-1999). Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from .legible import illegible

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION, SOLE_TRADER, PERSON = "organisation", "sole_trader", "person"
# First two characters: registering authority and kind of organisation.
_AUTHORITIES = frozenset("123456789ANY")


class CodeError(ValueError):
    """A code is wrong; the message says in Chinese which part."""


@dataclass(frozen=True)
class SubjectCode:
    """A checked code. `kinds`: what it can be; more than one where the digits fit both standards."""

    value: str
    kinds: tuple[str, ...]


def clean(raw: str) -> str:
    """What a scanner or a person typed, reduced to the code: width folded, upper case, spaces and hyphens out.

    A scanned licence may carry the code inside a link or a sentence: the only 18-character run is taken.
    """
    text = unicodedata.normalize("NFKC", raw).upper().strip()
    compact = re.sub(r"[\s\-－—·.]", "", text)
    if len(compact) == 18:
        return compact
    runs = re.findall(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])", text)
    return runs[0] if len(set(runs)) == 1 else compact


def check_uscc(code: str) -> str:
    """Return the cleaned 统一社会信用代码 or raise CodeError naming the part that is wrong."""
    code = clean(code)
    if len(code) != 18:
        raise CodeError(f"统一社会信用代码应为 18 位，现为 {len(code)} 位。")
    for position, char in enumerate(code, 1):
        if char not in USCC_ALPHABET:
            raise CodeError(
                f"统一社会信用代码第 {position} 位“{char}”不是允许的字符（不使用 I、O、S、V、Z）。"
            )
    if code[0] not in _AUTHORITIES:
        raise CodeError(f"统一社会信用代码第 1 位“{code[0]}”不是登记管理部门代码。")
    if not code[2:8].isdigit():
        raise CodeError(f"统一社会信用代码第 3 至 8 位“{code[2:8]}”应为登记机关行政区划码（6 位数字）。")
    expected = uscc.calc_check_digit(code[:17])
    if code[17] != expected:
        raise CodeError(f"统一社会信用代码第 18 位校验码不符：按前 17 位应为“{expected}”，现为“{code[17]}”。")
    return code


def check_id_number(number: str, *, today: date | None = None) -> str:
    """Return the cleaned 居民身份证号码 or raise CodeError naming the part that is wrong.

    The county part is not compared with lists: real numbers were issued by counties that have since been renamed.
    """
    number = clean(number)
    if len(number) != 18:
        raise CodeError(f"身份证号码应为 18 位，现为 {len(number)} 位。")
    for position, char in enumerate(number, 1):
        if not (char.isascii() and char.isdigit()) and not (position == 18 and char == "X"):
            raise CodeError(f"身份证号码第 {position} 位“{char}”应为数字。")
    if number[0] not in "123456789":
        raise CodeError("身份证号码第 1 位不能为 0。")
    try:
        born = ric.get_birth_date(number)
    except (ValidationError, ValueError) as error:
        raise CodeError(f"身份证号码第 7 至 14 位“{number[6:14]}”不是有效的出生日期。") from error
    if born.year < 1870 or (today is not None and born > today):
        raise CodeError(f"身份证号码第 7 至 14 位“{number[6:14]}”不是有效的出生日期。")
    # Unlike the one for organisations, this function wants the check digit there and leaves it out itself.
    expected = ric.calc_check_digit(number)
    if number[17] != expected:
        # The right character would reveal nothing new of a typed number, but helps to find a misread digit.
        raise CodeError("身份证号码第 18 位校验码与前 17 位不符，请核对各位数字。")
    return number


def check_mobile(raw: str) -> str:
    """A mobile number reduced to its 11 digits, or nothing where nothing was typed. Raises CodeError."""
    number = raw.strip().replace(" ", "").replace("-", "")
    if raw.strip() and not (number.isascii() and number.isdigit() and len(number) == 11 and number[0] == "1"):
        raise CodeError("手机号码应为 11 位数字，以 1 开头。")
    return number


def check_phone(raw: str, *, label: str = "联系电话") -> str:
    """A telephone number reduced to its digits, area code included: 7 to 12. Raises CodeError, also where there is none."""
    number = clean(raw)
    if not (number.isascii() and number.isdigit() and 7 <= len(number) <= 12):
        raise CodeError(f"{label}应为 7 至 12 位数字。")
    return number


def parse_subject_code(raw: str, *, today: date | None = None) -> SubjectCode:
    """What was typed or scanned at the counter: a 统一社会信用代码 or an ID number.

    Raises CodeError with the message of the standard that the code is closer to.
    """
    code = clean(raw)
    if not code:
        raise CodeError("请输入统一社会信用代码或身份证号码。")
    kinds: list[str] = []
    errors: dict[str, CodeError] = {}
    try:
        check_uscc(code)
        kinds += [SOLE_TRADER] if code.startswith("92") else [ORGANISATION]
    except CodeError as error:
        errors["uscc"] = error
    try:
        check_id_number(code, today=today)
        kinds.append(PERSON)
    except CodeError as error:
        errors["ric"] = error
    if kinds:
        return SubjectCode(code, tuple(kinds))
    looks_like_person = re.fullmatch(r"[1-8]\d{5}(18|19|20)\d{9}[\dX]", code) is not None
    raise errors["ric" if looks_like_person else "uscc"]


# 18 characters of an ID number, 11 of a mobile phone, wherever they turn up, also inside an address.
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")


def mask_id_number(number: str) -> str:
    """For papers that the person holds: first and last characters only."""
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}" if len(number) > 2 else "*" * len(number)


def mask_person_name(name: str) -> str:
    """Surname kept, the rest ＊; a compound surname keeps both characters."""
    keep = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    return name[:keep] + "＊" * (len(name) - keep)


COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "令狐",
        "慕容",
        "夏侯",
        "司徒",
        "长孙",
        "宇文",
        "轩辕",
        "端木",
        "百里",
        "东郭",
        "南宫",
        "西门",
        "独孤",
        "呼延",
        "澹台",
        "公冶",
        "宗政",
        "濮阳",
        "淳于",
        "单于",
        "太叔",
        "申屠",
        "仲孙",
        "钟离",
        "鲜于",
        "闾丘",
        "亓官",
        "司寇",
        "子车",
        "颛孙",
        "巫马",
        "公西",
        "漆雕",
        "乐正",
        "壤驷",
        "公良",
        "拓跋",
        "夹谷",
        "宰父",
        "谷梁",
        "段干",
        "梁丘",
        "左丘",
        "第五",
    ]
)


def normalise_name(raw: str) -> str:
    """A name as stored: NFC, outer space off, inner runs of space single, the interpunct of minority names as ·.

    Raises CodeError for empty names, control characters and names over 200 characters.
    """
    name = unicodedata.normalize("NFC", raw)
    if found := illegible(name):
        raise CodeError(f"名称第 {found[0]} 个字符无法识别（{found[1]}），请核对。")
    name = re.sub(r"\s+", " ", name).strip()
    name = re.sub(
        r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff])[•・‧∙⋅．](?=[\u3400-\u9fff\U00020000-\U0003ffff])",
        "·",
        name,
    )
    if not name:
        raise CodeError("名称不能为空。")
    if len(name) > 200:
        raise CodeError(f"名称最多 200 个字，现为 {len(name)} 个字。")
    return name
