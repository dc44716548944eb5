"""Conversions. In: what a system or a landing page reports of a click. Out: each counted once, for story and network.

A report names the random id that a visit took along (Programme.click_parameter), and nobody. Systems have tokens, of
which only hashes are kept; pages have a public key and must be of a site that the liaison named.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from babel.numbers import list_currencies

from scoring.weeks import day_of
from service import clock
from service.bulk import insert_or_ignore
from service.database import db
from service.journal import log
from service.models import (
    Arrival,
    Conversion,
    ConversionToken,
    Employee,
    Evidence,
    Poster,
    PosterVisit,
    Reckoning,
    Share,
    Story,
)
from service.posters import NETWORK as POSTER
from service.results import reckoning, scopes
from service.results.scopes import Scope
from service.validation import N_, Check, Invalid, Words, paragraphs

PREFIX = "gwc_"
"""How a token begins, so that scanners of secrets know it."""

PAGE = 0
"""The source of what a page reported."""

LARGEST = Decimal("999999999.99")

A_MINUTE = 600
"""Conversions that one source may report in a minute."""

_CLICK = re.compile(r"[A-Za-z0-9_-]{16}")
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class UnknownClick(LookupError):
    """No visit that is still kept has this id."""


class TooMany(Exception):
    """This source has reported enough for this minute."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says, checked."""

    click: str
    kind: str
    hundredths: int
    currency: str | None
    own_id: str | None


def parse(body: Mapping[str, Any]) -> Told:
    """Return a report out of JSON: click, and if wanted kind, value, currency, id. Raises Invalid by field."""
    check = Check()
    for name in sorted(set(body) - {"click", "kind", "value", "currency", "id"}):
        check.refuse(str(name)[:40], N_("There is no such field; there are click, kind, value, currency and id."))
    click = str(body.get("click") or "")
    if not _CLICK.fullmatch(click):
        check.refuse("click", N_("Give the id of the click: 16 letters, digits, hyphens or underscores."))
    kind = str(body.get("kind") or "lead")
    if not _KIND.fullmatch(kind):
        check.refuse("kind", N_("Name the kind in small letters, like lead, application or sale."))
    value = _value(check, body.get("value"))
    currency = str(body.get("currency") or "").upper() or None
    if currency and currency not in list_currencies():
        check.refuse("currency", N_("Write a currency as three letters, like EUR."))
    own_id = body.get("id")
    if own_id is not None and (not isinstance(own_id, str | int) or not _keepable(str(own_id))):
        check.refuse("id", N_("Give an id of at most 128 characters, or none."))
    check.done()
    return Told(click, kind, value, currency, None if own_id is None else str(own_id))


def _keepable(own_id: str) -> bool:
    """Tell whether the databases can hold an id: no control characters, and no half of a pair of surrogates."""
    return 0 < len(own_id) <= 128 and own_id.isprintable()


