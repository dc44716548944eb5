"""Tables. In: a head and rows. Out: CSV that spreadsheets open as it is meant, no cell of it a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def to_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV file (RFC 4180, UTF-8 with its mark): None is empty, numbers stay numbers, texts are only texts."""
    out = io.StringIO()
    written = csv.writer(out, lineterminator="\r\n")
    for row in (head, *rows):
        written.writerow([safe(cell) for cell in row])
    return ("\ufeff" + out.getvalue()).encode()


def safe(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula (OWASP, CSV injection)."""
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" \u00a0").startswith(_BEGINS) else cell
