"""Inviting. In: who waits, who is new, the clock. Out: invitations and onboarding mails in the outbox, each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from emails import onboarding
from emails.onboarding import Kind, Newcomer, Plan
from service import clock, employees_import, outbox, programmes, readers
from service.bulk import BATCH
from service.choices import mail_stopped
from service.database import db
from service.journal import log
from service.models import Employee, Outbox, Share
from service.models.mail import MailState
from service.models.people import Status
from service.people import gate
from service.rests import known_zone
from service.validation import N_, Invalid, Words

KINDS = ("invitation", *Kind)
LOST = (MailState.CANCELLED, MailState.SUPPRESSED)
"""A mail in such a state never was one to her; a row stays and no other of its kind is made."""

QUICK = {"synchronize_session": False}


def save(invite_on: date | None, welcome: bool, sharing: bool, reminders: int) -> None:
    """Say when invitations go and which mails follow; whoever need not wait any more is invited. Commits.

    Raises Invalid for more than two reminders.
    """
    if not 0 <= reminders <= onboarding.MOST_REMINDERS:
        raise Invalid({"reminders": Words(N_("Choose none, one or two reminders: nobody is reminded more often."))})
    row = gate.stored()
    row.invite_on, row.welcome, row.sharing, row.reminders = invite_on, welcome, sharing, reminders
    sort_out()
    db.session.commit()


def sort_out() -> int:
    """Let wait who has to, and invite whoever waited and need not any more; return how many. Does not commit."""
    db.session.flush()
    wait = gate.waiting()
    begin = sa.update(Employee).where(~Employee.waits, wait).values(waits=True)
    db.session.execute(begin.execution_options(**QUICK))
    free = list(db.session.scalars(sa.select(Employee.id).where(Employee.waits, ~wait).order_by(Employee.id)))
    for start in range(0, len(free), BATCH):
        batch = Employee.id.in_(free[start : start + BATCH])
        db.session.execute(sa.update(Employee).where(batch).values(waits=False).execution_options(**QUICK))
    db.session.expire_all()
    bare = sa.and_(Employee.status == Status.INVITED, Employee.invited_at.is_(None), Employee.email.is_not(None))
    invited = 0
    for start in range(0, len(free), BATCH):
        asked = sa.select(Employee.id).where(bare, Employee.id.in_(free[start : start + BATCH]))
        invited += employees_import.invite(list(db.session.scalars(asked)))
    return invited


def tend() -> int:
    """Invite whose day has come, and put onboarding mails that are due into the outbox; return how many. Commits."""
    count = sort_out()
    db.session.commit()
    return count + _follow_up()


def plan() -> Plan:
    """Return what the programme wants of onboarding mails."""
    found = gate.settings()
    return Plan(found.welcome, found.sharing, found.reminders, programmes.current().opt_in)


def _follow_up() -> int:
    now, wanted = clock.now(), plan()
    last = now - onboarding.PATIENCE - onboarding.SHARING_WITHIN
    done = sa.exists().where(
        Outbox.subject == Employee.subject, Outbox.kind == Kind.SHARING, Outbox.occasion == Kind.SHARING
    )
    new = sa.and_(
        Employee.status.in_((Status.INVITED, Status.ACTIVE)),
        ~Employee.waits,
        Employee.email.is_not(None),
        Employee.invited_at > last,
        ~done,
    )
    count, at = 0, 0
    while True:
        asked = sa.select(Employee).where(new, Employee.id > at).order_by(Employee.id).limit(BATCH)
        people = db.session.scalars(asked).all()
        if not people:
            return count
        at = people[-1].id
        for who, facts in newcomers(people):
            kind = onboarding.due(facts, wanted, now)
            if kind is not None and not mail_stopped(who):
                count += _put(who, kind, facts, now)
        db.session.commit()
        db.session.expunge_all()


def _put(who: Employee, kind: Kind, facts: Newcomer, now: datetime) -> bool:
    number = 1 + sum(1 for had, _at in facts.mails if had == kind)
    occasion = f"{kind}:{number}" if kind == Kind.REMINDER else str(kind)
    row = outbox.enqueue(who, str(kind), occasion, {"number": number}, due_at=_her_hour(who, now))
    if row is not None:
        log.info("onboarding", kind=str(kind), subject=who.subject)
    return row is not None


def _her_hour(who: Employee, now: datetime) -> datetime:
    """Return the next moment at which it is the digest's hour where she is, on a working day."""
    programme = programmes.current()
    here = now.astimezone(ZoneInfo(known_zone(who.zone)))
    hour = who.slot_hour if who.slot_hour is not None else programme.slot_hour
    found = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    while found < here or found.isoweekday() > 5:
        found += timedelta(days=1)
    return found.astimezone(ZoneInfo("UTC"))


