"""Files that mean harm, or are not what they say: made here, by kind and size. test_bulk_hostile.py reads them, and
test_hostile_uploads.py sends them to every address that takes a table."""

import io
import itertools
import json
import re
import struct
import zipfile
from collections.abc import Iterator

import openpyxl

Hostile = tuple[str, str, bytes]  # what it is, the file's name, its content

KNOWN = {"承诺编码", "承诺人名称", "承诺人代码"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = "承诺编码", "承诺人名称"
SECONDS, MEMORY = 5.0, 512 * 1024 * 1024

BOOK = (
    '<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    "</Types>"
)


def cell(where: str, text: str) -> str:
    return f'<c r="{where}" t="inlineStr"><is><t>{text}</t></is></c>'


def row_of(number: int, *texts: str) -> str:
    cells = "".join(cell(f"{letter}{number}", text) for letter, text in zip("ABCD", texts, strict=False))
    return f'<row r="{number}">{cells}</row>'


VALUES = "13011120260105000001", "甲", "乙"
HEAD, GOOD = row_of(1, *NAMES), row_of(2, *VALUES[:2])


def sheet(body: str, before: str = "", after: str = "") -> str:
    return (
        '<?xml version="1.0"?>'
        + before
        + '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{body}</sheetData>{after}</worksheet>"
    )


def parts(**changed) -> dict[str, bytes]:
    found = {
        "[Content_Types].xml": TYPES, "xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet(HEAD + GOOD),
    }  # fmt: skip
    return {
        name: part.encode() if isinstance(part, str) else part
        for name, part in (found | changed).items()
        if part is not None
    }


def packed(files, *, how=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name) if how == zipfile.ZIP_STORED else name, content)
    return out.getvalue()


def xlsx(**changed) -> bytes:
    return packed(parts(**changed))


def with_part(name: str, rows: str) -> bytes:
    return packed(parts(**{PARTS[3]: sheet(rows)}) | {name: b"x"})


def real(names=NAMES) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(names))
    book.active.append(list(VALUES[: len(names)]))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def laughs(depth: int = 9) -> str:
    told = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, depth))
    return f"<!DOCTYPE x [{told}]>"


# ---- three hundred and more ------------------------------------------------------------------------------------

DOCTYPES = {
    "laughs": laughs(),
    "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>',
    "xxe-file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "xxe-http": '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:9/">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;]>',
    "external-dtd": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "public-dtd": '<!DOCTYPE x PUBLIC "-//x" "http://127.0.0.1:9/x.dtd">',
    "plain": "<!DOCTYPE x>",
}
PARTS = ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml")  # fmt: skip
SHARED = '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>甲</t></si></sst>'


