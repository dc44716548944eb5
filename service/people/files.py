"""Files. In: bytes of an HR system's export. Out: a preview that survives a reload, then its rows taken in by a worker.

A file names people: its bytes are gone once it is taken in, and after a day whatever became of it.
"""

from __future__ import annotations

import csv
import io
import secrets
import zlib
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from service import audit, clock, employees, programmes, sheets
from service.database import db
from service.dialects import postgres
from service.employees_findings import Finding
from service.employees_headings import score
from service.journal import log
from service.models import FileState, PeopleFile
from service.results import tables
from service.validation import N_, Words

LARGEST = 32 * 1024 * 1024
"""Bytes that the browser may bring; the command line takes more."""

AT_ONCE = 400 * 1024
"""Bytes that are read while the browser waits; the rest is a worker's."""

SHOWN = 2000
"""Findings that are kept to be shown; the download has every refused row."""

KEPT = timedelta(days=1)
STALE = timedelta(minutes=20)
"""A worker that is silent for so long is dead; the file can be taken in again."""


def bring(data: bytes, complete: bool, liaison_id: int | None) -> PeopleFile:
    """Keep a file and read it, at once if it is small, else a worker does (`work`). Commits."""
    programmes.current()  # without one there is nothing to read it against
    file = PeopleFile(
        token=secrets.token_urlsafe(16),
        liaison_id=liaison_id,
        data=zlib.compress(data),
        complete=complete,
        state=FileState.READING,
    )
    db.session.add(file)
    db.session.commit()
    if len(data) <= AT_ONCE:
        _read(file)
    return file


def find(token: str, liaison_id: int | None) -> PeopleFile | None:
    """Return the file of this token, if this liaison brought it."""
    asked = sa.select(PeopleFile).where(PeopleFile.token == token, PeopleFile.liaison_id == liaison_id)
    return db.session.scalar(asked)


def take(file: PeopleFile, confirm_gone: bool) -> bool:
    """Ask for the good rows to be taken in; return whether that is now under way. Commits.

    A small file is taken in at once, a larger one by a worker. Nothing is done twice: only a file that was read is.
    """
    asked = sa.update(PeopleFile).where(
        PeopleFile.id == file.id, PeopleFile.state == FileState.READ, PeopleFile.data.is_not(None)
    )
    small = file.data is not None and len(zlib.decompress(file.data)) <= AT_ONCE
    # A worker leaves alone what somebody is at (`_mine`).
    values = {"state": FileState.TAKING, "confirm_gone": confirm_gone, "touched_at": clock.now(), "done": int(small)}
    won = db.session.execute(asked.values(**values)).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    db.session.refresh(file)
    if won and small:
        _take(file)
    return bool(won)


def work() -> int:
    """Read and take in the files that wait; return how many. A use case: commits, safe at any moment."""
    forget()
    count = 0
    for state, deed in ((FileState.READING, _read), (FileState.TAKING, _take)):
        waiting = sa.select(PeopleFile).where(PeopleFile.state == state, PeopleFile.data.is_not(None))
        for file in db.session.scalars(waiting.order_by(PeopleFile.id)).all():
            if _mine(file):
                deed(file)
                count += 1
    return count


def _mine(file: PeopleFile) -> bool:
    """Tell whether this worker may do a file: no other one is heard of at it. Commits."""
    now = clock.now()
    idle = sa.or_(PeopleFile.done == 0, PeopleFile.touched_at < now - STALE)
    asked = sa.update(PeopleFile).where(PeopleFile.id == file.id, PeopleFile.state == file.state, idle)
    won = db.session.execute(asked.values(done=1, touched_at=now)).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    return bool(won)


def _read(file: PeopleFile) -> None:
    assert file.data is not None
    try:
        seen = employees.preview(zlib.decompress(file.data), file.complete)
    except sheets.Unreadable as refusal:
        file.state, file.why, file.data = FileState.REFUSED, str(refusal.words), None
        file.seen = {"why": {"message": refusal.words.message, "values": dict(refusal.words.values)}}
    else:
        file.state, file.seen, file.total, file.done = FileState.READ, _told(seen), seen.rows, 0
    file.touched_at = clock.now()
    db.session.commit()


