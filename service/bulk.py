"""Bulk reads and writes. In: a table, and many values or rows. Out: one statement; the one seam for what is many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.database import db
from service.dialects import postgres

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
    if postgres():
        return _copy(connection, target, columns, whole)
    statement = sqlite.insert(target).on_conflict_do_nothing()
    count = 0
    while batch := [dict(row) for row in islice(whole, BATCH)]:
        count += connection.execute(statement, batch).rowcount
    return count


def insert_or_ignore(table: type[Any]) -> Any:
    """Return an INSERT … ON CONFLICT DO NOTHING for the dialect of the session; add .values() and .returning()."""
    made = postgresql.insert(table) if postgres() else sqlite.insert(table)
    return made.on_conflict_do_nothing()


_MARK = "\x1f"
"""Separates values that go as one text; no key of ours has it."""


def among(column: Any, values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a text column is one of these values, which go as one parameter however many.

    An IN of a thousand parameters costs the driver more than the database.
    """
    if postgres():
        # Joined and split again: the driver would look at every element of an array on its own.
        found: sa.ColumnElement[bool] = column == sa.any_(sa.func.string_to_array(_MARK.join(values), _MARK))
        return found
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(each.c.value))


def listed(rows: Sequence[Sequence[object]], columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.Subquery:
    """Return rows (each with the columns in their order) as a table to select from; they go as one parameter.

    So a statement with a thousand rows is planned once, and not value by value.
    """
    text = json.dumps([dict(zip(columns, row, strict=True)) for row in rows])
    if postgres():
        given = sa.cast(sa.literal(text, sa.Text), postgresql.JSON)
        shape = [sa.column(name, kind) for name, kind in columns.items()]
        each: Any = sa.func.json_to_recordset(given).table_valued(*shape).render_derived(with_types=True)
        return sa.select(*(each.c[name] for name in columns)).subquery()
    value = sa.func.json_each(text).table_valued("value").c.value
    parts = (
        sa.cast(sa.func.json_extract(value, f"$.{name}"), kind).label(name)
        if not isinstance(kind, sa.Boolean)
        else sa.type_coerce(sa.func.json_extract(value, f"$.{name}"), kind).label(name)
        for name, kind in columns.items()
    )
    return sa.select(*parts).subquery()


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
