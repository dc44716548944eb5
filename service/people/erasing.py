"""Erasing. In: an employee who is to be forgotten. Out: her row without a person; totals, draws and the ledger hold.

PROTOCOLS, identity and privacy: what names or describes her goes at once, her name in others' unsent mails with it;
in mails that others have got already it goes 30 days later. Prize records stay, as tax law requires.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import sqlalchemy as sa

from service import audit, books, clock, forgetting, programmes, suggestions, suppressions
from service.database import db
from service.journal import log
from service.models import (
    Arrival,
    Award,
    CohortMember,
    Declined,
    Employee,
    Entrant,
    Erasure,
    FileState,
    FormerName,
    Outbox,
    PeopleFile,
    Reckoning,
    Rest,
    RetiredLink,
    Share,
    StatedAudience,
    Suspension,
)
from service.models.mail import MailState
from service.models.people import Status
from service.people import naming, unnaming
from service.people.unnaming import LATER
from service.people.unnaming import sweep as sweep
from service.settling import settle
from service.suppressions import ALL
from service.validation import N_, Invalid, Words, one_line

QUICK = {"synchronize_session": False}


def called(employee: Employee) -> str:
    """Return what is to be typed before she is erased: her name, or her address where she has none."""
    return employee.name or employee.email or ""


def erase(employee: Employee, typed: str) -> None:
    """Forget this person for good. `typed` must be what `called` says, whatever its capitals. Commits.

    Raises Invalid where it is not, and where she is erased already.
    """
    books.lock(employee.subject)
    db.session.refresh(employee, with_for_update={"key_share": True})
    if not employee.email:
        raise Invalid({"typed": Words(N_("This person is erased already."))})
    if one_line(typed).casefold() != one_line(called(employee)).casefold():
        raise Invalid({"typed": Words(N_("Type the name exactly as it stands above."))})
    subject, now = employee.subject, clock.now()
    hashed = suppressions.address_hash(employee.email)
    names = naming.names_of(employee)
    settle(subject)
    forgetting.forget_evidence_of(subject, now + timedelta(days=1))
    _her_mails(subject, hashed)
    unnaming.unsent(subject, names)
    db.session.add(Erasure(subject=subject, at=now, due_at=now + LATER, marks=names.all_marks))
    _rows_of(employee)
    _reads_no_reports(employee)
    _person(employee)
    # A bounce may stand there already, and an import takes that for somebody who may come again.
    suppressions.lift_hash(hashed, ALL)
    suppressions.suppress_hash(hashed, ALL, "erased")
    audit.note("erased", "employee", which=subject)
    db.session.commit()
    log.info("erased", subject=subject)


def _her_mails(subject: str, hashed: str) -> None:
    """Take the bodies of her mails away; kind, occasion, hash and state stay. What has not left never will.

    Hers are tests and reports too that went to her address: those name her subject or hash, or another colleague.
    """
    tests = sa.and_(Outbox.kind == "test", Outbox.address_hash == hashed)
    asked = sa.select(Outbox).where(sa.or_(Outbox.subject.in_((subject, hashed[:32])), tests))
    for row in db.session.scalars(asked):
        row.facts = {}
        if row.why is not None and not re.fullmatch(r"[a-z-]+", row.why):
            row.why = None  # a mail server's words, which quote the address
        if row.state in (MailState.QUEUED, MailState.RETRY, MailState.HELD):
            row.state, row.why, row.settled_at = MailState.CANCELLED, "erased", clock.now()
        unnaming.from_folder(row.id)


def _rows_of(employee: Employee) -> None:
    hers = sa.select(Share.id).where(Share.subject == employee.subject)
    for statement in (
        sa.delete(Arrival).where(Arrival.share_id.in_(hers)),
        sa.update(Share).where(Share.subject == employee.subject).values(salt=None),
        sa.update(Entrant).where(Entrant.subject == employee.subject).values(salt=None),
        sa.update(Award).where(Award.subject == employee.subject).values(page=None, shown_as=""),
        sa.delete(Declined).where(Declined.subject == employee.subject),
        sa.delete(StatedAudience).where(StatedAudience.subject == employee.subject),
        sa.delete(Rest).where(Rest.subject == employee.subject),
        sa.delete(Suspension).where(Suspension.subject == employee.subject),
        sa.delete(FormerName).where(FormerName.subject == employee.subject),
        sa.delete(CohortMember).where(CohortMember.employee_id == employee.id),
        sa.delete(RetiredLink).where(RetiredLink.employee_id == employee.id),
        # Any file may name her; one that is being taken in ends within minutes and keeps nothing then.
        sa.update(PeopleFile).where(PeopleFile.state != FileState.TAKING).values(data=None, seen=None),
    ):
        db.session.execute(statement.execution_options(**QUICK))
    suggestions.erase(employee.subject)


def _reads_no_reports(employee: Employee) -> None:
    """Take her address from those who get the monthly report: no mail reaches it any more."""
    row = db.session.get(Reckoning, 1)
    if row is not None and employee.email in row.report_to:
        row.report_to = [address for address in row.report_to if address != employee.email]


def _person(employee: Employee) -> None:
    programme = programmes.current()
    employee.email = employee.name = employee.alias = employee.office = employee.mastodon = None
    employee.country = None
    employee.team_id = employee.slot_weekday = employee.slot_hour = employee.slot_since = None
    employee.rhythm, employee.rhythm_from, employee.paused_until = "weekly", None, None
    employee.language, employee.zone = programme.languages[0], programme.zone
    employee.reads, employee.topics, employee.fewer = [programme.languages[0]], [], []
    employee.networks, employee.chosen = [], []
    employee.leads = employee.waits = False
    employee.link_id, employee.scanned_at = secrets.token_hex(8), None
    if employee.status != Status.LEFT:
        employee.status = Status.GONE
    employee.left_at = employee.left_at or clock.now()