def _told(seen: employees.Preview) -> dict[str, Any]:
    """Return what the page shows, in numbers and findings."""
    return {
        "rows": seen.rows,
        "new": len(seen.new),
        "changed": len(seen.changed),
        "same": seen.same,
        "kept": len(seen.kept),
        "missing": len(seen.missing),
        "missing_ids": [person.id for person in seen.missing],
        "missing_people": [person.name or person.email for person in seen.missing[:100]],
        "new_teams": list(seen.new_teams),
        "uninvited": seen.uninvited,
        "columns": seen.reading.columns,
        "ignored": seen.reading.ignored,
        "encoding": seen.reading.encoding,
        "guessed": seen.reading.guessed,
        "refused": len(seen.problems),
        "noted": len(seen.notes),
        "problems": [_finding(each) for each in seen.problems[:SHOWN]],
        "notes": [_finding(each) for each in seen.notes[:SHOWN]],
    }


def _finding(found: Finding) -> dict[str, Any]:
    reason = {"message": found.reason.message, "values": dict(found.reason.values)}
    return {"row": found.row, "field": found.field, "value": found.value, "reason": reason, "remedy": str(found.remedy)}


def _take(file: PeopleFile) -> None:
    assert file.data is not None
    number, tell = file.id, _teller(file.id)
    try:
        seen = employees.preview(zlib.decompress(file.data), file.complete)
        # Only whom the liaison was shown is gone: who came since then was never confirmed.
        shown = frozenset((file.seen or {}).get("missing_ids", ()))
        seen = replace(seen, missing=tuple(person for person in seen.missing if person.id in shown))
        with audit.by(file.liaison_id):  # a worker acts for whoever brought the file
            report = employees.apply(seen, file.confirm_gone, tell)
    except sheets.Unreadable as refusal:  # what the programme knows has changed since it was read
        db.session.rollback()
        file = db.session.get_one(PeopleFile, number)
        file.state, file.why, file.data = FileState.REFUSED, str(refusal.words), None
    else:
        file = db.session.get_one(PeopleFile, number)
        file.state, file.report, file.done = FileState.TAKEN, asdict(report), file.total
        if not report.refused:
            file.data = None
    file.touched_at = clock.now()
    db.session.commit()
    log.info("file taken in", file=number, state=str(file.state))


def _teller(number: int) -> Callable[[int, int], None]:
    """Return what writes down how far a file is, beside the transaction that takes it in.

    SQLite has one writer: there the page knows only that it is under way.
    """
    aside = postgres()

    def tell(done: int, total: int) -> None:
        if aside:
            with db.engine.begin() as connection:
                asked = sa.update(PeopleFile).where(PeopleFile.id == number)
                connection.execute(asked.values(done=max(1, done), total=max(1, total), touched_at=clock.now()))

    return tell


def refused_rows(file: PeopleFile, say: Callable[[Words], str] = str) -> str:
    """Return the rows that stay out as CSV: the file's own columns, and beside them the row and what to do.

    To be corrected and brought in again. No cell can be taken for a formula. `say` translates what to do.
    """
    if file.data is None:
        return ""
    data = zlib.decompress(file.data)
    sheet = sheets.read(data, score)
    advice = {found.row: found for found in employees.preview(data, False).problems}
    told = io.StringIO(newline="")
    told.write("\ufeff")
    lines = csv.writer(told)
    lines.writerow(
        [tables.safe(cell) for cell in sheet.heading] + [say(Words(N_("Row"))), say(Words(N_("What to do")))]
    )
    width = len(sheet.heading)
    for row in sheet.rows:
        if (found := advice.get(row.number)) is not None:
            cells = [tables.safe(cell) for cell in (row.cells + [""] * width)[:width]]
            lines.writerow([*cells, row.number, f"{say(found.reason)} {say(found.remedy)}"])
    return told.getvalue()


def forget() -> int:
    """Forget files of a day ago, whatever became of them; return how many. Commits."""
    old = sa.delete(PeopleFile).where(PeopleFile.created_at < clock.now() - KEPT)
    count = db.session.execute(old).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    return int(count)
