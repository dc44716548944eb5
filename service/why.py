"""Why. In: an address. Out: for each edition what became of her mail, and everything that stands in a mail's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails.picks import Reason
from service import readers
from service.addresses import normal_address
from service.choosing import Choosing
from service.database import db
from service.models import Edition, Employee, Omission, Outbox, Suppression
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.outbox import address_hash
from service.validation import N_, Words

EDITIONS = 8
"""So many editions are told about, the newest first."""

REASONS: dict[str, str] = {
    Reason.NOTHING_NEW: N_("Nothing new: no story on the topics followed, in a language read, was still unseen."),
    Reason.NO_TOPICS: N_("No topic is followed."),
    Reason.NOT_HER_WEEK: N_("Wanted a mail every second week or once a month, and this is another week."),
    Reason.PAUSED: N_("On a pause at the time of the mail."),
    Reason.LEFT: N_("Has left the programme."),
    Reason.GONE: N_("Is no longer in the company."),
    Reason.SUSPENDED: N_("Is suspended."),
    Reason.NOT_INVITED: N_("No invitation was written yet, and the invitation is the first mail."),
    Reason.AWAITING_YES: N_("The programme is opt-in and the invitation has not been answered."),
    Reason.JOINED_LATER: N_("Joined after this week's mail had left."),
    Reason.ADDRESS_SERVED: N_("The address had this week's mail already, when it was somebody else's."),
    Reason.UNSUBSCRIBED: N_("Unsubscribed from the digest."),
    Reason.BOUNCED: N_("A mail to this address came back."),
    Reason.COMPLAINED: N_("A mail was reported as spam."),
}
"""Each reason in words for somebody who asks."""

STATES: dict[str, str] = {
    MailState.QUEUED: N_("Waits for its time."),
    MailState.LEASED: N_("A worker is about to send it."),
    MailState.SUBMITTING: N_("Is being handed over now."),
    MailState.ACCEPTED: N_("Was sent: the mail server took it."),
    MailState.DELIVERED: N_("Arrived."),
    MailState.BOUNCED: N_("Came back."),
    MailState.DROPPED: N_("Was dropped by the mail provider."),
    MailState.RETRY: N_("Was put off by the mail server and will be tried again."),
    MailState.HELD: N_("Is held until a person decides."),
    MailState.SUPPRESSED: N_("Was not sent: the address gets no mail of this kind."),
    MailState.CANCELLED: N_("Was cancelled before it left."),
    MailState.FAILED: N_("Was refused for good by the mail server."),
    MailState.AMBIGUOUS: N_("Is in doubt: nobody knows whether it arrived, so it is not sent again by itself."),
}
"""Each state of a mail in words."""

PEOPLE: dict[str, str] = {
    Status.INVITED: N_("Invited; becomes active with the next edition."),
    Status.ACTIVE: N_("Active."),
    Status.PAUSED: N_("On a pause."),
    Status.SUSPENDED: N_("Suspended."),
    Status.LEFT: N_("Has left the programme; nothing is ever sent again."),
    Status.GONE: N_("No longer in the company."),
}

STOPS: dict[str, str] = {
    "all": N_("No mail of any kind goes to this address."),
    "digest": N_("No digest goes to this address."),
    "onboarding": N_("No mail with first steps goes to this address."),
    "recognition": N_("No mail about badges goes to this address."),
    "shares": N_("No mail about shares that did well goes to this address."),
    "winners": N_("No mail about who won goes to this address."),
    "month": N_("No mail about her month goes to this address."),
    "campaign": N_("No mail about campaigns goes to this address."),
    "draw": N_("No mail about draws goes to this address."),
    "own-page": N_("No fresh link to her page goes to this address."),
}


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
    """What else is on record, like a mail server's answer."""

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
    yield Finding("person", "", employee.status, Words(PEOPLE[employee.status]), employee.left_at, until)


def _stops(hashed: str) -> Iterator[Finding]:
    for stop in db.session.scalars(sa.select(Suppression).where(Suppression.address_hash == hashed)):
        yield Finding("stop", stop.scope, stop.reason, Words(STOPS.get(stop.scope, stop.scope)), stop.since)


def _hers(employee: Employee | None, hashed: str) -> Any:
    mine = Outbox.address_hash == hashed
    return mine if employee is None else sa.or_(mine, Outbox.subject == employee.subject)


def _editions(employee: Employee | None, hashed: str) -> Iterator[Finding]:
    asked = sa.select(Edition).order_by(Edition.week.desc()).limit(EDITIONS)
    for edition in db.session.scalars(asked).all():
        row = db.session.scalar(
            sa.select(Outbox).where(
                _hers(employee, hashed),
                Outbox.kind == readers.KIND,
                Outbox.occasion == readers.occasion_of(edition),
            )
        )
        if row is not None:
            yield _mail(row, edition.week)
        elif employee is not None:
            yield from _none(edition, employee)


def _none(edition: Edition, employee: Employee) -> Iterator[Finding]:
    omission = db.session.get(Omission, (edition.id, employee.subject))
    if omission is not None:
        words = Words(REASONS.get(omission.reason, omission.reason))
        yield Finding(readers.KIND, edition.week, omission.reason, words)
    elif edition.status in (EditionStatus.CLOSED, EditionStatus.CANCELLED):
        status = {
            EditionStatus.CLOSED: N_("The edition was closed before this person came."),
            EditionStatus.CANCELLED: N_("The edition was cancelled before this mail was planned."),
        }
        yield Finding(readers.KIND, edition.week, edition.status, Words(status[EditionStatus(edition.status)]))
    elif employee.email and employee.status != Status.GONE:
        yield _foretold(edition, employee)


def _foretold(edition: Edition, employee: Employee) -> Finding:
    decision = Choosing(edition).decide([employee])[0]
    if decision.reason is not None:
        message = N_("Not planned yet. As things stand there will be none: %(reason)s")
        words = Words(message, {"reason": REASONS[decision.reason]})
        return Finding(readers.KIND, edition.week, decision.reason, words, decision.slot.at)
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


def _mail(row: Outbox, about: str) -> Finding:
    waits = row.state in (MailState.QUEUED, MailState.RETRY)
    at = row.due_at if waits else row.settled_at or row.submitted_at or row.due_at
    return Finding(row.kind, about, row.state, Words(STATES[row.state]), at, row.why)
