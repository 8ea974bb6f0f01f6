"""Makes one face for paper out of an installed font: few tables, glyphs in the order that keeps PDFs small.

A PDF keeps empty places for all glyphs up to the last one used, so the common characters come first, and the
tables that no printing needs (hints, vertical writing, layout features) are left out.
"""

import functools
import struct
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.sfnt import SFNTWriter

# Needed on paper and not in GB2312: 〇 is in 二〇二六年.
BEYOND_GB2312 = "〇＊·•…—–“”‘’￥①②③④⑤⑥⑦⑧⑨⑩×÷±℃№"
# The characters met most often in texts of this trade and in names, commonest first. Only their place in the
# face depends on this list: a paper whose characters all stand near the beginning is some 20 kB smaller.
COMMON = (
    "信用的行诺承一管有不理公政人请市码主定务录会和体部办记制复门法本监区修日期责示查开号据名事单业规可文"
    "依在作为位已统或实息施关失项社系重中对服机新审以场件证各出能时个全建按要分内二数没应合核发入型未方等"
    "代提登经及密动改是设认自共加容员展履任受报限签字成其安联效这网验书进别通于三告现国第相违并措四申类约"
    "编接惩局程工生处后负标上完地委同与账批确次明使职栾家大过戒保向当点正至范权停府案式立到推交身份级格况"
    "户营试情领度更知序罚资条强站他河运版准整化前称革由县存组评将环间域结起写平先面议台置则止城输构诚决者"
    "页民缺测该采商月律手集拒北器下绝适口退石庄享收省般导询年性备意需目再节织值取象力署头草须照送投异装励"
    "形道产督图演步里稿来协企归状除窗选托无校只质十快注少达见源计供围基求利得牵高态电善教首镇列执符从础维"
    "了扫描链室参识尚册划印许互优检之好被原价育诉早库传境打包购所健持司清然真险七例解费变启回址守如奖果严"
    "放指多读品料授填满空某量充活落护续创材小色良影响题始支布宣策离操鼓终仅居直渠予众每益换看太软片税根预"
    "子因错较问岗继择际便撤招考视特风逐否警南截角还绑另像挥常给深做院纳担随外补两皇乡频反含助义跨综阅志找"
    "几钟钥属末造厅我具财培训广专邮雄防愿章比危郑路金误段待赞心激易典简判坚州把升低非但消谁必积追您返废样"
    "货败命种障引涉话治途普着替极研究最此超纸今济促销裁五细盖表医车短恢何仍暂醒天顺控损水贯举栏述齐线泛师"
    "融征谈讼览说抽群禁私排附精流率且径虚害撑尽物就久己长显它载什么秒宋历史删姓孙端夹队带食药估隐嵌彻降论"
    "留都配媒疗浏掌握总获馈秘廊坊们索遵八冀假断惠致即技术露辅永连伪才繁忘边怎晚辆款脚令丘尾储增素模神衔括"
    "六闻骤析纠覆捷也溯减股张泄切让束微老念探习思虽背调双街九景拓档乘坐急科卫灾陈跳航笔抄那剩妥味救仿轻兼"
    "白键往弃默摘速阳马官东西谷梁赖压缩辨些扬秩绿黑养幼屡犯氛板箱你近想底践稳功骗介游纪察咨付偿智算篡跟踪"
    "土聘学声访王李刘杨黄赵吴周徐朱胡郭林罗谢唐韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶苏魏吕丁沈姚卢姜崔谭陆汪廖"
    "贾夏韦邹孟熊秦邱江尹薛闫雷侯龙陶黎贺顾毛郝龚邵万钱覃武戴莫孔汤伟芳娜敏静丽磊军洋勇艳杰娟涛秀霞刚桂英"
    "华玉萍红梅玲辉斌飞鹏浩宇婷雪琳慧燕鑫海波春鹿藁晋豫"
)

DROPPED_TABLES = ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx", "STAT", "kern", "gasp"]


