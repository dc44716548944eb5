"""The worker. In: the queue. Out: jobs run one at a time, each in a process of its own, until it is told to stop."""

from __future__ import annotations

import logging
import os

from rq import Worker

from service import create_app
from service.config import Config
from service.database import db
from service.queue import SERIALIZER, connection, queue


def main(settings: Config, burst: bool = False) -> bool:
    """Work until SIGTERM or SIGINT (the job at hand is finished); `burst`: until the queue is empty.

    Never with RQ's own scheduler: an orphan of it strands jobs (it is a process of its own here).
    """
    app = create_app(settings)
    # A job's process must not talk over a connection that its parent opened.
    os.register_at_fork(after_in_child=lambda: _forget_connections(app))
    redis = connection(settings)
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    worker = Worker(
        [queue(redis)],
        connection=redis,
        serializer=SERIALIZER,
        worker_ttl=60,
        maintenance_interval=60,
        log_job_description=False,
    )
    with app.app_context():
        return bool(worker.work(burst=burst, logging_level="WARNING"))


def _forget_connections(app) -> None:  # type: ignore[no-untyped-def]
    with app.app_context():
        db.engine.dispose(close=False)
