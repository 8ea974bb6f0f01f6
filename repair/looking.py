"""Looking at a surface as anybody outside does: over HTTP, without a login, whatever stands in front of the portal
included (R99). Reading and judging apart: what came back is put into words by pure functions.
"""

from __future__ import annotations

import hashlib
import html
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from django.conf import settings

from .surfaces import EXPECTED, SHORTEST, Expect, Marks, Surface

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
# All of one surface together, however slowly it comes: a claim of the outbox lasts ten minutes.
LONGEST = 150.0
PAGES_MOST = 50
PIECE_MOST = 20 * 1024 * 1024
# A whole hall may share the limit of requests; waiting once for the next minute is no failure of the surface.
WAIT_MOST = 60.0
NEXT_PAGE = re.compile(r'href="([^"]*cursor=[^"]+)"[^>]*rel="next')
STREAMED = frozenset({"csv", "lines"})
CSV_HEAD = "承诺编码"


@dataclass(frozen=True)
class Answer:
    """What came back. `found`: what of the record was in it, in words; `trouble`: why it could not be read, whole."""

    status: int | None
    found: frozenset[str] = frozenset()
    trouble: str = ""
    sha256: str = ""
    pages: int = 1
    age: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    genuine: bool = False


@dataclass(frozen=True)
class Seen:
    surface: Surface
    answer: Answer
    after: float  # seconds since the round began

    @property
    def ok(self) -> bool:
        return judge(self.surface, self.answer)[0]

    @property
    def words(self) -> str:
        return judge(self.surface, self.answer)[1]