def _value(check: Check, given: Any) -> int:
    if given is None:
        return 0
    try:
        amount = Decimal(str(given)) if isinstance(given, str | int | float) and not isinstance(given, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount <= LARGEST:
        check.refuse("value", N_("Give a number from 0 to 999999999.99, or leave it out."))
        return 0
    return int((amount * 100).to_integral_value())


def record(told: Told, source: int) -> bool:
    """Count a conversion for the story and network that its click came by; False: it was counted before. Commits.

    Raises UnknownClick, which is counted too, and TooMany.
    """
    now = clock.now()
    if _lately(source, now) >= A_MINUTE:
        raise TooMany
    own_id = told.own_id if told.own_id is not None or source else f"{told.click}:{told.kind}"
    if own_id is not None and _there(source, own_id):
        return False
    found = _behind(told.click)
    if found is None:
        row = reckoning.own()
        db.session.execute(
            sa.update(Reckoning).where(Reckoning.id == row.id).values(unknown_clicks=Reckoning.unknown_clicks + 1)
        )
        db.session.commit()
        raise UnknownClick(told.click)
    story, network, team = found
    made_of = {
        "source": source,
        "own_id": own_id,
        "kind": told.kind,
        "hundredths": told.hundredths,
        "currency": told.currency or (reckoning.current().currency if told.hundredths else None),
        "story_id": story,
        "network": network,
        "team_id": team,
        "day": day_of(now, scopes.zone()),
        "at": now,
    }
    made = db.session.execute(insert_or_ignore(Conversion).values(**made_of).returning(Conversion.id)).scalar()
    db.session.commit()
    if made is not None:
        log.info("conversion counted", kind=told.kind, by_page=source == PAGE)
    return made is not None


def _lately(source: int, now: datetime) -> int:
    asked = sa.select(sa.func.count()).where(Conversion.source == source, Conversion.at > now - timedelta(minutes=1))
    since = sa.select(sa.func.max(Conversion.id)).scalar_subquery() - 10 * A_MINUTE
    return db.session.scalar(asked.where(Conversion.id > sa.func.coalesce(since, 0))) or 0


def _there(source: int, own_id: str) -> bool:
    asked = sa.select(Conversion.id).where(Conversion.source == source, Conversion.own_id == own_id)
    return db.session.scalar(asked) is not None


def _behind(click: str) -> tuple[int, str, int] | None:
    """Return story, network and team of the share or poster that a click came by, judged already or not."""
    for table in (Evidence, Arrival):
        asked = (
            sa.select(Share.story_id, Share.network, sa.func.coalesce(Employee.team_id, 0))
            .join(table, table.share_id == Share.id)
            .outerjoin(Employee, Employee.subject == Share.subject)
            .where(table.click == click)
            .limit(1)
        )
        if (found := db.session.execute(asked).first()) is not None:
            return found[0], found[1], int(found[2])
    for visit in (PosterVisit, Arrival):
        poster = sa.select(Poster.story_id).join(visit, visit.poster_id == Poster.id)
        if (story := db.session.scalar(poster.where(visit.click == click).limit(1))) is not None:
            return story, POSTER, 0
    return None


def make_token(name: str) -> tuple[ConversionToken, str]:
    """Make a token for a system of this name; return its row and the token itself. Commits. Raises Invalid."""
    check = Check()
    name = check.text("token_name", name, 80, required=True)
    check.done()
    token = PREFIX + secrets.token_urlsafe(32)
    row = ConversionToken(name=name, hash=_hash(token), created_at=clock.now())
    db.session.add(row)
    db.session.commit()
    log.info("conversion token made", token=row.id)
    return row, token


def revoke(token_id: int) -> bool:
    """End a token; False where there is none or it has ended already. Commits."""
    row = db.session.get(ConversionToken, token_id)
    if row is None or row.revoked_at is not None:
        return False
    row.revoked_at = clock.now()
    db.session.commit()
    log.info("conversion token revoked", token=token_id)
    return True


def tokens() -> list[ConversionToken]:
    """Return all tokens, those that live first."""
    order = (ConversionToken.revoked_at.is_not(None), ConversionToken.id.desc())
    return list(db.session.scalars(sa.select(ConversionToken).order_by(*order)))


def source_of(token: str) -> int | None:
    """Return the number of a live token; None: it is none, or it was revoked. Notes the day of its use. Commits."""
    asked = sa.select(ConversionToken).where(ConversionToken.hash == _hash(token))
    row = db.session.scalar(asked.where(ConversionToken.revoked_at.is_(None))) if token.startswith(PREFIX) else None
    if row is None:
        return None
    now = clock.now()
    if row.used_at is None or row.used_at < now - timedelta(hours=1):
        row.used_at = now
        db.session.commit()
    return row.id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def set_sites(lines: str) -> None:
    """Keep the sites whose pages may report conversions, one origin a line; the first time makes their key. Commits.

    Raises Invalid.
    """
    sites = []
    for line in paragraphs(lines).split():
        try:
            parts = urlsplit(line if "//" in line else f"https://{line}")
        except ValueError:
            parts = urlsplit("")
        local = parts.hostname in ("localhost", "127.0.0.1")
        if parts.scheme not in ("https", *(("http",) if local else ())) or not parts.hostname or "@" in parts.netloc:
            message = N_("“%(site)s” is no address of a site; write one a line, like https://www.example.com.")
            raise Invalid({"sites": Words(message, {"site": line[:80]})})
        sites.append(f"{parts.scheme}://{parts.netloc.lower()}")
    row = reckoning.own()
    row.sites = list(dict.fromkeys(sites))
    row.site_key = row.site_key or secrets.token_urlsafe(12)
    db.session.commit()


def allows(site_key: str, origin: str) -> bool:
    """Return whether pages of this origin may report under this key."""
    row = reckoning.current()
    return (
        bool(row.site_key) and secrets.compare_digest(row.site_key.encode(), site_key.encode()) and origin in row.sites
    )


@dataclass(frozen=True, slots=True)
class Sum:
    """Conversions of one kind, network and currency; the value in hundredths. `by_page` came from pages."""

    kind: str
    network: str
    currency: str
    number: int
    hundredths: int
    by_page: int


def sums(scope: Scope) -> list[Sum]:
    """Return the conversions of a scope by kind, network and currency, most first."""
    where: list[sa.ColumnElement[bool]] = [Conversion.day.between(scope.period.begins, scope.period.ends)]
    if scope.team:
        where.append(Conversion.team_id == scope.team)
    if scope.campaign is not None:
        where.append(Conversion.story_id.in_(sa.select(Story.id).where(Story.campaign_id == scope.campaign)))
    by = (Conversion.kind, Conversion.network, sa.func.coalesce(Conversion.currency, ""))
    asked = sa.select(
        *by,
        sa.func.count(),
        sa.func.sum(Conversion.hundredths),
        sa.func.sum(sa.case((Conversion.source == PAGE, 1), else_=0)),
    )
    found = [
        Sum(k, n, c, int(x), int(v), int(p))
        for k, n, c, x, v, p in db.session.execute(asked.where(*where).group_by(*by))
    ]
    return sorted(found, key=lambda s: (-s.number, s.kind, s.network))
