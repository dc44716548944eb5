"""Freezing. In: an open draw and when its randomness falls due. Out: a pool that never changes, its mails begun."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scoring import drand
from scoring import draws as rules_of
from service import clock, quarantine
from service.bulk import insert_new
from service.database import db
from service.draws import beacon, frozen_mails, trail
from service.draws.holders import Holder, earned, holders, month_of
from service.draws.published import rules_file, source_file
from service.draws.trail import locked
from service.journal import log
from service.models import Draw, Employee, Entrant, LeftOut
from service.models.draws import Beacon, DrawKind, DrawStatus
from service.validation import N_, Check

AHEAD = timedelta(hours=48)
"""The randomness falls due at least this long after the freeze, so that nobody can know it."""


def freeze(draw: Draw, due_at: datetime) -> Draw:
    """Fix the pool, publish it and have each entrant's mail written; without entrants the draw is void. Commits.

    The pool is one commit, with the note that its mails are to be written (`frozen_mails`): those of few entrants are
    when this returns, for those of many who calls wakes the task `frozen_mails.TASK`.

    `due_at` (aware) is when the randomness becomes known, at least 48 hours from now; of drand it is the first round
    from then on. Raises service.validation.Invalid; a draw that is frozen is never frozen again.
    """
    quarantine.look()  # visits that look odd bring no ticket before somebody decided
    draw = locked(draw)
    now = clock.now()
    asked = Check()
    if draw.status != DrawStatus.OPEN:
        asked.refuse("name", N_("This draw is frozen; it never changes again."))
    if due_at < now + AHEAD:
        asked.refuse("due_at", N_("Choose a moment at least 48 hours from now, so that nobody can know the numbers."))
    if draw.beacon == Beacon.NUMBERS and not draw.source_text:
        asked.refuse("source_text", N_("Say which public numbers decide: event, date, order, and the substitute."))
    asked.done()
    if draw.kind == DrawKind.MONTH:
        draw.month = month_of(draw)
    draw.frozen_at = now
    if draw.beacon == Beacon.DRAND:
        round_ = drand.round_from(due_at)
        draw.due_at = drand.time_of(round_)
        draw.source, draw.source_text = f"drand-quicknet/{round_}", beacon.source_words(round_)
    else:
        draw.due_at, draw.source = due_at, "numbers/" + rules_of.sha256(source_file(draw))
    entries = _enter(draw)
    if not entries:
        draw.status = DrawStatus.VOID
        trail.note(draw, "void")
        db.session.commit()
        log.info("draw void", draw=draw.name)
        return draw
    pool = rules_of.make_pool(
        draw.name,
        rules_of.sha256(rules_file(draw)),
        draw.source,
        len(draw.prizes),
        len(draw.prizes) + draw.alternates,
        entries,
    )
    file = rules_of.file_of(pool)
    draw.pool, draw.pool_hash, draw.status = file.decode(), rules_of.sha256(file), DrawStatus.FROZEN
    trail.note(
        draw,
        "frozen",
        pool=draw.pool_hash,
        source=draw.source,
        due=draw.due_at.isoformat(),
        entrants=len(entries),
        tickets=pool.total,
    )
    frozen_mails.begin(draw, len(entries), pool.total)
    db.session.commit()
    log.info("draw frozen", draw=draw.name, entrants=len(entries), tickets=pool.total)
    if len(entries) <= frozen_mails.AT_ONCE:
        frozen_mails.write(draw.id)
    return draw


def _enter(draw: Draw) -> list[tuple[str, int]]:
    """Write who enters and who does not, streaming; return the pool's lines."""
    entries: list[tuple[str, int]] = []
    outside: list[dict[str, Any]] = []

    def inside() -> Iterator[dict[str, Any]]:
        for one in holders(draw):
            if one.why:
                outside.append(_left_out(draw, one))
                continue
            salt = secrets.token_hex(16)
            entrant = rules_of.entrant(draw.name, salt, one.email or "")
            entries.append((entrant, one.tickets))
            yield {
                "draw_id": draw.id,
                "subject": one.subject,
                "entrant": entrant,
                "salt": salt,
                "tickets": one.tickets,
                "free": one.free,
            }

    insert_new(Entrant, inside())
    insert_new(LeftOut, outside)
    return entries


def _left_out(draw: Draw, one: Holder) -> dict[str, Any]:
    return {"draw_id": draw.id, "subject": one.subject, "tickets": one.earned, "why": one.why}


def entries_due(draw: Draw) -> list[tuple[str, int]]:
    """Return who would enter if the draw were frozen now, as (subject, tickets)."""
    return [(one.subject, one.tickets) for one in holders(draw) if not one.why]


def left_out(draw: Draw) -> dict[str, str]:
    """Return who holds tickets of the draw and is not in its pool: subject → reason.

    Reasons: liaison, excluded, suspended, left, gone, erased, team, office, country, new, recent
    (service.draws.holders); once it is frozen also `later`, for tickets that became known after.
    """
    if draw.status == DrawStatus.OPEN:
        return {one.subject: one.why for one in holders(draw) if one.why}
    found = {subject: why for subject, why in db.session.execute(_outside(draw))}  # noqa: C416
    inside = set(db.session.scalars(sa.select(Entrant.subject).where(Entrant.draw_id == draw.id)))
    return found | {who: "later" for who, _ in earned(draw) if who not in inside and who not in found}


def _outside(draw: Draw) -> sa.Select[str, str]:
    return sa.select(LeftOut.subject, LeftOut.why).where(LeftOut.draw_id == draw.id)


def not_in_pool(employee: Employee) -> list[tuple[Draw, str]]:
    """Return the frozen draws, not drawn yet, whose tickets she holds without being in the pool, and why.

    For her own page, where she is told before the numbers are known; reasons as in `left_out`,
    and `too-late` where no next draw takes these tickets.
    """
    inside = sa.select(Entrant.draw_id).where(Entrant.subject == employee.subject)
    waiting = sa.select(Draw).where(Draw.status == DrawStatus.FROZEN, Draw.id.not_in(inside)).order_by(Draw.id)
    found = []
    for draw in db.session.scalars(waiting):
        why = db.session.scalar(
            sa.select(LeftOut.why).where(LeftOut.draw_id == draw.id, LeftOut.subject == employee.subject)
        )
        if why is None and next(earned(draw, employee.subject), None):
            why = "later" if draw.kind == DrawKind.MONTH else "too-late"
        if why:
            found.append((draw, why))
    return found
