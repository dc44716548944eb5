"""A cast for digests. In: an application. Out: a programme in 2026-W47, its readers and stories, in few words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service import clock, editions
from service.database import db
from service.models import Employee, Outbox, Programme, SigningKey, Story, Topic
from tests.conftest import TUESDAY

WEEK = "2026-W47"
ROME, NEW_YORK, TOKYO = "Europe/Rome", "America/New_York", "Asia/Tokyo"
LONG_AGO = TUESDAY - timedelta(days=60)


def programme(**facts: Any) -> Programme:
    """Beacon's programme: Tuesdays at nine, Europe/Rome, with one key and two topics (1 Health, 2 Space)."""
    row = Programme(
        **{
            "id": 1,
            "name": "Good word",
            "company": "Beacon",
            "zone": ROME,
            "languages": ["en", "it", "sl"],
            "liaison_name": "Liam",
            "liaison_email": "liam@beacon.example",
            "sender": "goodword@beacon.example",
            **facts,
        }
    )
    db.session.add_all([row, SigningKey(id=1, salt="ab" * 16), Topic(slug="health", name="Health")])
    db.session.flush()
    db.session.add(Topic(slug="space", name="Space", names={"it": "Spazio"}))
    db.session.commit()
    return row


def reader(name: str, **facts: Any) -> Employee:
    """An active employee in Rome who reads English and follows topic 1."""
    row = Employee(
        **{
            "email": f"{name.lower()}@beacon.example",
            "name": name,
            "language": "en",
            "reads": ["en"],
            "zone": ROME,
            "topics": [1],
            "networks": ["linkedin"],
            "status": "active",
            "created_at": LONG_AGO,
            "invited_at": LONG_AGO,
            "links_from": LONG_AGO.date(),
            **facts,
        }
    )
    db.session.add(row)
    db.session.commit()
    return row


def story(title: str, **facts: Any) -> Story:
    """An approved story in English on topic 1, out since long ago."""
    row = Story(
        **{
            "title": title,
            "summary": f"All about {title}.",
            "url": f"https://news.example/{title.lower().replace(' ', '-')}",
            "status": "approved",
            "topics": [1],
            "lead_topic": 1,
            "publish_from": LONG_AGO,
            "created_at": LONG_AGO,
            **facts,
        }
    )
    db.session.add(row)
    db.session.commit()
    return row


def digests(**where: Any) -> list[Outbox]:
    """The digests in the outbox, in the order of their making."""
    return list(db.session.query(Outbox).filter_by(kind="digest", **where).order_by(Outbox.id))


def settle(state: str, week: str = WEEK) -> None:
    """Let all digests of a week end in this state, as delivery would."""
    for row in digests(occasion=f"digest:{week}"):
        row.state, row.submitted_at = state, clock.now()
    db.session.commit()


def at(text: str) -> None:
    """Set the clock: a moment in UTC like 2026-11-17T08:00."""
    clock.set_now(datetime.fromisoformat(f"{text}+00:00"))


def monday_before() -> None:
    """Begin on the Monday before, with two stories and Noor, whose slot is Tuesday at nine in Rome."""
    at("2026-11-16T10:00")
    programme()
    story("One"), story("Two")
    reader("Noor")


def by_itself() -> None:
    """Let editions be released without anybody."""
    db.session.get_one(Programme, 1).automatic_release = True
    db.session.commit()


def status(week: str) -> str | None:
    """Return how an edition stands; None where there is none yet."""
    found = editions.find(week)
    return None if found is None else str(found.status)
