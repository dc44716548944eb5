"""People. In: a number and a seed. Out: a PostgreSQL database with a programme, that many employees and their history.

Synthetic, and meant to be unkind: twelve topics of unequal popularity, six languages, audiences of teams, skewed
networks, two earlier editions of which everybody missed some, so that few have seen the same.
"""

from __future__ import annotations

import hmac
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import sqlalchemy as sa

from emails.picks import Candidate, Shelf, name_of

NOW = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
"""Monday of the week that is planned, before anybody's slot."""

SECRET = "a-secret-of-the-benches-and-of-nobody-else"
"""Addresses are hashed with it when people are imported."""

WEEK, EARLIER = "2026-W47", ("2026-W45", "2026-W46")
TOPICS = 12
POPULAR = [round(100 / (n + 1) ** 0.8) for n in range(TOPICS)]
LANGUAGES = {"en": 45, "de": 20, "fr": 13, "es": 10, "it": 7, "sl": 5}
ZONES = {
    "en": ["America/New_York", "Europe/London", "Asia/Kolkata", "America/Los_Angeles"],
    "de": ["Europe/Berlin"],
    "fr": ["Europe/Paris"],
    "es": ["Europe/Madrid", "America/Mexico_City"],
    "it": ["Europe/Rome"],
    "sl": ["Europe/Ljubljana"],
}
NETWORKS = [
    (["linkedin"], 46),
    (["linkedin", "x"], 14),
    (["linkedin", "whatsapp"], 9),
    ([], 8),
    (["linkedin", "facebook", "x"], 7),
    (["facebook"], 6),
    (["linkedin", "bluesky", "email"], 5),
    (["mastodon", "linkedin", "copy", "email"], 3),
    (["xing", "linkedin"], 2),
]
STATUSES = {"active": 955, "paused": 20, "left": 12, "suspended": 3, "gone": 10}
TEAMS = 24
MISSED = 0.1
"""How often somebody got no mail in an earlier week: a pause, a bounce, no topic then."""
SIZE = 6
FIRST = [
    "Noor",
    "Žiga",
    "Anna",
    "Ben",
    "Chloé",
    "Dario",
    "Eva",
    "Farid",
    "Giulia",
    "Hana",
    "Ivo",
    "Jana",
    "Katja",
    "Luca",
    "Maja",
    "Nika",
    "Ola",
    "Petra",
    "Quinn",
    "Rok",
]
LAST = [
    "Haddad",
    "Čeh",
    "Rossi",
    "Novak",
    "Müller",
    "O’Neill",
    "Kowalski",
    "Silva",
    "Bianchi",
    "Horvat",
    "Jensen",
    "Dubois",
    "Okafor",
    "Tanaka",
]


def candidates() -> list[Candidate]:
    """Return the 60 stories of three weeks: most in English, some for teams, in a campaign, evergreen, promotional."""
    chance = random.Random(7)
    found = []
    for n in range(1, 61):
        language = "en" if n % 2 else chance.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
        topics = frozenset(chance.choices(range(1, TOPICS + 1), POPULAR, k=chance.choice((1, 1, 2))))
        plain = Candidate(n, "curated", language, topics, NOW - timedelta(days=n * 21 / 60))
        if n % 10 == 3:
            plain = replace(plain, kind="promotional")
        if n % 15 == 4:
            plain = replace(plain, audience=frozenset(chance.sample(range(1, TEAMS + 1), 6)))
        found.append(replace(plain, evergreen=n > 52))
    return found


def load(url: str, number: int, seen: bool = True, seed: int = 47) -> None:
    """Fill a migrated, empty database; `seen` says whether there were earlier editions. Ends with VACUUM ANALYZE."""
    chance = random.Random(seed)
    stories = candidates()
    _programme(url, stories)
    with psycopg.connect(url, autocommit=True) as connection:
        _copy(connection, "employee", EMPLOYEE, employees(chance, number))
        subjects = [row[0] for row in connection.execute("SELECT subject FROM employee WHERE id % 8 = 0 ORDER BY id")]
        _copy(connection, "total", ("subject", "period", "points"), _totals(chance, subjects))
        _copy(connection, "share", SHARE, _shares(chance, subjects))
        stops = "SELECT encode(sha256(i::text::bytea), 'hex'), 'digest', 'unsubscribed', now()"
        connection.execute(
            f"INSERT INTO suppression SELECT * FROM ({stops} FROM generate_series(1, {number // 100}) i) s"
        )
        for week in EARLIER if seen else ():
            _history(connection, week, stories, chance)
        connection.execute("VACUUM ANALYZE")


EMPLOYEE = (
    "subject", "email", "address_hash", "name", "team_id", "language", "reads", "zone", "topics", "networks", "chosen",
    "status", "link_id", "links_from", "excluded_from_draws", "created_at", "invited_at",
)  # fmt: skip
SHARE = ("subject", "story_id", "network", "code", "own_words", "state", "visited_at", "created_at")


