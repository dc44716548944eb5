"""Bulk reads and writes. In: a table, and many values or rows. Out: one statement; the one seam for what is many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from psycopg.errors import UniqueViolation
from sqlalchemy.dialects import postgresql, sqlite

from service.database import db

BATCH = 1000
"""Rows that are drawn and written at a time."""


def insert_new(table: type[Any] | sa.Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert the rows (all with the keys of the first) that break no unique rule; return how many. Never commits.

    PostgreSQL takes them by COPY into a passing table and one INSERT … SELECT, SQLite by executemany.
    """
    target: sa.Table = table if isinstance(table, sa.Table) else table.__table__
    stream = iter(rows)
    first = next(stream, None)
    if first is None:
        return 0
    db.session.flush()
    connection = db.session.connection()
    columns = list(first)
    whole = _chain(first, stream)
    if connection.dialect.name == "postgresql":
        return _copy(connection, target, columns, whole)
    statement = sqlite.insert(target).on_conflict_do_nothing()
    count = 0
    while batch := [dict(row) for row in islice(whole, BATCH)]:
        count += connection.execute(statement, batch).rowcount
    return count


def insert_or_ignore(table: type[Any]) -> Any:
    """Return an INSERT … ON CONFLICT DO NOTHING for the dialect of the session; add .values() and .returning()."""
    dialect = db.session.connection().dialect.name
    made = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing()


_MARK = "\x1f"
"""Separates values that go as one text; no key of ours has it."""


def among(column: Any, values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a text column is one of these values, which go as one parameter however many.

    An IN of a thousand parameters costs the driver more than the database.
    """
    if copies():
        # Joined and split again: the driver would look at every element of an array on its own.
        found: sa.ColumnElement[bool] = column == sa.any_(sa.func.string_to_array(_MARK.join(values), _MARK))
        return found
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(each.c.value))


def copies() -> bool:
    """Tell whether the session's database takes rows by COPY (`packed`, `copy_packed`)."""
    return db.session.connection().dialect.name == "postgresql"


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NONE = (0xFFFFFFFF).to_bytes(4, "big")
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


def packed(table: type[Any], values: Mapping[str, Any]) -> bytes:
    """Return the values of these columns, in their order, as PostgreSQL's binary COPY wants them.

    Source: PostgreSQL's documentation of COPY, "Binary Format", and its types' `_recv` functions. Strings are given
    as str, JSON columns as lists and objects or as JSON text, moments aware, integers within 32 bits; None is NULL.
    """
    columns = table.__table__.c
    return b"".join(_packed(columns[name].type, value) for name, value in values.items())


def _packed(kind: Any, value: Any) -> bytes:
    if value is None:
        return _NONE
    if isinstance(value, datetime):
        data = ((value - _EPOCH) // timedelta(microseconds=1)).to_bytes(8, "big", signed=True)
    elif isinstance(value, int):
        data = int(value).to_bytes(4, "big", signed=True)
    else:
        # jsonb's binary form is a version number, 1, and the text.
        data = b"\x01" + _json(value) if isinstance(kind, sa.JSON) else str(value).encode()
    return len(data).to_bytes(4, "big") + data


def _json(value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode()


class Taken(Exception):
    """A row breaks a unique rule; the transaction is spent and has to be rolled back."""


def insert_likely_new(table: type[Any], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows that are all new as far as anybody knows; return how many. Raises Taken (PostgreSQL)."""
    if not rows or not copies():
        return insert_new(table, rows)
    copy_packed(table, list(rows[0]), [packed(table, row) for row in rows])
    return len(rows)


def copy_packed(table: type[Any], columns: Sequence[str], rows: Sequence[bytes]) -> None:
    """Insert rows by one COPY straight into the table, each its columns' `packed` values one after another.

    For PostgreSQL: it is twice as fast as a passing table, and knows no ON CONFLICT. Raises Taken. Never commits.
    """
    named = ", ".join(f'"{name}"' for name in columns)
    number = len(columns).to_bytes(2, "big")
    body = b"".join([_BEGIN, *(part for row in rows for part in (number, row)), _END])
    driver: Any = db.session.connection().connection.driver_connection
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f'COPY "{table.__tablename__}" ({named}) FROM STDIN (FORMAT binary)') as copy,
        ):
            copy.write(body)
    except UniqueViolation as problem:
        raise Taken from problem


def _chain(first: Mapping[str, Any], rest: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield first
    yield from rest


def _copy(connection: sa.Connection, table: sa.Table, columns: list[str], rows: Iterator[Mapping[str, Any]]) -> int:
    named = ", ".join(f'"{name}"' for name in columns)
    passing = f"incoming_{table.name}"
    binders = [
        table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in columns
    ]
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {passing}")
    # Only names of our own models go into this SQL, never a value.
    connection.exec_driver_sql(
        f'CREATE TEMP TABLE {passing} ON COMMIT DROP AS SELECT {named} FROM "{table.name}" WITH NO DATA'  # noqa: S608
    )
    driver: Any = connection.connection.driver_connection
    # A batch is drawn before its COPY begins: the rows may come from queries on this very connection.
    while batch := list(islice(rows, BATCH)):
        with driver.cursor() as cursor, cursor.copy(f"COPY {passing} ({named}) FROM STDIN") as copy:
            for row in batch:
                copy.write_row([_bound(row[n], binder) for n, binder in zip(columns, binders, strict=True)])
    return connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({named}) SELECT {named} FROM {passing} ON CONFLICT DO NOTHING'  # noqa: S608
    ).rowcount


def _bound(value: Any, binder: Any) -> Any:
    """Return what COPY's text form takes: bound as SQLAlchemy would, absent JSON as NULL."""
    from psycopg.types.json import Json, Jsonb

    bound = value if binder is None else binder(value)
    return None if isinstance(bound, Json | Jsonb) and bound.obj is None else bound
