"""Prepared statements. In: a rule as SQLAlchemy's expression. Out: it run as ready text, built once for each database.

A window of mails takes a few statements, and building their text took longer than running them. What they say is still
written once, for both databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from service import clock
from service.database import Moment, db
from service.delivery.states import LEASE


class Tongue(Protocol):
    """How a database says what the statements of both need."""

    now: Any
    """The database's now, moved by the clock's offset."""
    until: Any
    """When a lease that begins now ends."""

    def one_of(self, column: Any, name: str) -> sa.ColumnElement[bool]:
        """Return the condition that an id is among those that `listed` gave to the parameter of this name."""
        ...


def listed(numbers: Iterable[int]) -> str:
    """Return ids as one text: a driver would look at each of an array's elements on its own."""
    return ",".join(map(str, numbers))


def given(name: str) -> sa.BindParameter[str]:
    """Return a parameter of text, whose value each run gives."""
    return sa.bindparam(name, "", sa.String)


class Postgres:
    """PostgreSQL's clock is its own; it is read where the statement is run."""

    now = sa.func.clock_timestamp() + sa.bindparam("offset", timedelta(0), sa.Interval)
    until = now + sa.literal(LEASE, sa.Interval)

    def one_of(self, column: Any, name: str) -> sa.ColumnElement[bool]:
        ids = sa.cast(sa.func.string_to_array(given(name), ","), ARRAY(sa.Integer))
        found: sa.ColumnElement[bool] = column == sa.any_(ids)
        return found


class Sqlite:
    """SQLite's clock is this machine's."""

    now = sa.bindparam("now", type_=Moment)
    until = sa.bindparam("until", type_=Moment)

    def one_of(self, column: Any, name: str) -> sa.ColumnElement[bool]:
        each = sa.func.json_each("[" + given(name) + "]").table_valued("value")
        found: sa.ColumnElement[bool] = column.in_(sa.select(each.c.value))
        return found


class Prepared:
    """One statement, whose values are bound by name each time; its rows come as tuples of Python values."""

    def __init__(self, build: Callable[[Tongue], Any]) -> None:
        """`build` is called once for each kind of database."""
        self._build = build
        self._made: dict[str, Any] = {}

    def run(self, **values: Any) -> Sequence[tuple[Any, ...]]:
        """Return the rows; what the statement sees and changes is part of the session's transaction.

        Raises sqlalchemy's OperationalError or InterfaceError where the database is away.
        """
        connection = db.session.connection()
        if connection.dialect.name == "postgresql":
            return self._by_driver(connection, values)
        statement = self._made.get("sqlite")
        if statement is None:
            statement = self._made["sqlite"] = self._build(Sqlite())
        now = clock.now()
        found: Any = connection.execute(statement, {**values, "now": now, "until": now + LEASE})
        return [tuple(row) for row in found] if found.returns_rows else []

    def alone(self, **values: Any) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a statement that is a transaction of its own: committed when they are there.

        That saves the calls that begin and end one, and the session's share in it. Where the session has a transaction
        open already the statement is part of that. PostgreSQL only; raises as `run`.
        """
        if db.session().in_transaction():
            return self.run(**values)
        lent = db.engine.raw_connection()
        driver: Any = lent.driver_connection
        try:
            driver.autocommit = True
            found = self._ask(driver, db.engine.dialect, values)
            driver.autocommit = False
        except BaseException as problem:
            lent.invalidate(problem)
            raise
        lent.close()
        return found

    def _by_driver(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        driver: Any = connection.connection.driver_connection
        try:
            return self._ask(driver, connection.dialect, values)
        except sa.exc.DBAPIError as problem:
            if driver.closed:
                connection.invalidate(problem)
            raise

    def _ask(self, driver: Any, dialect: sa.Dialect, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        made = self._made.get("postgresql")
        if made is None:
            compiled = self._build(Postgres()).compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
            constants = {n: str(v) if isinstance(v, str) else v for n, v in compiled.params.items()}
            made = self._made["postgresql"] = str(compiled), constants
        text, constants = made
        try:
            cursor = driver.execute(text, {**constants, **values, "offset": clock.offset()})
            return cursor.fetchall() if cursor.description else []
        except (psycopg.OperationalError, psycopg.InterfaceError) as problem:
            kind = sa.exc.OperationalError if isinstance(problem, psycopg.OperationalError) else sa.exc.InterfaceError
            raise kind(text, None, problem) from problem
