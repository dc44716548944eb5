"""Spilled visits. In: what a process cannot write while the database is away. Out: a file of it, and its rows once.

The file stands in the data folder, readable by its owner alone, and holds rows as they are derived: hashes and facts,
never an address. A living process holds a lock on it; what one that ended left, however it ended, is taken in by the
next. How many of its rows are in already is told by the process's own count: rows are written in the order of the file.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from service import settings
from service.arrivals.store import UNFIT, Account, Row, store_for
from service.database import db
from service.journal import log

FOLDER = "spilled-visits"
TAKEN_IN = 2**62
"""Batch of a process whose file was taken in: no living one counts so far, and none goes on with its name."""
EMPTY = 3600.0
"""Seconds after which a file without its first line says nothing any more."""


class Spill:
    """The file of one process; there is none until `keep` is called, and none once all of it is written."""

    def __init__(self, data: Path, name: str) -> None:
        self._path = data / FOLDER / f"{name}.jsonl"
        self._held: int | None = None
        self._whole = False
        """True while the file holds what was kept; else it is written anew."""
        self._kept = self._lost = 0

    def keep(self, account: Account, rows: Sequence[Row], lost: int, ended_at: float | None = None) -> None:
        """Bring the file to these rows, which begin with those kept already. Raises OSError; then try again later.

        `lost`: how many visits did not fit so far. `ended_at`: set by a process that ends in order.
        """
        lines: list[Any] = []
        if not self._whole:
            self._begin()
            self._kept, self._lost, lines = 0, account.lost, [{"account": asdict(account)}]
        lines += rows[self._kept :]
        if lost != self._lost or ended_at is not None:
            lines.append({"lost": lost, "ended_at": ended_at})
        if not lines:
            return
        self._whole = False
        _write(self._descriptor, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        self._whole, self._kept, self._lost = True, len(rows), lost

    def written(self, count: int) -> None:
        """Take note that the first so many rows are in the database; with the last of them the file goes."""
        self._kept = max(0, self._kept - count)
        if self._held is not None and self._kept == 0:
            self._path.unlink(missing_ok=True)
            self.close()

    def renew(self) -> None:
        """Have the file written anew: a row was refused, and counting rows would tell another's fate."""
        self._whole = False

    def close(self) -> None:
        """Leave the file to whoever finds the database again."""
        if self._held is not None:
            os.close(self._held)
        self._held, self._whole = None, False

    @property
    def _descriptor(self) -> int:
        assert self._held is not None
        return self._held

    def _begin(self) -> None:
        if self._held is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(held)
                raise
            self._held = held
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        os.ftruncate(self._held, 0)
        os.lseek(self._held, 0, os.SEEK_SET)


def _write(descriptor: int, told: bytes) -> None:
    left = memoryview(told)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def take_in() -> int:
    """Bring what ended processes left into the table of arrivals; return how many visits.

    A use case: each file is one commit, and gone afterwards. What of it cannot be read is counted as lost. Raises the
    driver's errors while the database is away.
    """
    folder = settings().data / FOLDER
    count = 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                told = os.fstat(file.fileno())
                if told.st_ino != path.stat().st_ino:
                    continue
                head, _, rest = file.read().partition(b"\n")
                if not rest and time.time() - told.st_mtime < EMPTY:
                    continue  # its process has just begun it
                count += _written(_account(head), rest)
                path.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue  # its process lives, or somebody else is at it
        except (ValueError, KeyError, TypeError) as problem:
            path.rename(path.with_suffix(".unreadable"))
            log.error("visits in a file were not understood", file=path.name, error=type(problem).__name__)
    if count:
        log.info("visits of an ended process were taken in", visits=count)
    return count


def _account(head: bytes) -> Account:
    return Account(**json.loads(head)["account"])


def _written(account: Account, lines: bytes) -> int:
    """Write the rows of one file that are not in yet; return how many."""
    rows, lost, ended_at = _read(lines)
    lost = max(lost, account.lost)
    store = store_for(db.engine)
    try:
        batch, recorded, lost_before = store.told(account.name)
        if batch == TAKEN_IN:
            return 0
        left = rows[max(0, recorded - account.recorded) :]
        good = [row for row in left if row is not None]
        recorded = max(recorded, account.recorded)
        seen_at = max([account.seen_at, *(row.at for row in good)])
        told = replace(account, batch=TAKEN_IN, recorded=recorded + len(good), seen_at=seen_at, ended_at=ended_at)
        told.lost = max(lost, lost_before) + len(left) - len(good)
        if not left and told.lost == lost_before and ended_at is None:
            return 0  # it wrote all that and went on
        try:
            store.write(good, told)
        except UNFIT:
            store.drop()
            fit = [row for row in good if store.fits(row)]
            told.lost += len(good) - len(fit)
            store.write(fit, replace(told, recorded=recorded + len(fit)))
            good = fit
        if len(good) < len(left):
            log.error("visits lost: their lines in a file cannot be used", lost=len(left) - len(good))
        return len(good)
    finally:
        store.drop()


def _read(lines: bytes) -> tuple[list[Row | None], int, float | None]:
    """Return the rows (None for one that is broken), how many visits were lost, and when the process ended."""
    rows: list[Row | None] = []
    lost, ended_at = 0, None
    for line in filter(None, lines.split(b"\n")):
        try:
            said = json.loads(line)
            if isinstance(said, dict):
                lost, ended_at = int(said["lost"]), said["ended_at"]
            else:
                rows.append(_sound(Row(*said)))
        except (ValueError, TypeError, KeyError):
            rows.append(None)
    return rows, lost, ended_at


def _sound(row: Row) -> Row:
    """Return the row. Raises ValueError or TypeError where it is none: judging must not stumble over it."""
    if not isinstance(json.loads(row.facts), dict) or (row.share_id is None) == (row.poster_id is None):
        raise ValueError("no row")
    return row._replace(at=float(row.at))
