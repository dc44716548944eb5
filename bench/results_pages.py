"""Results. In: 50,000 people, 250,000 shares (--full: a million and five million). Out: seconds a results page takes.

What is timed is each page's whole request through the application, signed in, on PostgreSQL: the first time after
loading, and the median of five more. What shares brought is made up in the server: `counted_share` by generate_series
and every figure from it by INSERT … SELECT, as counting would have left them. Counting itself is measured on shares and
visits of its own, noted by the triggers and taken by `results.count`, and looked at again as `results verify` does.

Four lines of the ledger stand for a share (--full: twenty million): pages of results read none of them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import sqlalchemy as sa

from bench.board import LEDGER
from bench.figures import Figure, at_most, told
from bench.planning import database, servers

TEAMS, STORIES, CAMPAIGNS = 1000, 624, 12
SECRET = "a-secret-of-the-measurements-and-of-nobody-else"
PAGES = (
    "",
    "?period=2026",
    "/sharing",
    "/sharing?period=2026",
    "/reach",
    "/reach?period=2026",
    "/worth",
    "/mail",
    "/time?period=2026",
    "/sharing?team=7&period=2026",
    "?team=7&period=2026-Q4",
    "?campaign=3&period=2026",
    "/sharing?campaign=3&team=7&period=2026",
    "/report/print",
)
SIZES = {False: (50_000, 250_000), True: (1_000_000, 5_000_000)}
"""People and shares, by whether all is wanted."""
FIRST_RAW = 100_000_000
COUNTED = 2000
"""Shares that counting is measured on, each with four visits."""

CONTENT = f"""
INSERT INTO team (id, name) SELECT n, 'Team ' || n FROM generate_series(1, {TEAMS}) n;
INSERT INTO campaign (id, slug, name, goal, hashtags, audience, starts_on, ends_on, multiplier)
  SELECT n, 'c' || n, 'Campaign ' || n, '', '[]', '[]', date '2026-01-01' + n * 25, date '2026-01-30' + n * 25, 1
  FROM generate_series(1, {CAMPAIGNS}) n;
INSERT INTO topic (id, slug, name, names) SELECT n, 't' || n, 'Topic ' || n, '{{}}' FROM generate_series(1, 12) n;
INSERT INTO story (id, kind, status, title, summary, url, language, topics, audience, campaign_id, publish_from,
    evergreen, picture_alt, created_at)
  SELECT n, (ARRAY['curated', 'curated', 'owned', 'promotional'])[1 + n % 4], 'approved', 'Story number ' || n, '',
    'https://stories.example/' || n, 'en', jsonb_build_array(1 + n % 12), '[]',
    CASE WHEN n % 6 = 0 THEN 1 + (n / 6) % {CAMPAIGNS} END, timestamptz '2026-01-01' + n * interval '14 hours',
    false, '', now() FROM generate_series(1, {STORIES}) n;
"""
PEOPLE = f"""
INSERT INTO employee (subject, email, name, status, language, reads, zone, topics, fewer, networks, chosen, rhythm,
    link_id, links_from, excluded_from_draws, off_boards, created_at, team_id)
SELECT md5(n::text), n || '@people.example', 'P' || n || ' Q', 'active', 'en', '["en"]', 'UTC', '[]', '[]', '[]', '[]',
    'weekly', substr(md5('link' || n), 1, 16), '2026-01-01', false, n %% 50 = 7, '2026-01-01', 1 + n %% {TEAMS}
FROM generate_series(1, %(people)s::int) n
"""
SHARES = f"""
INSERT INTO counted_share (share_id, subject, story_id, network, team_id, audience, day, facts, visits)
SELECT n, md5(p::text), 1 + (day * {STORIES - 24} / 322 + n % 24)::int, network, 1 + p % {TEAMS}, 459,
    date '2026-01-05' + day, '{{}}', '{{}}'
FROM (SELECT n, 1 + floor(%(people)s::int * random() ^ 1.5)::int p, floor(random() * 322)::int AS day,
    (ARRAY['linkedin', 'linkedin', 'linkedin', 'x', 'facebook', 'bluesky'])[1 + n %% 6] network
  FROM generate_series(1, %(shares)s::int) n) made
