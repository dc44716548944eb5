"""Choosing. In: an edition and lines of its readers. Out: for each her stories and moment, or the reason for none.

Nobody is decided by herself: equal standings have one verdict, and whom the same candidates fit gets the same stories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import sqlalchemy as sa

from emails.picks import Reason, Shelf
from service import clock, programmes, readers
from service.database import db
from service.freezing import LATE, texts_of
from service.lines import Lines, Standing
from service.models import Edition, Employee, Programme, Story
from service.models.people import Status
from service.readers import Slot

_GONE_BY = {Status.LEFT: Reason.LEFT, Status.GONE: Reason.GONE, Status.SUSPENDED: Reason.SUSPENDED}
_SUPPRESSED = {
    "bounced": Reason.BOUNCED,
    "complained": Reason.COMPLAINED,
    "unsubscribed": Reason.UNSUBSCRIBED,
    "left": Reason.LEFT,
    "erased": Reason.LEFT,
}


class Verdict(NamedTuple):
    """What follows from a standing: a reason for no mail, or the moment it leaves and the shelf it is chosen from."""

    slot: Slot
    leaves: datetime
    noted: bool
    reason: Reason | None = None
    late: bool = False
    """Her slot is a day past: the mail is held until a person decides."""
    shelf: int = 0


class Decision(NamedTuple):
    """What becomes of one reader in one edition: stories and the moment they leave, or a reason."""

    slot: Slot
    leaves: datetime
    stories: tuple[int, ...] = ()
    reason: Reason | None = None
    late: bool = False


class Group(NamedTuple):
    """Readers who are decided alike."""

    people: int
    verdict: Verdict
    stories: tuple[int, ...] = ()

    @property
    def reason(self) -> Reason | None:
        return self.verdict.reason or (None if self.stories else Reason.NOTHING_NEW)


class Choosing:
    """Decides for standings and for what fits. It reads, and writes nothing but passing tables.

    Nothing here is tied to a transaction: the caller may commit between pages.
    """

    def __init__(self, edition: Edition) -> None:
        """Take the edition's frozen texts, or for a draft the stories as they stand."""
        self.number, self.week = edition.id, edition.week
        self.programme = _detached(programmes.current())
        self.size = self.programme.digest_size
        self.now = clock.now()
        self.frozen = texts_of(edition)
        # What is not in time leaves now, or when the quiet minutes are over.
        self._soonest = max(self.now, edition.leaves_at or self.now)
        self._verdicts: dict[str, Verdict] = {}
        self._shelves: list[Shelf] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._moments: dict[Slot, tuple[datetime, bool, int]] = {}
        whole = Shelf(self.frozen.candidates)
        ids = frozenset(whole.ids)
        oldest = db.session.scalar(sa.select(sa.func.min(Story.created_at)).where(Story.id.in_(ids))) if ids else None
        since = readers.first_week_with(oldest or self.now)
        shown = readers.selections_with(ids, self.number, since) if ids else {}
        self.lines = Lines(edition, whole, shown, since, self._soonest - LATE)

    @property
    def keys(self) -> int:
        """How many distinct keys were decided so far."""
        return sum(shelf.decided for shelf in self._shelves)

    def verdict(self, standing: str) -> Verdict:
        """Return what follows from the standing of a line; remembered."""
        found = self._verdicts.get(standing)
        if found is None:
            found = self._verdicts[standing] = self._verdict(Standing.read(standing))
        return found

    def stories(self, shelf: int, less: int, left: Sequence[int]) -> tuple[int, ...]:
        """Return the stories of all whose verdict names this shelf, and whose lines have this `less` and `left`."""
        return self._shelves[shelf].pick(self.lines.joined(left), self.size, self.lines.enough[less])

    def groups(self, where: sa.ColumnElement[bool], marks: bytes | None = None) -> Iterator[Group]:
        """Yield what becomes of all these employees who can be reached; `marks`: their part of a Snapshot."""
        if not self.lines.draw(where, marks):
            return
        line = self.lines.table.c
        key = (line.standing, line.less, *self.lines.left())
        asked = sa.select(sa.func.count(), *key).group_by(*key)
        for people, standing, less, *left in db.session.execute(asked):
            verdict = self.verdict(standing)
            yield Group(people, verdict, () if verdict.reason else self.stories(verdict.shelf, less, left))

    def decide(self, people: Sequence[Employee]) -> list[Decision]:
        """Return what becomes of each of these few."""
        found = dict(self.decided(Employee.id.in_([who.id for who in people])))
        return [found.get(who.id) or self._gone(who) for who in people]

    def _gone(self, who: Employee) -> Decision:
        slot = readers.slot_of(who, self.week, self.programme)
        return Decision(slot, max(slot.at, self._soonest), (), Reason.GONE)

    def decided(self, where: sa.ColumnElement[bool]) -> Iterator[tuple[int, Decision]]:
        """Yield (id, what becomes of her) for each of these employees who can be reached, in the order of their ids."""
        self.lines.draw(where)
        line = self.lines.table.c
        asked = sa.select(line.id, line.standing, line.less, *self.lines.left()).order_by(line.id)
        for id_, standing, less, *left in db.session.execute(asked):
            slot, leaves, _, reason, late, shelf = self.verdict(standing)
            stories = () if reason else self.stories(shelf, less, left)
            if not stories:
                reason, late = reason or Reason.NOTHING_NEW, False
            yield id_, Decision(slot, leaves, stories, reason, late)

    def _verdict(self, standing: Standing) -> Verdict:
        slot = readers.slot_of(standing, self.week, self.programme)
        leaves, late, shelf = self._moments.get(slot) or self._moment(slot)
        reason = self._reason(standing, slot, leaves)
        # A slot that is a day past is so for her too, but where she chose it within that day.
        held = late and not standing.chosen_lately and reason is None
        return Verdict(slot, leaves, standing.noted, reason, held, shelf)

    def _moment(self, slot: Slot) -> tuple[datetime, bool, int]:
        """Return what is the same for all of a slot: when their mails leave, whether that is too late, the shelf."""
        leaves = max(slot.at, self._soonest)
        shelf = Shelf(self.frozen.candidates, leaves)
        number = self._numbers.setdefault(shelf.order, len(self._shelves))
        if number == len(self._shelves):
            self._shelves.append(shelf)
        self._moments[slot] = leaves, leaves - slot.at >= LATE, number
        return self._moments[slot]

    def _reason(self, standing: Standing, slot: Slot, leaves: datetime) -> Reason | None:
        if standing.status in _GONE_BY:
            return _GONE_BY[Status(standing.status)]
        if readers.paused_at(standing, leaves):
            return Reason.PAUSED
        if standing.stopped is not None:
            return _SUPPRESSED[standing.stopped]
        if standing.status == Status.INVITED and not standing.told:
            return Reason.NOT_INVITED
        if standing.status == Status.INVITED and self.programme.opt_in:
            return Reason.AWAITING_YES
        # A line tells it only of those who came after the release.
        if standing.joined is not None and standing.joined > slot.at:
            return Reason.JOINED_LATER
        if not standing.topics:
            return Reason.NO_TOPICS
        if not readers.her_week(self.week, standing.rhythm, standing.rhythm_from):
            return Reason.NOT_HER_WEEK
        return None


def _detached(programme: Programme) -> Any:
    """Return the programme's columns as plain values that no commit expires: they are asked for every standing."""
    columns: Any = sa.inspect(Programme).column_attrs
    return SimpleNamespace(**{column.key: getattr(programme, column.key) for column in columns})