def opened() -> httpx.Client:
    """A visitor from outside. Where the portal looks at itself by an address inside, it calls itself by its own name."""
    address, public = urlsplit(settings.PROOF_URL), urlsplit(settings.SITE["address"])
    headers = {"User-Agent": "credit-portal-proof"}
    if address.netloc != public.netloc:
        headers |= {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
    return httpx.Client(base_url=settings.PROOF_URL, timeout=TIMEOUT, headers=headers, trust_env=False)


def look(client: httpx.Client, surfaces: Iterable[Surface], marks: Marks) -> list[Seen]:
    """Look at each, one after the other: the round is over when the last has been read or has failed."""
    began = time.monotonic()
    return [Seen(surface, read(client, surface, marks), time.monotonic() - began) for surface in surfaces]


def read(client: httpx.Client, surface: Surface, marks: Marks) -> Answer:
    """One surface, all of its pages. Never raises: what cannot be read is said in `trouble`."""
    # A page that is not there repeats the address that was asked for: its id there says nothing.
    known = Marks(
        "" if surface.expect is Expect.GONE else marks.public_id,
        marks.document_no,
        marks.told if surface.whole else (),
    )
    until, waited = time.monotonic() + LONGEST, False
    digest, found, pages, path = hashlib.sha256(), set[str](), 0, surface.path
    while True:
        try:
            with client.stream("GET", path, headers=surface.headers) as response:
                wait = _seconds(response.headers.get("Retry-After", ""))
                if response.status_code == 429 and not waited and wait is not None:
                    waited = True
                    time.sleep(wait)
                    continue
                piece = _piece(response, surface, known, digest, until)
        except httpx.TimeoutException:
            return Answer(None, frozenset(found), "没有在规定的时间内回答", pages=pages)
        except httpx.HTTPError as error:
            return Answer(None, frozenset(found), f"连接失败（{type(error).__name__}）", pages=pages)
        except _Unread as error:
            return Answer(error.status, frozenset(found), str(error), digest.hexdigest(), pages)
        pages += 1
        found |= piece.found
        if not (surface.follow and piece.next and response.status_code == 200):
            return Answer(
                response.status_code, frozenset(found), "", digest.hexdigest(), pages,
                response.headers.get("Age", ""), piece.rows, piece.genuine,
            )  # fmt: skip
        if pages >= PAGES_MOST:
            return Answer(
                response.status_code, frozenset(found), f"超过 {PAGES_MOST} 页，没有看完",
                digest.hexdigest(), pages,
            )  # fmt: skip
        path = piece.next


class _Unread(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class _Piece:
    found: set[str]
    next: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    genuine: bool = False


def _piece(response: httpx.Response, surface: Surface, marks: Marks, digest: Any, until: float) -> _Piece:
    if surface.shape in STREAMED and response.status_code == 200:
        return _stream(response, surface, marks, digest, until)
    content = b""
    for part in response.iter_bytes():
        content += part
        if len(content) > PIECE_MOST or time.monotonic() > until:
            raise _Unread(response.status_code, "内容太大或者太慢，没有读完")
    digest.update(content)
    text = content.decode("utf-8", "replace")
    found = scan(text, marks)
    if response.status_code != 200:
        return _Piece(found)
    if surface.shape == "json":
        try:
            told = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise _Unread(200, "返回的不是接口的回答") from error
        told = told if isinstance(told, dict) else {}
        rows = told.get("results") if surface.expect in (Expect.WITHDRAWN, Expect.NAMELESS) else []
        return _Piece(found, _below(str(told.get("next") or "")) if surface.follow else "", rows or [])
    if "</html>" not in text.lower():
        raise _Unread(200, "返回的不是完整的页面")
    after = NEXT_PAGE.search(text)
    genuine = bool(marks.document_no) and marks.document_no in html.unescape(text)
    return _Piece(found, _below(html.unescape(after[1])) if after else "", genuine=genuine)


def _stream(response: httpx.Response, surface: Surface, marks: Marks, digest: Any, until: float) -> _Piece:
    """A whole file, line by line: it may be larger than memory."""
    found, first = set[str](), True
    for line in response.iter_lines():
        digest.update(line.encode() + b"\n")
        if first and surface.shape == "csv" and CSV_HEAD not in line:
            raise _Unread(200, "返回的不是下载文件")
        if first and surface.shape == "lines" and line and not line.startswith("{"):
            raise _Unread(200, "返回的不是下载文件")
        first = False
        found |= scan(line, marks)
        if time.monotonic() > until:
            raise _Unread(200, "文件太大，没有读完")
    return _Piece(found)


def _below(address: str) -> str:
    """A next page is asked for at the same place, by whatever name it calls itself."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else ""


def _seconds(text: str) -> float | None:
    return min(float(text) + 1, WAIT_MOST) if text.isascii() and text.isdigit() and len(text) < 4 else None


# ---- pure --------------------------------------------------------------------------------------------------


def scan(text: str, marks: Marks) -> set[str]:
    """What of a record stands in a text, in words."""
    plain = html.unescape(text).replace('\\"', '"')
    found = set()
    if marks.public_id:
        small = plain.lower()
        if marks.public_id.lower() in small or marks.public_id.replace("-", "").lower() in small:
            found.add("公示编号")
    if len(marks.document_no) >= SHORTEST and _whole(marks.document_no).search(plain):
        found.add("文号")
    if any(one in plain for one in marks.told):
        found.add("违诺的内容")
    return found


def _whole(number: str) -> re.Pattern[str]:
    """The number as such, and not as the beginning of a longer one."""
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])")


def judge(surface: Surface, answer: Answer) -> tuple[bool, str]:
    """Whether a surface is as it has to be, and what was seen there, in words."""
    ok, said = _judged(surface, answer)
    if answer.age and answer.age != "0":
        said += f"（前置缓存的副本，已 {answer.age[:10]} 秒）"
    if answer.pages > 1:
        said += f"（共 {answer.pages} 页）"
    return ok, said if ok else f"{said}；{EXPECTED[surface.expect]}"


def _judged(surface: Surface, answer: Answer) -> tuple[bool, str]:
    status = answer.status
    if answer.trouble:
        return False, f"不能读取：{answer.trouble}"
    there = "、".join(sorted(answer.found))
    gone = status in (404, 410)
    if surface.expect is Expect.GENUINE:
        # The number stands there by right; the public id, by which it would lead on, does not.
        if status != 200 or not answer.genuine:
            return False, f"返回 {status}，核验没有通过"
        return (False, "仍指向公示") if "公示编号" in answer.found else (True, "核验为真，不再指向公示")
    if surface.expect in (Expect.WITHDRAWN, Expect.NAMELESS):
        return _line_of_feed(surface, answer)
    if status == 304:
        return False, "返回 304，旧的副本仍被当作有效"
    if there:
        return False, f"返回 {status}，仍有{there}"
    if gone and surface.expect in (Expect.GONE, Expect.WITHOUT_OR_GONE):
        return True, f"返回 {status}，没有内容"
    if status == 200 and surface.expect in (Expect.WITHOUT, Expect.WITHOUT_OR_GONE):
        return True, "能打开，其中没有这条信息"
    return False, f"返回 {status}" if surface.expect is not Expect.GONE else f"返回 {status}，仍能打开"


def _line_of_feed(surface: Surface, answer: Answer) -> tuple[bool, str]:
    if answer.status != 200:
        return False, f"返回 {answer.status}"
    row = next((row for row in answer.rows if row.get("id") == surface.opaque), None)
    if row is None:
        return False, "没有这一行"
    if row.get("reference") is not None or answer.found:
        return False, "这一行仍给出公示编号"
    if surface.expect is Expect.WITHDRAWN and row.get("kind") != "withdrawn":
        return False, "这一行不是停止公示"
    said = "停止公示，只有不透明编号" if surface.expect is Expect.WITHDRAWN else "不再给出公示编号"
    return True, f"第 {row.get('position')} 行，{said}"
