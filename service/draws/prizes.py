"""Prizes. In: ranks of a draw and what became of them. Out: offers by mail, claims, and prizes passed on, with reasons.

A round has one common deadline. When it is over (or nobody's answer is open any more) the prizes that are free go, in
their order, to the next ranks that were never offered any; that is the next round.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from emails.values import Winner, WonPrize
from service import clock, outbox, programmes, settings
from service.board import short
from service.database import db
from service.draws import proving, records, trail
from service.draws.plans import Plan
from service.draws.trail import locked
from service.journal import log
from service.models import Draw, Edition, Employee, Prize, Rank
from service.models.draws import DrawStatus, RankState
from service.models.people import Status

HELD = (RankState.OFFERED, RankState.CLAIMED)


class NotOffered(Exception):
    """There is nothing to claim or decline; `why` is never-offered, ended, claimed, declined or passed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def offer(draw: Draw, now: datetime) -> int:
    """Offer the free prizes, in their order, to the next ranks; return how many were. Does not commit."""
    held = {rank.prize_id for rank in draw.ranks if rank.state in HELD}
    free = [prize for prize in draw.prizes if prize.id not in held]
    waiting = [rank for rank in draw.ranks if rank.state == RankState.WAITING]
    if not free or not waiting:
        return 0
    draw.claim_until = now + timedelta(days=Plan.of(draw).claim_days)
    first, offered = min(waiting, key=lambda r: r.rank).rank == 1, 0
    out = trail.disqualified(draw)
    for rank in waiting:
        if not free:
            break
        person = _person(rank)
        why = "disqualified" if rank.entrant in out else _gone(person)
        if why or person is None:
            _pass(draw, rank, now, why or "erased")
            continue
        prize = free.pop(0)
        rank.state, rank.prize_id, rank.offered_at = RankState.OFFERED, prize.id, now
        trail.note(draw, "offered", rank=rank.rank, prize=prize.position)
        _write(draw, rank, person, prize, passed_on=not first or prize.position != rank.rank)
        offered += 1
    return offered


def _write(draw: Draw, rank: Rank, person: Employee, prize: Prize, passed_on: bool) -> None:
    assert draw.claim_until
    facts = WonPrize(
        draw=draw.name,
        title=draw.title,
        prize=f"{prize.name} ({prize.value})" if prize.value else prize.name,
        rank=rank.rank,
        deadline=draw.claim_until,
        passed_on=passed_on,
        page=f"{settings().base_url}/draws/{draw.name}",
    )
    outbox.enqueue(person, "winner", f"draw:{draw.name}:rank-{rank.rank}", {"prize": facts.to_json()})


def _person(rank: Rank) -> Employee | None:
    return db.session.scalar(sa.select(Employee).where(Employee.subject == rank.subject))


def _gone(person: Employee | None) -> str | None:
    if person is None or not person.email:
        return "erased"
    return str(person.status) if person.status in (Status.LEFT, Status.GONE) else None


def _settle(rank: Rank, state: RankState, now: datetime, why: str | None = None) -> None:
    rank.state, rank.settled_at, rank.why = state, now, why
    if state is not RankState.CLAIMED:
        rank.prize_id = None


def _pass(draw: Draw, rank: Rank, now: datetime, why: str) -> None:
    _settle(rank, RankState.PASSED, now, why)
    trail.note(draw, "passed", rank=rank.rank, why=why)


def claim_of(employee: Employee, draw: Draw) -> Rank:
    """Return her rank if a prize is offered to her or claimed by her. Raises NotOffered otherwise; reads only."""
    rank = db.session.scalar(sa.select(Rank).where(Rank.draw_id == draw.id, Rank.subject == employee.subject))
    if rank is None or rank.state == RankState.WAITING:
        raise NotOffered("never-offered")
    if rank.state == RankState.CLAIMED:
        return rank
    if rank.state != RankState.OFFERED:
        raise NotOffered(str(rank.state))
    if draw.claim_until is None or clock.now() > draw.claim_until:
        raise NotOffered("ended")
    return rank