def hostile(names: tuple[str, ...] = NAMES) -> Iterator[Hostile]:
    """Every file, its head of these names: what reads it may know them."""
    first, good = row_of(1, *names), row_of(2, *VALUES[: len(names)])
    plain = {
        "[Content_Types].xml": TYPES, "xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet(first + good), "xl/sharedStrings.xml": SHARED,
    }  # fmt: skip

    def xlsx(**changed) -> bytes:
        return packed(parts(**({PARTS[3]: plain[PARTS[3]]} | changed)))

    # Document types and entities in every part that is read.
    for (kind, told), part in itertools.product(DOCTYPES.items(), PARTS):
        yield (
            f"{kind} in {part}",
            "a.xlsx",
            xlsx(**{"xl/sharedStrings.xml": SHARED, part: plain[part].replace("?>", "?>" + told, 1)}),
        )
    # Broken markup in every part.
    for (kind, change), part in itertools.product(
        {
            "cut": lambda text: text[: len(text) // 2], "unclosed": lambda text: text.rsplit("</", 1)[0],
            "binary": lambda text: "\x00\x01\x02" + text, "empty": lambda text: "",
            "html": lambda text: "<html><body>hello",
        }.items(),
        PARTS,
    ):  # fmt: skip
        yield f"{kind} {part}", "a.xlsx", xlsx(**{"xl/sharedStrings.xml": SHARED, part: change(plain[part])})
    for part in PARTS[:4]:
        yield f"without {part}", "a.xlsx", xlsx(**{part: None})
    # Deep, long and endless.
    for part, tag in itertools.product(PARTS[1:], ("a", "row", "sheet", "si")):
        yield (
            f"deep {tag} in {part}",
            "a.xlsx",
            xlsx(
                **{
                    "xl/sharedStrings.xml": SHARED,
                    part: plain[part].replace("?>", "?>" + f"<{tag}>" * 60_000, 1),
                }
            ),
        )
    for row, column in (
        ("1048577", "A"),
        ("0", "A"),
        ("99999999", "A"),
        ("-5", "A"),
        ("2", "XFE"),
        ("2", "ZZZ"),
        ("2", "A1B"),
        ("2", ""),
    ):
        yield (
            f"cell {column}{row}",
            "a.xlsx",
            xlsx(**{PARTS[3]: sheet(first + f'<row r="{row}">{cell(f"{column}{row}", "x")}</row>')}),
        )
    for column in ("HA", "AAA", "XFD"):
        yield (
            f"far column {column}",
            "a.xlsx",
            xlsx(**{PARTS[3]: sheet(first + f'<row r="2">{cell(f"{column}2", "x")}</row>')}),
        )
    yield "rows out of order", "a.xlsx", xlsx(**{PARTS[3]: sheet(first + good + good)})
    yield (
        "long text",
        "a.xlsx",
        xlsx(**{PARTS[3]: sheet(first + f'<row r="2">{cell("A2", "长" * 40_000)}</row>')}),
    )
    for index in ("7", "-1", "x", "99999999999999999999", "1.5", ""):
        yield (
            f"shared text {index}",
            "a.xlsx",
            xlsx(
                **{
                    "xl/sharedStrings.xml": SHARED,
                    PARTS[3]: sheet(first + f'<row r="2"><c r="A2" t="s"><v>{index or "?"}</v></c></row>'),
                }
            ),
        )
    # Programs, links and other files inside.
    for name in (
        "xl/vbaProject.bin", "xl/vbaProjectSignature.bin", "xl/activeX/activeX1.bin", "xl/activeX/activeX1.xml",
        "xl/embeddings/oleObject1.bin", "xl/embeddings/Microsoft_Word_Document.docx", "xl/externalLinks/externalLink1.xml",
        "xl/connections.xml", "xl/queryTables/queryTable1.xml", "xl/macrosheets/sheet1.xml", "xl/dialogsheets/sheet1.xml",
        "xl/ctrlProps/ctrlProp1.xml", "xl/webextensions/taskpanes.xml", "run.exe", "a.dll", "xl/media/a.svg", "a.html", "a.js",
        "a.vbs", "a.bat", "a.ps1", "a.jar", "a.lnk", "a.zip", "nested.xlsx", "a.7z", "a.rar", "a.pdf", "word/document.xml",
        "ppt/presentation.xml", "xl/workbook.bin", "content.xml",
    ):  # fmt: skip
        yield f"with {name}", "a.xlsx", with_part(name, first + good)
    for kind in ("macroEnabled.main+xml", "vbaProject"):
        yield (
            f"content type {kind}",
            "a.xlsx",
            xlsx(
                **{
                    PARTS[0]: TYPES.replace(
                        "</Types>",
                        f'<Default Extension="x" ContentType="application/vnd.ms-excel.sheet.{kind}"/></Types>',
                    )
                }
            ),
        )
    yield "no workbook type", "a.xlsx", xlsx(**{PARTS[0]: "<Types/>"})
    for target in ("file:///etc/passwd", "http://127.0.0.1/", "\\\\host\\share\\a.xlsx", "https://x/"):
        yield (
            f"external {target}",
            "a.xlsx",
            xlsx(
                **{
                    PARTS[2]: RELATIONS.replace(
                        "</Rel",
                        f'<Relationship Id="rId9" TargetMode="External" Type="http://x/externalLinkPath" Target="{target}"/></Rel',
                    )
                }
            ),
        )
    yield (
        "external reference",
        "a.xlsx",
        xlsx(
            **{
                PARTS[1]: BOOK.replace(
                    "</workbook>", "<externalReferences><externalReference/></externalReferences></workbook>"
                )
            }
        ),
    )
    for target in ("../../../../etc/passwd", "/etc/passwd", "worksheets/nowhere.xml", "..\\..\\x"):
        yield (
            f"sheet at {target}",
            "a.xlsx",
            xlsx(**{PARTS[2]: RELATIONS.replace("worksheets/sheet1.xml", target)}),
        )
    yield (
        "many sheets",
        "a.xlsx",
        xlsx(**{PARTS[1]: BOOK.replace("<sheets>", "<sheets>" + '<sheet name="x" r:id="rId1"/>' * 200)}),
    )
    # Names in the archive.
    for name in (
        "../x.xml", "..\\x.xml", "/etc/cron.d/x", "C:\\x.xml", "xl/../../x", "xl/a\u202egnp.xml", "xl/a\u200b.xml",
        "xl/\x01.xml", "xl/\u2066a.xml", "\\\\host\\x", "a/..", "xl/a\ufeff.xml", "xl/a\x7f.xml",
    ):  # fmt: skip
        yield f"name {name!r}", "a.xlsx", with_part(name, first + good)
    for name in ("XL/WORKBOOK.XML", "xl/Workbook.xml"):
        yield f"twice {name}", "a.xlsx", with_part(name, first + good)
    # Archives that are none, cut, doubled, encrypted, oddly packed.
    whole = real(names)
    for at in range(1, 20):
        yield f"cut at {at}/20", "a.xlsx", whole[: len(whole) * at // 20]
    for tail in (b"x", b"<html>", whole[:50], b"%PDF-1.4", b"\x00" * 30, b"MZ"):
        yield f"behind it {tail[:6]!r}", "a.xlsx", whole + tail
    for front in (
        b"MZ",
        b"GIF89a",
        b"%PDF-1.7\n",
        b"<html>",
        b"\x89PNG\r\n\x1a\n",
        b"#!/bin/sh\n",
        b"\xff\xd8\xff\xe0",
        b"Rar!\x1a\x07",
        b"\x7fELF",
        b" ",
    ):
        yield f"before it {front[:6]!r}", "a.xlsx", front + whole
    for how in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"packed {how}", "a.xlsx", packed(parts(), how=how)
    yield "encrypted", "a.xlsx", flagged(whole, 0x1)
    yield "changed bytes", "a.xlsx", _changed(whole)
    yield "lying size", "a.xlsx", _lying(xlsx())
    yield (
        "many entries",
        "a.xlsx",
        packed(parts() | {f"x/{n}.xml": b"" for n in range(6_000)}, how=zipfile.ZIP_STORED),
    )
    yield "link", "a.xlsx", _link()
    # Under another name than they are.
    others = {
        "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "pdf": b"%PDF-1.4\n%%EOF", "png": b"\x89PNG\r\n\x1a\n" + b"x" * 50,
        "jpeg": b"\xff\xd8\xff\xe0" + b"x" * 50, "gif": b"GIF89a" + b"x" * 50, "exe": b"MZ" + b"\x00" * 90, "elf": b"\x7fELF" + b"\x00" * 90,
        "gzip": b"\x1f\x8b\x08" + b"x" * 50, "7z": b"7z\xbc\xaf\x27\x1c" + b"x" * 50, "rar": b"Rar!\x1a\x07\x00" + b"x" * 50,
        "html": b"<!DOCTYPE html><html><script>alert(1)</script>", "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        "xml": b"<?xml version='1.0'?><Workbook/>", "empty": b"", "zip": whole, "nul": b"a,b\x00\x00c", "utf16": "承诺编码,承诺人名称\r\n1,2".encode("utf-16"),
        "latin": "承诺编码,承诺人名称\r\n".encode() + b"\xff\xfe\x80\x81\r\n", "script": b"<script>x</script>", "comment": b"<!-- x --><p>",
    }  # fmt: skip
    for (kind, content), ending in itertools.product(
        others.items(), ("xlsx", "csv", "xls", "xlsm", "exe", "")
    ):
        if (kind, ending) == ("zip", "xlsx"):
            continue
        yield f"{kind} as {ending or 'nothing'}", f"a.{ending}" if ending else "a", content
    for name in ("a.xlsx\u202egnp", "a\u202excod.xlsx", "a\u200b.xlsx", "a\n.xlsx", "a.xlsx.exe", "xlsx"):
        yield f"file name {name!r}", name, whole
    # csv that has no end or no shape.
    head = ",".join(names)
    for kind, text in {
        "no head": "甲,乙\r\n1,2\r\n", "only head": head + "\r\n", "open quote": head + '\r\n"' + "x" * 200_000,
        "wide": head + "\r\n" + "x," * 300, "long": head + "\r\n" + "长" * 40_000, "head late": "\r\n".join(["x,y"] * 30) + "\r\n" + head,
        "head twice": f"{head},{names[0]}\r\n1,2,3", "too many": head + "\r\n" + "1,2\r\n" * 1_200,
    }.items():  # fmt: skip
        yield f"csv {kind}", "a.csv", text.encode()


def flagged(content: bytes, flag: int) -> bytes:
    """Every entry marked as encrypted."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + offset] |= flag
            at = changed.find(mark, at + 4)
    return bytes(changed)


def _changed(content: bytes) -> bytes:
    changed = bytearray(content)
    for at in range(60, len(changed) - 400, 41):
        changed[at] ^= 0xFF
    return bytes(changed)


def _lying(content: bytes) -> bytes:
    """The directory says that each part is larger than it is."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", changed, at + 24, 4_000_000_000)
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts().items():
            archive.writestr(name, content)
        info = zipfile.ZipInfo("xl/link.xml")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


# Where cells are read as text, and json is taken.
STYLED = RELATIONS.replace(
    "</Rel", '<Relationship Id="rId8" Type="http://x/styles" Target="styles.xml"/></Rel'
)
STYLES = '<?xml version="1.0"?><styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'


def hostile_lists(names: tuple[str, ...] = NAMES) -> Iterator[Hostile]:
    first, good = row_of(1, *names), row_of(2, *VALUES[: len(names)])
    for kind, body in {
        "half a character": row_of(2, "_xD800_"), "error value": '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>',
        "formula without a result": '<row r="2"><c r="A2"><f>1+1</f></c></row>',
        "formula gone wrong": '<row r="2"><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>',
    }.items():  # fmt: skip
        yield kind, "a.xlsx", xlsx(**{PARTS[3]: sheet(first + body)})
    merged = '<mergeCells><mergeCell ref="A2:B3"/></mergeCells>'
    yield "merged cells", "a.xlsx", xlsx(**{PARTS[3]: sheet(first + good, after=merged)})
    twice = BOOK.replace("</sheets>", '<sheet name="二" sheetId="2" r:id="rId1"/></sheets>')
    yield "two such sheets", "a.xlsx", xlsx(**{PARTS[1]: twice, PARTS[3]: sheet(first + good)})
    hidden = BOOK.replace('name="一"', 'name="一" state="veryHidden"')
    yield "hidden sheet", "a.xlsx", xlsx(**{PARTS[1]: hidden, PARTS[3]: sheet(first + good)})
    for kind, styles in {
        "cut": STYLES[:60], "declared": STYLES.replace("?>", "?><!DOCTYPE x>"),
        "deep": STYLES.replace("<cellXfs>", "<cellXfs>" + "<a>" * 60_000),
        "too many": STYLES.replace("<xf", '<xf numFmtId="1"/>' * 70_000 + "<xf"),
    }.items():  # fmt: skip
        yield (
            f"styles {kind}",
            "a.xlsx",
            xlsx(**{PARTS[2]: STYLED, PARTS[3]: sheet(first + good), "xl/styles.xml": styles}),
        )
    key, long, ones = json.dumps(names[0]), "长" * 40_000, "1" * 40_000
    for kind, text in {
        "open": "{", "cut": f'[{{{key}: "甲"', "no list": f'{{{key}: "甲"}}', "text": '"甲"', "number": "1", "list of lists": "[[1]]",
        "list in it": f"[{{{key}: [1]}}]", "object in it": f"[{{{key}: {{}}}}]", "deep": "[" * 200_000,
        "deep below": f"[{{{key}: " + "[" * 200_000, "half a character": f'[{{{key}: "\\ud800"}}]', "not a number": f"[{{{key}: NaN}}]",
        "no comma": f'[{{{key}: "甲"}}{{}}]', "comma at the end": f'[{{{key}: "甲"}},]', "behind it": "[]x", "twice": f'[{{{key}: "1", {key}: "2"}}]',
        "long": f'[{{{key}: "{long}"}}]', "long number": f"[{{{key}: {ones}}}]", "comment": "/* */ []",
        "wide": json.dumps([{f"列{n}": "1" for n in range(300)}]), "nothing": "[]", "markup": "<html>", "control": f'[{{{key}: "\n"}}]',
        "no key": '[{1: "甲"}]', "single quotes": "[{'a': 'b'}]",
    }.items():  # fmt: skip
        yield f"json {kind}", "a.json", text.encode()
    yield "json latin", "a.json", b'[{"\xff": "1"}]'
    yield "json utf16", "a.json", "[]".encode("utf-16")
    yield "json packed", "a.json", real(names)


HOSTILE = list(hostile())


# ---- bombs --------------------------------------------------------------------------------------------------

BOMBS = ("sheet of zeros", "many shared texts", "one endless text", "endless attribute", "a million rows", "styled rows", "endless comment",
    "a hundred sheets of nothing", "json of brackets", "json of pairs", "json of blanks")  # fmt: skip


def bomb(kind: str) -> bytes:
    """Small files that would unpack to much, or go on for long."""
    if kind == "sheet of zeros":
        return xlsx(**{PARTS[3]: b" " * 299_000_000})
    if kind == "many shared texts":
        return xlsx(**{"xl/sharedStrings.xml": "<sst>" + "".join(f"<si><t>{n}</t></si>" for n in range(1_600_000)) + "</sst>"})  # fmt: skip
    if kind == "one endless text":
        return xlsx(**{PARTS[3]: sheet(HEAD + f'<row r="2">{cell("A2", _noise(60_000_000))}</row>')})
    if kind == "endless attribute":
        return xlsx(**{PARTS[3]: sheet(HEAD + f'<row r="2" x="{_noise(60_000_000)}"></row>')})
    if kind == "endless comment":
        return xlsx(**{PARTS[3]: sheet(HEAD + f"<!--{_noise(60_000_000)}-->")})
    if kind == "json of brackets":
        return b"[" + b"{}," * 6_900_000 + b"{}]"
    if kind == "json of pairs":
        return b"[" + b",".join(b'{"a":1,"b":2,"c":3,"d":4}' for _ in range(780_000)) + b"]"
    if kind == "json of blanks":
        return b"[" + b" " * 20_000_000 + b"x"
    if kind == "a hundred sheets of nothing":
        rows = "".join(f'<row r="{n}" s="{n * 7919 % 1000003}"/>' for n in range(1, 1_048_577))
        book = BOOK.replace("<sheets>", "<sheets>" + '<sheet name="x" r:id="rId1"/>' * 99)
        return xlsx(**{PARTS[1]: book, PARTS[3]: sheet(rows)})
    if kind == "a million rows":
        rows = "".join(
            f'<row r="{n}"><c r="A{n}"><v>{n * 7919 % 1000003}</v></c></row>' for n in range(2, 300_000)
        )
        return xlsx(**{PARTS[3]: sheet(HEAD + rows)})
    rows = "".join(f'<row r="{n}" s="{n * 7919 % 1000003}"/>' for n in range(2, 1_048_577))
    return xlsx(**{PARTS[3]: sheet(HEAD + rows)})


def _noise(size: int) -> str:
    """Text that packs a hundred times: less than is refused at once."""
    piece = "".join(chr(97 + (n * 7919 + n // 13) % 26) for n in range(40_000))
    return (piece * (size // len(piece) + 1))[:size]