def _programme(url: str, stories: Sequence[Candidate]) -> None:
    """Through the models: what they add in time has defaults there."""
    from service.models import Programme, SigningKey, Story, Team, Topic

    programme = {
        "id": 1, "name": "Good word", "company": "Beacon", "zone": "Europe/Rome", "languages": list(LANGUAGES),
        "liaison_name": "Liam", "liaison_email": "liam@beacon.example", "sender": "goodword@beacon.example",
        "digest_size": SIZE,
    }  # fmt: skip
    told = [
        {
            "id": c.id, "kind": c.kind, "status": "approved", "title": f"What story {c.id} tells",
            "summary": "So and so many words about it. " * 5, "url": f"https://news.example/{c.id}",
            "language": c.language, "topics": sorted(c.topics), "audience": sorted(c.audience),
            "publish_from": c.published, "evergreen": c.evergreen, "created_at": c.published,
        }
        for c in stories
    ]  # fmt: skip
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for model, rows in (
            (Programme, [programme]),
            (SigningKey, [{"id": 1, "salt": "ab" * 16}]),
            (Team, [{"id": n, "name": f"Team {n}"} for n in range(1, TEAMS + 1)]),
            (Topic, [{"id": n, "slug": f"t{n}", "name": f"Topic {n}"} for n in range(1, TOPICS + 1)]),
            (Story, told),
        ):
            connection.execute(sa.insert(model), rows)


def employees(chance: random.Random, number: int) -> Iterator[tuple[Any, ...]]:
    languages, weights = list(LANGUAGES), list(LANGUAGES.values())
    networks, skew = [n for n, _ in NETWORKS], [w for _, w in NETWORKS]
    statuses, often = list(STATUSES), list(STATUSES.values())
    since = NOW - timedelta(days=200)
    for n in range(number):
        language = chance.choices(languages, weights)[0]
        topics = sorted(set(chance.choices(range(1, TOPICS + 1), POPULAR, k=chance.choice((1, 2, 3, 3, 4, 5)))))
        yield (
            f"{chance.getrandbits(128):032x}",
            (address := f"person.{n}@beacon.example"),
            hmac.new(SECRET.encode(), f"goodword-address-v1|{address}".encode(), sha256).hexdigest(),
            f"{chance.choice(FIRST)} {chance.choice(LAST)}",
            chance.randint(1, TEAMS),
            language,
            sorted({language, "en"}),
            chance.choice(ZONES[language]),
            topics if n % 40 else [],
            chance.choices(networks, skew)[0],
            [],
            chance.choices(statuses, often)[0],
            f"{chance.getrandbits(64):016x}",
            since.date(),
            False,
            since,
            since,
        )


def _totals(chance: random.Random, subjects: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for subject in subjects:
        points = int(chance.paretovariate(1.1) * 10)
        yield subject, "2026-11", points
        yield subject, "all", points * 3


def _shares(chance: random.Random, subjects: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for n, subject in enumerate(subjects):
        for story in chance.sample(range(1, 61), chance.choice((1, 1, 1, 2, 3))):
            at = NOW - timedelta(hours=chance.uniform(1, 700))
            visits = sorted(at + timedelta(hours=chance.uniform(0, 40)) for _ in range(chance.choice((1, 1, 2, 4))))
            moments = [v.isoformat(timespec="microseconds") for v in visits]
            code = f"{n:x}.{story}"
            yield subject, story, "linkedin", code, False, "confirmed", moments, at


def _history(
    connection: psycopg.Connection[Any], week: str, stories: Sequence[Candidate], chance: random.Random
) -> None:
    """Let most people have had the mail of an earlier week, chosen as it would have been."""
    monday = datetime.fromisocalendar(int(week[:4]), int(week[6:]), 1).replace(tzinfo=UTC)
    (edition,) = connection.execute(
        "INSERT INTO edition (week, status, paused, words, created_at) VALUES (%s, 'closed', false, '{}', %s)"
        " RETURNING id",
        (week, monday),
    ).fetchone() or (0,)
    shelf = Shelf(stories, monday + timedelta(hours=32))
    numbers: dict[tuple[int, ...], int] = {}
    shown: dict[str, int] = {}
    (first,) = connection.execute("SELECT coalesce(max(id), 0) FROM selection").fetchone() or (0,)
    before = dict(connection.execute("SELECT id, stories FROM selection").fetchall())
    earlier = dict(connection.execute("SELECT subject, selection_id FROM outbox").fetchall())
    for subject, topics, reads, team in connection.execute(
        "SELECT subject, topics, reads, team_id FROM employee WHERE status <> 'gone' ORDER BY id"
    ):
        seen = before.get(earlier.get(subject, 0), ())
        fitting = shelf.on(topics) & shelf.read_in(reads) & shelf.meant_for((team,)) & ~shelf.these(seen)
        chosen = shelf.pick(fitting, SIZE)
        if chosen and chance.random() > MISSED:
            shown[subject] = numbers.setdefault(chosen, first + len(numbers) + 1)
    _copy(
        connection, "selection", ("id", "edition_id", "key", "stories"),
        ((n, edition, name_of(ids), list(ids)) for ids, n in numbers.items()),
    )  # fmt: skip
    connection.execute("SELECT setval('selection_id_seq', (SELECT max(id) FROM selection))")
    names = (
        "kind", "occasion", "subject", "address_hash", "language", "edition_id", "selection_id", "facts",
        "message_id", "state", "due_at", "attempts", "created_at", "submitted_at",
    )  # fmt: skip
    rows = (
        (
            "digest", f"digest:{week}", subject, f"{chance.getrandbits(256):064x}", "en", edition, number, {},
            f"<{chance.getrandbits(128):032x}@good.example>", "delivered", monday, 1, monday, monday,
        )
        for subject, number in shown.items()
    )  # fmt: skip
    _copy(connection, "outbox", names, rows)


def _copy(connection: psycopg.Connection[Any], table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([json.dumps(v) if isinstance(v, list | dict) else v for v in row])
