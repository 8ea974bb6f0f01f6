"""Strings that programs have stumbled over: the Big List of Naughty Strings (tests/vendor/blns.json, MIT) and those of Chinese
offices beside it. 485 in all; each is kept as it is or refused by name."""

import json
import re
import unicodedata
from pathlib import Path

CHINESE = re.compile("[\u4e00-\u9fff]")
_DOTS = re.compile("[•・‧∙⋅．·]")
_VENDOR = Path(__file__).parent / "vendor" / "blns.json"
_OWN = [
    "㐀㐁𠮷𡈽𪚥𰻝",  # rare characters of names, beyond the first plane
    "王𬎆（𬎆音同玺）",
    "赵\u3000一",  # the wide space that forms are padded with
    "\u3000\u3000石家庄市\u3000",
    "９１１３０１１１ＭＡ０ＡＢＣＤＥ",  # full width
    "锟斤拷烫烫烫屯屯屯",  # what is left of GBK read as UTF-8
    "栾城区\ue5e5药房",  # a character of private use, from an old input method
    "é\u0301 and e\u0301",  # combined and composed
    "①②③ Ⅳ ㈠ ㎡ ℃",
    "〇〇〇九年",
    "“引号”‘单引号’「」『』《》〈〉【】",
    "有限公司\u202egnp.exe",  # turned round by RTLO
    "零宽\u200b字\u200c符\u200d连\ufeff接",
    "第一行\r\n第二行\n第三行\r第四行\u2028第五行\u2029第六行\x85第七行",
    "制表\t符\v竖\f页",
    "=cmd|'/c calc'!A1",
    "+86-0311-12345678",
    "@SUM(1+1)*cmd",
    "-2+3",
    "{缺少的材料}{{ title }}{% load x %}${name}%s%(a)s{0}",
    "&lt;b&gt;加粗&lt;/b&gt;&nbsp;&#8203;&amp;amp;",
    "\U000e0041\U000e0042标签字符",
    "👨‍👩‍👧‍👦🏳️‍🌈🇨🇳",
    "一" * 300,
]


def naughty_strings() -> list[str]:
    found = [*json.loads(_VENDOR.read_text()), *_OWN]
    assert len(found) == 485, len(found)
    return found


def kept_as(sent: str) -> set[str]:
    """How a text may be kept: as it was written or in its composed form (NFC), the ends trimmed, line ends of one kind; on
    a line of its own also with each run of space as one. A name has its dot as ·, a code its letters as capitals."""
    written = {sent, unicodedata.normalize("NFC", sent)}
    # A browser sends every line end as both characters.
    written |= {re.sub("\r\n?", "\n", one) for one in written} | {
        one.replace("\r\n", "\n") for one in written
    }
    written |= {re.sub("\r\n?|\n", "\r\n", one) for one in written}
    written |= {re.sub(r"\s+", " ", one) for one in written}
    written |= {one.strip() for one in written}
    return written | {_DOTS.sub("·", one) for one in written}


def is_kept(sent: str, stored: list[str]) -> bool:
    """Whether a text is among those stored, by itself or within another (a clause, a line of a list)."""
    ways = kept_as(sent)
    return any(one in ways or any(len(way) > 2 and way in one for way in ways) for one in stored)
