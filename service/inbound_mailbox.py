"""The mailbox. In: an IMAP account that answers come to. Out: each new mail taken once, marked by what became of it.

Only mails that are neither seen nor flagged are looked at. What was taken is marked as seen and, where a folder for
that is set, moved there; what a person should look at is flagged and stays, unread. A mail is in the database before it
is marked, and is known there if it comes again.
"""

from __future__ import annotations

import imaplib
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from service import inbound, settings
from service.database import db
from service.inbound import DONE, Outcome
from service.inbound_settings import Mailbox
from service.journal import log

AT_ONCE = 200
"""Mails taken in one go; the rest comes next time."""
MOST = 512 * 1024
"""Bytes of a mail that are fetched: its texts come first, attachments are of no interest."""
SECONDS = 30


class NotReached(Exception):
    """The mailbox cannot be read; the text is one line that says why, without a password."""


def poll_due() -> int:
    """Fetch new answers, where a mailbox is configured; return how many were kept. Safe to run at any moment."""
    if settings().inbound.mailbox is None:
        return 0
    try:
        return poll()[Outcome.KEPT]
    except NotReached as problem:
        log.warning("the mailbox for answers was not read", why=str(problem))
        return 0


def poll(context: ssl.SSLContext | None = None) -> Counter[Outcome]:
    """Fetch new answers and return what became of them. `context`: certificates to trust instead of the system's.

    Raises NotReached; LookupError where no mailbox is configured.
    """
    box = settings().inbound.mailbox
    if box is None:
        raise LookupError("GOODWORD_INBOUND_IMAP_URL is not set")
    found: Counter[Outcome] = Counter()
    try:
        with _connect(box, context) as session:
            session.login(box.user, box.password)
            file = _filing(session, box.done)
            _answer(session.select(_quoted(box.folder)))
            seen = _answer(session.uid("SEARCH", "UNSEEN", "UNFLAGGED"))
            for uid in (seen[0] or b"").split()[:AT_ONCE]:
                outcome = _take(session, uid.decode("ascii"))
                if outcome is not None:
                    found[outcome] += 1
                if outcome in DONE:
                    file(uid.decode("ascii"))
    except (imaplib.IMAP4.error, OSError, EOFError) as problem:
        if isinstance(problem, OSError) or not found:
            raise NotReached(f"{type(problem).__name__}: {problem}"[:200]) from problem
        log.warning("the mailbox fell silent", why=type(problem).__name__)
    return found


def _connect(box: Mailbox, context: ssl.SSLContext | None) -> imaplib.IMAP4:
    trusted = context or ssl.create_default_context()
    if box.security == "tls":
        return imaplib.IMAP4_SSL(box.host, box.port, ssl_context=trusted, timeout=SECONDS)
    session = imaplib.IMAP4(box.host, box.port, timeout=SECONDS)
    if box.security == "starttls":
        session.starttls(trusted)
    return session


def _filing(session: imaplib.IMAP4, folder: str) -> Callable[[str], None]:
    """Return what moves a mail that was dealt with to its folder, which is made where it is missing.

    By MOVE (RFC 6851), or by copying and UIDPLUS's UID EXPUNGE (RFC 4315), which takes away that one mail alone. A
    server that knows neither keeps the mail where it is; so does one that refuses, and it is warned of.
    """
    able = b" ".join(_answer(session.capability())).upper().split() if folder else []
    if not folder or not {b"MOVE", b"UIDPLUS"} & set(able):
        if folder:
            log.warning("the mailbox cannot move mails", folder=folder)
        return lambda uid: None
    session.create(_quoted(folder))  # says NO where it is there already

    def file(uid: str) -> None:
        try:
            if b"MOVE" in able:
                _answer(session.uid("MOVE", uid, _quoted(folder)))
            else:
                _answer(session.uid("COPY", uid, _quoted(folder)))
                _answer(session.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)"))
                _answer(session.uid("EXPUNGE", uid))
        except imaplib.IMAP4.abort:
            raise  # the line is gone
        except imaplib.IMAP4.error as problem:
            log.warning("a mail that was dealt with could not be moved", folder=folder, why=str(problem)[:100])

    return file


def _take(session: imaplib.IMAP4, uid: str) -> Outcome | None:
    """Take one mail and mark it; None where it is gone by now."""
    parts = _answer(session.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST}>)"))
    raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
    if raw is None:
        return None
    try:
        outcome = inbound.take(raw)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing is marked, all comes again
    except Exception as problem:  # noqa: BLE001  (one bad mail never stops the rest)
        db.session.rollback()
        log.warning("a mail could not be read", problem=type(problem).__name__)
        outcome = Outcome.UNREADABLE
    _answer(session.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen)" if outcome in DONE else "(\\Flagged)"))
    return outcome


def _answer(told: tuple[str, list[Any]]) -> list[Any]:
    status, data = told
    if status != "OK":
        raise imaplib.IMAP4.error(f"the server said {status}")
    return data


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
