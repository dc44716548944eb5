"""Inbound. In: a mail that answers a digest, however it came. Out: a suggestion, once, or why it is none.

Whose it is says the token in the address it was sent to, which only her own mails name. Whether it was she says its
sender: a mail from another address is kept as such, and the liaison decides. Machines' mails are never kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from email import message_from_bytes
from enum import StrEnum

import sqlalchemy as sa

from emails import replies, reply_to
from emails.replies import Reply
from service import clock, settings, stories, suggestions
from service.bulk import insert_or_ignore
from service.compose import inbound_key
from service.database import db
from service.journal import log
from service.models import Employee, Suggestion
from service.models.people import Status
from service.models.suggestions import SuggestionState, Way
from service.suppressions import address_hash
from service.validation import paragraphs

A_DAY = 20
"""Mails of one person that are kept in a day."""


class Outcome(StrEnum):
    """What became of a mail."""

    KEPT = "kept"
    AGAIN = "again"
    """It is here already."""
    AUTOMATIC = "automatic"
    """A machine wrote it."""
    NOT_OURS = "not-ours"
    """It was sent to no address that we gave anybody."""
    ENDED = "ended"
    """Whose address it was has left, or got new links."""
    TOO_MANY = "too-many"
    EMPTY = "empty"
    """Nothing in it but what it quotes."""
    UNREADABLE = "unreadable"


DONE = frozenset({Outcome.KEPT, Outcome.AGAIN, Outcome.AUTOMATIC})
"""Nobody needs to look at such a mail again."""


def take(raw: bytes, envelope: Mapping[str, object] | None = None) -> Outcome:
    """Keep a whole mail (RFC 5322) once; return what became of it. Commits."""
    found = replies.read(raw, suggestions.own_hosts(), envelope)
    return keep(found, raw)


def take_sendgrid(fields: Mapping[str, bytes]) -> Outcome:
    """Keep a mail as SendGrid's Inbound Parse posts it, whole (`email`) or taken apart. Commits.

    Its texts are in the charsets that `charsets` names. Raises ValueError for fields that are none of a mail.
    """
    envelope = _json(fields.get("envelope", b""))
    if "email" in fields:
        return take(fields["email"], envelope)
    if "headers" not in fields:
        raise ValueError("neither a whole mail nor its headers")
    charsets = _json(fields.get("charsets", b"")) or {}

    def text(name: str) -> str:
        return replies.decoded(fields.get(name, b""), str(charsets.get(name, "utf-8")))

    head = replies.headers(message_from_bytes(fields["headers"].lstrip() + b"\r\n\r\n"))
    found = replies.made(head, text("text"), text("html"), suggestions.own_hosts(), envelope)
    return keep(found, fields["headers"] + fields.get("text", b"") + fields.get("html", b""))


def keep(reply: Reply, raw: bytes) -> Outcome:
    """Keep what a mail says, unless it is here already; return what became of it. Commits."""
    outcome = _keep(reply, raw)
    if outcome is not Outcome.KEPT:
        db.session.rollback()  # SQLite: nothing is locked while the next mail is fetched
    log.info("a mail came in", outcome=outcome, why=reply.automatic or None)
    return outcome


def _keep(reply: Reply, raw: bytes) -> Outcome:
    tokens = [t for at in reply.named if (t := reply_to.token_in(at, settings().inbound.address))]
    if not tokens or not settings().inbound.address:
        return Outcome.NOT_OURS
    if reply.automatic:
        return Outcome.AUTOMATIC
    try:
        link_id = reply_to.link_id(tokens[0], inbound_key())
    except reply_to.NotOurs:
        return Outcome.NOT_OURS
    employee = db.session.scalar(sa.select(Employee).where(Employee.link_id == link_id.hex()))
    if employee is None or not employee.email or employee.status in (Status.LEFT, Status.GONE):
        return Outcome.ENDED
    url = next((u for u in map(stories.normal_url, reply.links) if u and len(u) <= suggestions.LONGEST_URL), "")
    words = paragraphs(reply.words)
    if not url and not words:
        return Outcome.EMPTY
    key = _key(reply.message_id.encode() or raw)
    if db.session.scalar(sa.select(Suggestion.id).where(Suggestion.message_key == key)):
        return Outcome.AGAIN
    lately = sa.select(sa.func.count()).where(
        Suggestion.subject == employee.subject,
        Suggestion.way == Way.MAIL,
        Suggestion.at > clock.now() - timedelta(days=1),
    )
    if (db.session.scalar(lately) or 0) >= A_DAY:
        return Outcome.TOO_MANY
    hers = bool(reply.sender) and hmac.compare_digest(address_hash(reply.sender), address_hash(employee.email))
    row = {
        "subject": employee.subject,
        "way": Way.MAIL,
        "state": SuggestionState.NEW,
        "url": url,
        "why": words,
        "words": "",
        "sender": "" if hers else reply.sender or "?",
        "stop": reply.stop,
        "message_key": key,
        "at": clock.now(),
        "answer": "",
        "points": 0,
    }
    made = db.session.execute(insert_or_ignore(Suggestion).values(**row).returning(Suggestion.id)).scalar()
    db.session.commit()
    return Outcome.AGAIN if made is None else Outcome.KEPT


def _key(said: bytes) -> str:
    """Return by what a mail is known again: a keyed hash of its Message-ID, or of all of it where it has none."""
    return hmac.new(settings().secret.encode(), b"goodword-message-v1|" + said, hashlib.sha256).hexdigest()


def _json(said: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(said)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
