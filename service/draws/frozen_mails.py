"""Frozen mails. In: pools that were frozen. Out: each entrant's mail in the outbox, once, however often it is stopped.

What all mails of a draw say the same is kept once, in the row that is made with the pool (models.FrozenMails); a mail's
own facts are whom it goes to, her salt, entrant and tickets. That row also says up to which entrant the mails are
written. It is kept from others and goes on in the transaction of the mails themselves: killed at any moment, a mail is
there together with the note of it, or neither is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from emails.values import FrozenTickets
from service import clock, outbox, passes, settings
from service.bulk import among
from service.database import db
from service.draws.published import frozen_occasion
from service.journal import log
from service.models import Draw, Employee, Entrant, FrozenMails
from service.models.mail import MailState
from service.models.people import Programme
from service.suppressions import address_hash, suppressed_among

AT_A_TIME = 5000
"""Entrants, by their ids, whose mails are written in one transaction."""
AT_ONCE = 2000
"""A pool of so many entrants has its mails written by whoever freezes it; a worker writes the others'."""
TASK = "frozen-mails"


def begin(draw: Draw, entrants: int, total: int) -> FrozenMails:
    """Note that the mails of this pool are to be written, with what they all say. Does not commit: the freeze does."""
    assert draw.pool_hash and draw.source and draw.due_at
    told = FrozenTickets(
        draw=draw.name,
        title=draw.title,
        tickets=0,
        entrant="",
        salt="",
        pool=draw.pool_hash,
        source=draw.source,
        source_text=draw.source_text,
        due=draw.due_at,
        page=f"{settings().base_url}/draws/{draw.name}",
        entrants=entrants,
        total=total,
    ).to_json()
    shared = {key: value for key, value in told.items() if key not in ("tickets", "entrant", "salt")}
    ids = sa.select(sa.func.min(Entrant.id), sa.func.max(Entrant.id)).where(Entrant.draw_id == draw.id)
    first, last = db.session.execute(ids).one()
    row = FrozenMails(
        draw_id=draw.id,
        facts={"programme": outbox.programme_facts(), "frozen": shared},
        people=entrants,
        last=first - 1,
        until=last,
        began_at=clock.now(),
    )
    db.session.add(row)
    return row


def of(draw: Draw) -> FrozenMails | None:
    """Return how far the mails of a draw are; None for one without a pool. Reads only."""
    return db.session.get(FrozenMails, draw.id, populate_existing=True)


def unwritten(draw: Draw) -> bool:
    """Tell whether mails of this draw's pool are not written yet; it is not drawn before they are."""
    row = of(draw)
    return row is not None and row.finished_at is None


def work(progress: Callable[[int], None] | None = None) -> int:
    """Write the mails of every pool that waits for them; return how many. A use case: commits after each step.

    `progress` is told how many each step wrote. Two that work at once take turns at the steps.
    """
    waiting = sa.select(FrozenMails.draw_id).where(FrozenMails.finished_at.is_(None)).order_by(FrozenMails.draw_id)
    written = 0
    while (number := db.session.scalars(waiting.limit(1)).first()) is not None:
        written += write(number, progress)
    return written


def write(draw_id: int, progress: Callable[[int], None] | None = None) -> int:
    """Write the mails of one pool that are not there yet; return how many. Commits after each step."""
    written = 0
    while (step := _step(draw_id)) is not None:
        db.session.commit()
        written += step
        if progress:
            progress(step)
    db.session.commit()
    if written:
        log.info("frozen mails written", draw=draw_id, mails=written)
    return written


def _step(draw_id: int) -> int | None:
    """Write the next entrants' mails and note it; return how many, None where nothing is left to write."""
    mine = sa.select(FrozenMails).where(FrozenMails.draw_id == draw_id).with_for_update()
    row = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    if row.finished_at is not None:
        return None
    upto = min(row.last + AT_A_TIME, row.until)
    # The ids alone lead to the rows: how many entrants this draw has, the planner does not know just after a freeze.
    hers = sa.select(Entrant.subject, Entrant.entrant, Entrant.salt, Entrant.tickets).where(
        Entrant.id > row.last, Entrant.id <= upto, Entrant.draw_id + 0 == draw_id
    )
    entrants = db.session.execute(hers.order_by(Entrant.id)).all()
    made = outbox.enqueue_many(_mails(draw_id, entrants))
    row.done, row.last = row.done + len(entrants), upto
    if upto >= row.until:
        row.finished_at = clock.now()
    return made


def _mails(draw_id: int, entrants: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Yield the outbox's row of each of these entrants who was not erased since the freeze."""
    draw = db.session.get_one(Draw, draw_id)
    assert draw.frozen_at is not None
    occasion = frozen_occasion(draw)
    signed = {"key": passes.newest_key_id(), "day": passes.today_number(clock.now())}
    fallback = db.session.scalars(sa.select(Programme.fallback_network)).one()
    asked = sa.select(
        Employee.subject,
        Employee.email,
        Employee.address_hash,
        Employee.name,
        Employee.language,
        Employee.networks,
        Employee.link_id,
    ).where(among(Employee.subject, [one.subject for one in entrants]), Employee.email.is_not(None))
    # Who is being erased is waited for, and whoever erases waits for this step: her mail is not written behind that.
    held = asked.order_by(Employee.id).with_for_update(read=True)
    people = {person.subject: person for person in db.session.execute(held)}
    hashes = {who: p.address_hash or address_hash(p.email) for who, p in people.items()}
    stopped = suppressed_among(list(hashes.values()), "frozen")
    for one in entrants:
        person = people.get(one.subject)
        if person is None or one.salt is None:
            continue
        hashed = hashes[one.subject]
        why = stopped.get(hashed)
        yield {
            "kind": "frozen",
            "occasion": occasion,
            "subject": one.subject,
            "address_hash": hashed,
            "language": person.language,
            "facts": {
                "to": {
                    "name": person.name or "",
                    "networks": list(person.networks) or [fallback],
                    "link_id": person.link_id,
                },
                "pass": signed,
                "frozen": {"of": draw_id, "tickets": one.tickets, "entrant": one.entrant, "salt": one.salt},
            },
            "state": MailState.SUPPRESSED if why else MailState.QUEUED,
            "why": why,
        }
