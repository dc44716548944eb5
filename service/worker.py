"""The worker. In: the queue. Out: jobs run one at a time, each in a process of its own, until it is told to stop."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys

import sqlalchemy as sa
from flask import Flask
from rq import Worker

from emails import render
from emails.words import CATALOGUES
from service import create_app, delivery
from service.config import Config
from service.database import db
from service.journal import log
from service.queue import SERIALIZER, RedisError, connection, lose_patience, queue
from service.schedule import SCHEDULE

HURRY = signal.SIGUSR1
"""Tells a job's process that its worker stops or died: it ends soon, after the window of mails at hand."""

_PR_SET_PDEATHSIG = 1

_GARBAGE = 20_000, 20, 20
"""A job reads a thousand mails at a time and ends within a minute or so: looking for garbage after each 700 objects,
and then again through all that a worker begins with, took a tenth of a delivery's own time."""


class Stoppable(Worker):
    """A worker that also stops when the queue server was stopped before it."""

    def request_stop(self, signum: int, frame: object) -> None:
        """Finish the job at hand, then end."""
        lose_patience()
        if self.horse_pid:
            os.kill(self.horse_pid, HURRY)
        super().request_stop(signum, frame)


def main(settings: Config, burst: bool = False) -> bool:
    """Work until SIGTERM or SIGINT (the job at hand is finished); `burst`: until the queue is empty.

    Never with RQ's own scheduler: an orphan of it strands jobs (it is a process of its own here).
    """
    app = create_app(settings)
    learn_once()
    # A job's process must not talk over a connection that its parent opened.
    os.register_at_fork(after_in_child=lambda: _in_the_job(app))
    signal.signal(HURRY, lambda _number, _frame: _hurry())
    redis = connection(settings)
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    worker = Stoppable(
        [queue(redis)],
        connection=redis,
        serializer=SERIALIZER,
        worker_ttl=60,
        maintenance_interval=60,
        log_job_description=False,
    )
    try:
        with app.app_context():
            return bool(worker.work(burst=burst, logging_level="WARNING"))
    except RedisError as problem:
        # The jobs are safe: the schedule rings again, and what is due stands in the database.
        log.error("the queue is away", error=type(problem).__name__)
        raise SystemExit(1) from problem


def learn_once() -> None:
    """Do here what each job's process would do again: half a second of a core for each, and it begins with all."""
    sa.orm.configure_mappers()
    for task in SCHEDULE:
        task.function()
    for language in CATALOGUES.languages:
        render.page("digest", language)
        render.text("digest", language)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _in_the_job(app: Flask) -> None:
    """Run first thing in the process of each job."""
    with app.app_context():
        db.engine.dispose(close=False)
    if sys.platform == "linux":
        # A job whose worker was killed would be run again beside itself: let it come to an end soon.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, HURRY)


def _hurry() -> None:
    lose_patience()
    delivery.stopping.set()
