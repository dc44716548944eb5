"""Published. In: a draw. Out: what its page and its files say to everybody, without a name or an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.database import db
from service.models import Draw, Employee, Entrant, FrozenMails, Outbox, Prize, Rank
from service.models.draws import DrawStatus
from service.models.mail import MailState

PROOF_AHEAD = timedelta(hours=24)
"""A frozen mail proves something if it was accepted this long before the randomness fell due."""


@dataclass(frozen=True, slots=True)
class Line:
    """One rank. The page shows an alias or initials, never `name` itself; both None: a former colleague."""

    rank: int
    entrant: str
    alias: str | None
    name: str | None
    state: str
    why: str | None
    prize: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What anybody may know of a draw."""

    entrants: int
    tickets: int
    mails: int
    """Entrants' mails, sent or not; while they are being written, as many as there will be."""
    proofs: int
    """Those accepted at least 24 hours before the randomness fell due."""
    lines: tuple[Line, ...]
    lapsed: tuple[str, ...]
    """Prizes that nobody holds any more."""


def rules_file(draw: Draw) -> bytes:
    """Return the rules exactly as they are served and hashed."""
    return draw.rules.encode()


@dataclass(frozen=True, slots=True)
class RulesRead:
    """The rules as a page shows them."""

    text: str
    language: str | None
    """None: the liaison wrote them, in whatever language she chose."""
    binding: bool
    """This very text is hashed into the pool; another one says the same in another language."""


def rules_for(draw: Draw, language: str) -> RulesRead:
    """Return the rules in a reader's language where we have them in it, else as they bind."""
    kept = draw.rules_in or {}
    if language in kept:
        return RulesRead(kept[language], language, binding=False)
    return RulesRead(draw.rules, "en" if kept else None, binding=True)


def source_file(draw: Draw) -> bytes:
    """Return the source's text exactly as it is served and hashed."""
    return draw.source_text.encode()


def ranks_file(draw: Draw) -> bytes:
    """Return the ranks as they are served: a line `<rank>,<entrant>` each."""
    return "".join(f"{rank.rank},{rank.entrant}\n" for rank in draw.ranks).encode()


def frozen_occasion(draw: Draw) -> str:
    """Return the occasion of the entrants' mails."""
    return f"draw:{draw.name}:frozen"


def outcome(draw: Draw) -> Outcome:
    """Return the public facts of a draw; it reads only."""
    entrants, tickets = db.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Entrant.tickets), 0)).where(Entrant.draw_id == draw.id)
    ).one()
    mails = sa.select(sa.func.count()).where(Outbox.kind == "frozen", Outbox.occasion == frozen_occasion(draw))
    unwritten = sa.select(FrozenMails.people).where(FrozenMails.draw_id == draw.id, FrozenMails.finished_at.is_(None))
    return Outcome(
        entrants=entrants,
        tickets=int(tickets),
        mails=db.session.scalar(unwritten) or db.session.scalar(mails) or 0,
        proofs=_proofs(mails, draw.due_at),
        lines=tuple(_lines(draw)),
        lapsed=tuple(_lapsed(draw)),
    )


def _proofs(mails: sa.Select[Any], due_at: datetime | None) -> int:
    if due_at is None:
        return 0
    accepted = (Outbox.state.in_((MailState.ACCEPTED, MailState.DELIVERED)), Outbox.settled_at <= due_at - PROOF_AHEAD)
    return db.session.scalar(mails.where(*accepted)) or 0


def _lines(draw: Draw) -> list[Line]:
    rows = db.session.execute(
        sa.select(Rank, Prize.name, Employee.alias, Employee.name)
        .outerjoin(Prize, Rank.prize_id == Prize.id)
        .outerjoin(Employee, Employee.subject == Rank.subject)
        .where(Rank.draw_id == draw.id)
        .order_by(Rank.rank)
    )
    return [
        Line(rank.rank, rank.entrant, alias, name, rank.state, rank.why, prize) for rank, prize, alias, name in rows
    ]


def _lapsed(draw: Draw) -> list[str]:
    if draw.status != DrawStatus.DRAWN or any(rank.state == "waiting" for rank in draw.ranks):
        return []
    held = {rank.prize_id for rank in draw.ranks if rank.state in ("offered", "claimed")}
    return [prize.name for prize in draw.prizes if prize.id not in held]
