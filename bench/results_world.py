"""A world with results. In: numbers of people and shares. Out: it stands in PostgreSQL, made in the server itself.

`counted_share` is made by generate_series, and every figure from it by INSERT … SELECT, as counting would have left
them. What is loaded is not logged and gets its indexes afterwards; the ledger, which no page of results reads, none.
An edition with a mail for each person stands beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
INSERT INTO counted_share (share_id, subject, story_id, network, team_id, campaign_id, audience, day, hour, opened_on,
    state, words, own_words, readers, visits)
SELECT n, md5(p::text), story, network, 1 + p %% {TEAMS},
    CASE WHEN story %% 6 = 0 THEN 1 + (story / 6) %% {CAMPAIGNS} ELSE 0 END, 459,
    date '2026-01-05' + day, n %% 24, date '2026-01-05' + day, 'confirmed', 'title', false, '{{}}', '{{}}'
FROM (SELECT n, day, p, network, 1 + (day * {STORIES - 24} / 322 + n %% 24)::int story
  FROM (SELECT n, 1 + floor(%(people)s::int * random() ^ 1.5)::int p, floor(random() * 322)::int AS day,
      (ARRAY['linkedin', 'linkedin', 'linkedin', 'x', 'facebook', 'bluesky'])[1 + n %% 6] network
    FROM generate_series(1, %(shares)s::int) n) made) placed
"""
BY_DAY = (
    "INSERT INTO day_figure (team_id, day, network, story_id, opened, shares, declared, seen, confirmed, engaged,"
    " own_words, reach, readers, human, suspected, bot) SELECT team_id, day, network, story_id, 2 * count(*), count(*),"
    " count(*) / 4, count(*) / 4, count(*) / 4, count(*) - 3 * (count(*) / 4), count(*) / 3, 459 * count(*),"
    " 2 * count(*), 3 * count(*), count(*) / 2, 2 * count(*) FROM counted_share GROUP BY 1, 2, 3, 4",
    "INSERT INTO day_figure (team_id, day, network, story_id, opened, shares, declared, seen, confirmed, engaged,"
    " own_words, reach, readers, human, suspected, bot) SELECT 0, day, network, story_id, sum(opened), sum(shares),"
    " sum(declared), sum(seen), sum(confirmed), sum(engaged), sum(own_words), sum(reach), sum(readers), sum(human),"
    " sum(suspected), sum(bot) FROM day_figure GROUP BY 2, 3, 4",
    "INSERT INTO hour_figure (team_id, day, story_id, hour, shares, human) SELECT team_id, day, story_id, hour,"
    " count(*), 3 * count(*) FROM counted_share GROUP BY 1, 2, 3, 4",
    "INSERT INTO hour_figure (team_id, day, story_id, hour, shares, human) SELECT 0, day, story_id, hour, sum(shares),"
    " sum(human) FROM hour_figure GROUP BY 2, 3, 4",
    "INSERT INTO reason_figure (team_id, day, story_id, reason, hits) SELECT team_id, day, story_id, r, count(*)"
    " FROM counted_share, unnest(ARRAY['human:browser', (ARRAY['bot:crawler', 'bot:scanner', 'suspected:company'])"
    "[1 + share_id % 3], (ARRAY['text:own', 'text:title'])[1 + share_id % 2]]) r GROUP BY 1, 2, 3, 4",
    "INSERT INTO reason_figure (team_id, day, story_id, reason, hits) SELECT 0, day, story_id, reason, sum(hits)"
    " FROM reason_figure GROUP BY 2, 3, 4",
)
OF_PEOPLE = "INSERT INTO activity (period, team_id, campaign_id, subject, shares, readers)"
BY_PERIOD = (
    *(
        f"{OF_PEOPLE} SELECT to_char(day, '{form}'), team_id, {campaign}, subject, count(*), 2 * count(*)"
        f" FROM counted_share WHERE campaign_id >= {least} GROUP BY 1, 2, 3, 4"
        for form in ('IYYY-"W"IW', "YYYY-MM")
        for campaign, least in (("0", 0), ("campaign_id", 1))
    ),
    # A quarter is of months, a year of quarters; all there is happened in one year.
    f"{OF_PEOPLE} SELECT '2026-Q' || (substr(period, 6)::int + 2) / 3, team_id, campaign_id, subject, sum(shares),"
    " sum(readers) FROM activity WHERE length(period) = 7 GROUP BY 1, 2, 3, 4",
    f"{OF_PEOPLE} SELECT '2026', team_id, campaign_id, subject, sum(shares), sum(readers) FROM activity"
    " WHERE period LIKE '2026-Q%' GROUP BY 1, 2, 3, 4",
    f"{OF_PEOPLE} SELECT 'all', team_id, campaign_id, subject, shares, readers FROM activity WHERE period = '2026'",
    # Nobody is in two teams.
    "INSERT INTO period_figure (period, team_id, campaign_id, people, shares, readers) SELECT period, team_id,"
    " campaign_id, count(*), sum(shares), sum(readers) FROM activity GROUP BY period, team_id, campaign_id",
    "INSERT INTO period_figure (period, team_id, campaign_id, people, shares, readers) SELECT period, 0, campaign_id,"
    " sum(people), sum(shares), sum(readers) FROM period_figure GROUP BY period, campaign_id",
    f"{OF_PEOPLE} SELECT period, 0, campaign_id, subject, shares, readers FROM activity",
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
BY_DAYS = ("day_figure", "hour_figure", "reason_figure")
SERVER = (
    "SET work_mem = '512MB'",
    "SET maintenance_work_mem = '1GB'",
    "SET enable_sort = off",  # sets are put together by hashes
)


def load(where: str, people: int, shares: int) -> None:
    """Make the world of so many people and shares, with four lines of the ledger for each share.

    Three work side by side: one at the ledger and the mails, one at figures by day, one at those of people. Tables get
    their indexes at the end, and are not logged.
    """
    values = {"people": people, "shares": shares, "teams": TEAMS}
    with _connected(where) as connection:
        connection.execute(CONTENT)
        with _bare(connection, "employee", keys=False):
            connection.execute(PEOPLE, values)
        lines = Thread(target=_lines, args=(where, people, 4 * shares))
        lines.start()
        with _bare(connection, "counted_share"):
            connection.execute(SHARES, values)
        by_day = Thread(target=_by_day, args=(where,))
        by_day.start()
        with _bare(connection, "activity"):
            for statement in BY_PERIOD:
                connection.execute(statement)
        connection.execute(CROWD, values)
        connection.execute(EDITIONS)
        lines.join()
        by_day.join()
        connection.execute(
            "VACUUM ANALYZE team, story, employee, crowd, period_figure, outbox, counted_share, activity,"
            f" {', '.join(BY_DAYS)}"
        )


def _lines(where: str, people: int, number: int) -> None:
    with _connected(where) as connection:
        with _bare(connection, "outbox", keys=False):
            connection.execute(MAILS)
        with _bare(connection, "ledger_entry", again=False):
            connection.execute(LEDGER, {"people": people, "first": 1, "last": number})


def _by_day(where: str) -> None:
    with _connected(where) as connection, ExitStack() as bare:
        for table in BY_DAYS:
            bare.enter_context(_bare(connection, table))
        for statement in BY_DAY:
            connection.execute(statement)


@contextmanager
def _connected(where: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(where, autocommit=True) as connection:
        for statement in SERVER:
            connection.execute(statement)
        yield connection


@contextmanager
def _bare(connection: psycopg.Connection[Any], table: str, keys: bool = True, again: bool = True) -> Iterator[None]:
    """Take a table's indexes away while it is filled; `again`: bring them back.

    With `keys` its rules of uniqueness too, and it is not logged.
    """
    named = {"table": table}
    rules = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u')",
        named,
    ).fetchall()
    for name, _made in rules if keys else ():
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
    found = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %(table)s"
    kept = {name for name, _made in rules}
    indexes = [each for each in connection.execute(found, named).fetchall() if each[0] not in kept]
    for name, _made in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    if keys:
        connection.execute(f"ALTER TABLE {table} SET UNLOGGED")
    yield
    back = [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {made}' for name, made in rules] if keys else []
    for statement in [*back, *(made for _name, made in indexes)] if again else ():
        connection.execute(statement)


if __name__ == "__main__":
    from bench.planning import made

    url, asked_people, asked_shares = sys.argv[1:]
    server, _slash, name = url.rpartition("/")
    load(made(f"{server}/postgres", name), int(asked_people), int(asked_shares))
