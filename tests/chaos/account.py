"""The account. In: the outbox and the sink's journal. Out: who got what, and doubts decided by evidence."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from service.database import db
from service.delivery import resolve
from service.models import Employee, Outbox
from service.models.mail import MailState


def taken(journal: Path) -> list[dict[str, str]]:
    """Return the mails the sink took, in order: to, message_id, sha256."""
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text(encoding="ascii").splitlines()]


@dataclass
class Account:
    """Outbox against journal, by Message-ID."""

    states: Counter[str]
    by_state: dict[str, set[str]]
    journal: Counter[str]
    receivers: Counter[str]
    taken_by_now: set[str]
    """What the journal has after the outbox was read."""

    @property
    def twice(self) -> list[str]:
        """Receivers who got more than one."""
        return [who for who, n in self.receivers.items() if n > 1]

    def check(self) -> None:
        """Assert what must hold at every moment: nobody twice; accepted means taken; not begun means not taken."""
        assert self.twice == []
        assert max(self.journal.values(), default=0) <= 1
        accepted = self.by_state.get(MailState.ACCEPTED, set())
        assert accepted <= self.taken_by_now, "a mail counts as accepted that nobody took"
        for state in (MailState.QUEUED, MailState.LEASED, MailState.RETRY, MailState.FAILED, MailState.CANCELLED):
            lost = self.by_state.get(state, set()) & set(self.journal)
            assert not lost, f"{len(lost)} mails are {state} but were taken"


def account(journal: Path) -> Account:
    """Return the account of this moment; needs the application's context."""
    # The journal before: what is taken between the two readings must not look like a copy too many. And after: what is
    # accepted meanwhile (SQLite's reader may wait for a writer) was taken before it was.
    lines = taken(journal)
    by_state: dict[str, set[str]] = {}
    for state, message_id in db.session.execute(sa.select(Outbox.state, Outbox.message_id)):
        by_state.setdefault(str(state), set()).add(message_id)
    db.session.rollback()
    return Account(
        Counter({state: len(ids) for state, ids in by_state.items()}),
        by_state,
        Counter(line["message_id"] for line in lines),
        Counter(line["to"] for line in lines),
        {line["message_id"] for line in taken(journal)},
    )


def reconcile(journal: Path) -> tuple[int, int]:
    """Decide every ambiguous mail by the sink's journal, as the liaison would; return (arrived, to be sent again)."""
    there = {line["message_id"] for line in taken(journal)}
    asked = sa.select(Outbox.id, Outbox.message_id).where(Outbox.state == MailState.AMBIGUOUS)
    doubtful = list(db.session.execute(asked))
    db.session.rollback()
    for number, message_id in doubtful:
        resolve(number, accepted=message_id in there)
    arrived = sum(message_id in there for _, message_id in doubtful)
    return arrived, len(doubtful) - arrived


def people(n: int, orders: dict[int, str] | None = None) -> None:
    """Insert n active readers (p0@beacon.example …); `orders` adds what the sink does to whom. The caller commits."""
    rows = [
        {
            "email": f"p{i}{'.' + orders[i] if orders and i in orders else ''}@beacon.example",
            "name": f"Person {i}",
            "status": "active",
            "zone": "Europe/Rome",
            "topics": [1],
            "networks": ["linkedin"],
        }
        for i in range(n)
    ]
    db.session.execute(sa.insert(Employee), rows)
