"""The outbox. In: who is to get which mail, once. Out: rows that delivery sends; every mail is one of these.

`facts` of a row, beside what `recipient_facts` builds, by kind (emails.values names the classes):
digest {"you": You}; invitation {"topics": [name, …]}; winner {"prize": WonPrize}; frozen {"frozen": FrozenTickets}, of
which `of` names the draw that keeps what all say the same, the programme too (models.FrozenMails);
fresh-link {"days": number}; suggestion {"suggestion": SuggestionAnswer};
badge {"badges": [EarnedBadge, …]}; test {"edition": Edition, "stories": [id, …], "you": You}. Nothing here commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from emails import values
from service import clock, house_colours, settings
from service.bulk import insert_new, insert_or_ignore
from service.database import db
from service.models.mail import MailState, Outbox
from service.models.people import Employee, Programme
from service.suppressions import CLASSES, address_hash, suppressed

__all__ = ["address_hash", "begun", "enqueue", "enqueue_many", "new_message_id", "programme_facts", "recipient_facts"]


def recipient_facts(employee: Employee, now: datetime, key_id: int | None = None) -> dict[str, Any]:
    """Return the frozen facts every mail to her needs: {"to": {name, networks, link_id}, "pass": {key, day}}.

    `key_id` names the signing key; None asks for the newest (give it where many rows are made).
    """
    from service.passes import newest_key_id, today_number

    return {
        "to": {
            "name": employee.name or "",
            "networks": list(employee.networks) or [_programme().fallback_network],
            "link_id": employee.link_id,
        },
        "pass": {"key": newest_key_id() if key_id is None else key_id, "day": today_number(now)},
    }


def programme_facts() -> dict[str, Any]:
    """Return the programme as emails.values.Programme in JSON values, frozen into rows that belong to no edition."""
    row = _programme()
    return asdict(
        values.Programme(
            name=row.name,
            company=row.company,
            base_url=settings().base_url,
            liaison_name=row.liaison_name,
            liaison_email=row.liaison_email,
            sender=row.sender,
            zone=row.zone,
            policy_url=row.policy_url or (f"{settings().base_url}/policy" if row.policy or row.style_guide else None),
            reply=settings().inbound.address,
            networks=tuple(dict.fromkeys([row.fallback_network, *row.networks_offered]))
            if row.networks_offered
            else (),
            colours=house_colours.of(row),
        )
    )


def enqueue(
    employee: Employee,
    kind: str,
    occasion: str,
    facts: Mapping[str, Any],
    *,
    due_at: datetime | None = None,
    edition_id: int | None = None,
    selection_id: int | None = None,
    to_address: str | None = None,
) -> Outbox | None:
    """Put one mail into the outbox, unless one of this kind and occasion is there for her or her address (None).

    A suppressed address gets a row too, in state suppressed with the reason, so that its absence can be explained.
    `to_address` sends a test elsewhere; only kind "test" may have it. Raises ValueError for an unknown kind, an empty
    occasion or an employee without an address. Does not commit.
    """
    if kind not in CLASSES or not occasion:
        raise ValueError(f"no mail is called {kind!r} for {occasion!r}")
    if to_address is not None and kind != "test":
        raise ValueError("only a test may go to another address")
    address = to_address or employee.email
    if not address:
        raise ValueError("an erased employee gets no mail")
    now = clock.now()
    whole = {**recipient_facts(employee, now), **facts}
    if to_address is not None:
        whole["to"] = {**whole["to"], "address": to_address}
    if edition_id is None or kind == "test":
        whole.setdefault("programme", programme_facts())
    hashed = address_hash(address)
    why = suppressed(hashed, kind)
    row = _row(
        {
            "kind": kind,
            "occasion": occasion,
            "subject": employee.subject,
            "address_hash": hashed,
            "language": employee.language,
            "facts": whole,
            "due_at": due_at or now,
            "edition_id": edition_id,
            "selection_id": selection_id,
            "state": MailState.SUPPRESSED if why else MailState.QUEUED,
            "why": why,
        },
        now,
        urlsplit(settings().base_url).hostname or "localhost",
    )
    db.session.flush()
    made = db.session.execute(insert_or_ignore(Outbox).values(**row).returning(Outbox.id)).scalar()
    return db.session.get(Outbox, made) if made is not None else None


def enqueue_many(rows: Iterable[Mapping[str, Any]]) -> int:
    """Put many mails into the outbox, streaming; return how many were new. Does not commit.

    Each row: kind, occasion, subject, address_hash, language, facts (whole, with `recipient_facts`), and if wanted
    due_at, edition_id, selection_id, state, why. Suppressions are the caller's to ask (suppressions.suppressed_all)
    and are asked again when the row is sent.
    """
    now = clock.now()
    host = urlsplit(settings().base_url).hostname or "localhost"
    return insert_new(Outbox, (_row(row, now, host) for row in rows))


def begun(kind: str, occasion: str) -> bool:
    """Tell whether there is any mail of this kind and occasion. Reads only."""
    found = sa.select(Outbox.id).where(Outbox.kind == kind, Outbox.occasion == occasion).limit(1)
    return db.session.scalar(found) is not None


def new_message_id(host: str) -> str:
    """Return a fresh Message-ID with its angle brackets (RFC 5322, 3.6.4); it says nothing about anybody."""
    return f"<{secrets.token_hex(16)}@{host}>"


def _row(given: Mapping[str, Any], now: datetime, host: str) -> dict[str, Any]:
    due_at = given.get("due_at") or now
    facts = dict(given["facts"])
    # The Date header is frozen too: another attempt an hour later gives the same bytes.
    facts.setdefault("date", max(due_at, now).replace(microsecond=0).isoformat())
    return {
        "kind": given["kind"],
        "occasion": given["occasion"],
        "subject": given["subject"],
        "address_hash": given["address_hash"],
        "language": given["language"],
        "edition_id": given.get("edition_id"),
        "selection_id": given.get("selection_id"),
        "facts": facts,
        "message_id": given.get("message_id") or new_message_id(host),
        "state": given.get("state") or MailState.QUEUED,
        "why": given.get("why"),
        "due_at": due_at,
        "attempts": 0,
        "created_at": now,
        "settled_at": now if given.get("state") == MailState.SUPPRESSED else None,
    }


def _programme() -> Programme:
    row = db.session.get(Programme, 1)
    if row is None:
        raise LookupError("there is no programme yet; `goodword programme create` makes it")
    return row
