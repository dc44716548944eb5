"""Append-only tables. In: a connection. Out: tables whose lines the database itself lets nobody change or delete.

migrations/env.py calls `guard` after every migration; emptying a whole table (TRUNCATE) is left to its owner.
"""

from __future__ import annotations

import sqlalchemy as sa

TABLES = ("audit_line", "draw_event", "ledger_entry")
"""What only grows."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION goodword_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING
    MESSAGE = 'lines of ' || TG_TABLE_NAME || ' are never changed or deleted', ERRCODE = 'restrict_violation';
END
$$
"""


def guard(connection: sa.Connection) -> None:
    """Let triggers refuse UPDATE and DELETE on each of TABLES that exists. Again is no harm; does not commit."""
    there = [table for table in TABLES if sa.inspect(connection).has_table(table)]
    postgresql = connection.dialect.name == "postgresql"
    if there and postgresql:
        connection.exec_driver_sql(_FUNCTION)
    for table in there:
        for act in ("UPDATE", "DELETE"):
            name = f"{table}_no_{act.lower()}"
            if postgresql:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {name} BEFORE {act} ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION goodword_append_only()"
                )
            else:
                connection.exec_driver_sql(
                    f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'lines of {table} are never changed or deleted'); END"
                )
