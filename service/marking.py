"""Marking. In: a connection. Out: triggers by which the database itself notes every share that is to be counted anew.

Whoever changes a share or the verdict on a visit, by whatever statement, leaves its number in `changed_share`, in the
same transaction. migrations/env.py calls `mark` after every migration.
"""

from __future__ import annotations

import sqlalchemy as sa

_SHARE = ("state", "opened_at", "declared_at", "seen_at", "visited_at", "own_words", "text_id")
"""Columns of a share that figures are made of."""

_POSTGRESQL = """
CREATE OR REPLACE FUNCTION goodword_share_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changed_share (share_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION goodword_visits_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changed_share (share_id) SELECT DISTINCT share_id FROM fresh WHERE kind = 'visit';
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION goodword_visits_judged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changed_share (share_id)
    SELECT DISTINCT fresh.share_id FROM fresh JOIN former ON fresh.id = former.id
    WHERE fresh.kind = 'visit' AND (fresh.verdict, fresh.reason) IS DISTINCT FROM (former.verdict, former.reason);
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS share_made ON share;
CREATE TRIGGER share_made AFTER INSERT ON share FOR EACH ROW EXECUTE FUNCTION goodword_share_changed();
DROP TRIGGER IF EXISTS share_changed ON share;
CREATE TRIGGER share_changed AFTER UPDATE ON share FOR EACH ROW WHEN ({changed})
  EXECUTE FUNCTION goodword_share_changed();
DROP TRIGGER IF EXISTS visits_came ON evidence;
CREATE TRIGGER visits_came AFTER INSERT ON evidence REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION goodword_visits_came();
DROP TRIGGER IF EXISTS visits_judged ON evidence;
CREATE TRIGGER visits_judged AFTER UPDATE ON evidence REFERENCING OLD TABLE AS former NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION goodword_visits_judged();
"""

_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS share_made AFTER INSERT ON share"
    " BEGIN INSERT INTO changed_share (share_id) VALUES (NEW.id); END",
    "CREATE TRIGGER IF NOT EXISTS share_changed AFTER UPDATE OF {columns} ON share WHEN {changed}"
    " BEGIN INSERT INTO changed_share (share_id) VALUES (NEW.id); END",
    "CREATE TRIGGER IF NOT EXISTS visits_came AFTER INSERT ON evidence WHEN NEW.kind = 'visit'"
    " BEGIN INSERT INTO changed_share (share_id) VALUES (NEW.share_id); END",
    "CREATE TRIGGER IF NOT EXISTS visits_judged AFTER UPDATE OF verdict, reason ON evidence"
    " WHEN NEW.kind = 'visit' AND (NEW.verdict IS NOT OLD.verdict OR NEW.reason IS NOT OLD.reason)"
    " BEGIN INSERT INTO changed_share (share_id) VALUES (NEW.share_id); END",
)


def mark(connection: sa.Connection) -> None:
    """Let triggers note changed shares where the tables are. Again is no harm; does not commit."""
    if not all(sa.inspect(connection).has_table(name) for name in ("share", "evidence", "changed_share")):
        return
    if connection.dialect.name == "postgresql":
        changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _SHARE)
        connection.exec_driver_sql(_POSTGRESQL.replace("{changed}", changed))
        return
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _SHARE)
    for statement in _SQLITE:
        connection.exec_driver_sql(statement.replace("{columns}", ", ".join(_SHARE)).replace("{changed}", changed))