"""
FIGURES = tuple(
    statement.replace("EVERY", "(SELECT *, 0 t FROM counted_share UNION ALL SELECT *, team_id t FROM counted_share) c")
    for statement in (
        "INSERT INTO day_figure (team_id, day, network, story_id, opened, shares, declared, seen, confirmed, engaged,"
        " own_words, reach, readers, human, suspected, bot) SELECT t, day, network, story_id, 2 * count(*), count(*),"
        " count(*) / 4, count(*) / 4, count(*) / 4, count(*) - 3 * (count(*) / 4), count(*) / 3, 459 * count(*),"
        " 2 * count(*), 3 * count(*), count(*) / 2, 2 * count(*) FROM EVERY GROUP BY t, day, network, story_id",
        "INSERT INTO hour_figure (team_id, day, story_id, hour, shares, human) SELECT t, day, story_id, share_id % 24,"
        " count(*), 3 * count(*) FROM EVERY GROUP BY t, day, story_id, share_id % 24",
        "INSERT INTO reason_figure (team_id, day, story_id, reason, hits) SELECT t, day, story_id, r, count(*)"
        " FROM EVERY, unnest(ARRAY['human:browser', 'bot:crawler', 'bot:scanner', 'suspected:company', 'text:own',"
        " 'text:title']) r GROUP BY t, day, story_id, r",
        "INSERT INTO activity (period, team_id, subject, shares, readers) SELECT p, t, subject, count(*), 2 * count(*)"
        " FROM EVERY, unnest(ARRAY[to_char(day, 'IYYY-\"W\"IW'), to_char(day, 'YYYY-MM'), to_char(day, 'YYYY-\"Q\"Q'),"
        " to_char(day, 'YYYY'), 'all']) p GROUP BY p, t, subject",
        "INSERT INTO period_figure (period, team_id, people, shares, readers) SELECT period, team_id, count(*),"
        " sum(shares), sum(readers) FROM activity GROUP BY period, team_id",
    )
)
CROWD = """
INSERT INTO crowd (week, team_id, people)
  SELECT to_char(d, 'IYYY-"W"IW'), t, CASE t WHEN 0 THEN %(people)s::int ELSE %(people)s::int / %(teams)s::int END
  FROM generate_series(date '2026-01-05', date '2026-11-22', interval '7 days') d, generate_series(0, %(teams)s::int) t
"""
EDITIONS = """
INSERT INTO edition_figure (edition_id, week, states)
  SELECT row_number() OVER (), to_char(d, 'IYYY-"W"IW'), '{"delivered": 900000, "bounced": 1200, "accepted": 90000}'
  FROM generate_series(date '2026-01-05', date '2026-11-22', interval '7 days') d
