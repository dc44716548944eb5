"""Lines. In: employees, by a condition. Out: a passing table with a line for each: all that decides on her mail.

That is two things. Her *standing* is one text of what has few values: status, pause, wish, rhythm, zone, what stops her
mails (`Standing` reads it). What *fits* her are the candidates as bits (emails.picks.Shelf): those on her topics, in
her languages, for her team, without what she was shown or declined. The database makes the lines and finds the
different ones, so that each is decided once; what a list of topics means, it is told.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import sqlalchemy as sa

from emails.picks import Shelf
from service import hashes, readers
from service.database import db
from service.dialects import (
    JsonText,
    any_of,
    fresh,
    looked_up,
    moment_text,
    passing,
    plan_plainly,
    postgres,
    same_json,
    text_of,
    unpacked,
    written,
)
from service.models import Declined, Edition, Employee, Omission, Outbox, Share, Suppression, Total
from service.models.mail import MailState
from service.models.people import Status
from service.suppressions import ALL, CLASSES

WORD = 60
"""Bits of a number that one column takes."""

MAILED, NOTED, TELLING = 1 << WORD + 2, 1 << WORD + 1, 1 << WORD
"""In the first column of `seen`: she has her mail of this edition; and as far as a snapshot says so: a reason stands
for her, and there is something to tell of her."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a line says of her beside what fits: of few different values, and whole in one text."""

    status: str
    paused_until: date | None
    slot_weekday: int | None
    slot_hour: int | None
    rhythm: str
    rhythm_from: str | None
    topics: bool
    """She follows any."""
    chosen_lately: bool
    """She chose her slot within the day before planned mails leave."""
    joined: datetime | None
    """When she came, if that was after the release."""
    told: bool
    """Invited, and the invitation was sent or is on its way."""
    stopped: str | None
    """Why her address gets no digest."""
    noted: bool
    """A reason stands for her in this edition already."""
    zone: str

    @classmethod
    def read(cls, text: str) -> Standing:
        """Return the standing of a line's text."""
        status, until, weekday, hour, rhythm, since, topics, lately, joined, told, stopped, noted, zone = text[
            :-1
        ].split("|", 12)
        return cls(
            status,
            date.fromisoformat(until) if until else None,
            int(weekday) if weekday else None,
            int(hour) if hour else None,
            rhythm,
            since or None,
            topics == "1",
            lately == "1",
            datetime.fromisoformat(joined).replace(tzinfo=UTC) if joined else None,
            told == "1",
            stopped or None,
            noted == "1",
            zone,
        )


