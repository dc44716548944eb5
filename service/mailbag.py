"""The mailbag. In: lines of readers, verdicts on their standings, choices. Out: their digests in the outbox, at once.

One INSERT … SELECT writes a page: what is personal (name, networks, link, language, address) goes from table to table
in the database and never through here. What a row's `facts` hold is said in `_facts`, once for both databases.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
from psycopg.errors import UniqueViolation

from emails.picks import Reason
from emails.values import You
from service import passes, settings
from service.bulk import insert_or_ignore
from service.choosing import Verdict
from service.database import Moment, db
from service.dialects import (
    JsonText,
    as_json,
    fresh,
    join_whole,
    json_object,
    opaque,
    passing,
    postgres,
    same_json,
    written,
)
from service.lines import Lines
from service.models import Employee, Omission, Outbox
from service.models.mail import MailState
from service.passes import today_number
from service.readers import KIND


class Taken(Exception):
    """An address has its copy already; the transaction is spent and has to be rolled back."""


class Choice(NamedTuple):
    """What is chosen for all lines with this key; no selection: nothing new."""

    shelf: int
    less: int
    left: tuple[int, ...]
    selection: int | None


_NOTHING = {name: getattr(You(), name) for name in You.__slots__ if name not in ("points", "near", "unsaid", "news")}


def told(you: You) -> str:
    """Return the JSON text that You.from_json reads back as this You; what is nothing is left out."""
    plain: dict[str, Any] = {"points": you.points}
    plain |= {name: value for name, nothing in _NOTHING.items() if (value := getattr(you, name)) != nothing}
    if you.near:
        plain["near"] = [{"name": n.name, "points": n.points, "place": n.place, "her": n.her} for n in you.near]
    if you.unsaid:
        plain["unsaid"] = [{"story": u.story, "title": u.title, "network": u.network} for u in you.unsaid]
    if you.news:
        plain["news"] = [{"kind": n.kind, "title": n.title, "number": n.number} for n in you.news]
    return json.dumps(plain)


class Mailbag:
    """Writes the mails and reasons of an edition, a page of lines at a time. Never commits.

    One serves all pages, in several threads if wanted: what a page knows stands in passing tables of its connection.
    """

    def __init__(self, edition_id: int, occasion: str, now: datetime, fallback: str, lines: Lines) -> None:
        """`fallback` is the network of those who chose none."""
        self._edition_id, self._occasion, self._now = edition_id, occasion, now
        self._host = urlsplit(settings().base_url).hostname or "localhost"
        self._key_id, self._fallback = passes.newest_key_id(), fallback
        self._lines = lines
        left = [sa.Column(f"left_{n}", sa.BigInteger) for n in lines.words]
        self._verdict = passing(
            "verdict",
            sa.Column("standing", sa.Text, primary_key=True),
            sa.Column("reason", sa.Text),
            sa.Column("shelf", sa.Integer),
            sa.Column("noted", sa.Integer),
            sa.Column("state", sa.Text),
            sa.Column("why", sa.Text),
            sa.Column("due_at", Moment),
            sa.Column("date", sa.Text),
            sa.Column("signed", JsonText),
        )
        self._choice = passing(
            "choice", sa.Column("shelf", sa.Integer), sa.Column("less", sa.Integer), *left,
            sa.Column("selection_id", sa.Integer),
        )  # fmt: skip
        self._you = passing(
            "you", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), sa.Column("you", JsonText)
        )

    def judge(self, verdicts: Mapping[str, Verdict]) -> None:
        """Take the verdicts on the standings of the lines that are drawn; other lines are left alone."""
        fresh(self._verdict, (self._judged(standing, verdict) for standing, verdict in verdicts.items()))

    def _judged(self, standing: str, v: Verdict) -> tuple[Any, ...]:
        if v.reason is not None:
            return standing, str(v.reason), None, int(v.noted), None, None, None, None, None
        due_at = v.slot.at if v.late else v.leaves
        state, why = (MailState.HELD, "late") if v.late else (MailState.QUEUED, None)
        signed = json.dumps({"key": self._key_id, "day": today_number(v.leaves)})
        date = v.leaves.replace(microsecond=0).isoformat()
        return standing, None, v.shelf, int(v.noted), str(state), why, due_at, date, signed

    def keys(self) -> list[tuple[int, str, int, tuple[int, ...], int]]:
        """Return (shelf, state, less, left, people) of the lines whose verdict is a mail, if there is something new."""
        line, verdict = self._lines.table.c, self._verdict.c
        key = (verdict.shelf, verdict.state, line.less, *self._lines.left())
        asked = self._of_lines(sa.select(sa.func.count(), *key)).where(verdict.shelf.is_not(None)).group_by(*key)
        return [
            (shelf, state, less, tuple(left), people)
            for people, shelf, state, less, *left in db.session.connection().execute(asked)
        ]

    def choose(self, choices: Iterable[Choice]) -> None:
        """Take what is chosen for each key of `keys`."""
        fresh(self._choice, ((shelf, less, *left, selection) for shelf, less, left, selection in choices))

    def known(self, marks: bytes | None) -> dict[int, str]:
        """Return id → subject of those to be mailed of whom there is something to tell: they have shares or points.

        `marks` are those that the lines were drawn with.
        """
        line = self._lines.table.c
        asked = self._of_lines(sa.select(line.id, line.subject)).where(
            self._verdict.c.shelf.is_not(None), self._lines.telling(marks)
        )
        return dict(db.session.execute(asked).all())

    def post(self, where: sa.ColumnElement[bool], yous: Mapping[int, You], nobody: You, careful: bool) -> int:
        """Put the digests of all lines (drawn for `where`) with a choice into the outbox; return how many were new.

        `yous` tells by employee's id what there is to tell of her, `nobody` is for all others. Raises Taken where an
        address has its copy already, unless `careful`: then such rows are left out, which costs more.
        """
        fresh(self._you, ((id_, told(you)) for id_, you in yous.items()))
        join_whole()
        row = self._row(nobody)
        verdict, choice = self._verdict.c, self._choice
        asked = (
            self._of_lines(sa.select(*(each.label(name) for name, each in row.items())))
            .join(choice, self._chosen())
            .join(Employee, Employee.id == self._lines.table.c.id)
            .outerjoin(self._you, self._you.c.id == Employee.id)
            # Who was erased in this very moment has no address any more.
            .where(
                where,
                verdict.shelf.is_not(None),
                choice.c.selection_id.is_not(None),
                Employee.address_hash.is_not(None),
            )
        )
        made = insert_or_ignore(Outbox) if careful or not postgres() else sa.insert(Outbox)
        try:
            return written(made.from_select(list(row), asked, include_defaults=False))
        except sa.exc.IntegrityError as problem:
            if isinstance(problem.orig, UniqueViolation):
                raise Taken from problem
            raise

    def _row(self, nobody: You) -> dict[str, Any]:
        verdict = self._verdict.c
        name = sa.literal("<").op("||")(opaque(secrets.token_hex(16), Employee.subject)).op("||")(f"@{self._host}>")
        return {
            "kind": sa.literal(KIND),
            "occasion": sa.literal(self._occasion),
            "subject": Employee.subject,
            "address_hash": Employee.address_hash,
            "language": Employee.language,
            "edition_id": sa.literal(self._edition_id),
            "selection_id": self._choice.c.selection_id,
            "facts": self._facts(nobody),
            "message_id": name,
            "state": verdict.state,
            "why": verdict.why,
            "due_at": verdict.due_at,
            "attempts": sa.literal(0),
            "created_at": sa.literal(self._now, Moment),
        }

    def _facts(self, nobody: You) -> Any:
        """Return a row's `facts`: what outbox.recipient_facts says, a date, and `you`."""
        verdict = self._verdict.c
        none = same_json(Employee.networks, sa.literal_column("'[]'"))
        fallback = as_json(sa.literal(json.dumps([self._fallback]), sa.Text))
        return json_object(
            to=json_object(
                name=sa.func.coalesce(Employee.name, ""),
                networks=as_json(sa.case((none, fallback), else_=sa.type_coerce(Employee.networks, JsonText))),
                link_id=Employee.link_id,
            ),
            date=verdict.date,
            you=as_json(sa.func.coalesce(self._you.c.you, as_json(sa.literal(told(nobody), sa.Text)))),
            **{"pass": as_json(verdict.signed)},
        )

    def note(self, again: bool) -> None:
        """Write the reasons of the lines that have one.

        `again`: some lines have an earlier one, which is taken away, also of those of whom a mail comes after all.
        """
        line, verdict, choice = self._lines.table.c, self._verdict.c, self._choice
        if again:
            self._forget()
        reason = sa.func.coalesce(verdict.reason, sa.literal(str(Reason.NOTHING_NEW)))
        none = (
            self._of_lines(sa.select(sa.literal(self._edition_id), line.subject, reason))
            .outerjoin(choice, self._chosen())
            .where(choice.c.selection_id.is_(None))
        )
        db.session.execute(insert_or_ignore(Omission).from_select(["edition_id", "subject", "reason"], none))

    def _forget(self) -> None:
        again = self._of_lines(sa.select(self._lines.table.c.subject)).where(self._verdict.c.noted > 0)
        asked = sa.delete(Omission).where(Omission.edition_id == self._edition_id, Omission.subject.in_(again))
        db.session.execute(asked.execution_options(synchronize_session=False))

    def note_served(self) -> None:
        """Note those whose address had this week's digest already, under a colleague's name: one copy per address."""
        line, choice = self._lines.table.c, self._choice.c
        hers = sa.select(sa.func.count()).where(
            Outbox.kind == KIND, Outbox.occasion == self._occasion, Outbox.subject == line.subject
        )
        served = (
            self._of_lines(
                sa.select(sa.literal(self._edition_id), line.subject, sa.literal(str(Reason.ADDRESS_SERVED)))
            )
            .join(self._choice, self._chosen())
            .where(choice.selection_id.is_not(None), hers.scalar_subquery() == 0)
        )
        db.session.execute(insert_or_ignore(Omission).from_select(["edition_id", "subject", "reason"], served))

    def _of_lines(self, asked: Any) -> Any:
        """Return this select of lines with a verdict and no mail, beside their verdicts."""
        line = self._lines.table
        both = sa.join(line, self._verdict, self._verdict.c.standing == line.c.standing)
        return asked.select_from(both).where(self._lines.unmailed())

    def _chosen(self) -> sa.ColumnElement[bool]:
        """Return the condition that a choice is the one of a line."""
        line, choice = self._lines.table.c, self._choice.c
        left = (choice[f"left_{n}"] == each for n, each in enumerate(self._lines.left()))
        return sa.and_(choice.shelf == self._verdict.c.shelf, choice.less == line.less, *left)
