"""Erasing. In: an employee who is to be forgotten. Out: her row without a person; totals, draws and the ledger hold.

PROTOCOLS, identity and privacy: what names or describes her goes at once, her name in others' unsent mails with it;
in mails that others have got already it goes 30 days later. Prize records stay, as tax law requires.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from service import audit, clock, forgetting, programmes, settings, suggestions, suppressions
from service.board import short
from service.database import db
from service.journal import log
from service.models import (
    Arrival,
    Award,
    CohortMember,
    Declined,
    Edition,
    Employee,
    Entrant,
    Erasure,
    FileState,
    Outbox,
    PeopleFile,
    Rest,
    RetiredLink,
    Share,
    StatedAudience,
    Suspension,
)
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.settling import settle
from service.suppressions import ALL
from service.validation import N_, Invalid, Words, one_line

LATER = timedelta(days=30)
"""After so long her name goes from what others were sent before."""

BATCH = 2000
UNSENT = (MailState.QUEUED, MailState.RETRY, MailState.HELD, MailState.LEASED)
OWN = frozenset({"programme", "to", "stories", "unsaid"})
"""Parts of a mail's facts that name no colleague."""

QUICK = {"synchronize_session": False}


def called(employee: Employee) -> str:
    """Return what is to be typed before she is erased: her name, or her address where she has none."""
    return employee.name or employee.email or ""


def erase(employee: Employee, typed: str) -> None:
    """Forget this person for good. `typed` must be what `called` says, whatever its capitals. Commits.

    Raises Invalid where it is not, and where she is erased already.
    """
    if not employee.email:
        raise Invalid({"typed": Words(N_("This person is erased already."))})
    if one_line(typed).casefold() != one_line(called(employee)).casefold():
        raise Invalid({"typed": Words(N_("Type the name exactly as it stands above."))})
    subject, now = employee.subject, clock.now()
    hashed = suppressions.address_hash(employee.email)
    names = _names(employee)
    settle(subject)
    forgetting.forget_evidence_of(subject, now + timedelta(days=1))
    _her_mails(employee)
    _others_unsent(subject, names)
    marks = suppressions.address_hashes(names)
    db.session.add(Erasure(subject=subject, at=now, due_at=now + LATER, marks=marks))
    _rows_of(employee)
    _person(employee)
    # A bounce may stand there already, and an import takes that for somebody who may come again.
    suppressions.lift_hash(hashed, ALL)
    suppressions.suppress_hash(hashed, ALL, "erased")
    audit.note("erased", "employee", which=subject)
    db.session.commit()
    log.info("erased", subject=subject)


def _names(employee: Employee) -> list[str]:
    """Return by what names others' mails may know her."""
    name = employee.name or ""
    return sorted({text for text in (name, short(name), employee.alias or "") if text})


def _her_mails(employee: Employee) -> None:
    """Take the bodies of her mails away; kind, occasion, hash and state stay. What has not left never will."""
    asked = sa.select(Outbox).where(Outbox.subject == employee.subject)
    for row in db.session.scalars(asked):
        row.facts = {}
        if row.why is not None and not re.fullmatch(r"[a-z-]+", row.why):
            row.why = None  # a mail server's words, which quote the address
        if row.state in (MailState.QUEUED, MailState.RETRY, MailState.HELD):
            row.state, row.why, row.settled_at = MailState.CANCELLED, "erased", clock.now()
        _away(row.id)


def _away(number: int) -> None:
    """Remove a mail of the mail folder, where mails go into one."""
    if settings().mail == "folder":
        for file in settings().mail_folder.glob(f"{number:08d}-*.eml"):
            with suppress(FileNotFoundError):
                file.unlink()


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
        sa.delete(CohortMember).where(CohortMember.employee_id == employee.id),
        sa.delete(RetiredLink).where(RetiredLink.employee_id == employee.id),
        # Any file may name her; one that is being taken in ends within minutes and keeps nothing then.
        sa.update(PeopleFile).where(PeopleFile.state != FileState.TAKING).values(data=None, seen=None),
    ):
        db.session.execute(statement.execution_options(**QUICK))
    suggestions.erase(employee.subject)


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


