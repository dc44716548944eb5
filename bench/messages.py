"""Messages. In: an edition and people, all different. Out: what assembling a digest costs beside copying its bytes.

The digest is the one of the design's measurement: eight cards, about 60 KB of MIME. What is timed begins with the
person's frozen facts and holds everything to the last byte: her passes (one HMAC), text, HTML and headers.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from bench.figures import Figure, Timing, at_least, at_most, interleaved, missing, quotient, told
from emails import digest, passes
from emails.digest import CompiledDigest
from emails.grouped import GroupedDigest, call, fields, strings
from emails.values import Edition, Message, Neighbour, Programme, Recipient, Story, Winner, You

PEOPLE = 256
WINDOW = 32
"""Messages at a time, as delivery takes them: the rows have just been read, for both contestants alike."""
TURNS = 4
STORIES = 40
CARDS = 8
KEY = bytes(range(64))
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
REST = {
    "from": {"email": PROGRAMME.sender, "name": PROGRAMME.liaison_name},
    "reply_to": {"email": PROGRAMME.liaison_email, "name": PROGRAMME.liaison_name},
    "categories": ["digest"],
}
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
    link_id: bytes
    message_id: str
    address: str
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
    selections = [tuple(1000 + n for n in chance.sample(range(1, STORIES + 1), CARDS)) for _ in range(16)]
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
        found.append(
            Person(
                n,
                n.to_bytes(8, "big"),
                f"<{n}@beacon.example>",
                f"person.{n}@beacon.example",
                name,
                chance.choice(networks),
                you,
                chance.choice(selections),
            )
        )
    # In the order of planning, in which they are sent: who reads the same stands together.
    return sorted(found, key=lambda person: person.stories)


def recipient(person: Person) -> Recipient:
    """Return the recipient with passes signed now, as composing does from a row."""
    signed = passes.make(KEY, 1, person.link_id, 20774)
    return Recipient(person.name, person.address, "en", signed, person.networks)


def run(full: bool) -> list[Figure]:
    """Return the figures of assembling; `full` takes more rounds."""
    rounds = 101 if full else 41
    compiled = digest.compile(edition(), "en")
    return [*_mime(compiled, rounds), *_bodies(compiled, rounds), *_calls(compiled, rounds)]


def _turns(contestants: dict[str, Callable[[], object]], work: dict[str, int], rounds: int) -> dict[str, Timing]:
    """One core computes: its own time is what counts, not how busy the machine is."""
    return interleaved(contestants, work, rounds, clock=time.process_time, warm=True)


def _copies(ready: Sequence[bytes]) -> None:
    for _ in range(TURNS):
        for each in ready:
            bytes(memoryview(each))


def _mime(compiled: CompiledDigest, rounds: int) -> list[Figure]:
    window = people()[:WINDOW]

    def one(person: Person) -> Message:
        to = recipient(person)
        return compiled.message(to, person.you, person.stories, person.message_id, DATE)

    def ours() -> None:
        for _ in range(TURNS):
            for person in window:
                _ = one(person).raw

    letters = [one(person) for person in window]
    finished = [(letter.subject, letter.recipient, letter.text, letter.html) for letter in letters[:4]]

    def library() -> None:
        for subject, to, text, html in finished:
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "goodword@beacon.example", to, subject
            mail.set_content(text)
            mail.add_alternative(html, subtype="html")
            mail.as_bytes(policy=SMTP)

    ready = [letter.raw for letter in letters]
    work = {"ours": WINDOW * TURNS, "copies": WINDOW * TURNS, "library": len(finished)}
    times = _turns({"ours": ours, "copies": lambda: _copies(ready), "library": library}, work, rounds)
    return [
        told("MIME message, size", sum(map(len, ready)) / len(ready) / 1000, "KB", "average of the window"),
        told("MIME message, one core", times["ours"].median * 1e6, "µs", "signing, text, HTML, headers, joined"),
        told("copying its bytes", times["copies"].median * 1e6, "µs", "bytes(memoryview(message)), the same window"),
        at_least(
            "MIME message / copying",
            quotient(times["copies"], times["ours"]),
            "of copying",
            0.05,
            "speed of making complete messages from facts, relative to copying the finished ones",
        ),
        at_least(
            "MIME message / EmailMessage",
            quotient(times["library"], times["ours"]),
            "times",
            150,
            "the same, relative to email.message.EmailMessage given ready text and HTML",
        ),
    ]


def _bodies(compiled: CompiledDigest, rounds: int) -> list[Figure]:
    window, of_many, rest = people()[:WINDOW], GroupedDigest(compiled), fields(REST)

    def one(person: Person) -> bytes:
        to = recipient(person)
        content = of_many.alone(to, person.you, person.stories).chunks()
        return call([_head(person, to, b"")], content, rest)

    def ours() -> None:
        for _ in range(TURNS):
            for person in window:
                one(person)

    ready = [one(person) for person in window]
    work = {"ours": WINDOW * TURNS, "copies": WINDOW * TURNS}
    times = _turns({"ours": ours, "copies": lambda: _copies(ready)}, work, rounds)
    return [
        told("SendGrid body, size", sum(map(len, ready)) / len(ready) / 1000, "KB", "average of the window"),
        told("SendGrid body, one core", times["ours"].median * 1e6, "µs", "signing, text, HTML, all fields, joined"),
        at_least(
            "SendGrid body / copying",
            quotient(times["copies"], times["ours"]),
            "of copying",
            0.05,
            "speed of making one person's whole request body, relative to copying the finished ones",
        ),
    ]


def _calls(compiled: CompiledDigest, rounds: int) -> list[Figure]:
    """A call's members are ready values on both sides: encoded JSON objects here, dictionaries of text there."""
    of_many, crowd = GroupedDigest(compiled), people(1000)
    stories = crowd[0].stories
    content = of_many.template(stories, 1).content()
    crowd = [replace(person, stories=stories, networks=person.networks[:1]) for person in crowd]

    def values() -> list[bytes]:
        found = [(person, recipient(person)) for person in crowd]
        return [_head(p, to, b',"substitutions":' + of_many.substitutions(to, p.you, stories)) for p, to in found]

    ready = values()
    same = json.loads(call(ready, content, REST))
    try:
        import orjson
    except ImportError:
        return [missing("call of 1,000 / orjson.dumps", "times", "≤ 1.2", "pip install orjson")]
    assert json.loads(orjson.dumps(same)) == same
    times = _turns(
        {"ours": lambda: call(ready, content, REST), "orjson": lambda: orjson.dumps(same), "values": values}, {}, rounds
    )
    return [
        told("call of 1,000, size", len(call(ready, content, REST)) / 1e6, "MB", "the whole body"),
        told("call of 1,000, one core", times["ours"].median * 1e3, "ms", "from its members' ready values"),
        told("values of a person", times["values"].median * 1e3, "µs", "from facts: signing, greeting, month, all"),
        at_most(
            "call of 1,000 / orjson.dumps",
            quotient(times["ours"], times["orjson"]),
            "times",
            1.2,
            "time of the body from ready members, relative to orjson.dumps of the same body as dictionaries",
        ),
    ]


def _head(person: Person, to: Recipient, more: bytes) -> bytes:
    """Return a personalization as the mailer writes it."""
    one = strings({"email": to.address, "name": to.name})
    listed = strings({"List-Unsubscribe": f"<{PROGRAMME.base_url}/u/{to.passes.unsubscribe}>"})
    named = b'"custom_args":{"send_id":"%024x"}' % person.number
    return b'{"to":[%b],"headers":%b,%b%b}' % (one, listed, named, more)
