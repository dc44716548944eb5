"""Planning. In: pages of readers of a released edition. Out: their selections, reasons and outbox rows; no commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app

from emails.picks import Reason, name_of
from service import clock, passes, readers, recognition
from service.bulk import among, copies, insert_likely_new, insert_new
from service.choosing import Choosing, Decision
from service.database import db
from service.mailbag import Facts, Letter, Mailbag
from service.models import Edition, Employee, Omission, Outbox, Selection
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.readers import KIND, Slot, occasion_of

Done = TypeVar("Done")
Insert = Callable[[type[Any], Sequence[Mapping[str, Any]]], int]

OPEN = (EditionStatus.RELEASED, EditionStatus.CLOSING)
"""Only such editions are planned."""

SILENT = (Reason.NOTHING_NEW, Reason.NO_TOPICS, Reason.NOT_HER_WEEK)
"""Reasons that keep nobody invited: the edition concerned her, only it had no mail for her."""

MANY = 10_000
"""After so many new rows the database's statistics are no longer those of its tables."""


class Draft(NamedTuple):
    """A page of readers, decided and not yet written down."""

    decisions: list[Decision]
    letters: list[Letter]
    """Of those who get a mail, in the same order."""
    noted: frozenset[str]
    """Subjects whose earlier reason is replaced."""
    others: int
    """Pages that others had planned when this one was read, as far as was known."""


