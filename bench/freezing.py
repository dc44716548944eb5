"""Freezing as it is done. In: 20,000 people with a share each, or a million. Out: a whole freeze beside reading them.

*Reading* is what a freeze has to begin with: everybody with tickets, streamed from the database side by side with her
shares. *The freeze* is the use case: reading, a salt and a hash for each, entrants written, the pool made, checked,
committed and by that published. *With its mails* is that and every entrant's frozen mail in the outbox, which a worker
writes step by step before the draw may run.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa

from bench.board import put
from bench.figures import Figure, at_most, told
from bench.planning import made, servers
from bench.results_pages import application

LONGEST = 4
"""So many times what reading takes: the freeze, up to the commit that publishes the pool."""

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
    people = 1_000_000 if full else 20_000
    with servers() as url:
        where = made(url, "freezing")
        with psycopg.connect(where, autocommit=True) as connection:
            put(connection, people)
            connection.execute(SHARES)
            connection.execute("VACUUM ANALYZE employee")
            connection.execute("VACUUM ANALYZE share")
            connection.execute("CHECKPOINT")
        with application(where):
            return _measured()


def _measured() -> list[Figure]:
    from service import clock, draws
    from service.database import db
    from service.draws import frozen_mails
    from service.draws.holders import holders

    frozen_mails.AT_ONCE = 0  # the mails are timed apart, of few as of many
    draw = draws.create("bench", "Bench", [(f"Prize {n}", "10 €") for n in range(50)], beacon="drand", alternates=50)
    reading = []
    for _ in range(3):
        watch = _Watch()
        inside = sum(1 for one in holders(draw) if not one.why)
        reading.append(watch.spent())
        db.session.rollback()
    watch = _Watch()
    frozen = draws.freeze(draw, clock.now() + timedelta(hours=72))
    pool = watch.spent()
    watch = _Watch()
    mails = frozen_mails.work()
    written = watch.spent()
    if not frozen.pool_hash or draws.check(frozen) or mails != inside or frozen_mails.unwritten(frozen):
        raise AssertionError("this draw does not stand")
    read = sorted(reading)[1]
    how = f"{inside:,} entrants; reading people and shares took {read[0]:.2f} s, the median of three"
    used = f"{read[1]:.2f} s of processor for reading, {pool[1]:.2f} for the freeze, {written[1]:.2f} for the mails"
    return [
        at_most("the freeze, committed and published / reading who enters", pool[0] / read[0], "times", LONGEST, how),
        told("the freeze and its mails / reading who enters", (pool[0] + written[0]) / read[0], "times", how),
        told("the freeze / reading, processor", pool[1] / read[1], "times", used),
        told("the freeze and its mails / reading, processor", (pool[1] + written[1]) / read[1], "times", used),
        told("the freeze, committed and published", pool[0], "s", f"{inside:,} entrants"),
        told("its mails", written[0], "s", f"{mails:,} rows of the outbox, {frozen_mails.AT_A_TIME:,} entrants a step"),
    ]


class _Watch:
    """Seconds since it was made: by the clock, and of processor, here and in the database's process for us (Linux)."""

    def __init__(self) -> None:
        self.began = self._now()

    def spent(self) -> tuple[float, float]:
        now = self._now()
        return now[0] - self.began[0], now[1] - self.began[1]

    @staticmethod
    def _now() -> tuple[float, float]:
        from service.database import db

        pid = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        server = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return time.perf_counter(), time.process_time() + server
