"""Why. In: an address. Out: for each edition what became of her mail, and everything that stands in a mail's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails.picks import Reason
from service import clock, delivery, programmes, readers
from service.addresses import normal_address
from service.choosing import Choosing
from service.database import db
from service.delivery.limits import WAITING
from service.delivery.words import stopped
from service.lacking import nothing_new
from service.models import Edition, Employee, Omission, Outbox, Suppression
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.models.sending import Lease
from service.outbox import address_hash
from service.tallies import PATIENCE
from service.validation import N_, Words
from service.words_of_mails import PEOPLE, REASONS, STATES, STOPS, because

__all__ = ["PEOPLE", "REASONS", "STATES", "STOPS", "Finding", "UnknownAddress", "because", "why"]

EDITIONS = 8
"""So many editions are told about, the newest first."""

DOUBTFUL = Words(
    N_("Is in doubt: nobody knows whether it arrived. Its answer may still come; after that, somebody decides.")
)
"""A doubt so young that nobody decides yet; the finding's moment is when that may be."""

DOUBTED = Words(
    N_(
        "Is in doubt: nobody knows whether it arrived, so it is not sent again by itself. "
        "Ask the receiver, then decide."
    )
)
"""A doubt that waits for a decision."""


class UnknownAddress(LookupError):
    """No employee has this address and no mail to it is on record."""