def claim(employee: Employee, draw: Draw) -> Rank:
    """Claim the prize offered to her; again is no harm. Commits. Raises NotOffered."""
    draw = locked(draw)
    rank = claim_of(employee, draw)
    if rank.state != RankState.CLAIMED:
        _settle(rank, RankState.CLAIMED, clock.now())
        records.keep(draw, rank, employee)
        trail.note(draw, "claimed", rank=rank.rank)
    db.session.commit()
    return rank


def decline(employee: Employee, draw: Draw) -> None:
    """Decline the prize offered to her; it goes on at the round's end, or at once if no answer is open. Commits.

    Raises NotOffered, also where she has claimed it.
    """
    draw = locked(draw)
    rank = claim_of(employee, draw)
    if rank.state == RankState.CLAIMED:
        raise NotOffered("claimed")
    _settle(rank, RankState.DECLINED, clock.now(), "declined")
    trail.note(draw, "declined", rank=rank.rank)
    _next_round(draw, clock.now())
    db.session.commit()


def pass_on_due() -> int:
    """End every round whose time is over, and pass what is free on; return how many were offered anew. Commits.

    On its way it counts the mails of draws whose randomness is a day away.
    """
    due = sa.select(Draw).where(Draw.status == DrawStatus.DRAWN, Draw.claim_until.is_not(None)).order_by(Draw.id)
    offered = 0
    proving.count_what_is_due()
    for found in db.session.scalars(due).all():
        draw, now = locked(found), clock.now()
        for rank in draw.ranks:
            if rank.state == RankState.OFFERED:
                why = _gone(_person(rank))
                if why or (draw.claim_until and now > draw.claim_until):
                    _pass(draw, rank, now, why or "silent")
        offered += _next_round(draw, now)
        db.session.commit()
    if offered:
        log.info("prizes passed on", offered=offered)
    return offered


def _next_round(draw: Draw, now: datetime) -> int:
    """Offer what is free unless an answer of this round is still open; say once what nobody is left to take."""
    if any(rank.state == RankState.OFFERED for rank in draw.ranks):
        return 0
    offered = offer(draw, now)
    if not any(rank.state == RankState.WAITING for rank in draw.ranks):
        held = {rank.prize_id for rank in draw.ranks if rank.state in HELD}
        said = {event.facts["prize"] for event in trail.events(draw) if event.kind == "lapsed"}
        for prize in draw.prizes:
            if prize.id not in held and prize.position not in said:
                trail.note(draw, "lapsed", prize=prize.position)
    return offered


def last_winners(now: datetime) -> list[Winner]:
    """Return the winners that the digest released now names to all: of draws drawn since the edition before it.

    Before any edition: draws of the last 31 days.
    """
    council = programmes.current().works_council
    since = db.session.scalar(sa.select(sa.func.max(Edition.released_at)).where(Edition.released_at < now))
    rows = db.session.execute(
        sa.select(Employee, Prize.name, Draw.title)
        .select_from(Rank)
        .join(Draw, Rank.draw_id == Draw.id)
        .join(Prize, Rank.prize_id == Prize.id)
        .outerjoin(Employee, Employee.subject == Rank.subject)
        .where(Rank.state.in_(HELD), Draw.drawn_at > (since or now - timedelta(days=31)), Draw.drawn_at <= now)
        .order_by(Draw.drawn_at, Prize.position)
    )
    found = ((called(person, council), prize, title) for person, prize, title in rows)
    return [Winner(name, prize, title, former) for (name, former), prize, title in found]


def called(winner: Employee | None, council: bool) -> tuple[str, bool]:
    """Return what a winner is called where others read of her ("": by no name), and if she is no colleague any more.

    As she wants to be called. In works-council mode only who chose an alias is named, and nobody ever who is on no
    board by her own wish.
    """
    former = winner is None or not winner.email or winner.status == Status.GONE
    if winner is None or former or winner.off_boards or winner.status == Status.LEFT:
        return "", former
    return winner.alias or ("" if council else short(winner.name or "")), former