"""
RAW = (
    "INSERT INTO share (id, subject, story_id, network, code, salt, own_words, state, opened_at, visited_at,"
    f" created_at) SELECT {FIRST_RAW} + n, md5(n::text), 600, 'mastodon', 'b' || lpad(n::text, 9, '0'), '00', false,"
    " 'confirmed', timestamptz '2026-11-17', '[\"2026-11-17T10:00:00.000000+00:00\"]', now()"
    " FROM generate_series(1, %(n)s::int) n",
    f"INSERT INTO evidence (share_id, kind, at, verdict, reason, visitor, again, facts) SELECT {FIRST_RAW} + n,"
    " 'visit',"
    " timestamptz '2026-11-17 10:00' + v * interval '1 hour', 'human', 'browser', v::text, false, '{}'"
    " FROM generate_series(1, %(n)s::int) n, generate_series(1, 4) v",
)


def run(full: bool) -> list[Figure]:
    """Return the figures of results; `full` takes a million people, five million shares, twenty million lines."""
    people, shares = SIZES[full]
    with servers() as url:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE results")
        from service.database import upgrade

        where = database(url, "results")
        upgrade(where.replace("postgresql:", "postgresql+psycopg:"))
        began = time.perf_counter()
        with psycopg.connect(where, autocommit=True) as connection:
            _load(connection, people, shares)
        loaded = time.perf_counter() - began
        with application(where) as app:
            rate = _counting(app)
            pages = _pages(app)
    whom = f"{people:,} people, {shares:,} shares"
    slowest = max(pages, key=lambda page: pages[page][0])
    warm = max(pages, key=lambda page: pages[page][1])
    return [
        at_most(f"results, slowest page, first time, {whom}", pages[slowest][0], "s", 1, slowest or "participation"),
        at_most(f"results, slowest page, median of five, {whom}", pages[warm][1], "s", 1, warm or "participation"),
        *(told(f"results{page}", pages[page][1], "s", f"first time {pages[page][0]:.2f} s") for page in PAGES),
        told("results, counting", rate, "shares/s", f"{COUNTED:,} shares with four visits each, by the real path"),
        told("results, loading", loaded, "s", "made up in the server"),
    ]


def _load(connection: psycopg.Connection[Any], people: int, shares: int) -> None:
    values = {"people": people, "shares": shares, "teams": TEAMS}
    connection.execute(CONTENT)
    connection.execute(PEOPLE, values)
    connection.execute(LEDGER, {"people": people, "first": 1, "last": 4 * shares})
    connection.execute("SET work_mem = '256MB'")
    connection.execute(SHARES.replace("n % 24", "n %% 24").replace("p % ", "p %% "), values)
    for statement in FIGURES:
        connection.execute(statement)
    connection.execute(CROWD, values)
    connection.execute(EDITIONS)
    connection.execute("VACUUM ANALYZE")


@contextmanager
def application(where: str) -> Iterator[Any]:
    """Give the application on this database, its clock on 2026-11-18."""
    from datetime import UTC, datetime

    from service import clock, config, create_app, keys
    from service.database import db
    from service.models import Programme

    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "GOODWORD_ENV": "test",
            "GOODWORD_DATA": folder,
            "GOODWORD_DATABASE_URL": where.replace("postgresql:", "postgresql+psycopg:"),
            "GOODWORD_BASE_URL": "https://good.example",
            "GOODWORD_SECRET": SECRET,
            "GOODWORD_CLOCK": f"{folder}/clock",
        }
        app = create_app(config.read(environment))
        clock.use(config.read(environment).clock)
        clock.set_now(datetime(2026, 11, 18, 9, tzinfo=UTC))
        try:
            with app.app_context():
                named = {"liaison_name": "Liam", "liaison_email": "liam@good.example", "sender": "news@good.example"}
                db.session.add(Programme(id=1, name="Good news", company="Acme", zone="Europe/Rome", **named))
                keys.ensure()
                db.session.commit()
                yield app
                db.session.remove()
                db.engine.dispose()
        finally:
            clock.use(None)


def _counting(app: Any) -> float:
    """Return how many shares a second are counted by the real path, then look whether that is what they bring."""
    from service import results
    from service.database import db
    from service.models import CountedShare, ResultsState
    from service.results import plain

    results.count()  # the very first counting notes all shares there are: none yet
    connection: Any = db.session.connection().connection.driver_connection
    for statement in RAW:
        connection.execute(statement, {"n": COUNTED})
    db.session.commit()
    began = time.perf_counter()
    results.count()
    took = time.perf_counter() - began
    held = {c.share_id: c for c in db.session.scalars(sa.select(CountedShare).where(CountedShare.share_id > FIRST_RAW))}
    now = list(plain.of_shares(held, db.session.get_one(ResultsState, 1)))
    wrong = [each for each in now if each.cells != plain.counted(held[each.share_id], date.min)]
    if len(now) != COUNTED or wrong:
        raise AssertionError(f"{len(now)} shares, {len(wrong)} counted wrong")
    return COUNTED / took


def _pages(app: Any) -> dict[str, tuple[float, float]]:
    """Return by page the seconds of its first request, and the median of five more."""
    from service.results import reckoning
    from tests.liam import at_the_console

    reckoning.set_rates("EUR", {"linkedin": {"click": "1.20", "impression": "0.005"}, "x": {"click": "0.60"}})

    liam = at_the_console(app)
    found = {}
    for page in PAGES:
        times = []
        for _ in range(6):
            began = time.perf_counter()
            answer = liam.open(f"/console/results{page}")
            times.append(time.perf_counter() - began)
            if answer.status_code != 200 or 'class="result"' not in answer.text:
                raise AssertionError(f"{page}: {answer.status_code}")
        found[page] = times[0], statistics.median(times[1:])
    return found
