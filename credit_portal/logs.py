"""How the log is written: one JSON object a line, and no number of a person in it."""

from collections.abc import MutableMapping
from typing import Any

import structlog

from credit_portal.registry import codes


def hide_numbers(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: ID numbers and phones in any text value become ＊, also where an object (a request names
    its whole address) becomes text only when the line is written."""
    for key, value in event.items():
        if key.startswith("_") or value is None or isinstance(value, bool | int | float):
            continue
        event[key] = codes.PERSONAL.sub("＊", value if isinstance(value, str) else repr(value))
    return event


PROCESSORS: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=False),
    structlog.processors.format_exc_info,
    hide_numbers,
]


def logging_config(level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard output, one formatter, libraries that chatter kept quiet."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "fontTools": {"level": "WARNING"},
            "weasyprint": {"level": "ERROR"},
            "axes": {"level": "WARNING"},
        },
    }
