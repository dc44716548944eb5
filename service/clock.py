"""The clock. In: the system's time and, in tests and the demo, a file with an offset. Out: aware UTC datetimes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_file: Path | None = None
_read: tuple[tuple[int, int], timedelta] | None = None
"""What the file said, and which state of it that was: a sender asks for the time several times a mail."""


def use(file: Path | None) -> None:
    """Name the file that holds the offset in seconds (None: the system's own time)."""
    global _file, _read
    _file, _read = file, None


def offset() -> timedelta:
    """Return the offset that all processes add to now; the file is read again whenever it is another one."""
    global _read
    if _file is None:
        return timedelta(0)
    try:
        found = _file.stat()
        state = found.st_ino, found.st_mtime_ns
        if _read is None or _read[0] != state:
            _read = state, timedelta(seconds=float(_file.read_text(encoding="ascii").strip() or 0))
        return _read[1]
    except FileNotFoundError:
        return timedelta(0)


def now() -> datetime:
    """Return the present moment in UTC, offset included."""
    return datetime.now(UTC) + offset()


def elapsed() -> float:
    """Return seconds that only grow, for measuring leases: a machine's sleep counts, and so does a moved clock.

    `time.monotonic` stands still while a machine is suspended (Linux): a sender that slept through its lease with it
    would take itself for awake.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock) + offset().total_seconds()


def set_now(moment: datetime) -> None:
    """Make `now()` return about `moment` (aware) in every process that reads the same file."""
    if _file is None:
        raise RuntimeError("no clock file is configured; set GOODWORD_CLOCK")
    seconds = (moment - datetime.now(UTC)).total_seconds()
    draft = _file.with_suffix(".new")
    draft.write_text(f"{seconds:.6f}", encoding="ascii")
    draft.replace(_file)  # readers see the old or the new offset, never half of one
