"""Pipeline. In: a released edition. Out: choosing, building and sending it by RQ workers, beside prebuilt mails.

Three forms, by turns, with as many processes and connections to the same sink (smtp-sink of Debian's postfix): the
*whole*; the *floor*, the same workers with all durable states for mails that are planned and finished beforehand; and
finished mails with nothing beside the sending. The first two have all of their safety on: a durable PostgreSQL (every
commit waits for the disk), leases, numbers, mirrors, journals.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from redis import Redis

from bench import people, processors
from bench.deeds import CONNECTIONS, WORKERS
from bench.figures import Figure, at_least, missing, told

WORKER = (sys.executable, "-m", "service.cli", "worker")
HOW = "apt-get install postfix brings smtp-sink"


def run(full: bool) -> list[Figure]:
    """Return the figures of the whole pipeline."""
    sink = found_sink()
    if sink is None:
        return [missing("pipeline / sending prebuilt mails", "of sender", "≥ 0.75", HOW)]
    number, rounds = (200_000, 3) if full else (30_000, 2)
    with staged(sink) as stage:
        stage.prepare(number)
        found = [(stage.pipeline(), stage.floor(), stage.prebuilt()) for _ in range(rounds)]
        mails = stage.mails
    load = f"load {os.getloadavg()[0]:.1f}"
    names = "pipeline", "durable states and sending alone", "sending prebuilt mails"
    whys = (
        f"{mails:,} mails: choose, build, send, durable states; {WORKERS} workers; {load}",
        "the same workers, mails planned and finished beforehand",
        "the same sender",
    )
    figures = []
    for name, why, spent in zip(names, whys, zip(*found, strict=True), strict=True):
        rate = statistics.median(mails / each.seconds for each in spent)
        figures += [told(name, rate, "mails/s", why), told(f"{name}, processor", *_costs(spent, mails))]
    whole, floor, base = ([each.seconds for each in spent] for spent in zip(*found, strict=True))
    same = f"mails a second, {WORKERS} processes of {CONNECTIONS} connections each, PostgreSQL with fsync"
    return [
        *figures,
        told("durable states and sending alone / sending prebuilt mails", _ratio(base, floor), "of sender", same),
        told("pipeline / durable states and sending alone", _ratio(floor, whole), "of floor", same),
        at_least("pipeline / sending prebuilt mails", _ratio(base, whole), "of sender", 0.75, same),
    ]


def _ratio(of: Sequence[float], by: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(of, by, strict=True))


def _costs(spent: Sequence[Spent], mails: int) -> tuple[float, str, str]:
    """Return microseconds of processor a mail, and of which kinds of processes."""
    kinds = {kind: statistics.median(each.used[kind] for each in spent) / mails * 1e6 for kind in spent[0].used}
    return sum(kinds.values()), "µs/mail", ", ".join(f"{kind} {cost:.0f}" for kind, cost in kinds.items())


@dataclass(frozen=True, slots=True)
class Spent:
    """What a form took by the clock, and of processors by kind of process; in seconds."""

    seconds: float
    used: processors.Used


def found_sink() -> str | None:
    """Return where smtp-sink is, if it is anywhere."""
    return shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")


class Stage:
    """Servers, a sink and workers, all of this bench's own."""

    def __init__(self, folder: Path, database: str, redis: str, port: int, pids: tuple[int, int, int]) -> None:
        """`pids` are those of PostgreSQL, Valkey and the sink."""
        self.folder, self.database, self.redis, self.port = folder, database, redis, port
        self._database_pid, self._queue_pid, self._sink_pid = pids
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

    def pipeline(self) -> Spent:
        """Return what it takes from the wake-up to the last mail's durable `accepted`."""
        environment = self.copy()
        self.call("release", environment)
        return self.jobs("plan", environment, WORKERS)

    def floor(self) -> Spent:
        """Return what sending and durable states alone take: the edition is planned, its mails are finished."""
        environment = self.copy()
        self.call("release", environment)
        self.call("plan", environment)
        return self.jobs("deliver", environment, WORKERS, [sys.executable, "-m", "bench.deeds", "ready"])

    def jobs(self, task: str, environment: dict[str, str], number: int, command: Sequence[str] = WORKER) -> Spent:
        """Return what so many workers take for this task and all that follows from it."""
        workers = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(number)]
        try:
            self._until_ready(environment["GOODWORD_REDIS_URL"], number)  # a worker starts once in its life
            before = self._used(workers)
            began = time.perf_counter()
            self._ring(environment, task)
            ended = self._wait(workers, environment["GOODWORD_REDIS_URL"])
            used = processors.between(before, self._used(workers))
            self.check(environment["GOODWORD_DATABASE_URL"])
            return Spent(ended - began, used)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)

    def _used(self, workers: Sequence[subprocess.Popen[bytes]] = ()) -> processors.Used:
        """Return what everybody has used by now; RQ has the queue server's and each worker's outside of its jobs."""
        pids = [worker.pid for worker in workers]
        found = processors.used(
            {"jobs": pids, "PostgreSQL": [self._database_pid], "sink": [self._sink_pid], "RQ": [self._queue_pid]}
        )
        between_jobs = processors.own(pids)
        return found | {"jobs": found["jobs"] - between_jobs, "RQ": found["RQ"] + between_jobs}

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

    def prebuilt(self) -> Spent:
        """Return what the sender takes for as many finished mails of this edition."""
        before = self._used()
        said = self.call("prebuilt", self.environment(f"round{self.rounds}"), str(self.mails)).split()
        seconds, used = map(float, said)
        return Spent(seconds, processors.between(before, self._used()) | {"jobs": used})

    def call(self, deed: str, environment: dict[str, str], *words: str) -> str:
        asked = [sys.executable, "-m", "bench.deeds", deed, *words]
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
            pids = tuple(child.pid for child in servers.children)
            assert len(pids) == 3
            yield Stage(Path(folder), servers.database_url, servers.redis_url, port, pids)
        finally:
            servers.stop()
