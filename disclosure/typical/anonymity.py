"""What in a text tells whom a case is about: names and pieces of them, codes, numbers of persons, telephones and files. Pure.

A piece of four characters and more counts where it holds something of the name's own; 「石家庄市」 or 「有限公司」 alone tells
nobody. Spaces, width, case and the kind of brackets and hyphens hide nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from credit_portal.registry import codes

SPAN = 4
NAME, USCC, ID_NUMBER, MOBILE, PHONE, COMMITMENT, FILE, CODE, MAIL = (
    "主体名称", "统一社会信用代码", "身份证号码", "手机号码", "电话号码", "承诺编码", "案号或者文书号", "证件号码或者编码",
    "电子邮箱",
)  # fmt: skip
# How firms and the like are called after their own part, the longer first.
FORMS = (
    "股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "合伙企业", "专业合作社", "合作社", "个体工商户", "集团", "公司",
    "分公司", "经营部", "工作室", "事务所", "商行", "中心",
)  # fmt: skip
_LAST_OF_PLACE = "省市区县乡镇"
_BRACKETS = str.maketrans("〔［【[〕］】]", "(((())))")
_DROPPED = frozenset("-‐‑‒–—―－_·•・∙⋅")
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}(?![0-9])")
# Stands for a date: part of no code.
_A_DATE = "\x00"
_RUN = re.compile(r"[0-9A-Z]+")
_MOBILE = re.compile(r"(?<![0-9])(?:86)?1[3-9][0-9]{9}(?![0-9])")
_LONG = re.compile(r"[0-9]{11,}|(?<![0-9])0[0-9]{9,}|(?<![0-9])[48]00[0-9]{7}(?![0-9])")
_CALLED = re.compile(r"(?:电话|手机|热线|传真|微信|联系方式)[号码是为:]{0,3}[0-9]{7,}")
# 栾市监罚〔2026〕5号 and （2026）冀0111民初12号; documents that state policy (石政办〔2019〕12号) are not meant.
_FILES = (
    re.compile(r"[\u3400-\u9fff]{0,8}[罚许强决催改听撤认约函]字?第?\((?:19|20)[0-9]{2}\)第?[0-9]+号"),
    re.compile(r"\((?:19|20)[0-9]{2}\)[\u3400-\u9fff][0-9]{2,4}[\u3400-\u9fff]{1,6}[0-9]+号"),
)
_MAIL = re.compile(r"[0-9A-Z.+]+@[0-9A-Z.]+\.[A-Z]{2,}")


@dataclass(frozen=True)
class Trace:
    """Something that tells who it is: in which field, from which character (0 is the first), the text there, what it is."""

    field: str
    start: int
    text: str
    what: str


@dataclass(frozen=True)
class Squeezed:
    """A text without what could hide something in it; `at[i]` is where its character `i` stood."""

    text: str
    at: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """From where to where a piece of it stood."""
        return self.at[start], self.at[end - 1] + 1


def squeeze(text: str) -> Squeezed:
    """Width and case folded, digits of any script as 0–9, brackets alike, spaces, marks and hyphens out, dates closed."""
    dates = {at for found in _DATE.finditer(text) for at in range(*found.span())}
    kept: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        if at in dates:
            pieces = _A_DATE
        else:
            pieces = unicodedata.normalize("NFKC", char).upper().translate(_BRACKETS)
        for piece in pieces:
            if piece != _A_DATE and (
                piece in _DROPPED or piece.isspace() or unicodedata.category(piece)[0] in "CM"
            ):
                continue
            digit = unicodedata.decimal(piece, None)
            kept.append(str(digit) if digit is not None else piece)
            places.append(at)
    return Squeezed("".join(kept), places)


def telling_pieces(name: str, places: Iterable[str] = ()) -> frozenset[str]:
    """The pieces of a name that tell who it is. `places`: names of regions that may stand before the name's own part."""
    plain = squeeze(name).text
    if len(plain) < 2:
        return frozenset()
    if len(plain) < SPAN:
        return frozenset({plain})
    first, last = _own_part(plain, places)
    found = {plain[i : i + SPAN] for i in range(len(plain) - SPAN + 1) if i < last and i + SPAN > first}
    if 2 <= last - first < SPAN:
        # 恒瑞 of 栾城区恒瑞有限公司: no piece of four is needed to know it.
        found.add(plain[first:last])
    return frozenset(found)


