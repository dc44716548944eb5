"""Acts. In: employees that a liaison picked. Out: suspended, reinstated, out of draws, in a team, their links reset."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from service import clock, outbox, passes
from service.choices import today
from service.database import db
from service.fresh_links import KIND
from service.journal import log
from service.models import Employee, Outbox, RetiredLink, Suspension, Team
from service.models.mail import MailState
from service.models.people import Status
from service.validation import N_, Invalid, Words, one_line

LONGEST_WHY = 300
"""Signs of the reason for a suspension."""

ENDED = (Status.LEFT, Status.GONE)


def find(ids: Iterable[int]) -> list[Employee]:
    """Return these employees by their ids, without who was erased."""
    asked = sa.select(Employee).where(Employee.id.in_(sorted(set(ids))), Employee.email.is_not(None))
    return list(db.session.scalars(asked.order_by(Employee.id)))


def locked(people: Iterable[Employee]) -> list[Employee]:
    """Return these people as they are now, kept from others until the transaction ends; without who was erased."""
    asked = sa.select(Employee).where(Employee.id.in_([each.id for each in people]), Employee.email.is_not(None))
    asked = asked.order_by(Employee.id).with_for_update(key_share=True)
    return list(db.session.scalars(asked.execution_options(populate_existing=True)))


def suspend(people: Sequence[Employee], why: str = "") -> list[int]:
    """Do without these people for a while: no mail, no points, no board, no draw. Returns the ids of whom it changed.

    Who left or is gone stays so, who is suspended too. What happens meanwhile never scores (models.rules.Absence).
    Commits.
    """
    changed = []
    for each in locked(people):
        if each.status == Status.SUSPENDED or each.status in ENDED:
            continue
        words = one_line(why)[:LONGEST_WHY]
        db.session.add(Suspension(subject=each.subject, since=clock.now(), before=each.status, why=words))
        each.status = Status.SUSPENDED
        changed.append(each.id)
    db.session.commit()
    log.info("suspended", people=len(changed))
    return changed


def suspension(employee: Employee) -> Suspension | None:
    """Return the suspension that goes on for her, None without one."""
    if employee.status != Status.SUSPENDED:
        return None
    asked = sa.select(Suspension).where(Suspension.subject == employee.subject, Suspension.until.is_(None))
    return db.session.scalars(asked.order_by(Suspension.id.desc())).first()


def reinstate(people: Sequence[Employee]) -> list[int]:
    """Take suspensions back: each is again what she was before. Returns the ids of whom it changed. Commits."""
    changed = []
    for each in locked(people):
        if each.status != Status.SUSPENDED:
            continue
        row = suspension(each)
        before = row.before if row else str(Status.ACTIVE)
        if row is not None:
            row.until = clock.now()
        if before == Status.PAUSED and each.paused_until is not None and each.paused_until < today(each):
            before, each.paused_until = str(Status.ACTIVE), None
        each.status = before
        changed.append(each.id)
    db.session.commit()
    log.info("reinstated", people=len(changed))
    return changed


def exclude(people: Sequence[Employee], out: bool = True) -> list[int]:
    """Leave these people out of draws to come, or let them in again; return the ids of whom it changed. Commits.

    A pool that is frozen stays as it is.
    """
    changed = [each for each in people if each.excluded_from_draws != out]
    for each in changed:
        each.excluded_from_draws = out
    db.session.commit()
    return [each.id for each in changed]


def lead(employee: Employee, leads: bool = True) -> None:
    """Call somebody an advocacy leader, or no longer: recognition, and no right of any kind. Commits."""
    employee.leads = leads
    db.session.commit()


def move(people: Sequence[Employee], team_id: int | None) -> list[tuple[int, int | None]]:
    """Put these people into a team (None: into none); return (id, team before) of whom it changed. Commits.

    Raises Invalid for a team there is not. A later import may move them again: the file is the company's word.
    """
    if team_id is not None and db.session.get(Team, team_id) is None:
        raise Invalid({"team": Words(N_("Choose a team."))})
    changed = [(each, each.team_id) for each in people if each.team_id != team_id]
    for each, _before in changed:
        each.team_id = team_id
    db.session.commit()
    return [(each.id, before) for each, before in changed]


def reset_links(employee: Employee) -> bool:
    """End every link she was ever sent, and mail her a fresh one; return whether that mail may go. Commits.

    Mails that have not left yet get her new link; where the mail of an earlier reset is among them, it is the one.
    Raises Invalid for somebody without an address, who left or is gone.
    """
    found = [each for each in locked([employee]) if each.status not in ENDED]
    if not found:
        raise Invalid({"status": Words(N_("Only somebody who is in the programme has links."))})
    employee = found[0]
    db.session.add(RetiredLink(link_id=employee.link_id, employee_id=employee.id))
    employee.link_id = secrets.token_hex(8)
    db.session.flush()
    waiting = (MailState.QUEUED, MailState.RETRY, MailState.HELD)
    # Kept from senders: one that is taken just now leaves with the old link, and is not among them.
    hers = sa.select(Outbox).where(Outbox.subject == employee.subject, Outbox.state.in_(waiting)).with_for_update()
    sent = False
    for mail in db.session.scalars(hers.order_by(Outbox.id).execution_options(populate_existing=True)):
        if "to" in mail.facts:
            mail.facts = {**mail.facts, "to": {**mail.facts["to"], "link_id": employee.link_id}}
        sent |= mail.kind == KIND and bool(mail.facts.get("reset"))
    if not sent:
        asked = sa.select(sa.func.count()).where(RetiredLink.employee_id == employee.id)
        number = db.session.scalar(asked)
        facts = {"days": passes.LASTS[passes.Purpose.ME], "reset": True}
        row = outbox.enqueue(employee, KIND, f"{KIND}:reset-{number}", facts)
        sent = row is not None and row.state == MailState.QUEUED
    log.info("links reset", subject=employee.subject)
    db.session.commit()
    return sent
