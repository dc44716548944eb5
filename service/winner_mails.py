"""Winner mails. In: draws that are settled. Out: one mail to each entrant that tells who won, once a draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from emails import news
from service import clock, mass_mails, outbox, programmes, settings
from service.database import db
from service.draws.prizes import called
from service.draws.trail import locked
from service.journal import log
from service.models import Draw, Employee, Entrant, Rank
from service.models.draws import DrawStatus, RankState

KIND = "winners"
TOO_OLD = timedelta(days=60)
"""A draw that was settled so long after it was drawn is no news."""


def tell() -> int:
    """Put the mails of each draw that is settled into the outbox; return how many. Commits.

    A draw is settled when nobody's answer is open and no rank waits for a prize. Each draw is one transaction: killed
    half-way, nothing of it is written, and the next call does it whole.
    """
    told = 0
    asked = sa.select(Draw.id).where(Draw.status == DrawStatus.DRAWN, Draw.winners_told_at.is_(None)).order_by(Draw.id)
    for number in db.session.scalars(asked).all():
        found = db.session.get(Draw, number)
        if found is not None and settled(found):
            told += _tell(locked(found))
        db.session.commit()
    return told


def settled(draw: Draw) -> bool:
    """Tell whether every prize is claimed, or nobody is left who could claim it."""
    states = [rank.state for rank in draw.ranks]
    if RankState.OFFERED in states:
        return False
    return states.count(RankState.CLAIMED) >= len(draw.prizes) or RankState.WAITING not in states


def prizes(draw: Draw) -> list[tuple[str | None, news.Prize]]:
    """Return (subject, prize) of what was claimed, in the order of prizes, with names as each wants to be called."""
    council = programmes.current().works_council
    rows = db.session.execute(
        sa.select(Rank, Employee)
        .outerjoin(Employee, Employee.subject == Rank.subject)
        .where(Rank.draw_id == draw.id, Rank.state == RankState.CLAIMED)
    )
    found = []
    for rank, person in rows:
        assert rank.prize is not None
        name, former = called(person, council)
        worth = f"{rank.prize.name} ({rank.prize.value})" if rank.prize.value else rank.prize.name
        found.append((rank.prize.position, rank.subject, news.Prize(worth, name, former=former)))
    return [(subject, prize) for _position, subject, prize in sorted(found, key=lambda each: each[0])]


def _tell(draw: Draw) -> int:
    now = clock.now()
    if draw.winners_told_at is not None:
        return 0
    draw.winners_told_at = now
    won = prizes(draw)
    if not won or (draw.drawn_at or now) < now - TOO_OLD:
        return 0
    made = outbox.enqueue_many(_rows(draw, won))
    log.info("winners told", draw=draw.name, mails=made)
    return made


def _rows(draw: Draw, won: list[tuple[str | None, news.Prize]]) -> Iterator[dict[str, Any]]:
    """Yield the outbox's row of each entrant who is still there, streaming."""
    entrants = db.session.scalar(sa.select(sa.func.count()).where(Entrant.draw_id == draw.id)) or 0
    page = f"{settings().base_url}/draws/{draw.name}"
    told = news.Won(draw.name, draw.title, page, entrants, tuple(prize for _who, prize in won))
    shared, hers = told.to_json(), {who: n for n, (who, _prize) in enumerate(won)}
    asked = (
        sa.select(*mass_mails.COLUMNS)
        .join(Entrant, Entrant.subject == Employee.subject)
        .where(Entrant.draw_id == draw.id, mass_mails.there())
    )

    def facts(row: Any) -> dict[str, Any]:
        if row.subject not in hers:
            return {"won": shared}
        mine = list(told.prizes)
        mine[hers[row.subject]] = replace(mine[hers[row.subject]], her=True)
        return {"won": replace(told, prizes=tuple(mine)).to_json()}

    return mass_mails.rows(asked, KIND, f"draw:{draw.name}:winners", facts)
