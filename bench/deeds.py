"""`python -m bench.deeds DEED`. In: a stage's environment. Out: what processes of their own do for it, and its figure.

*ready* is a worker as any, whose mails are finished beforehand: what its deliveries cost is sending and durable states.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bench import people

WORKERS = 2
"""Processes; each keeps CONNECTIONS to the sink."""

CONNECTIONS = 4
PREBUILT = 400
"""Distinct messages that are sent again and again: all of them would not fit into memory."""


def release() -> None:
    """Release the week's edition; its quiet minutes are over and all its slots have come, none a day ago."""
    from service import clock, create_app, editions
    from service.database import db

    with create_app().app_context():
        clock.set_now(people.NOW)
        edition = editions.release(editions.edition(people.WEEK), "bench")
        week = edition.week
        db.session.commit()
        clock.set_now(editions.last_slot(week) + timedelta(minutes=10))
    print("released")


def plan() -> None:
    """Plan the whole edition."""
    from service import create_app, digests, editions

    with create_app().app_context():
        print(digests.plan(editions.edition(people.WEEK)).planned)


def direct() -> None:
    """Do what a delivery's job does, called directly in a process that is as warm as a worker is.

    Print the seconds by the clock and of processor.
    """
    from service import create_app, jobs, worker

    app = create_app()
    worker.learn_once()
    with app.app_context():
        began, used = time.perf_counter(), time.process_time()
        jobs.run("deliver")
        print(time.perf_counter() - began, time.process_time() - used)


def prebuilt(number: int) -> None:
    """Send so many finished mails from WORKERS processes, each over CONNECTIONS connections; print the seconds.

    By the clock, and those of the processes' processors.
    """
    from service import create_app, delivery
    from service.delivery.windows import WINDOW

    app = create_app()
    parcels = [delivery.Parcel(n, "digest", message) for n, message in enumerate(_finished(app))]
    each = number // (WORKERS * CONNECTIONS)

    def send() -> None:
        with app.app_context():
            out, left = delivery.configured_mailer(), each
            while left > 0:
                window = [parcels[n % len(parcels)] for n in range(left, left + min(WINDOW, left))]
                for _parcel, outcome in out.send(window, lambda _parcel: True):
                    assert outcome.verdict is delivery.Verdict.ACCEPTED, outcome
                left -= len(window)
            out.close()

    before, began = os.times(), time.perf_counter()
    children = []
    for _ in range(WORKERS):
        child = os.fork()
        if child == 0:
            threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            os._exit(0)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    seconds, after = time.perf_counter() - began, os.times()
    assert codes == [0] * WORKERS
    used = after.children_user + after.children_system - before.children_user - before.children_system
    share = number / (each * WORKERS * CONNECTIONS)
    print(seconds * share, used * share)


def ready() -> None:
    """Be a worker whose deliveries find every mail finished; leases, numbers, mirrors, journals, states are real."""
    from service import config, create_app, worker
    from service.delivery import windows
    from service.delivery.port import Parcel

    messages = itertools.cycle(_finished(create_app()))

    class Ready(windows.Desk):
        def _parcel(self, due: Any, address: str, hashed: str | None) -> Parcel:
            return Parcel(due.id, due.kind, next(messages))

        def _look_up_stories(self, rows: Any) -> None:
            """Nobody asks for them."""

    windows.Desk = Ready  # type: ignore[misc]
    worker.main(config.read(os.environ))


def _finished(app: Any) -> list[Any]:
    """Return finished mails of the edition; no connection stays open."""
    from service.compose import message_of
    from service.database import db
    from service.models import Outbox

    with app.app_context():
        ids = list(db.session.scalars(sa.select(Outbox.id).order_by(Outbox.id).limit(PREBUILT)))
        messages = [message_of(db.session.get_one(Outbox, n)) for n in ids]
        db.session.remove()
        db.engine.dispose()
    return messages


if __name__ == "__main__":
    deeds = {
        "release": release,
        "plan": plan,
        "direct": direct,
        "ready": ready,
        "prebuilt": lambda: prebuilt(int(sys.argv[2])),
    }
    deeds[sys.argv[1]]()
