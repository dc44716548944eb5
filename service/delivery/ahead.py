"""Ahead. In: a lease's rows. Out: what their mails are made of, read at once; a window of them begun by one question.

PostgreSQL alone: what is read ahead counts only while the very same version of a row stands where it stood, and while
nothing at all is known against its mail. Everything else is looked at again and row by row (windows.Desk).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.compose import ELSEWHERE, Due
from service.delivery import mirrors, settle
from service.delivery.leases import flows
from service.delivery.prepared import Prepared, Tongue, given, listed
from service.models.mail import Edition, MailState, Outbox, Suppression
from service.models.people import Employee, Status

_PLACE = sa.literal_column("CAST(outbox.ctid AS text)", sa.String)
"""Where a row's present version stands: whoever changes the row, an erasure too, leaves another version elsewhere."""


class Known(NamedTuple):
    """A leased row as it was read ahead: what composing needs, but for the stories; where the mail and the row are."""

    due: Due
    address: str
    place: str


class Departure(NamedTuple):
    """What the commit to `submitting` says."""

    mark: str | None
    held: str | None
    number: int
    settled: int
    begun: int
    some: str | None
    """The begun rows' ids where not all were."""


def _hers() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a row's employee still has the address it was made for, and is no special case."""
    here = Employee.email.is_not(None), Employee.status.in_((Status.INVITED, Status.ACTIVE))
    return (Employee.address_hash == Outbox.address_hash, *here)


def _learnt(tongue: Tongue) -> Any:
    """Return the question for a lease's rows against which nothing seems to speak."""
    return (
        sa.select(
            *(Outbox.id, Outbox.kind, Outbox.subject, Outbox.address_hash, Outbox.language, Outbox.edition_id),
            *(Outbox.selection_id, Outbox.facts, Outbox.message_id, Edition.released_at),
            *(Employee.email, _PLACE),
        )
        .join(Employee, Employee.subject == Outbox.subject)
        .outerjoin(Edition, Edition.id == Outbox.edition_id)
        .where(
            tongue.one_of(Outbox.id, "ids"),
            Outbox.lease == given("token"),
            Outbox.state == MailState.LEASED,
            Outbox.kind.not_in(ELSEWHERE),
            *_hers(),
        )
    )


def _departed(tongue: Tongue) -> Any:
    """Return gate, number, accepted and begun rows in one statement; where all is held it changes no mail.

    Begun is only what nobody could have an objection to: her address is the row's, no suppression of it exists, she
    neither pauses nor left, the edition flows. Editions are read under a shared lock: a pause either waits for this
    commit, or is seen by it.
    """
    gate, drawn = mirrors.gate().cte("gate"), mirrors.next_number().cte("drawn")
    flowing = sa.select(Edition.id).where(flows(tongue.now)).with_for_update(read=True).cte("flowing")
    unheld = sa.exists(sa.select(gate.c.mark).where(gate.c.held_why.is_(None)))
    settled = settle.accepted(tongue).where(unheld).cte("settled")
    begun = (
        sa.update(Outbox)
        .where(
            sa.text("outbox.ctid = ANY (CAST(:places AS tid[]))").bindparams(given("places")),
            tongue.one_of(Outbox.id + 0, "ids"),  # a place that was cleared may hold another row; looked up by place
            Outbox.lease == given("token"),
            Outbox.state == MailState.LEASED,
            Outbox.lease_until > tongue.now,
            Employee.subject == Outbox.subject,
            *_hers(),
            ~sa.exists(sa.select(Suppression.scope).where(Suppression.address_hash == Outbox.address_hash)),
            sa.or_(
                Outbox.kind != "digest",
                Outbox.edition_id.is_(None),
                Outbox.edition_id.in_(sa.select(flowing.c.id)),
            ),
            unheld,
        )
        .values(
            state=MailState.SUBMITTING,
            submitted_at=tongue.now,
            lease_until=tongue.until,
            why=None,
            attempts=Outbox.attempts + 1,
        )
        .returning(Outbox.id)
        .cte("begun")
    )
    number = sa.func.count()
    some = sa.func.string_agg(sa.cast(begun.c.id, sa.String), ",")
    asked = sa.cast(given("number"), sa.Integer)
    return sa.select(
        sa.select(gate.c.mark).scalar_subquery(),
        sa.select(gate.c.held_why).scalar_subquery(),
        sa.select(drawn.c.id).scalar_subquery(),
        sa.select(number).select_from(settled).scalar_subquery(),
        sa.select(number).select_from(begun).scalar_subquery(),
        sa.select(sa.case((number < asked, some))).select_from(begun).scalar_subquery(),
    )


_LEARN, _DEPART = Prepared(_learnt), Prepared(_departed)


def learn(ids: Sequence[int], token: str) -> dict[int, Known]:
    """Return what the mails of a lease are made of, by row. Reads only; the caller ends the transaction."""
    rows = _LEARN.run(ids=listed(ids), token=token)
    return {due[0]: Known(Due._make((*due, None)), address, place) for *due, address, place in rows}


def depart(going: Sequence[Known], accepted: Sequence[int], token: str) -> Departure:
    """Begin these rows if nothing speaks against them, settle the accepted, draw a number.

    A transaction of its own, or part of the caller's where one is open.
    """
    (found,) = _DEPART.alone(
        places='{"' + '","'.join([each.place for each in going]) + '"}',
        ids=listed([each.due.id for each in going]),
        number=str(len(going)),
        accepted=listed(accepted),
        token=token,
    )
    return Departure._make(found)
