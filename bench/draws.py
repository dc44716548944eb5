"""Draws. In: a PostgreSQL table of 200,000 entrants, or a million. Out: freezing and drawing beside reading them.

Reading is what PostgreSQL and psycopg take to hand over (entrant, tickets) of all, by COPY. Freezing is the pool made
of them: sorted, written as a file, read back and checked line by line, hashed. Drawing is 100 ranks of a frozen pool.
"""

from __future__ import annotations

import hashlib
import random
import time

import psycopg

from bench import freezing
from bench.figures import Figure, at_most, interleaved, quotient, told
from scoring import draws

RANKS = 100
SEED = "5" * 64


def run(full: bool) -> list[Figure]:
    """Return the figures of draws, and of a whole freeze as it is done."""
    from tests.servers import Servers, start_postgres

    number = 1_000_000 if full else 200_000
    found = Servers()
    try:
        start_postgres(found)
        with psycopg.connect(found.database_url.replace("+psycopg", ""), autocommit=True) as connection:
            _fill(connection, number)
            figures = _figures(connection, number)
    finally:
        found.stop()
    return figures + freezing.figures(full)


def _fill(connection: psycopg.Connection[tuple[object, ...]], number: int) -> None:
    chance = random.Random(5)
    connection.execute("CREATE TABLE entrants (entrant varchar(64), tickets integer)")
    with connection.cursor() as cursor, cursor.copy("COPY entrants FROM STDIN") as copy:
        for n in range(number):
            copy.write_row((hashlib.sha256(f"entrant {n}".encode()).hexdigest(), chance.choice((1, 1, 2, 3, 4, 5))))
    connection.execute("VACUUM ANALYZE entrants")


def _figures(connection: psycopg.Connection[tuple[object, ...]], number: int) -> list[Figure]:
    def read() -> list[tuple[str, int]]:
        with connection.cursor() as cursor, cursor.copy("COPY entrants TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types(["varchar", "int4"])
            return list(copy.rows())  # type: ignore[arg-type]

    entries = read()
    assert len(entries) == number
    pool = draws.make_pool("bench", "a" * 64, "numbers/" + "b" * 64, 50, RANKS, entries)

    def freeze() -> str:
        made = draws.make_pool("bench", "a" * 64, "numbers/" + "b" * 64, 50, RANKS, entries)
        return draws.sha256(made.file)

    def roll() -> list[str]:
        return draws.roll(pool.entrants, pool.tickets, SEED, RANKS)

    both = interleaved({"read": read, "freeze": freeze, "draw": roll}, rounds=5)
    began = time.perf_counter()
    outcome = draws.verify(pool.file, "1./")
    verified = time.perf_counter() - began
    assert len(outcome.ranks) == RANKS
    how = f"{number:,} entrants; reading them took {both['read'].median:.2f} s"
    return [
        at_most("drawing 100 ranks / reading", quotient(both["draw"], both["read"]), "of reading", 0.1, how),
        at_most("freezing / reading", quotient(both["freeze"], both["read"]), "of reading", 4, how),
        told("reading", both["read"].median * 1e3, "ms", "COPY in binary, as Python's texts and numbers"),
        told("freezing", both["freeze"].median * 1e3, "ms", "sort, write, read back and check each line, hash"),
        told("drawing", both["draw"].median * 1e3, "ms", f"{RANKS} ranks"),
        told("verifying", verified * 1e3, "ms", "a pool file read, checked, hashed and drawn again"),
    ]
