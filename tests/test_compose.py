"""Compose. In: rows of every kind as the use cases enqueue them. Out: the right mail, the same bytes each time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from emails import values
from service import clock, compose, outbox
from service.database import db
from service.models import Employee, Outbox
from service.suppressions import CLASSES
from tests.postroom import digest_week, invite, open_room, row

PAGE = "https://good.example/draws/2026-10"


@pytest.fixture
def noor(app: Flask) -> Employee:
    return open_room(1)[0]


def frozen_facts() -> values.FrozenTickets:
    return values.FrozenTickets(
        draw="2026-10",
        title="October draw",
        tickets=3,
        entrant="e" * 64,
        salt="5" * 32,
        pool="f" * 64,
        source="numbers/" + "a" * 64,
        source_text="Lotto of Saturday",
        due=clock.now() + timedelta(days=3),
        page=PAGE,
        entrants=9,
        total=20,
    )


def prize_facts() -> values.WonPrize:
    return values.WonPrize("2026-10", "October draw", "A bicycle", 1, clock.now() + timedelta(days=14), False, PAGE)


def enqueued(noor: Employee, kind: str) -> Outbox:
    if kind == "digest":
        digest_week([noor])
        return row(1)
    if kind == "invitation":
        return row(invite([noor])[0])
    facts = {
        "frozen": {"frozen": frozen_facts().to_json()},
        "winner": {"prize": prize_facts().to_json()},
        "passed-on": {"prize": prize_facts().to_json()},
        "fresh-link": {"days": 30},
        "suggestion": {
            "suggestion": values.SuggestionAnswer("declined", "Not now, sorry.", "https://a.example/b").to_json()
        },
    }[kind]
    made = outbox.enqueue(noor, kind, f"draw:2026-10:{kind}", facts)
    assert made is not None
    number = made.id
    db.session.commit()
    return row(number)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("digest", "A lighthouse for all"),
        ("invitation", "Health"),
        ("frozen", "5" * 32),
        ("winner", "A bicycle"),
        ("passed-on", "A bicycle"),
        ("fresh-link", "here is your page again."),
        ("suggestion", "Not now, sorry."),
    ],
)
def test_each_kind_becomes_its_mail_with_links_of_its_receiver(noor: Employee, kind: str, says: str) -> None:
    found = enqueued(noor, kind)
    message = compose.message_of(found)
    assert (message.recipient, message.message_id) == ("p0@beacon.example", found.message_id)
    assert says in message.html and says in message.text
    assert "https://good.example/" in message.text
    db.session.expire_all()
    assert compose.message_of(row(found.id)).raw == message.raw


def test_a_kind_that_may_be_suppressed_can_be_composed_or_comes_later() -> None:
    assert set(CLASSES) - set(compose.KINDS) == set()


def test_a_test_mail_says_what_she_would_get_and_goes_to_the_liaison(noor: Employee) -> None:
    digest_week([noor])
    first = row(1)
    assert first.edition is not None
    facts = {"edition": first.edition.frozen, "stories": [7], "you": values.You().to_json()}
    made = outbox.enqueue(noor, "test", "test:1", facts, to_address="liam@beacon.example")
    assert made is not None
    message = compose.message_of(made)
    assert message.recipient == "liam@beacon.example" and "A lighthouse for all" in message.html


def test_an_edition_released_again_is_not_taken_from_memory(noor: Employee) -> None:
    edition = digest_week([noor])
    assert "A lighthouse for all" in compose.message_of(row(1)).html
    texts = dict(edition.frozen or {})
    texts["stories"] = [{**texts["stories"][0], "title": "Another title"}]
    edition.frozen, edition.released_at = texts, clock.now() + timedelta(minutes=1)
    db.session.commit()
    assert "Another title" in compose.message_of(row(1)).html


def test_an_address_that_changed_is_not_written_to(noor: Employee) -> None:
    number = invite([noor])[0]
    noor.email = "somebody.else@beacon.example"
    db.session.commit()
    with pytest.raises(compose.AddressGone):
        compose.message_of(row(number))
    noor.email = None
    db.session.commit()
    with pytest.raises(compose.AddressGone):
        compose.message_of(row(number))
