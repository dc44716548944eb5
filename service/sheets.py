"""Sheets. In: the bytes of a table that some system exported. Out: heading and numbered rows as text, or why not."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.validation import N_, Words

LARGEST = 100 * 1024 * 1024
"""Bytes of a file; a million employees need less."""
_DELIMITERS = (",", ";", "\t", "|")
_LOOK_FOR_HEADING = 10
"""Rows within which the heading must come: reports put titles above it."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TABLES = ((b"PK\x03\x04", "Excel"), (b"\xd0\xcf\x11\xe0", "Excel"), (b"%PDF", "PDF"))


class Unreadable(ValueError):
    """The file as a whole cannot be read; `words` says why and what to do."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        super().__init__(str(self.words))


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the number a spreadsheet shows beside it. `torn`: a quotation mark in it is never closed."""

    number: int
    cells: list[str]
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as text. `guessed`: nothing in the file says its encoding and it is not UTF-8."""

    encoding: str
    guessed: bool
    delimiter: str
    heading: list[str]
    rows: list[Row]


def read(data: bytes, score: Callable[[Sequence[str]], int], encoding: str | None = None) -> Sheet:
    """Return the sheet in these bytes: CSV with comma, semicolon, tab or bar, in any encoding that HR systems use.

    `score` rates a row as the heading (0: it is none); the best of the first rows under the best delimiter is it.
    Raises Unreadable.
    """
    text, encoding, guessed = _decode(data, encoding)
    if text[:4].lower() == "sep=":
        text = text.partition("\n")[2]  # Excel's own hint; it does not count that line either
    best: tuple[int, int, str, int] | None = None
    for delimiter in _DELIMITERS:
        for row in _rows(text, delimiter, 0, _LOOK_FOR_HEADING):
            rated = score(row.cells)
            if rated and (best is None or (rated, len(row.cells)) > best[:2]):
                best = (rated, len(row.cells), delimiter, row.number)
    if best is None:
        raise Unreadable(
            N_("No row names a column with mail addresses. Let the first row name the columns, one of them Email.")
        )
    _rated, width, delimiter, number = best
    rows = _rows(text, delimiter, width)
    return Sheet(encoding, guessed, delimiter, rows[number - 1].cells, rows[number:])


def _decode(data: bytes, encoding: str | None) -> tuple[str, str, bool]:
    if len(data) > LARGEST:
        raise Unreadable(N_("The file is larger than %(most)d MB; split it."), most=LARGEST // 1024 // 1024)
    if not data.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise Unreadable(N_("The file is empty. Export it again from your HR system."))
    for mark, kind in _NO_TABLES:
        if data.startswith(mark):
            raise Unreadable(
                N_("This is a file of %(kind)s, not a CSV file. Open it and save it as “CSV UTF-8”."), kind=kind
            )
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff"), encoding, False
        except (LookupError, UnicodeError) as wrong:
            raise Unreadable(N_("The file cannot be read as %(encoding)s."), encoding=encoding) from wrong
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace").removeprefix("\ufeff"), name, False
    start = data[:4000]
    if start.count(0) > len(start) // 4:
        name = "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
        return data.decode(name, "replace"), name, False
    try:
        return data.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError:
        pass
    tried = data.decode("utf-8", "replace")
    broken = tried.count("\ufffd")
    if sum(not c.isascii() for c in tried) - broken > 3 * broken:
        return tried, "utf-8", False  # UTF-8 with a few broken signs: those rows will say so
    try:
        return data.decode("cp1252"), "cp1252", True
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1", True


def _rows(text: str, delimiter: str, width: int, most: int | None = None) -> list[Row]:
    """Return the rows. A quotation mark never closed costs its own row only (seen where `width` is given)."""
    lines = list(io.StringIO(text, newline=""))
    rows: list[Row] = []
    begin = 0
    while begin < len(lines) and (most is None or len(rows) < most):
        reader = csv.reader(iter(lines[begin:]), delimiter=delimiter)
        done, torn = 0, False
        try:
            for cells in reader:
                if width and reader.line_num > done + 1 and len(cells) != width and _swallowed(cells, delimiter):
                    torn = True
                    break
                rows.append(Row(len(rows) + 1, cells))
                done = reader.line_num
                if most is not None and len(rows) >= most:
                    return rows
        except csv.Error:
            torn = True
        if not torn:
            break
        rows.append(Row(len(rows) + 1, [lines[begin + done]], torn=True))
        begin += done + 1
    return rows


def _swallowed(cells: list[str], delimiter: str) -> bool:
    """Tell whether a cell ate whole rows: after a line break it has delimiters."""
    return any(delimiter in cell.partition("\n")[2] for cell in cells)
