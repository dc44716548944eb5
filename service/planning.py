"""Planning. In: pages of readers of a released edition. Out: their selections, reasons and outbox rows; no commit.

The database does what is to be done for each person, in four statements a page (service.lines, service.mailbag);
here is decided what few different standings and choices there are.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa
from flask import Flask, current_app

from emails.picks import Reason, name_of
from service import clock, gates, hashes, readers, recognition
from service.bulk import among, insert_new
from service.choosing import Choosing, Group, Verdict
from service.database import db
from service.dialects import postgres
from service.mailbag import Choice, Mailbag
from service.models import Edition, Employee, Omission, Outbox, Selection
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.readers import KIND, Slot, occasion_of
from service.snapshots import Snapshot

Done = TypeVar("Done")

OPEN = (EditionStatus.RELEASED, EditionStatus.CLOSING)
"""Only such editions are planned."""

SILENT = (Reason.NOTHING_NEW, Reason.NO_TOPICS, Reason.NOT_HER_WEEK)
"""Reasons that keep nobody invited: the edition concerned her, only it had no mail for her."""

MANY = 10_000
"""After so many new rows the database's statistics are no longer those of its tables."""

FEW = 12
"""So many zones are named in a statement; of more, people are read and looked at."""

HANDS = 2
"""Pages that are planned at a time, each on a connection of its own. SQLite has one writer: there, in turn."""


@dataclass
class Planned:
    """What became of a page's readers."""

    mails: int = 0
    held: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, people: int) -> None:
        self.reasons[reason] = self.reasons.get(reason, 0) + people

    def count(self, group: Group) -> None:
        if (reason := group.reason) is not None:
            self.add(reason, group.people)
        elif group.verdict.late:
            self.held += group.people
        else:
            self.mails += group.people

    @property
    def people(self) -> int:
        return self.mails + self.held + sum(self.reasons.values())


