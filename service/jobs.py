"""Jobs. In: a task's name. Out: its use case run by a worker, soon; the database stays the truth."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from flask import current_app, has_app_context
from rq import Retry

from service import config, settings
from service.database import db
from service.journal import log
from service.models.people import Programme
from service.queue import RedisError, connection, expected, queue
from service.schedule import TASKS

LONGEST = 3600
"""Seconds that a job may run. A delivery takes nothing more after a minute, or after 200,000 mails."""

CALLS = 2
"""Seconds between two calls for another worker to join in."""

STEP = 0.5
"""Seconds between two looks whether a task's steps make work for others."""


def run(name: str) -> None:
    """Run the task of this name in the application's context: what RQ calls, with nothing but the name."""
    if not has_app_context():
        from service import create_app

        with create_app().app_context():
            return run(name)
    try:
        if db.session.get(Programme, 1) is None:
            return None  # nothing is set up yet: nothing is due
        db.session.rollback()
        began = time.monotonic()
        task = TASKS[name]
        if task.wants_more() and _may_call(name):
            wake(name)  # a worker that is free joins in
        found = task.function()(_ringing(task.then)) if task.steps else task.function()()
        if task.then and found:
            wake(task.then)
        if found and task.wants_more():
            wake(name)
        if found:
            log.info("job done", task=name, result=repr(found), seconds=round(time.monotonic() - began, 3))
    finally:
        db.session.remove()
    return None


def _ringing(name: str) -> Callable[[int], None]:
    """Return a callback for steps of work: where they make enough for a worker of that task, one may join in."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    last = 0.0

    def told(_count: int) -> None:
        nonlocal last
        if time.monotonic() - last < STEP:
            return
        last = time.monotonic()
        with app.app_context():  # a session of its own: the task's is at work
            if TASKS[name].wants_more():
                wake(name)

    return told


def _may_call(name: str) -> bool:
    """Tell whether another worker may be called now: where no work gets done, calling must not go round in circles."""
    try:
        with connection(settings(), patient=False) as redis:
            return bool(redis.set(f"goodword:called:{name}", "1", nx=True, ex=CALLS))
    except RedisError:
        return False


def wake(name: str, configuration: config.Config | None = None) -> bool:
    """Ask a worker to run this task now; return False where the queue is away (the schedule makes up for it).

    Each wake-up is a job with an id of its own. While one of the same task waits for a worker, no other is queued; one
    that a worker took counts no more, for it may not see the rows this one speaks of, and its worker may be dead.
    Raises KeyError for an unknown task.
    """
    task, configured = TASKS[name], configuration or settings()
    if not expected(configured):
        return False
    try:
        redis = connection(configured, patient=False)
        with redis:
            line = queue(redis)
            # Read from the line itself: a note of our own beside it would outlive a job that died with its worker.
            if any(waiting.startswith(f"{task.name}-") for waiting in line.get_job_ids()):
                return True
            line.enqueue_call(
                "service.jobs.run",
                args=(task.name,),
                timeout=LONGEST,
                result_ttl=0,
                failure_ttl=24 * 3600,
                retry=Retry(max=3, interval=[5, 30, 120]),
                description=task.name,
                job_id=f"{task.name}-{secrets.token_hex(8)}",
            )
    except RedisError as problem:
        log.warning("the queue is away", task=name, error=type(problem).__name__)
        return False
    return True
