"""Board pages. In: the database of `board`, with its totals. Out: seconds that each board takes, in every period.

Teams, campaigns and their shares are made up in the server, beside the totals of the month those of week, quarter and
ever. What is timed are the use cases of the pages, through SQLAlchemy as the pages have them, for people drawn at
random.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from bench.figures import Figure, at_most, told
from bench.results_pages import application

CALLS = 9
LONGEST = 1.0
"""Seconds that a page may take, as with results."""

CONTENT = """
INSERT INTO team (id, name) SELECT n, 'Team ' || n FROM generate_series(1, %(people)s::int / 500) n;
INSERT INTO campaign (id, slug, name, goal, hashtags, audience, starts_on, ends_on, multiplier)
  SELECT n, 'c' || n, 'Campaign ' || n, '', '["#Open"]', '[]', date '2026-10-01', date '2026-12-24', 1
  FROM generate_series(1, 2) n;
INSERT INTO story (id, kind, status, title, summary, url, language, topics, audience, campaign_id, publish_from,
    evergreen, picture_alt, created_at)
  SELECT n, 'owned', 'approved', 'Story number ' || n, '', 'https://stories.example/' || n, 'en', '[]', '[]',
    CASE WHEN n % 4 < 2 THEN 1 + n % 4 END, '2026-10-01', false, '', now() FROM generate_series(1, 24) n
"""
TEAMS = "UPDATE employee SET team_id = 1 + id % (SELECT count(*) FROM team)"
SHARES = """
INSERT INTO share (subject, story_id, network, code, salt, own_words, state, opened_at, visited_at, created_at)
SELECT md5((1 + floor(%(people)s::int * random() ^ 1.5))::int::text), 1 + n %% 24, 'linkedin', lpad(n::text, 10, '0'),
    '00', false, CASE WHEN n %% 7 < 3 THEN 'engaged' ELSE 'confirmed' END, timestamptz '2026-11-10',
    (SELECT jsonb_agg('2026-11-' || 10 + v || 'T10:00:00.000000+00:00') FROM generate_series(0, 2 * (n %% 7)) v), now()
FROM generate_series(1, 2 * %(people)s::int) n ON CONFLICT DO NOTHING
"""
OTHERS = """
INSERT INTO total (subject, period, points, shown)
SELECT subject, p, greatest(1, points * k / 4), shown FROM total,
    (VALUES ('2026-W47', 1), ('2026-Q4', 8), ('all', 40)) v (p, k) WHERE period = '2026-11'
"""
CAMPAIGNS = """
INSERT INTO total (subject, period, points, shown)
SELECT s.subject, 'campaign:' || t.campaign_id, sum(10 + jsonb_array_length(s.visited_at)),
    bool_and(e.status NOT IN ('left', 'gone', 'suspended') AND NOT e.off_boards)
FROM share s JOIN story t ON t.id = s.story_id JOIN employee e ON e.subject = s.subject
WHERE t.campaign_id IS NOT NULL GROUP BY 1, 2
"""


def load(connection: psycopg.Connection[Any], people: int, holders: str) -> None:
    """Add to the people and the month's totals what other boards need; `holders` fills that table from totals."""
    connection.execute(CONTENT.replace("%(people)s", str(people)))
    connection.execute(TEAMS)
    connection.execute(SHARES, {"people": people})
    connection.execute(OTHERS)
    connection.execute(CAMPAIGNS)
    connection.execute("TRUNCATE holders")
    connection.execute(holders)
    for table in ("total", "holders", "employee", "share"):
        connection.execute(f"VACUUM ANALYZE {table}")
    connection.execute("CHECKPOINT")


def figures(where: str, people: int, whom: str) -> list[Figure]:
    """Return what each board takes on this database (libpq's URL)."""
    with application(where):
        taken = {name: _median(calls) for name, calls in _boards(people).items()}
    slowest = max(taken, key=lambda name: taken[name])
    return [
        at_most(f"boards, the slowest, {whom}", taken[slowest], "s", LONGEST, slowest),
        *(told(f"board, {name}, {whom}", took * 1e3, "ms", f"median of {CALLS}") for name, took in taken.items()),
    ]


def _boards(people: int) -> dict[str, Sequence[Callable[[], object]]]:
    """Return by name of a board calls of it, each for another person."""
    import sqlalchemy as sa

    from service import boards, clock
    from service.boards import Measure, Span
    from service.database import db
    from service.models import Employee, Total
    from service.totals import on_boards

    drawn = random.Random(47)
    asked = sa.select(Employee).join(Total, Total.subject == Employee.subject)
    some = asked.where(
        on_boards(), Total.period == "campaign:1", Employee.id.in_(drawn.sample(range(1, people + 1), 50 * CALLS))
    )
    whom = db.session.scalars(some.limit(CALLS)).all()
    if len(whom) < CALLS:
        raise AssertionError(f"{len(whom)} people have points")
    found: dict[str, Sequence[Callable[[], object]]] = {}
    for span in Span:
        period = boards.period_of(span, clock.now(), "Europe/Rome")
        found[f"my rank, {span}"] = [lambda p=period, e=e: boards.own(e, p) for e in whom]  # type: ignore[misc]
        found[f"near me, {span}"] = [lambda p=period, e=e: boards.near(e, p) for e in whom]  # type: ignore[misc]
        found[f"top, {span}"] = [lambda p=period, e=e: boards.top(p, e) for e in whom]  # type: ignore[misc]
        found[f"teams, {span}"] = [lambda p=period, e=e: boards.teams(p, e) for e in whom]  # type: ignore[misc]
    both = boards.campaigns()
    for measure in Measure:
        for name, of in (("campaign", both[:1]), ("hashtag of two campaigns", both)):
            found[f"{name} by {measure}"] = [
                lambda m=measure, o=of, e=e: boards.of_campaigns(o, m, e)  # type: ignore[misc]
                for e in whom
            ]
    return found


def _median(calls: Sequence[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        began = time.perf_counter()
        if not call():
            raise AssertionError("an empty board")
        times.append(time.perf_counter() - began)
    return statistics.median(times)
