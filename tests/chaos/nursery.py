"""A nursery. In: command lines. Out: processes that begin with everything imported, to stop and kill like any others.

Half of what the short form of the proofs cost was Python importing the product, forty times. Here one process imports
it once and forks; from there on all is what the command line does. The full form starts real command lines.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers import die_with_parent


class Child:
    """A process of the nursery's, with what is used here of subprocess.Popen."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid, self._nursery = pid, nursery
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, as subprocess has it, or None while it lives."""
        if self.returncode is None:
            self.returncode = self._nursery.ask({"poll": self.pid})["code"]
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Return how it ended; raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class Nursery:
    """The process that forks the others; they end with it, and it with the tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path, code: str = "") -> Child:
        """Start `goodword …`, or Python's `-c code …`, with these settings, what it says into this file."""
        asked = {"start": ["", *words], "environment": dict(environment), "log": str(log), "code": code}
        return Child(self, self.ask(asked)["pid"])

    def ask(self, question: dict[str, object]) -> dict[str, int]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """End it, and with it whatever it started."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)


@contextmanager
def opened(full: bool) -> Iterator[Nursery | None]:
    """Yield a nursery, or None for the full form, which starts each process from its command line."""
    if full:
        yield None
        return
    found = Nursery()
    try:
        yield found
    finally:
        found.close()


def _serve() -> str:
    """Answer questions until there are no more; in a child, return its code, the command line in place."""
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if "poll" in asked:
            pid, status = os.waitpid(asked["poll"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if pid else None}
        else:
            child = os.fork()
            if child == 0:
                return _become(asked)
            answer = {"pid": child}
        os.write(1, json.dumps(answer).encode() + b"\n")
    raise SystemExit


def _become(asked: dict[str, object]) -> str:
    os.setsid()
    die_with_parent()
    with Path(os.devnull).open("rb") as nothing, Path(str(asked["log"])).open("ab") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    environment, words = asked["environment"], asked["start"]
    assert isinstance(environment, dict) and isinstance(words, list)
    os.environ.update(environment)
    sys.argv = words
    return str(asked["code"])


def _import_all() -> None:
    """Import what any of the commands does, and leave nothing open that a child would have in common with others."""
    from service import config, create_app, worker

    with tempfile.TemporaryDirectory() as folder:
        create_app(
            config.read(
                {
                    "GOODWORD_ENV": "test",
                    "GOODWORD_DATA": folder,
                    "GOODWORD_DATABASE_URL": f"sqlite:///{folder}/nothing.sqlite",
                    "GOODWORD_BASE_URL": "https://good.example",
                    "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else",
                }
            )
        )
    worker.learn_once()


if __name__ == "__main__":
    from service.cli import main

    _import_all()
    if code := _serve():
        exec(code, {"__name__": "__main__"})
    else:
        main()
