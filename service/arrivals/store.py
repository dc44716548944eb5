"""The store. In: visits as they arrived. Out: all of them in the table of arrivals in one commit, each exactly once.

It speaks with the driver over a connection of its own: in durable mode a few hundred commits a second are waited for.
The process's row of `intake` takes the batch's number in the same commit, so that after a broken connection it can be
told whether a batch is in.
"""

from __future__ import annotations

import sqlite3
import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa

UNFIT = (
    *(psycopg.DataError, psycopg.IntegrityError, sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError),
    *(UnicodeError, ValueError, OverflowError, struct.error),
)
"""What says that a row is wrong, not that the database is away."""


class Row(NamedTuple):
    """One visit: columns of Arrival."""

    share_id: int | None
    at: float
    """Seconds since 1970."""
    visitor: str
    place: str | None
    weekly: str | None
    weekly_place: str | None
    click: str | None
    facts: str
    """JSON."""
    poster_id: int | None = None
    """In place of a share's id; last, so that files of spilled visits from before it are understood."""


@dataclass(slots=True)
class Account:
    """What a process says of itself in its row of `intake`; moments in seconds since 1970."""

    name: str
    mode: str
    started_at: float
    seen_at: float = 0.0
    ended_at: float | None = None
    batch: int = 0
    recorded: int = 0
    lost: int = 0


def store_for(engine: sa.Engine) -> Postgres | SQLite:
    """Return the store for this engine's database; it connects when it is first used."""
    return Postgres(engine) if engine.dialect.name == "postgresql" else SQLite(engine)


_COLUMNS = ", ".join(Row._fields)
_TELL = """
INSERT INTO intake (name, mode, started_at, seen_at, ended_at, batch, recorded, lost)
VALUES ({0}, {0}, {0}, {0}, {0}, {0}, {0}, {0})
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, ended_at = excluded.ended_at, batch = excluded.batch,
recorded = excluded.recorded, lost = excluded.lost
"""


class _Store(ABC):
    """A connection that is opened when it is needed and dropped when it failed."""

    mark = ""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._held: Any = None
        self._tell = _TELL.format(self.mark)

    def _driver(self) -> Any:
        if self._held is None:
            pooled = self._engine.raw_connection()
            driver = pooled.driver_connection
            pooled.detach()  # it is not the pool's any more: it is held for as long as the process lives
            self._held = driver
        return self._held

    def drop(self) -> None:
        """Let the connection go, whatever state it is in."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def told(self, name: str) -> tuple[int, int, int]:
        """Return what the database knows of this process: its last batch (-1: none), recorded and lost."""
        driver = self._driver()
        asked = f"SELECT batch, recorded, lost FROM intake WHERE name = {self.mark}"  # noqa: S608
        row = driver.execute(asked, (name,)).fetchone()
        driver.rollback()
        return tuple(row) if row else (-1, 0, 0)

    def fits(self, row: Row) -> bool:
        """Tell whether the database would take this row. Raises the driver's errors where it takes nothing at all."""
        driver = self._driver()
        try:
            self._put(driver, [row])
        except UNFIT:
            return False
        finally:
            driver.rollback()
        return True

    @abstractmethod
    def _put(self, driver: Any, rows: Sequence[Row]) -> None:
        """Write the rows as part of the driver's transaction."""


class Postgres(_Store):
    """PostgreSQL takes a batch by one binary COPY (its documentation of COPY, "Binary Format")."""

    mark = "%s"

    def write(self, rows: Sequence[Row], account: Account) -> None:
        """Write the rows and the account in one commit. Raises the driver's errors."""
        driver = self._driver()
        if rows:
            self._put(driver, rows)
        driver.execute(self._tell, _told(account, _moment))
        driver.commit()

    def _put(self, driver: Any, rows: Sequence[Row]) -> None:
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write(b"".join([_BEGIN, *map(_packed, rows), _END]))


class SQLite(_Store):
    """SQLite takes a batch in statements of many rows: each statement lets go of Python's lock and must get it back."""

    mark = "?"

    def write(self, rows: Sequence[Row], account: Account) -> None:
        """Write the rows and the account in one commit. Raises the driver's errors."""
        driver = self._driver()
        driver.execute("BEGIN IMMEDIATE")
        try:
            self._put(driver, rows)
            driver.execute(self._tell, _told(account, _text))
        except BaseException:
            driver.rollback()
            raise
        driver.commit()

    def _put(self, driver: Any, rows: Sequence[Row]) -> None:
        if not driver.in_transaction:
            driver.execute("BEGIN IMMEDIATE")
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            values = [value for row in some for value in (row[0], _text(row[1]), *row[2:])]
            driver.execute(_INSERT_MANY if len(some) == _AT_ONCE else _insert(len(some)), values)


_AT_ONCE = 100
"""Rows of one statement: 900 values, where the oldest SQLite takes 999 (its "Implementation Limits")."""


def _insert(count: int) -> str:
    row = f"({', '.join('?' * len(Row._fields))})"
    return f"INSERT INTO arrival ({_COLUMNS}) VALUES {', '.join([row] * count)}"  # noqa: S608 - own names


_INSERT_MANY = _insert(_AT_ONCE)
_COPY = f"COPY arrival ({_COLUMNS}) FROM STDIN (FORMAT binary)"
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_FIELDS, _ID, _AT = struct.Struct(">h"), struct.Struct(">ii"), struct.Struct(">iq")
_HASH = 32
"""Hexadecimal digits of each of a row's four hashes."""
_USUAL = (_HASH,) * 4
_WHOLE = struct.Struct(f">hiiiq{f'i{_HASH}s' * 4}ii")
"""A share's row with all hashes and without a click's id, as nearly all are, up to its facts: for a third."""
_LENGTH = struct.Struct(">i")
_NONE = _LENGTH.pack(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
"""PostgreSQL counts from the year 2000, in microseconds."""


def _packed(row: Row) -> bytes:
    share_id, at, visitor, place, weekly, weekly_place, click, facts, poster_id = row
    micros = round((at - _EPOCH) * 1e6)
    lengths = len(visitor), len(place or ""), len(weekly or ""), len(weekly_place or "")
    if share_id is None or click is not None or lengths != _USUAL:
        said = map(_string, (visitor, place, weekly, weekly_place, click, facts))
        return b"".join([_FIELDS.pack(len(row)), _id(share_id), _AT.pack(8, micros), *said, _id(poster_id)])
    assert place and weekly and weekly_place  # for they have their length
    hers = (_HASH, visitor.encode(), _HASH, place.encode(), _HASH, weekly.encode(), _HASH, weekly_place.encode())
    told = facts.encode()
    return _WHOLE.pack(len(row), 4, share_id, 8, micros, *hers, -1, len(told)) + told + _NONE


def _id(number: int | None) -> bytes:
    return _NONE if number is None else _ID.pack(4, number)


def _string(text: str | None) -> bytes:
    if text is None:
        return _NONE
    data = text.encode()
    return _LENGTH.pack(len(data)) + data


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _text(seconds: float | None) -> str | None:
    """Return a moment as service.database.Moment keeps it in SQLite."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(" ", "microseconds")[:26]


def _told(account: Account, moment: Any) -> tuple[Any, ...]:
    moments = (moment(each) for each in (account.started_at, account.seen_at, account.ended_at))
    return (account.name, account.mode, *moments, account.batch, account.recorded, account.lost)
