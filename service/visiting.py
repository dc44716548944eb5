"""Visiting. In: a hit on a short link. Out: its evidence with a verdict, and the sharer's score settled."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from scoring import visits
from service import clock, settling
from service.database import db
from service.links import by_code, leads_to
from service.models import Evidence, Share


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a page, as far as evidence needs it. The address is hashed at once and kept nowhere."""

    method: str = "GET"
    address: str = ""
    agent: str = ""
    purpose: str = ""
    language: str = ""


def visitor(share: Share, asked: Asked) -> str | None:
    """Return who this was, as a hash salted per share: the same person is told apart here and known nowhere else."""
    if share.salt is None:
        return None
    seen = f"{asked.address}|{asked.agent}".encode()
    return hmac.new(bytes.fromhex(share.salt), seen, "sha256").hexdigest()[:32]


def visit(code: str, asked: Asked) -> str:
    """Record one GET of a short link with its verdict, settle what it proves, and return where it leads. Commits.

    Raises UnknownCode.
    """
    share = by_code(code)
    target = leads_to(share)
    if share.salt is None:  # her data were erased: the link goes on, nothing is counted
        return target
    settling.lock(share.subject)
    now = clock.now()
    who = visitor(share, asked)
    hit = visits.Hit(
        method=asked.method,
        agent=asked.agent[:400],
        purpose=asked.purpose[:80],
        language=asked.language[:80],
        herself=_opened_it(share, who),
        burst=1 + _hits(share, who, now - timedelta(seconds=2)),
    )
    verdict = visits.judge(hit)
    facts = hit.to_json() | ({"crawler": verdict.crawler} if verdict.crawler else {})
    db.session.add(
        Evidence(
            share_id=share.id,
            kind="visit",
            at=now,
            verdict=verdict.kind,
            reason=verdict.reason,
            visitor=who,
            facts=facts,
        )
    )
    db.session.flush()
    if verdict.kind == visits.HUMAN or (verdict.crawler and visits.proves(verdict.crawler, share.network)):
        settling.settle(share.subject)
    db.session.commit()
    return target


def look_up(code: str) -> str:
    """Return where a short link leads, recording nothing. Raises UnknownCode."""
    return leads_to(by_code(code))


def _opened_it(share: Share, who: str | None) -> bool:
    asked = sa.select(Evidence.id).where(
        Evidence.share_id == share.id, Evidence.kind == "opened", Evidence.visitor == who
    )
    return db.session.scalar(asked.limit(1)) is not None


def _hits(share: Share, who: str | None, since: object) -> int:
    asked = sa.select(sa.func.count()).where(
        Evidence.share_id == share.id, Evidence.kind == "visit", Evidence.visitor == who, Evidence.at > since
    )
    return int(db.session.scalar(asked) or 0)
