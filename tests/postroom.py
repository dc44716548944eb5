"""A post room for tests. In: an empty database. Out: a programme, people, an edition with mails due, a MemoryMailer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import sqlalchemy as sa

from emails import values
from emails.values import Message
from service import clock, outbox
from service.database import db
from service.delivery import Outcome, Parcel, Verdict
from service.models import Edition, Employee, Outbox, Programme, Selection, SigningKey


class MemoryMailer:
    """Keeps what it was given in a list; `say` gives an address its outcome, the others are accepted."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.say: dict[str, Outcome] = {}
        self.before: Callable[[Parcel], None] = lambda _parcel: None
        self.after: Callable[[Parcel], None] = lambda _parcel: None
        self.closed = False

    def send(self, window: Sequence[Parcel], may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]:
        for parcel in window:
            self.before(parcel)
            outcome = self.say.get(parcel.message.recipient, Outcome(Verdict.ACCEPTED))
            if not may(parcel):
                yield parcel, Outcome(Verdict.BACK)
                continue
            if outcome.verdict in (Verdict.ACCEPTED, Verdict.DOUBT):
                self.sent.append(parcel.message)
            self.after(parcel)
            yield parcel, outcome
            if outcome.verdict is Verdict.NOBODY:
                return

    def close(self) -> None:
        self.closed = True

    @property
    def addresses(self) -> list[str]:
        return [message.recipient for message in self.sent]


def open_room(n: int = 3) -> list[Employee]:
    """Create the programme, its key and n employees (p0@beacon.example, …); commits."""
    db.session.add(SigningKey(id=1, salt="ab" * 16))
    db.session.add(
        Programme(
            id=1,
            name="Good word",
            company="Beacon",
            zone="Europe/Rome",
            liaison_name="Liam",
            liaison_email="liam@beacon.example",
            sender="goodword@beacon.example",
        )
    )
    people = [Employee(email=f"p{i}@beacon.example", name=f"Person {i}", status="active") for i in range(n)]
    db.session.add_all(people)
    db.session.commit()
    return people


def invite(people: Sequence[Employee]) -> list[int]:
    """Queue an invitation for each; return the rows' ids."""
    rows = [outbox.enqueue(person, "invitation", "invitation", {"topics": ["Health"]}) for person in people]
    ids = [row.id for row in rows if row is not None]
    db.session.commit()  # and reads nothing after it: that would take SQLite's write lock again
    return ids


def digest_week(people: Sequence[Employee], week: str = "2026-W47") -> Edition:
    """Queue a released edition's digest for each, with one story; return the edition."""
    now = clock.now()
    texts = values.Edition(
        week=week,
        programme=values.Programme(**outbox.programme_facts()),
        stories=(values.Story(7, "A lighthouse for all", "It shines.", "en", {"": "Light"}),),
    )
    edition = Edition(
        week=week, status="released", frozen=texts.to_json(), released_at=now, leaves_at=now - timedelta(minutes=1)
    )
    db.session.add(edition)
    db.session.flush()
    selection = Selection(edition_id=edition.id, key="k", stories=[7])
    db.session.add(selection)
    db.session.flush()
    for person in people:
        outbox.enqueue(
            person,
            "digest",
            f"digest:{week}",
            {"you": values.You().to_json()},
            edition_id=edition.id,
            selection_id=selection.id,
        )
    db.session.commit()
    return edition


def states() -> list[str]:
    """Return the states of all rows in the order of their ids, as the database has them now."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Outbox.state).order_by(Outbox.id)))


def row(number: int) -> Outbox:
    """Return a row, read afresh."""
    db.session.rollback()
    return db.session.get_one(Outbox, number, populate_existing=True)
