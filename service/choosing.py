"""Choosing. In: an edition and pages of readers. Out: for each her stories and moment, or the reason for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from emails.picks import Key, Reason, Shelf
from service import clock, programmes, readers
from service.database import db
from service.freezing import LATE, texts_of
from service.models import Edition, Story
from service.models.people import Status
from service.outbox import address_hash
from service.readers import Reader, Slot
from service.suppressions import suppressed_among

BUTTONS = 3
"""Share buttons a mail shows at most; further networks stand behind *More*."""

_GONE_BY = {Status.LEFT: Reason.LEFT, Status.GONE: Reason.GONE, Status.SUSPENDED: Reason.SUSPENDED}
_SUPPRESSED = {
    "bounced": Reason.BOUNCED,
    "complained": Reason.COMPLAINED,
    "unsubscribed": Reason.UNSUBSCRIBED,
    "left": Reason.LEFT,
    "erased": Reason.LEFT,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one reader in one edition: stories and the moment they leave, or a reason."""

    reader: Reader
    slot: Slot
    leaves: datetime
    hashed: str
    stories: tuple[int, ...] = ()
    name: str = ""
    """Names the selection: equal for all who get the same for the same key."""
    reason: Reason | None = None
    late: bool = False
    """Her slot is a day past: the mail is held until a person decides."""


class Choosing:
    """Decides for readers, computing each distinct key once. It reads, and writes nothing."""

    def __init__(self, edition: Edition) -> None:
        """Take the edition's frozen texts, or for a draft the stories as they stand."""
        self.edition = edition
        self.programme = programmes.current()
        self.size = self.programme.digest_size
        self.now = clock.now()
        self.frozen = texts_of(edition)
        self.released_at = edition.released_at
        self.leaves_at = edition.leaves_at
        self._shelves: dict[datetime, Shelf] = {}
        self._keys: set[str] = set()
        self._shown = self._selections()

    @property
    def keys(self) -> int:
        """How many distinct keys were decided so far."""
        return len(self._keys)

    def _selections(self) -> dict[int, frozenset[int]]:
        ids = frozenset(c.id for c in self.frozen.candidates)
        if not ids:
            return {}
        oldest = db.session.scalar(sa.select(sa.func.min(Story.created_at)).where(Story.id.in_(ids)))
        return readers.selections_with(ids, self.edition, oldest or self.now)

    def decide(self, page: Sequence[Reader]) -> list[Decision]:
        """Return one decision for each of these readers."""
        hashes = {r.subject: address_hash(r.email) for r in page}
        stopped = suppressed_among(list(hashes.values()), readers.KIND)
        seen = readers.seen_by(list(hashes), self._shown)
        told = readers.invited(page)
        return [
            self._decision(
                r,
                hashes[r.subject],
                stopped.get(hashes[r.subject]),
                seen.get(r.subject, frozenset()),
                r.subject in told,
            )
            for r in page
        ]

    def _decision(self, reader: Reader, hashed: str, stopped: str | None, seen: frozenset[int], told: bool) -> Decision:
        slot = readers.slot_of(reader, self.edition.week, self.programme)
        leaves = max(self.now, slot.at, self.leaves_at or self.now)
        reason = self._reason(reader, slot, leaves, stopped, told)
        if reason is not None:
            return Decision(reader, slot, leaves, hashed, reason=reason)
        shelf = self._shelf(leaves)
        key = shelf.narrowed(
            Key(
                topics=frozenset(reader.topics),
                languages=frozenset(reader.reads),
                audiences=frozenset() if reader.team_id is None else frozenset({reader.team_id}),
                slots=min(BUTTONS, len(reader.networks) or 1),
                seen=seen,
            )
        )
        stories = shelf.choose(key, self.size)
        if not stories:
            return Decision(reader, slot, leaves, hashed, reason=Reason.NOTHING_NEW)
        name = shelf.name(key, self.size)
        self._keys.add(name)
        return Decision(reader, slot, leaves, hashed, stories, name, late=leaves - slot.at >= LATE)

    def _reason(self, reader: Reader, slot: Slot, leaves: datetime, stopped: str | None, told: bool) -> Reason | None:
        if reader.status in _GONE_BY:
            return _GONE_BY[Status(reader.status)]
        if readers.paused_at(reader, leaves):
            return Reason.PAUSED
        if stopped is not None:
            return _SUPPRESSED[stopped]
        if reader.status == Status.INVITED and not told:
            return Reason.NOT_INVITED
        if reader.status == Status.INVITED and self.programme.opt_in:
            return Reason.AWAITING_YES
        if self.released_at is not None and reader.created_at > max(slot.at, self.released_at):
            return Reason.JOINED_LATER
        if not reader.topics:
            return Reason.NO_TOPICS
        if not readers.her_week(self.edition.week, reader.rhythm, reader.rhythm_from):
            return Reason.NOT_HER_WEEK
        return None

    def _shelf(self, at: datetime) -> Shelf:
        if at not in self._shelves:
            self._shelves[at] = Shelf(self.frozen.candidates, at)
        return self._shelves[at]
