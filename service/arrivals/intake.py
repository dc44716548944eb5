"""Intake. In: visits from the threads that answer. Out: a bounded buffer of them for the writer, and what is known."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from service.arrivals import spill
from service.arrivals.deriving import Visit
from service.arrivals.known import FRESH, POSTERS, Known, Link
from service.arrivals.writer import PAUSE, Writer
from service.database import db
from service.journal import log

PATIENCE = 2.0
"""Seconds that an answer waits for its commit in durable mode; then it leaves, and its visit waits in the buffer."""

ADDRESSES = 3600.0
"""Seconds after which no address is in memory any more, whoever asks meanwhile or does not."""


NAME = "goodword.intake"
"""By this an application knows its intake (app.extensions), if anything stands in front of it."""


class Buffer:
    """Visits that were answered and not written yet, at most `room` of them."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.queue: SimpleQueue[tuple[Visit, Any]] = SimpleQueue()
        """A visit, and the lock that its answer waits for (None: it waits for nothing)."""
        self.derived = 0
        """Rows that the writer has taken and not written."""
        self.lost = 0
        self._counting = threading.Lock()

    @property
    def waiting(self) -> int:
        return self.queue.qsize() + self.derived

    def lose(self, count: int) -> None:
        """Count visits that were answered and will not be written."""
        with self._counting:
            self.lost += count

    def take(self, most: int, patience: float, pause: float = 0.0) -> list[tuple[Visit, Any]]:
        """Return up to so many that wait; with patience, wait so many seconds for the first, and `pause` for others."""
        taken = []
        try:
            if patience:
                taken.append(self.queue.get(timeout=patience))
                if pause:
                    time.sleep(pause)
            while len(taken) < most:
                taken.append(self.queue.get_nowait())
        except Empty:
            pass
        return taken


class Intake:
    """Takes the visits of one process: `take` from any thread; the writer starts with the first.

    `wake` is called after visits were written, at most once a second and not by the writer: it asks somebody to judge
    them, and returns False if it found nobody. `judge` is what is done then.
    """

    def __init__(
        self,
        app: Flask,
        durable: bool,
        room: int,
        wake: Callable[[], bool] = lambda: True,
        judge: Callable[[], object] = lambda: None,
    ) -> None:
        self.app, self.durable = app, durable
        self.known, self.posters = Known(), Known(kind=POSTERS)
        app.extensions[NAME] = self
        self._room, self._wake, self._judge = room, wake, judge
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Begin anew: at first, and in a child, whose parent goes on with its own writer and its own visits."""
        self.buffer = Buffer(self._room)
        self.writer: Writer | None = None
        self._keeper: threading.Thread | None = None
        self._starting = threading.Lock()

    def look_up(self, code: str, poster: bool = False) -> Link | None:
        """Return the link of this code; None: no share (or poster) has it.

        Raises SQLAlchemyError: not known, database away.
        """
        known = self.posters if poster else self.known
        found = known.links.get(code)
        if found is None:
            with self.app.app_context():
                try:
                    found = known.look_up(code)
                finally:
                    db.session.remove()
        return found

    def take(self, visit: Visit) -> None:
        """Take a visit. In durable mode return when it is committed, or when it takes too long or cannot be now."""
        writer, buffer = self.writer or self._started(), self.buffer
        queue = buffer.queue
        if queue.qsize() + buffer.derived >= buffer.room:
            buffer.lose(1)
        elif not self.durable or writer.away:
            queue.put((visit, None))
        else:
            committed = threading.Lock()
            committed.acquire()
            queue.put((visit, committed))
            committed.acquire(timeout=PATIENCE)

    def close(self) -> None:
        """Write what there is and end. A process that ends in order does so by itself."""
        if self.writer is not None:
            self.writer.stop.set()
            self.writer.join()
            if self._keeper is not None:
                self._keeper.join(PATIENCE)  # it may be asking the database
            self._begin()

    def _started(self) -> Writer:
        with self._starting:
            if self.writer is None:
                writer = Writer(self.app, self.buffer, self.durable)
                writer.start()
                self._keeper = threading.Thread(target=self._keep_up, args=(writer,), name="visits-keeper", daemon=True)
                self._keeper.start()
                self.writer = writer
            return self.writer

    def _keep_up(self, writer: Writer) -> None:
        """Compare known links and have visits judged: what may take its time, beside the writer."""
        filled, compared = False, time.monotonic()
        forgotten = compared
        while True:
            now = time.monotonic()
            due = now - compared >= FRESH
            if due:
                compared = now
            if now - forgotten >= ADDRESSES:
                forgotten = now
                writer.deriver.forget()
            with self.app.app_context():
                try:
                    if not filled:
                        self.known.fill()
                        self.posters.fill()
                        filled = True
                    if due:
                        self.known.compare()
                        self.posters.compare()
                        if not writer.away:
                            spill.take_in()
                    if writer.written.is_set():
                        writer.written.clear()
                        if not self._wake():
                            self._judge()
                except (sa.exc.SQLAlchemyError, psycopg.Error, sqlite3.Error) as problem:
                    log.warning("short links were not compared", error=type(problem).__name__)
                finally:
                    db.session.remove()
            if writer.stop.wait(1.0):
                return


__all__ = ["PAUSE", "Buffer", "Intake"]
