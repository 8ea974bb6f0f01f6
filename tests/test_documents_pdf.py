"""Printing: nothing from outside, the same bytes anywhere, every glyph embedded, quick and of flat memory."""

import hashlib
import http.server
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from credit_portal.documents import fonts
from credit_portal.documents.pdf import ForbiddenResource, RenderFailed, UnprintableText, render_pdf
from tests import paper_samples
from tests.paper_reading import drawn_characters, embedded_fonts, text_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = '<!doctype html><html lang="zh-CN"><head><title>t</title><style>%s body{font-family:"Paper Serif","Paper Serif Full"}</style></head><body>%s</body></html>'
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    fonts.prepare()


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that notes what it is asked for, and redirects `/away` to a file."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/away" else 200)
            if self.path == "/away":
                self.send_header("Location", "file:///etc/hostname")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()
    thread.join()
    running.server_close()


def printed(body: str, style: str = "") -> bytes:
    return render_pdf(PAGE % (style, body), identifier=b"test", title="试")


WAYS_IN = {
    "picture": ("", '<img alt="图" src="{url}">'),
    "background": ("body{{background:url({url})}}", "x"),
    "import": ("@import url({url});", "x"),
    "font": ("@font-face{{font-family:Z;src:url({url})}}", "x"),
    "stylesheet": ("", '<link rel="stylesheet" href="{url}">'),
    "attachment": ("", '<link rel="attachment" href="{url}">'),
    "link attachment": ("", '<a rel="attachment" href="{url}">x</a>'),
    "object": ("", '<object data="{url}"></object>'),
    "list mark": ("li{{list-style-image:url({url})}}", "<ul><li>x</li></ul>"),
    "inside svg": ("", '<svg width="9" height="9"><image href="{url}" width="9" height="9"/></svg>'),
    "inside a data svg": (
        "",
        '<img alt="x" src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 width=%229%22 height=%229%22'
        '%3E%3Cimage href=%22{url}%22 width=%229%22 height=%229%22/%3E%3C/svg%3E">',
    ),
}


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("target", ["file", "http", "redirect"])
def test_nothing_outside_the_page_is_read(way: str, target: str, server: tuple[str, list[str]]) -> None:
    address, asked = server
    url = {"file": "file:///etc/hostname", "http": f"{address}/x.png", "redirect": f"{address}/away"}[target]
    style, body = (part.format(url=url) for part in WAYS_IN[way])
    with pytest.raises(ForbiddenResource):
        printed(body, style)
    assert asked == []


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x", "FILE:///etc/hostname", "//127.0.0.1/x", "x.png", "/etc/hostname"]
)
def test_other_kinds_of_address_stop_the_printing_too(url: str) -> None:
    with pytest.raises((ForbiddenResource, RenderFailed)):
        printed(f'<img alt="图" src="{url}">')


def test_data_addresses_are_allowed_and_the_press_works_on_after_a_refusal() -> None:
    with pytest.raises(ForbiddenResource):
        printed('<img alt="图" src="file:///etc/hostname">')
    assert printed(f'<img alt="图" src="{PIXEL}">').startswith(b"%PDF-")


@pytest.mark.parametrize(
    "broken", ["data:image/png;base64,AAAA", "data:image/png;base64,%%%", "data:text/plain,hello"]
)
def test_a_broken_picture_is_an_error_and_not_a_gap(broken: str) -> None:
    with pytest.raises(RenderFailed):
        printed(f'<img alt="图" src="{broken}">')


def test_a_character_without_glyph_is_named_and_nothing_is_printed() -> None:
    with pytest.raises(UnprintableText, match=r"U\+E000") as caught:
        printed("<p>某\ue000公司</p>")
    assert caught.value.characters == ["\ue000"]


