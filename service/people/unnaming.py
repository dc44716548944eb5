"""Unnaming. In: the names of somebody who is erased. Out: others' mails without them, and what the mail folder holds.

What others have not been sent loses her name at once: the one exception to *same bytes at every attempt*. What they
have loses it 30 days later (PROTOCOLS, identity and privacy).
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from service import clock, settings
from service.database import db
from service.journal import log
from service.models import Edition, Erasure, Outbox
from service.models.mail import EditionStatus, MailState
from service.people.naming import Names, marked

LATER = timedelta(days=30)
"""After so long her name goes from what others were sent before."""

BATCH = 2000
UNSENT = (MailState.QUEUED, MailState.RETRY, MailState.HELD, MailState.LEASED)
OWN = frozenset({"programme", "to", "stories", "unsaid"})
"""Parts of a mail's facts that name no colleague."""


def without(facts: Any, hers: Names) -> Any:
    """Return a mail's or edition's facts without these names; the very object if none stands there.

    Colleagues stand in lists of {"name": …, more}. A winner's line stays and says that it was a former colleague;
    any other line goes.
    """
    if isinstance(facts, dict):
        new = {key: part if key in OWN else without(part, hers) for key, part in facts.items()}
        return facts if all(new[key] is facts[key] for key in facts) else new
    if isinstance(facts, list):
        parts = [new for part in facts if (new := without(_unnamed(part, hers), hers)) is not None]
        same = len(parts) == len(facts) and all(one is other for one, other in zip(parts, facts, strict=True))
        return facts if same else parts
    return facts


def _unnamed(part: Any, hers: Names) -> Any:
    if not isinstance(part, dict) or str(part.get("name") or "") not in hers:
        return part
    return {**part, "name": "", "former": True} if "prize" in part else None


def unsent(subject: str, names: Names) -> None:
    """Take her names out of what others have not been sent yet, and out of editions that go on. Does not commit."""
    waiting = Outbox.state.in_(UNSENT)
    found = [waiting, Outbox.subject != subject]
    may = [_holds(name) for name in sorted(names.plain)]
    if names.until is not None:
        may.append(Outbox.created_at <= names.until)
    if not may:
        return
    last = 0
    while True:
        asked = sa.select(Outbox).where(*found, sa.or_(*may), Outbox.id > last).order_by(Outbox.id).limit(BATCH)
        rows = db.session.scalars(asked).all()
        for row in rows:
            row.facts = without(row.facts, names)
        if len(rows) < BATCH:
            break
        last = rows[-1].id
        db.session.flush()
    open_ = sa.select(Edition).where(Edition.status.not_in((EditionStatus.CLOSED, EditionStatus.CANCELLED)))
    for edition in db.session.scalars(open_.where(Edition.frozen.is_not(None))):
        _thaw(edition, names)


def _holds(name: str) -> sa.ColumnElement[bool]:
    """Return the condition that a mail's facts hold this text."""
    text = sa.cast(Outbox.facts, sa.Text)
    # PostgreSQL writes signs as they are, SQLite's texts may have them escaped.
    spelt = {json.dumps(name, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
    return sa.or_(*(text.contains(each, autoescape=True) for each in sorted(spelt)))


def _thaw(edition: Edition, names: Names) -> None:
    frozen = without(edition.frozen, names)
    if frozen is not edition.frozen:
        edition.frozen = frozen
        if edition.released_at is not None:
            # What senders compiled of it is known by this moment: another one, and they compile anew.
            edition.released_at += timedelta(microseconds=1)


def from_folder(number: int) -> None:
    """Remove a mail of the mail folder, where there is one: of a demo's mails, or of a time before SMTP."""
    for file in settings().mail_folder.glob(f"{number:08d}-*.eml"):
        with suppress(FileNotFoundError):
            file.unlink()


def sweep() -> int:
    """Take the names of people erased 30 days ago out of what others were sent before; return how many mails changed.

    A use case: commits after each batch, and safe to repeat.
    """
    now = clock.now()
    due = db.session.scalars(sa.select(Erasure).where(Erasure.done_at.is_(None), Erasure.due_at <= now)).all()
    if not due:
        return 0
    names = marked({mark for row in due for mark in row.marks})
    until = max(row.at for row in due)
    numbers = [row.id for row in due]
    changed, last = 0, 0
    while True:
        asked = sa.select(Outbox).where(Outbox.id > last, Outbox.created_at <= until)
        rows = db.session.scalars(asked.order_by(Outbox.id).limit(BATCH)).all()
        if not rows:
            break
        last = rows[-1].id
        for row in rows:
            facts = without(row.facts, names)
            if facts is not row.facts:
                row.facts = facts
                from_folder(row.id)
                changed += 1
        db.session.commit()
        db.session.expunge_all()
    for edition in db.session.scalars(sa.select(Edition).where(Edition.frozen.is_not(None))):
        _thaw(edition, names)
    done = sa.update(Erasure).where(Erasure.id.in_(numbers)).values(done_at=now, marks=[])
    db.session.execute(done.execution_options(synchronize_session=False))
    db.session.commit()
    log.info("erased names swept", people=len(numbers), mails=changed)
    return changed
