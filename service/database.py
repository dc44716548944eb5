"""The database. In: a Config. Out: one `db` handle, its engine's settings, UTC columns, and migrations applied."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import Pool
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base)

reading: ContextVar[bool] = ContextVar("reading", default=False)
"""True while only reading is meant (pages shown by GET): SQLite then takes no write lock."""

Json = sa.JSON().with_variant(JSONB(), "postgresql")
"""A JSON column: JSONB on PostgreSQL, text on SQLite. Replace its value, never change it in place."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; naive values are refused. SQLite keeps it as ISO text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a Moment needs a time zone; use service.clock.now()")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


QUIET = {"hide_parameters": True}
"""An error's text goes into the log, and a statement's values are names and addresses."""


PROMPT: Mapping[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A PostgreSQL whose machine or network is gone without a word is away half a minute later and not two hours: seconds
and, the last, milliseconds (libpq, "Parameter Key Words"). The database's address may say otherwise."""


def engine_options(url: str) -> dict[str, Any]:
    """Return SQLAlchemy engine options for this database URL."""
    if url.startswith("sqlite"):
        # The driver must not begin transactions on its own: see _begin below.
        return {"connect_args": {"timeout": 10, "isolation_level": None}, **QUIET}
    given = sa.make_url(url).query
    prompt = {name: value for name, value in PROMPT.items() if name not in given}
    return {"pool_size": 5, "max_overflow": 10, "connect_args": prompt, **QUIET}


@event.listens_for(Engine, "connect")
def _sqlite_settings(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
        connection.create_aggregate("bit_or", 1, _BitOr)  # type: ignore[arg-type]


class _BitOr:
    """PostgreSQL's bit_or for SQLite: NULL of nothing."""

    def __init__(self) -> None:
        self._found: int | None = None

    def step(self, value: int | None) -> None:
        if value is not None:
            self._found = (self._found or 0) | value

    def finalize(self) -> int | None:
        return self._found


IDLE = 1.0
"""Seconds after which a connection is asked whether it is still there before it is used again."""


@event.listens_for(Pool, "checkin")
def _put_by(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection) and connection.in_transaction:
        connection.rollback()  # a COMMIT that failed may leave it open, and SQLAlchemy takes it for ended
    record.info["put_by"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _still_there(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that was idle, as pool_pre_ping does at every use: a sender uses it a hundred times a second."""
    if isinstance(connection, sqlite3.Connection) or time.monotonic() - record.info.get("put_by", 0.0) < IDLE:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as problem:
        raise sa.exc.DisconnectionError from problem  # the pool then opens another


@event.listens_for(Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    """Begin SQLite transactions as writers (IMMEDIATE), so that a read never has to be upgraded and fail."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if reading.get() else "BEGIN IMMEDIATE")


def migrations(url: str) -> AlembicConfig:
    """Return Alembic's configuration for this database URL."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent.parent / "migrations"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring the database to the newest revision; creates the folder of an SQLite file."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(migrations(url), "head")


def trouble(url: str) -> str | None:
    """Return one line about what a person must do before this database can be used, or None if it is in order."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except sa.exc.OperationalError:
        where = sa.make_url(url)
        return (
            f"the database at {where.host or where.database} does not answer; start it or mend GOODWORD_DATABASE_URL."
        )
    finally:
        engine.dispose()
    newest = ScriptDirectory.from_config(migrations(url)).get_current_head()
    if found == newest:
        return None
    return f"the database is at revision {found or 'none'}, this version needs {newest}; run `goodword db upgrade`."