def all_pieces(name: str) -> frozenset[str]:
    """Every piece of SPAN characters: beside one that tells, the rest of the name is shown with it."""
    plain = squeeze(name).text
    return frozenset(plain[i : i + SPAN] for i in range(len(plain) - SPAN + 1))


def _own_part(plain: str, places: Iterable[str]) -> tuple[int, int]:
    """From where to where a name is its bearer's own: after the regions, before the kind of firm. All of it where nothing
    else is there."""
    before = {squeeze(place).text for place in places}
    before |= {place[:-1] for place in before if len(place) > 2 and place[-1] in _LAST_OF_PLACE}
    before.discard("")
    first, last = 0, len(plain)
    while fitting := max((one for one in before if plain.startswith(one, first)), key=len, default=""):
        first += len(fitting)
    form = next((form for form in FORMS if plain.endswith(form)), "")
    last -= len(form)
    return (first, last) if first < last else (0, len(plain))


def find_traces(
    texts: Mapping[str, str],
    *,
    names: Iterable[str] = (),
    numbers: Iterable[str] = (),
    places: Iterable[str] = (),
) -> list[Trace]:
    """Everything in some texts (field → text) that tells whom they are about, in the order of the fields and characters.

    `names`: of the subjects and persons; `numbers`: of files that must not be there whatever they look like; `places`:
    regions, which alone tell nobody.
    """
    known_places = list(places)
    known_names = set(names)
    telling = frozenset().union(*(telling_pieces(name, known_places) for name in known_names))
    pieces = telling.union(*(all_pieces(name) for name in known_names))
    known = {squeeze(number).text for number in numbers} - {""}
    found: list[Trace] = []
    for field, text in texts.items():
        small = squeeze(text)
        spans = [
            *((*span, NAME) for span in _of_pieces(small.text, pieces, telling)),
            *((*span, FILE) for span in _of_known(small.text, known)),
            *_of_patterns(small.text),
        ]
        traces = []
        for start, end, what in spans:
            a, b = small.place(start, end)
            traces.append(Trace(field, a, text[a:b], what))
        found += _without_doubles(traces)
    return found


def _of_pieces(text: str, pieces: frozenset[str], telling: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where pieces stand; those that touch or overlap are one, and count where one of them tells."""
    sizes = sorted({len(piece) for piece in pieces})
    hits = sorted(
        (i, i + size) for size in sizes for i in range(len(text) - size + 1) if text[i : i + size] in pieces
    )
    start, end, tells = 0, -1, False
    for first, last in [*hits, (len(text) + 2, 0)]:
        if first > end:
            if tells:
                yield start, end
            start, end, tells = first, last, False
        end = max(end, last)
        tells = tells or text[first:last] in telling


def _of_known(text: str, known: Iterable[str]) -> Iterator[tuple[int, int]]:
    for number in known:
        at = text.find(number)
        while at >= 0:
            yield at, at + len(number)
            at = text.find(number, at + len(number))


def _of_patterns(text: str) -> Iterator[tuple[int, int, str]]:
    for run in _RUN.finditer(text):
        if what := _what_code(run[0]):
            yield *run.span(), what
    for pattern, what in ((_CALLED, PHONE), *((one, FILE) for one in _FILES), (_MAIL, MAIL)):
        for found in pattern.finditer(text):
            yield *found.span(), what


def _what_code(run: str) -> str:
    """What a run of digits and capitals is; empty where it tells nothing."""
    digits = sum(char.isdigit() for char in run)
    if len(run) >= 15 and digits >= 8:
        for at in range(len(run) - 17):
            piece = run[at : at + 18]
            for check, what in ((codes.check_uscc, USCC), (codes.check_id_number, ID_NUMBER)):
                try:
                    check(piece)
                except codes.CodeError:
                    continue
                return what
        if len(run) == 20 and digits == 20:
            return COMMITMENT
        return CODE
    if _MOBILE.search(run):
        return MOBILE
    if found := _LONG.search(run):
        return PHONE if found[0][0] in "048" else CODE
    return ""


def _without_doubles(traces: list[Trace]) -> list[Trace]:
    """In order; of two that overlap the first, and of two at one place the longer."""
    kept: list[Trace] = []
    for trace in sorted(traces, key=lambda one: (one.start, -len(one.text))):
        if kept and trace.start < kept[-1].start + len(kept[-1].text):
            continue
        kept.append(trace)
    return kept


def in_words(trace: Trace) -> str:
    """Where it is and what it is, for whoever wrote it."""
    return f"第 {trace.start + 1} 个字起“{trace.text}”是{trace.what}，请隐去。"
