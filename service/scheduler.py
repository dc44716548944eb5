"""The scheduler. In: the table of what runs when. Out: wake-ups on time, and RQ's postponed jobs back in the queue."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from rq.scheduler import RQScheduler

from service import clock, journal
from service.config import Config
from service.jobs import wake
from service.journal import log
from service.queue import NAME, SERIALIZER, RedisError, connection
from service.schedule import SCHEDULE

REFRESH = 20.0
"""Seconds between two askings for the lock: of several schedulers one leads, another takes over within two minutes."""


class Timetable:
    """Knows which tasks are due; everything once at the start, then each in its rhythm."""

    def __init__(self, now: float) -> None:
        self._next = {task.name: now for task in SCHEDULE}

    def due(self, now: float) -> list[str]:
        """Return the tasks due at this monotonic second, each once however long nobody asked."""
        found = [task for task in SCHEDULE if self._next[task.name] <= now]
        for task in found:
            self._next[task.name] = now + task.every
        return [task.name for task in found]


def main(settings: Config, stop: threading.Event | None = None) -> None:
    """Ring the bells until SIGTERM or SIGINT, or `stop`."""
    stop = stop or _signalled()
    clock.use(settings.clock)
    journal.begin(settings)
    # It asks again twice a second anyhow: a patient connection would only keep it from hearing that it is to stop.
    redis = connection(settings, patient=False)
    helper = RQScheduler([NAME], redis, interval=1, serializer=SERIALIZER, logging_level="WARNING")
    table = Timetable(time.monotonic())
    asked = -REFRESH
    try:
        while not stop.is_set():
            if time.monotonic() - asked >= REFRESH:
                asked = time.monotonic()
                _try(helper.acquire_locks)
            if helper.acquired_locks:
                _try(helper.enqueue_scheduled_jobs)
                for name in table.due(time.monotonic()):
                    wake(name, settings)
            stop.wait(0.5)
    finally:
        _try(helper.release_locks)


def _try(deed: Callable[[], object]) -> None:
    try:
        deed()
    except RedisError as problem:
        log.warning("the queue is away", error=type(problem).__name__)


def _signalled() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