def test_rare_characters_print_from_the_full_face() -> None:
    content = printed("<p>𬭎䶮㛃·喆堃玥〇</p>")
    assert "𬭎䶮㛃·喆堃玥〇" in text_of(content)
    drawn = drawn_characters(content)
    for char in "𬭎䶮㛃喆堃玥〇·":
        assert drawn[char] > 20, f"{char} has no outline"


def test_common_text_does_not_touch_the_full_face() -> None:
    assert all(
        "Full" not in name for name in embedded_fonts(printed("<p>栾城区顺达运输有限公司二〇二六年</p>"))
    )
    assert any("Full" in name for name in embedded_fonts(printed("<p>栾城区喆达</p>")))


def test_the_title_and_language_are_in_the_file() -> None:
    import io

    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(printed("<p>文</p>")))
    assert reader.metadata is not None
    assert reader.metadata.title == "试"
    assert reader.metadata.creation_date is None
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"


PRINT_IN_ANOTHER_PROCESS = """
import hashlib, sys
import django
django.setup()
from django.template.loader import render_to_string
from credit_portal.documents.pdf import render_pdf
from tests import paper_samples
data = paper_samples.commitment(subject_name="栾城区𬭎业有限公司")
html = render_to_string("commitments/paper/commitment.html", data)
content = render_pdf(html, identifier=data["code"].encode(), title=data["title"])
print(hashlib.sha256(content).hexdigest())
"""


def test_two_processes_print_the_same_bytes() -> None:
    answers = set()
    for seed, epoch, place in (("1", None, ROOT), ("77", "86400", ROOT / "tests")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        if epoch:
            environment["SOURCE_DATE_EPOCH"] = epoch
        done = subprocess.run(
            [sys.executable, "-c", PRINT_IN_ANOTHER_PROCESS],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.add(done.stdout.strip())
    data = paper_samples.commitment(subject_name="栾城区𬭎业有限公司")
    html = render_to_string("commitments/paper/commitment.html", data)
    printed("<p>先印别的</p>")
    here = render_pdf(html, identifier=data["code"].encode(), title=data["title"])
    assert answers == {hashlib.sha256(here).hexdigest()}


def test_threads_that_print_at_once_do_not_mix() -> None:
    pages = [f"<p>第{number}号承诺</p>" for number in range(12)]
    alone = [printed(page) for page in pages]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(printed, pages))
    assert together == alone


def test_a_forked_child_prints_too() -> None:
    expected = hashlib.sha256(printed("<p>子进程</p>")).digest()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, hashlib.sha256(printed("<p>子进程</p>")).digest())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    assert answer == expected


@pytest.mark.parametrize("paper", ["commitment", "receipt", "ordinary_notice"])
def test_a_warm_page_is_quick_and_small(paper: str) -> None:
    make = {"commitment": paper_samples.commitment, "receipt": paper_samples.receipt}
    html = render_to_string(f"commitments/paper/{paper}.html", make.get(paper, paper_samples.notice)())
    content = render_pdf(html, identifier=b"warm", title="热")
    assert len(content) <= 80_000
    # Against work of a known size in the same moments: how fast this machine is just now says nothing of the paper.
    ratio = min(
        _spent(render_pdf, html, identifier=b"warm", title="热") / _spent(_known_work) for _ in range(3)
    )
    assert ratio < 6, ratio


def _known_work() -> int:
    return sum(number * number % 7 for number in range(600_000))


def _spent(work: Callable[..., object], *given: object, **named: object) -> float:
    """The median of the processor's time of this thread, in seconds."""
    taken = []
    for _ in range(7):
        started = time.thread_time()
        work(*given, **named)
        taken.append(time.thread_time() - started)
    return statistics.median(taken)


def test_memory_stays_flat_over_two_hundred_pages() -> None:
    def resident() -> int:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    for number in range(40):
        printed(f"<p>第{number}份承诺书</p>")
    before = resident()
    for number in range(200):
        printed(f"<p>第{number}份承诺书，栾城区顺达运输有限公司</p>")
    assert resident() - before < 12 * 1024 * 1024
