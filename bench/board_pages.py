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
from bench.planning import _cpu_of_server as cpu_of_server
from bench.results_pages import application

CALLS = 9
LONGEST = 1.0
"""Seconds that a page may take, as with results."""

CONTENT = """
INSERT INTO campaign (id, slug, name, goal, hashtags, audience, starts_on, ends_on, multiplier)
  SELECT n, 'c' || n, 'Campaign ' || n, '', '["#Open"]', '[]', date '2026-10-01', date '2026-12-24', 1
  FROM generate_series(1, 2) n;
INSERT INTO story (id, kind, status, title, summary, url, language, topics, audience, campaign_id, publish_from,
    evergreen, picture_alt, created_at)
  SELECT n, 'owned', 'approved', 'Story number ' || n, '', 'https://stories.example/' || n, 'en', '[]', '[]',
    CASE WHEN n % 4 < 2 THEN 1 + n % 4 END, '2026-10-01', false, '', now() FROM generate_series(1, 24) n
"""
SHARES = """
INSERT INTO share (subject, story_id, network, code, salt, own_words, state, opened_at, visited_at, created_at)
SELECT md5((1 + floor(%(people)s::int * random() ^ 1.5))::int::text), 1 + n %% 24, 'linkedin', lpad(n::text, 10, '0'),
    '00', false, CASE WHEN n %% 7 < 3 THEN 'engaged' ELSE 'confirmed' END, timestamptz '2026-11-10',
    (SELECT jsonb_agg('2026-11-' || 10 + v || 'T10:00:00.000000+00:00') FROM generate_series(0, 2 * (n %% 7)) v), now()
FROM generate_series(1, 2 * %(people)s::int) n ON CONFLICT DO NOTHING
"""
OTHERS = """
INSERT INTO total (subject, period, points, shown, team_id)
SELECT subject, p, greatest(1, points * k / 4), shown, team_id FROM total,
    (VALUES ('2026-W47', 1), ('2026-Q4', 8), ('all', 40)) v (p, k) WHERE period = '2026-11'
"""
CAMPAIGNS = """
INSERT INTO total (subject, period, points, shown, team_id)
SELECT subject, name || ':' || campaign_id,
    CASE name WHEN 'shares' THEN shares WHEN 'readers' THEN readers ELSE 10 * shares + readers END, shown, team_id
FROM (
    SELECT s.subject, t.campaign_id, count(*) AS shares, sum(jsonb_array_length(s.visited_at)) AS readers,
        bool_and(e.status NOT IN ('left', 'gone', 'suspended') AND NOT e.off_boards) AS shown,
        max(e.team_id) FILTER (WHERE e.status NOT IN ('left', 'gone', 'suspended')) AS team_id
    FROM share s JOIN story t ON t.id = s.story_id JOIN employee e ON e.subject = s.subject
    WHERE t.campaign_id IS NOT NULL GROUP BY 1, 2
) f, (VALUES ('campaign'), ('shares'), ('readers')) v (name)
"""
TEAM_SUMS = """
INSERT INTO team_sum (period, team_id, points, people)
SELECT period, team_id, sum(points), count(*) FROM total
WHERE points > 0 AND team_id IS NOT NULL AND period NOT LIKE '%:%' GROUP BY 1, 2
"""


def load(connection: psycopg.Connection[Any], people: int, holders: str) -> None:
    """Add to the people and the month's totals what other boards need; `holders` fills that table from totals."""
    connection.execute(CONTENT)
    connection.execute(SHARES, {"people": people})
    connection.execute(OTHERS)
    connection.execute(CAMPAIGNS)
    connection.execute("TRUNCATE holders")
    connection.execute(holders)
    connection.execute(TEAM_SUMS)
    for table in ("total", "holders", "employee", "share", "team_sum"):
        connection.execute(f"VACUUM ANALYZE {table}")
    connection.execute("CHECKPOINT")


def figures(where: str, people: int, whom: str) -> list[Figure]:
    """Return what each board takes on this database (libpq's URL)."""
    from service import boards

    with application(where), psycopg.connect(where, autocommit=True) as watch:
        apart = {f"{name}, added up": _taken(calls, watch) for name, calls in _hashtags(people).items()}
        made = _taken([boards.tend], watch, empty=True)
        taken = {name: _taken(calls, watch) for name, calls in (_boards(people) | _hashtags(people)).items()}
    slowest = max(taken, key=lambda name: taken[name][0])
    return [
        at_most(f"boards, the slowest, {whom}", taken[slowest][0], "s", LONGEST, slowest),
        *(
            told(f"board, {name}, {whom}", clock * 1e3, "ms", f"median of {CALLS}; {cpu * 1e3:.0f} ms of processor")
            for name, (clock, cpu) in (taken | apart).items()
        ),
        told(f"keeping a hashtag's sums, once, {whom}", made[0], "s", f"{made[1]:.1f} s of processor"),
    ]


def _some(people: int) -> Sequence[Any]:
    """Return people drawn at random who have points in the first campaign."""
    import sqlalchemy as sa

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
    return whom


def _boards(people: int) -> dict[str, Sequence[Callable[[], object]]]:
    """Return by name of a board calls of it, each for another person."""
    from service import boards, clock
    from service.boards import Measure, Span

    whom = _some(people)
    found: dict[str, Sequence[Callable[[], object]]] = {}
    for span in Span:
        period = boards.period_of(span, clock.now(), "Europe/Rome")
        found[f"my rank, {span}"] = [lambda p=period, e=e: boards.own(e, p) for e in whom]  # type: ignore[misc]
        found[f"near me, {span}"] = [lambda p=period, e=e: boards.near(e, p) for e in whom]  # type: ignore[misc]
        found[f"top, {span}"] = [lambda p=period, e=e: boards.top(p, e) for e in whom]  # type: ignore[misc]
        found[f"teams, {span}"] = [lambda p=period, e=e: boards.teams(p, e) for e in whom]  # type: ignore[misc]
    one = boards.campaigns()[:1]
    for measure in Measure:
        found[f"campaign by {measure}"] = [
            lambda m=measure, e=e: boards.of_campaigns(one, m, e)  # type: ignore[misc]
            for e in whom
        ]
    return found


def _hashtags(people: int) -> dict[str, Sequence[Callable[[], object]]]:
    """Return by what the board of a hashtag of two campaigns goes by calls of it."""
    from service import boards
    from service.boards import Measure

    whom, both = _some(people), boards.campaigns()
    return {
        f"hashtag of two campaigns by {measure}": [
            lambda m=measure, e=e: boards.of_campaigns(both, m, e)  # type: ignore[misc]
            for e in whom
        ]
        for measure in Measure
    }


def _taken(
    calls: Sequence[Callable[[], object]], watch: psycopg.Connection[Any], empty: bool = False
) -> tuple[float, float]:
    """Return the median seconds of a call, and seconds of processor each takes here and in the database."""
    times = []
    before = cpu_of_server(watch) + time.process_time()
    for call in calls:
        began = time.perf_counter()
        if not call() and not empty:
            raise AssertionError("an empty board")
        times.append(time.perf_counter() - began)
    return statistics.median(times), (cpu_of_server(watch) + time.process_time() - before) / len(calls)