class Desk:
    """Where one edition's readers are decided (`drafts`) and written down (`write`), a page at a time.

    Decisions are drafted ahead of the transaction that writes them. What makes that safe is the edition's count of
    pages: where others have planned a page since the draft was read, `write` looks again who is decided by now.
    """

    def __init__(self, edition: Edition) -> None:
        self.number, self.week, self.occasion = edition.id, edition.week, occasion_of(edition)
        self._edition, self._released_at = edition, edition.released_at
        self._before, self._mine, self._others = edition.pages, 0, 0
        self.choosing = Choosing(edition)
        self._board = recognition.board_of(edition.week)
        self._facts = Facts(passes.newest_key_id(), self.choosing.programme.fallback_network)
        self._bag = Mailbag(self.number, self.occasion, self.choosing.now)
        asked = sa.select(Selection.id, Selection.stories).where(Selection.edition_id == self.number)
        self._selections: Mapping[tuple[int, ...], int] = {tuple(s): n for n, s in db.session.execute(asked)}

    def drafts(self, due: Sequence[Slot]) -> Iterator[Draft]:
        """Decide for the readers of these slots whom the edition has not decided, a page at a time; only reads."""
        choosing = self.choosing
        pages = readers.pages(choosing.programme, due, choosing.now, self._edition, self._alone)
        while True:
            others = self._others
            page = next(pages, None)
            if page is None:
                return
            decisions = choosing.decide(page.readers)
            yield Draft(decisions, self._letters([d for d in decisions if d.reason is None]), page.noted, others)

    def _alone(self) -> bool:
        """Tell whether nobody but this desk has decided anything in this edition, as far as is known."""
        return self._before == 0 and self._others == 0

    def _letters(self, chosen: Sequence[Decision]) -> list[Letter]:
        you = recognition.digest_facts([d.reader.subject for d in chosen], self.week, self._board) if chosen else {}
        text = self._facts.text
        return [
            Letter(
                (reader := d.reader).subject,
                d.hashed,
                reader.language,
                d.stories,
                text(reader.name, reader.networks, reader.link_id, you[reader.subject], d.leaves),
                d.slot.at if d.late else d.leaves,
                d.late,
            )
            for d in chosen
        ]

    def write(self, draft: Draft, careful: bool = False) -> list[Decision] | None:
        """Write a page's selections, reasons and mails; return what was decided. The caller commits.

        None, and nothing written, where the edition is no longer the release that was begun. It stays locked until
        the transaction ends, so that an undo comes before this page or after it. Raises bulk.Taken where an address
        has its copy already: roll back, and write the same draft with `careful`.
        """
        begun = sa.and_(Edition.id == self.number, Edition.status.in_(OPEN), Edition.released_at == self._released_at)
        asked = sa.update(Edition).where(begun).values(pages=Edition.pages + 1).returning(Edition.pages)
        pages = db.session.scalar(asked.execution_options(synchronize_session=False))
        if pages is None:
            return None
        others = pages - self._before - self._mine - 1
        if others != draft.others:
            draft = self._reconsidered(draft)
        insert = insert_new if careful else insert_likely_new
        selections = self._saved_selections(draft.letters, insert_new if others else insert)
        self._save_reasons(draft, insert)
        if self._bag.post(draft.letters, selections, careful) < len(draft.letters):
            self._save_served(draft.letters)
        self._mine, self._others, self._selections = self._mine + 1, others, selections
        return draft.decisions

    def _reconsidered(self, draft: Draft) -> Draft:
        """Return the draft without those whom somebody else has decided since."""
        mailed, noted = readers.decided((self.number, self.occasion), [d.reader.subject for d in draft.decisions])
        left = [
            d
            for d in draft.decisions
            if d.reader.subject not in mailed and (d.reader.subject not in noted or d.slot.at > self.choosing.now)
        ]
        subjects = {d.reader.subject for d in left}
        return Draft(
            left, [each for each in draft.letters if each.subject in subjects], draft.noted | noted, draft.others
        )

    def _saved_selections(self, letters: Sequence[Letter], insert: Insert) -> Mapping[tuple[int, ...], int]:
        """Return the numbers of all selections so far, those of these letters among them."""
        new = {name_of(stories): stories for stories in {each.stories for each in letters} - self._selections.keys()}
        if not new:
            return self._selections
        insert(Selection, [{"edition_id": self.number, "key": n, "stories": ids} for n, ids in new.items()])
        asked = sa.select(Selection.key, Selection.id).where(
            Selection.edition_id == self.number, among(Selection.key, list(new))
        )
        found = {new[name]: number for name, number in db.session.execute(asked)}
        # The older ones stay as they are: a page that is rolled back leaves no trace in what is remembered.
        return {**self._selections, **found}

    def _save_reasons(self, draft: Draft, insert: Insert) -> None:
        """Replace the reasons of these people: one that was noted early may have passed."""
        if again := [d.reader.subject for d in draft.decisions if d.reader.subject in draft.noted]:
            asked = sa.delete(Omission).where(Omission.edition_id == self.number, among(Omission.subject, again))
            db.session.execute(asked.execution_options(synchronize_session=False))
        insert(Omission, self._omissions((d.reader.subject, d.reason) for d in draft.decisions if d.reason is not None))

    def _save_served(self, letters: Sequence[Letter]) -> None:
        """Note those whose address had this week's digest already, under a colleague's name: one copy per address."""
        mailed, _ = readers.decided((self.number, self.occasion), [each.subject for each in letters])
        served = (each.subject for each in letters if each.subject not in mailed)
        insert_new(Omission, self._omissions((subject, Reason.ADDRESS_SERVED) for subject in served))

    def _omissions(self, people: Iterable[tuple[str, Reason]]) -> list[dict[str, Any]]:
        return [{"edition_id": self.number, "subject": subject, "reason": reason} for subject, reason in people]


class Clerk:
    """Writes a page on a connection of its own while the next one is decided. SQLite has one writer: there, in turn."""

    def __enter__(self) -> Clerk:
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._hand = ThreadPoolExecutor(1, "clerk") if copies() else None
        return self

    def __exit__(self, *_: object) -> None:
        if self._hand:
            self._hand.shutdown()

    def begin(self, deed: Callable[[], Done]) -> Callable[[], Done]:
        """Begin a deed, a whole transaction; return what waits for it and returns its result, or raises."""
        if self._hand is None:
            done = deed()
            return lambda: done
        return self._hand.submit(self._in_context, deed).result

    def _in_context(self, deed: Callable[[], Done]) -> Done:
        with self._app.app_context():
            return deed()


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
    if rows >= MANY and copies():
        # Only of columns that queries ask by: looking at the facts would cost ten times as much.
        asked = "outbox (subject, kind, occasion, edition_id, selection_id, state, due_at), omission, selection"
        db.session.execute(sa.text(f"ANALYZE {asked}"))
