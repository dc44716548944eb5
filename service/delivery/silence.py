"""Silence. In: calls in doubt and the events around them. Out: mails of which nothing was heard, queued once more.

Off by default (GOODWORD_SENDGRID_SILENCE). Events are tried again for 24 hours; where 26 hours brought none for a call,
while calls within ten minutes before and after it were reported whole, the provider never took it.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from service import settings
from service.database import db
from service.delivery.leases import database_now
from service.journal import log
from service.models import Call, CallState, MailEvent, Outbox
from service.models.mail import MailState

SILENCE = timedelta(hours=26)
AROUND = timedelta(minutes=10)

OPEN = (CallState.UNCLEAR, CallState.SUBMITTING)
FIRST = ("processed", "dropped")
"""What a provider reports first of every mail it took."""


def settle_silence() -> int:
    """Queue the mails of calls that were certainly never taken, and commit; return how many. Safe at any moment."""
    if not settings().sendgrid.silence:
        return 0
    end = database_now() - SILENCE
    found = db.session.scalars(
        sa.select(Call).where(Call.state.in_(OPEN), Call.begun_at < end).order_by(Call.begun_at, Call.id)
    ).all()
    count = sum(_again(call) for call in found if not _heard(call) and _neighbours_are_whole(call))
    db.session.commit()
    return count


def _heard(call: Call) -> bool:
    asked = sa.select(MailEvent.id).where(MailEvent.token == call.token).limit(1)
    return db.session.scalar(asked) is not None


def _neighbours_are_whole(call: Call) -> bool:
    """Tell whether all that the provider took just before and just after was reported, of every member."""
    near = db.session.scalars(
        sa.select(Call).where(
            Call.id != call.id,
            Call.state != CallState.REFUSED,
            Call.begun_at.between(call.begun_at - AROUND, call.begun_at + AROUND),
        )
    )
    before = after = False
    for one in near:
        reported = db.session.scalar(
            sa.select(sa.func.count(MailEvent.outbox_id.distinct())).where(
                MailEvent.token == one.token, MailEvent.event.in_(FIRST)
            )
        )
        if reported == 0 and one.state != CallState.ACCEPTED:
            continue  # another one in doubt: it proves nothing, for or against
        if reported != one.members:
            return False
        if (one.begun_at, one.id) < (call.begun_at, call.id):
            before = True
        else:
            after = True
    return before and after


def _again(call: Call) -> int:
    """Queue the members that are still in doubt because of this call, not because of a later one."""
    back = db.session.scalars(
        sa.update(Outbox)
        .where(
            Outbox.id.in_(call.numbers),
            Outbox.state == MailState.AMBIGUOUS,
            Outbox.submitted_at <= call.begun_at,
        )
        # A day has passed: these are due now, not late, or nobody would ever send them.
        .values(state=MailState.QUEUED, why="silence", lease=None, lease_until=None, due_at=database_now(), attempts=0)
        .returning(Outbox.id)
        .execution_options(synchronize_session=False)
    ).all()
    call.state, call.numbers = CallState.SILENT, []
    log.warning("a call was never taken", call=call.id, queued=len(back))
    return len(back)
