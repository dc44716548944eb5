"""A world with results. In: numbers of people and shares. Out: it stands in PostgreSQL, made in the server itself.

`counted_share` is made by generate_series, and every figure from it by INSERT … SELECT, as counting would have left
them. What is loaded is not logged and gets its indexes afterwards; the ledger, which no page of results reads, none.
An edition with a mail for each person stands beside it.
"""

from __future__ import annotations

from threading import Thread
from typing import Any

import psycopg

from bench.board import LEDGER

TEAMS, STORIES, CAMPAIGNS = 1000, 624, 12

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
INSERT INTO counted_share (share_id, subject, story_id, network, team_id, audience, day, hour, opened_on, state, words,
    own_words, readers, visits)
SELECT n, md5(p::text), 1 + (day * {STORIES - 24} / 322 + n %% 24)::int, network, 1 + p %% {TEAMS}, 459,
    date '2026-01-05' + day, n %% 24, date '2026-01-05' + day, 'confirmed', 'title', false, '{{}}', '{{}}'
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
        " FROM EVERY, unnest(ARRAY['human:browser', (ARRAY['bot:crawler', 'bot:scanner', 'suspected:company'])"
        "[1 + share_id % 3], (ARRAY['text:own', 'text:title'])[1 + share_id % 2]]) r GROUP BY t, day, story_id, r",
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

MAILS = """
INSERT INTO edition (id, week, status, paused, words, created_at, released_at)
  VALUES (1000, '2026-W47', 'closing', false, '{}', '2026-11-13', '2026-11-16 12:00+00');
INSERT INTO outbox (kind, occasion, subject, address_hash, language, edition_id, facts, message_id, state, due_at,
    attempts, created_at)
  SELECT 'digest', 'digest:2026-W47', subject, subject, 'en', 1000, '{"pass": {"key": 1, "day": 20774}}', subject,
    CASE id % 50 WHEN 0 THEN 'bounced' ELSE 'delivered' END, created_at, 1, created_at FROM employee
"""
BARE = ("counted_share", "day_figure", "hour_figure", "reason_figure", "activity")
"""Tables that are loaded without their indexes."""


def load(where: str, people: int, shares: int) -> None:
    """Make the world of so many people and shares, with four lines of the ledger for each share."""
    values = {"people": people, "shares": shares, "teams": TEAMS}
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(CONTENT)
        connection.execute(PEOPLE, values)
        lines = Thread(target=_lines, args=(where, people, 4 * shares))
        lines.start()
        connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'")
        again = [made for table in BARE for made in _bare(connection, table)]
        connection.execute(SHARES, values)
        for statement in FIGURES:
            connection.execute(statement)
        for statement in again:
            connection.execute(statement)
        connection.execute(CROWD, values)
        connection.execute(EDITIONS)
        connection.execute(MAILS)
        lines.join()
        connection.execute(f"VACUUM ANALYZE team, story, employee, crowd, period_figure, outbox, {', '.join(BARE)}")


def _lines(where: str, people: int, number: int) -> None:
    with psycopg.connect(where, autocommit=True) as connection:
        _bare(connection, "ledger_entry")
        connection.execute(LEDGER, {"people": people, "first": 1, "last": number})


def _bare(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """Take a table's indexes and rules of uniqueness away; return the statements that bring them back."""
    named = {"table": table}
    keys = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u')",
        named,
    ).fetchall()
    for name, _made in keys:
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
    found = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %(table)s"
    indexes = connection.execute(found, named).fetchall()
    for name, _made in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    connection.execute(f"ALTER TABLE {table} SET UNLOGGED")
    back = [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {made}' for name, made in keys]
    return [*back, *(made for _name, made in indexes)]