@dataclass(frozen=True)
class Finding:
    """One thing that answers *why did I (not) get it?*; `kind` is person, stop, or the kind of a mail."""

    kind: str
    about: str
    """The edition's week, the mail's occasion, the scope of a stop; "" for the person."""
    state: str
    """A code: employee status, reason of a stop or omission, state of a mail."""
    words: Words
    at: datetime | None = None
    detail: str | None = None
    """What else is on record: a code of words_of_mails, a mail server's answer, a day."""
    mail: int | None = None
    """Number of the mail in the outbox; None: there is none."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "words": str(self.words), "at": self.at and self.at.isoformat()}


def why(email: str) -> list[Finding]:
    """Return what is known of mails to this address: the person, what stops mails, editions, other mails.

    Reads only. Raises addresses.NotAnAddress, or UnknownAddress.
    """
    address = normal_address(email)
    hashed = address_hash(address)
    employee = db.session.scalar(sa.select(Employee).where(Employee.email == address))
    found = [*_person(employee), *_stops(hashed), *_editions(employee, hashed), *_others(employee, hashed)]
    if not found:
        raise UnknownAddress
    return found


def _person(employee: Employee | None) -> Iterator[Finding]:
    if employee is None:
        return
    until = employee.paused_until.isoformat() if employee.status == Status.PAUSED and employee.paused_until else None
    words = Words(PEOPLE[employee.status])
    if employee.status == Status.INVITED and employee.waits:
        words = Words(N_("Waits until the programme is widened or the day of the invitations comes."))
    yield Finding("person", "", employee.status, words, employee.left_at, until)


def _stops(hashed: str) -> Iterator[Finding]:
    for stop in db.session.scalars(sa.select(Suppression).where(Suppression.address_hash == hashed)):
        words = Words(STOPS.get(stop.scope, stop.scope))
        yield Finding("stop", stop.scope, stop.reason, words, stop.since, stop.reason)


def _hers(employee: Employee | None, hashed: str) -> Any:
    mine = Outbox.address_hash == hashed
    return mine if employee is None else sa.or_(mine, Outbox.subject == employee.subject)


def _editions(employee: Employee | None, hashed: str) -> Iterator[Finding]:
    asked = sa.select(Edition).order_by(Edition.week.desc()).limit(EDITIONS)
    for edition in db.session.scalars(asked).all():
        mine = sa.select(Outbox).where(
            _hers(employee, hashed),
            Outbox.kind == readers.KIND,
            Outbox.occasion == readers.occasion_of(edition),
        )
        if employee is not None:  # before a mail that the address had as somebody else's
            mine = mine.order_by(sa.case((Outbox.subject == employee.subject, 0), else_=1))
        row = db.session.scalar(mine.limit(1))
        if row is not None:
            yield _mail(row, edition.week, edition)
        elif employee is not None:
            yield _none(edition, employee)


def _none(edition: Edition, employee: Employee) -> Finding:
    over = edition.status in (EditionStatus.CLOSED, EditionStatus.CANCELLED)
    omission = db.session.get(Omission, (edition.id, employee.subject))
    if omission is not None:
        words = Words(REASONS.get(omission.reason, omission.reason))
        if omission.reason == Reason.NOTHING_NEW and not over:
            at = readers.slot_of(employee, edition.week, programmes.current()).at
            words = nothing_new(edition, employee, max(at, edition.leaves_at or at))
        return Finding(readers.KIND, edition.week, omission.reason, words)
    if edition.status == EditionStatus.CANCELLED:
        words = Words(N_("The edition was cancelled before this mail was planned."))
        return Finding(readers.KIND, edition.week, edition.status, words)
    if over and (edition.closed_at is None or employee.created_at > edition.closed_at):
        words = Words(N_("The edition was closed before this person came."))
        return Finding(readers.KIND, edition.week, edition.status, words)
    if employee.status == Status.GONE:  # of them no edition notes anything
        return Finding(readers.KIND, edition.week, Reason.GONE, Words(REASONS[Reason.GONE]))
    if over:
        words = Words(N_("The edition was closed when this person had no part in it."))
        return Finding(readers.KIND, edition.week, edition.status, words)
    return _foretold(edition, employee)


def _foretold(edition: Edition, employee: Employee) -> Finding:
    decision = Choosing(edition).decide([employee])[0]
    if decision.reason is not None:
        message = N_("Not planned yet. As things stand there will be none: %(reason)s")
        reason = Words(REASONS[decision.reason])
        if decision.reason == Reason.NOTHING_NEW:
            reason = nothing_new(edition, employee, decision.leaves)
        return Finding(
            readers.KIND, edition.week, decision.reason, Words(message, {"reason": reason}), decision.slot.at
        )
    if edition.status == EditionStatus.DRAFT:
        words = Words(
            N_("The edition is a draft. Stories chosen as things stand: %(n)d."), {"n": len(decision.stories)}
        )
        return Finding(readers.KIND, edition.week, "draft", words, decision.slot.at)
    words = Words(N_("Not planned yet. Stories chosen as things stand: %(n)d."), {"n": len(decision.stories)})
    return Finding(readers.KIND, edition.week, "undecided", words, decision.leaves)


def _others(employee: Employee | None, hashed: str) -> Iterator[Finding]:
    asked = sa.select(Outbox).where(_hers(employee, hashed), Outbox.kind.not_in((readers.KIND, "test")))
    for row in db.session.scalars(asked.order_by(Outbox.id.desc()).limit(20)):
        yield _mail(row, row.occasion)


def _mail(row: Outbox, about: str, edition: Edition | None = None) -> Finding:
    waits = row.state in (MailState.QUEUED, MailState.RETRY)
    at = row.due_at if waits else row.settled_at or row.submitted_at or row.due_at
    words = _waiting(row, edition) if waits else Words(STATES[row.state])
    since = delivery.decided_from(row)
    if since is not None:
        words, at = (DOUBTFUL, since) if since > clock.now() else (DOUBTED, at)
    return Finding(row.kind, about, row.state, words, at, row.why, row.id)


def _waiting(row: Outbox, edition: Edition | None) -> Words:
    """Return what a mail that has not left waits for: what stops all comes before what concerns it alone."""
    if delivery.held() is not None:
        return Words(N_("Waits: nothing at all is sent until somebody releases it."))
    if edition is not None and edition.held_why:
        return Words(N_("Waits: the edition's sending stopped, as %(why)s."), {"why": stopped(edition.held_why)})
    if edition is not None and edition.paused:
        return Words(N_("Waits: the edition is paused."))
    if row.state == MailState.RETRY:
        return Words(STATES[row.state])
    if row.why == WAITING:
        return Words(N_("Waits its turn."))
    if row.due_at <= clock.now() - PATIENCE and db.session.scalar(sa.select(Lease.token).limit(1)) is None:
        return Words(N_("Its time has come and it has not left. Does a worker run?"))
    return Words(N_("Leaves next.") if row.due_at <= clock.now() else STATES[row.state])
