"""The trail of a draw. In: what happened to it, in order. Out: lines that each carry the hash of the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from scoring.draws import sha256

FIRST = "0" * 64
"""What the first line carries."""

KINDS = (
    "opened", "edited", "frozen", "void", "mails", "disqualified", "randomness", "drawn", "offered", "claimed",
    "declined", "passed", "lapsed", "handed-over",
)  # fmt: skip


def line(draw: str, number: int, at: datetime, former: str, kind: str, facts: Mapping[str, Any]) -> str:
    """Return one line, without LF: `<draw>|<number>|<time>|<former>|<kind>|<JSON>`. `at` is aware."""
    told = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{draw}|{number}|{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}|{former}|{kind}|{told}"


def broken(draw: str, lines: Sequence[str]) -> int | None:
    """Return the number of the first line that does not follow the one before; None: the chain holds."""
    former = FIRST
    for number, each in enumerate(lines, 1):
        if each.split("|")[:2] != [draw, str(number)] or each.split("|")[3:4] != [former]:
            return number
        former = sha256(each)
    return None