@functools.cache
def _small_characters() -> tuple[str, ...]:
    ordered = [chr(code) for code in range(0x20, 0x7F)]
    ordered += "　，。、；：？！（）《》〈〉【】〔〕「」『』" + BEYOND_GB2312 + "＿" + COMMON
    # Rows 16 to 55 of GB2312 are its common characters, 56 to 87 the rarer ones; 1 to 9 are signs and letters.
    for row in (*range(16, 56), 1, 3, 2, *range(56, 88), *range(4, 10)):
        for cell in range(1, 95):
            try:
                ordered.append(bytes((row + 0xA0, cell + 0xA0)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return tuple(dict.fromkeys(ordered))


@functools.cache
def small_repertoire() -> frozenset[str]:
    """The characters of the small face: GB2312, ASCII, 〇 and a few signs."""
    return frozenset(_small_characters())


def _name(font: TTFont, family: str, weight: int) -> None:
    style = "Bold" if weight >= 700 else "Regular"
    names = newTable("name")
    names.names = []
    values = {1: family, 2: style, 3: f"{family} {style} 1", 4: f"{family} {style}", 5: "Version 1.000"}
    values[6] = f"{family.replace(' ', '')}-{style}"
    copyright_line = font["name"].getDebugName(0)
    if copyright_line:
        values[0] = copyright_line
    for number, value in sorted(values.items()):
        names.setName(value, number, 3, 1, 0x409)
    font["name"] = names
    font["OS/2"].usWeightClass = weight
    # A fixed date: the same source must give the same bytes.
    font["head"].modified = font["head"].created


def _flatten_bearings(font: TTFont) -> None:
    """CFF outlines carry their own left edge; without the copies in hmtx a PDF is some ten kB smaller."""
    if "CFF " in font:
        metrics = font["hmtx"].metrics
        for glyph, (advance, _bearing) in metrics.items():
            metrics[glyph] = (advance, 0)


def _reorder(font: TTFont, characters: Iterable[str]) -> None:
    """Put glyphs into the order of the characters, and number the CIDs of a CID-keyed face alike."""
    if "CFF " not in font:
        return
    cmap = font.getBestCmap()
    wanted = [cmap[ord(char)] for char in characters if ord(char) in cmap]
    order = list(dict.fromkeys([".notdef", *wanted, *font.getGlyphOrder()]))
    top = font["CFF "].cff.topDictIndex[0]
    outlines = top.CharStrings
    keyed = hasattr(top, "ROS")
    programs = [outlines[glyph] for glyph in order]
    selected = [top.FDSelect[font.getGlyphID(glyph)] for glyph in order] if keyed else []
    names = [".notdef", *(f"cid{number:05d}" for number in range(1, len(order)))] if keyed else order
    renamed = dict(zip(order, names, strict=True))
    font["hmtx"].metrics = {renamed[glyph]: value for glyph, value in font["hmtx"].metrics.items()}
    for table in font["cmap"].tables:
        table.cmap = {code: renamed[glyph] for code, glyph in table.cmap.items() if glyph in renamed}
    outlines.charStringsIndex.items = programs
    outlines.charStrings = {glyph: number for number, glyph in enumerate(names)}
    top.charset = names
    if keyed:
        top.FDSelect.gidArray = selected
    font.setGlyphOrder(names)
    if hasattr(font, "_reverseGlyphOrderDict"):
        del font._reverseGlyphOrderDict


def make_small_face(
    path: str, index: int, target: Path, family: str, weight: int, characters: Iterable[str] | None = None
) -> None:
    """Write a subset of a face to `target` under another family name; characters: the small repertoire."""
    characters = _small_characters() if characters is None else list(characters)
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += DROPPED_TABLES
    with TTFont(path, fontNumber=index, lazy=True, recalcTimestamp=False) as font:
        worker = subset.Subsetter(options)
        worker.populate(unicodes=[ord(char) for char in characters])
        worker.subset(font)
        _reorder(font, characters)
        _flatten_bearings(font)
        _name(font, family, weight)
        font.save(target)


def make_full_face(path: str, index: int, target: Path, family: str, weight: int) -> None:
    """Write one whole face of a collection to `target` under another family name.

    Tables are copied as they are: to unpack and pack 65,535 outlines again would take a minute.
    """
    with TTFont(path, fontNumber=index, lazy=True, recalcTimestamp=False) as font:
        reader = font.reader
        tables = {tag: reader[tag] for tag in reader.tables if tag not in DROPPED_TABLES}
        _name(font, family, weight)
        tables["name"] = font["name"].compile(font)
        tables["OS/2"] = tables["OS/2"][:4] + struct.pack(">H", weight) + tables["OS/2"][6:]
        if "CFF " in tables:
            tables["hmtx"] = _without_bearings(tables["hhea"], tables["hmtx"])
        with target.open("wb") as file:
            writer = SFNTWriter(file, len(tables), font.sfntVersion)
            for tag in sorted(tables):
                writer[tag] = tables[tag]
            writer.close()


def _without_bearings(hhea: bytes, hmtx: bytes) -> bytes:
    """hmtx with all left bearings at 0: pairs of advance and bearing first, then bearings alone."""
    (pairs,) = struct.unpack(">H", hhea[34:36])
    flat = bytearray(len(hmtx))
    flat[0 : 4 * pairs : 4] = hmtx[0 : 4 * pairs : 4]
    flat[1 : 4 * pairs : 4] = hmtx[1 : 4 * pairs : 4]
    return bytes(flat)
