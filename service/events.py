"""Events. In: what a provider reports of its mails, signed. Out: each kept once; states, the highest; suppressions.

An event names its mail by `send_id`, the call's token and the outbox row's number, which is all that the provider got.
Events come late, twice, in any order, and before the answer to the call they belong to.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sendgrid.helpers.eventwebhook import EventWebhook

from service import clock, journal, suppressions
from service.bulk import insert_or_ignore
from service.database import db
from service.delivery.port import legible
from service.delivery.states import before
from service.models import Call, MailEvent, Outbox
from service.models.mail import MailState

WINDOW = timedelta(hours=26)
"""An event is tried again for 24 hours; a signature older than this is a replay."""

AHEAD = timedelta(minutes=10)
"""So far may the provider's clock be ahead of ours."""

KEPT = timedelta(days=30)

BATCH = 500
"""Events written in one statement."""

STATES = {
    "processed": MailState.ACCEPTED,
    "deferred": MailState.ACCEPTED,
    "delivered": MailState.DELIVERED,
    "open": MailState.DELIVERED,
    "click": MailState.DELIVERED,
    "spamreport": MailState.DELIVERED,
    "unsubscribe": MailState.DELIVERED,
    "group_unsubscribe": MailState.DELIVERED,
    "group_resubscribe": MailState.DELIVERED,
    "bounce": MailState.BOUNCED,
    "dropped": MailState.DROPPED,
}
"""Event → the state it proves at least; every one of them proves that the provider accepted the mail."""

UNSENT = (MailState.QUEUED, MailState.RETRY, MailState.HELD, MailState.LEASED, MailState.FAILED)
"""Only a mail whose doubt was decided wrongly is here when an event of it comes: it must not leave again, nor be tried
again after its second attempt failed."""

_SEND_ID = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,14})")


class NotSigned(Exception):
    """The signature is missing, wrong, too old or of a time to come."""


class NotEvents(ValueError):
    """The body is not a JSON array."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it stands in a body, of a mail that may be ours."""

    send_id: str
    token: str
    number: int
    event: str
    at: datetime
    url: str
    provider_id: str | None
    kind: str
    """bounce or blocked, for a bounce."""
    why: str | None

    @property
    def same(self) -> tuple[str, str, datetime, str]:
        return self.send_id, self.event, self.at, self.url

    def row(self) -> dict[str, Any]:
        return {
            "send_id": self.send_id,
            "token": self.token,
            "outbox_id": self.number,
            "event": self.event,
            "at": self.at,
            "url": self.url,
            "provider_id": self.provider_id,
            "why": self.why,
            "received_at": clock.now(),
        }


def check(body: bytes, signature: str, timestamp: str, key: str) -> None:
    """Check the signature of a webhook's raw body: ECDSA P-256 with SHA-256 over timestamp and body, base64 of DER.

    `key`: the provider's public key, base64 of SPKI. Raises NotSigned.
    """
    try:
        moment = datetime.fromtimestamp(int(timestamp), UTC)
        # The package's own verify_signature decodes the body to text first; the signature is over bytes.
        EventWebhook(key).public_key.verify(
            base64.b64decode(signature, validate=True),
            timestamp.encode("ascii") + body,
            ec.ECDSA(hashes.SHA256()),
        )
    except (ValueError, OverflowError, OSError, InvalidSignature) as problem:
        raise NotSigned("the signature does not fit the body") from problem
    now = clock.now()
    if not now - WINDOW <= moment <= now + AHEAD:
        raise NotSigned("the signature is of another time")


def receive(body: bytes) -> int:
    """Keep the events of a webhook's body and do what follows from them; commit; return how many were new.

    Events of mails that are not ours, of a kind nobody knows or without a time are left out. Raises NotEvents.
    """
    try:
        found = json.loads(body)
    except ValueError as problem:
        raise NotEvents("not JSON") from problem
    if not isinstance(found, list):
        raise NotEvents("not an array")
    heard = {e.same: e for e in map(_heard, found) if e is not None}
    ours = _ours(list(heard.values()))
    new = _keep(ours)
    if new:
        _settle(new)
        _suppress(new)
    db.session.commit()
    journal.log.info("mail events", heard=len(found), ours=len(ours), new=len(new))
    return len(new)


def forget() -> int:
    """Forget events and calls after 30 days and commit; return how many events went."""
    end = clock.now() - KEPT
    gone = db.session.execute(sa.delete(MailEvent).where(MailEvent.received_at < end)).rowcount  # type: ignore[attr-defined]
    db.session.execute(sa.delete(Call).where(Call.begun_at < end))
    db.session.commit()
    return int(gone)


