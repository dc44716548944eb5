"""Freezing as it is done. In: 100,000 people with a share each, or a million. Out: a whole freeze beside reading them.

*Reading* is what a freeze has to begin with: everybody with tickets, streamed from the database side by side with her
shares. *The whole* is the use case: reading, a salt and a hash for each, entrants and their frozen mails written, the
pool made, checked and published, committed.
"""

from __future__ import annotations

import time
from datetime import timedelta

import psycopg

from bench.board import PEOPLE
from bench.figures import Figure, at_most, told
from bench.planning import made, servers
from bench.results_pages import application

LONGEST = 4
"""So many times what reading takes."""

SHARES = """
INSERT INTO story (id, kind, status, title, summary, url, language, topics, audience, publish_from, evergreen,
    picture_alt, created_at)
  VALUES (1, 'owned', 'approved', 'A story', '', 'https://stories.example/1', 'en', '[]', '[]', '2026-10-01', false,
    '', now());
INSERT INTO share (subject, story_id, network, code, salt, own_words, state, opened_at, visited_at, created_at)
SELECT subject, 1, 'linkedin', lpad(id::text, 10, '0'), '00', false, 'confirmed', timestamptz '2026-11-10',
    jsonb_build_array('2026-11-' || lpad((2 + id % 14)::text, 2, '0') || 'T10:00:00.000000+00:00'), now() FROM employee;
"""


def figures(full: bool) -> list[Figure]:
    """Return the figures of a whole freeze."""
    people = 1_000_000 if full else 100_000
    with servers() as url:
        where = made(url, "freezing")
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(PEOPLE, {"people": people})
            connection.execute(SHARES)
            connection.execute("VACUUM ANALYZE employee")
            connection.execute("VACUUM ANALYZE share")
            connection.execute("CHECKPOINT")
        with application(where):
            return _measured()


def _measured() -> list[Figure]:
    from service import clock, draws
    from service.database import db
    from service.draws.holders import holders

    draw = draws.create("bench", "Bench", [(f"Prize {n}", "10 €") for n in range(50)], beacon="drand", alternates=50)
    reading = []
    for _ in range(3):
        began = time.perf_counter()
        inside = sum(1 for one in holders(draw) if not one.why)
        reading.append(time.perf_counter() - began)
        db.session.rollback()
    began = time.perf_counter()
    frozen = draws.freeze(draw, clock.now() + timedelta(hours=72))
    whole = time.perf_counter() - began
    if not frozen.pool_hash or draws.check(frozen):
        raise AssertionError("this draw does not stand")
    read = sorted(reading)[1]
    how = f"{inside:,} entrants; reading people and shares took {read:.1f} s, the median of three"
    return [
        at_most("the whole freeze / reading who enters", whole / read, "of reading", LONGEST, how),
        told("the whole freeze", whole, "s", f"{inside:,} entrants, their mails in the outbox"),
    ]
