"""JSON as bytes, by orjson: dates and times as ISO 8601, Chinese as it is."""

import hashlib
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer


def to_json(data: Any) -> bytes:
    """The bytes of an answer: UTF-8, no spaces. Lazy translations and the like as their text."""
    return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


def etag_of(body: bytes) -> str:
    """What an answer of the public API is known by: the same bytes, the same mark."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class OrjsonParser(BaseParser):
    """Strict: UTF-8, no halves of characters, no NaN, a bounded depth; each of them is an answer in the usual form."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError("请求不是有效的 JSON（UTF-8）。") from error
