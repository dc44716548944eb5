"""Dialects. In: what one statement says to both databases. Out: its words in PostgreSQL or SQLite; the one seam of SQL.

Statements that make a million rows out of a million others stand once; where the two databases name a thing
differently, its name is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.elements import Grouping

from service.database import db

JsonText = sa.Text().with_variant(JSONB(), "postgresql")
"""A column of a passing table that takes JSON as text and stands beside JSON columns in comparisons."""


def postgres() -> bool:
    """Tell whether the session's database is PostgreSQL."""
    return db.session.connection().dialect.name == "postgresql"


def passing(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """Return a table that only this connection sees and that no transaction outlives; `fresh` makes it."""
    return sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


def fresh(table: sa.Table, rows: Iterable[Sequence[Any]] = ()) -> None:
    """Make a passing table with these rows: values of its columns in their order, JSON as text, moments aware."""
    connection = db.session.connection()
    # SQLite keeps it until the connection closes.
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}")
    table.create(connection)
    names = [column.name for column in table.columns]
    if postgres():
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif whole := [dict(zip(names, row, strict=True)) for row in rows]:
        connection.execute(sa.insert(table), whole)


def packed(statement: Any) -> bytearray:
    """Return the rows of a SELECT as PostgreSQL's COPY has them in binary; `unpacked` takes them, whole or cut."""
    connection = db.session.connection()
    made = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY ({made}) TO STDOUT (FORMAT BINARY)", made.params) as copy:
        whole = bytearray()
        for part in copy:
            whole += part
        return whole


def unpacked(table: sa.Table, rows: bytes) -> None:
    """Make a passing table of PostgreSQL with these rows, of the kind that `packed` returns."""
    fresh(table)
    driver: Any = db.session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(rows)


def written(statement: Any) -> int:
    """Execute an INSERT … SELECT; return the number of rows."""
    done: Any = db.session.execute(statement.execution_options(preserve_rowcount=True))
    return int(done.rowcount)


def plan_plainly() -> None:
    """Let PostgreSQL join by hashes, and compile nothing, until the transaction ends.

    It knows little of passing tables: it would sort where it need not, and take a page for work worth compiling.
    """
    if postgres():
        off = (sa.func.set_config(name, "off", True) for name in ("enable_mergejoin", "jit"))
        db.session.execute(sa.select(*off))


def join_whole() -> None:
    """Let PostgreSQL read a page of people once instead of looking each up, until the transaction ends."""
    if postgres():
        db.session.execute(sa.select(sa.func.set_config("enable_nestloop", "off", True)))


def any_of(asked: Any) -> sa.ColumnElement[bool]:
    """Return the condition that this correlated select finds anything, asked for each row by its index.

    EXISTS lets PostgreSQL read the other table as a whole, for every page.
    """
    found: sa.ColumnElement[bool] = asked.limit(1).scalar_subquery().is_not(None)
    return found


def looked_up(known: Mapping[int, int], table: sa.Table, bits: str, number: Any) -> Any:
    """Return the expression of what is known by a number, NULL for an unknown one; `table` has its id and these bits.

    PostgreSQL finds it in an array, several times faster than in a table.
    """
    if not postgres():
        return sa.select(table.c[bits]).where(table.c.id == number).scalar_subquery()
    if not known:
        return sa.cast(sa.null(), sa.BigInteger)
    first, last = min(known), max(known)
    whole = sa.literal([known.get(n, 0) for n in range(first, last + 1)], ARRAY(sa.BigInteger))
    return Grouping(whole)[number - (first - 1)]


def same_json(one: Any, other: Any) -> sa.ColumnElement[bool]:
    """Return the condition that two JSON columns are equal; none of them is bound or read."""
    found: sa.ColumnElement[bool] = one.op("=", is_comparison=True)(other)
    return found


def json_object(**parts: Any) -> Any:
    """Return a JSON object of these parts: plain expressions, or JSON ones (`as_json`)."""
    made = sa.func.jsonb_build_object if postgres() else sa.func.json_object
    return made(*chain.from_iterable((sa.literal_column(f"'{name}'"), part) for name, part in parts.items()))


def as_json(part: Any) -> Any:
    """Return a JSON column or a JSON text as a part of `json_object`."""
    if postgres():
        return part if isinstance(getattr(part, "type", None), JSONB) else sa.cast(part, JSONB)
    return sa.func.json(part)


def text_of(*parts: Any) -> Any:
    """Return one text of all these, a line between one and the next; what is NULL is empty."""
    if postgres():
        return sa.func.concat(*chain.from_iterable((part, sa.literal_column("'|'")) for part in parts))
    texts = [sa.func.coalesce(sa.cast(part, sa.Text), "") for part in parts]
    whole = texts[0].op("||")(sa.literal_column("'|'"))
    for text in texts[1:]:
        whole = whole.op("||")(text).op("||")(sa.literal_column("'|'"))
    return whole


def moment_text(column: Any) -> Any:
    """Return a Moment as a text like 2026-11-17 08:00:00.000000, in UTC."""
    if postgres():
        return sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
    return sa.cast(sa.type_coerce(column, sa.Text), sa.Text)


def opaque(secret: str, column: Any) -> Any:
    """Return 32 hex digits for a row, that tell nothing; `secret` is fresh for each statement, `column` unique in it.

    Fresh randomness for each row would cost PostgreSQL more than the row.
    """
    if postgres():
        hashed = sa.func.sha256(sa.func.convert_to(sa.literal(secret).op("||")(column), "UTF8"))
        return sa.func.substr(sa.func.encode(hashed, "hex"), 1, 32)
    return sa.func.lower(sa.func.hex(sa.func.randomblob(16)))
