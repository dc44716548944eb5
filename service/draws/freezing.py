"""Freezing. In: an open draw and when its randomness falls due. Out: a pool that never changes, and mails."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from emails.values import FrozenTickets
from scoring import badges, drand, weeks
from scoring import draws as rules_of
from scoring.shares import Facts
from service import clock, outbox, quarantine, settings
from service.books import known, terms
from service.database import db
from service.draws import beacon
from service.draws.published import frozen_occasion, rules_file, source_file
from service.journal import log
from service.models import Draw, Employee, Entrant, Liaison, Programme, Share
from service.models.draws import Beacon, DrawStatus
from service.models.people import Status
from service.validation import N_, Check

AHEAD = timedelta(hours=48)
"""The randomness falls due at least this long after the freeze, so that nobody can know it."""


def freeze(draw: Draw, due_at: datetime) -> Draw:
    """Fix the pool, publish it and put each entrant's mail into the outbox; without entrants the draw is void. Commits.

    `due_at` (aware) is when the randomness becomes known, at least 48 hours from now. Raises
    service.validation.Invalid; a draw that is frozen is never frozen again.
    """
    quarantine.look()  # visits that look odd bring no ticket before somebody decided
    draw = db.session.scalars(
        sa.select(Draw).where(Draw.id == draw.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    now = clock.now()
    asked = Check()
    if draw.status != DrawStatus.OPEN:
        asked.refuse("name", N_("This draw is frozen; it never changes again."))
    if due_at < now + AHEAD:
        asked.refuse("due_at", N_("Choose a moment at least 48 hours from now, so that nobody can know the numbers."))
    if draw.beacon == Beacon.NUMBERS and not draw.source_text:
        asked.refuse("source_text", N_("Say which public numbers decide: event, date, order, and the substitute."))
    asked.done()
    draw.month = draw.month or weeks.month_of(now, terms().zone)
    draw.frozen_at = now
    if draw.beacon == Beacon.DRAND:
        round_ = drand.round_from(due_at)
        draw.due_at = drand.time_of(round_)
        draw.source, draw.source_text = f"drand-quicknet/{round_}", beacon.source_words(round_)
    else:
        draw.due_at, draw.source = due_at, "numbers/" + rules_of.sha256(source_file(draw))
    entrants = [(person, tickets, secrets.token_hex(16)) for person, tickets, why in _holders(draw) if not why]
    if not entrants:
        draw.status = DrawStatus.VOID
        db.session.commit()
        log.info("draw void", draw=draw.name)
        return draw
    rows = [
        Entrant(
            draw_id=draw.id,
            subject=person.subject,
            entrant=rules_of.entrant(draw.name, salt, person.email or ""),
            salt=salt,
            tickets=tickets,
        )
        for person, tickets, salt in entrants
    ]
    pool = rules_of.make_pool(
        draw.name,
        rules_of.sha256(rules_file(draw)),
        draw.source,
        len(draw.prizes),
        len(draw.prizes) + draw.alternates,
        [(row.entrant, row.tickets) for row in rows],
    )
    file = rules_of.file_of(pool)
    draw.pool, draw.pool_hash, draw.status = file.decode(), rules_of.sha256(file), DrawStatus.FROZEN
    db.session.add_all(rows)
    for (person, _, _), row in zip(entrants, rows, strict=True):
        facts = _facts(draw, row, len(rows), pool.total)
        outbox.enqueue(person, "frozen", frozen_occasion(draw), {"frozen": facts.to_json()})
    db.session.commit()
    log.info("draw frozen", draw=draw.name, entrants=len(rows), tickets=pool.total)
    return draw


def _facts(draw: Draw, row: Entrant, entrants: int, total: int) -> FrozenTickets:
    assert draw.pool_hash and draw.source and draw.due_at and row.salt
    return FrozenTickets(
        draw=draw.name,
        title=draw.title,
        tickets=row.tickets,
        entrant=row.entrant,
        salt=row.salt,
        pool=draw.pool_hash,
        source=draw.source,
        source_text=draw.source_text,
        due=draw.due_at,
        page=f"{settings().base_url}/draws/{draw.name}",
        entrants=entrants,
        total=total,
    )


def entries_due(draw: Draw) -> list[tuple[str, int]]:
    """Return who would enter if the draw were frozen now, as (subject, tickets)."""
    return [(person.subject, tickets) for person, tickets, why in _holders(draw) if not why]


def left_out(draw: Draw) -> dict[str, str]:
    """Return who holds tickets of the draw's month and is not in its pool: subject → reason.

    Reasons: liaison, excluded, suspended, left, gone, erased; `later` for tickets that became known after the freeze.
    """
    inside = set(db.session.scalars(sa.select(Entrant.subject).where(Entrant.draw_id == draw.id)))
    frozen = draw.status != DrawStatus.OPEN
    return {
        person.subject: why or "later"
        for person, _, why in _holders(draw)
        if person.subject not in inside and (why or frozen)
    }


def not_in_pool(employee: Employee) -> list[tuple[Draw, str]]:
    """Return the frozen draws, not drawn yet, in whose month she holds tickets without being in the pool, and why.

    For her own page, where she is told before the numbers are known; reasons as in `left_out`.
    """
    inside = sa.select(Entrant.draw_id).where(Entrant.subject == employee.subject)
    waiting = sa.select(Draw).where(Draw.status == DrawStatus.FROZEN, Draw.id.not_in(inside)).order_by(Draw.id)
    return [
        (draw, _why_not(employee, _liaisons()) or "later")
        for draw in db.session.scalars(waiting)
        if _tickets(draw, employee.subject)
    ]


def _holders(draw: Draw) -> Iterator[tuple[Employee, int, str | None]]:
    """Everyone with tickets: employee, tickets, and why she does not enter (None: she does)."""
    tickets = _tickets(draw)
    liaisons = _liaisons()
    subjects = sorted(tickets)
    for n in range(0, len(subjects), 500):
        people = sa.select(Employee).where(Employee.subject.in_(subjects[n : n + 500])).order_by(Employee.subject)
        for person in db.session.scalars(people):
            yield person, tickets[person.subject], _why_not(person, liaisons)


def _liaisons() -> set[str]:
    found = set(db.session.scalars(sa.select(Liaison.email)))
    found |= set(db.session.scalars(sa.select(Programme.liaison_email)))
    return {address.casefold() for address in found}


def _why_not(person: Employee, liaisons: set[str]) -> str | None:
    if not person.email:
        return "erased"
    if person.status in (Status.LEFT, Status.GONE, Status.SUSPENDED):
        return str(person.status)
    if person.email.casefold() in liaisons:
        return "liaison"
    return "excluded" if person.excluded_from_draws else None


def _tickets(draw: Draw, subject: str | None = None) -> dict[str, int]:
    """Tickets by subject, or of one alone.

    The month's active weeks, and weeks of the draw before that became known after its freeze.
    """
    agreed = terms()
    month = draw.month or weeks.month_of(clock.now(), agreed.zone)
    at_most = agreed.rules.tickets_a_month
    before = _draw_before(month)
    hers: dict[str, list[Facts]] = defaultdict(list)
    confirmed = sa.select(Share).where(Share.state.in_(("confirmed", "engaged")))
    for share in db.session.scalars(confirmed if subject is None else confirmed.where(Share.subject == subject)):
        hers[share.subject].append(known(share))
    found = {}
    for who, shares in hers.items():
        active = badges.active_weeks(shares, agreed.zone)
        held = weeks.tickets(active, month, at_most)
        if before and before.month and before.frozen_at:
            then = [week for week, at in active.items() if at <= before.frozen_at]
            held += weeks.tickets(active, before.month, at_most) - weeks.tickets(then, before.month, at_most)
        if held:
            found[who] = held
    return found


def _draw_before(month: str) -> Draw | None:
    return db.session.scalar(
        sa.select(Draw)
        .where(Draw.month < month, Draw.status.in_((DrawStatus.FROZEN, DrawStatus.DRAWN)))
        .order_by(Draw.month.desc(), Draw.frozen_at.desc())
        .limit(1)
    )