class Lines:
    """Makes the lines of employees for one edition. It keeps what lists mean; nothing else outlives a transaction."""

    def __init__(
        self, edition: Edition, shelf: Shelf, shown: Mapping[int, Sequence[int]], since: str, lately: datetime
    ) -> None:
        """`shelf` has all candidates, `shown` the stories of earlier selections, from the week `since` on.

        Who chose her slot after `lately` chose it within the day before mails leave.
        """
        self.number, self._occasion = edition.id, readers.occasion_of(edition)
        self._released_at, self._lately = edition.released_at, lately
        self.since = f"{readers.KIND}:{min(since, edition.week)}"
        self._shelf = shelf
        self.words = range(max(1, -(-len(shelf.ids) // WORD)))
        """Columns that a number takes."""
        self._split_shown = {n: self.split(shelf.these(stories)) for n, stories in shown.items()}
        self._topics: dict[str, int] = {}
        self._reads: dict[str, int] = {}
        self._teams: dict[int, int] = {}
        self._fewer: dict[str, int] = {}
        self._unwanted: list[int] = []
        self._learning = threading.Lock()
        self.enough: list[tuple[int, ...]] = []
        """By a line's `less`: numbers of candidates of which one is enough."""
        self.table = passing(
            "line",
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("subject", sa.String(32)),
            sa.Column("standing", sa.Text),
            sa.Column("less", sa.Integer),
            *self._columns("fits"),
            *self._columns("seen"),
        )
        self._lists = {
            name: passing(f"{name}_list", sa.Column("list", kind), *more, *self._columns("bits"))
            for name, kind, more in (
                ("topics", JsonText, ()),
                ("reads", JsonText, ()),
                ("fewer", JsonText, (sa.Column("less", sa.Integer),)),
            )
        }
        self._team = self._numbered("team_bits")
        self._selection = self._numbered("selection_bits")
        self._story = self._numbered("story_bits")
        # Without an index: it is joined whole.
        self._marks = passing("marks", sa.Column("id", sa.Integer), *self._columns("bits"))
        self._hash = passing(
            "address_hashes",
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("hash", sa.String(64)),
        )

    def _columns(self, name: str) -> list[sa.Column[Any]]:
        return [sa.Column(f"{name}_{n}", sa.BigInteger) for n in self.words]

    def _numbered(self, name: str) -> sa.Table:
        return passing(name, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), *self._columns("bits"))

    def split(self, number: int) -> list[int]:
        """Return a number of candidates as the columns of a table have it."""
        return [(number >> WORD * n) & (TELLING - 1) for n in self.words]

    def joined(self, columns: Iterable[int]) -> int:
        """Return the number of candidates that these columns hold."""
        return sum(bits << WORD * n for n, bits in enumerate(columns))

    def left(self) -> list[Any]:
        """Return the columns of what is left for her: what fits, without what she has seen."""
        line = self.table.c
        return [line[f"fits_{n}"].bitwise_and(line[f"seen_{n}"].bitwise_not()) for n in self.words]

    def unmailed(self) -> sa.ColumnElement[bool]:
        """Return the condition that she of a line has no mail of this edition."""
        found: sa.ColumnElement[bool] = self.table.c.seen_0 < MAILED
        return found

    def telling(self, marks: bytes | None) -> sa.ColumnElement[bool]:
        """Return the condition that there is something to tell of her of a line drawn with these marks."""
        line = self.table.c
        if marks is not None:
            found: sa.ColumnElement[bool] = line.seen_0.bitwise_and(TELLING) > 0
            return found
        # Asked for each line by an index; as a join PostgreSQL would read all shares for every page.
        shares, totals = (
            any_of(sa.select(table.subject).where(table.subject == line.subject)) for table in (Share, Total)
        )
        return sa.or_(shares, totals)

    def draw(self, where: sa.ColumnElement[bool], marks: bytes | None = None) -> int:
        """Make the lines of those of these employees who can be reached; return how many.

        With `marks`, their part of a Snapshot, nobody is looked up.
        """
        plan_plainly()
        if marks is not None:
            unpacked(self._marks, marks)
        if not self._topics:
            self._learn(where)
        fresh(self.table)
        line, whole, missed = self.table.c, 0, where
        while True:
            self._tell()
            asked = sa.insert(self.table).from_select(self.table.columns.keys(), self._drawn(missed, marks is not None))
            whole += written(asked)
            unknown = db.session.scalars(sa.select(line.id).where(line.fits_0.is_(None))).all()
            if not unknown:
                return whole
            # Theirs are lists that nobody had before.
            missed = Employee.id.in_(unknown)
            self._learn(missed)
            db.session.execute(sa.delete(self.table).where(line.fits_0.is_(None)))
            whole -= len(unknown)

    def _learn(self, where: sa.ColumnElement[bool]) -> None:
        """Work out what the lists of these employees mean; others may draw lines meanwhile."""
        with self._learning:
            self._learn_of(where)

    def _learn_of(self, where: sa.ColumnElement[bool]) -> None:
        for column, known, meaning in (
            (Employee.topics, self._topics, self._shelf.on),
            (Employee.reads, self._reads, self._shelf.read_in),
            (Employee.fewer, self._fewer, self._less),
        ):
            for (text,) in db.session.execute(sa.select(sa.cast(column, sa.Text)).where(where).distinct()):
                if text not in known:
                    known[text] = meaning(json.loads(text))
        teams = sa.select(sa.func.coalesce(Employee.team_id, 0)).where(where).distinct()
        for team in db.session.scalars(teams):
            self._teams[team] = self._shelf.meant_for([team])

    def _less(self, wishes: Sequence[str]) -> int:
        """Return under which number these wishes' meaning is kept."""
        unwanted, enough = self._shelf.less(wishes)
        self._unwanted.append(unwanted)
        self.enough.append(enough)
        return len(self.enough) - 1

    def _tell(self) -> None:
        """Put what is known into passing tables."""
        for name, known in (("topics", self._topics), ("reads", self._reads)):
            fresh(self._lists[name], ((text, *self.split(bits)) for text, bits in list(known.items())))
        fresh(self._lists["fewer"], ((t, n, *self.split(~self._unwanted[n])) for t, n in list(self._fewer.items())))
        fresh(self._team, ((team, *self.split(bits)) for team, bits in list(self._teams.items())))
        if not postgres():
            fresh(self._selection, ((n, *bits) for n, bits in self._split_shown.items()))

    def _drawn(self, where: sa.ColumnElement[bool], marked: bool) -> Any:
        topics, reads, fewer = (self._lists[name].c for name in ("topics", "reads", "fewer"))
        team = self._team.c
        stop, all_stop = sa.orm.aliased(Suppression), sa.orm.aliased(Suppression)
        stopped = sa.func.coalesce(all_stop.reason, stop.reason)
        people, hashed = self._hashed(where)
        fits: list[Any] = [
            reduce(_both, [each[f"bits_{n}"] for each in (topics, reads, team, fewer)]) for n in self.words
        ]
        columns = Employee.id, Employee.subject, self._standing(stopped, marked), fewer.less
        if marked:
            people = sa.outerjoin(people, self._marks, self._marks.c.id == Employee.id)
        return (
            sa.select(*columns, *fits, *self._seen(marked))
            .select_from(people)
            .outerjoin(self._lists["topics"], same_json(topics["list"], Employee.topics))
            .outerjoin(self._lists["reads"], same_json(reads["list"], Employee.reads))
            .outerjoin(self._lists["fewer"], same_json(fewer["list"], Employee.fewer))
            .outerjoin(self._team, team.id == sa.func.coalesce(Employee.team_id, 0))
            .outerjoin(stop, _stop_of(stop, hashed, CLASSES[readers.KIND]))
            .outerjoin(all_stop, _stop_of(all_stop, hashed, ALL))
            .where(where, readers.reachable())
        )

    def _hashed(self, where: sa.ColumnElement[bool]) -> tuple[Any, Any]:
        """Return what to read employees from, and the hash of each one's address: that of some may not be known yet."""
        missing = hashes.missing(where)
        if not missing:
            return Employee, Employee.address_hash
        fresh(self._hash, missing)
        hashed = self._hash.c
        people = sa.outerjoin(Employee, self._hash, hashed.id == Employee.id)
        return people, sa.func.coalesce(hashed.hash, Employee.address_hash)

    def _standing(self, stopped: Any, marked: bool) -> Any:
        # Single values asked for each line, not joins: right after a bulk insert PostgreSQL's statistics are those of
        # before, and a join planned by them may compare everybody with everybody.
        invitation = (
            sa.select(sa.func.count())
            .where(Outbox.kind == "invitation", Outbox.subject == Employee.subject, Outbox.state != MailState.CANCELLED)
            .scalar_subquery()
        )
        told = sa.case(
            (Employee.status != Status.INVITED, 0),
            (Employee.waits, 0),
            (Employee.invited_at.is_not(None), 1),
            (invitation > 0, 1),
            else_=0,
        )
        noted: Any = (
            sa.select(sa.func.count())
            .where(Omission.edition_id == self.number, Omission.subject == Employee.subject)
            .scalar_subquery()
        )
        if marked:
            noted = sa.case((self._marks.c.bits_0.bitwise_and(NOTED) > 0, 1), else_=0)
        joined: Any = sa.null()
        if self._released_at is not None:
            joined = sa.case((Employee.created_at > self._released_at, moment_text(Employee.created_at)))
        return text_of(
            Employee.status,
            Employee.paused_until,
            Employee.slot_weekday,
            Employee.slot_hour,
            Employee.rhythm,
            Employee.rhythm_from,
            sa.case((same_json(Employee.topics, sa.literal_column("'[]'")), 0), else_=1),
            sa.case((Employee.slot_since > self._lately, 1), else_=0),
            joined,
            told,
            stopped,
            noted,
            Employee.zone,
        )

    def shown(self) -> list[Any]:
        """Return the columns `bits_0`, … of what a mail has shown, or that it is this edition's."""
        columns = []
        for n in self.words:
            known = {number: each[n] for number, each in self._split_shown.items()}
            bits = looked_up(known, self._selection, f"bits_{n}", Outbox.selection_id)
            shown = sa.case((Outbox.state.in_(readers.SHOWN), bits))
            if n == 0:
                shown = sa.case((Outbox.occasion == self._occasion, sa.literal(MAILED, sa.BigInteger)), else_=shown)
            columns.append(shown.label(f"bits_{n}"))
        return columns

    def _seen(self, marked: bool) -> Iterator[Any]:
        """Yield the columns of what she was shown or declined, and whether she has this edition's mail."""
        declined = self._declined()
        for n, shown in zip(self.words, self.shown(), strict=True):
            asked = (
                sa.select(sa.func.bit_or(shown))
                .where(
                    Outbox.subject == Employee.subject,
                    Outbox.kind == readers.KIND,
                    Outbox.occasion >= self.since,
                )
                .correlate(Employee)
            )
            known = self._marks.c[f"bits_{n}"] if marked else asked.scalar_subquery()
            seen: Any = sa.func.coalesce(known, sa.literal(0, sa.BigInteger))
            if declined:
                hers = sa.select(sa.func.bit_or(self._story.c[f"bits_{n}"])).where(
                    Declined.subject == Employee.subject, self._story.c.id == Declined.story_id
                )
                none = sa.literal(0, sa.BigInteger)
                seen = seen.bitwise_or(sa.func.coalesce(hers.correlate(Employee).scalar_subquery(), none))
            yield seen

    def _declined(self) -> bool:
        """Tell whether anybody declined any of the candidates; then put them into their passing table."""
        ids = list(self._shelf.ids)
        if db.session.scalar(sa.select(Declined.story_id).where(Declined.story_id.in_(ids)).limit(1)) is None:
            return False
        fresh(self._story, ((id_, *self.split(self._shelf.these([id_]))) for id_ in ids))
        return True


def _stop_of(stop: Any, hashed: Any, scope: str) -> sa.ColumnElement[bool]:
    return sa.and_(stop.address_hash == hashed, stop.scope == scope)


def _both(one: Any, other: Any) -> Any:
    return one.bitwise_and(other)
