"""The trail. In: what happens to a draw. Out: lines that are only ever added, in public, without a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from scoring import draw_trail as rules_of
from scoring.draws import sha256
from service import clock
from service.database import db
from service.models import Draw, DrawEvent


def locked(draw: Draw) -> Draw:
    """Return the draw's row as it is now, kept from others until the transaction ends."""
    return db.session.scalars(
        sa.select(Draw).where(Draw.id == draw.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def note(draw: Draw, kind: str, **facts: Any) -> None:
    """Add a line to the draw's trail. The draw's row is new or kept from others; does not commit.

    `facts` are texts and whole numbers that everybody may read for ever.
    """
    assert kind in rules_of.KINDS
    db.session.flush()
    last = db.session.scalar(
        sa.select(DrawEvent).where(DrawEvent.draw_id == draw.id).order_by(DrawEvent.number.desc()).limit(1)
    )
    former = sha256(line_of(draw, last)) if last else rules_of.FIRST
    number = last.number + 1 if last else 1
    db.session.add(DrawEvent(draw_id=draw.id, number=number, at=clock.now(), kind=kind, facts=facts, former=former))
    db.session.flush()


def line_of(draw: Draw, event: DrawEvent) -> str:
    """Return one line as published, without LF."""
    return rules_of.line(draw.name, event.number, event.at, event.former, event.kind, event.facts)


def events(draw: Draw) -> Sequence[DrawEvent]:
    """Return the lines of the draw's trail in their order."""
    return db.session.scalars(sa.select(DrawEvent).where(DrawEvent.draw_id == draw.id).order_by(DrawEvent.number)).all()


def trail_file(draw: Draw) -> bytes:
    """Return the trail exactly as it is served."""
    return "".join(f"{line_of(draw, event)}\n" for event in events(draw)).encode()


def last_hash(draw: Draw) -> str:
    """Return the SHA-256 of the last line: whoever keeps it sees later whether all before is the same."""
    told = events(draw)
    return sha256(line_of(draw, told[-1])) if told else rules_of.FIRST


def disqualified(draw: Draw) -> dict[str, str]:
    """Return who was disqualified before the randomness was known, as the trail says: entrant → reason."""
    told = sa.select(DrawEvent.facts).where(DrawEvent.draw_id == draw.id, DrawEvent.kind == "disqualified")
    return {facts["entrant"]: facts["reason"] for facts in db.session.scalars(told)}


def check(draw: Draw) -> list[str]:
    """Return what does not hold in the trail, in plain sentences."""
    told = events(draw)
    found = []
    wrong = rules_of.broken(draw.name, [line_of(draw, event) for event in told])
    if wrong is not None:
        found.append(f"Line {wrong} of the trail does not follow the one before.")
    said = {event.kind: event.facts for event in told}
    if draw.pool_hash and said.get("frozen", {}).get("pool") != draw.pool_hash:
        found.append("The trail does not say that this pool was frozen.")
    if draw.randomness and said.get("randomness", {}).get("randomness") != draw.randomness:
        found.append("The trail does not say that this randomness came.")
    return found
