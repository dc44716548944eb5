"""The log. In: events with facts. Out: lines on standard error, JSON in production; never a name, address or pass."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

from service import clock, config

_PASS = re.compile(r"/(s|me|u|claim)/[A-Za-z0-9_-]{20,}")
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[A-Za-z]{2,}")


def scrub(text: str) -> str:
    """Return the text with passes and addresses blotted out: the last guard, not a licence to log them."""
    return _ADDRESS.sub("<address>", _PASS.sub(r"/\1/<pass>", text))


def _blot(_logger: Any, _method: str, event: Any) -> Any:
    return {k: scrub(v) if isinstance(v, str) else v for k, v in event.items()}


def _stamp(_logger: Any, _method: str, event: Any) -> Any:
    event["at"] = clock.now().isoformat(timespec="milliseconds")
    return event


def begin(settings: config.Config) -> None:
    """Set up structlog and the standard library's logging for this process."""
    last: Any = (
        structlog.processors.JSONRenderer() if settings.production else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _stamp,
            structlog.processors.format_exc_info,
            _blot,
            last,
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_ScrubFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if not getattr(h, "goodword", False)]
    handler.goodword = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)


def only_warnings() -> None:
    """Leave out what went well: a command says that itself, in its own words."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


class _ScrubFilter(logging.Filter):
    """Lines of libraries pass through here: they know nothing of our promises."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), None
        return True


log: Any = structlog.get_logger("goodword")