def _heard(found: Any) -> Heard | None:
    if not isinstance(found, Mapping):
        return None
    named = _SEND_ID.fullmatch(str(found.get("send_id", "")))
    event, timestamp = found.get("event"), found.get("timestamp")
    if named is None or event not in STATES or not isinstance(timestamp, int | float):
        return None
    try:
        at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    url = found.get("url")
    number = found.get("sg_event_id")
    why = found.get("reason") or found.get("response")
    return Heard(
        send_id=named[0],
        token=named[1],
        number=int(named[2]),
        event=str(event),
        at=at,
        url=hashlib.sha256(url.encode("utf-8", "replace")).hexdigest() if isinstance(url, str) and url else "",
        provider_id=legible(str(number or ""), 128) or None,
        kind=legible(str(found.get("type") or ""), 128),
        why=legible(journal.scrub(str(why))) or None if why else None,
    )


def _ours(heard: Sequence[Heard]) -> list[Heard]:
    """Return those whose call we made and whose row is there, their rows locked in one order."""
    made = set(db.session.scalars(sa.select(Call.token).where(Call.token.in_({e.token for e in heard}))))
    numbers = {e.number for e in heard if e.token in made}
    # Always in the same order: two webhooks, or a webhook and a sender, then wait for each other and never both.
    asked = sa.select(Outbox.id).where(Outbox.id.in_(numbers)).order_by(Outbox.id).with_for_update()
    there = set(db.session.scalars(asked))
    return [e for e in heard if e.token in made and e.number in there]


def _keep(heard: Sequence[Heard]) -> list[Heard]:
    """Write the events that are not there yet; return these."""
    new: set[tuple[str, str, datetime, str]] = set()
    for start in range(0, len(heard), BATCH):
        rows = [e.row() for e in heard[start : start + BATCH]]
        statement = (
            insert_or_ignore(MailEvent)
            .values(rows)
            .returning(MailEvent.send_id, MailEvent.event, MailEvent.at, MailEvent.url)
        )
        new.update((r.send_id, r.event, r.at, r.url) for r in db.session.execute(statement))
    return [e for e in heard if e.same in new]


def _settle(new: Iterable[Heard]) -> None:
    """Raise each mail's state to the highest that is proven; none ever sinks."""
    by_state: dict[MailState, set[int]] = defaultdict(set)
    why: dict[int, str] = {}
    for event in new:
        state = STATES[event.event]
        by_state[state].add(event.number)
        if state in (MailState.BOUNCED, MailState.DROPPED):
            why[event.number] = f"{event.kind or event.event}: {event.why or ''}"[:200].strip(" :")
    every: set[int] = set().union(*by_state.values())
    wrong = _raise(every, MailState.ACCEPTED, UNSENT)
    if wrong:
        journal.log.error("mails counted as not accepted were", outbox=sorted(wrong))
    _raise(every, MailState.ACCEPTED, (MailState.SUBMITTING, MailState.AMBIGUOUS))
    _raise(by_state[MailState.DELIVERED], MailState.DELIVERED, before(MailState.DELIVERED))
    for state in (MailState.DROPPED, MailState.BOUNCED):
        for number in by_state[state]:
            _raise({number}, state, before(state), why.get(number))


def _raise(
    numbers: Collection[int], state: MailState, origins: Sequence[MailState], why: str | None = None
) -> set[int]:
    if not numbers:
        return set()
    now = clock.now()
    # When it was accepted is when that became known; what follows does not move it.
    known = now if state is MailState.ACCEPTED else sa.func.coalesce(Outbox.settled_at, now)
    changed = db.session.scalars(
        sa.update(Outbox)
        .where(Outbox.id.in_(numbers), Outbox.state.in_(origins))
        .values(state=state, why=why, settled_at=known)
        .returning(Outbox.id)
        .execution_options(synchronize_session=False)
    )
    return set(changed)


def _suppress(new: Sequence[Heard]) -> None:
    """Stop what an event says is unwanted. A replayed event stops nothing: she may have come back since."""
    found = [(e, stop) for e in new if (stop := _stops(e)) is not None]
    if not found:
        return
    asked = sa.select(Outbox.id, Outbox.kind, Outbox.address_hash).where(Outbox.id.in_({e.number for e, _ in found}))
    rows = {row.id: row for row in db.session.execute(asked)}
    for event, (everything, reason) in found:
        row = rows[event.number]
        if row.kind == "test":
            continue  # it may have gone to somebody who is no employee
        scope = suppressions.ALL if everything else suppressions.CLASSES[row.kind]
        suppressions.suppress_hash(row.address_hash, scope, reason)


_DROPPED = {
    "bounced address": (True, "bounced"),
    "spam reporting address": (True, "complained"),
    "unsubscribed address": (False, "unsubscribed"),
}
"""A provider drops what its own lists stop: ours learn of it."""


def _stops(event: Heard) -> tuple[bool, str] | None:
    """Return (every class of mail?, reason) if the event stops mail to its address.

    A bounce and a spam report stop everything; a block (the server's answer to this mail, not to the address), like
    an unsubscribing, stops mail of this class.
    """
    match event.event:
        case "bounce":
            return event.kind != "blocked", "bounced"
        case "spamreport":
            return True, "complained"
        case "unsubscribe" | "group_unsubscribe":
            return False, "unsubscribed"
        case "dropped":
            return _DROPPED.get((event.why or "").lower())
    return None
