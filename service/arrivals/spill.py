"""Spilled visits. In: what a process that ends could not write. Out: a file of it, and its rows in the database once.

The file stands in the data folder, readable by its owner alone, and holds rows as they are derived: hashes and facts,
never an address. It is taken in by the commit that takes the process's next batch number, so that a file that was taken
in and not deleted adds nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from service import settings
from service.arrivals.store import Account, Row, store_for
from service.database import db
from service.journal import log

FOLDER = "spilled-visits"


def keep(data: Path, account: Account, rows: Sequence[Row], doubt: tuple[Account, int] | None) -> Path:
    """Write the rows to a file of their own under the data folder and return it. Raises OSError.

    `doubt`: a write whose answer was lost, and how many of the first rows it had.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept, draft = folder / f"{account.name}.jsonl", folder / f"{account.name}.new"
    before = {"batch": doubt[0].batch, "rows": doubt[1]} if doubt else None
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"account": asdict(account), "doubt": before}) + "\n")
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(kept)
    return kept


def take_in() -> int:
    """Bring what ended processes left into the table of arrivals; return how many visits.

    A use case: each file is one commit, and gone afterwards. Raises the driver's errors while the database is away.
    """
    folder = settings().data / FOLDER
    count = 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            with path.open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                count += _written(file.read().splitlines())
                path.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue  # somebody else is at it
        except (ValueError, KeyError, TypeError) as problem:
            log.error("visits in a file were not understood", file=path.name, error=type(problem).__name__)
    if count:
        log.info("visits of an ended process were taken in", visits=count)
    return count


def _written(lines: Sequence[str]) -> int:
    """Write the rows of one file unless they are in; return how many."""
    head = json.loads(lines[0])
    account, doubt = Account(**head["account"]), head["doubt"]
    rows = [Row(*json.loads(line)) for line in lines[1:]]
    taken_in = account.batch + 2  # the number between was the doubtful write's
    store = store_for(db.engine)
    try:
        last = store.last_batch(account.name)
        if last >= taken_in:
            return 0
        if doubt and last == doubt["batch"]:  # its answer was lost, the commit was not
            account = replace(account, recorded=account.recorded + doubt["rows"])
            rows = rows[doubt["rows"] :]
        store.write(rows, replace(account, batch=taken_in, recorded=account.recorded + len(rows)))
        return len(rows)
    finally:
        store.drop()
