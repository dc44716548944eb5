"""Messages. In: an edition and people, all different. Out: what assembling a digest costs beside copying its bytes.

The digest is the one of the design's measurement: eight cards, about 60 KB of MIME. What is timed begins with the
person's frozen facts and holds everything to the last byte: her passes (one HMAC), text, HTML and headers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from bench.figures import Figure, at_least, interleaved, quotient, told
from emails import digest, passes
from emails.values import Edition, Message, Neighbour, Programme, Recipient, Story, Winner, You

PEOPLE = 1000
STORIES = 40
CARDS = 8
DATE = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)
PROGRAMME = Programme(
    "Good word",
    "Beacon",
    "https://goodword.beacon.example",
    "Liam Novak",
    "liam@beacon.example",
    "goodword@beacon.example",
    "Europe/Rome",
    "https://beacon.example/policy",
)
WORDS = (
    "trams",
    "batteries",
    "rivers",
    "bridges",
    "engineers",
    "clinics",
    "orbits",
    "harvests",
    "teachers",
    "harbours",
)
FIRST = (
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
    "Luca",
    "Maja",
)
LAST = (
    "Haddad",
    "Čeh",
    "Rossi",
    "Novak",
    "Müller",
    "O’Neill",
    "Silva",
    "Bianchi",
    "Horvat",
    "Jensen",
    "Okafor",
    "Tanaka",
)


@dataclass(frozen=True)
class Person:
    """What an outbox row and its selection hold."""

    number: int
    name: str
    networks: tuple[str, ...]
    you: You
    stories: tuple[int, ...]


def edition(cards: int = STORIES) -> Edition:
    """Return an edition of so many stories, each with picture, topic and a summary of full length."""
    chance = random.Random(47)
    stories = []
    for n in range(1, cards + 1):
        words = " ".join(chance.choice(WORDS) for _ in range(22))
        stories.append(
            Story(
                id=1000 + n,
                title=f"What {words.partition(' ')[0]} taught us about {chance.choice(WORDS)}, part {n}",
                summary=words.capitalize() + ".",
                language="en",
                topic={"": "Engineering", "it": "Ingegneria"},
                picture=f"{PROGRAMME.base_url}/pictures/{n:064x}.jpg",
                alt=f"A drawing of {words[:30]}",
            )
        )
    winners = (Winner("Ana K.", "Weekend for two in Piran", "2026-10"), Winner("Tom B.", "Book token", "2026-10"))
    return Edition("2026-W47", PROGRAMME, tuple(stories), {}, winners)


def people(number: int = PEOPLE, seed: int = 47) -> list[Person]:
    """Return people of different names, networks, selections and months; the same ones for the same seed."""
    chance = random.Random(seed)
    selections = [tuple(1000 + n for n in chance.sample(range(1, STORIES + 1), CARDS)) for _ in range(60)]
    networks = [
        ("linkedin",),
        ("linkedin", "x"),
        ("linkedin", "whatsapp", "email"),
        ("linkedin", "facebook", "x"),
        ("mastodon", "bluesky", "copy"),
    ]
    found = []
    for n in range(number):
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        points = int(chance.paretovariate(1.1) * 10)
        place = chance.randint(1, 9000)
        near = tuple(
            Neighbour(
                name if at == 2 else f"{chance.choice(FIRST)} {chance.choice(LAST)}",
                points + 2 * (2 - at),
                place + at,
                at == 2,
            )
            for at in range(5)
        )
        you = You(
            points=points,
            weeks=chance.randint(1, 9),
            tickets=chance.randint(1, 5),
            badge="steady-voice",
            have=chance.randint(1, 19),
            need=20,
            near=near,
            shares=chance.randint(1, 4),
            visits=chance.randint(1, 60),
        )
        found.append(Person(n, name, chance.choice(networks), you, chance.choice(selections)))
    return found


def recipient(person: Person, key: bytes) -> Recipient:
    """Return the recipient with passes signed now, as composing does from a row."""
    signed = passes.make(key, 1, person.number.to_bytes(8, "big"), 20774)
    return Recipient(person.name, f"person.{person.number}@beacon.example", "en", signed, person.networks)


def run(full: bool) -> list[Figure]:
    """Return the figures of assembling; `full` takes more rounds."""
    key, compiled, crowd = bytes(range(64)), digest.compile(edition(), "en"), people()
    rounds = 15 if full else 7

    def one(person: Person) -> Message:
        to = recipient(person, key)
        return compiled.message(to, person.you, person.stories, f"<{person.number}@beacon.example>", DATE)

    def ours() -> None:
        for person in crowd:
            _ = one(person).raw

    ready = [one(person).raw for person in crowd]
    # A few, so that copying reads from the processor's cache: the harder measure.
    hot = ready[:4]

    letters = [one(person) for person in crowd[:40]]
    finished = [(letter.subject, letter.recipient, letter.text, letter.html) for letter in letters]

    def copies() -> None:
        for _ in range(len(crowd) // len(hot)):
            for raw in hot:
                bytes(memoryview(raw))

    def library() -> None:
        for subject, to, text, html in finished:
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "goodword@beacon.example", to, subject
            mail.set_content(text)
            mail.add_alternative(html, subtype="html")
            mail.as_bytes(policy=SMTP)

    size = sum(map(len, ready)) / len(ready)
    work = {"ours": len(crowd), "copies": len(crowd), "library": len(finished)}
    times = interleaved({"ours": ours, "copies": copies, "library": library}, work, rounds)
    return [
        told("MIME message, size", size / 1000, "KB", "bytes of a message, average"),
        told("MIME message, one core", times["ours"].median * 1e6, "µs", "passes, text, HTML, headers, joined"),
        told(
            "copying the same bytes",
            times["copies"].median * 1e6,
            "µs",
            "bytes(memoryview(message)), in the processor's cache",
        ),
        at_least(
            "MIME message / copying its bytes",
            quotient(times["copies"], times["ours"]),
            "of copying",
            0.05,
            "speed of assembling complete messages, relative to copying finished ones",
        ),
        at_least(
            "MIME message / EmailMessage",
            quotient(times["library"], times["ours"]),
            "times",
            150,
            "the same, relative to email.message.EmailMessage given ready text and HTML",
        ),
    ]