def newcomers(people: Sequence[Employee]) -> list[tuple[Employee, Newcomer]]:
    """Return what the rule has to know of each of these people. Reads only."""
    subjects = [each.subject for each in people]
    asked = sa.select(Outbox.subject, Outbox.kind, Outbox.state, Outbox.due_at, Outbox.settled_at).where(
        Outbox.subject.in_(subjects), Outbox.kind.in_((*KINDS, readers.KIND))
    )
    mails: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    first: dict[str, datetime] = {}
    for row in db.session.execute(asked):
        at = row.settled_at or row.due_at
        if row.kind != readers.KIND:
            mails[row.subject].append((row.kind, max(at, row.due_at)))
        elif row.state in readers.SHOWN:
            first[row.subject] = min(at, first.get(row.subject, at))
    proven = sa.select(Share.subject).where(Share.subject.in_(subjects), Share.state != "opened")
    shared = set(db.session.scalars(proven.distinct()))
    return [
        (
            each,
            Newcomer(
                status=each.status,
                invited_at=each.invited_at,
                answered=bool(each.chosen),
                stopped=each.waits,
                shared=each.subject in shared,
                first_digest=first.get(each.subject),
                mails=tuple(mails[each.subject]),
            ),
        )
        for each in people
    ]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people stand where on their way in."""

    waiting: int
    uninvited: int
    asked: int
    """Invited, no answer yet."""
    reminded: int
    """Of those, who was reminded."""
    active: int
    paused: int
    left: int


def counts() -> Counts:
    """Return how many people stand where on their way in. Reads only."""
    asked = sa.select(Employee.status, Employee.waits, Employee.invited_at.is_(None), sa.func.count())
    rows = db.session.execute(
        asked.where(Employee.email.is_not(None)).group_by(
            Employee.status, Employee.waits, Employee.invited_at.is_(None)
        )
    ).all()

    def of(*states: str, waits: bool | None = None, bare: bool | None = None) -> int:
        return sum(
            n
            for status, waited, without, n in rows
            if status in states and (waits is None or bool(waited) == waits) and (bare is None or bool(without) == bare)
        )

    reminded = sa.select(sa.func.count(sa.distinct(Outbox.subject))).where(
        Outbox.kind == Kind.REMINDER, Outbox.state.not_in(LOST)
    )
    still = reminded.where(Outbox.subject.in_(sa.select(Employee.subject).where(Employee.status == Status.INVITED)))
    return Counts(
        waiting=of(Status.INVITED, waits=True),
        uninvited=of(Status.INVITED, waits=False, bare=True),
        asked=of(Status.INVITED, waits=False, bare=False),
        reminded=db.session.scalar(still) or 0,
        active=of(Status.ACTIVE),
        paused=of(Status.PAUSED, Status.SUSPENDED),
        left=of(Status.LEFT, Status.GONE),
    )


def state(employee: Employee) -> Words:
    """Return in words how far her invitation is."""
    ((_who, facts),) = newcomers([employee])
    reminders = [at for kind, at in facts.mails if kind == Kind.REMINDER]
    if employee.waits:
        return Words(N_("Waits until the programme is widened, or for the day of the invitations."))
    if employee.invited_at is None:
        return Words(N_("Not invited yet."))
    if employee.status != Status.INVITED:
        return (
            Words(N_("Invited, and has begun.")) if employee.status != Status.LEFT else Words(N_("Invited, and left."))
        )
    if len(reminders) > 1:
        return Words(N_("Invited and reminded twice; nobody asks again."))
    return Words(N_("Invited and reminded once.")) if reminders else Words(N_("Invited, no answer yet."))


def sample(kind: str, language: str, now: datetime) -> Any:
    """Return a mail of this kind as a colleague would get it, for looking at; its links open nothing.

    Raises KeyError for an unknown kind.
    """
    from emails import invitation, values
    from emails.passes import make

    if kind not in KINDS:
        raise KeyError(kind)
    facts = values.Programme(**outbox.programme_facts())
    to = values.Recipient("Noor Benali", "noor@example.org", language, make(b"0" * 32, 0, b"\0" * 8, 1))
    name = "<preview@example.org>"
    if kind == "invitation":
        return invitation.compose(facts, to, (), name, now)
    return onboarding.compose(kind, facts, to, 1, name, now)
