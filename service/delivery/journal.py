"""The journal. In: leases taken, bodies begun, answers heard. Out: a local file that outlives a killed sender.

Each connection appends to a file of its own and holds its lock (flock) as long as it lives: who obtains the lock knows
that nobody sends any more, and reads what was never begun. Lines are written, not forced to the disk: they outlive
the process, not the machine, so a journal from before the machine's last start proves nothing.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from service.delivery.port import Outcome, Verdict

ENDING = ".journal"
_FIRST = "goodword-journal-v1"


class Full(OSError):
    """The journal cannot be written: nothing may be begun whose beginning is not on record."""


class Journal:
    """What one connection did, line by line, before it does it."""

    def __init__(self, folder: Path) -> None:
        """Raises Full where no file can be made."""
        name = secrets.token_hex(8)
        draft, self.path = folder / f".{name}.new", folder / f"{name}{ENDING}"
        self._broken = False
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._write(f"{_FIRST} {this_start() or '-'}\n")
                draft.replace(self.path)  # from here on others see it, locked and with its first line
            except OSError:
                os.close(self._file)
                draft.unlink(missing_ok=True)
                raise
        except OSError as problem:
            raise Full(problem.errno, problem.strerror) from problem

    def lease(self, token: str) -> None:
        """Note, before it is committed, the token under which rows are leased; what follows is of these rows."""
        self._write(f"t {token}\n")

    def begin(self, number: int) -> None:
        """Note that the body of this row is begun; raises Full, and then it must not be."""
        self._write(f"b {number}\n")

    def hear(self, number: int, outcome: Outcome) -> None:
        """Note the answer to a body, which is not in the database yet."""
        self._write(f"a {number} {outcome.verdict.value} {outcome.why or ''}\n")

    def close(self, settled: bool) -> None:
        """Let go of the file; `settled`: all it says is in the database, so it may go."""
        if settled:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _write(self, line: str) -> None:
        if self._broken:
            raise Full(0, "the journal broke off")
        data = line.encode()
        try:
            if os.write(self._file, data) == len(data):
                return
        except OSError as problem:
            self._broken = True
            raise Full(problem.errno, problem.strerror) from problem
        self._broken = True  # half a line: nothing may be appended to it
        raise Full(28, "No space left on device")


@dataclass
class Attempt:
    """What a journal says of the rows of one token."""

    token: str
    begun: set[int] = field(default_factory=set)
    heard: dict[int, Outcome] = field(default_factory=dict)


def left_behind(folder: Path) -> Iterator[tuple[Path, list[Attempt] | None]]:
    """Yield the journals of dead senders, locked meanwhile: (file, attempts), None where they prove nothing any more.

    The caller removes the file when it has done what follows from it.
    """
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:  # else somebody else was first and has removed it
                with open(file, encoding="utf-8", errors="replace", closefd=False) as lines:
                    yield path, _read(lines.read())
        except BlockingIOError:
            continue  # its sender lives
        finally:
            os.close(file)


def _read(text: str) -> list[Attempt] | None:
    whole = text[: text.rfind("\n") + 1].splitlines()  # a line without its end was refused, and nothing followed it
    start = this_start()
    if start is None or not whole or whole[0] != f"{_FIRST} {start}":
        return None
    found: list[Attempt] = []
    for line in whole[1:]:
        sign, _, rest = line.partition(" ")
        if sign == "t":
            found.append(Attempt(rest))
        elif sign == "b":
            found[-1].begun.add(int(rest))
        elif sign == "a":
            number, verdict, why = rest.split(" ", 2)
            found[-1].heard[int(number)] = Outcome(Verdict(verdict), why or None)
    return found


@cache
def this_start() -> str | None:
    """Return the name of this run of the machine's kernel (Linux), or None where there is none to be had."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