class Desk:
    """Where one edition's readers are decided and written down, a page at a time, by several hands if wanted."""

    def __init__(self, edition: Edition, due: Collection[Slot], wide: bool = False) -> None:
        """Take who is in one of these slots. `wide`: read beforehand what is known of all of them (snapshots)."""
        self.number, self._week, self._occasion = edition.id, edition.week, occasion_of(edition)
        self._released_at = edition.released_at
        self._wishes = {(slot.zone, slot.weekday, slot.hour) for slot in due}
        self._zones = sorted({slot.zone for slot in due})
        self.choosing = Choosing(edition)
        hashes.forget_those_of_another_secret()
        self._board = recognition.board_of(edition.week)
        self._nobody = recognition.digest_facts([""], edition.week, self._board)[""]
        asked = sa.select(Selection.id, Selection.stories).where(Selection.edition_id == self.number)
        self._selections = {tuple(stories): number for number, stories in db.session.execute(asked)}
        fallback = self.choosing.programme.fallback_network
        self._bag = Mailbag(self.number, self._occasion, self.choosing.now, fallback, self.choosing.lines)
        self._deciding = threading.Lock()
        self._snapshot = Snapshot(self.choosing.lines, self._in_zones()) if wide else None
        last = readers.last_id()
        self.pages, self._size = -(-last // readers.PAGE), readers.PAGE
        """How many pages there are to write, from 0 on."""
        if wide:
            # Nobody else plans meanwhile: pages may be such that all hands have as many.
            self.pages += -self.pages % HANDS
            self._size = -(-last // max(1, self.pages))

    def _in_zones(self) -> sa.ColumnElement[bool]:
        return Employee.zone.in_(self._zones) if len(self._zones) <= FEW else sa.true()

    def write(self, page: int, careful: bool = False) -> Planned | None:
        """Decide for a page's readers whom the edition has not decided, and write that down; the caller commits.

        A reason that was noted early is considered again until its slot has come. None, and nothing written, where
        the edition is no longer the release that was begun; no act changes it until the transaction ends. Raises
        mailbag.Taken where an address has its copy already: roll back, and write the page with `careful`.
        """
        gates.enter(self.number, page)
        begun = sa.and_(Edition.id == self.number, Edition.status.in_(OPEN), Edition.released_at == self._released_at)
        if db.session.scalar(sa.select(Edition.id).where(begun)) is None:
            return None
        done = Planned()
        where = sa.and_(readers.on_page(page, self._size), self._in_zones())
        hashes.remember(where)
        lines, marks = self.choosing.lines, self._snapshot.of(page, self._size) if self._snapshot else None
        if not lines.draw(where, marks):
            return done
        bag, verdicts = self._bag, self._verdicts(done)
        bag.judge(verdicts)
        bag.choose(self._choices(bag, done))
        bag.note(again=any(verdict.noted for verdict in verdicts.values()))
        if done.mails or done.held:
            known = bag.known(marks)
            yous = recognition.digest_facts(list(known.values()), self._week, self._board) if known else {}
            new = bag.post(where, {id_: yous[subject] for id_, subject in known.items()}, self._nobody, careful)
            if served := done.mails + done.held - new:
                bag.note_served()
                done.mails -= served
                done.add(Reason.ADDRESS_SERVED, served)
        return done

    def _verdicts(self, done: Planned) -> dict[str, Verdict]:
        """Return the verdicts on the standings of the drawn lines, without those whom nothing is to be done for."""
        line, lines = self.choosing.lines.table.c, self.choosing.lines
        asked = sa.select(line.standing, sa.func.count()).where(lines.unmailed()).group_by(line.standing)
        rows = db.session.execute(asked).all()
        found = {}
        with self._deciding:
            for standing, people in rows:
                verdict = self.choosing.verdict(standing)
                slot = verdict.slot
                stands = verdict.noted and slot.at <= self.choosing.now
                if stands or (slot.zone, slot.weekday, slot.hour) not in self._wishes:
                    continue
                found[standing] = verdict
                if verdict.reason is not None:
                    done.add(verdict.reason, people)
        return found

    def _choices(self, bag: Mailbag, done: Planned) -> list[Choice]:
        """Return what is chosen for each key of the lines, the selections written."""
        keys = bag.keys()
        with self._deciding:
            chosen = [self.choosing.stories(shelf, less, left) for shelf, _, less, left, _ in keys]
            self._save_selections({stories for stories in chosen if stories} - self._selections.keys())
        choices = {}
        for (shelf, state, less, left, people), stories in zip(keys, chosen, strict=True):
            choices[shelf, less, left] = Choice(shelf, less, left, self._selections[stories] if stories else None)
            if not stories:
                done.add(Reason.NOTHING_NEW, people)
            elif state == MailState.HELD:
                done.held += people
            else:
                done.mails += people
        return list(choices.values())

    def _save_selections(self, new: Collection[tuple[int, ...]]) -> None:
        """Write selections down at once, in a transaction of their own: several hands need the same ones."""
        if not new:
            return
        named = {name_of(stories): stories for stories in new}
        rows = [{"edition_id": self.number, "key": name, "stories": list(named[name])} for name in sorted(named)]
        asked = sa.select(Selection.key, Selection.id).where(
            Selection.edition_id == self.number, among(Selection.key, named)
        )
        if postgres():
            with db.engine.begin() as aside:
                aside.execute(sa.dialects.postgresql.insert(Selection).on_conflict_do_nothing(), rows)
                found = aside.execute(asked).all()
        else:
            insert_new(Selection, rows)
            found = db.session.execute(asked).all()
        self._selections |= {named[name]: number for name, number in found}


class Hands:
    """Does deeds, each a whole transaction, some at a time and in their order as far as anybody sees."""

    def __enter__(self) -> Hands:
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._pool = ThreadPoolExecutor(HANDS, "planning") if postgres() else None
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def each(self, deed: Callable[[int], Done], numbers: Sequence[int]) -> Iterator[Done]:
        """Yield the results of the deed for these numbers. Whoever stops asking stops the deeds."""
        if self._pool is None:
            yield from map(deed, numbers)
            return
        waiting: deque[Future[Done]] = deque()
        for number in numbers:
            waiting.append(self._pool.submit(self._in_context, deed, number))
            if len(waiting) > HANDS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _in_context(self, deed: Callable[[int], Done], number: int) -> Done:
        with self._app.app_context():
            return deed(number)


def welcome(edition: Edition) -> None:
    """Make the invited active whose first edition this is, and those whose pause is over everywhere.

    Not called within the quiet minutes: an undone edition has changed nobody.
    """
    mailed = sa.select(Outbox.subject).where(
        Outbox.kind == KIND, Outbox.occasion == occasion_of(edition), Outbox.state != MailState.CANCELLED
    )
    silent = sa.select(Omission.subject).where(Omission.edition_id == edition.id, Omission.reason.in_(SILENT))
    invited = sa.and_(
        Employee.status == Status.INVITED, sa.or_(Employee.subject.in_(mailed), Employee.subject.in_(silent))
    )
    over = (clock.now() - timedelta(hours=12)).date()  # whoever's last day is before that day is rested in every zone
    rested = sa.and_(Employee.status == Status.PAUSED, Employee.paused_until < over)
    for who in (invited, rested):
        asked = sa.update(Employee).where(who).values(status=Status.ACTIVE, paused_until=None)
        db.session.execute(asked.execution_options(synchronize_session=False))


def renew_statistics(rows: int) -> None:
    """Let PostgreSQL look at its tables again after many new rows; it would by itself, but minutes later."""
    if rows >= MANY and postgres():
        # Only of columns that queries ask by: looking at the facts would cost ten times as much.
        asked = "outbox (subject, kind, occasion, edition_id, selection_id, state, due_at), omission, selection"
        db.session.execute(sa.text(f"ANALYZE {asked}"))
