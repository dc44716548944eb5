"""Limits. In: mails about to leave and how many a minute may. Out: those that go now, and a moment for each other.

A token bucket each for the provider (all mails together) and for receiving domains. A mail that finds it empty is given
the next free moment once, and goes at it before mails that come later; nobody's sender waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.bulk import insert_or_ignore
from service.database import db
from service.delivery.leases import database_now
from service.journal import log
from service.models.mail import MailState, Outbox
from service.models.sending import RateLimit

PROVIDER = ""
"""The limit of all mails together."""

WAITING = "rate-limit"
"""Why a queued mail is due a little later."""


def known() -> dict[str, int]:
    """Return domain → mails a minute; "" is the provider. Reads only."""
    return {row.domain: row.per_minute for row in db.session.execute(sa.select(RateLimit.domain, RateLimit.per_minute))}


def set_limit(domain: str, per_minute: int | None) -> None:
    """Limit what a domain ("": the provider) gets a minute, or lift its limit (None), and commit.

    Mails that were given a later moment are due again now. Raises ValueError for a domain or a number that is none.
    """
    name = domain.strip().lower().removeprefix("@")
    if per_minute is not None and per_minute < 1:
        raise ValueError("a limit is at least one mail a minute")
    if domain and ("." not in name or any(c.isspace() or c in "@/" for c in name)):
        raise ValueError(f"{domain!r} is not a mail domain; write it like example.com")
    now = database_now()
    db.session.execute(sa.delete(RateLimit).where(RateLimit.domain == name))
    if per_minute is not None:
        fresh = {
            "domain": name,
            "per_minute": per_minute,
            "tokens": max(1.0, per_minute / 60),
            "at": now,
            "tail_at": now,
        }
        db.session.execute(insert_or_ignore(RateLimit).values(**fresh))
    db.session.execute(
        sa.update(Outbox)
        .where(Outbox.state == MailState.QUEUED, Outbox.why == WAITING, Outbox.due_at > now)
        .values(due_at=now, why=None)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    log.info("rate limit set", domain=name or "all", per_minute=per_minute)


def admit(mails: Sequence[tuple[int, str, bool]]) -> dict[int, datetime]:
    """Return id → later moment for those of the mails that may not leave now; the others may. Commits nothing.

    Each mail: id, receiving domain (lower case), whether it was given its moment before.
    """
    names = {PROVIDER, *(domain for _, domain, _ in mails)}
    asked = sa.select(RateLimit).where(RateLimit.domain.in_(names)).order_by(RateLimit.domain).with_for_update()
    buckets = {row.domain: row for row in db.session.scalars(asked.execution_options(populate_existing=True))}
    if not buckets:
        return {}
    now = database_now()
    for bucket in buckets.values():
        _fill(bucket, now)
    later: dict[int, datetime] = {}
    for number, domain, waited in mails:
        mine = [buckets[name] for name in (PROVIDER, domain) if name in buckets]
        if all(bucket.tokens >= 1 and (waited or bucket.tail_at <= now) for bucket in mine):
            for bucket in mine:
                bucket.tokens -= 1
        elif mine:
            moments = [_queue_up(b, now) for b in mine if b.tokens < 1 or (not waited and b.tail_at > now)]
            later[number] = max(moments)
    db.session.flush()
    return later


def _fill(bucket: RateLimit, now: datetime) -> None:
    """Add what has flowed in since; it holds a second's worth, and one mail at least."""
    passed = max((now - bucket.at).total_seconds(), 0.0)
    bucket.tokens = min(bucket.tokens + passed * bucket.per_minute / 60, max(1.0, bucket.per_minute / 60))
    bucket.at = now


def _queue_up(bucket: RateLimit, now: datetime) -> datetime:
    bucket.tail_at = max(bucket.tail_at, now) + timedelta(seconds=60 / bucket.per_minute)
    return bucket.tail_at
