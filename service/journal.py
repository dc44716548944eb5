"""The log. In: events with facts. Out: lines on standard error, JSON in production; never a name, address or pass."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

from service import clock, config

_PASS = re.compile(r"/(s|me|u|claim|inbound)/[A-Za-z0-9_-]{20,}")
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[A-Za-z]{2,}")
_BARE = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{36}(?![A-Za-z0-9_-])")
"""What has a pass's length and signs; our own ids are hexadecimal."""
_ROW = re.compile(r"(DETAIL: ).*?(?=\n\[SQL|\n[A-Z]+: |\n\n(?:The above|During handling)|\Z)", re.DOTALL)
"""PostgreSQL tells a refused row's values there: names, addresses and words, which may be of many lines."""


def scrub(text: str) -> str:
    """Return the text with passes and addresses blotted out: the last guard, not a licence to log them."""
    text = _ROW.sub(r"\1<hidden>", _ADDRESS.sub("<address>", _PASS.sub(r"/\1/<pass>", text)))
    return _BARE.sub(lambda found: found[0] if _plain(found[0]) else "<pass>", text)


def _plain(word: str) -> bool:
    """Tell a long word of ours, like an event's name or a UUID, from 27 random bytes, which mix all kinds of signs."""
    return re.fullmatch(r"[a-z_-]+|[A-Z_-]+|[0-9a-f-]+", word) is not None


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
    handler.setFormatter(_Scrubbing("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("_granian", "granian.access"):  # these speak past the root
        for theirs in logging.getLogger(name).handlers:
            theirs.setFormatter(_Scrubbing(getattr(theirs.formatter, "_fmt", None)))
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if not getattr(h, "goodword", False)]
    handler.goodword = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)


def only_warnings() -> None:
    """Leave out what went well: a command says that itself, in its own words."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


class _Scrubbing(logging.Formatter):
    """Lines of libraries pass through here, tracebacks included: they know nothing of our promises."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


log: Any = structlog.get_logger("goodword")
