"""Tallies. In: an edition. Out: how many mails stand where, who gets none and why, and what there is to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa

from service import clock, delivery, programmes, readers, weeks
from service.database import db
from service.delivery.limits import WAITING as RATE_LIMIT
from service.delivery.words import held, stopped
from service.models import Edition, Omission, Outbox, Sending
from service.models.mail import EditionStatus, MailState
from service.models.results import EditionFigure
from service.validation import N_, Words

SENT = (MailState.ACCEPTED, MailState.DELIVERED)
PATIENCE = timedelta(minutes=15)
"""Work this long overdue means that nobody is doing it."""
WINDOW = timedelta(minutes=1)
"""The rate of sending is that of the last minute."""
WAITING = (MailState.QUEUED, MailState.LEASED, MailState.SUBMITTING, MailState.RETRY)
PARTS = ("sent", "waiting", "held", "failed", "ambiguous", "suppressed", "cancelled")
"""What the planned mails are made of: each stands in one of these."""
EXACTLY = 20_000
"""Up to so many people it is counted who of the overdue is not planned; of more only how many it must be at least."""


@dataclass(frozen=True)
class Tally:
    """Where an edition stands. `mails` counts outbox states; `whys` counts (state, why) of those that need a word."""

    week: str
    status: str
    paused: bool
    held_why: str | None
    leaves_at: datetime | None
    first_slot: datetime
    last_slot: datetime
    mails: dict[str, int] = field(default_factory=dict)
    whys: dict[str, dict[str, int]] = field(default_factory=dict)
    omitted: dict[str, int] = field(default_factory=dict)
    undecided: int = 0
    """People whose slot has not been planned yet."""
    due: int = 0
    """Of those waiting, mails whose hour has come, and those that only a rate limit put off: they keep the sender busy,
    the others wait."""
    flows: bool = True
    """False while nothing of this edition is sent: paused, stopped, or all sending held."""
    unplanned: int = 0
    """People whose time came PATIENCE ago and who are not planned; 0 where nothing is to flow."""
    overdue: int = 0
    """Mails that should have left PATIENCE ago; 0 where nothing is to flow, and while mails of the edition leave."""
    rate: float | None = None
    """Mails sent a minute, as measured just now; None where none was."""
    advice: tuple[Words, ...] = ()
    """What there is to do, the most urgent first."""

    @property
    def planned(self) -> int:
        """All mails of the edition, in whatever state."""
        return sum(self.mails.values())

    @property
    def sent(self) -> int:
        return sum(self.mails.get(s, 0) for s in SENT)

    @property
    def waiting(self) -> int:
        return sum(self.mails.get(s, 0) for s in WAITING)

    @property
    def held(self) -> int:
        return self.mails.get(MailState.HELD, 0)

    @property
    def failed(self) -> int:
        return sum(self.mails.get(s, 0) for s in (MailState.FAILED, MailState.BOUNCED, MailState.DROPPED))

    @property
    def ambiguous(self) -> int:
        return self.mails.get(MailState.AMBIGUOUS, 0)

    @property
    def suppressed(self) -> int:
        return self.mails.get(MailState.SUPPRESSED, 0)

    @property
    def cancelled(self) -> int:
        return self.mails.get(MailState.CANCELLED, 0)

    @property
    def seconds_left(self) -> int | None:
        """Seconds until what is due has left, at the present rate; None where nothing is due or nothing moves."""
        return ceil(self.due / self.rate * 60) if self.due and self.rate and self.flows else None

    @property
    def moving(self) -> bool:
        """True while time alone may change these figures."""
        return self.status in (EditionStatus.RELEASED, EditionStatus.CLOSING) and bool(self.waiting or self.undecided)

    def to_json(self) -> dict[str, Any]:
        plain = asdict(self)
        for name in ("leaves_at", "first_slot", "last_slot"):
            plain[name] = plain[name] and plain[name].isoformat()
        sums = {name: getattr(self, name) for name in ("planned", *PARTS)}
        return {**plain, **sums, "seconds_left": self.seconds_left, "advice": [str(words) for words in self.advice]}


@dataclass(frozen=True)
class Noted:
    """What became of an edition's mails, as noted at the last hour."""

    sent: int = 0
    """Mails that left, whatever came of them."""
    failed: int = 0
    """Of all mails those that came back, were dropped or refused."""
    waiting: int = 0


def noted(ids: Iterable[int]) -> dict[int, Noted]:
    """Return edition id → what was noted of its mails; editions of which nothing is noted yet are absent."""
    found = {}
    bad = (MailState.FAILED, MailState.BOUNCED, MailState.DROPPED)
    left = (*SENT, MailState.BOUNCED, MailState.DROPPED, MailState.AMBIGUOUS)
    for row in db.session.scalars(sa.select(EditionFigure).where(EditionFigure.edition_id.in_(list(ids)))):
        states = row.states
        found[row.edition_id] = Noted(
            sent=sum(states.get(s, 0) for s in left),
            failed=sum(states.get(s, 0) for s in bad),
            waiting=sum(states.get(s, 0) for s in (*WAITING, MailState.HELD)),
        )
    return found


