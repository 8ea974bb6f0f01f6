"""排版成 PDF：只用项目自己的字体和内嵌数据，同样的输入得到同样的字节。"""

import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from django.utils.html import strip_tags

from credit_portal.documents import fonts

if TYPE_CHECKING:
    from weasyprint.text.fonts import FontConfiguration


class ForbiddenResource(Exception):
    """A page asked for something outside itself (a file, an address): nothing was printed."""


class RenderFailed(Exception):
    """A page could not be printed as it was meant, for example because of a broken picture."""


class UnprintableText(Exception):
    """The text has characters that no paper font has. `characters`: which."""

    def __init__(self, characters: list[str]) -> None:
        self.characters = characters
        named = "、".join(f"{char}（U+{ord(char):04X}）" for char in characters)
        super().__init__(
            f"纸面字体没有这些字：{named}。请系统管理员把含有这些字的字体文件放入 {fonts.root_folder() / 'extra'} 后重启服务。"
        )


# What ends a line or paragraph besides \n: the line breaker of the press stops in the middle of a word over some of them.
_LINE_ENDS = {ord(char): "\n" for char in "\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


class _Press:
    """What one process prints with: WeasyPrint leaks memory when each document brings its own fonts."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.owner: int | None = None
        self.prepared: fonts.PaperFonts | None = None
        self.configuration: FontConfiguration | None = None

    def ready(self) -> "FontConfiguration":
        """The font configuration of this process; the lock must be held."""
        prepared = fonts.current()
        if self.configuration is None or self.owner != os.getpid() or self.prepared != prepared:
            self.configuration = _load_configuration(prepared)
            self.prepared = prepared
            self.owner = os.getpid()
        return self.configuration


_press = _Press()


def _forget_after_fork() -> None:
    # A child of a process that was just printing would inherit a lock that nobody releases.
    global _press
    _press = _Press()


os.register_at_fork(after_in_child=_forget_after_fork)


def _load_configuration(prepared: fonts.PaperFonts) -> "FontConfiguration":
    """fontconfig takes its file from the environment only, and reads it once, here."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(prepared.config_file)
    try:
        from weasyprint.text.fonts import FontConfiguration

        return FontConfiguration()
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


class _Complaints(logging.Handler):
    """WeasyPrint goes on after a broken picture or address and only logs it; a legal document must not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage()[:300])


def _own_fetcher() -> Any:
    """A fetcher that reads `data:` addresses and refuses all others before anything is opened."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class OwnFetcher(URLFetcher):
        def __init__(self) -> None:
            super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
            self.refused: list[str] = []

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url[:5].lower() != "data:":
                # Only this kind of error stops the rendering, and inside an SVG not even this one does.
                self.refused.append(url[:200])
                raise FatalURLFetchingError(url[:200])
            return super().fetch(url, headers)

    return OwnFetcher()


def render_pdf(html: str, *, identifier: bytes, title: str) -> bytes:
    """Print a page of HTML (a whole document with its styles inline) and return the PDF.

    `identifier` becomes the file's identifier and should name the document (its code or hash), `title` its
    title in readers. The same html, identifier and title give the same bytes in every process, as long as
    the prepared fonts are the same.

    Raises ForbiddenResource when the page refers to anything but `data:` addresses, UnprintableText when a
    character has no glyph, RenderFailed when a picture or reference is broken, and fonts.FontsMissing when
    the machine has no Chinese font.
    """
    from weasyprint import HTML
    from weasyprint.logger import LOGGER
    from weasyprint.urls import FatalURLFetchingError

    html = html.translate(_LINE_ENDS)
    missing = fonts.unprintable(strip_tags(html) + title)
    if missing:
        raise UnprintableText(missing)
    complaints = _Complaints()
    fetcher = _own_fetcher()
    content = b""
    with _press.lock:
        configuration = _press.ready()
        LOGGER.addHandler(complaints)
        try:
            document = HTML(string=html, url_fetcher=fetcher).render(font_config=configuration, pdf_tags=True)
            document.metadata.title = title
            content = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
        except FatalURLFetchingError as error:
            if not fetcher.refused:  # a data: address that cannot be read
                raise RenderFailed(f"文书里的内嵌数据无法读取：{error}") from error
        finally:
            LOGGER.removeHandler(complaints)
    if fetcher.refused:
        raise ForbiddenResource(f"文书引用了外部资源，已停止生成：{fetcher.refused[0]}")
    if complaints.lines:
        raise RenderFailed("文书未能完整生成：" + "；".join(complaints.lines))
    return content