def without(facts: Any, hers: Callable[[str], bool]) -> Any:
    """Return a mail's or edition's facts without the lines of lists whose `name` is hers; the very object if none is.

    Winners and people near somebody stand in such lists: {"name": …, more}.
    """
    if isinstance(facts, dict):
        new = {key: part if key in OWN else without(part, hers) for key, part in facts.items()}
        return facts if all(new[key] is facts[key] for key in facts) else new
    if isinstance(facts, list):
        kept = [part for part in facts if not (isinstance(part, dict) and hers(str(part.get("name") or "")))]
        parts = [without(part, hers) for part in kept]
        same = len(parts) == len(facts) and all(one is other for one, other in zip(parts, facts, strict=True))
        return facts if same else parts
    return facts


def _others_unsent(subject: str, names: Collection[str]) -> None:
    """Take her name out of what others have not been sent yet: the one exception to *same bytes at every attempt*."""
    if not names:
        return
    hers = frozenset(names).__contains__
    text = sa.cast(Outbox.facts, sa.Text)
    # PostgreSQL writes signs as they are, SQLite's texts may have them escaped.
    spelt = {json.dumps(name, ensure_ascii=ascii_)[1:-1] for name in names for ascii_ in (True, False)}
    holds = sa.or_(*(text.contains(each, autoescape=True) for each in sorted(spelt)))
    asked = sa.select(Outbox).where(Outbox.state.in_(UNSENT), Outbox.subject != subject, holds)
    for row in db.session.scalars(asked):
        row.facts = without(row.facts, hers)
    open_ = sa.select(Edition).where(Edition.status.not_in((EditionStatus.CLOSED, EditionStatus.CANCELLED)))
    for edition in db.session.scalars(open_.where(Edition.frozen.is_not(None))):
        _thaw(edition, hers)


def _thaw(edition: Edition, hers: Callable[[str], bool]) -> None:
    frozen = without(edition.frozen, hers)
    if frozen is not edition.frozen:
        edition.frozen = frozen
        if edition.released_at is not None:
            # What senders compiled of it is known by this moment: another one, and they compile anew.
            edition.released_at += timedelta(microseconds=1)


def sweep() -> int:
    """Take the names of people erased 30 days ago out of what others were sent before; return how many mails changed.

    A use case: commits after each batch, and safe to repeat.
    """
    now = clock.now()
    due = db.session.scalars(sa.select(Erasure).where(Erasure.done_at.is_(None), Erasure.due_at <= now)).all()
    if not due:
        return 0
    marks = {mark for row in due for mark in row.marks}
    until = max(row.at for row in due)
    known: dict[str, bool] = {"": False}

    def hers(name: str) -> bool:
        if name not in known:
            known[name] = suppressions.address_hash(name) in marks
        return known[name]

    numbers = [row.id for row in due]
    changed, last = 0, 0
    while True:
        asked = sa.select(Outbox).where(Outbox.id > last, Outbox.created_at <= until)
        rows = db.session.scalars(asked.order_by(Outbox.id).limit(BATCH)).all()
        if not rows:
            break
        last = rows[-1].id
        for row in rows:
            facts = without(row.facts, hers)
            if facts is not row.facts:
                row.facts = facts
                _away(row.id)
                changed += 1
        db.session.commit()
        db.session.expunge_all()
    for edition in db.session.scalars(sa.select(Edition).where(Edition.frozen.is_not(None))):
        _thaw(edition, hers)
    done = sa.update(Erasure).where(Erasure.id.in_(numbers)).values(done_at=now, marks=[])
    db.session.execute(done.execution_options(**QUICK))
    db.session.commit()
    log.info("erased names swept", people=len(numbers), mails=changed)
    return changed