def status(edition: Edition) -> Tally:
    """Return where the edition stands now; reads only."""
    mails: dict[str, int] = {}
    whys: dict[str, dict[str, int]] = {}
    now = clock.now()
    asked = (
        sa.select(
            Outbox.state,
            Outbox.why,
            sa.func.count(),
            sa.func.count(sa.case((sa.or_(Outbox.due_at <= now, Outbox.why == RATE_LIMIT), 1))),
            sa.func.count(sa.case((Outbox.due_at <= now - PATIENCE, 1))),
            sa.func.count(sa.case((Outbox.settled_at > now - WINDOW, 1))),
            sa.func.min(sa.case((Outbox.settled_at > now - WINDOW, Outbox.settled_at))),
        )
        .where(Outbox.edition_id == edition.id, Outbox.kind == readers.KIND)
        .group_by(Outbox.state, Outbox.why)
    )
    due, overdue, lately, begun = 0, 0, 0, now
    for state, why, n, due_now, long_due, settled, first in db.session.execute(asked):
        mails[state] = mails.get(state, 0) + n
        if why:
            whys.setdefault(state, {})[why] = n
        if state in WAITING:
            due += due_now
            overdue += long_due if state == MailState.QUEUED else 0
        elif state in SENT and settled:
            lately, begun = lately + settled, min(begun, first)
    reasons = sa.select(Omission.reason, sa.func.count()).where(Omission.edition_id == edition.id)
    omitted: dict[str, int] = dict(db.session.execute(reasons.group_by(Omission.reason)).all())
    undecided = 0
    if edition.status in (EditionStatus.DRAFT, EditionStatus.RELEASED, EditionStatus.CLOSING):
        undecided = readers.undecided(edition, programmes.current(), sum(mails.values()), sum(omitted.values()))
    first, last = weeks.bounds(edition.week)
    holding = delivery.held()
    flows = not (edition.paused or edition.held_why or holding is not None)
    at_work = flows and edition.status in (EditionStatus.RELEASED, EditionStatus.CLOSING)
    unplanned = _unplanned(edition, undecided, now) if at_work and undecided else 0
    overdue = overdue if at_work and not lately else 0  # a long edition takes its time, and that is no fault
    advice = _advice(edition, holding, mails, whys, now) + _asleep(unplanned, overdue)
    return Tally(
        week=edition.week,
        status=edition.status,
        paused=edition.paused,
        held_why=edition.held_why,
        leaves_at=edition.leaves_at,
        first_slot=first,
        last_slot=last,
        mails=dict(sorted(mails.items())),
        whys=whys,
        omitted=omitted,
        undecided=undecided,
        due=due,
        flows=flows,
        unplanned=unplanned,
        overdue=overdue,
        rate=lately * 60 / max(1.0, (now - begun).total_seconds()) if lately else None,
        advice=tuple(advice),
    )


def _unplanned(edition: Edition, undecided: int, now: datetime) -> int:
    """Return how many of the undecided had their time PATIENCE ago; of many people only how many at the least.

    Slots are planned together as their time comes, so of a large programme it is enough to see whether more are
    undecided than have their time still to come: to know it exactly, everybody is compared with every mail.
    """
    programme, long_ago = programmes.current(), now - PATIENCE
    slots = readers.all_slots(edition.week, programme)
    past = sum(n for slot, n in slots.items() if slot.at <= long_ago)
    people = sum(slots.values())
    if people > EXACTLY or not past:
        return max(0, undecided - (people - past))
    return sum(readers.undecided_slots(edition, programme, now, again=False, until=long_ago).values())


def _asleep(unplanned: int, overdue: int) -> list[Words]:
    """Return what points to a worker that does not run: work that was due a while ago and is not done."""
    found = []
    if unplanned:
        message = N_("People whose time has come and who are not planned: %(n)d. Does a worker run (`goodword up`)?")
        found.append(Words(message, {"n": unplanned}))
    if overdue:
        message = N_("Mails that are due and do not leave: %(n)d. Does a worker run (`goodword up`)?")
        found.append(Words(message, {"n": overdue}))
    return found


def _advice(
    edition: Edition, holding: Sending | None, mails: dict[str, int], whys: dict[str, dict[str, int]], now: datetime
) -> list[Words]:
    found = [held(holding.held_why)] if holding is not None and holding.held_why else []
    if edition.held_why:
        found.append(
            Words(
                N_("Sending stopped: %(why)s. Put that right, then run `goodword digest resume`."),
                {"why": stopped(edition.held_why)},
            )
        )
    if n := mails.get(MailState.AMBIGUOUS):
        found.append(
            Words(
                N_(
                    "Mails in doubt: %(n)d. Nobody knows whether they arrived, so none is sent again by itself. "
                    "`goodword mail list --state ambiguous` shows them, `goodword mail resolve` decides."
                ),
                {"n": n},
            )
        )
    if n := whys.get(MailState.HELD, {}).get("late"):
        found.append(
            Words(
                N_(
                    "Mails a day late: %(n)d. `goodword digest resume --late` sends them all the same; "
                    "else they end a week after the last slot."
                ),
                {"n": n},
            )
        )
    if n := mails.get(MailState.FAILED):
        found.append(
            Words(N_("Mails refused for good: %(n)d. `goodword mail list --state failed` says why."), {"n": n})
        )
    if edition.paused:
        found.append(Words(N_("The edition is paused; `goodword digest resume` lets it flow.")))
    if weeks.is_overdue(edition):
        found.append(
            Words(N_("The first mails are due within a day and the edition is a draft; `goodword digest release`."))
        )
    if edition.status == EditionStatus.RELEASED and edition.leaves_at and now < edition.leaves_at:
        found.append(
            Words(
                N_("Nothing leaves for %(n)d more seconds; `goodword digest undo` returns to draft."),
                {"n": int((edition.leaves_at - now).total_seconds())},
            )
        )
    return found
