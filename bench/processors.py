"""Processors. In: processes that live. Out: what each kind of them and its children has used, from /proc (Linux).

Processor time says what a mail costs even where other work on the machine makes the clock say something else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")

Used = dict[str, float]
"""Seconds of processor by kind."""


def used(kinds: Mapping[str, Sequence[int]]) -> Used:
    """Return seconds by kind: of these processes, of all below them, and of all that they have waited for."""
    family = _family()
    return {kind: sum(_tree(pid, family) for pid in pids) for kind, pids in kinds.items()}


def own(pids: Sequence[int]) -> float:
    """Return seconds of these processes alone, without their children's."""
    return sum(_seconds(pid, children=False) for pid in pids)


def between(before: Used, after: Used) -> Used:
    """Return what was used from one reading to the next."""
    return {kind: after[kind] - before[kind] for kind in before}


def _tree(pid: int, family: Mapping[int, Sequence[int]]) -> float:
    return _seconds(pid, children=True) + sum(_tree(child, family) for child in family.get(pid, ()))


def _family() -> dict[int, list[int]]:
    """Return parent → its living children."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))):
            found.setdefault(int(fields[1]), []).append(int(entry.name))
    return found


def _seconds(pid: int, children: bool) -> float:
    fields = _fields(pid)
    return sum(map(int, fields[11 : 15 if children else 13])) / _TICKS if fields else 0.0


def _fields(pid: int) -> list[str]:
    """Return what /proc/<pid>/stat says after the name (proc(5): state is field 3); nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
