"""Planning. In: pages of readers of a released edition. Out: their selections, reasons and outbox rows; no commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app

from emails.picks import Reason, name_of
from service import clock, passes, readers, recognition
from service.bulk import among, copies, insert_likely_new
from service.choosing import Choosing, Decision
from service.database import db
from service.mailbag import Facts, Letter, Mailbag
from service.models import Edition, Employee, Omission, Outbox, Selection
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.readers import KIND, Slot, occasion_of

Done = TypeVar("Done")

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


class Desk:
    """Where one edition's readers are decided (`drafts`) and written down (`write`), a page at a time.

    Decisions are drafted ahead of the transaction that writes them. What makes that safe is the edition's count of
    pages: where somebody else has planned a page since, `write` looks again who is decided by now.
    """

    def __init__(self, edition: Edition) -> None:
        self.number, self.week, self.occasion = edition.id, edition.week, occasion_of(edition)
        self._edition, self._released_at, self._pages = edition, edition.released_at, edition.pages
        self._untouched = edition.pages == 0
        self.choosing = Choosing(edition)
        self._board = recognition.board_of(edition.week)
        self._facts = Facts(passes.newest_key_id(), self.choosing.programme.fallback_network)
        self._bag = Mailbag(self.number, self.occasion, self.choosing.now)
        self._selections: dict[tuple[int, ...], int] = {}

    def drafts(self, due: Sequence[Slot]) -> Iterator[Draft]:
        """Decide for the readers of these slots whom the edition has not decided, a page at a time; only reads."""
        choosing = self.choosing
        for page in readers.pages(choosing.programme, due, choosing.now, self._edition, self._untouched):
            decisions = choosing.decide(page.readers)
            yield Draft(decisions, self._letters([d for d in decisions if d.reason is None]), page.noted)

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

    def write(self, draft: Draft) -> list[Decision] | None:
        """Write a page's selections, reasons and mails; return what was decided. The caller commits.

        None, and nothing written, where the edition is no longer the release that was begun. It stays locked until
        the transaction ends, so that an undo comes before this page or after it.
        """
        begun = sa.and_(Edition.id == self.number, Edition.status.in_(OPEN), Edition.released_at == self._released_at)
        asked = sa.update(Edition).where(begun).values(pages=Edition.pages + 1).returning(Edition.pages)
        pages = db.session.scalar(asked.execution_options(synchronize_session=False))
        if pages is None:
            return None
        if pages != self._pages + 1:
            draft = self._reconsidered(draft)
        self._pages = pages
        self._save_selections(draft.letters)
        self._save_reasons(draft)
        if self._bag.post(draft.letters, self._selections) < len(draft.letters):
            self._save_served(draft.letters)
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
        return Draft(left, [each for each in draft.letters if each.subject in subjects], draft.noted | noted)

    def _save_selections(self, letters: Sequence[Letter]) -> None:
        new = {name_of(stories): stories for stories in {each.stories for each in letters} - self._selections.keys()}
        if not new:
            return
        insert_likely_new(
            Selection,
            [{"edition_id": self.number, "key": name, "stories": list(stories)} for name, stories in new.items()],
        )
        asked = sa.select(Selection.key, Selection.id).where(
            Selection.edition_id == self.number, among(Selection.key, list(new))
        )
        self._selections.update((new[name], number) for name, number in db.session.execute(asked))

    def _save_reasons(self, draft: Draft) -> None:
        """Replace the reasons of these people: one that was noted early may have passed."""
        if again := [d.reader.subject for d in draft.decisions if d.reader.subject in draft.noted]:
            asked = sa.delete(Omission).where(Omission.edition_id == self.number, among(Omission.subject, again))
            db.session.execute(asked.execution_options(synchronize_session=False))
        self._omit((d.reader.subject, d.reason) for d in draft.decisions if d.reason is not None)

    def _save_served(self, letters: Sequence[Letter]) -> None:
        """Note those whose address had this week's digest already, under a colleague's name: one copy per address."""
        mailed, _ = readers.decided((self.number, self.occasion), [each.subject for each in letters])
        self._omit((each.subject, Reason.ADDRESS_SERVED) for each in letters if each.subject not in mailed)

    def _omit(self, people: Iterable[tuple[str, Reason]]) -> None:
        insert_likely_new(
            Omission,
            [{"edition_id": self.number, "subject": subject, "reason": reason} for subject, reason in people],
        )


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
        db.session.execute(sa.text("ANALYZE outbox, omission, selection"))
