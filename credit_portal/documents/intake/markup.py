"""XML of others through expat: no document type, no entities, no deep nesting, no endless word. Nothing is built in memory."""

from collections.abc import Callable, Iterable
from xml.parsers import expat

from .refusing import IntakeRefused

# Elements within each other; a handler that is called for each counts them (`too_deep`).
MOST_DEPTH = 40
# What expat may have been given without being able to make anything of it: one endless name, attribute or comment.
MOST_HELD = 2 * 1024 * 1024

BROKEN = "文件的内容不完整或不合规，请用 Excel 或 WPS 另存为 xlsx 后再上传。"
DECLARED = "文件里有文档类型声明或实体定义，不能接受。"


def parse(
    pieces: Iterable[bytes],
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    after_piece: Callable[[], None] | None = None,
) -> None:
    """Parse a part; names are given without their prefixes. Raises IntakeRefused."""
    for _ in parsing(pieces, start=start, end=end, text=text):
        if after_piece is not None:
            after_piece()


def parsing(
    pieces: Iterable[bytes],
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterable[None]:
    """As `parse`, giving way after each piece, so that what was found can be handed on."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    names: dict[str, str] = {}

    def named(name: str) -> str:
        local = names.get(name)
        if local is None:
            local = names[name] = name.rpartition(":")[2]
            if len(names) > 10_000:
                raise IntakeRefused(BROKEN)
        return local

    def first(name: str, attributes: dict[str, str]) -> None:
        """The root says whether names have prefixes. Nearly none have, and the handlers are called millions of times."""
        if ":" in name:
            parser.StartElementHandler = lambda name, told: start(named(name), told)
            parser.EndElementHandler = None if end is None else lambda name: end(named(name))
        else:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.StartElementHandler(name, attributes)

    def declared(*_: object) -> None:
        raise IntakeRefused(DECLARED)

    parser.StartElementHandler = first
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MOST_HELD:
                raise IntakeRefused(BROKEN)
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, UnicodeDecodeError, LookupError, ValueError) as error:
        if isinstance(error, IntakeRefused):
            raise
        raise IntakeRefused(BROKEN) from error
