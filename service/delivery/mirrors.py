"""Mirrors. In: each commit to `submitting`. Out: its number in Redis and in a file, and a hold where they know more.

A database restored from a backup believes that mails are still to be sent that were sent long ago. Its number is then
behind its mirrors', and nothing leaves until a person has looked.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from service import clock, settings
from service.bulk import insert_or_ignore
from service.database import db
from service.dialects import postgres
from service.journal import log
from service.models.sending import Sending, SendingNumber
from service.queue import RedisError, connection, expected

RESTORED, UNKNOWN = "restored", "mirrors-missing"
"""Why everything is held: a mirror is ahead of the database; or no mirror knows it, though it has sent before."""

PAUSE = 5.0
"""Seconds that Redis is left alone after it did not answer."""

_HIGHER = """
local known = tonumber(redis.call('GET', KEYS[1]) or '-1')
if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
"""


class Held(Exception):
    """All sending is held; the text is the reason's code."""


class NoMirror(Exception):
    """The number could be written down nowhere outside the database: nothing may leave."""


def gate() -> Any:
    """Return the question whether anything may leave: a hold either waits for this commit, or is seen by it."""
    return sa.select(Sending.mark, Sending.held_why).where(Sending.id == 1).with_for_update(read=True)


def next_number() -> Any:
    """Return the statement that draws the next number."""
    return sa.insert(SendingNumber).values().returning(SendingNumber.id)


def draw() -> tuple[str, int]:
    """Take the next number as part of the caller's transaction; return (the database's mark, number). Raises Held."""
    name_database()
    found = db.session.execute(gate()).one()
    if found.held_why:
        raise Held(found.held_why)
    number = db.session.execute(next_number()).scalar_one()
    return found.mark, number


def name_database() -> None:
    """Give the database its mark where it has none yet, as part of the caller's transaction.

    The mirrors learn it first: whoever sees the mark finds them, though nothing was sent yet.
    """
    if db.session.scalar(sa.select(Sending.id).where(Sending.id == 1)) is not None:
        return
    mark = secrets.token_hex(8)
    if db.session.scalar(insert_or_ignore(Sending).values(id=1, mark=mark).returning(Sending.id)) is not None:
        _write_file(mark, 0)
        _tell_redis(mark, 0)


def reflect(mark: str, number: int) -> None:
    """Write the committed number into both mirrors, before bytes leave; raises NoMirror where neither takes it."""
    filed = _write_file(mark, number)
    if not (_tell_redis(mark, number) or filed):
        raise NoMirror


def check() -> str | None:
    """Return why nothing may be sent now (and hold it, committed, if nobody has yet), or None.

    The mirrors are read before the database: a sender at work only ever makes the database's number the higher one.
    """
    row = db.session.execute(sa.select(Sending.mark, Sending.held_why).where(Sending.id == 1)).first()
    db.session.rollback()
    if row is None:
        # Nothing was ever sent from this database. It gets its mark now and not with its first mail: a backup of
        # today, restored after that mail, must be found behind the mirrors.
        name_database()
        db.session.commit()
        return None
    if row.held_why:
        return str(row.held_why)
    filed, (told, answered) = _read_file(row.mark), _ask_redis(row.mark)
    number = newest()
    db.session.rollback()
    known = max(filed or 0, told or 0)
    if known > number:
        return _hold(RESTORED, database=number, mirror=known)
    if number > 0 and filed is None and told is None:
        # A worker's first hour on a new machine while Redis is away: it cannot know, and need not hold the others.
        return _hold(UNKNOWN, database=number) if answered else "redis-away"
    return None


def newest() -> int:
    """Return the highest number that was drawn, 0 before the first. Reads only."""
    return db.session.scalar(sa.select(sa.func.max(SendingNumber.id))) or 0


def held() -> Sending | None:
    """Return the row that says why all sending is held, or None where it flows. Reads only."""
    row = db.session.get(Sending, 1)
    return row if row is not None and row.held_why else None


