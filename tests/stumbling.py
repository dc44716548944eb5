"""Stumbling. In: an act. Out: the act stopped at its n-th statement or commit, and the database put back for the next.

A process that is killed leaves what it committed: its session is thrown away, and so is the connection's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.database import Base, db

NO_TABLE = "SELECT 1 FROM no_table_of_ours"
"""What the database is asked so that it refuses: on PostgreSQL the transaction has failed by that."""


class Killed(BaseException):
    """Stands for SIGKILL: whoever caught it would go on working, and nobody who is killed does."""


class How(StrEnum):
    """What happens at the n-th point."""

    KILLED = "killed before it"
    REFUSED = "refused by the database"
    UNHEARD = "killed after the commit, before it was heard"
    BROKEN = "committed, and the connection lost before the answer"


LANDED = (How.UNHEARD, How.BROKEN)
"""Here commits alone are points."""


@dataclass
class Stumble:
    """How far the act came: the points it passed or stopped at, and whether it was stopped."""

    points: int = 0
    commits: int = 0
    begins: int = 0
    fell: bool = False


@contextmanager
def stumbling(at: int, how: How) -> Iterator[Stumble]:
    """Stop what runs inside at its point number `at` (from 1; 0: never). Killed and the database's errors end here."""
    db.session.rollback()
    engine, found = db.engine, Stumble()
    dialect: Any = engine.dialect
    commit: Callable[[Any], None] = dialect.do_commit

    def reached() -> bool:
        found.points += 1
        if found.points == at:
            found.fell = True
        return found.points == at

    def executed(_c: Any, cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        found.begins += statement.startswith("BEGIN")
        if how in LANDED or not reached():
            return
        if how is How.KILLED:
            raise Killed
        try:
            cursor.execute(NO_TABLE)
        except dialect.dbapi.Error as refusal:
            raise sa.exc.OperationalError("a test", None, refusal) from refusal

    def committed(connection: Any) -> None:
        found.commits += 1
        here = reached()
        if here and how is How.KILLED:
            connection.rollback()
            raise Killed
        if here and how is How.REFUSED:
            if dialect.name == "postgresql":
                connection.rollback()  # a COMMIT that fails ends the transaction there; SQLite may leave it open
            raise dialect.dbapi.OperationalError("the disk is full")
        commit(connection)
        if here:
            raise Killed if how is How.UNHEARD else dialect.dbapi.OperationalError("the connection is lost")

    sa.event.listen(engine, "before_cursor_execute", executed)
    dialect.do_commit = committed
    try:
        yield found
    except (Killed, sa.exc.DBAPIError):
        assert found.fell
    finally:
        dialect.do_commit = commit
        sa.event.remove(engine, "before_cursor_execute", executed)
        db.session.remove()


class Kept:
    """All rows as they are now, to be put back as often as wanted."""

    def __init__(self) -> None:
        db.session.remove()
        url = db.engine.url
        db.engine.dispose()
        self._file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        self._back = ""
        if self._file is not None:
            self._bytes = self._file.read_bytes()
            return
        steps = ["SET LOCAL session_replication_role = replica"]  # neither triggers nor foreign keys
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS kept CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA kept")
            for table in Base.metadata.tables.values():
                steps.append(f'DELETE FROM "{table.name}"')
                names = ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)
                made = connection.exec_driver_sql(
                    f'CREATE TABLE kept."{table.name}" AS SELECT {names} FROM "{table.name}"'
                )
                if made.rowcount:
                    steps.append(f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM kept."{table.name}"')
        self._back = "; ".join(steps)

    def back(self) -> None:
        """Put the rows back; sequences go on."""
        db.session.remove()
        if self._file is None:
            with db.engine.begin() as connection:
                connection.exec_driver_sql(self._back)
            return
        db.engine.dispose()
        for left in ("-wal", "-shm"):
            self._file.with_name(self._file.name + left).unlink(missing_ok=True)
        self._file.write_bytes(self._bytes)


def forget_kept() -> None:
    """Take away what Kept put beside the tables of this database."""
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS kept CASCADE")
