"""Pipeline. In: a released edition. Out: choosing, building and sending it by RQ workers, beside prebuilt mails.

Both use the same number of processes and connections to the same sink (smtp-sink of Debian's postfix). The pipeline has
all of its safety on: a durable PostgreSQL (every commit waits for the disk), leases, numbers, mirrors, journals.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
from redis import Redis

from bench import people
from bench.figures import Figure, at_least, missing, told

WORKERS = 2
"""Processes; each keeps CONNECTIONS to the sink."""

CONNECTIONS = 4
PREBUILT = 400
"""Distinct messages that the baseline sends again and again: all of them would not fit into memory."""

HOW = "apt-get install postfix brings smtp-sink"


def run(full: bool) -> list[Figure]:
    """Return the figures of the whole pipeline."""
    sink = found_sink()
    if sink is None:
        return [missing("pipeline / sending prebuilt mails", "of sender", "≥ 0.75", HOW)]
    number, rounds = (200_000, 3) if full else (30_000, 3)
    with staged(sink) as stage:
        stage.prepare(number)
        pairs = [(stage.pipeline(), stage.prebuilt()) for _ in range(rounds)]
    mails = stage.mails
    load = os.getloadavg()[0]
    rate = statistics.median(mails / seconds for seconds, _ in pairs)
    return [
        told(
            "pipeline",
            rate,
            "mails/s",
            f"{mails:,} mails: choose, build, send, durable states; {WORKERS} workers; load {load:.1f}",
        ),
        told("sending prebuilt mails", statistics.median(mails / s for _, s in pairs), "mails/s", "the same sender"),
        at_least(
            "pipeline / sending prebuilt mails",
            statistics.median(base / seconds for seconds, base in pairs),
            "of sender",
            0.75,
            f"mails a second, {WORKERS} processes of {CONNECTIONS} connections each, PostgreSQL with fsync",
        ),
    ]


def found_sink() -> str | None:
    """Return where smtp-sink is, if it is anywhere."""
    return shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")


class Stage:
    """Servers, a sink and workers, all of this bench's own."""

    def __init__(self, folder: Path, database: str, redis: str, port: int) -> None:
        self.folder, self.database, self.redis, self.port = folder, database, redis, port
        self.mails = 0
        self.rounds = 0

    def environment(self, name: str) -> dict[str, str]:
        data = self.folder / f"data{self.rounds}"
        data.mkdir(exist_ok=True)
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("GOODWORD_")},
            "GOODWORD_ENV": "test",
            "GOODWORD_DATA": str(data),
            "GOODWORD_DATABASE_URL": self.database.rsplit("/", 1)[0] + "/" + name,
            "GOODWORD_REDIS_URL": f"{self.redis}/{self.rounds % 16}",
            "GOODWORD_BASE_URL": "https://good.example",
            "GOODWORD_SECRET": "a-secret-of-the-benches-and-of-nobody-else",
            "GOODWORD_CLOCK": str(data / "clock"),
            "GOODWORD_MAIL": "smtp",
            "GOODWORD_SMTP_URL": f"smtp+plain://127.0.0.1:{self.port}",
            "GOODWORD_SMTP_CONNECTIONS": str(CONNECTIONS),
        }

    def prepare(self, number: int) -> None:
        """Make the database `people`, from which each round has a copy."""
        from service.database import upgrade

        plain = self.database.replace("+psycopg", "")
        self._admin("CREATE DATABASE people")
        url = plain.rsplit("/", 1)[0] + "/people"
        upgrade(url.replace("postgresql:", "postgresql+psycopg:"))
        people.load(url, number, seen=False)

    def _admin(self, *statements: str) -> None:
        with psycopg.connect(self.database.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def copy(self, template: str = "people") -> dict[str, str]:
        """Make a copy of a database for the next round; return the round's environment."""
        self.rounds += 1
        name = f"round{self.rounds}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY", "CHECKPOINT")
        return self.environment(name)

    def pipeline(self) -> float:
        """Return the seconds from the wake-up to the last mail's durable `accepted`."""
        environment = self.copy()
        self.call("release", environment)
        return self.jobs("plan", environment, WORKERS)

    def jobs(self, task: str, environment: dict[str, str], number: int) -> float:
        """Return the seconds in which so many workers do this task and all that follows from it."""
        asked = [sys.executable, "-m", "service.cli", "worker"]
        workers = [subprocess.Popen(asked, env=environment, stderr=subprocess.DEVNULL) for _ in range(number)]
        try:
            self._until_ready(environment["GOODWORD_REDIS_URL"], number)  # a worker starts once in its life
            began = time.perf_counter()
            self._ring(environment, task)
            ended = self._wait(workers, environment["GOODWORD_REDIS_URL"])
            self.check(environment["GOODWORD_DATABASE_URL"])
            return ended - began
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)

    def _until_ready(self, redis: str, number: int) -> None:
        with Redis.from_url(redis) as line:
            deadline = time.monotonic() + 120
            while line.scard("rq:workers") < number:
                if time.monotonic() > deadline:
                    raise TimeoutError("the workers do not start")
                time.sleep(0.1)
        time.sleep(1.0)

    def _ring(self, environment: dict[str, str], task: str) -> None:
        from service import config, jobs

        jobs.wake(task, config.read(environment))

    def _wait(self, workers: Sequence[subprocess.Popen[bytes]], redis: str) -> float:
        """Return when no job waited and none was at work any more; asking the database all the time would slow it."""
        deadline = time.monotonic() + 900
        with Redis.from_url(redis) as line:
            while time.monotonic() < deadline:
                now = time.perf_counter()
                if _idle(line, workers):
                    time.sleep(0.2)  # between a job's taking and its beginning, or its end and its ring, is a moment
                    if _idle(line, workers):
                        return now
                time.sleep(0.02)
        raise TimeoutError("the workers are still at it after a quarter of an hour")

    def check(self, url: str) -> None:
        """Count the mails; all that were planned have to be accepted, as the database has it."""
        asked = "SELECT count(*), count(*) FILTER (WHERE state = 'accepted') FROM outbox"
        with psycopg.connect(url.replace("+psycopg", "")) as db:
            planned, accepted = db.execute(asked).fetchone() or (0, 0)
        if not planned or accepted != planned:
            raise RuntimeError(f"{accepted} of {planned} mails are accepted, and nobody is at work")
        self.mails = planned

    def prebuilt(self) -> float:
        """Return the seconds that the sender needs for as many finished mails of this edition."""
        return float(self.call("prebuilt", self.environment(f"round{self.rounds}"), str(self.mails)))

    def call(self, deed: str, environment: dict[str, str], *words: str) -> str:
        asked = [sys.executable, "-m", "bench.pipeline", deed, *words]
        done = subprocess.run(asked, env=environment, stdout=subprocess.PIPE, check=True, text=True)
        return done.stdout.splitlines()[-1]