def release_hold(by: str) -> bool:
    """Let all mails flow again and commit: a person has made sure that none is sent twice. False: nothing was held.

    The number moves past every mirror, so that they agree from here on.
    """
    row = held()
    if row is None:
        db.session.rollback()
        return False
    mark = row.mark
    known = max(_read_file(mark) or 0, _ask_redis(mark)[0] or 0, newest())
    row.held_why, row.held_at = None, None
    db.session.execute(sa.delete(SendingNumber))
    db.session.execute(sa.insert(SendingNumber).values(id=known + 1))
    if postgres():
        serial = sa.func.pg_get_serial_sequence("sending_number", "id")
        db.session.execute(sa.select(sa.func.setval(serial, known + 1)))
    db.session.commit()
    reflect(mark, known + 1)
    log.warning("sending released", by=by, number=known + 1)
    return True


def _hold(why: str, **facts: Any) -> str:
    db.session.execute(
        sa.update(Sending)
        .where(Sending.id == 1, Sending.held_why.is_(None))
        .values(held_why=why, held_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    log.error("all sending is held", why=why, **facts)
    return why


def _file() -> Path:
    return settings().data / "sending" / "sequence"


def _write_file(mark: str, number: int) -> bool:
    """Raise the file's number, in place and under its lock: a full disk does not hinder what is there already."""
    path = _file()
    try:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = _parse(os.read(file, 64), mark)
            if known is None or known < number:
                line = f"{mark} {number:020d}\n".encode()
                return os.pwrite(file, line, 0) == len(line)
            return True
        finally:
            os.close(file)
    except OSError as problem:
        log.warning("the state file cannot be written", error=problem.strerror)
        return False


def _read_file(mark: str) -> int | None:
    try:
        return _parse(_file().read_bytes(), mark)
    except FileNotFoundError:
        return None


def _parse(line: bytes, mark: str) -> int | None:
    words = line.split()
    return int(words[1]) if len(words) == 2 and words[0] == mark.encode() and words[1].isdigit() else None


class _Line:
    """One kept connection to Redis for each application, left alone for a while after it failed."""

    def __init__(self) -> None:
        self.redis = connection(settings(), patient=False)
        self.higher = self.redis.register_script(_HIGHER)
        self.until = 0.0

    def raise_to(self, mark: str, number: int) -> None:
        """Raise the number; raises RedisError. The client's own way takes three times as long for each window."""
        pool = self.redis.connection_pool
        try:
            kept = pool.get_connection()
            try:
                kept.send_command("EVALSHA", self.higher.sha, 1, _key(mark), number)
                kept.read_response()
            finally:
                pool.release(kept)
        except RedisError:  # a queue that was restarted does not know the script, nor the connection
            self.higher(keys=[_key(mark)], args=[number])

    @property
    def rests(self) -> bool:
        return time.monotonic() < self.until or not expected(settings())

    def failed(self, problem: RedisError) -> None:
        self.until = time.monotonic() + PAUSE
        log.warning("the queue is away", error=type(problem).__name__)


def _line() -> _Line:
    found: dict[int, _Line] = current_app.extensions.setdefault("goodword-mirrors", {})
    process = os.getpid()  # a job's process must not talk over its parent's connection
    if process not in found:
        found[process] = _Line()
    return found[process]


def _key(mark: str) -> str:
    return f"goodword:sequence:{mark}"


def _tell_redis(mark: str, number: int) -> bool:
    line = _line()
    if line.rests:
        return False
    try:
        line.raise_to(mark, number)
    except RedisError as problem:
        line.failed(problem)
        return False
    return True


def _ask_redis(mark: str) -> tuple[int | None, bool]:
    """Return (number, whether Redis answered at all)."""
    line = _line()
    if line.rests:
        return None, False
    try:
        found: Any = line.redis.get(_key(mark))
    except RedisError as problem:
        line.failed(problem)
        return None, False
    return (None if found is None else int(found)), True
