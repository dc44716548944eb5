"""Boards. In: 100,000 people (--full: a million) and a ledger that grows a hundredfold. Out: my rank beside SELECT 1.

The ledger and its totals are made in the server by INSERT … SELECT. What is timed is the statement that the pages use,
on one connection of the driver, for people drawn at random; beside it, SELECT 1 the same way.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bench.figures import Figure, at_most, interleaved, quotient, told
from bench.planning import made, servers

PERIOD = "2026-11"
CALLS = 200
ROUNDS = 9
CHANGES = 2000
"""Rows that awards write between two joinings: some seventeen awards a second for a minute."""

PEOPLE = """
INSERT INTO team (id, name) SELECT n, 'Team ' || n FROM generate_series(1, %(teams)s::int) n;
INSERT INTO employee (subject, email, name, status, language, reads, zone, topics, fewer, networks, chosen, rhythm,
    link_id, links_from, excluded_from_draws, off_boards, created_at, team_id)
SELECT md5(n::text), n || '@people.example', 'P' || n || ' Q',
    CASE WHEN n %% 40 = 0 THEN 'left' ELSE 'active' END, 'en', '["en"]', 'UTC', '[]', '[]', '[]', '[]', 'weekly',
    substr(md5('link' || n), 1, 16), '2026-01-01', false, n %% 50 = 7, now(), 1 + n %% %(teams)s::int
FROM generate_series(1, %(people)s::int) n
"""
LEDGER = """
INSERT INTO ledger_entry (key, subject, points, reason, facts, at, month, booked_at)
SELECT 'share:' || n || ':confirmed', md5((1 + floor(%(people)s::int * random() ^ 1.5))::int::text),
    (ARRAY[1, 1, 1, 1, 1, 1, 2, 2, 5, 10])[1 + n %% 10], 'confirmed', '{}',
    timestamptz '2026-11-01' + n * interval '0.1 second', '2026-11', now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
TOTALS = """
INSERT INTO total (subject, period, points, shown, team_id)
SELECT l.subject, %(period)s, sum(l.points),
    bool_and(e.status NOT IN ('left', 'gone', 'suspended') AND NOT e.off_boards),
    max(e.team_id) FILTER (WHERE e.status NOT IN ('left', 'gone', 'suspended'))
FROM ledger_entry l JOIN employee e ON e.subject = l.subject GROUP BY l.subject
"""
HOLDERS = """
INSERT INTO holders (period, step, points, people)
SELECT period, step, points / step, count(*) FROM total, (VALUES (1), (64)) v (step)
WHERE shown AND points > 0 GROUP BY period, step, points / step
"""


