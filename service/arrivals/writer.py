"""The writer. In: a process's buffer of visits. Out: their rows in the database, and a count that adds up.

It is no daemon: a process that ends in order waits until everything it answered is written. While the database is away
it keeps what waits in a file too, as often as it would write: a process that is killed then loses no more than ever.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from service import clock, settings
from service.arrivals.deriving import Deriver
from service.arrivals.spill import Spill
from service.arrivals.store import UNFIT, Account, Row, store_for
from service.database import db
from service.journal import log

if TYPE_CHECKING:
    from service.arrivals.intake import Buffer

PAUSE = 0.05
"""Seconds from one write of the buffered mode to the next: with the write itself no visit waits a tenth of a second."""
TOGETHER = 0.001
"""Seconds for which the durable mode lets further visits join the first, where several came together before: those whom
one commit let go come back together."""
BATCH = 5_000
"""Visits in one commit at most."""
AGAIN = 0.5
"""Seconds between two tries while the database is away."""
FAREWELL = 3.0
"""Seconds for which a process that ends goes on trying to write what it has; then it leaves it in its file."""
SIGN_OF_LIFE = 60.0
"""Seconds after which a process without visits says that it lives."""
REMIND = 10.0
"""Seconds between two lines of the log about the same trouble."""


class Writer(threading.Thread):
    """Writes what arrived, again and again, until the process ends."""

    def __init__(self, app: Flask, buffer: Buffer, durable: bool) -> None:
        super().__init__(name="visits-writer", daemon=False)
        self.stop = threading.Event()
        self.written = threading.Event()
        """Set whenever visits were written; whoever has them judged clears it."""
        self.away = False
        """True while the database does not take anything."""
        self._app, self._buffer, self._durable = app, buffer, durable
        self.account = Account(secrets.token_hex(8), "durable" if durable else "buffered", self._now())
        self.deriver = Deriver()
        self._rows: list[Row] = []
        self._locks: list[Any] = []
        self._most = BATCH
        self._several = False
        self._doubt: tuple[Account, int] | None = None
        """The write whose answer was lost, if it may be in: what it said, and how many rows it had."""
        self._spoke = self._complained = self._grumbled = 0.0
        self._looked = self._now()
        """When what waited was taken last: all that came before is in the next write."""

    def run(self) -> None:
        """Write until the process ends, then what is left."""
        with self._app.app_context():
            self._store, self._spill = store_for(db.engine), Spill(settings().data, self.account.name)
            tried = -AGAIN
            while not self.stop.is_set() and threading.main_thread().is_alive():
                began = time.monotonic()
                self._derive(PAUSE if self._durable and not self._rows else 0.0)
                if self.away and began - tried < AGAIN:
                    done = False
                else:
                    done, tried = self._write(), began
                if not done:
                    self._keep()
                    self.stop.wait(PAUSE)
                elif not self._durable:
                    self.stop.wait(max(PAUSE - (time.monotonic() - began), 0.001))
            self._say_goodbye()
            self._spill.close()
            self._store.drop()

    def _say_goodbye(self) -> None:
        deadline = time.monotonic() + FAREWELL
        while True:
            self._derive(0.0)
            self.account.ended_at = None if self._buffer.waiting else self._now()
            if self._write(last=self.account.ended_at is not None):
                if self.account.ended_at is not None:
                    return
            elif not self._buffer.waiting:
                return  # only the farewell itself is missing
            elif time.monotonic() > deadline:
                self._leave()
                return
            else:
                self._keep()
                time.sleep(PAUSE)

    def _keep(self) -> None:
        """Bring the file to what waits while the database is away."""
        if not self._rows and self._buffer.lost == self.account.lost:
            return
        try:
            self._spill.keep(self.account, self._rows, self._buffer.lost)
        except OSError as problem:
            if time.monotonic() - self._grumbled > REMIND:
                self._grumbled = time.monotonic()
                log.error("visits that wait cannot be kept in a file either", error=type(problem).__name__)

    def _leave(self) -> None:
        """Leave what is left in the file, for whoever finds the database again."""
        while self._buffer.waiting > len(self._rows) and self._derive(0.0, anyway=True):
            pass
        self._buffer.lose(self._buffer.waiting - len(self._rows))  # addresses never stand in a file
        try:
            self._spill.keep(self.account, self._rows, self._buffer.lost, ended_at=self._now())
        except OSError as problem:
            log.error("visits lost: this process ends and the database is away", lost=self._buffer.waiting)
            log.error("they could not be kept in a file either", error=type(problem).__name__)
        else:
            log.warning(
                "visits are kept in a file: the database is away", visits=len(self._rows), lost=self._buffer.lost
            )

    def _derive(self, patience: float, anyway: bool = False) -> bool:
        """Turn what waits into rows; with patience, wait so many seconds for the first. Return False if nothing was."""
        if len(self._rows) >= BATCH and not (anyway or self.away):
            return False  # while the database is away all that waits is derived: no address has to wait with it
        self._looked = self._now()
        taken = self._buffer.take(BATCH, patience, TOGETHER if self._several else 0.0)
        self._several = len(taken) > 1
        if not taken:
            return False
        before = len(self._rows)
        self._locks += [lock for _, lock in taken if lock is not None]
        self._buffer.derived += len(taken)
        try:
            self._rows += self.deriver.rows([visit for visit, _ in taken])
        except UNFIT as problem:
            log.error("visits lost: no row could be made of them", error=type(problem).__name__, lost=len(taken))
            self._buffer.lose(len(taken))
        except Exception as problem:  # noqa: BLE001 - the database, by whatever name: they wait with the others
            self._complain(problem)
            for visit, _ in taken:
                self._buffer.queue.put((visit, None))
        self._buffer.derived = len(self._rows)
        return len(self._rows) > before

    def _write(self, last: bool = False) -> bool:
        """Write the rows there are; return False where that cannot be done now."""
        rows, account = self._rows[: self._most], self.account
        quiet = account.lost == self._buffer.lost and time.monotonic() - self._spoke < SIGN_OF_LIFE
        if not rows and quiet and not last and not self.away:
            return True
        told = replace(account, batch=account.batch + 1, recorded=account.recorded + len(rows), seen_at=self._looked)
        told.lost = self._buffer.lost
        try:
            if self._doubt is not None:
                before, count = self._doubt
                if self._store.told(account.name)[0] >= before.batch:
                    told, rows = before, self._rows[:count]  # its answer was lost, the commit was not
                    self._doubt = None
                    self._settle(told, rows)
                    return True
                self._doubt = None
            self._doubt = (told, len(rows))
            self._store.write(rows, told)
            self._doubt = None
        except UNFIT as problem:
            self._pick_out(rows, problem)
            return True
        except Exception as problem:  # noqa: BLE001 - two drivers and SQLAlchemy: whatever it is, visits wait for its end
            self._complain(problem)
            return False
        self._settle(told, rows)
        return True

    def _settle(self, told: Account, rows: list[Row]) -> None:
        self.account = told
        del self._rows[: len(rows)]
        self._buffer.derived = len(self._rows)
        self._spill.written(len(rows))
        self._most = min(self._most * 4, BATCH)
        if rows:
            self.written.set()
        if not self._rows:
            self._release()
        if self.away:
            log.info("visits are written again", waiting=self._buffer.waiting, lost=told.lost)
        self.away, self._spoke = False, time.monotonic()

    def _pick_out(self, rows: list[Row], problem: Exception) -> None:
        """A row was refused: go one by one until it is found, and count it as lost."""
        self._doubt = None
        self._store.drop()
        if len(rows) > 1:
            self._most = 1
            return
        log.error("a visit was lost: the database refused it", error=type(problem).__name__)
        del self._rows[: len(rows)]
        self._spill.renew()
        self._buffer.derived = len(self._rows)
        self._buffer.lose(len(rows))

    def _complain(self, problem: Exception) -> None:
        self._store.drop()
        self._release()
        if not self.away or time.monotonic() - self._complained > REMIND:
            self._complained = time.monotonic()
            known = isinstance(problem, psycopg.Error | sqlite3.Error | sa.exc.SQLAlchemyError | OSError)
            log.error(
                "visits wait: the database does not take them",
                error=type(problem).__name__,
                waiting=self._buffer.waiting,
                lost=self._buffer.lost,
                exc_info=None if known else problem,
            )
        self.away = True

    def _release(self) -> None:
        """Let the answers go that wait: their visits are in, or have to wait for longer than a visitor should."""
        for lock in self._locks:
            lock.release()
        self._locks.clear()

    def _now(self) -> float:
        return clock.now().timestamp()
