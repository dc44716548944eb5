"""Choosing. In: an edition and pages of readers. Out: for each her stories and moment, or the reason for none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import sqlalchemy as sa

from emails.picks import Reason, Shelf
from service import clock, programmes, readers
from service.database import db
from service.freezing import LATE, texts_of
from service.models import Edition, Programme, Story
from service.models.people import Status
from service.readers import Reader, Slot
from service.suppressions import address_hashes, suppressed_among

_GONE_BY = {Status.LEFT: Reason.LEFT, Status.GONE: Reason.GONE, Status.SUSPENDED: Reason.SUSPENDED}
_SUPPRESSED = {
    "bounced": Reason.BOUNCED,
    "complained": Reason.COMPLAINED,
    "unsubscribed": Reason.UNSUBSCRIBED,
    "left": Reason.LEFT,
    "erased": Reason.LEFT,
}


class Decision(NamedTuple):
    """What becomes of one reader in one edition: stories and the moment they leave, or a reason."""

    reader: Reader
    slot: Slot
    leaves: datetime
    hashed: str
    stories: tuple[int, ...] = ()
    reason: Reason | None = None
    late: bool = False
    """Her slot is a day past: the mail is held until a person decides."""


class Choosing:
    """Decides for readers, choosing once for all to whom the same stories fit. It reads, and writes nothing.

    Nothing here is tied to a transaction: the caller may commit between pages.
    """

    def __init__(self, edition: Edition) -> None:
        """Take the edition's frozen texts, or for a draft the stories as they stand."""
        self.number, self.week = edition.id, edition.week
        self.programme = _detached(programmes.current())
        self.size = self.programme.digest_size
        self.now = clock.now()
        self.frozen = texts_of(edition)
        self.released_at = edition.released_at
        self.leaves_at = edition.leaves_at
        self._candidates = frozenset(c.id for c in self.frozen.candidates)
        self._shown = self._selections()
        self._fittings: dict[tuple[int, ...], Fitting] = {}
        self._moments: dict[Slot, tuple[datetime, bool, Fitting]] = {}

    @property
    def keys(self) -> int:
        """How many distinct keys were decided so far."""
        return sum(fitting.shelf.decided for fitting in self._fittings.values())

    def _selections(self) -> dict[int, tuple[int, ...]]:
        ids = self._candidates
        if not ids:
            return {}
        oldest = db.session.scalar(sa.select(sa.func.min(Story.created_at)).where(Story.id.in_(ids)))
        return readers.selections_with(ids, self.number, oldest or self.now)

    def decide(self, page: Sequence[Reader]) -> list[Decision]:
        """Return one decision for each of these readers."""
        hashes = address_hashes(r.email for r in page)
        stopped = suppressed_among(hashes, readers.KIND)
        shown = readers.shown_to([r.subject for r in page], self._shown)
        declined = readers.declined_by([r.subject for r in page], self._candidates)
        told = readers.invited(page)
        return [
            self._decision(
                r, hashed, stopped.get(hashed), shown.get(r.subject, ()), declined.get(r.subject, ()), r.subject in told
            )
            for r, hashed in zip(page, hashes, strict=True)
        ]

    def _decision(
        self,
        reader: Reader,
        hashed: str,
        stopped: str | None,
        shown: Sequence[int],
        declined: tuple[int, ...],
        told: bool,
    ) -> Decision:
        slot = readers.slot_of(reader, self.week, self.programme)
        leaves, late, fitting = self._moments.get(slot) or self._moment(slot)
        reason = self._reason(reader, slot, leaves, stopped, told)
        if reason is not None:
            return Decision(reader, slot, leaves, hashed, (), reason)
        stories = fitting.pick(reader, shown, declined, self.size)
        if not stories:
            return Decision(reader, slot, leaves, hashed, (), Reason.NOTHING_NEW)
        return Decision(reader, slot, leaves, hashed, stories, None, late and _late_for(reader, leaves))

    def _moment(self, slot: Slot) -> tuple[datetime, bool, Fitting]:
        """Return what is the same for all of a slot: when their mails leave, whether that is too late, what may fit."""
        leaves = max(self.now, slot.at, self.leaves_at or self.now)
        shelf = Shelf(self.frozen.candidates, leaves)
        fitting = self._fittings.setdefault(shelf.order, Fitting(shelf, self._shown))
        self._moments[slot] = leaves, leaves - slot.at >= LATE, fitting
        return self._moments[slot]

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
        if not readers.her_week(self.week, reader.rhythm, reader.rhythm_from):
            return Reason.NOT_HER_WEEK
        return None


def _late_for(reader: Reader, leaves: datetime) -> bool:
    """Tell whether a slot that is a day past is so for her too: not where she chose it within that day."""
    return reader.slot_since is None or leaves - reader.slot_since >= LATE


class Fitting:
    """Which candidates of a shelf fit whom, by her lists; lists are few, people are many."""

    def __init__(self, shelf: Shelf, shown: Mapping[int, tuple[int, ...]]) -> None:
        self.shelf = shelf
        self._shown = shown
        self._topics: dict[Iterable[int], int] = {}
        self._reads: dict[Iterable[str], int] = {}
        self._teams: dict[int | None, int] = {}
        self._seen: dict[int, int] = {}
        self._less: dict[Iterable[str], tuple[int, tuple[int, ...]]] = {}

    def pick(self, reader: Reader, shown: Sequence[int], declined: tuple[int, ...], size: int) -> tuple[int, ...]:
        """Return at most `size` stories for this reader, whom these selections have reached."""
        fitting = self.to(reader, shown)
        if declined:
            fitting &= ~self.shelf.these(declined)
        if not reader.fewer:
            return self.shelf.pick(fitting, size)
        wishes = tuple(reader.fewer)
        less = self._less.get(wishes)
        if less is None:
            less = self._less[wishes] = self.shelf.less(wishes)
        unwanted, enough = less
        return self.shelf.pick(fitting & ~unwanted, size, enough)

    def to(self, reader: Reader, shown: Sequence[int]) -> int:
        """Return the candidates (Shelf's bits) for this reader, whom these selections have reached."""
        topics, reads = tuple(reader.topics), tuple(reader.reads)
        on = self._topics.get(topics)
        if on is None:
            on = self._topics[topics] = self.shelf.on(topics)
        read = self._reads.get(reads)
        if read is None:
            read = self._reads[reads] = self.shelf.read_in(reads)
        meant = self._teams.get(reader.team_id)
        if meant is None:
            team = () if reader.team_id is None else (reader.team_id,)
            meant = self._teams[reader.team_id] = self.shelf.meant_for(team)
        fitting = on & read & meant
        for selection in shown:
            seen = self._seen.get(selection)
            if seen is None:
                seen = self._seen[selection] = self.shelf.these(self._shown[selection])
            fitting &= ~seen
        return fitting


def _detached(programme: Programme) -> Any:
    """Return the programme's columns as plain values that no commit expires: they are asked for every reader."""
    columns: Any = sa.inspect(Programme).column_attrs
    return SimpleNamespace(**{column.key: getattr(programme, column.key) for column in columns})