def run(full: bool) -> list[Figure]:
    """Return the figures of boards; `full` takes a million people and twenty million lines."""
    from bench import board_pages  # which needs what results are measured with, and that this ledger

    people, lines = (1_000_000, 20_000_000) if full else (100_000, 1_000_000)
    found: list[Figure] = []
    with servers() as url:
        where = made(url, "boards")
        with psycopg.connect(where, autocommit=True) as connection:
            put(connection, people)
            few = _measured(connection, people, 1, lines // 100)
            many = _measured(connection, people, lines // 100 + 1, lines)
            changes = _changed(connection)
            summed = _summed(connection)
            board_pages.load(connection, people, HOLDERS)
        whom = f"{people:,} people, {lines:,} lines"
        found += board_pages.figures(where, people, whom)
    found += [
        told(f"board, one round trip, {whom}", many["trip"] * 1e3, "ms", "SELECT 1 on the same connection"),
        told(f"board, my rank, {whom}", many["rank"] * 1e3, "ms", f"{many['figures']:,.0f} different totals"),
        at_most(f"board, my rank / round trip, {whom}", many["ratio"], "times", 3, "medians of interleaved rounds"),
        at_most(
            f"board, my rank, {lines:,} lines / {lines // 100:,} lines",
            many["ratio"] / few["ratio"],
            "times",
            1.5,
            f"each relative to its round trip; {few['figures']:,.0f} different totals before,"
            f" {many['figures']:,.0f} after",
        ),
        told(
            f"board, my rank / round trip, {CHANGES:,} changes not joined yet",
            changes,
            "times",
            "fold runs each minute",
        ),
        told(f"board, my rank by adding up the ledger, {whom}", summed * 1e3, "ms", "what is not done"),
    ]
    return found


def put(connection: psycopg.Connection[Any], people: int) -> None:
    """Put so many people into an empty database, 500 to a team."""
    for statement in PEOPLE.split(";"):
        connection.execute(statement, {"people": people, "teams": people // 500})


def _measured(connection: psycopg.Connection, people: int, first: int, last: int) -> dict[str, float]:
    write(connection, people, first, last)
    connection.execute("TRUNCATE total, holders")
    connection.execute(TOTALS, {"period": PERIOD})
    connection.execute(HOLDERS)
    for table in ("total", "holders", "employee"):
        connection.execute(f"VACUUM ANALYZE {table}")
    connection.execute("CHECKPOINT")
    return _timed(connection)


def write(connection: psycopg.Connection, people: int, first: int, last: int) -> None:
    """Add lines to the ledger; its indexes are made anew after them, as when a backup is read in."""
    unique = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'ledger_entry'::regclass AND contype = 'u'"
    ).fetchall()
    for name, _definition in unique:
        connection.execute(f"ALTER TABLE ledger_entry DROP CONSTRAINT {name}")
    others = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = 'ledger_entry'::regclass AND NOT i.indisprimary"
    ).fetchall()
    for name, _definition in others:
        connection.execute(f"DROP INDEX {name}")
    connection.execute(LEDGER, {"people": people, "first": first, "last": last})
    connection.execute("SET maintenance_work_mem = '512MB'")
    for name, definition in unique:
        connection.execute(f"ALTER TABLE ledger_entry ADD CONSTRAINT {name} {definition}")
    for _name, definition in others:
        connection.execute(definition)


def _timed(connection: psycopg.Connection) -> dict[str, float]:
    subjects = [row[0] for row in connection.execute("SELECT subject FROM total ORDER BY md5(subject) LIMIT 2000")]
    rank, trip = _calls(connection, subjects)
    both = interleaved({"rank": rank, "trip": trip}, CALLS, ROUNDS)
    figures = connection.execute("SELECT count(*) FROM holders WHERE step = 1").fetchone()
    return {
        "rank": both["rank"].median,
        "trip": both["trip"].median,
        "ratio": quotient(both["rank"], both["trip"]),
        "figures": float(figures[0]) if figures else 0,
    }


def _calls(connection: psycopg.Connection, subjects: list[str]) -> tuple[Callable[[], None], Callable[[], None]]:
    from service.holders import standing_of

    ranked: Any = standing_of("x", PERIOD).compile(dialect=postgresql.psycopg.dialect())
    statement, values = str(ranked), dict(ranked.params)
    key = next(name for name, value in values.items() if value == "x")
    drawn = random.Random(47)

    def rank() -> None:
        for _ in range(CALLS):
            connection.execute(statement, {**values, key: drawn.choice(subjects)}).fetchone()

    def trip() -> None:
        for _ in range(CALLS):
            connection.execute("SELECT 1").fetchone()

    return rank, trip


def _changed(connection: psycopg.Connection) -> float:
    """Return the ratio while the changes of a minute are not joined."""
    connection.execute(
        "INSERT INTO holders (period, step, points, people)"
        " SELECT period, step, points, s FROM (SELECT * FROM holders WHERE step = 1 ORDER BY points LIMIT 500) h,"
        " (VALUES (1), (-1)) v(s),"
        f" generate_series(1, {CHANGES // 1000})"
    )
    return _timed(connection)["ratio"]


def _summed(connection: psycopg.Connection) -> float:
    began = time.perf_counter()
    connection.execute(
        str(sa.text("SELECT count(*) FROM (SELECT sum(points) s FROM ledger_entry GROUP BY subject) t WHERE s > 50"))
    ).fetchone()
    return time.perf_counter() - began