def _idle(line: Redis, workers: Sequence[subprocess.Popen[bytes]]) -> bool:
    """Tell whether no job waits, is on its way to a worker, or is at work."""
    waiting = (
        line.llen("rq:queue:goodword") or line.llen("rq:queue:goodword:intermediate") or line.zcard("rq:wip:goodword")
    )
    return not waiting and not any(_children(worker.pid) for worker in workers)


def _children(pid: int) -> str:
    """Return the ids of a worker's processes at work."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")


@contextmanager
def staged(sink: str) -> Iterator[Stage]:
    from tests.servers import Servers, die_with_parent, free_port, start_postgres, start_valkey

    servers, port = Servers(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        try:
            start_postgres(servers, durable=True)
            start_valkey(servers)
            user = ["-u", "nobody"] if os.geteuid() == 0 else []
            servers.children.append(
                subprocess.Popen(
                    [sink, *user, f"127.0.0.1:{port}", "1024"], preexec_fn=die_with_parent, stderr=subprocess.DEVNULL
                )
            )
            yield Stage(Path(folder), servers.database_url, servers.redis_url, port)
        finally:
            servers.stop()


def _release() -> None:
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


def _prebuilt(number: int) -> None:
    """Send so many finished mails from WORKERS processes, each over CONNECTIONS connections; print the seconds."""
    import sqlalchemy as sa

    from service import create_app, delivery
    from service.compose import message_of
    from service.database import db
    from service.delivery.windows import WINDOW
    from service.models import Outbox

    app = create_app()
    with app.app_context():
        ids = list(db.session.scalars(sa.select(Outbox.id).order_by(Outbox.id).limit(PREBUILT)))
        parcels = [delivery.Parcel(n, "digest", message_of(db.session.get_one(Outbox, n))) for n in ids]
        db.session.remove()
        db.engine.dispose()
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

    began = time.perf_counter()
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
    seconds = time.perf_counter() - began
    assert codes == [0] * WORKERS
    print(seconds * number / (each * WORKERS * CONNECTIONS))


def _plan() -> None:
    """Plan the whole edition."""
    from service import create_app, digests, editions

    with create_app().app_context():
        print(digests.plan(editions.edition(people.WEEK)).planned)


def _direct() -> None:
    """Do what a delivery's job does, called directly; print the seconds."""
    from service import create_app, jobs

    with create_app().app_context():
        began = time.perf_counter()
        jobs.run("deliver")
        print(time.perf_counter() - began)


if __name__ == "__main__":
    deeds = {"release": _release, "plan": _plan, "direct": _direct, "prebuilt": lambda: _prebuilt(int(sys.argv[2]))}
    deeds[sys.argv[1]]()
